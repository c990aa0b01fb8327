// The confusion matrix that plays: choose a cell to list and hear its clips.

import { MOST_CLASSES, confusionMatrix, ratesOf } from "./confusion_counts.js";
import { mixColours, parseColour, textOn } from "./contrast.js";
import { attribute, button, colour, element, setText } from "./dom.js";
import { emptyState } from "./empty_state.js";
import { count, plural, score } from "./format.js";
import { whenToRedraw } from "./redraw.js";
import { queryOf, sameQuery } from "./store.js";

const RIGHT = "#2a6fdb"; // Blue and orange are told apart by everyone.
const WRONG = "#e8730c";
const LONGEST_NAME = 60;
const ORDERS = [["name", "By name"], ["confused", "Most confused first"], ["count", "Most clips first"]];
const WATCHED = ["view", "label", "prediction"];
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const ADVICE = "Log predictions with labels, and this page shows what is taken for what:";
const EXAMPLE = `log = al.PredictionLogger(samples, predict)  # samples with a label, scores from predict
with log.session(run):
    log.step(step=step, model=model)`;

/**
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{update: () => void, destroy: () => void}}
 */
export function mountConfusion(container, context) {
  const view = new ConfusionView(container, context);
  return { update: () => view.update(), destroy: () => view.destroy() };
}

class ConfusionView {
  #cells = []; // [row][column] buttons, with holes
  #drawn = null;
  #order = "name";

