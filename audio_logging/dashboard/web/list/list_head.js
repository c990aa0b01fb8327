// The line above the list: how many clips, their order, list or grid.

import { attribute, button, clear, element, setText } from "../page/dom.js";
import { plural } from "../page/format.js";
import { newClipsButton } from "./notice.js";
import { sortControls } from "./sort.js";

/**
 * Mount the line.
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{show: function(number|null)}} the button of new clips
 */
export function mountListHead(container, context) {
  const { clips, store } = context;
  const total = element("span", { class: "num", attributes: { id: "total" } });
  const fresh = newClipsButton(context);
  const grid = button({ id: "layout", icon: "grid", label: "Grid", title: "Grid (G)", run: () => toggleLayout(store) });
  clear(container).append(total, fresh.element, element("span", { class: "list-tools" }, ...sortControls(context), grid));
  let told = clips.generation; // The first answer goes without saying.
  const count = () => {
    setText(total, clips.total === null ? "…" : plural(clips.total, "clip"));
    if (clips.total === null || told === clips.generation) return;
    told = clips.generation;
    context.announce(plural(clips.total, "clip"));
  };
  for (const type of ["reset", "change"]) clips.addEventListener(type, count);
  const show = () => attribute(grid, "aria-pressed", String(store.get().layout === "grid"));
  store.subscribe(show);
  show();
  count();
  return fresh;
}

/** Change between list and grid. */
export function toggleLayout(store) {
  store.set({ layout: store.get().layout === "grid" ? "list" : "grid" });
}
