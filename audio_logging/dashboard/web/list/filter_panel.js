// The window in which filters are set: labels, predictions, right or wrong, and numbers.

import { button, clear, element, searchField } from "../page/dom.js";
import { count } from "../page/format.js";
import { numberFilter } from "./number_filter.js";
import { NO_FILTERS } from "../state/store.js";

const OFFERED = 60;

/** Put the filters into a panel. */
export function fillPanel(panel, close, context) {
  panel.append(
    ...choiceOf("Labels", "label", context.facts.facets.labels, context),
    ...choiceOf("Predictions", "prediction", context.facts.facets.predictions, context),
    ...judgement(context),
    ...numberFilter(context),
    element("footer", { class: "dialog-foot" },
      button({ text: "Clear all", run: () => (context.store.set(NO_FILTERS), close()) }),
      button({ text: "Done", class: "button primary", run: close })));
}

function judgement({ store, facts }) {
  if (facts.facets.predictions.length === 0 && store.get().correct === null) return [];
  const options = [["Any prediction", ""], ["Right predictions", "true"], ["Wrong predictions", "false"]];
  const select = element("select", { attributes: { "aria-label": "Prediction is" } },
    ...options.map(([text, value]) => element("option", { text, attributes: { value } })));
  select.value = String(store.get().correct ?? "");
  select.addEventListener("change", () => store.set({ correct: select.value ? select.value === "true" : null }));
  return [select];
}

/** A list of values to tick, with a field to find one among many. What is ticked stays, also when no clip has it now. */
function choiceOf(title, name, present, { store }) {
  const gone = store.get()[name].filter((chosen) => !present.some(({ value }) => (value ?? "") === chosen));
  const values = [...gone.map((value) => ({ value, count: 0 })), ...present];
  if (values.length === 0) return [];
  const list = element("div", { class: "choice-list", attributes: { role: "group", "aria-label": title } });
  const find = searchField(`Find ${title.toLowerCase()}`, `Find among ${count(values.length)}`);
  const fill = () => {
    const chosen = store.get()[name];
    const matching = values.filter(({ value }) => (value ?? "").toLowerCase().includes(find.value.toLowerCase()));
    const isChosen = ({ value }) => chosen.includes(value ?? "");
    const offered = [...matching.filter(isChosen), ...matching.filter((one) => !isChosen(one))].slice(0, OFFERED);
    clear(list).append(...offered.map((each) => choice(each, name, store)));
    const more = matching.length - offered.length;
    if (more > 0) list.append(element("p", { class: "muted", text: `${count(more)} more: find them by name.` }));
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
  const shown = element("bdi", { text: text || "none", attributes: { title: text } });
  return element("label", { class: "choice" }, box, shown, element("span", { class: "count num", text: count(n) }));
}
