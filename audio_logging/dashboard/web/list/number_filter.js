// Conditions on numbers: a clip's own and its metrics, at least so much and at most so much.

import { button, element, setText, toast } from "../page/dom.js";
import { metricName, number, unitOf } from "../page/format.js";

/** Numbers that every clip has, beside its metrics. */
const NUMBERS = ["score", "duration", "level", "peak", "clipped_samples", "sample_rate", "channels", "size"];

/**
 * The form that adds conditions.
 * @param {object} context
 * @returns {HTMLElement[]}
 */
export function numberFilter({ facts, store }) {
  const ranges = new Map(facts.facets.metrics.map((metric) => [`metric.${metric.name}`, metric]));
  const names = [...ranges.keys(), ...NUMBERS];
  const select = element("select", { attributes: { "aria-label": "Number" } },
    ...names.map((name) => element("option", { text: metricName(name), attributes: { value: name } })));
  const least = numberField("At least", "least");
  const most = numberField("At most", "most");
  const range = element("span", { class: "muted num" });
  const tell = () => setText(range, rangeText(ranges.get(select.value), unitOf(select.value)));
  const form = element("form", { class: "condition" }, select,
    element("span", { class: "condition-range" }, least, "to", most), button({ text: "Add", attributes: { type: "submit" } }), range);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(store, select.value, { ge: least.value, le: most.value });
    least.value = most.value = "";
  });
  select.addEventListener("change", tell);
  tell();
  return [element("h3", { text: "Number" }), form];
}

function add(store, name, limits) {
  const given = Object.entries(limits).filter(([, value]) => value !== "");
  if (given.length === 0) return toast("Type the smallest or the largest number that should be shown.");
  const added = given.map(([sign, value]) => `${name}:${sign}:${Number(value)}`);
  const others = store.get().where.filter((one) => !given.some(([sign]) => one.startsWith(`${name}:${sign}:`)));
  return store.set({ where: Object.freeze([...others, ...added]) });
}

function rangeText(known, unit) {
  if (!Number.isFinite(known?.min)) return unit && `in${unit}`;
  return `here from ${number(known.min)} to ${number(known.max)}${unit}`;
}

function numberField(label, placeholder) {
  return element("input", { attributes: { type: "number", step: "any", "aria-label": label, placeholder } });
}
