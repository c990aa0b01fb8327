// One row of the comparison: a number to switch to it, what the clip is, its waveform, its gain.

import { bufferPeaks } from "./decoded.js";
import { button, clear, element, setText } from "./dom.js";
import { decibel, seconds, step, titleOf } from "./format.js";
import { drawWaveform, fitCanvas } from "./waveform.js";

const MOST_BUCKETS = 2000;
const LONGEST_NAME = 200;
const DRAG = 4; // [px] less is a click

/**
 * Makes a row. `acts`: choose(), move(-1|1), remove(), seek(fraction), region(from, to) with fractions of the wave.
 * @param {object} acts
 * @returns {{element: HTMLElement, show: (clip: object) => void, draw: (span: number, zoom: number) => void}} draws the time up to `span` [s], amplitudes times `zoom`
 */
export function compareRow(acts) {
  const number = button({ class: "compare-switch", text: " ", run: acts.choose });
  const name = element("strong", { class: "compare-name", attributes: { dir: "auto" } });
  const where = element("span", { class: "compare-where" });
  const gain = element("span", { class: "compare-gain" });
  const alert = element("div", { class: "compare-alert" });
  const wave = waveLane(acts);
  const moves = [button({ icon: "up", run: () => acts.move(-1) }), button({ icon: "down", run: () => acts.move(1) })];
  const remove = button({ icon: "close", run: acts.remove });
  const made = element("li", { class: "compare-row" }, number,
    element("div", { class: "compare-text" }, name, where, gain), wave.element,
    element("div", { class: "compare-acts" }, ...moves, remove), alert);
  let shown = {};

  const show = (clip) => {
    shown = clip;
    const title = clip.row ? clipName(clip.row) : clip.error ? "Not there" : "Loading…";
    setText(number.firstChild, String(clip.number));
    number.setAttribute("aria-pressed", String(clip.heard));
    label(number, `Listen to ${clip.number}: ${title}`);
    number.disabled = !clip.buffer;
    setText(name, title);
    setText(where, clip.row ? placeOf(clip) : "");
    setText(gain, clip.gainText);
    label(moves[0], `Move ${clip.number} up`);
    label(moves[1], `Move ${clip.number} down`);
    label(remove, `Take ${clip.number} out of the comparison`);
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
  return `${String(row.role ?? row.key).slice(0, LONGEST_NAME)}, step ${step(row.step)}`;
}

function placeOf({ row, runName }) {
  const parts = [titleOf(row), row.key, runName, seconds(row.duration)];
  return parts.filter(Boolean).map((part) => String(part).slice(0, LONGEST_NAME)).join(" · ");
}

function showError(place, message) {
  if (place.textContent === (message ?? "")) return;
  clear(place);
  if (message) place.append(element("p", { attributes: { role: "alert" }, text: message }));
}

/**
 * A waveform with the cursor and the region of the whole comparison over it (CSS variables of the rows' container).
 * @param {{seek?: (fraction: number) => void, region?: (from: number, to: number) => void}} acts
 */
export function waveLane(acts) {
  const canvas = element("canvas", { attributes: { "aria-hidden": "true" } });
  const silence = element("div", { class: "compare-silence", attributes: { title: "Silence: this clip is shorter" } });
  const lane = element("div", { class: "compare-wave" }, canvas, silence,
    element("div", { class: "compare-region" }), element("div", { class: "compare-cursor" }));
  listen(lane, acts);
  const draw = (buffer, span, gain) => {
    silence.style.left = buffer ? `${(100 * buffer.duration) / span}%` : "100%";
    if (!fitCanvas(canvas)) return;
    if (!buffer || !(span > 0)) return void canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    drawWaveform(canvas, bufferPeaks(buffer, MOST_BUCKETS, gain), { start: 0, end: span, from: 0, to: buffer.duration });
  };
  return { element: lane, draw };
}

function listen(lane, acts) {
  let from = null;
  const fraction = (event) => {
    const box = lane.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  };
  const dragged = (event) => Math.abs(fraction(event) - from) * lane.clientWidth > DRAG;
  lane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = fraction(event);
    lane.setPointerCapture(event.pointerId);
  });
  lane.addEventListener("pointermove", (event) => {
    if (from !== null && dragged(event)) acts.region?.(Math.min(from, fraction(event)), Math.max(from, fraction(event)));
  });
  lane.addEventListener("pointerup", (event) => {
    if (from !== null && !dragged(event)) acts.seek?.(from);
    from = null;
  });
  lane.addEventListener("pointercancel", () => { from = null; });
}
