// What every part of the page is given: the source, the store, the player, and the few acts that more than one part performs.

import { announce, toast } from "../page/dom.js";
import { titleOf } from "../page/format.js";
import { DEFAULTS, MOST_COMPARED, NO_FILTERS } from "./store.js";

const SETTLE = 150; // [ms] that a clip stays chosen before its neighbours are fetched

/**
 * The context that is handed to every mountX(container, context).
 *
 *   source       asks for clips, peaks, pictures (ServerSource or InlineSource)
 *   store        the state; store.get(), store.set(patch), store.subscribe(fn)
 *   player       the one player of the page
 *   clips        the clips of the query, in order (ClipOrder): total, peek(i), rowAt(i), loaded(id), indexOf(id), "change" events
 *   facts        runs, run(id), facets, universe, as last told; "change" events
 *   notes        get(id), star(id), write(id, text); "change" events
 *   shortcuts    register(key, {text, group, run, when})
 *   announce     tells screen readers; toast(text, {action, alert}) shows a message
 *   select(clip, {play, at, step})  chooses a clip, by id or by row; step: shown from then on
 *   next(n, {play})           chooses the clip n places on in the list's order
 *   goToStep(step, {byKey})   shows another step, with the chosen clip as it was there
 *   openCompare(ids)          opens the comparison of these clips
 *   toggleCompare(id)         takes a clip into the comparison, or out of it
 *   filterTo(patch)           shows other clips: {label: ["dog"], prediction: ["cat"]}
 *   showEverything()          takes all filters away, with runs, keys and step
 *   star(id)                  turns a star on or off
 *   runName(id)               how a run is called
 *
 * @param {object} parts source, store, player, clips, facts, notes, shortcuts
 * @returns {object}
 */
export function createContext(parts) {
  const { store, facts, notes, clips, player } = parts;
  const { select, next } = choosing(parts);

  const star = (id) => {
    if (id) announce(notes.star(id) ? "Starred" : "Star taken away");
  };

  let closeLast = () => {}; // Messages of one kind do not pile up.
  const say = (text, options) => { closeLast = toast(text, options); };

  const toggleCompare = (id) => {
    closeLast();
    const { compare, view } = store.get();
    if (compare.includes(id)) return store.set({ compare: Object.freeze(compare.filter((other) => other !== id)) });
    if (compare.length === MOST_COMPARED) return say("Six clips are compared already. Take one out first: choose it and press c.");
    store.set({ compare: Object.freeze([...compare, id]) });
    const told = `${compare.length + 1} to compare: ${titleOf(clips.loaded(id) ?? player.row ?? {}).slice(0, 60)}`;
    if (view === "compare") announce(told); // There it is seen.
    else say(told, { action: { text: "Compare", run: () => store.set({ view: "compare" }) } });
  };

  return {
    ...parts, announce, toast, select, next, star, toggleCompare,
    openCompare: (ids) => store.set({ view: "compare", compare: Object.freeze([...new Set(ids)].slice(0, MOST_COMPARED)) }),
    filterTo: (patch) => store.set(patch),
    showEverything: () => store.set({ ...NO_FILTERS, run: DEFAULTS.run, key: DEFAULTS.key, step: null }),
    runName: (id) => facts.run(id)?.name || facts.run(id)?.run_id || id,
  };
}

/** Choosing clips: only the last choice counts, however the answers come in. */
function choosing({ source, store, player, clips }) {
  let asked = 0;
  let settled = 0;

  const select = async (clip, { play = false, at = 0, step = store.get().step } = {}) => {
    const mine = ++asked;
    const id = typeof clip === "string" ? clip : clip.id;
    const known = typeof clip === "string" ? clips.loaded(id) : clip;
    if (known) player.load(known, { play, at }); // First, so that whoever hears of the choice finds the player at it.
    else player.stop();
    store.set({ clip: id, at: at || null, step });
    clearTimeout(settled);
    settled = setTimeout(() => prefetchAround(id), SETTLE);
    if (known) return;
    try {
      const row = await source.clip(id);
      if (mine === asked) await player.load(row, { play, at });
    } catch (error) {
      if (mine === asked) failed(error, id, { play, at });
    }
  };

  const failed = (error, id, options) => {
    if (error.status === 404) {
      store.set({ clip: null, at: null });
      return toast("That clip is not in these runs, or no longer.");
    }
    return toast(error.message, { alert: true, action: { text: "Try again", run: () => select(id, options) } });
  };

  const next = async (n, { play = store.get().autoplay } = {}) => {
    const mine = asked;
    const { clip } = store.get();
    const index = await clips.indexOf(clip);
    const row = await clips.rowAt(placeAfter(index, n, clips.total ?? 0));
    if (mine !== asked) return;
    if (!row || (row.id === clip && index >= 0)) return announce(n > 0 ? "That was the last clip." : "That was the first clip.");
    if (document.activeElement?.id !== "list") announce(titleOf(row).slice(0, 80)); // A focused list tells of its rows itself.
    return select(row, { play });
  };

  /** The neighbours are fetched ahead, so that j and k play at once. */
  const prefetchAround = (id) => {
    const index = clips.loadedIndexOf(id);
    if (index < 0) return;
    for (const place of [index + 1, index - 1, index + 2]) {
      const neighbour = clips.peek(place);
      if (neighbour && !neighbour.missing) source.prefetch?.(neighbour);
    }
  };

  return { select, next };
}

/** The place n further on; from nowhere it is the first (or, going back, the last). */
function placeAfter(index, n, total) {
  if (index < 0) return n > 0 ? 0 : total - 1;
  return Math.min(Math.max(index + n, 0), total - 1);
}
