// Short tunes, two for each mood, made of oscillators: a sample where nobody has chosen a folder of music.

const MAJOR = [0, 2, 4, 7, 9, 12, 14, 16];
const MINOR = [0, 3, 5, 7, 10, 12, 15, 17];
/** By mood: notes above the lowest, in semitones; the lowest, in hertz; beats a minute; the sound. */
const MOODS = {
  neutral: [MAJOR, 220, 84, "sine"],
  happiness: [MAJOR, 262, 132, "triangle"],
  surprise: [MAJOR, 330, 152, "triangle"],
  sadness: [MINOR, 175, 60, "sine"],
  anger: [MINOR, 110, 144, "sawtooth"],
  disgust: [MINOR, 131, 96, "square"],
  fear: [MINOR, 147, 112, "sine"],
  contempt: [MINOR, 165, 90, "triangle"],
};
// Steps of the melody, as places in the mood's notes; two for each mood to begin with.
const MELODIES = [
  [0, 2, 4, 2, 3, 5, 4, 2, 1, 3, 5, 3, 4, 2, 1, 0],
  [4, 3, 2, 4, 5, 6, 5, 3, 4, 2, 3, 1, 2, 1, 0, 0],
];
export const TUNES = MELODIES.length;

/** Play a mood's tune into a node; resolves when it is over, at once when `signal` is aborted. */
export function playTune(context, output, mood, number, signal) {
  const [notes, lowest, beats, sound] = MOODS[mood] ?? MOODS.neutral;
  const beat = 60 / beats;
  const begin = context.currentTime + 0.05;
  const played = MELODIES[number % TUNES].map((step, place) => {
    const [oscillator, loudness] = [context.createOscillator(), context.createGain()];
    const at = begin + place * beat;
    oscillator.type = sound;
    oscillator.frequency.value = lowest * 2 ** (notes[step] / 12);
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(sound === "sine" ? 0.5 : 0.2, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + beat * 0.95);
    oscillator.connect(loudness).connect(output);
    oscillator.start(at);
    oscillator.stop(at + beat);
    return oscillator;
  });
  return new Promise((done) => {
    played.at(-1).addEventListener("ended", done);
    signal.addEventListener("abort", () => {
      for (const oscillator of played) {
        oscillator.disconnect();
        oscillator.stop();
      }
      done();
    });
  });
}
