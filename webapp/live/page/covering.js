// A place of the face is covered by mouse, finger or keyboard.

/** `put` is told the place, [x, y] in parts of the face, or null; `present` says which is covered now. */
export function coverable(canvas, present, put) {
  const within = (x, y) => put([Math.min(Math.max(x, 0), 1), Math.min(Math.max(y, 0), 1)]);
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    within((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  canvas.addEventListener("pointerdown", (event) => (canvas.setPointerCapture(event.pointerId), at(event)));
  canvas.addEventListener("pointermove", (event) => event.buttons && at(event));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Escape") put(null);
    if (!step) return;
    event.preventDefault();
    const [x, y] = present() ?? [0.5, 0.5];
    within(x + step[0] / 16, y + step[1] / 16);
  });
}
