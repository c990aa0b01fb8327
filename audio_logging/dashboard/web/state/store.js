// What the page shows, as one frozen value that others watch. address.js writes it into the address.

/** The most clips in a comparison. */
export const MOST_COMPARED = 6;

/** The state of a page that nobody touched yet. */
export const DEFAULTS = Object.freeze({
  view: "clips", // "clips" | "compare" | "confusion" | "map"
  layout: "list", // "list" | "grid"
  run: Object.freeze([]),
  key: Object.freeze([]),
  step: null, // number | "latest" | null: all steps
  q: "",
  label: Object.freeze([]),
  prediction: Object.freeze([]),
  correct: null, // true | false | null: both
  where: Object.freeze([]), // ["metric.loss:gt:1", ...]
  sort: "", // "": as logged; "-score": largest score first
  starred: false,
  clip: null, // id of the chosen clip
  at: null, // where it stands [s]
  compare: Object.freeze([]), // ids
  timeline: false, // "Over time" is open
  autoplay: true, // j and k play
  normalise: false, // waveforms are drawn to full height
  scale: "mel", // of the spectrogram: "mel" | "log" | "linear"
  colours: "inferno",
  loop: false,
  skip: "1", // [s] that a skip goes, or "5%" of the clip
  rate: 1,
  volume: 1,
  muted: false,
});

const QUERY = ["run", "key", "step", "q", "label", "prediction", "correct", "where", "sort", "starred"];

/**
 * A store. `set` merges a patch and tells the watchers, when something changed; `get` answers the frozen state.
 * @param {object} initial what differs from DEFAULTS
 * @returns {{get: function(): object, set: function(object): void, subscribe: function(function(object, object)): function}}
 */
export function createStore(initial = {}) {
  let state = Object.freeze({ ...DEFAULTS, ...initial });
  const watchers = new Set();
  const set = (patch) => {
    if (Object.entries(patch).every(([name, value]) => same(state[name], value))) return;
    const previous = state;
    state = Object.freeze({ ...state, ...patch });
    for (const watcher of [...watchers]) watcher(state, previous);
  };
  const subscribe = (watcher) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  };
  return { get: () => state, set, subscribe };
}

/** Whether two values of a state are the same: lists by their items. */
export function same(one, other) {
  if (!Array.isArray(one) || !Array.isArray(other)) return Object.is(one, other);
  return one.length === other.length && one.every((item, index) => Object.is(item, other[index]));
}

/** The part of a state that says which clips are shown and in which order. */
export function queryOf(state) {
  return pick(state, QUERY);
}

function pick(state, names) {
  return Object.fromEntries(names.map((name) => [name, state[name]]));
}

/** Whether two states ask for the same clips in the same order. */
export function sameQuery(one, other) {
  return QUERY.every((name) => same(one[name], other[name]));
}

/** The patch that takes all filters away, but leaves runs, keys and step. */
export const NO_FILTERS = Object.freeze(pick(DEFAULTS, ["q", "label", "prediction", "correct", "where", "starred"]));

/** How many filters hold clips back, beside runs, keys and step. */
export function filterCount(state) {
  const lists = state.label.length + state.prediction.length + state.where.length;
  return lists + Number(state.q !== "") + Number(state.correct !== null) + Number(state.starred);
}
