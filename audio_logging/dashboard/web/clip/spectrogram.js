// The spectrogram of one clip: a picture that the source computes, with its frequency axis.

import { frequencyAt, frequencyMarks } from "./axes.js";
import { attribute, element } from "../page/dom.js";
import { hertz, spokenSeconds } from "../page/format.js";
import { placeOn } from "../page/gestures.js";
import { createLane } from "./lane.js";
import { watch } from "../page/listen.js";

const SETTLE = 120; // [ms] without zooming before a picture is asked for again
const GAP = 0.1; // least distance of two marks, as a part of the height
const FLOOR = -80; // [dB] what is darkest
const OPTIONS = ["scale", "colours", "normalise"];

/** What the page offers, by name in the state: values and what they are called. */
export const SPECTROGRAM_CHOICES = {
  scale: [["mel", "Mel"], ["log", "Logarithmic"], ["linear", "Linear"]],
  colours: [["inferno", "Inferno"], ["viridis", "Viridis"], ["magma", "Magma"], ["grey", "Grey"]],
};

/**
 * Makes the spectrogram.
 * @param {object} context source, store, player
 * @param {import("./time_window.js").TimeWindow} view
 * @returns {{node: HTMLElement, surface: HTMLElement, show: (row: object) => Promise<void>, clear: () => void,
 *   frequency: (event: PointerEvent) => number|null}}
 */
export function createSpectrogram({ source, store, player }, view) {
  const picture = element("img", { attributes: { alt: "", draggable: "false" } });
  const { node, surface, mark, wait, ready } = createLane({ id: "spectrogram", role: "img" }, picture);
  let row = null;
  let shown = null; // {url, release, start, end}
  let asked = new AbortController();
  let timer = 0;
  view.addEventListener("change", () => (place(), askSoon()));
  player.addEventListener("channel", askSoon);
  watch(store, (state, previous) => OPTIONS.some((name) => state[name] !== previous[name]) && askSoon());

  function show(next) {
    clear();
    row = next;
    return ask();
  }

  function clear() {
    asked.abort();
    clearTimeout(timer);
    row = null;
    replace(null);
    wait();
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

  function askSoon() {
    clearTimeout(timer);
    if (row) timer = setTimeout(ask, SETTLE);
  }

  function options() {
    const { scale, colours, normalise } = store.get();
    const ratio = devicePixelRatio;
    const width = Math.min(2048, 64 * Math.max(4, Math.ceil((surface.clientWidth * ratio) / 64)));
    const height = Math.min(512, Math.round((surface.clientHeight || 160) * ratio));
    const span = view.zoomed ? { start: view.start, end: view.end } : {};
    return { scale, colours, floor: FLOOR, normalise, width, height, channel: player.channel, ...span };
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
      describe(chosen);
      ready();
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      replace(null);
      ready(`No spectrogram: ${error.message}`);
    }
  }

  function describe({ scale }) {
    const highest = row.sample_rate / 2;
    const name = SPECTROGRAM_CHOICES.scale.find(([value]) => value === scale)[1];
    attribute(surface, "aria-label", `${name} spectrogram, 0 to ${hertz(highest)}, ${spokenSeconds(view.duration)}`);
    if (row.sample_rate) mark(frequencyMarks(scale, row.sample_rate, GAP).reverse());
  }

  function frequency(event) {
    if (!row?.sample_rate || !shown) return null;
    return frequencyAt(store.get().scale, 1 - placeOn(surface, event)[1], row.sample_rate);
  }

  return { node, surface, show, clear, frequency };
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
