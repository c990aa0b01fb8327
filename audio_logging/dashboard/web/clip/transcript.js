// The caption of a clip: plain text, or lines with times that follow the sound and can be clicked.

import { block } from "../page/block.js";
import { button, element } from "../page/dom.js";
import { seconds } from "../page/format.js";
import { parseTranscript } from "./transcript_formats.js";

const SHORT = 60; // characters of plain text that the heading shows anyway
const LONG = 600; // characters that are shown before one asks for more

/**
 * The section of a clip's caption.
 * @param {object} row with the whole caption
 * @param {object} player
 * @returns {{node: HTMLElement|null, progress: (time: number) => void}} no node where the heading says it all
 */
export function createTranscript(row, player) {
  const { caption } = row;
  const lines = parseTranscript(caption);
  if (lines) return timed(lines, player);
  const known = !caption || (caption.length <= SHORT && !caption.includes("\n"));
  return { node: known ? null : block("Caption", plainText(caption)), progress: () => {} };
}

function plainText(caption) {
  const long = caption.length > LONG;
  const text = element("p", { class: "caption", text: long ? `${caption.slice(0, LONG)}…` : caption, attributes: { dir: "auto" } });
  const more = button({ text: "Show all", class: "button small", run: () => ((text.textContent = caption), more.remove()) });
  return element("div", {}, text, long && more);
}

function timed(lines, player) {
  const go = (line) => {
    player.seek(line.start);
    player.play();
  };
  const items = lines.map((line) => element("li", {}, lineButton(line, () => go(line))));
  const list = element("ol", { class: "transcript", attributes: { tabindex: "-1" } }, ...items);
  let current = -1;
  const progress = (time) => {
    const now = lineAt(lines, time);
    if (now === current) return;
    items[current]?.removeAttribute("aria-current");
    items[now]?.setAttribute("aria-current", "true");
    current = now;
    if (player.playing) keepInSight(list, items[now]);
  };
  return { node: block("Transcript", list), progress };
}

function lineButton({ start, text }, click) {
  return element("button", { class: "line", attributes: { type: "button" }, on: { click } },
    element("span", { class: "when", text: seconds(start) }),
    element("span", { text, attributes: { dir: "auto" } }));
}

/** The last line that has begun and not ended; -1 for none. */
function lineAt(lines, time) {
  return lines.findLastIndex((line, index) => line.start <= time && time < (line.end ?? lines[index + 1]?.start ?? Infinity));
}

/** Scrolls the list only: the page stays where the reader has it. */
function keepInSight(list, item) {
  if (!item) return;
  const above = item.offsetTop - list.scrollTop;
  if (above < 0 || above + item.offsetHeight > list.clientHeight) list.scrollTop = item.offsetTop - list.clientHeight / 3;
}
