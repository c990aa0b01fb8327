// Which clips are shown: the filters that hold, as chips that take them away.

import { attribute, button, clear, element } from "../page/dom.js";
import { fillPanel } from "./filter_panel.js";
import { conditionText } from "../page/format.js";
import { togglePopover } from "../page/popover.js";
import { filterCount, NO_FILTERS, sameQuery } from "../state/store.js";

/**
 * Mount the chips.
 * @param {HTMLElement} container
 * @param {object} context
 */
export function mountFilters(container, context) {
  const { store, facts, shortcuts } = context;
  const add = button({
    id: "filter", icon: "filter", text: "Filter", class: "chip", attributes: { "aria-haspopup": "dialog", "aria-expanded": "false" },
    run: () => togglePopover(add, { label: "Filters", class: "filter-panel", fill: (panel, close) => fillPanel(panel, close, context) }),
  });
  const wrong = toggleChip("wrong-only", "✗ Wrong", "Wrong only", () => toggleWrong(store));
  const starred = toggleChip("starred-only", "★ Starred", "Starred only", () => store.set({ starred: !store.get().starred }));
  const chips = element("span", { class: "chips" });
  const none = button({ id: "no-filters", text: "Clear all", class: "chip quiet", run: () => store.set(NO_FILTERS) });
  clear(container).append(add, wrong, starred, chips, none);
  const judged = () => facts.facets.predictions.length > 0 || store.get().correct !== null;
  const show = () => {
    const state = store.get();
    attribute(wrong, "aria-pressed", String(state.correct === false));
    attribute(starred, "aria-pressed", String(state.starred));
    wrong.hidden = !judged();
    const focused = chips.contains(document.activeElement);
    clear(chips).append(...activeFilters(state).map((filter) => removable(filter, store)));
    if (focused) (chips.firstChild ?? add).focus();
    none.hidden = filterCount(state) < 2;
  };
  store.subscribe((state, previous) => { if (!sameQuery(state, previous)) show(); });
  facts.addEventListener("change", () => { wrong.hidden = !judged(); });
  show();
  shortcuts.register("w", { text: "Wrong predictions only", group: "Clips", run: () => toggleWrong(store) });
}

function toggleWrong(store) {
  store.set({ correct: store.get().correct === false ? null : false });
}

function toggleChip(id, text, label, run) {
  return button({ id, text, label, title: label, class: "chip", attributes: { "aria-pressed": "false" }, run });
}

/** Each filter that holds: what it says, and the patch that takes it away. */
function activeFilters(state) {
  const without = (name, value) => ({ [name]: Object.freeze(state[name].filter((other) => other !== value)) });
  return [
    ...state.label.map((value) => ({ text: `label: ${value || "none"}`, patch: without("label", value) })),
    ...state.prediction.map((value) => ({ text: `prediction: ${value || "none"}`, patch: without("prediction", value) })),
    ...state.where.map((value) => ({ text: conditionText(value), patch: without("where", value) })),
    ...(state.correct === true ? [{ text: "right only", patch: { correct: null } }] : []),
    ...(state.q ? [{ text: `“${state.q}”`, patch: { q: "" } }] : []),
  ];
}

function removable({ text, patch }, store) {
  const attributes = { type: "button", "aria-label": `Remove filter ${text}`, title: text };
  return element("button", { class: "chip active", attributes, on: { click: () => store.set(patch) } },
    element("bdi", { text }), element("span", { class: "chip-x", text: "×", attributes: { "aria-hidden": "true" } }));
}

