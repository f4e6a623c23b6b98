// Where the networks want a face: upright, eye centres at (0.30, 0.38) and (0.69, 0.38) of a square, as FER2013 has
// them. A frame is that square in the picture, turned or not: its corner and its upper edge, both [x, y].

// BlazeFace sees eyes a little lower than FER2013's medians: the mean over the gallery's composites, which are framed so.
const LEFT = [0.302, 0.392];
const RIGHT = [0.7, 0.397];
/** Side of the crop that is drawn, and that the grey source is averaged from. */
export const SIDE = 192;

/** The frame that puts two eyes, the one on the left of the upright face first, where they belong. */
export function frameOfEyes([left, right]) {
  const edge = over([right[0] - left[0], right[1] - left[1]], [RIGHT[0] - LEFT[0], RIGHT[1] - LEFT[1]]);
  const corner = [left[0] - (edge[0] * LEFT[0] - edge[1] * LEFT[1]), left[1] - (edge[1] * LEFT[0] + edge[0] * LEFT[1])];
  return { corner, edge };
}

/** One complex number over another. */
function over([a, b], [c, d]) {
  const square = c ** 2 + d ** 2;
  return [(a * c + b * d) / square, (b * c - a * d) / square];
}

/** The frame of a picture that is a cut-out face already: the whole of it, its shorter side grown. */
export function wholePicture(width, height) {
  const side = Math.max(width, height);
  return { corner: [(width - side) / 2, (height - side) / 2], edge: [side, 0] };
}

/** Draw a frame of a picture into a square canvas; what lies outside the picture is its nearest edge, smeared. */
export function cut(context, picture, { corner, edge }) {
  const side = context.canvas.width;
  const [a, b] = over([side, 0], edge);
  const move = [-(corner[0] * a - corner[1] * b), -(corner[1] * a + corner[0] * b)];
  context.imageSmoothingQuality = "high";
  context.setTransform(a, b, -b, a, ...move);
  const [width, height, far] = [picture.width, picture.height, 2 * Math.hypot(...edge)];
  context.drawImage(picture, 0, 0, 1, height, -far, 0, far, height);
  context.drawImage(picture, width - 1, 0, 1, height, width, 0, far, height);
  context.drawImage(picture, 0, 0, width, 1, 0, -far, width, far);
  context.drawImage(picture, 0, height - 1, width, 1, 0, height, width, far);
  context.drawImage(picture, 0, 0);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/** Luminance of a square canvas, averaged over equal blocks: source x source numbers, 0..255, row by row. */
export function greys(context, source) {
  const side = context.canvas.width;
  const { data } = context.getImageData(0, 0, side, side);
  const block = side / source;
  const sums = new Float32Array(source * source);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = 4 * (y * side + x);
      const grey = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
      sums[Math.floor(y / block) * source + Math.floor(x / block)] += grey;
    }
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / block ** 2));
}

/** Cover a square patch about a place, [x, y] in parts of the face, with the face's mean grey; `patch` likewise. */
export function cover(face, source, [x, y], patch) {
  const mean = face.reduce((sum, value) => sum + value, 0) / face.length;
  const covered = Uint8Array.from(face);
  const within = (middle, place) => Math.abs((place + 0.5) / source - middle) <= patch / 2;
  for (let row = 0; row < source; row++) {
    for (let column = 0; column < source; column++) {
      if (within(y, row) && within(x, column)) covered[row * source + column] = Math.round(mean);
    }
  }
  return covered;
}
