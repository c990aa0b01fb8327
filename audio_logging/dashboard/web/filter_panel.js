// The window in which filters are set: labels, predictions, right or wrong, and conditions on any number.

import { button, clear, element, setText, toast } from "./dom.js";
import { count, metricName, number, UNITS } from "./format.js";
import { NO_FILTERS } from "./store.js";

/** Numbers that every clip has, beside its metrics. */
export const NUMBERS = ["score", "duration", "level", "peak", "clipped_samples", "sample_rate", "channels", "size"];
const OFFERED = 60;

/** Put the filters into a panel. */
export function fillPanel(panel, close, context) {
  panel.append(
    ...choiceOf("Labels", "label", context.facts.facets.labels, context),
    ...choiceOf("Predictions", "prediction", context.facts.facets.predictions, context),
    ...judgement(context),
    ...condition(context),
    element("footer", { class: "dialog-foot" },
      button({ text: "Clear all", run: () => (context.store.set(NO_FILTERS), close()) }),
      button({ text: "Done", class: "button primary", run: close })));
}

function judgement({ store, facts }) {
  if (facts.universe.predictions.length === 0) return [];
  const group = element("div", { class: "segments", attributes: { role: "radiogroup", "aria-label": "Prediction is" } });
  const show = () => {
    clear(group).append(...[["any", null], ["right", true], ["wrong", false]].map(([text, value]) => {
      const made = button({ text, class: "segment", attributes: { role: "radio", "aria-checked": String(store.get().correct === value) } });
      made.addEventListener("click", () => (store.set({ correct: value }), show()));
      return made;
    }));
  };
  show();
  return [element("h3", { text: "Prediction is" }), group];
}

/** A list of values to tick, with a field to find one among many. */
function choiceOf(title, name, values, { store }) {
  if (values.length === 0) return [];
  const list = element("div", { class: "choice-list", attributes: { role: "group", "aria-label": title } });
  const find = element("input", { attributes: { type: "search", placeholder: `Find among ${count(values.length)}`, "aria-label": `Find ${title.toLowerCase()}`, autocomplete: "off" } });
  const fill = () => {
    const chosen = store.get()[name];
    const matching = values.filter(({ value }) => (value ?? "").toLowerCase().includes(find.value.toLowerCase()));
    const first = [...matching].sort((one, other) => chosen.includes(other.value ?? "") - chosen.includes(one.value ?? "")).slice(0, OFFERED);
    clear(list).append(...first.map((each) => choice(each, name, store)));
    if (matching.length > OFFERED) list.append(element("p", { class: "muted", text: `${count(matching.length - OFFERED)} more: find them by name.` }));
  };
  find.addEventListener("input", fill);
  fill();
  return [element("h3", { text: title }), values.length > 8 ? find : "", list];
}

function choice({ value, count: n }, name, store) {
  const text = value ?? "";
  const box = element("input", { attributes: { type: "checkbox" } });
  box.checked = store.get()[name].includes(text);
  box.addEventListener("change", () => {
    const others = store.get()[name].filter((other) => other !== text);
    store.set({ [name]: Object.freeze(box.checked ? [...others, text] : others) });
  });
  return element("label", { class: "choice" }, box, element("bdi", { text: text || "none", attributes: { title: text } }), element("span", { class: "count num", text: count(n) }));
}

/** A condition on a number: at least, at most. */
function condition(context) {
  const { facts, store } = context;
  const metrics = facts.universe.metrics.map(({ name, ...range }) => ({ name: NUMBERS.includes(name) || name.startsWith("metric.") ? name : `metric.${name}`, ...range }));
  const known = new Map(metrics.map((metric) => [metric.name, metric]));
  const names = [...metrics.map(({ name }) => name).filter((name) => !NUMBERS.includes(name)), ...NUMBERS];
  const select = element("select", { attributes: { "aria-label": "Number" } }, ...names.map((name) => element("option", { text: metricName(name), attributes: { value: name } })));
  const least = numberField("At least");
  const most = numberField("At most");
  const range = element("span", { class: "muted num" });
  const show = () => {
    const metric = known.get(select.value);
    setText(range, metric && Number.isFinite(metric.min) ? `here from ${number(metric.min)} to ${number(metric.max)}${UNITS[select.value] ?? ""}` : UNITS[select.value] ? `in${UNITS[select.value]}` : "");
  };
  const form = element("form", { class: "condition" }, select, element("span", { class: "condition-range" }, least, "to", most), button({ text: "Add", attributes: { type: "submit" } }), range);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const added = [least.value && `${select.value}:ge:${Number(least.value)}`, most.value && `${select.value}:le:${Number(most.value)}`].filter(Boolean);
    if (added.length === 0) return toast("Type the smallest or the largest number that should be shown.");
    const others = store.get().where.filter((one) => !added.some((another) => one.startsWith(another.split(":").slice(0, -1).join(":"))));
    store.set({ where: Object.freeze([...others, ...added]) });
    least.value = most.value = "";
  });
  select.addEventListener("change", show);
  show();
  return [element("h3", { text: "Number" }), form];
}

function numberField(label) {
  return element("input", { attributes: { type: "number", step: "any", "aria-label": label, placeholder: label.toLowerCase().replace("at ", ""), inputmode: "decimal" } });
}
