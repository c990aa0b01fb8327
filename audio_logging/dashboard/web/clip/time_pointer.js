// Mouse and touch on waveform and spectrogram: click to go there, drag to choose a region, zoom with wheel or two fingers.
//
// With a mouse a drag chooses a region and a drag with Shift moves the position; on a touch screen, where a drag is how one looks for a
// place, it moves the position, and regions are made with the two buttons (or by their handles).

import { followPointers, placeOn, wheelFactor } from "../page/gestures.js";

/**
 * Follows pointers on a surface that shows a time window.
 * @param {HTMLElement} surface
 * @param {import("./time_window.js").TimeWindow} view
 * @param {object} acts
 * @param {(time: number) => void} acts.seek
 * @param {(span: {start: number, end: number}, done: boolean) => void} acts.choose
 * @param {(event: PointerEvent|null) => void} acts.hover
 */
export function followTimePointer(surface, view, { seek, choose, hover }) {
  const timeAt = (event) => timeUnder(surface, view, event);
  const dragged = (event, first, done) => {
    if (first.shiftKey || first.pointerType === "touch") return seek(timeAt(event));
    const [start, end] = [timeAt(first), timeAt(event)].sort((one, other) => one - other);
    return choose({ start, end }, done);
  };
  followPointers(surface, {
    hover,
    click: (event) => seek(timeAt(event)),
    drag: (event, first) => dragged(event, first, false),
    drop: (event, first) => dragged(event, first, true),
    pinch: (factor, middle) => view.zoom(1 / factor, timeAt(middle)),
  });
  surface.addEventListener("wheel", (event) => wheel(surface, view, event), { passive: false });
}

/** The time under a pointer. @returns {number} [s] */
export function timeUnder(surface, view, event) {
  return view.time(placeOn(surface, event)[0]);
}

/** The plain wheel scrolls the page, as everywhere. With Ctrl (or two fingers on a touch pad) it zooms, sideways it moves. */
function wheel(surface, view, event) {
  const [x, y] = event.shiftKey ? [event.deltaX || event.deltaY, 0] : [event.deltaX, event.deltaY];
  if (event.ctrlKey || event.metaKey) view.zoom(1 / wheelFactor(event), timeUnder(surface, view, event));
  else if (view.zoomed && Math.abs(x) > Math.abs(y)) view.pan((x / surface.clientWidth) * (view.end - view.start));
  else return;
  event.preventDefault();
}
