// The confusion matrix that plays: choose a cell to list and hear its clips.

import { MOST_CLASSES, confusionMatrix, ratesOf } from "./confusion_counts.js";
import { attribute, button, element, setText } from "../page/dom.js";
import { emptyState } from "../page/empty_state.js";
import { count, plural, score } from "../page/format.js";
import { listen, mounted, watch } from "../page/listen.js";
import { queryOf, sameQuery } from "../state/store.js";

const RIGHT = "#2a6fdb"; // Blue and orange are told apart by everyone.
const WRONG = "#e8730c";
const [PALEST, FULLEST] = [8, 60]; // [%] of them in a cell: between these the text is easy to read in light and dark.
const LONGEST_NAME = 60;
const WATCHED = ["label", "prediction"];
const ANY = { label: Object.freeze([]), prediction: Object.freeze([]), correct: null };
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const ADVICE = "Log predictions with labels, and this page shows what is taken for what:";
const EXAMPLE = `log = al.PredictionLogger(samples, predict)  # samples with a label, scores from predict
with log.session(run):
    log.step(step=step, model=model)`;

/**
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{destroy: () => void}}
 */
export function mountConfusion(container, context) {
  return mounted(ConfusionView, container, context);
}

class ConfusionView {
  #cells = []; // [row][column] buttons, with holes
  #drawn = null;

  constructor(container, context) {
    const { facts, store, signal } = context;
    this.context = context;
    this.#build(container);
    listen(facts, { change: () => this.update() }, signal);
    watch(store, (state, previous) => WATCHED.some((name) => state[name] !== previous[name]) && this.update(), signal);
    this.update();
  }

  #build(container) {
    this.summary = element("p", { class: "confusion-summary" });
    this.clearButton = button({ text: "Clear the cell", icon: "close", run: () => this.context.filterTo(ANY) });
    this.scroller = element("div", { class: "confusion-scroller", on: { keydown: (event) => this.#steer(event) } });
    this.page = element("div", { class: "confusion" }, element("div", { class: "view-bar" }, this.summary, this.clearButton), this.scroller);
    this.empty = emptyState("No predictions here", ADVICE, EXAMPLE);
    container.append(this.page, this.empty);
  }

  update() {
    const { facts, store } = this.context;
    const state = store.get();
    this.page.classList.toggle("pending", facts.pending);
    this.clearButton.hidden = state.label.length + state.prediction.length === 0;
    if (!facts.pending) this.#fill(facts.facets.confusion);
    this.#markChosen(state);
  }

  #fill(cells) {
    const drawn = JSON.stringify(cells);
    if (drawn === this.#drawn) return; // Live rows that change nothing here.
    this.#drawn = drawn;
    this.matrix = confusionMatrix(cells);
    const { classes, left, total, right } = this.matrix;
    this.empty.hidden = total > 0;
    this.page.hidden = total === 0;
    const shown = left ? ` The ${MOST_CLASSES} most confused of ${count(classes.length + left)} classes are shown.` : "";
    setText(this.summary, `Accuracy ${score(right / total)}: ${count(right)} of ${plural(total, "clip")}.${shown}`);
    this.#table();
  }

  #table() {
    const { classes } = this.matrix;
    const focused = this.scroller.contains(document.activeElement) ? document.activeElement : null;
    this.#cells = classes.map(() => []);
    const rates = classes.map((name) => ratesOf(this.matrix.totals.get(name)));
    const corner = heading("Prediction →", "col", "corner");
    corner.append(element("span", { text: "Label ↓" }));
    const head = [corner, ...classes.map((name) => heading(name, "col")), heading("Recall", "col", "rate")];
    const body = classes.map((name, row) => [heading(name, "row"), ...classes.map((_, column) => this.#cell(row, column)), rate(rates[row].recall)]);
    const foot = [heading("Precision", "row", "rate"), ...rates.map(({ precision }) => rate(precision)), element("td", { class: "rate" })];
    const { scrollLeft, scrollTop } = this.scroller;
    this.scroller.replaceChildren(element("table", { attributes: { "aria-label": "Confusion matrix" } }, rows("thead", [head]), rows("tbody", body), rows("tfoot", [foot])));
    this.scroller.scrollTo(scrollLeft, scrollTop);
    const again = this.#buttons().find((cell) => cell.label === focused?.label && cell.prediction === focused.prediction);
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
    const made = button({ class: "confusion-cell", text: count(clips), label: text, attributes: { tabindex: -1 }, run: () => this.#choose(made) });
    Object.assign(made, { place: [row, column], label, prediction });
    const share = clips / this.matrix.totals.get(label).label; // Of the row, so that rare classes are seen as well as frequent ones.
    made.style.backgroundColor = `color-mix(in srgb, ${row === column ? RIGHT : WRONG} ${PALEST + (FULLEST - PALEST) * share}%, var(--panel))`;
    this.#cells[row][column] = made;
    return element("td", {}, made);
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
    context.filterTo({ ...ANY, label: Object.freeze([cell.label]), prediction: Object.freeze([cell.prediction]) });
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

function rows(tag, lines) {
  return element(tag, {}, ...lines.map((cells) => element("tr", {}, ...cells)));
}

function heading(name, scope, kind) {
  return element("th", { class: kind, attributes: { scope, title: name.slice(0, 300) } }, element("span", { text: cut(name), attributes: { dir: "auto" } }));
}

function rate(value) {
  return element("td", { class: "rate", text: value === null ? "–" : score(value) });
}
