// The spectrogram of one clip: a picture that the source computes, with its frequency axis.

import { frequencyAt, frequencyMarks } from "./axes.js";
import { attribute, element } from "./dom.js";
import { hertz, spokenSeconds } from "./format.js";
import { listen, watch } from "./listen.js";

const SETTLE = 120; // [ms] without zooming before a picture is asked for again
const GAP = 0.1; // least distance of two marks, as a part of the height
const OPTIONS = ["scale", "colours", "floor", "normalise"];

/** What the page offers, by name in the state: values and what they are called. */
export const SPECTROGRAM_CHOICES = {
  scale: [["mel", "Mel"], ["log", "Logarithmic"], ["linear", "Linear"]],
  colours: [["inferno", "Inferno"], ["viridis", "Viridis"], ["magma", "Magma"], ["grey", "Grey"]],
};

/** [dB] What may be darkest, and what is unless the reader chose. */
export const FLOORS = [["-40", "40 dB"], ["-60", "60 dB"], ["-80", "80 dB"], ["-100", "100 dB"], ["-120", "120 dB"]];
export const FLOOR = -80;

/**
 * Makes the spectrogram.
 * @param {object} context source, store, player, signal
 * @param {import("./time_window.js").TimeWindow} view
 * @returns {{node: HTMLElement, surface: HTMLElement, show: (row: object) => void, clear: () => void,
 *   frequency: (event: PointerEvent) => number|null}}
 */
export function createSpectrogram({ source, store, player, signal: ended }, view) {
  const picture = element("img", { attributes: { alt: "", draggable: "false" } });
  const axis = element("div", { class: "axis", attributes: { "aria-hidden": "true" } });
  const problem = element("p", { class: "problem" });
  const surface = element("div", { class: "surface", attributes: { id: "spectrogram", role: "img" } }, picture, problem);
  let row = null;
  let shown = null; // {url, release, start, end}
  let asked = new AbortController();
  let timer = 0;
  listen(view, { change: moved }, ended);
  listen(player, { channel: askSoon }, ended);
  watch(store, (state, previous) => OPTIONS.some((name) => state[name] !== previous[name]) && askSoon(), ended);

  function show(next) {
    clear();
    row = next;
    ask();
  }

  function clear() {
    asked.abort();
    clearTimeout(timer);
    row = null;
    replace(null);
    problem.textContent = "";
    axis.replaceChildren();
    surface.classList.add("skeleton");
    attribute(surface, "aria-label", "Spectrogram");
  }

  function replace(next) {
    shown?.release();
    shown = next;
    attribute(picture, "src", next?.url);
    place();
  }

  /** While a closer picture comes, the one that is there is stretched to its place. */
  function place() {
    if (!shown || view.duration === 0) return;
    const left = view.fraction(shown.start);
    picture.style.left = `${left * 100}%`;
    picture.style.width = `${(view.fraction(shown.end) - left) * 100}%`;
  }

  function moved() {
    place();
    askSoon();
  }

  function askSoon() {
    clearTimeout(timer);
    if (row) timer = setTimeout(ask, SETTLE);
  }

  function options() {
    const { scale, colours, floor = FLOOR, normalise } = store.get();
    const ratio = window.devicePixelRatio || 1;
    const width = Math.min(2048, 64 * Math.max(4, Math.ceil((surface.clientWidth * ratio) / 64)));
    const height = Math.min(512, Math.round((surface.clientHeight || 160) * ratio));
    const span = view.zoomed ? { start: view.start, end: view.end } : {};
    return { scale, colours, floor, normalise, width, height, channel: player.channel, ...span };
  }

  async function ask() {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const chosen = options();
    try {
      const made = await source.spectrogram(row.id, { ...chosen, signal });
      await load(made, signal);
      replace({ ...made, start: chosen.start ?? 0, end: chosen.end ?? view.duration });
      problem.textContent = "";
      describe(chosen);
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      replace(null);
      problem.textContent = `No spectrogram: ${error.message}`;
    }
    surface.classList.remove("skeleton");
  }

  function describe({ scale }) {
    const highest = row.sample_rate / 2;
    const name = SPECTROGRAM_CHOICES.scale.find(([value]) => value === scale)[1];
    attribute(surface, "aria-label", `${name} spectrogram, 0 to ${hertz(highest)}, ${spokenSeconds(view.duration)}`);
    const label = ({ at, text }) => {
      const made = element("span", { text });
      made.style.top = `${(1 - at) * 100}%`;
      return made;
    };
    axis.replaceChildren(...(row.sample_rate ? frequencyMarks(scale, row.sample_rate, GAP).map(label) : []));
  }

  function frequency(event) {
    if (!row?.sample_rate || !shown) return null;
    const box = surface.getBoundingClientRect();
    return frequencyAt(store.get().scale, 1 - (event.clientY - box.top) / box.height, row.sample_rate);
  }

  return { node: element("div", { class: "lane" }, axis, surface), surface, show, clear, frequency };
}

/** Decodes a picture before it is shown, so that nothing flickers. */
async function load(made, signal) {
  const image = new Image();
  image.src = made.url;
  try {
    await image.decode();
    signal.throwIfAborted();
  } catch (error) {
    made.release();
    throw error;
  }
}
