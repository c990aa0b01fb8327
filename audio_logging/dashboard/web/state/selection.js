// Which clip is chosen: at the start, when the step changes, and when the address changes.

import { announce } from "../page/dom.js";
import { count } from "../page/format.js";

/**
 * Keep the chosen clip sensible, and add goToStep to the context. Never is the clip of one step shown as that of another:
 * with the step the clip is gone, and comes back when it is found at the new one.
 * @param {object} context
 * @returns {{moveTo: function(object)}} moveTo(state): the address tells of another time in the same clip
 */
export function followSelection(context) {
  const selection = new Selection(context);
  context.goToStep = (step, options) => selection.goToStep(step, options);
  return { moveTo: (state) => selection.moveTo(state) };
}

class Selection {
  #context;
  #counterparts;
  #narrow = matchMedia("(max-width: 700px)");
  #anchor = null; // the row that is followed through the steps
  #byPage = null; // id of a clip that the page chose, because the reader chose none
  #followed = null; // id of the clip that came with the step
  #change = 0; // grows with each change of step
  #searching = false;
  #heard = false;

  constructor(context) {
    const { clips, facts, player, store } = context;
    this.#context = context;
    this.#counterparts = new Counterparts(context.source);
    clips.addEventListener("reset", () => this.#giveWay());
    clips.addEventListener("change", () => this.#chooseFirst());
    clips.addEventListener("again", () => this.#followLatest());
    facts.addEventListener("change", () => this.#counterparts.forget());
    player.addEventListener("playing", () => this.#keep());
    store.subscribe((state, previous) => { if (state.clip !== previous.clip) this.#chosen(state); });
    const { clip, at } = store.get();
    if (clip) context.select(clip, { at: at ?? 0 });
  }

  async goToStep(step, { byKey = false } = {}) {
    const { player, store } = this.#context;
    if (step === store.get().step) return;
    const play = player.playing || (byKey && this.#heard && store.get().autoplay);
    if (player.row && player.row.id !== this.#byPage) this.#anchor = player.row;
    if (step === null) {
      this.#change += 1;
      this.#searching = false;
      store.set({ step });
      return;
    }
    player.stop();
    await this.#findAgain({ step, clip: null, at: null }, play);
  }

  moveTo({ clip, at }) {
    const { player } = this.#context;
    if (at !== null && player.row?.id === clip) player.seek(at);
  }

  /** Show no clip, then the one that is followed, as it is at the step. */
  async #findAgain(patch, play) {
    const { store, select } = this.#context;
    const mine = ++this.#change;
    this.#searching = this.#anchor !== null;
    store.set(patch);
    const { step } = store.get();
    const found = this.#anchor && (await this.#counterparts.find(this.#anchor, step).catch(() => null));
    if (mine !== this.#change) return;
    this.#searching = false;
    if (!found || store.get().clip) return this.#chooseFirst();
    this.#byPage = null;
    this.#followed = found.id;
    select(found, { play });
    announce(typeof step === "number" ? `Step ${count(step)}` : "Latest step");
  }

  /** On wide screens a clip is shown from the start: the first. */
  #chooseFirst() {
    const { clips, store, select } = this.#context;
    const first = clips.peek(0);
    const { clip, view } = store.get();
    if (clip || !first || this.#narrow.matches || view === "compare" || this.#searching) return;
    this.#byPage = first.id;
    select(first);
  }

  /** A clip that the page chose does not outlive the query. */
  #giveWay() {
    const { player, store } = this.#context;
    if (store.get().clip && this.#byPage === store.get().clip && !player.playing) store.set({ clip: null, at: null });
  }

  /** A newer step came in: who follows the latest and hears nothing just now is led to it. */
  #followLatest() {
    const { player, store } = this.#context;
    const { clip, step } = store.get();
    if (step !== "latest" || player.playing || !clip || (clip !== this.#followed && clip !== this.#byPage)) return;
    this.#anchor ??= player.row;
    this.#counterparts.forget();
    this.#findAgain({ clip: null, at: null }, false);
  }

  /** What is heard was chosen by the reader. */
  #keep() {
    this.#heard = true;
    this.#byPage = null;
  }

  /** Acts on the page load the player themselves; here come the choices of the address, and those of nothing. */
  #chosen({ clip, at }) {
    const { player, store, select } = this.#context;
    if (!clip) player.stop();
    queueMicrotask(() => {
      if (clip !== store.get().clip) return;
      if (!clip) this.#chooseFirst();
      else if (player.row?.id !== clip) select(clip, { at: at ?? 0 });
    });
  }
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
