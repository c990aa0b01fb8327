// The state in the address, after the "#": copied, reloaded or sent to a friend it shows the same clips, and the same clip at the same time.

import { DEFAULTS, same } from "./store.js";

const LISTS = ["run", "key", "label", "prediction", "where", "compare"];
const TEXTS = ["q", "sort"];
const CHOICES = { view: ["clips", "compare", "confusion", "map"], layout: ["list", "grid"] };
const PREFERENCES = ["autoplay", "normalise", "scale", "colours", "volume", "skip", "layout"];
const REMEMBERED = "audio-logging";

/**
 * The parameters of a query, for the address and for the server. Only what differs from the defaults is written.
 * @param {object} query
 * @returns {URLSearchParams}
 */
export function queryToParameters(query) {
  const parameters = new URLSearchParams();
  for (const name of ["run", "key", "label", "prediction", "where", "id"]) for (const value of query[name] ?? []) parameters.append(name, value);
  for (const name of TEXTS) if (query[name]) parameters.set(name, query[name]);
  if (query.step !== null && query.step !== undefined) parameters.set("step", query.step);
  if (query.correct !== null && query.correct !== undefined) parameters.set("correct", query.correct);
  if (query.starred) parameters.set("starred", "true");
  return parameters;
}

/** The address's hash of a state, "" when nothing differs from the defaults. @returns {string} */
export function stateToHash(state) {
  const parameters = queryToParameters(state);
  for (const name of Object.keys(CHOICES)) if (state[name] !== DEFAULTS[name]) parameters.set(name, state[name]);
  for (const id of state.compare) parameters.append("compare", id);
  if (state.timeline) parameters.set("timeline", "true");
  if (state.clip) parameters.set("clip", state.clip);
  if (state.clip && state.at) parameters.set("t", Number(state.at.toFixed(3)));
  const text = parameters.toString();
  return text ? `#${text}` : "";
}

/** The part of the state that a hash tells of; what it does not name has its default. Nonsense is passed over. */
export function hashToState(hash) {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const state = {};
  for (const name of LISTS) state[name] = Object.freeze(parameters.getAll(name));
  for (const name of TEXTS) state[name] = parameters.get(name) ?? DEFAULTS[name];
  for (const [name, allowed] of Object.entries(CHOICES)) {
    if (allowed.includes(parameters.get(name))) state[name] = parameters.get(name);
    else if (name === "view") state[name] = DEFAULTS[name];
  }
  state.step = toStep(parameters.get("step"));
  state.correct = parameters.get("correct") === "true" ? true : parameters.get("correct") === "false" ? false : null;
  state.starred = parameters.get("starred") === "true";
  state.timeline = parameters.get("timeline") === "true";
  state.clip = parameters.get("clip");
  state.at = toNumber(parameters.get("t"));
  return state;
}

/** A link to the page with a given state. */
export function linkTo(state) {
  return location.href.split("#")[0] + stateToHash(state);
}

/**
 * Keep address and state alike in both directions. Nothing is added to the history: going back leaves the page.
 * @param {object} store
 * @param {function(object)} arrived called with the state, when somebody else changed the address
 */
export function followAddress(store, arrived) {
  let written = location.hash;
  let timer = 0;
  const write = () => {
    timer = 0;
    if (location.hash !== written) return; // Somebody else has just changed it: that is heard below, and holds.
    // A page inside a sandboxed frame may not be allowed to; the page works without.
    try { history.replaceState(null, "", stateToHash(store.get()) || location.pathname + location.search); } catch { /* see above */ }
    written = location.hash;
  };
  store.subscribe(() => { timer ||= setTimeout(write, 150); });
  addEventListener("hashchange", () => {
    if (location.hash === written) return;
    written = location.hash;
    store.set(hashToState(written));
    arrived(store.get());
  });
  addEventListener("pagehide", () => timer && write());
}

/** Take the token out of the address, so that nobody copies it along. */
export function hideToken() {
  const address = new URL(location.href);
  if (!address.searchParams.has("token")) return;
  address.searchParams.delete("token");
  history.replaceState(null, "", address.pathname + address.search + address.hash);
}

/** What this browser remembers of the last visit: how the page looks and plays, never which clips it showed. */
export function rememberedPreferences() {
  const remembered = stored();
  const known = PREFERENCES.filter((name) => typeof remembered[name] === typeof DEFAULTS[name]);
  return Object.fromEntries(known.map((name) => [name, remembered[name]]));
}

/** Remember the preferences of a store when they change. */
export function rememberPreferences(store) {
  store.subscribe((state, previous) => {
    if (PREFERENCES.every((name) => same(state[name], previous[name]))) return;
    remember(Object.fromEntries(PREFERENCES.map((name) => [name, state[name]])));
  });
}

/** The theme that was chosen here, or null: as the system has it. */
export function rememberedTheme() {
  const theme = stored().theme;
  return theme === "dark" || theme === "light" ? theme : null;
}

/** Remember a few values; a browser that keeps nothing (private, sandboxed) is left alone. */
export function remember(values) {
  try { localStorage.setItem(REMEMBERED, JSON.stringify({ ...stored(), ...values })); } catch { /* see above */ }
}

function stored() {
  try { return JSON.parse(localStorage.getItem(REMEMBERED)) ?? {}; } catch { return {}; }
}

function toStep(text) {
  return text === "latest" ? "latest" : toNumber(text);
}

function toNumber(text) {
  return text !== null && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
}
