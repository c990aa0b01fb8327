// Mouse and touch on waveform and spectrogram: click to go there, drag to choose a region, zoom with wheel or two fingers.
//
// With a mouse a drag chooses a region and a drag with Shift moves the position; on a touch screen, where a drag is how one looks for a
// place, it moves the position, and regions are made with the two buttons (or by their handles).

const CLICK = 4; // [px] A pointer that moved less has clicked.
const WHEEL = 0.0025; // of zoom per pixel of wheel
const LINE = 20; // [px] of a wheel that counts in lines

/**
 * Follows pointers on a surface that shows a time window.
 * @param {HTMLElement} surface
 * @param {import("./time_window.js").TimeWindow} view
 * @param {object} acts
 * @param {(time: number) => void} acts.seek
 * @param {(span: {start: number, end: number}, done: boolean) => void} acts.choose
 * @param {(event: PointerEvent|null) => void} acts.hover
 */
export function followPointer(surface, view, acts) {
  const down = new Map();
  const timeAt = (event) => timeUnder(surface, view, event);

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || view.duration === 0) return;
    surface.setPointerCapture(event.pointerId);
    const scrubs = event.shiftKey || event.pointerType === "touch";
    down.set(event.pointerId, { x: event.clientX, last: event.clientX, time: timeAt(event), scrubs });
  });

  surface.addEventListener("pointermove", (event) => {
    acts.hover(event);
    const begun = down.get(event.pointerId);
    if (!begun) return;
    if (down.size === 2) pinch(surface, view, down, event);
    else if (begun.scrubs) acts.seek(timeAt(event));
    else if (Math.abs(event.clientX - begun.x) >= CLICK) acts.choose(between(begun.time, timeAt(event)), false);
    begun.last = event.clientX;
  });

  surface.addEventListener("pointerup", (event) => {
    const begun = down.get(event.pointerId);
    const alone = down.size === 1;
    down.delete(event.pointerId);
    if (!begun || !alone) return;
    if (begun.scrubs || Math.abs(event.clientX - begun.x) < CLICK) acts.seek(timeAt(event));
    else acts.choose(between(begun.time, timeAt(event)), true);
  });

  surface.addEventListener("pointercancel", (event) => down.delete(event.pointerId));
  surface.addEventListener("pointerleave", () => acts.hover(null));
  surface.addEventListener("wheel", (event) => wheel(surface, view, event), { passive: false });
}

/**
 * The time under a pointer.
 * @returns {number} [s]
 */
export function timeUnder(surface, view, event) {
  const box = surface.getBoundingClientRect();
  return view.time((event.clientX - box.left) / box.width);
}

function between(one, other) {
  return { start: Math.min(one, other), end: Math.max(one, other) };
}

/** The plain wheel scrolls the page, as everywhere. With Ctrl (or two fingers on a touch pad) it zooms, sideways it moves. */
function wheel(surface, view, event) {
  const [x, y] = event.shiftKey ? [event.deltaX || event.deltaY, 0] : [event.deltaX, event.deltaY];
  if (event.ctrlKey || event.metaKey) view.zoom(Math.exp(y * WHEEL * (event.deltaMode ? LINE : 1)), timeUnder(surface, view, event));
  else if (view.zoomed && Math.abs(x) > Math.abs(y)) view.pan((x / surface.clientWidth) * (view.end - view.start));
  else return;
  event.preventDefault();
}

function pinch(surface, view, down, event) {
  const [moved, other] = [down.get(event.pointerId), [...down].find(([id]) => id !== event.pointerId)[1]];
  const before = Math.abs(moved.last - other.last);
  const now = Math.abs(event.clientX - other.last);
  if (before > 10 && now > 10) view.zoom(before / now, timeUnder(surface, view, { clientX: (event.clientX + other.last) / 2 }));
}
