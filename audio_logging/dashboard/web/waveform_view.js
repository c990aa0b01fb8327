// The big waveform of one clip: a slider with the clip's peaks on it, which are asked for again at each zoom.

import { amplitudeMarks } from "./axes.js";
import { attribute, element } from "./dom.js";
import { spokenSeconds } from "./format.js";
import { listen } from "./listen.js";
import { displayGain, drawWaveform, fitCanvas, lanes, levelsAt, waveColours } from "./waveform.js";

const LANE = 44; // [px] height of a channel
const LEAST = 96; // [px] of all of them
const MOST_BUCKETS = 4096;
const SETTLE = 120; // [ms] without zooming before peaks are asked for again
const METER = 0.05; // [s] that the level meter looks back
const SLIDER = { id: "waveform", role: "slider", tabindex: 0, "aria-label": "Position", "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0 };

/**
 * Makes the waveform.
 * @param {object} context source, store, player, signal
 * @param {import("./time_window.js").TimeWindow} view
 * @returns {{node: HTMLElement, surface: HTMLElement, show: (row: object) => Promise<void>, clear: () => void, progress: (time: number) => void,
 *   levels: (time: number) => number[], gain: () => number, draw: () => void}}
 */
export function createWaveform({ source, store, player, signal: ended }, view) {
  const base = element("canvas");
  const played = element("canvas", { class: "played" });
  const axis = element("div", { class: "axis", attributes: { "aria-hidden": "true" } });
  const problem = element("p", { class: "problem" });
  const surface = element("div", { class: "surface", attributes: SLIDER }, base, played, problem);
  listen(view, { change: zoomed }, ended);
  let row = null;
  let whole = null; // peaks of all of the clip
  let close = null; // {peaks, from, to} of the stretch that is zoomed to
  let asked = new AbortController();
  let timer = 0;

  async function ask(options) {
    const { signal } = asked;
    const { id } = row;
    const pixels = Math.max(256, surface.clientWidth * (window.devicePixelRatio || 1));
    const n = Math.min(MOST_BUCKETS, 2 ** Math.ceil(Math.log2(pixels))); // Few different numbers: more is found in caches.
    const answer = (await source.peaks([id], { n, ...options, signal })).get(id);
    signal.throwIfAborted();
    if (!answer || answer.error) throw new Error(answer?.error ?? "The server sent no waveform.");
    return answer;
  }

  async function show(next) {
    clear();
    row = next;
    surface.style.height = `${Math.max(LEAST, LANE * Math.min(8, row.channels ?? 1))}px`;
    try {
      whole = await ask({});
      surface.classList.remove("skeleton");
      draw();
      if (view.zoomed) zoomed();
    } catch (error) {
      if (error.name === "AbortError") return;
      surface.classList.remove("skeleton");
      problem.textContent = `No waveform: ${error.message}`;
    }
  }

  function clear() {
    asked.abort();
    asked = new AbortController();
    clearTimeout(timer);
    row = whole = close = null;
    base.width = played.width = 0;
    problem.textContent = "";
    axis.replaceChildren();
    surface.classList.add("skeleton");
    progress(0);
  }

  function zoomed() {
    clearTimeout(timer);
    draw();
    if (whole && view.zoomed) timer = setTimeout(askClose, SETTLE);
  }

  async function askClose() {
    const span = { start: view.start, end: view.end };
    try {
      const peaks = await ask(span);
      if (span.start !== view.start || span.end !== view.end) return; // Another zoom has asked for others.
      close = { peaks, from: span.start, to: span.end };
      draw();
    } catch {
      // The coarse peaks stay on the screen; another zoom asks again.
    }
  }

  function draw() {
    if (!whole || view.duration === 0 || !fitCanvas(base) || !fitCanvas(played)) return;
    const covers = close && close.from <= view.start && close.to >= view.end;
    const shown = view.zoomed && covers ? close : { peaks: whole, from: 0, to: view.duration };
    const colours = waveColours(surface);
    const options = { start: view.start, end: view.end, from: shown.from, to: shown.to, gain: gain() };
    drawWaveform(base, shown.peaks, { ...options, colours });
    drawWaveform(played, shown.peaks, { ...options, colours: { ...colours, wave: colours.played } });
    drawAxis();
  }

  function drawAxis() {
    const count = lanes(whole);
    const label = (lane, { at, text }) => {
      const made = element("span", { text: count > 2 && at === 0.5 ? `ch ${lane + 1}` : text });
      made.style.top = `${((lane + 1 - at) / count) * 100}%`;
      return made;
    };
    // Where two lanes meet there is no room for both ends.
    const marks = (lane) => amplitudeMarks(gain()).filter(({ at }) => at === 0.5 || lane === (at === 1 ? 0 : count - 1));
    axis.replaceChildren(...Array.from({ length: count }, (_, lane) => marks(lane).map((mark) => label(lane, mark))).flat());
  }

  function gain() {
    return whole && store.get().normalise ? displayGain(whole) : 1;
  }

  function progress(time) {
    const hidden = 100 * (1 - Math.min(1, Math.max(0, view.fraction(time))));
    played.style.clipPath = `inset(0 ${hidden.toFixed(3)}% 0 0)`;
    const rounded = (Math.round(time * 4) / 4).toFixed(2);
    if (player.playing && surface.getAttribute("aria-valuenow") === rounded) return; // Four changes a second are enough to be read out.
    attribute(surface, "aria-valuemax", view.duration.toFixed(2));
    attribute(surface, "aria-valuenow", rounded);
    attribute(surface, "aria-valuetext", `${spokenSeconds(time)} of ${spokenSeconds(view.duration)}`);
  }

  return {
    node: element("div", { class: "lane" }, axis, surface),
    surface,
    show,
    clear,
    progress,
    draw,
    gain,
    levels: (time) => (whole && view.duration ? levelsAt(whole, time / view.duration, METER / view.duration) : []),
  };
}