  constructor(container, context) {
    this.container = container;
    this.context = context;
    this.#build();
    const update = () => this.update();
    const follow = (state, previous) => WATCHED.some((name) => state[name] !== previous[name]) && update();
    context.facts.addEventListener("change", update);
    this.ends = [() => context.facts.removeEventListener("change", update), context.store.subscribe(follow), whenToRedraw(this.page, () => this.#paint())];
    this.update();
  }

  #build() {
    const order = element("select", { attributes: { "aria-label": "Order of the classes" }, on: { change: () => { this.#order = order.value; this.update(); } } },
      ...ORDERS.map(([value, text]) => element("option", { attributes: { value }, text })));
    this.summary = element("p", { class: "confusion-summary" });
    this.clearButton = button({ text: "Clear the cell", icon: "close", run: () => this.context.filterTo({ label: Object.freeze([]), prediction: Object.freeze([]), correct: null }) });
    this.scroller = element("div", { class: "confusion-scroller", on: { keydown: (event) => this.#steer(event) } });
    this.page = element("div", { class: "confusion" }, element("div", { class: "view-bar" }, this.summary, order, this.clearButton), this.scroller);
    this.empty = emptyState("No predictions here", ADVICE, EXAMPLE);
    this.container.append(this.page, this.empty);
  }

  destroy() {
    for (const end of this.ends) end();
    this.container.replaceChildren();
  }

  update() {
    const state = this.context.store.get();
    if (state.view !== "confusion") return;
    const { facts } = this.context;
    this.page.classList.toggle("pending", facts.pending);
    this.clearButton.hidden = state.label.length + state.prediction.length === 0;
    if (!facts.pending) this.#fill(facts.facets.confusion ?? []);
    this.#markChosen(state);
  }

  #fill(cells) {
    const drawn = `${this.#order} ${JSON.stringify(cells)}`;
    if (drawn === this.#drawn) return; // Live rows that change nothing here.
    this.#drawn = drawn;
    this.matrix = confusionMatrix(cells, this.#order);
    const { classes, left, total, right } = this.matrix;
    this.empty.hidden = total > 0;
    this.page.hidden = total === 0;
    setText(this.summary, `Accuracy ${score(right / total)}: ${count(right)} of ${plural(total, "clip")}.${left ? ` The ${MOST_CLASSES} most confused of ${count(classes.length + left)} classes are shown.` : ""}`);
    this.#table();
    this.#paint();
  }

  #table() {
    const { classes } = this.matrix;
    const focused = this.scroller.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    this.#cells = classes.map(() => []);
    const corner = element("th", { class: "corner", attributes: { scope: "col" } }, element("span", { text: "Prediction →" }), element("span", { text: "Label ↓" }));
    const head = element("tr", {}, corner, ...classes.map((name) => heading(name, "col")), element("th", { class: "rate", attributes: { scope: "col" }, text: "Recall" }));
    const body = classes.map((name, row) => element("tr", {}, heading(name, "row"), ...classes.map((_, column) => this.#cell(row, column)), rate(ratesOf(this.matrix.totals.get(name)).recall)));
    const precisions = classes.map((name) => rate(ratesOf(this.matrix.totals.get(name)).precision));
    const foot = element("tr", {}, element("th", { class: "rate", attributes: { scope: "row" }, text: "Precision" }), ...precisions, element("td", { class: "rate" }));
    const { scrollLeft, scrollTop } = this.scroller;
    this.scroller.replaceChildren(element("table", { attributes: { "aria-label": "Confusion matrix" } }, element("thead", {}, head), element("tbody", {}, ...body), element("tfoot", {}, foot)));
    this.scroller.scrollTo(scrollLeft, scrollTop);
    const again = focused && this.#buttons().find((cell) => cell.getAttribute("aria-label").split(":")[0] === focused.split(":")[0]);
    const reachable = again ?? this.#buttons()[0];
    if (reachable) reachable.tabIndex = 0;
    again?.focus();
  }

  #buttons() {
    return this.#cells.flat().filter(Boolean);
  }

  #cell(row, column) {
    const [label, prediction] = [this.matrix.classes[row], this.matrix.classes[column]];
    const clips = this.matrix.counts.get(label)?.get(prediction);
    if (!clips) return element("td");
    const text = `label ${cut(label)} predicted ${cut(prediction)}: ${plural(clips, "clip")}`;
    const attributes = { type: "button", tabindex: -1, "aria-label": text, title: text, "aria-pressed": "false" };
    const made = element("button", { class: "confusion-cell", text: count(clips), attributes, on: { click: () => this.#choose(made) } });
    Object.assign(made, { place: [row, column], label, prediction, share: clips / this.matrix.totals.get(label).label });
    this.#cells[row][column] = made;
    return element("td", {}, made);
  }

  /** Colours show the share of the row, so that rare classes are seen as well as frequent ones. */
  #paint() {
    const paper = colour("--panel");
    if (!/^#[0-9a-f]{6}$/i.test(paper)) return;
    for (const cell of this.#buttons()) {
      const full = parseColour(cell.label === cell.prediction ? RIGHT : WRONG);
      const mixed = mixColours(parseColour(paper), full, 0.12 + 0.88 * cell.share);
      cell.style.backgroundColor = `rgb(${mixed.join(" ")})`;
      cell.style.color = textOn(mixed);
    }
  }

  #markChosen({ label, prediction }) {
    for (const cell of this.#buttons()) {
      const chosen = label.length === 1 && prediction.length === 1 && label[0] === cell.label && prediction[0] === cell.prediction;
      attribute(cell, "aria-pressed", String(chosen));
    }
  }

  /** Lists the clips of a cell and plays the first, unless something else was chosen meanwhile. */
  async #choose(cell) {
    const { context } = this;
    this.#focus(cell);
    context.player.pause();
    context.filterTo({ label: Object.freeze([cell.label]), prediction: Object.freeze([cell.prediction]), correct: null });
    const wanted = context.store.get();
    try {
      const { rows, total } = await context.source.clips(queryOf(wanted), { limit: 1 });
      const now = context.store.get();
      if (!sameQuery(now, wanted) || now.view !== "confusion" || context.player.playing) return;
      context.announce(`${plural(total, "clip")}, label ${cut(cell.label)}, predicted ${cut(cell.prediction)}`);
      if (rows.length) await context.select(rows[0], { play: true });
    } catch (error) {
      context.toast(error.message, { alert: true });
    }
  }

  #focus(cell) {
    for (const other of this.#buttons()) if (other.tabIndex === 0) other.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  }

  /** Arrow keys go to the next cell with clips in that direction. */
  #steer(event) {
    const by = ARROWS[event.key];
    if (!by || !event.target.place || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    let [row, column] = event.target.place;
    do {
      row += by[0];
      column += by[1];
    } while (this.#cells[row] && column >= 0 && column < this.#cells.length && !this.#cells[row][column]);
    const next = this.#cells[row]?.[column];
    if (next) this.#focus(next);
  }
}

function cut(name) {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}

function heading(name, scope) {
  return element("th", { attributes: { scope, title: name.slice(0, 300) } }, element("span", { text: cut(name), attributes: { dir: "auto" } }));
}

function rate(value) {
  return element("td", { class: "rate", text: value === null ? "–" : score(value) });
}
