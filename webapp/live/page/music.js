// A-MobileNet's own demonstration (Nan et al. 2022): an expression that lasts chooses music of its mood. Nothing plays
// before the visitor has pressed Play, and the visitor's files stay in the browser.
import { TUNES, playTune } from "./tunes.js";

/** Milliseconds that an expression must last. */
const STEADY = 3000;
const TAGS = "moods.json"; // {"song.mp3": "happiness", ...}

export class Music {
  /** `told` is given a sentence whenever something changes; `moods` are the labels that there can be. */
  constructor(moods, told) {
    this.moods = moods;
    this.told = told;
    this.songs = new Map(); // File lists by mood; a mood without has the tunes
    this.seen = null; // { mood, since }
    this.mood = null;
    this.number = 0;
    this.volume = 0.5;
    this.playing = null; // an AbortController while something plays
  }

  /** What a frame showed; a `still` picture lasts. */
  see(mood, still, now = performance.now()) {
    if (this.seen?.mood !== mood) this.seen = { mood, since: now };
    if (mood === this.mood || (!still && now - this.seen.since < STEADY)) return;
    this.mood = mood;
    this.number = 0;
    if (this.playing) this.play();
  }

  /** Takes a folder's files: moods by `moods.json` in it, else by the names of its folders. Says what was understood. */
  async use(files) {
    const tags = files.find((file) => file.name === TAGS);
    let moodOf = (file) => file.webkitRelativePath.split("/").at(-2)?.toLowerCase();
    if (tags) {
      const told = JSON.parse(await tags.text());
      moodOf = (file) => told[file.name]?.toLowerCase?.();
    }
    const songs = files.filter((file) => file.type.startsWith("audio/") && this.moods.includes(moodOf(file)));
    if (!songs.length) {
      throw new Error(`No song of this folder has a mood: put songs in folders named ${this.moods.join(", ")}, or add ${TAGS}.`);
    }
    this.songs = new Map(this.moods.map((mood) => [mood, songs.filter((file) => moodOf(file) === mood)]));
    const moods = this.moods.filter((mood) => this.songs.get(mood).length);
    this.told(`${songs.length} songs of ${moods.join(", ")}; other moods have the sample's tunes.`);
    if (this.playing) this.play();
  }

  /** Begins, or begins the present mood's next piece. */
  async play() {
    this.playing?.abort();
    const run = (this.playing = new AbortController());
    if (!this.context) {
      this.context = new AudioContext();
      this.output = this.context.createGain();
      this.output.connect(this.context.destination);
      this.turn(this.volume);
    }
    await this.context.resume();
    while (!run.signal.aborted) {
      const mood = this.mood ?? this.seen?.mood ?? "neutral";
      const own = this.songs.get(mood) ?? [];
      const title = own.length ? own[this.number % own.length].name : `tune ${(this.number % TUNES) + 1}`;
      this.told(`${mood}: ${title}`, mood);
      if (own.length) await this.playFile(own[this.number % own.length], run.signal);
      else await playTune(this.context, this.output, mood, this.number, run.signal);
      if (!run.signal.aborted) this.number++;
    }
  }

  skip() {
    this.number++;
    if (this.playing) this.play();
  }

  stop() {
    this.playing?.abort();
    this.playing = null;
    this.told("");
  }

  turn(volume) {
    this.volume = volume;
    if (this.output) this.output.gain.value = volume;
  }

  async playFile(file, signal) {
    const audio = new Audio(URL.createObjectURL(file));
    const source = this.context.createMediaElementSource(audio);
    source.connect(this.output);
    try {
      await new Promise((done, failed) => {
        audio.addEventListener("ended", done);
        audio.addEventListener("error", () => failed(new Error(`${file.name} cannot be played by this browser.`)));
        signal.addEventListener("abort", done);
        audio.play().catch(failed);
      });
    } catch (error) {
      this.told(error.message);
      await new Promise((done) => setTimeout(done, 1500)); // so that it can be read
    } finally {
      audio.pause();
      source.disconnect();
      URL.revokeObjectURL(audio.src);
    }
  }
}
