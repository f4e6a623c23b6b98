// Finding the face by BlazeFace's network for near faces (Bazarevsky et al. 2019): 128 x 128 pixels in, 896 anchors
// out, each with a score, a box and six points, the eyes first.
import * as ort from "./ort/ort.wasm.min.mjs";

const SIDE = 128;
const ENOUGH = 0.6;
const ANCHORS = [
  ...grid(16, 2), // two at each of 16 x 16 places
  ...grid(8, 6),
];

function grid(places, each) {
  const anchors = [];
  for (let index = 0; index < places ** 2; index++) {
    const centre = [((index % places) + 0.5) / places, (Math.floor(index / places) + 0.5) / places];
    for (let copy = 0; copy < each; copy++) anchors.push(centre);
  }
  return anchors;
}

export class Finder {
  static async load(file) {
    return new Finder(await ort.InferenceSession.create(file, { executionProviders: ["wasm"], logSeverityLevel: 3 }));
  }

  constructor(session) {
    this.session = session;
    this.context = new OffscreenCanvas(SIDE, SIDE).getContext("2d", { willReadFrequently: true });
  }

  /**
   * The surest face of a picture: { score, eyes, box } in its pixels, or null. A second look at the place where it was
   * seen makes it exact; `near` is where one was a moment ago, and is looked at first.
   */
  async find(picture, near = null) {
    const whole = { x: 0, y: 0, side: Math.max(picture.width, picture.height) };
    const first = (near && (await this.look(picture, around(near)))) ?? (await this.look(picture, whole));
    const found = first ?? (await this.amongParts(picture));
    return found && ((await this.look(picture, around(found))) ?? found);
  }

  /** Where the whole picture shows no face it may be small: its quarters, overlapping. */
  async amongParts(picture) {
    const side = Math.max(picture.width, picture.height) / 2;
    let best = null;
    for (let y = 0; y < picture.height - side / 4; y += side / 2) {
      for (let x = 0; x < picture.width - side / 4; x += side / 2) {
        const found = await this.look(picture, { x, y, side });
        if (found && found.score > (best?.score ?? 0)) best = found;
      }
    }
    return best;
  }

  /** The surest face of a square part of a picture. */
  async look(picture, { x, y, side }) {
    const scale = SIDE / side;
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, SIDE, SIDE);
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(picture, -x * scale, -y * scale, picture.width * scale, picture.height * scale);
    const { data } = this.context.getImageData(0, 0, SIDE, SIDE);
    const input = new Float32Array(SIDE * SIDE * 3);
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      for (let channel = 0; channel < 3; channel++) input[3 * pixel + channel] = data[4 * pixel + channel] / 127.5 - 1;
    }
    const [name] = this.session.inputNames;
    const answers = await this.session.run({ [name]: new ort.Tensor("float32", input, [1, SIDE, SIDE, 3]) });
    const parts = this.session.outputNames.map((output) => answers[output]);
    const scores = parts.filter((part) => part.dims.at(-1) === 1).flatMap((part) => [...part.data]);
    const rows = parts.filter((part) => part.dims.at(-1) === 16).map((part) => part.data);
    const best = scores.reduce((top, score, index) => (score > scores[top] ? index : top), 0);
    const score = 1 / (1 + Math.exp(-scores[best]));
    if (score < ENOUGH) return null;
    const inFirst = rows[0].length / 16;
    const row = best < inFirst ? rows[0].subarray(16 * best) : rows[1].subarray(16 * (best - inFirst));
    const point = (at) => [x + (ANCHORS[best][0] + row[at] / SIDE) * side, y + (ANCHORS[best][1] + row[at + 1] / SIDE) * side];
    const [centre, width] = [point(0), (row[2] / SIDE) * side];
    return { score, eyes: [point(4), point(6)], box: { x: centre[0] - width / 2, y: centre[1] - width / 2, side: width } };
  }
}

/** A square twice as wide as a face, about it. */
function around({ box }) {
  return { x: box.x - box.side / 2, y: box.y - box.side / 2, side: 2 * box.side };
}
