// The one clip that is chosen: its waveform and spectrogram, its player, and all that is known of it.

import { linkTo } from "../state/address.js";
import { relatedIds } from "../compare/compare_related.js";
import { createHeading } from "./detail_heading.js";
import { button, byId, element } from "../page/dom.js";
import { createLevels } from "./levels.js";
import { listen, watch } from "../page/listen.js";
import { metadata, metricsTable } from "./meta.js";
import { createPlayerBar } from "../player/player_bar.js";
import { registerPlayerKeys } from "../player/player_keys.js";
import { scoreBars, verdict } from "./scores.js";
import { createTimeViews } from "./time_views.js";
import { createTranscript } from "./transcript.js";

const REMEMBER_EVERY = 500; // [ms] that the position goes into the address while playing
const PATIENCE = 150; // [ms] that a clip stays chosen before its levels are measured

/**
 * Shows the chosen clip in a container, as long as the page is there: nothing of a former clip stays while one loads.
 * @param {HTMLElement} container
 * @param {object} context see context.js
 */
export function mountDetail(container, context) {
  new Detail(container, context).choose(context.store.get().clip);
}

class Detail {
  #context;
  #views;
  #heading;
  #body;
  #nothing = element("p", { class: "empty", text: "Choose a clip in the list: click it, or press j. Press ? for all keys." });
  #alert = element("div", { class: "alert", attributes: { role: "alert", hidden: true } });
  #said = element("div", { class: "said" });
  #facts = element("div", { class: "blocks" });
  #asked = new AbortController();
  #shown = null; // id of the clip whose waveform is shown or on its way
  #transcript = null;

  constructor(container, context) {
    const acts = { download: () => this.#download(), copyLink: () => this.#copyLink(), compare: () => this.#compare() };
    this.#context = context;
    this.#views = createTimeViews(context);
    this.#heading = createHeading(context, acts);
    const notes = element("div", { attributes: { id: "notes-slot" } });
    const bar = createPlayerBar(context, this.#views.levels);
    this.#body = element("div", { class: "detail" },
      this.#heading.node, bar, this.#alert, this.#views.node, byId("timeline"), this.#said, notes, this.#facts);
    container.replaceChildren(this.#nothing, this.#body);
    registerPlayerKeys(context, { ...this.#views, ...acts });
    keepPosition(context);
    this.#follow();
  }

  #follow() {
    const { player, store, toast } = this.#context;
    const handlers = {
      load: () => this.#loaded(),
      time: () => this.#transcript?.progress(player.time),
      error: (event) => this.#complain(event.detail.message),
      refused: () => toast("Your browser waits for a click before it plays. Press Play."),
    };
    listen(player, handlers);
    watch(store, (state, previous) => state.clip !== previous.clip && this.choose(state.clip));
  }

  #loaded() {
    const { player, store } = this.#context;
    this.#alert.hidden = true;
    if (player.row && player.row.id === store.get().clip) this.#begin(player.row);
  }

  /** Clears everything, then shows a clip as far as it is known; one that is not comes with the player's "load". */
  choose(id) {
    const { player, clips } = this.#context;
    this.#asked.abort();
    this.#asked = new AbortController();
    this.#shown = this.#transcript = null;
    this.#views.clear();
    this.#heading.clear();
    this.#alert.hidden = true;
    this.#said.replaceChildren();
    this.#facts.replaceChildren();
    this.#body.hidden = id === null;
    this.#nothing.hidden = id !== null;
    if (id === null) return;
    this.#body.setAttribute("aria-busy", "true");
    const row = player.row?.id === id ? player.row : clips.loaded(id);
    if (row) this.#begin(row);
  }

  /** What the list knows already is shown at once; the rest is asked for. */
  #begin(row) {
    const { player } = this.#context;
    if (this.#shown === row.id) return;
    this.#shown = row.id;
    this.#heading.show(row);
    this.#views.node.hidden = Boolean(row.missing);
    const drawn = row.missing ? null : this.#views.show(row);
    if (player.row === row && player.message !== null) this.#complain(player.message);
    this.#complete(row.id, drawn, this.#asked.signal);
  }

  /** What is seen comes first: the levels of a long clip take longer than its pictures. */
  async #complete(id, drawn, signal) {
    try {
      const row = await this.#context.source.clip(id, { signal });
      signal.throwIfAborted();
      const levels = this.#showAll(row);
      await Promise.all([pause(row.missing ? 0 : PATIENCE), drawn]);
      if (!signal.aborted && !row.missing) await this.#measure(id, levels, signal);
    } catch (error) {
      if (!signal.aborted) this.#complain(error.message);
    }
    if (!signal.aborted) this.#body.removeAttribute("aria-busy");
  }

  #showAll(row) {
    const { player, runName } = this.#context;
    const levels = createLevels(row);
    this.#transcript = createTranscript(row, player);
    this.#transcript.progress(player.time);
    this.#heading.show(row);
    this.#said.replaceChildren(...[verdict(row), this.#transcript.node].filter(Boolean));
    const meta = metadata(row, { runName, copy: (text, what) => this.#copy(text, what) });
    this.#facts.replaceChildren(...[scoreBars(row), metricsTable(row), levels.node, meta].filter(Boolean));
    return levels;
  }

  async #measure(id, levels, signal) {
    try {
      levels.show(await this.#context.source.levels(id, { signal }));
    } catch (error) {
      levels.fail(error.message);
    }
  }

  #complain(message) {
    const { player } = this.#context;
    const again = button({ text: "Try again", class: "button small", run: () => player.play() });
    this.#alert.replaceChildren(element("span", { text: message }), ...(player.row?.missing ? [] : [again]));
    this.#alert.hidden = false;
  }

  #download() {
    const { source, store } = this.#context;
    if (store.get().clip) source.download(store.get().clip);
  }

  #copyLink() {
    const { store, player } = this.#context;
    this.#copy(linkTo({ ...store.get(), at: player.time }), "Link");
  }

  async #copy(text, what) {
    const { toast } = this.#context;
    try {
      await navigator.clipboard.writeText(text);
      toast(`${what} copied.`);
    } catch {
      toast(`${what}: ${text}`, { seconds: 30 }); // A page that is not on https or localhost may not write to the clipboard.
    }
  }

  async #compare() {
    const { source, store, player, openCompare } = this.#context;
    const { row } = player;
    if (!row) return;
    try {
      openCompare(relatedIds((await source.related(row.id, { runs: store.get().run })).rows, row));
    } catch (error) {
      this.#complain(error.message);
    }
  }
}

/** Writes the position into the state, and so into the address: often enough to come back to, never on each frame. */
function keepPosition({ player, store }) {
  let last = 0;
  const write = () => {
    last = performance.now();
    if (player.row && player.row.id === store.get().clip) store.set({ at: Number(player.time.toFixed(3)) || null });
  };
  const now = () => {
    if (!player.playing || performance.now() - last > REMEMBER_EVERY) write();
  };
  listen(player, { time: now, pause: write });
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
