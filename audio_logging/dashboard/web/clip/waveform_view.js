// The big waveform of one clip: a slider with the clip's peaks on it, which are asked for again at each zoom.

import { amplitudeMarks } from "./axes.js";
import { attribute, element } from "../page/dom.js";
import { spokenSeconds } from "../page/format.js";
import { createLane } from "./lane.js";
import { displayGain, drawWaveform, fitCanvas, lanes, levelsAt, waveColours } from "./waveform.js";

const LANE = 44; // [px] height of a channel
const LEAST = 96; // [px] of all of them
const MOST_BUCKETS = 4096;
const SETTLE = 120; // [ms] without zooming before peaks are asked for again
const METER = 0.05; // [s] that the level meter looks back
const SLIDER = { id: "waveform", role: "slider", tabindex: 0, "aria-label": "Position", "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0 };

/**
 * Makes the waveform.
 * @param {object} context source, store, player
 * @param {import("./time_window.js").TimeWindow} view
 * @returns {{node: HTMLElement, surface: HTMLElement, show: (row: object) => Promise<void>, clear: () => void, progress: (time: number) => void,
 *   levels: (time: number) => number[], gain: () => number, draw: () => void}}
 */
export function createWaveform({ source, store, player }, view) {
  const base = element("canvas");
  const played = element("canvas", { class: "played" });
  const { node, surface, mark, wait, ready } = createLane(SLIDER, base, played);
  view.addEventListener("change", zoomed);
  let row = null;
  let whole = null; // peaks of all of the clip
  let close = null; // {peaks, from, to} of the stretch that is zoomed to
  let asked = new AbortController();
  let timer = 0;

  async function ask(options) {
    const { signal } = asked;
    const { id } = row;
    const pixels = Math.max(256, surface.clientWidth * devicePixelRatio);
    const n = Math.min(MOST_BUCKETS, 2 ** Math.ceil(Math.log2(pixels))); // Few different numbers: more is found in caches.
    const answer = (await source.peaks([id], { n, ...options, signal })).get(id);
    signal.throwIfAborted();
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  async function show(next) {
    clear();
    row = next;
    surface.style.height = `${Math.max(LEAST, LANE * Math.min(8, row.channels ?? 1))}px`;
    try {
      whole = await ask({});
      ready();
      zoomed();
    } catch (error) {
      if (error.name !== "AbortError") ready(`No waveform: ${error.message}`);
    }
  }

  function clear() {
    asked.abort();
    asked = new AbortController();
    clearTimeout(timer);
    row = whole = close = null;
    base.width = played.width = 0;
    wait();
    progress(0);
  }

  function zoomed() {
    clearTimeout(timer);
    draw();
    if (whole && view.zoomed) timer = setTimeout(askClose, SETTLE);
  }

  async function askClose() {
    const { start, end } = view;
    try {
      const peaks = await ask({ start, end });
      if (start !== view.start || end !== view.end) return; // Another zoom has asked for others.
      close = { peaks, from: start, to: end };
      draw();
    } catch {
      // The coarse peaks stay on the screen; another zoom asks again.
    }
  }

  function draw() {
    if (!whole || view.duration === 0 || !fitCanvas(base) || !fitCanvas(played)) return;
    const { start, end } = view;
    const covers = view.zoomed && close?.from <= start && close.to >= end;
    const { peaks, ...span } = covers ? close : { peaks: whole, from: 0, to: view.duration };
    const colours = waveColours(surface);
    const options = { start, end, ...span, gain: gain() };
    drawWaveform(base, peaks, { ...options, colours });
    drawWaveform(played, peaks, { ...options, colours: { ...colours, wave: colours.played } });
    mark(amplitudeMarks(lanes(whole), gain()));
  }

  function gain() {
    return whole && store.get().normalise ? displayGain(whole) : 1;
  }

  function progress(time) {
    const hidden = 100 * (1 - Math.min(1, Math.max(0, view.fraction(time))));
    played.style.clipPath = `inset(0 ${hidden.toFixed(1)}% 0 0)`;
    const rounded = (Math.round(time * 4) / 4).toFixed(2);
    if (player.playing && surface.getAttribute("aria-valuenow") === rounded) return; // Four changes a second are enough to be read out.
    attribute(surface, "aria-valuemax", view.duration.toFixed(2));
    attribute(surface, "aria-valuenow", rounded);
    attribute(surface, "aria-valuetext", `${spokenSeconds(time)} of ${spokenSeconds(view.duration)}`);
  }

  const levels = (time) => (whole && view.duration ? levelsAt(whole, time / view.duration, METER / view.duration) : []);
  return { node, surface, show, clear, progress, draw, gain, levels };
}
