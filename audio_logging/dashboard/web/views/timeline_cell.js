// One step of a clip over time: a button with its step, metric, waveform and prediction.

import { attribute, element, icon, setText } from "../page/dom.js";
import { isWrong, number, score, step as stepText } from "../page/format.js";
import { drawWaveform, fitCanvas } from "../clip/waveform.js";

/** [px] of a cell, with the gap behind it */
export const CELL = 116;
const LINE = 40; // [px] height of the metric's line
const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes the cell of a row.
 * @param {object} row
 * @param {{place: number, values: {at: number, text: string}[], choose: () => void}} options values of the metric at the steps: at is
 *   null where there is none, else 0 (lowest) to 1 (highest)
 * @returns {{element: HTMLElement, mark: (chosen: boolean) => void, wave: (peaks: object, normalise: boolean) => void}}
 */
export function timelineCell(row, { place, values, choose }) {
  const canvas = element("canvas", { class: "time-wave", attributes: { "aria-hidden": "true" } });
  const said = element("span", { class: isWrong(row) ? "time-said wrong" : "time-said", attributes: { dir: "auto" } }, isWrong(row) && icon("wrong"), saidOf(row));
  const made = element("button", { class: "time-cell", attributes: { type: "button", tabindex: -1, "aria-label": labelOf(row, values[place]) }, on: { click: choose } },
    element("span", { class: "time-step", text: stepText(row.step) }), line(values, place), canvas, said);
  made.style.left = `${place * CELL}px`;
  made.place = place;
  return {
    element: made,
    mark: (chosen) => {
      attribute(made, "aria-current", chosen && "step");
      made.tabIndex = chosen ? 0 : -1;
    },
    wave: (peaks, normalise) => {
      if (peaks.error || row.missing) setText(said, row.missing ? "file missing" : "cannot be read");
      else if (fitCanvas(canvas)) drawWaveform(canvas, peaks, { normalise });
    },
  };
}

function saidOf(row) {
  const what = row.prediction ?? row.label ?? "";
  return [what.slice(0, 60), row.score !== null && score(row.score)].filter(Boolean).join(" ");
}

function labelOf(row, value) {
  const parts = [`Step ${stepText(row.step)}`, row.prediction && `predicted ${row.prediction.slice(0, 100)}`, isWrong(row) && "wrong", value.text];
  return parts.filter(Boolean).join(", ");
}

/** The metric at this step, with the line from the step before and to the step behind. */
function line(values, place) {
  const svg = draw("svg", { class: "time-line", viewBox: `0 0 ${CELL} ${LINE}`, width: CELL, height: LINE, "aria-hidden": "true" });
  const x = (i) => CELL * (i - place + 0.5);
  const y = (at) => LINE - 5 - at * (LINE - 20);
  for (const next of [place - 1, place + 1]) {
    if (values[place].at !== null && (values[next]?.at ?? null) !== null) svg.append(draw("line", { x1: x(place), y1: y(values[place].at), x2: x(next), y2: y(values[next].at) }));
  }
  const { at, short } = values[place];
  if (at !== null) svg.append(draw("circle", { cx: x(place), cy: y(at), r: 3 }), draw("text", { x: x(place), y: y(at) - 6, "text-anchor": "middle" }, short));
  return svg;
}

function draw(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(text);
  return made;
}

/**
 * A metric at each step, placed between its lowest and highest value.
 * @param {object[]} rows
 * @param {string} name "score", or of a metric
 * @returns {{at: number|null, text: string, short: string}[]}
 */
export function metricValues(rows, name) {
  const values = rows.map((row) => (name === "score" ? row.score : row.metrics?.[name]) ?? null);
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return values.map((value) => ({
    at: value === null ? null : high > low ? (value - low) / (high - low) : 0.5,
    text: value === null ? "" : `${name} ${number(value)}`,
    short: value === null ? "" : number(Number(value.toPrecision(3))),
  }));
}
