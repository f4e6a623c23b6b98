// The worker: finds the face and asks the network, so that the page never waits for either.
import { Finder } from "./finder.js";
import { SIDE, cover, cut, frameOfEyes, greys, wholePicture } from "./frame.js";
import { Network } from "./network.js";

const PATCH = 1 / 6; // of the face's side, as on the site
const canvas = new OffscreenCanvas(SIDE, SIDE);
const context = canvas.getContext("2d", { willReadFrequently: true });
let finder = null;
let network = null;
let last = null; // where the face was a moment ago

const tasks = {
  async load({ facts, blazeface }) {
    try {
      finder ??= await Finder.load(blazeface);
      network = await Network.load(facts, (share) => postMessage({ type: "arriving", share }));
      postMessage({ type: "loaded", name: facts.name });
    } catch (error) {
      postMessage({ type: "failed", name: facts.name, message: String(error.message ?? error) });
    }
  },

  /** `still`: not a frame of a video, so nothing is known from before; `whole`: a cut-out face already. */
  async look({ picture, still, whole, covered }) {
    const started = performance.now();
    const found = whole ? null : await finder.find(picture, still ? null : last);
    last = found;
    if (!whole && !found) {
      postMessage({ type: "seen", face: null, picture }, [picture]);
      return;
    }
    cut(context, picture, whole ? wholePicture(picture.width, picture.height) : frameOfEyes(found.eyes));
    const { source } = network.facts;
    const face = greys(context, source);
    const seen = await network.look(covered ? cover(face, source, covered, PATCH) : face);
    const crop = canvas.transferToImageBitmap();
    const took = performance.now() - started;
    postMessage({ type: "seen", face: found ?? {}, crop, covered, patch: PATCH, picture, name: network.facts.name, took, ...seen }, [crop, picture]);
  },
};

// One thing after the other: messages may come while one is being done.
let queue = Promise.resolve();
onmessage = ({ data }) => {
  queue = queue.then(() => tasks[data.type](data)).catch((error) => {
    postMessage({ type: "failed", message: String(error.message ?? error) });
  });
};
