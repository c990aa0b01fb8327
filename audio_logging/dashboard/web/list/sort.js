// The order of the clips: a select, and a button that turns it round.

import { attribute, button, clear, element } from "../page/dom.js";
import { metricName } from "../page/format.js";

/** The orders that every clip can be put into: [value, name]. */
const ORDERS = [
  ["", "Order logged"], ["correct", "Wrong first"], ["score", "Score"], ["label", "Label"], ["prediction", "Prediction"], ["caption", "Caption"],
  ["step", "Step"], ["key", "Key"], ["duration", "Duration"], ["level", "Level"], ["size", "Size"],
];

/** The select "Sort by" and the button that turns the order round. */
export function sortControls({ store, facts }) {
  const select = element("select", { attributes: { id: "sort", "aria-label": "Sort by", title: "Sort by" } });
  const turn = button({ id: "sort-direction", icon: "down", label: "Smallest first", attributes: { "aria-pressed": "false" } });
  const name = () => store.get().sort.replace(/^-/, "");
  const set = (order, down) => store.set({ sort: down ? `-${order || "logged"}` : order === "logged" ? "" : order });
  select.addEventListener("change", () => set(select.value, false));
  turn.addEventListener("click", () => set(name(), !store.get().sort.startsWith("-")));
  const show = () => {
    const orders = [...ORDERS, ...facts.facets.metrics.map((metric) => [`metric.${metric.name}`, metric.name])];
    const chosen = name() === "logged" ? "" : name();
    if (!orders.some(([value]) => value === chosen)) orders.push([chosen, metricName(chosen)]);
    const text = JSON.stringify(orders);
    if (select.dataset.orders !== text) {
      clear(select).append(...orders.map(([value, label]) => element("option", { text: label, attributes: { value } })));
    }
    select.dataset.orders = text;
    select.value = chosen;
    const down = store.get().sort.startsWith("-");
    attribute(turn, "aria-pressed", String(down));
    const words = chosen === "" ? ["Oldest first", "Newest first"] : ["Smallest first", "Largest first"];
    attribute(turn, "aria-label", words[Number(down)]);
    attribute(turn, "title", words[Number(down)]);
    turn.classList.toggle("turned", down);
  };
  store.subscribe((state, previous) => { if (state.sort !== previous.sort) show(); });
  facts.addEventListener("change", show);
  show();
  return [select, turn];
}
