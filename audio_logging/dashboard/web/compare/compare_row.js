// One row of the comparison: a number to switch to it, what the clip is, its waveform, its gain.

import { button, clear, element, setText } from "../page/dom.js";
import { seconds, step, titleOf } from "../page/format.js";
import { waveLane } from "./wave_lane.js";

const LONGEST_NAME = 200;

/**
 * Makes a row.
 * @param {{listen: () => void, move: (by: -1|1) => void, remove: () => void, seek: (time: number) => void, choose: (region: object) => void}} acts
 * @returns {{element: HTMLElement, show: (clip: object) => void, draw: (span: number, zoom: number) => void}} draws the time up to `span` [s], amplitudes times `zoom`
 */
export function compareRow(acts) {
  const number = button({ class: "compare-switch", text: " ", run: acts.listen });
  const name = element("strong", { class: "compare-name", attributes: { dir: "auto" } });
  const where = element("span", { class: "compare-where" });
  const gain = element("span", { class: "compare-gain" });
  const alert = element("div", { class: "compare-alert" });
  const wave = waveLane(acts);
  const up = button({ icon: "up", run: () => acts.move(-1) });
  const down = button({ icon: "down", run: () => acts.move(1) });
  const remove = button({ icon: "close", run: acts.remove });
  const made = element("li", { class: "compare-row" }, number,
    element("div", { class: "compare-text" }, name, where, gain), wave.element,
    element("div", { class: "compare-acts" }, up, down, remove), alert);
  let shown = {};

  const show = (clip) => {
    shown = clip;
    const title = clip.row ? clipName(clip.row) : clip.error ? "Not there" : "Loading…";
    setText(number.firstChild, String(clip.number));
    number.setAttribute("aria-pressed", String(clip.heard));
    number.disabled = !clip.buffer;
    label(number, `Listen to ${clip.number}: ${title}`);
    label(up, `Move ${clip.number} up`);
    label(down, `Move ${clip.number} down`);
    label(remove, `Take ${clip.number} out of the comparison`);
    setText(name, title);
    setText(where, clip.row ? placeOf(clip) : "");
    setText(gain, clip.gainText);
    made.classList.toggle("heard", clip.heard);
    made.classList.toggle("silent", !clip.buffer);
    showError(alert, clip.error);
  };
  return { element: made, show, draw: (span, zoom) => wave.draw(shown.buffer, span, (shown.gain ?? 1) * zoom) };
}

function label(control, text) {
  control.setAttribute("aria-label", text);
  control.title = text;
}

/**
 * What tells a clip from the others that it is compared with: its role, else its key, and its step.
 * @param {object} row
 * @returns {string}
 */
export function clipName(row) {
  return `${(row.role ?? row.key).slice(0, LONGEST_NAME)}, step ${step(row.step)}`;
}

function placeOf({ row, runName }) {
  const parts = [titleOf(row), row.key, runName, seconds(row.duration)];
  return parts.filter(Boolean).map((part) => part.slice(0, LONGEST_NAME)).join(" · ");
}

function showError(place, message) {
  if (place.textContent === (message ?? "")) return;
  clear(place);
  if (message) place.append(element("p", { attributes: { role: "alert" }, text: message }));
}
