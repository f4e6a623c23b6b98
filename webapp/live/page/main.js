// The page: takes pictures from their source, sends them to the worker, shows what comes back.
import { capital, drawBars, percent } from "./bars.js";
import { coverable } from "./covering.js";
import { drawCover, drawGate, drawPicture, drawSigned, useScales } from "./draw.js";
import { saveFigure } from "./figure.js";
import { shownGates } from "./gates.js";
import { Music } from "./music.js";
import { Source, trouble } from "./source.js";

const KEPT = 5000; // milliseconds of the past that can be looked at again
const STEADY = 0.3; // what a new frame counts for in the bars
const part = (id) => document.getElementById(id);

const facts = await (await fetch("live.json")).json();
const source = new Source(part("video"));
const worker = new Worker(new URL("looker.js", import.meta.url), { type: "module" });
const state = {
  network: null, // its entry in live.json, once it is loaded
  busy: false,
  paused: false,
  mirrored: true,
  covered: null, // [x, y] in parts of the face
  bars: null, // steady probabilities
  history: [], // { at, seen }
  shown: null,
  rates: [],
};

const music = new Music(facts.order, (text, mood = "") => {
  part("song").textContent = text;
  part("song").dataset.mood = mood;
});

useScales(facts.scales);
fill();
await choose(facts.networks[0].name);
requestAnimationFrame(tick);
if ("serviceWorker" in navigator) navigator.serviceWorker.register("service-worker.js").catch(() => {});

// ------------------------------------------------------------------------------------------------------------ controls

function fill() {
  const site = part("site");
  if (facts.site) Object.assign(site, { href: facts.site, hidden: false });
  for (const network of facts.networks) part("network").add(new Option(network.title, network.name));
  for (const sample of facts.samples) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sample";
    button.title = sample.title;
    const picture = new Image(48, 48);
    Object.assign(picture, { src: sample.file, alt: sample.title });
    button.append(picture);
    button.addEventListener("click", () => use(async () => source.useStill(await blob(sample.file), sample.whole)));
    part("samples").append(button);
  }
  part("network").addEventListener("change", () => choose(part("network").value));
  part("target").addEventListener("change", show);
  part("layer").addEventListener("change", show);
  part("camera").addEventListener("click", camera);
  part("upload").addEventListener("change", ({ target }) => {
    const [file] = target.files;
    if (file) use(() => source.useFile(file));
    target.value = "";
  });
  part("pause").addEventListener("click", () => pause(!state.paused));
  part("mirror").addEventListener("click", () => (press("mirror", (state.mirrored = !state.mirrored)), show()));
  part("back").addEventListener("input", lookBack);
  part("save").addEventListener("click", save);
  part("play").addEventListener("click", () => {
    if (music.playing) music.stop();
    else music.play();
    press("play", Boolean(music.playing));
  });
  part("skip").addEventListener("click", () => music.skip());
  part("volume").addEventListener("input", ({ target }) => music.turn(Number(target.value)));
  part("songs").addEventListener("change", ({ target }) => {
    music.use([...target.files]).catch((error) => say(error instanceof SyntaxError ? "moods.json is no JSON." : error.message));
    target.value = "";
  });
  coverable(
    part("cam"),
    () => state.covered,
    (place) => {
      state.covered = place;
      again();
    },
  );
}

function press(id, pressed) {
  part(id).setAttribute("aria-pressed", String(pressed));
}

async function blob(file) {
  return (await fetch(file)).blob();
}

/** Take another source; a failure is said, and the one before stays. */
async function use(take) {
  say("");
  part("what").textContent = "…";
  part("share").textContent = "";
  try {
    await take();
  } catch (error) {
    say(trouble(error));
    show();
    return false;
  }
  state.shown = null;
  state.history = [];
  state.bars = null;
  state.covered = null;
  pause(false);
  press("camera", source.fromCamera);
  again();
  return true;
}

