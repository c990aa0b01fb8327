// Mouse and fingers on the map: drag to move, wheel or pinch to zoom, hover and click on points.

const CLICK = 4; // [px]
const WHEEL = 0.0016;

/**
 * @param {HTMLElement} surface
 * @param {object} acts pan(dx, dy), zoom(factor, x, y), hover(x, y) or hover(null), click(x, y): in [px] of the surface
 */
export function followMapPointer(surface, acts) {
  const down = new Map();
  let moved = 0;
  const place = (event) => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (down.size === 0) moved = 0;
    down.set(event.pointerId, place(event));
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = down.get(event.pointerId);
    if (!before) return acts.hover(...now);
    down.set(event.pointerId, now);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (down.size === 2) pinch(acts, before, now, [...down].find(([id]) => id !== event.pointerId)[1]);
    else if (moved >= CLICK) acts.pan(now[0] - before[0], now[1] - before[1]);
  });
  surface.addEventListener("pointerup", (event) => {
    const at = down.get(event.pointerId);
    if (down.delete(event.pointerId) && down.size === 0 && moved < CLICK) acts.click(...at);
  });
  surface.addEventListener("pointercancel", (event) => down.delete(event.pointerId));
  surface.addEventListener("pointerleave", () => acts.hover(null));
  surface.addEventListener("wheel", (event) => {
    event.preventDefault();
    acts.zoom(Math.exp(-event.deltaY * WHEEL * (event.deltaMode ? 20 : 1)), ...place(event));
  }, { passive: false });
}

function pinch(acts, before, now, other) {
  const spread = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]);
  if (spread(before) > 10) acts.zoom(spread(now) / spread(before), other[0], other[1]);
}
