// How loud a clip is, in numbers.

import { block, fact } from "../page/block.js";
import { element } from "../page/dom.js";
import { count, decibel } from "../page/format.js";

const OFFSET = 0.01; // A mean further from zero than this is worth a warning.

/**
 * The section of levels: first what the row knows, then what the source measures.
 * @param {object} row
 * @returns {{node: HTMLElement, show: (levels: object) => void, fail: (message: string) => void}}
 */
export function createLevels(row) {
  const list = element("dl", { class: "facts levels" });
  const problem = element("p", { class: "muted" });
  const node = block("Levels", list, problem);
  const draw = (levels, waiting) => {
    node.setAttribute("aria-busy", String(waiting));
    list.replaceChildren(...entries(levels, waiting).map(entry));
  };
  const known = { peak_db: row.level ?? undefined, peak: row.peak, clipped_samples: row.clipped_samples };
  draw(known, true);
  return {
    node,
    // What was clipped when the clip was logged is known exactly; from the file it is a guess, and the peak is gone.
    show: (levels) => draw({ ...levels, logged_db: row.level, clipped_samples: row.clipped_samples ?? levels.clipped_samples }, false),
    fail: (message) => {
      draw(known, false);
      problem.textContent = `Not measured: ${message}`;
    },
  };
}

function entries(levels, waiting) {
  const silent = levels.peak === 0;
  const say = (value, unit) => (waiting && value === undefined ? null : silent ? "silent" : decibel(value, unit));
  return [
    { name: "Peak", text: say(levels.peak_db, "dBFS"), warn: levels.peak_db >= 0 },
    ...(levels.clipped_samples > 0 && levels.logged_db > levels.peak_db + 0.05 ? [{ name: "Peak before clipping", text: decibel(levels.logged_db, "dBFS"), warn: true }] : []),
    { name: "True peak", text: say(levels.true_peak_db, "dBTP"), warn: levels.true_peak_db > 0 },
    { name: "RMS", text: say(levels.rms_db, "dBFS") },
    { name: "Loudness", text: say(levels.lufs, "LUFS"), title: "Integrated, ITU-R BS.1770-4; – where the clip is too quiet" },
    { name: "Clipped samples", text: clipped(levels.clipped_samples, waiting), warn: levels.clipped_samples > 0 },
    { name: "DC offset", text: offset(levels.dc, waiting), warn: Math.abs(worst(levels.dc)) > OFFSET },
  ];
}

function clipped(samples, waiting) {
  if (samples === undefined || samples === null) return waiting ? null : "–";
  return samples > 0 ? `${count(samples)} ⚠` : "none";
}

function offset(dc, waiting) {
  const value = worst(dc);
  if (value === undefined || value === null) return waiting ? null : "–";
  return Math.abs(value) < 5e-5 ? "0" : value.toFixed(4).replace("-", "−");
}

/** One number, or one per channel: the one furthest from zero. */
function worst(dc) {
  return Array.isArray(dc) ? dc.reduce((one, other) => (Math.abs(other) > Math.abs(one) ? other : one), 0) : dc;
}

function entry({ name, text, warn, title }) {
  return fact(name, { class: text === null ? "skeleton" : warn ? "warn" : "", title }, text);
}
