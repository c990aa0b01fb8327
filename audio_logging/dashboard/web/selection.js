// Which clip is chosen: at the start, when the step changes, and when the address changes.

import { announce } from "./dom.js";
import { count } from "./format.js";

/**
 * Keep the chosen clip sensible, and add goToStep to the context. Never is the clip of one step shown as that of another: with the step the clip is gone, and
 * comes back when it is found at the new one.
 * @param {object} context
 * @returns {{moveTo: function(object)}} moveTo(state): the address tells of another time in the same clip
 */
export function followSelection(context) {
  const { clips, facts, player, store } = context;
  const narrow = matchMedia("(max-width: 700px)");
  const counterparts = new Counterparts(context.source);
  let anchor = null; // the row that is followed through the steps
  let byPage = null; // id of a clip that the page chose, because the reader chose none
  let seeking = 0; // grows with each change of step
  let searching = false;
  let heard = false;

  const chooseFirst = () => {
    const first = clips.peek(0);
    const { clip, view } = store.get();
    if (clip || !first || narrow.matches || view === "compare" || searching) return;
    byPage = first.id;
    context.select(first);
  };

  context.goToStep = async (step, { byKey = false } = {}) => {
    if (step === store.get().step) return undefined;
    const mine = ++seeking;
    const { row } = player;
    if (row && row.id !== byPage) anchor = row;
    const play = player.playing || (byKey && heard && store.get().autoplay);
    searching = step !== null && anchor !== null;
    if (step === null) return store.set({ step });
    player.stop();
    store.set({ step, clip: null, at: null });
    if (anchor) await choose(mine, step, play);
    if (mine === seeking) chooseFirst();
    return undefined;
  };

  const choose = async (mine, step, play) => {
    const found = await counterparts.find(anchor, step).catch(() => null);
    if (mine !== seeking) return;
    searching = false;
    if (!found || store.get().clip) return;
    byPage = null;
    context.select(found, { play });
    announce(typeof step === "number" ? `Step ${count(step)}` : "Latest step");
  };

  clips.addEventListener("reset", () => {
    if (store.get().clip && byPage === store.get().clip && !player.playing) store.set({ clip: null, at: null });
  });
  clips.addEventListener("change", chooseFirst);
  facts.addEventListener("change", () => counterparts.forget());
  player.addEventListener("playing", () => {
    heard = true;
    byPage = null;
  });

  // Chosen by the address, not by an act on the page.
  store.subscribe((state, previous) => {
    if (state.clip === previous.clip) return;
    if (!state.clip) player.stop();
    queueMicrotask(() => followAddressed(state));
  });
  const followAddressed = ({ clip, at }) => {
    if (clip !== store.get().clip) return;
    if (!clip) chooseFirst();
    else if (player.row?.id !== clip) context.select(clip, { at: at ?? 0 });
  };
  if (store.get().clip) context.select(store.get().clip, { at: store.get().at ?? 0 });
  return { moveTo: ({ clip, at }) => { if (at !== null && player.row?.id === clip) player.seek(at); } };
}

/** The same clip at other steps. One answer serves a whole walk through the steps. */
class Counterparts {
  #source;
  #rows = [];

  constructor(source) {
    this.#source = source;
  }

  forget() {
    this.#rows = [];
  }

  /** The row of the same run, key, place and role at a step ("latest": the newest), or null. */
  async find(row, step) {
    if (!this.#rows.some((other) => other.id === row.id)) this.#rows = (await this.#source.related(row.id, { runs: [row.run] })).rows;
    const alike = this.#rows.filter((other) => ["run", "key", "column", "role"].every((name) => (other[name] ?? null) === (row[name] ?? null)));
    const wanted = step === "latest" ? Math.max(...alike.map((other) => other.step)) : step;
    return alike.find((other) => other.step === wanted) ?? null;
  }
}
