// What the model said: label, prediction, and the scores of the likeliest labels as bars.

import { button, element, icon } from "./dom.js";
import { number, score as scoreText } from "./format.js";

const SHOWN = 5;

/**
 * Label and prediction with a sign, and the score; null when the clip has neither.
 * @param {object} row
 * @returns {HTMLElement|null}
 */
export function verdict(row) {
  if (!row.label && !row.prediction) return null;
  const known = row.correct === true || row.correct === false;
  const sign = known && element("span", { class: row.correct ? "sign good" : "sign bad" }, icon(row.correct ? "check" : "wrong"), row.correct ? "correct" : "wrong");
  return element("p", { class: "verdict" },
    row.label && named("Label", row.label),
    row.label && row.prediction && element("span", { class: "muted", text: "→", attributes: { "aria-hidden": "true" } }),
    row.prediction && named("Prediction", row.prediction, known && !row.correct ? "bad" : ""),
    Number.isFinite(row.score) && element("span", { class: "muted", text: scoreText(row.score), attributes: { title: "Score" } }),
    sign);
}

function named(what, text, kind = "") {
  return element("span", { class: `named ${kind}` }, element("span", { class: "visually-hidden", text: `${what}: ` }), element("bdi", { text, attributes: { title: `${what}: ${text.slice(0, 300)}` } }));
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
  const body = element("tbody", {}, ...scores.slice(0, SHOWN).map((each) => bar(each, row, length)));
  const table = element("table", { class: "scores" }, element("thead", { class: "visually-hidden" }, element("tr", {}, ...["Label", "Bar", "Score"].map((text) => element("th", { text, attributes: { scope: "col" } })))), body);
  const node = element("section", { class: "block", attributes: { "aria-label": "Scores" } }, element("h3", { text: "Scores" }), table);
  if (scores.length > SHOWN) {
    const more = button({ text: `Show all ${scores.length}`, class: "button small", run: () => (body.append(...scores.slice(SHOWN).map((each) => bar(each, row, length))), more.remove()) });
    node.append(more);
  }
  return node;
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
  return element("tr", {},
    element("th", { attributes: { scope: "row", title: label.slice(0, 300) } }, element("bdi", { text: label }), right && element("span", { class: "visually-hidden", text: " (the label)" })),
    element("td", { class: "track", attributes: { "aria-hidden": "true" } }, filled),
    element("td", { class: "value", text: score >= 0 && score <= 1 ? scoreText(score) : number(score) }));
}
