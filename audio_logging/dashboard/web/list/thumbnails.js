// Small waveforms of the rows that are looked at: their peaks are asked for together, kept for a while, and drawn when they come.

import { drawWaveform, fitCanvas, waveColours } from "../clip/waveform.js";

const BUCKETS = 64;
const SETTLE = 60; // [ms] Rows that fly by are not asked for.
const KEPT = 800;
const TOGETHER = 100;
const LONG = 60; // [s] A clip whose peaks take long holds no others back.

/** Peaks of many clips. `onPeaks()` is called when some came. */
export class Thumbnails {
  #source;
  #onPeaks;
  #peaks = new Map();
  #controller = null;
  #asked = new Set();
  #timer = 0;
  #colours = null;

  constructor(source, onPeaks) {
    this.#source = source;
    this.#onPeaks = onPeaks;
  }

  /** Ask for the peaks of these rows, once the list has come to rest. */
  want(rows) {
    clearTimeout(this.#timer);
    const unknown = rows.filter((row) => !row.missing && !this.#peaks.has(row.id)).slice(0, TOGETHER);
    if (unknown.some((row) => !this.#asked.has(row.id))) this.#timer = setTimeout(() => this.#ask(unknown), SETTLE);
  }

  /** Draw a row's waveform; nothing while its peaks are not there. */
  draw(canvas, row, { played = null, normalise = false } = {}) {
    const peaks = row && this.#peaks.get(row.id);
    if (!fitCanvas(canvas)) return;
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    if (!peaks?.data) return;
    this.#colours ??= { ...waveColours(canvas), line: "transparent" };
    drawWaveform(canvas, peaks, { played, normalise, colours: this.#colours });
  }

  /** The colours changed. */
  repaint() {
    this.#colours = null;
    this.#onPeaks();
  }

  #ask(rows) {
    this.#controller?.abort();
    const { signal } = (this.#controller = new AbortController());
    this.#asked = new Set(rows.map((row) => row.id));
    const isLong = (row) => row.duration > LONG;
    const short = rows.filter((row) => !isLong(row));
    for (const some of [short, ...rows.filter(isLong).map((row) => [row])]) if (some.length) this.#load(some.map((row) => row.id), signal);
  }

  async #load(ids, signal) {
    try {
      for (const [id, peaks] of await this.#source.peaks(ids, { n: BUCKETS, signal })) this.#keep(id, peaks);
      this.#onPeaks();
    } catch {
      // Rows without a waveform can still be read and played; the next scroll asks again.
      if (!signal.aborted) for (const id of ids) this.#asked.delete(id);
    }
  }

  #keep(id, peaks) {
    this.#peaks.set(id, peaks.data ? mono(peaks) : peaks);
    if (this.#peaks.size > KEPT) this.#peaks.delete(this.#peaks.keys().next().value);
  }
}

/** One channel that spans all others: a small picture has no room for more. */
function mono({ channels, n, data }) {
  if (channels === 1) return { channels, n, data };
  const merged = new Int16Array(2 * n);
  for (let i = 0; i < 2 * n; i += 1) {
    const choose = i % 2 ? Math.max : Math.min;
    merged[i] = data[i];
    for (let channel = 1; channel < channels; channel += 1) merged[i] = choose(merged[i], data[channel * 2 * n + i]);
  }
  return { channels: 1, n, data: merged };
}
