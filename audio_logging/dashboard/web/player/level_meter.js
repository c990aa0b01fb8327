// A level meter that reads the peaks of the waveform, so that no audio graph is needed for it.

import { element } from "../page/dom.js";
import { drawAt } from "../page/listen.js";

const QUIETEST = -60; // [dBFS] where the bars begin
const FALL = 1.2; // [dB] a frame that a bar falls at most
const FULL = -0.1; // [dBFS] from here on it warns

/**
 * Makes the meter: a bar per channel, which jumps up and falls slowly.
 * @param {EventTarget} player
 * @param {(time: number) => number[]} levelsAt 0 to 1, of each channel
 * @returns {HTMLElement}
 */
export function createLevelMeter(player, levelsAt) {
  const node = element("div", { class: "meter", attributes: { "aria-hidden": "true" } });
  let shown = [];
  drawAt(player, ["load", "time", "pause"], () => {
    const levels = player.playing ? levelsAt(player.time) : [];
    if (node.childElementCount !== levels.length) node.replaceChildren(...levels.map(() => element("i")));
    shown = levels.map((level, lane) => Math.max(level > 0 ? 20 * Math.log10(level) : -Infinity, (shown[lane] ?? QUIETEST) - FALL));
    for (const [lane, level] of shown.entries()) draw(node.children[lane], level);
  });
  return node;
}

function draw(bar, level) {
  bar.style.transform = `scaleX(${Math.max(0, 1 - level / QUIETEST).toFixed(3)})`;
  bar.classList.toggle("full", level >= FULL);
}
