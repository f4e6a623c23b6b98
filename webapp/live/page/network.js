// A network with its evidence (fer_models/export/evidence.py): a grey face in, probabilities, the Grad-CAM of every
// label and every gate out.
import { shownGates } from "./gates.js";
import * as ort from "./ort/ort.wasm.min.mjs";

ort.env.logLevel = "error";
ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;
// More threads need memory that is shared, which browsers allow to pages that are isolated from all others.
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;

export class Network {
  /** `facts`: its entry in live.json; `arrived` is told the share of the file that is there, 0..1. */
  static async load(facts, arrived) {
    const weights = await fetched(facts.file, facts.bytes, arrived);
    const session = await ort.InferenceSession.create(weights, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      extra: { session: { disable_quant_qdq: "1" } }, // weights are unpacked once, not with every face
    });
    return new Network(facts, session);
  }

  constructor(facts, session) {
    this.facts = facts;
    this.session = session;
  }

  /** What it sees in one face, `face` being source x source greys. */
  async look(face) {
    const { source, labels, gates } = this.facts;
    const answers = await this.session.run({ faces: new ort.Tensor("uint8", face, [1, source, source]) });
    const [, , rows, columns] = answers.cams.dims;
    const size = rows * columns;
    return {
      probabilities: Float32Array.from(answers.probabilities.data),
      cams: labels.map((_, label) => ({ rows, columns, values: answers.cams.data.slice(label * size, (label + 1) * size) })),
      gates: shownGates(gates).map((parts) => picture(parts, answers)),
    };
  }
}

/** A gate as a map of places, or as channel weights from high to low: { rows, columns, values }, one row for weights. */
function picture(parts, answers) {
  const [gate] = parts;
  const { data } = answers[gate.output];
  if (parts.length === 2) return product(data, gate.shape, answers[parts[1].output].data, parts[1].shape);
  if (gate.axes.length === 1) {
    return { rows: 1, columns: data.length, values: Float32Array.from(data).sort().reverse() };
  }
  if (gate.axes[0] !== "channel") return { rows: gate.shape[0], columns: gate.shape[1], values: Float32Array.from(data) };
  const [channels, rows, columns] = gate.shape;
  const values = new Float32Array(rows * columns);
  for (let at = 0; at < data.length; at++) values[at % values.length] += data[at] / channels;
  return { rows, columns, values };
}

/** Mean over channels of row weights times column weights. */
function product(high, [channels, rows], wide, [, columns]) {
  const values = new Float32Array(rows * columns);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < rows; row++) {
      const weight = high[channel * rows + row] / channels;
      for (let column = 0; column < columns; column++) {
        values[row * columns + column] += weight * wide[channel * columns + column];
      }
    }
  }
  return { rows, columns, values };
}

async function fetched(file, bytes, arrived) {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  const reader = response.body.getReader();
  const parts = [];
  let length = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    parts.push(step.value);
    length += step.value.length;
    arrived(Math.min(length / bytes, 1));
  }
  const whole = new Uint8Array(length);
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}
