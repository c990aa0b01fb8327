// What the model said: label, prediction, and the scores of the likeliest labels as bars.

import { block } from "../page/block.js";
import { button, element, icon } from "../page/dom.js";
import { number, score as scoreText } from "../page/format.js";

const SHOWN = 5;

/**
 * Label and prediction with a sign, and the score; null when the clip has neither.
 * @param {object} row
 * @returns {HTMLElement|null}
 */
export function verdict(row) {
  if (!row.label && !row.prediction) return null;
  const arrow = element("span", { class: "muted", text: "→", attributes: { "aria-hidden": "true" } });
  return element("p", { class: "verdict" },
    row.label && named("Label", row.label),
    row.label && row.prediction && arrow,
    row.prediction && named("Prediction", row.prediction, row.correct === false ? "bad" : ""),
    Number.isFinite(row.score) && element("span", { class: "muted", text: scoreText(row.score), attributes: { title: "Score" } }),
    row.correct === true && element("span", { class: "sign good" }, icon("check"), "correct"),
    row.correct === false && element("span", { class: "sign bad" }, icon("wrong"), "wrong"));
}

function named(what, text, kind = "") {
  const title = `${what}: ${text.slice(0, 300)}`;
  return element("span", { class: `named ${kind}`, attributes: { title } }, hidden(`${what}: `), element("bdi", { text }));
}

function hidden(text) {
  return element("span", { class: "visually-hidden", text });
}

/**
 * The section of the scores, largest first; null when there are none.
 * @param {object} row
 * @returns {HTMLElement|null}
 */
export function scoreBars(row) {
  const scores = (row.scores ?? []).filter(({ score }) => Number.isFinite(score)).sort((one, other) => other.score - one.score);
  if (scores.length === 0) return null;
  const length = barLength(scores);
  const bars = (some) => some.map((each) => bar(each, row, length));
  const body = element("tbody", {}, ...bars(scores.slice(0, SHOWN)));
  const showAll = () => {
    body.append(...bars(scores.slice(SHOWN)));
    more.remove();
  };
  const more = button({ text: `Show all ${scores.length}`, class: "button small", run: showAll });
  return block("Scores", element("table", { class: "scores", attributes: { "aria-label": "Scores" } }, body), scores.length > SHOWN && more);
}

/** Probabilities are parts of one; other scores (logits) fill from the least to the largest. */
function barLength(scores) {
  const values = scores.map(({ score }) => score);
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  if (least >= 0 && largest <= 1) return (score) => score;
  return (score) => (largest > least ? (score - least) / (largest - least) : 1);
}

function bar({ label, score }, row, length) {
  const right = label === row.label;
  const wrong = label === row.prediction && row.label && !right;
  const filled = element("div", { class: right ? "bar good" : wrong ? "bar bad" : "bar" });
  filled.style.width = `${Math.max(0.5, 100 * length(score))}%`;
  const attributes = { scope: "row", title: label.slice(0, 300) };
  const name = element("th", { attributes }, element("bdi", { text: label }), right && hidden(" (the label)"));
  return element("tr", {},
    name,
    element("td", { class: "track", attributes: { "aria-hidden": "true" } }, filled),
    element("td", { class: "value", text: score >= 0 && score <= 1 ? scoreText(score) : number(score) }));
}