async function camera() {
  if (!source.fromCamera) {
    const came = await use(() => source.useCamera());
    if (came) {
      const [track] = part("video").srcObject.getTracks();
      track.addEventListener("ended", () => {
        say("The camera has stopped. Press Camera to begin again.");
        source.stop();
        press("camera", false);
      });
    }
    return;
  }
  source.stop();
  press("camera", false);
}

function say(text) {
  part("notice").textContent = text;
  part("notice").hidden = !text;
}

/** Load a network; the one before goes on until it is there. */
async function choose(name) {
  const chosen = facts.networks.find((network) => network.name === name);
  part("progress").hidden = false;
  part("progress").value = 0;
  worker.postMessage({ type: "load", facts: absolute(chosen), blazeface: new URL(facts.blazeface, location).href });
}

function absolute(network) {
  return { ...network, file: new URL(network.file, location).href };
}

function took(name) {
  state.network = facts.networks.find((network) => network.name === name);
  part("progress").hidden = true;
  const before = part("target").value;
  part("target").replaceChildren(new Option("The predicted one", ""));
  const labels = facts.order.filter((label) => state.network.labels.includes(label));
  for (const label of labels) part("target").add(new Option(capital(label), label));
  part("target").value = labels.includes(before) ? before : "";
  const gates = shownGates(state.network.gates);
  part("layer").replaceChildren(...gates.map(([gate], index) => new Option(gate.title, String(index))));
  part("layer").value = String(gates.findLastIndex(([gate]) => gate.axes.length > 1 || gate.axes[0] !== "channel"));
  if (part("layer").selectedIndex < 0) part("layer").selectedIndex = gates.length - 1;
  state.bars = null;
  drawBars(part("bars"), facts, state.network);
  if (!source.still && !source.moving) part("samples").children[facts.first]?.click();
  again();
}

// ---------------------------------------------------------------------------------------------------------------- loop

let asked = false; // a still picture, or a moment that is held, is looked at once
let lookedBackAt = null; // the moment of the past that is being looked at again

function again() {
  asked = false;
}

function held() {
  return state.paused && source.moving;
}

function pause(paused) {
  state.paused = paused;
  asked = true; // what is shown has just been looked at
  press("pause", paused);
}

async function tick() {
  requestAnimationFrame(tick);
  if (state.busy || !state.network || (asked && (source.still || held()))) return;
  state.busy = asked = true;
  const moment = held() ? state.history.find(({ seen }) => seen === state.shown) : null;
  const picture = held() ? moment && (await createImageBitmap(moment.seen.picture)) : await source.frame();
  if (!picture) {
    state.busy = false;
    return;
  }
  lookedBackAt = moment;
  const { still, whole } = source;
  const look = { type: "look", picture, still: Boolean(still || moment), whole, covered: state.covered };
  worker.postMessage(look, [picture]);
}

worker.onmessage = ({ data }) => {
  if (data.type === "arriving") part("progress").value = data.share;
  if (data.type === "loaded") took(data.name);
  if (data.type === "failed") {
    state.busy = false;
    part("progress").hidden = true;
    say(`This network cannot be run here: ${data.message}. Reload the page, or choose another network.`);
  }
  if (data.type === "seen") keep(data);
};
worker.onerror = ({ message }) => say(`This browser cannot run networks: ${message ?? "no WebAssembly"}.`);

