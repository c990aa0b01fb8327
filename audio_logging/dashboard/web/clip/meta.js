// Where a clip comes from and what its file is, and its metrics.

import { block, fact } from "../page/block.js";
import { button, element } from "../page/dom.js";
import { bytes, count, hertz, metricName, number, seconds, step, when } from "../page/format.js";

/**
 * The section of a clip's metrics; null when it has none.
 * @param {object} row
 * @returns {HTMLElement|null}
 */
export function metricsTable(row) {
  const metrics = Object.entries(row.metrics ?? {}).filter(([, value]) => Number.isFinite(value));
  if (metrics.length === 0) return null;
  const list = element("dl", { class: "facts" }, ...metrics.map(([name, value]) => told(metricName(name), number(value))));
  return block("Metrics", list);
}

/**
 * The section of a clip's metadata.
 * @param {object} row
 * @param {{runName: (id: string) => string, copy: (text: string, what: string) => void}} options
 * @returns {HTMLElement}
 */
export function metadata(row, { runName, copy }) {
  const rows = facts(row, runName).filter(([, value]) => known(value));
  const list = element("dl", { class: "facts meta" }, ...rows.map(([name, value]) => told(name, value)));
  if (row.sha256) list.append(hash(row.sha256, copy));
  return block("Metadata", list);
}

function facts(row, runName) {
  const frames = known(row.frames) ? ` (${count(row.frames)} frames)` : "";
  return [
    ["Run", row.run_name ?? runName(row.run)],
    ["Key", row.key],
    ["Step", known(row.step) ? step(row.step) : null],
    ["Index", row.index],
    ["Role", row.role],
    ["Clip", row.clip_id],
    ["Table", row.table],
    ["Column", row.column],
    ["Duration", known(row.duration) ? seconds(row.duration, 3) + frames : null],
    ["Sample rate", known(row.sample_rate) ? hertz(row.sample_rate) : null],
    ["Channels", row.channels],
    ["Format", row.format],
    ["Size", known(row.size) ? bytes(row.size) : null],
    ["Logged", when(row.time)],
    ["File", row.recorded_path ?? row.file_name],
  ];
}

function known(value) {
  return value !== null && value !== undefined && value !== "";
}

function told(name, text) {
  return fact(name, {}, element("bdi", { text }));
}

function hash(sha256, copy) {
  const short = element("code", { text: sha256.slice(0, 12), attributes: { title: sha256 } });
  const toClipboard = button({ text: "Copy", label: "Copy the SHA-256", class: "button small", run: () => copy(sha256, "SHA-256") });
  return fact("SHA-256", {}, short, toClipboard);
}
