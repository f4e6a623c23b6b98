// Maps over a face, in the site's colours.

let scales = null; // { gate: [[r, g, b], ...], signed: [[r, g, b, a], ...] }, 256 colours each

export function useScales(given) {
  scales = given;
}

/** A signed map: blue below zero, clear at zero, red above, out to its own largest value. */
export function drawSigned(canvas, crop, map, opacity = 1) {
  const limit = Math.max(...map.values.map(Math.abs)) || 1;
  draw(canvas, crop, map, (value) => scales.signed[place(value, -limit, limit)], opacity);
  return limit;
}

/** A gate in the range of its own values: a map over the face, or channel weights from high to low. */
export function drawGate(canvas, crop, map) {
  const [low, high] = [Math.min(...map.values), Math.max(...map.values)];
  const colour = (value) => [...scales.gate[high > low ? place(value, low, high) : 127], 255];
  if (map.rows > 1) draw(canvas, crop, map, colour, 0.6);
  else drawWeights(canvas, map.values);
  return [low, high];
}

function place(value, low, high) {
  return Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1));
}

function draw(canvas, crop, map, colour, opacity) {
  const context = canvas.getContext("2d");
  const side = canvas.width;
  context.filter = "grayscale(1)";
  context.drawImage(crop, 0, 0, side, side);
  context.filter = "none";
  const small = new OffscreenCanvas(map.columns, map.rows);
  const pixels = new ImageData(map.columns, map.rows);
  map.values.forEach((value, index) => {
    const [red, green, blue, alpha] = colour(value);
    pixels.data.set([red, green, blue, alpha], 4 * index);
  });
  small.getContext("2d").putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.globalAlpha = opacity;
  // Between the middles of neighbouring places colours flow; at the border they stay as they are.
  const [width, height] = [side / map.columns, side / map.rows];
  context.drawImage(small, 0, 0, map.columns, map.rows, 0, 0, width * map.columns, height * map.rows);
  context.globalAlpha = 1;
}

function drawWeights(canvas, values) {
  const context = canvas.getContext("2d");
  const side = canvas.width;
  const style = getComputedStyle(document.documentElement);
  context.fillStyle = style.getPropertyValue("--second");
  context.fillRect(0, 0, side, side);
  context.fillStyle = style.getPropertyValue("--accent");
  values.forEach((value, index) => {
    context.fillRect((index * side) / values.length, side * (1 - value), Math.max(1, side / values.length), side * value);
  });
}

/** A covered place: the patch, and a frame about it. */
export function drawCover(canvas, [x, y], patch) {
  const context = canvas.getContext("2d");
  const side = canvas.width;
  context.fillStyle = "#808080";
  context.fillRect((x - patch / 2) * side, (y - patch / 2) * side, patch * side, patch * side);
  context.strokeStyle = "#fff";
  context.strokeRect((x - patch / 2) * side, (y - patch / 2) * side, patch * side, patch * side);
}

/** The picture, and on it where the face was found. */
export function drawPicture(canvas, picture, face, mirrored) {
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    [canvas.width, canvas.height] = [picture.width, picture.height];
  }
  const context = canvas.getContext("2d");
  context.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? canvas.width : 0, 0);
  context.drawImage(picture, 0, 0);
  if (face?.box) {
    context.lineWidth = Math.max(2, canvas.width / 200);
    context.strokeStyle = "#fff";
    context.strokeRect(face.box.x, face.box.y, face.box.side, face.box.side);
    context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
    context.setLineDash([8, 8]);
    context.strokeRect(face.box.x, face.box.y, face.box.side, face.box.side);
    context.setLineDash([]);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
}
