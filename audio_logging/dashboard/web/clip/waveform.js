// Draws the waveform of a clip from its peaks: pure functions of a canvas, for the list, the player and the comparison.

const FULL_SCALE = 32767;
const MOST_LANES = 8;

/**
 * Peaks as the source gives them: data is [channel][bucket][min, max].
 * @typedef {{channels: number, n: number, data: Int16Array}} Peaks
 */

/**
 * Gives a canvas as many pixels as the screen has under it.
 * @param {HTMLCanvasElement} canvas
 * @returns {boolean} false while the canvas has no size on the page
 */
export function fitCanvas(canvas) {
  const ratio = devicePixelRatio;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return width > 0 && height > 0;
}

/**
 * The colours of waveforms, from the CSS variables that hold at an element (read once, then hand to many drawings).
 * @param {Element} element
 * @returns {{wave: string, played: string, line: string}}
 */
export function waveColours(element) {
  const style = getComputedStyle(element);
  const [wave, played, line] = ["--wave", "--wave-played", "--line"].map((name) => style.getPropertyValue(name));
  return { wave, played, line };
}

/**
 * The gain that brings the loudest peak to full scale; 1 for silence.
 * @param {Peaks} peaks
 * @returns {number} linear, at least 1
 */
export function displayGain(peaks) {
  let loudest = 0;
  for (const value of peaks.data) loudest = Math.max(loudest, Math.abs(value));
  return loudest > 0 ? Math.max(1, FULL_SCALE / loudest) : 1;
}

/**
 * How many lanes a drawing of these peaks has: one per channel, at most 8.
 * @param {Peaks} peaks
 * @returns {number}
 */
export function lanes(peaks) {
  return Math.min(peaks.channels, MOST_LANES);
}

/**
 * The loudest sample of each channel around a time, for a level meter.
 * @param {Peaks} peaks
 * @param {number} at fraction of what the peaks cover, 0 to 1
 * @param {number} width fraction of it that is looked at, ending at `at`
 * @returns {number[]} per lane, 0 to 1
 */
export function levelsAt(peaks, at, width) {
  const last = Math.min(peaks.n - 1, Math.floor(at * peaks.n));
  const first = Math.max(0, Math.floor((at - width) * peaks.n));
  return Array.from({ length: lanes(peaks) }, (_, channel) => {
    const [low, high] = extremes(peaks, channel, first, last + 1);
    return Math.max(-low, high) / FULL_SCALE;
  });
}

/**
 * Draws peaks over the whole canvas, channels stacked. All times are in one unit, of the caller's choice.
 * @param {HTMLCanvasElement} canvas sized beforehand (fitCanvas)
 * @param {Peaks} peaks
 * @param {object} [options]
 * @param {number} [options.start] first time shown
 * @param {number} [options.end] last time shown
 * @param {number} [options.from] first time that the peaks cover (default: start)
 * @param {number} [options.to] last time that the peaks cover (default: end)
 * @param {number|null} [options.played] everything before this time is drawn as played
 * @param {{wave: string, played: string, line: string}} [options.colours] default: waveColours(canvas)
 * @param {boolean} [options.normalise] draw the loudest peak at full height
 * @param {number} [options.gain] draw with this linear gain instead
 */
export function drawWaveform(canvas, peaks, options = {}) {
  const { start = 0, end = 1, played = null, colours = waveColours(canvas) } = options;
  const gain = options.gain ?? (options.normalise ? displayGain(peaks) : 1);
  const span = { start, end, from: options.from ?? start, to: options.to ?? end };
  const context = canvas.getContext("2d");
  const x = (time) => ((time - start) / (end - start)) * canvas.width;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const path = outline(canvas, peaks, span, gain);
  centreLines(context, lanes(peaks), colours.line);
  paint(context, path, colours.wave);
  if (played === null || played <= start) return;
  context.save();
  context.beginPath();
  context.rect(0, 0, x(played), canvas.height);
  context.clip();
  paint(context, path, colours.played);
  context.restore();
}

function centreLines(context, count, colour) {
  const height = context.canvas.height / count;
  context.fillStyle = colour;
  for (let lane = 0; lane < count; lane += 1) context.fillRect(0, Math.round((lane + 0.5) * height), context.canvas.width, 1);
}

function paint(context, path, colour) {
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.lineJoin = "round";
  context.fill(path);
  context.stroke(path); // A flat stretch has no area: the stroke keeps it visible.
}

function outline(canvas, peaks, span, gain) {
  const path = new Path2D();
  const count = lanes(peaks);
  const height = canvas.height / count;
  for (let lane = 0; lane < count; lane += 1) {
    const half = Math.max(height / 2 - 1, 1);
    const y = (value) => (lane + 0.5) * height - Math.max(-1, Math.min(1, (value * gain) / FULL_SCALE)) * half;
    addEnvelope(path, envelope(peaks, lane, span, canvas.width), y);
  }
  return path;
}

function addEnvelope(path, points, y) {
  if (points.length === 0) return;
  path.moveTo(points[0].x, y(points[0].high));
  for (const point of points) path.lineTo(point.x, y(point.high));
  for (let i = points.length - 1; i >= 0; i -= 1) path.lineTo(points[i].x, y(points[i].low));
  path.closePath();
}

/** One point per pixel column, or per bucket where there are fewer buckets than columns. */
function envelope(peaks, channel, { start, end, from, to }, width) {
  const perTime = peaks.n / (to - from);
  const first = (start - from) * perTime;
  const buckets = (end - start) * perTime;
  const step = Math.max(1, buckets / width);
  const points = [];
  for (let at = step > 1 ? first : Math.floor(first) - 1; at < first + buckets + 1; at += step) {
    const begin = Math.max(0, Math.floor(at));
    const finish = Math.min(peaks.n, Math.max(begin + 1, Math.floor(at + step)));
    if (at + step <= 0 || begin >= finish) continue;
    const [low, high] = extremes(peaks, channel, begin, finish);
    points.push({ x: ((at + step / 2 - first) / buckets) * width, low, high });
  }
  return points;
}

function extremes(peaks, channel, begin, finish) {
  const base = channel * peaks.n * 2;
  let low = FULL_SCALE;
  let high = -FULL_SCALE - 1;
  for (let bucket = begin; bucket < finish; bucket += 1) {
    low = Math.min(low, peaks.data[base + 2 * bucket]);
    high = Math.max(high, peaks.data[base + 2 * bucket + 1]);
  }
  return [low, high];
}
