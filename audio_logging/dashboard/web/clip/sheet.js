// On narrow screens the clip lies over the list as a sheet: low with the player, or high with everything.

import { attribute, byId } from "../page/dom.js";

/**
 * Mount the handle of the sheet.
 * @param {object} context
 */
export function mountSheet({ store }) {
  const handle = byId("sheet-handle");
  const root = document.body;
  const set = (open) => {
    root.classList.toggle("sheet-open", open);
    attribute(handle, "aria-expanded", String(open));
    handle.firstElementChild.textContent = open ? "Show less of the clip" : "Show more of the clip";
  };
  const show = (state) => {
    root.dataset.view = state.view;
    root.classList.toggle("has-clip", state.clip !== null || state.timeline);
  };
  const swiped = swipes(handle, set);
  handle.addEventListener("click", (event) => { if (event.detail === 0 || !swiped()) set(!root.classList.contains("sheet-open")); });
  store.subscribe(show);
  show(store.get());
  set(false);
}

/** Up opens, down closes. */
function swipes(handle, set) {
  let from = null;
  let swiped = false;
  handle.addEventListener("pointerdown", (event) => {
    from = event.clientY;
    swiped = false;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointerup", (event) => {
    const moved = event.clientY - (from ?? event.clientY);
    from = null;
    swiped = Math.abs(moved) >= 24;
    if (swiped) set(moved < 0);
  });
  return () => swiped;
}
