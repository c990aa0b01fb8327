// Where the marks of the time, frequency and amplitude axes stand, and what they say. The frequency formulas are the server's.

const LOWEST = 20; // [Hz] of the logarithmic axis, or a thousandth of the highest
const HEARD = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

const SCALES = {
  linear: { to: (hertz) => hertz, from: (value) => value },
  mel: { to: (hertz) => 2595 * Math.log10(1 + hertz / 700), from: (value) => 700 * (10 ** (value / 2595) - 1) },
  log: { to: (hertz) => Math.log(hertz), from: (value) => Math.exp(value) },
};

function ends(scale, sampleRate) {
  const highest = sampleRate / 2;
  const lowest = scale === "log" ? Math.max(LOWEST, highest / 1000) : 0;
  return [SCALES[scale].to(lowest), SCALES[scale].to(highest)];
}

/** How high a frequency stands in a spectrogram: 0 at the bottom, 1 at the top. */
function heightOf(scale, hertz, sampleRate) {
  const [bottom, top] = ends(scale, sampleRate);
  return (SCALES[scale].to(hertz) - bottom) / (top - bottom);
}

/** The frequency at a height of 0 (bottom) to 1 (top). @returns {number} [Hz] */
export function frequencyAt(scale, height, sampleRate) {
  const [bottom, top] = ends(scale, sampleRate);
  return SCALES[scale].from(bottom + Math.min(1, Math.max(0, height)) * (top - bottom));
}

/**
 * The marks of a frequency axis.
 * @param {"mel"|"log"|"linear"} scale
 * @param {number} sampleRate [Hz]
 * @param {number} gap the least distance of two marks, as a part of the height
 * @returns {{at: number, text: string}[]} at as heightOf says
 */
export function frequencyMarks(scale, sampleRate, gap) {
  const step = niceStep(sampleRate / 2, 1 / gap);
  const even = Array.from({ length: Math.floor(sampleRate / 2 / step) + 1 }, (_, index) => index * step);
  const marks = [];
  for (const hertz of scale === "linear" ? even : HEARD) {
    const at = heightOf(scale, hertz, sampleRate);
    if (at >= 0 && at <= 1 - gap / 3 && (marks.length === 0 || at - marks.at(-1).at >= gap)) marks.push({ at, text: hertzText(hertz) });
  }
  return marks;
}

function hertzText(hertz) {
  return hertz >= 1000 ? `${Number((hertz / 1000).toFixed(2))}k` : `${Number(hertz.toFixed(1))}`;
}

/**
 * The marks of a time axis.
 * @param {number} start [s]
 * @param {number} end [s]
 * @param {number} most how many there may be
 * @returns {{at: number, text: string}[]} at from 0 (left) to 1 (right)
 */
export function timeMarks(start, end, most) {
  const span = end - start;
  if (!(span > 0)) return [];
  const step = span / most > 1 ? (TIME_STEPS.find((each) => span / each <= most) ?? niceStep(span, most)) : niceStep(span, most);
  const digits = step >= 1 ? 0 : Math.ceil(-Math.log10(step) - 1e-9);
  const marks = [];
  for (let index = Math.ceil(start / step - 1e-9); index * step <= end; index += 1) {
    marks.push({ at: (index * step - start) / span, text: timeText(index * step, digits, end) });
  }
  return marks;
}

function timeText(time, digits, end) {
  if (end < 60) return `${time.toFixed(digits)} s`;
  const minutes = Math.floor(time / 60 + 1e-9);
  return `${minutes}:${Math.max(0, time - 60 * minutes).toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
}

function niceStep(span, most) {
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((each) => each * power >= rough * (1 - 1e-9));
}

/**
 * The marks of the amplitude axes of stacked channels, always in true amplitude. Where two channels meet there is no room for both ends.
 * @param {number} channels
 * @param {number} gain linear gain of the drawing
 * @returns {{at: number, text: string}[]} from the top down, at from 0 (bottom) to 1 (top)
 */
export function amplitudeMarks(channels, gain) {
  const full = Number((1 / gain).toPrecision(2));
  const middles = Array.from({ length: channels }, (_, i) => ({ at: 1 - (i + 0.5) / channels, text: channels > 2 ? `ch ${i + 1}` : "0" }));
  return [{ at: 1, text: `${full}` }, ...middles, { at: 0, text: `−${full}` }];
}
