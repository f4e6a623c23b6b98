// What is on show as a picture to keep.

/** Save face, Grad-CAM and gate side by side as PNG; `lines` below them, the first as a title above. */
export function saveFigure(crop, cam, gate, [title, ...lines], name) {
  const figure = document.createElement("canvas");
  [figure.width, figure.height] = [3 * cam.width + 40, cam.height + 90];
  const context = figure.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, figure.width, figure.height);
  context.drawImage(crop, 10, 30, cam.width, cam.height);
  context.drawImage(cam, cam.width + 20, 30);
  context.drawImage(gate, 2 * cam.width + 30, 30);
  context.fillStyle = "#1c2024";
  context.font = "600 14px system-ui, sans-serif";
  context.fillText(title, 10, 20);
  context.font = "11px system-ui, sans-serif";
  lines.forEach((line, number) => context.fillText(line, 10, cam.height + 48 + 16 * number));
  figure.toBlob((png) => {
    const link = document.createElement("a");
    Object.assign(link, { href: URL.createObjectURL(png), download: `${name}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}
