// Mouse and fingers on a surface: click, drag, pinch and wheel.

const CLICK = 4; // [px] A pointer that moved less has clicked.
const WHEEL = 0.002; // of zoom per pixel of wheel
const LINE = 20; // [px] of a wheel that counts in lines
const CLOSE = 10; // [px] Fingers closer than this do not pinch.

/**
 * Follows pointers on a surface. All acts are optional.
 * @param {HTMLElement} surface
 * @param {object} acts
 * @param {(event: PointerEvent) => void} acts.click
 * @param {(event: PointerEvent, first: PointerEvent, last: PointerEvent) => void} acts.drag since it went down, since the last call
 * @param {(event: PointerEvent, first: PointerEvent) => void} acts.drop where a drag ends
 * @param {(factor: number, middle: {clientX: number, clientY: number}) => void} acts.pinch factor above 1: fingers go apart
 * @param {(event: PointerEvent|null) => void} acts.hover
 */
export function followPointers(surface, { click, drag, drop, pinch, hover }) {
  const down = new Map(); // id of a pointer -> what it did
  const on = (type, run) => surface.addEventListener(type, (event) => run(event, down.get(event.pointerId)));
  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { first: event, last: event, moved: false });
  });
  on("pointermove", (event, pointer) => {
    hover?.(event);
    if (!pointer) return;
    pointer.moved ||= down.size > 1 || distance(event, pointer.first) >= CLICK;
    if (down.size === 2) spread(event, pointer, down, pinch);
    else if (pointer.moved) drag?.(event, pointer.first, pointer.last);
    pointer.last = event;
  });
  on("pointerup", (event, pointer) => {
    down.delete(event.pointerId);
    if (!pointer || down.size) return;
    if (pointer.moved) drop?.(event, pointer.first);
    else click?.(event);
  });
  on("pointercancel", (event) => down.delete(event.pointerId));
  on("pointerleave", () => hover?.(null));
}

function spread(event, pointer, down, pinch) {
  const other = [...down.values()].find((each) => each !== pointer).last;
  const before = distance(pointer.last, other);
  const now = distance(event, other);
  const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
  if (before > CLOSE && now > CLOSE) pinch?.(now / before, middle);
}

function distance(one, other) {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}

/** How much closer a turn of the wheel comes: above 1 forwards, below 1 backwards. */
export function wheelFactor({ deltaY, deltaMode }) {
  return Math.exp(-deltaY * WHEEL * (deltaMode ? LINE : 1));
}

/** Where a pointer is on a surface: from 0 (left, top) to 1 (right, bottom). @returns {[number, number]} */
export function placeOn(surface, { clientX, clientY }) {
  const box = surface.getBoundingClientRect();
  return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
}
