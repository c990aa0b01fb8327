// One row of the list, or one card of the grid: made once, then filled with one clip after another.

import { spokenText } from "../clip/transcript_formats.js";
import { attribute, element, icon, setIcon, setText } from "../page/dom.js";
import { bytes, decibel, isWrong, metricName, number, score, seconds, spokenSeconds } from "../page/format.js";

/** What stands at the right of a row when the list is sorted by it. */
const SORTED = new Map([["level", (row) => decibel(row.level)], ["size", (row) => bytes(row.size)]]);

/** A row or card. `index` is its place, `row` its clip (null: still loading). */
export class Cell {
  index = -1;
  row = null;

  constructor(onStar) {
    this.canvas = element("canvas", { class: "cell-wave", attributes: { "aria-hidden": "true" } });
    this.label = element("bdi", { class: "cell-label" });
    this.prediction = element("bdi");
    this.about = element("div", { class: "cell-about" });
    this.caption = element("bdi", { class: "cell-caption" });
    this.value = element("span", { class: "cell-value num" });
    this.duration = element("span", { class: "cell-duration num" });
    this.star = element("span", { class: "cell-star", on: { click: (event) => (event.stopPropagation(), onStar(this.row)) } }, icon("star"));
    this.element = element("div", { class: "cell", attributes: { role: "option" } },
      this.canvas,
      element("div", { class: "cell-text" },
        element("div", { class: "cell-title" }, this.label, element("span", { class: "cell-prediction" }, this.prediction), this.caption),
        this.about),
      element("div", { class: "cell-side" }, this.value, this.duration),
      this.star);
  }

  /**
   * Show a clip at a place.
   * @param {number} index
   * @param {object|null} row null while it loads: nothing of the clip before remains
   * @param {{total: number, selected: boolean, starred: boolean, compared: boolean, sort: string, about: string}} shown
   *   about: what tells this clip from its neighbours
   */
  show(index, row, shown) {
    this.index = index;
    this.row = row;
    const { classList, dataset } = this.element;
    classList.toggle("loading", !row);
    classList.toggle("wrong", Boolean(row && isWrong(row)));
    classList.toggle("missing", Boolean(row?.missing));
    classList.toggle("compared", shown.compared);
    classList.toggle("starred", shown.starred);
    this.element.id = `clip-${index}`;
    if (row) dataset.id = row.id;
    else delete dataset.id;
    attribute(this.element, "aria-posinset", index + 1);
    attribute(this.element, "aria-setsize", shown.total);
    attribute(this.element, "aria-selected", shown.selected ? "true" : "false");
    attribute(this.element, "aria-busy", row ? null : "true");
    const caption = spokenText(row?.caption);
    attribute(this.element, "aria-label", row ? spoken({ ...row, caption }, shown) : "Loading");
    this.#write({ ...row, caption }, shown);
  }

  #write(row, { sort, about, starred }) {
    const predicted = Boolean(row.prediction) && (row.correct === false || row.prediction !== row.label);
    const title = row.label || (!predicted && row.prediction) || nameOf(row);
    setText(this.label, title);
    this.element.classList.toggle("predicted", predicted);
    setText(this.prediction, predicted ? row.prediction : "");
    setText(this.about, about);
    setText(this.caption, row.missing ? "file is missing" : row.caption === title ? "" : row.caption);
    setText(this.value, valueOf(row, sort));
    setText(this.duration, row.id ? seconds(row.duration) : "");
    attribute(this.element, "title", row.caption && row.caption !== title ? row.caption : null);
    setIcon(this.star.firstChild, starred ? "starred" : "star");
  }
}

/** What a clip without a label is called. */
function nameOf({ clip_id: id, caption, key = "", index }) {
  return id || caption || `${key} ${index ?? ""}`.trim();
}

function valueOf(row, sort) {
  const name = sort.replace(/^-/, "");
  if (name.startsWith("metric.")) return number(row.metrics?.[name.slice(7)] ?? NaN);
  return (SORTED.get(name) ?? (() => score(row.score)))(row);
}

function spoken(row, { sort, about, starred, compared }) {
  const name = sort.replace(/^-/, "");
  return [
    row.label || nameOf(row).slice(0, 80),
    row.prediction && `predicted ${row.prediction}`,
    row.correct === false && "wrong",
    row.score !== undefined && row.score !== null && `score ${score(row.score)}`,
    name.startsWith("metric.") && `${metricName(name)} ${valueOf(row, sort)}`,
    row.label && row.caption?.slice(0, 80),
    spokenSeconds(row.duration),
    about,
    row.missing && "file is missing",
    starred && "starred",
    compared && "in the comparison",
  ].filter(Boolean).join(", ");
}