function keep(seen) {
  state.busy = false;
  const now = performance.now();
  state.rates = [...state.rates.filter((at) => at > now - 2000), now];
  if (seen.name && seen.name !== state.network.name) return again();
  if (lookedBackAt) return seen.face && correct(lookedBackAt, seen);
  if (held()) return discard(seen); // a frame that was on its way when the picture was held
  const known = seen.face !== null;
  part("answer").classList.toggle("faded", !known);
  if (!known) {
    drawPicture(part("picture"), seen.picture, null, flipped());
    part("who").textContent = "No face is seen";
    part("rate").textContent = "";
    return;
  }
  const steady = source.moving && state.bars ? STEADY : 1;
  state.bars = seen.probabilities.map((value, label) => steady * value + (1 - steady) * (state.bars?.[label] ?? 0));
  seen.bars = state.bars;
  music.see(state.network.labels[state.bars.indexOf(Math.max(...state.bars))], !source.moving);
  state.history.filter(({ at }) => at <= now - KEPT).forEach(({ seen: old }) => discard(old));
  state.history = [...state.history.filter(({ at }) => at > now - KEPT), { at: now, seen }];
  const back = part("back");
  back.max = String(state.history.length - 1);
  back.value = back.max;
  part("ago").textContent = "now";
  state.shown = seen;
  show();
}

/** What a moment shows, once it has been looked at again. */
function correct(moment, seen) {
  discard(moment.seen);
  moment.seen = state.shown = { ...seen, bars: seen.probabilities };
  show();
}

function discard({ crop, picture }) {
  crop?.close();
  picture.close();
}

function lookBack() {
  const moment = state.history[Number(part("back").value)];
  if (!moment) return;
  pause(true);
  part("ago").textContent = `${((performance.now() - moment.at) / 1000).toFixed(1)} s ago`;
  state.shown = moment.seen;
  const other = moment.seen.name !== state.network.name || String(moment.seen.covered) !== String(state.covered);
  if (held() && other) again();
  show();
}

// ---------------------------------------------------------------------------------------------------------------- show

function flipped() {
  return state.mirrored && source.fromCamera;
}

function show() {
  const seen = state.shown;
  if (!seen || seen.name !== state.network.name) return;
  const { labels } = state.network;
  const predicted = seen.bars.indexOf(Math.max(...seen.bars));
  const target = part("target").value ? labels.indexOf(part("target").value) : predicted;
  part("who").textContent = `${state.network.title} reads this face as`;
  part("what").textContent = capital(labels[predicted]);
  part("share").textContent = percent(seen.bars[predicted]);
  drawPicture(part("picture"), seen.picture, seen.face, flipped());
  const rate = source.moving && !state.paused ? `${(state.rates.length / 2).toFixed(0)} frames a second.` : `${seen.took.toFixed(0)} ms.`;
  part("rate").textContent = rate;
  const limit = drawSigned(part("cam"), seen.crop, seen.cams[target]);
  part("cam").dataset.covered = seen.covered ?? "";
  if (seen.covered) drawCover(part("cam"), seen.covered, seen.patch);
  const { rows, columns } = seen.cams[target];
  part("cam-words").textContent = `for ${labels[target]}, ${rows} × ${columns} values, ±${limit.toFixed(3)}.`;
  part("cam").setAttribute("aria-label", `Grad-CAM for ${labels[target]}`);
  const index = Number(part("layer").value);
  const [low, high] = drawGate(part("gate"), seen.crop, seen.gates[index]);
  const gate = shownGates(state.network.gates)[index][0];
  const what = seen.gates[index].rows > 1 ? "from blue to yellow" : "channel weights from high to low";
  part("gate-words").textContent = `${gate.title}, ${what}: ${low.toFixed(3)} to ${high.toFixed(3)} of ${gate.value_range[0].toFixed(2)} to 1.`;
  part("gate").setAttribute("aria-label", gate.title);
  drawBars(part("bars"), facts, state.network, seen, target);
}

function save() {
  if (!state.shown) return;
  const text = (id) => part(id).textContent;
  const lines = [
    `${text("who")} ${text("what")}, ${text("share")}`,
    `Grad-CAM ${text("cam-words")}`,
    `Gate: ${text("gate-words")}`,
    `${state.network.name}, FERScope ${facts.version}`,
  ];
  saveFigure(state.shown.crop, part("cam"), part("gate"), lines, `live-${state.network.name}`);
}
