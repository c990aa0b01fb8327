// The region on top of waveform and spectrogram: where it lies, and the handles that move its ends.

import { element } from "../page/dom.js";
import { seconds } from "../page/format.js";
import { followPointers } from "../page/gestures.js";
import { timeUnder } from "./time_pointer.js";

/**
 * Makes the region's mark.
 * @param {HTMLElement} surface where pointers are measured
 * @param {import("./time_window.js").TimeWindow} view
 * @param {(span: {start: number, end: number}, done: boolean) => void} choose
 * @returns {{node: HTMLElement, place: (region: {start: number, end: number}|null) => void}}
 */
export function createRegion(surface, view, choose) {
  const node = element("div", { class: "region", attributes: { hidden: true } }, handle("start"), handle("end"));
  let shown = null;

  function handle(side) {
    const made = element("div", { class: `region-handle ${side}` });
    const moved = (event, done) => {
      const time = timeUnder(surface, view, event);
      const { start, end } = shown;
      choose(side === "start" ? { start: Math.min(time, end), end } : { start, end: Math.max(time, start) }, done);
    };
    followPointers(made, { drag: (event) => moved(event, false), drop: (event) => moved(event, true) });
    return made;
  }

  function place(region) {
    shown = region;
    node.hidden = region === null;
    if (region === null) return;
    const left = view.fraction(region.start);
    node.style.left = `${left * 100}%`;
    node.style.width = `${(view.fraction(region.end) - left) * 100}%`;
  }

  return { node, place };
}

/** A region in words: "0:00.52–0:01.20 (0.68 s)". */
export function regionText({ start, end }) {
  return `${seconds(start)}–${seconds(end)} (${(end - start).toFixed(end - start < 0.1 ? 3 : 2)} s)`;
}

/** The region that starts where the player is. @returns {{start: number, end: number}} */
export function regionFrom({ time, region, duration }) {
  return { start: time, end: region && region.end > time ? region.end : duration };
}

/** The region that ends where the player is. @returns {{start: number, end: number}} */
export function regionTo({ time, region }) {
  return { start: region && region.start < time ? region.start : 0, end: time };
}
