// Chooses what a clip is compared with: its reference, what was generated from it, its other steps, other runs.

import { MOST_COMPARED } from "../state/store.js";

const ROLES = ["reference", "sample", "prediction", "generated"];

/**
 * A clip with its reference, its sample and what was generated from it, at its step and in its run: references and
 * samples are often logged once, so their nearest step counts. The same sound is taken once.
 * @param {object[]} rows of the same clip, as source.related gives them
 * @param {object} row the clip itself
 * @returns {string[]} ids, 1 to 6, in the order reference, sample, prediction, generated
 */
export function relatedIds(rows, row) {
  const ofRun = rows.filter((other) => other.run === row.run && other.id !== row.id && !other.missing);
  const places = new Map(); // (key, role) -> the row nearest to the step
  for (const other of ofRun) {
    const place = `${other.key}\n${other.role}\n${other.column ?? ""}`;
    if (closer(other, places.get(place), row.step)) places.set(place, other);
  }
  const near = [...places.values()].filter((other) => fits(other, row));
  const ranked = near.sort((one, other) => distance(one, row) - distance(other, row));
  const chosen = distinct([row, ...ranked]).slice(0, MOST_COMPARED);
  return chosen.sort((one, other) => rank(one) - rank(other)).map((one) => one.id);
}

/**
 * The same clip of the same key at other steps: the first, the last and some between, as many as there is room for.
 * @param {object[]} rows
 * @param {object} row
 * @param {number} room
 * @returns {string[]} ids, by step
 */
function otherSteps(rows, row, room) {
  const others = distinct([row, ...rows.filter((other) => sameSeries(other, row) && other.run === row.run)])
    .filter((other) => other.id !== row.id)
    .sort((one, other) => one.step - other.step);
  if (others.length <= room) return others.map((other) => other.id);
  const last = Math.max(1, room - 1);
  return Array.from({ length: room }, (_, i) => others[Math.round((i * (others.length - 1)) / last)].id);
}

/**
 * The same clip of the same key in other runs, each at its step nearest to this one's.
 * @param {object[]} rows
 * @param {object} row
 * @param {number} room
 * @returns {string[]} ids
 */
function otherRuns(rows, row, room) {
  const nearest = new Map();
  for (const other of rows.filter((each) => sameSeries(each, row) && each.run !== row.run)) {
    if (closer(other, nearest.get(other.run), row.step)) nearest.set(other.run, other);
  }
  return [...nearest.values()].slice(0, room).map((other) => other.id);
}

/**
 * Asks for more clips to put beside one.
 * @param {object} source
 * @param {"steps"|"runs"} kind
 * @param {object} row
 * @param {{runs: readonly string[], taken: readonly string[]}} options the runs that are chosen, and the clips compared already
 * @returns {Promise<string[]>} ids
 */
export async function moreClips(source, kind, row, { runs, taken }) {
  const room = MOST_COMPARED - taken.length;
  if (kind === "steps") {
    const { rows } = await source.related(row.id, { runs: [row.run] });
    return otherSteps(rows.filter((other) => other.id === row.id || !taken.includes(other.id)), row, room);
  }
  const others = runs.some((run) => run !== row.run) ? [...runs] : (await source.runs()).map((run) => run.id);
  const { rows } = await source.related(row.id, { runs: others });
  return otherRuns(rows.filter((other) => !taken.includes(other.id)), row, room);
}

/**
 * Whether two rows are one clip that was logged again: same key and column, and the same clip or place in the list.
 * @param {object} one
 * @param {object} other
 * @returns {boolean}
 */
export function sameSeries(one, other) {
  if (one.key !== other.key || (one.column ?? null) !== (other.column ?? null)) return false;
  return one.clip_id || other.clip_id ? one.clip_id === other.clip_id : one.index === other.index;
}

function closer(row, than, step) {
  return !than || Math.abs(row.step - step) < Math.abs(than.step - step);
}

/** What changes from step to step is compared at one step; what was there before the training, at any. */
function fits(other, row) {
  return other.step === row.step || other.role === "reference" || other.role === "sample";
}

/** Keys of the same group ("denoised/...") come first. */
function distance(other, row) {
  const group = (key) => key.split("/").slice(0, -1).join("/");
  return (group(other.key) === group(row.key) ? 0 : 10) + rank(other);
}

function rank(row) {
  const place = ROLES.indexOf(row.role);
  return place < 0 ? ROLES.length : place;
}

function distinct(rows) {
  const seen = new Set();
  return rows.filter((row) => {
    const sound = row.sha256 ?? row.id;
    return !seen.has(sound) && seen.add(sound);
  });
}
