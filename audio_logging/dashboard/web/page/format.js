// Numbers and names as people read them.

import { spokenText } from "../clip/transcript_formats.js";

const COUNT = new Intl.NumberFormat("en");

/** 1.5 -> "0:01.50"; an hour and more -> "1:00:01.50"; unknown -> "–". `digits`: places after the second. */
export function seconds(value, digits = 2) {
  if (!Number.isFinite(value)) return "–";
  const scale = 10 ** digits;
  const whole = Math.round(Math.abs(value) * scale);
  const rest = whole % (60 * scale);
  const minutes = Math.floor(whole / (60 * scale));
  const tail = (rest / scale).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const head = minutes < 60 ? `${minutes}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  return `${value < 0 && whole ? "−" : ""}${head}:${tail}`;
}

/** A duration in words, for screen readers: 61.5 -> "1 minute 1.5 seconds". */
export function spokenSeconds(value) {
  if (!Number.isFinite(value)) return "unknown";
  const minutes = Math.floor(value / 60);
  const rest = Number((value - 60 * minutes).toFixed(1));
  const tail = `${rest} ${rest === 1 ? "second" : "seconds"}`;
  return minutes ? `${plural(minutes, "minute")} ${tail}` : tail;
}

/** -12.34 -> "−12.3 dB"; `unit` e.g. "dBFS", "LUFS"; null is silence or unknown -> "–". */
export function decibel(value, unit = "dB") {
  return Number.isFinite(value) ? `${signed(value, 1)} ${unit}` : "–";
}

/** 1536 -> "1.5 kB" (thousands, as the sizes of files are told). */
export function bytes(value) {
  if (!Number.isFinite(value)) return "–";
  const names = ["B", "kB", "MB", "GB", "TB"];
  let power = 0;
  while (value >= 999.5 && power < names.length - 1) [value, power] = [value / 1000, power + 1];
  return `${power && value < 99.5 ? value.toFixed(1) : Math.round(value)} ${names[power]}`;
}

/** At most four digits that mean something: 0.12345 -> "0.1235", 12345 -> "12,345", 1e-7 -> "1e-7". */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? count(value) : value.toExponential(2);
  if (Math.abs(value) < 1e-4) return value.toExponential(1).replace("-", "−").replace("e−", "e-");
  return signed(value, Math.min(Math.max(3 - Math.floor(Math.log10(Math.abs(value))), 0), 4)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** 12345 -> "12,345" */
export function count(value) {
  return COUNT.format(value).replace("-", "−");
}

/** plural(1, "clip") -> "1 clip"; plural(2, "clip") -> "2 clips" */
export function plural(n, word) {
  return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}

/** A score between 0 and 1 -> "93 %"; others as numbers. */
export function score(value) {
  if (!Number.isFinite(value)) return "";
  if (value < 0 || value > 1) return number(value);
  return value === 1 || value === 0 || (value < 0.995 && value >= 0.005) ? `${Math.round(value * 100)} %` : `${(value * 100).toFixed(1)} %`;
}

/** A sample rate: 44100 -> "44.1 kHz" */
export function hertz(value) {
  if (!Number.isFinite(value)) return "–";
  return value >= 1000 ? `${Number((value / 1000).toFixed(3))} kHz` : `${number(value)} Hz`;
}

/** A step -> "300", "latest step" or "all steps". */
export function step(value) {
  if (value === "latest") return "latest step";
  return value === null || value === undefined ? "all steps" : count(value);
}

/** The name of a metric as it is shown: "metric.loss" -> "loss". */
export function metricName(name) {
  return name.replace(/^metric\./, "").replace(/_/g, " ");
}

const UNITS = new Map([["duration", " s"], ["level", " dBFS"], ["sample_rate", " Hz"], ["size", " bytes"]]);
const SIGNS = new Map([["lt", "<"], ["le", "≤"], ["gt", ">"], ["ge", "≥"], ["eq", "="], ["ne", "≠"]]);

/** What follows a number of this name, e.g. unitOf("duration") is " s". */
export function unitOf(name) {
  return UNITS.get(name) ?? "";
}

/** A condition in words: "metric.loss:gt:1" -> "loss > 1" */
export function conditionText(condition) {
  const [, name, sign, value] = /^(.*):(\w+):(.*)$/.exec(condition) ?? ["", condition, "", ""];
  return `${metricName(name)} ${SIGNS.get(sign) ?? sign} ${value}${unitOf(name)}`;
}

/** Time of a run in this browser's words: today's as a time of day, others as a date. */
export function when(value) {
  if (!Number.isFinite(value)) return "";
  const moment = new Date(value * 1000);
  if (moment.toDateString() === new Date().toDateString()) return moment.toLocaleTimeString([], { timeStyle: "short" });
  return moment.toLocaleDateString([], { dateStyle: "medium" });
}

/** What a clip is called where one line must do: label and prediction, else its caption, else its key. */
export function titleOf(row) {
  if (row.label && row.prediction && row.label !== row.prediction) return `${row.label} → ${row.prediction}`;
  return row.label || row.prediction || spokenText(row.caption) || row.clip_id || `${row.key ?? "clip"} ${row.index ?? ""}`.trim();
}

/** Whether the model got a clip wrong. */
export function isWrong(row) {
  return row.correct === false;
}

function signed(value, digits) {
  return value.toFixed(digits).replace("-", "−");
}
