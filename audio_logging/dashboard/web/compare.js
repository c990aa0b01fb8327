// The view that compares 2 to 6 clips on one transport: switch, match loudness, hear the difference, test blindly.

import { BlindTestPanel } from "./abx_panel.js";
import { toolBar, transportBar } from "./compare_bar.js";
import { registerCompareKeys, showCompareKeys } from "./compare_keys.js";
import { compareNote } from "./compare_note.js";
import { MOST_COMPARED, moreClips } from "./compare_related.js";
import { clipName, compareRow } from "./compare_row.js";
import { ComparedClips } from "./compared_clips.js";
import { channelsOf } from "./decoded.js";
import { differenceLane } from "./difference_lane.js";
import { element } from "./dom.js";
import { peakOf } from "./loudness.js";
import { MatchedLoudness } from "./matched_loudness.js";
import { whenToRedraw } from "./redraw.js";
import { Transport } from "./transport.js";

const SHORTEST = 0.002; // of the whole: a shorter region is a slip of the hand

/**
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{update: () => void, destroy: () => void}}
 */
export function mountCompare(container, context) {
  const view = new CompareView(container, context);
  return { update: () => view.update(), destroy: () => view.destroy() };
}

class CompareView {
  constructor(container, context) {
    this.context = context;
    this.container = container;
    this.transport = new Transport();
    this.clips = new ComparedClips(context.source);
    this.loudness = new MatchedLoudness(context.source);
    this.ids = null;
    this.heard = 0; // index of the clip that is heard, unless the difference is
    this.differing = false;
    this.pair = [null, null]; // ids of A and B
    this.looped = false;
    this.region = null; // {start, end} as fractions of the longest clip
    this.rows = new Map(); // id -> row on the page
    this.#build();
    this.#listen();
    this.update();
  }

  #build() {
    this.bar = transportBar(this.transport, { loop: () => this.toggleLoop() });
    this.tools = toolBar({
      match: () => this.match(!this.loudness.on), difference: () => this.toggleDifference(), pair: (ids) => this.#choosePair(ids),
      blind: () => this.startBlindTest(), more: (kind) => this.#more(kind), clear: () => this.#keep([]),
    });
    this.note = compareNote({ load: () => this.clips.set(this.ids, { regardless: true }) });
    this.list = element("ol", { class: "compare-rows", attributes: { "aria-label": "Clips compared" } });
    this.lane = differenceLane({ seek: (fraction) => this.seek(fraction), region: (start, end) => this.setRegion({ start, end }) });
    this.blind = new BlindTestPanel(this);
    this.open = element("div", { class: "compare-open" }, this.tools.element, this.note.element, this.list, this.lane.element);
    this.stack = element("div", { class: "compare" }, this.bar.element, this.open, this.blind.element);
    this.empty = element("div", { class: "empty" }, element("h2", { text: "Nothing to compare yet" }),
      element("p", { text: "Choose a clip and press c to put it here, up to six. C compares a clip with its reference and with what was generated from it." }));
    this.container.append(this.stack, this.empty);
  }

  #listen() {
    const { store, player, shortcuts } = this.context;
    const stopHere = () => this.transport.pause();
    player.addEventListener("playing", stopHere);
    this.clips.addEventListener("change", () => this.#loaded());
    this.transport.addEventListener("change", () => {
      if (this.transport.playing) player.pause();
      this.show();
    });
    this.transport.addEventListener("time", () => this.#progress());
    registerCompareKeys(shortcuts);
    this.ends = [
      () => player.removeEventListener("playing", stopHere),
      store.subscribe((state, previous) => {
        this.update();
        if (state.normalise !== previous.normalise) this.draw();
      }),
      whenToRedraw(this.list, () => this.draw()),
      showCompareKeys(this),
    ];
  }

  /** Loads what the state asks for, while this view is the one shown. */
  update() {
    const { view, compare, volume, muted } = this.context.store.get();
    if (view !== "compare") return this.transport.pause();
    this.transport.setVolume(muted ? 0 : volume);
    const ids = compare.slice(0, MOST_COMPARED);
    if (this.ids?.join() === ids.join()) return;
    const heard = this.ids?.[this.heard];
    this.blind.close();
    this.ids = ids;
    this.heard = Math.max(0, ids.indexOf(heard));
    if (!this.pair.every((id) => ids.includes(id))) this.pair = ids.length < 2 ? [null, null] : [ids[0], ids[1]];
    this.clips.set(ids);
  }

  destroy() {
    for (const end of this.ends) end();
    this.blind.close();
    this.transport.destroy();
    this.clips.destroy();
    this.container.replaceChildren();
  }

  #loaded() {
    const ready = this.clips.status === "ready";
    this.transport.load(ready ? this.clips.buffers : []); // Until all are there none plays, so that none is taken for another.
    if (ready && !this.clips.buffers[this.heard]) this.heard = Math.max(0, this.clips.buffers.findIndex(Boolean));
    this.#arrange();
    this.#applyLoop();
    this.match(this.loudness.on);
  }

  #arrange() {
    const rows = this.clips.entries.map((entry) => this.#rowOf(entry.id).element);
    const { activeElement } = document;
    if (rows.length !== this.list.children.length || rows.some((row, i) => row !== this.list.children[i])) {
      this.list.replaceChildren(...rows);
      if (this.list.contains(activeElement)) activeElement.focus(); // Moving a row takes the focus from it.
    }
    for (const id of this.rows.keys()) if (!this.ids.includes(id)) this.rows.delete(id);
  }

  #rowOf(id) {
    if (!this.rows.has(id)) {
      const place = () => this.ids.indexOf(id);
      this.rows.set(id, compareRow({
        choose: () => this.choose(place()),
        move: (by) => this.#move(id, by),
        remove: () => this.#keep(this.ids.filter((other) => other !== id)),
        seek: (fraction) => { this.choose(place()); this.seek(fraction); },
        region: (start, end) => this.setRegion({ start, end }),
      }));
    }
    return this.rows.get(id);
  }

  #keep(ids) {
    this.context.store.set({ compare: Object.freeze(ids) });
  }

  #move(id, by) {
    const others = this.ids.filter((other) => other !== id);
    const place = (this.ids.indexOf(id) + by + this.ids.length) % this.ids.length;
    this.#keep([...others.slice(0, place), id, ...others.slice(place)]);
  }

  async #more(kind) {
    const { source, store, toast } = this.context;
    const row = (this.clips.entries[this.heard] ?? this.clips.entries[0])?.row;
    if (!row) return;
    try {
      const taken = this.ids;
      const more = await moreClips(source, kind, row, { runs: store.get().run, taken });
      if (taken !== this.ids) return;
      if (more.length) this.#keep([...taken, ...more]);
      else toast(kind === "runs" ? "No other run has this clip." : "At other steps this clip was not logged, or sounds the same.");
    } catch (error) {
      toast(error.message, { alert: true });
    }
  }

  /** @param {number} index of the clip to hear from now on */
  choose(index) {
    const entry = this.clips.entries[index];
    if (!entry?.buffer) return;
    this.heard = index;
    this.differing = false;
    this.#applySelection();
    this.lane.hide();
    this.transport.setGains(this.loudness.gains);
    this.context.announce(`${index + 1}: ${clipName(entry.row)}`);
  }

  #applySelection() {
    const heard = this.clips.buffers[this.heard] ? this.heard : null;
    this.transport.select(this.differing ? this.pairPlaces : heard);
  }

  /** Indices of A and B. */
  get pairPlaces() {
    return this.pair.map((id) => this.ids.indexOf(id));
  }

  #pairBuffers() {
    const buffers = this.pairPlaces.map((place) => this.clips.buffers[place]);
    return buffers.every(Boolean) && this.pair[0] !== this.pair[1] ? buffers : null;
  }

  #choosePair(ids) {
    this.pair = ids;
    this.#hearDifference(this.differing);
  }

  toggleDifference() {
    this.#hearDifference(!this.differing);
  }

  /** Plays, draws and measures A minus B, no louder than full scale. */
  async #hearDifference(differing) {
    const buffers = this.#pairBuffers();
    if (differing && !buffers) this.context.toast("A difference needs two different clips: choose them as A and B.");
    this.differing = differing && buffers !== null;
    const { gains } = this.loudness;
    const places = this.pairPlaces;
    let limit = 1;
    if (this.differing) limit = await this.lane.show(buffers, places, places.map((place) => gains[place]), this.transport.duration);
    else this.lane.hide();
    if (gains !== this.loudness.gains) return;
    this.transport.setGains(this.differing ? gains.map((gain) => gain * limit) : gains);
    this.#applySelection();
  }

  /** @param {boolean} on */
  async match(on) {
    const { entries, status } = this.clips;
    this.loudness.on = on;
    if (on && status === "ready") {
      this.show();
      await this.loudness.measure(entries);
    }
    if (entries !== this.clips.entries || on !== this.loudness.on) return;
    this.loudness.apply(entries);
    this.transport.setGains(this.loudness.gains);
    await this.#hearDifference(this.differing && status === "ready");
    this.show();
    this.draw();
  }

  /** @param {number} fraction of the longest clip */
  seek(fraction) {
    this.transport.seek(fraction * this.transport.duration);
  }

  toggleLoop() {
    this.looped = !this.looped;
    if (!this.looped) this.region = null;
    this.#applyLoop();
  }

  /** @param {{start: number, end: number}} region fractions of the longest clip; it is looped */
  setRegion(region) {
    this.region = region.end - region.start >= SHORTEST ? region : null;
    this.looped = this.looped || this.region !== null;
    this.#applyLoop();
  }

  /** Lets the region start or end where the cursor is. */
  markRegion(side) {
    const at = this.transport.position / this.transport.duration;
    const { start, end } = this.region ?? { start: 0, end: 1 };
    this.setRegion(side === "start" ? { start: at, end: end > at ? end : 1 } : { start: start < at ? start : 0, end: at });
  }

  #applyLoop() {
    const { duration } = this.transport;
    const { start, end } = this.region ?? { start: 0, end: 1 };
    this.transport.setLoop(this.looped && duration > 0 ? { start: start * duration, end: end * duration } : null);
    this.stack.style.setProperty("--from", `${100 * start}%`);
    this.stack.style.setProperty("--to", `${this.region ? 100 * end : 100 * start}%`);
  }

  startBlindTest() {
    if (!this.#pairBuffers()) return this.context.toast("A blind test needs two different clips: choose them as A and B.");
    this.#hearDifference(false);
    this.blind.start(this.pairPlaces);
  }

  /** Writes what the page says. Nothing here follows what a blind test plays. */
  show() {
    const { entries } = this.clips;
    const { on, gains } = this.loudness;
    this.empty.hidden = entries.length > 0;
    this.stack.hidden = entries.length === 0;
    this.open.hidden = this.blind.open;
    this.bar.show(this.looped);
    this.tools.show({ entries, pair: this.pair, matched: on, differing: this.differing });
    this.note.show(this.clips, { target: this.loudness.target, rate: this.transport.rate });
    entries.forEach((entry, i) => this.#rowOf(entry.id).show({
      ...entry, number: i + 1, heard: !this.differing && i === this.heard && this.transport.duration > 0,
      gain: gains[i], gainText: this.loudness.textOf(entry, i), runName: entry.row && (entry.row.run_name ?? this.context.runName(entry.row.run)),
    }));
    this.#progress();
  }

  #progress() {
    const { position, duration } = this.transport;
    this.stack.style.setProperty("--at", duration > 0 ? `${(100 * position) / duration}%` : "0%");
    this.bar.progress();
  }

  /** Draws the waveforms on one time axis, as loud as they are heard; normalised they are all drawn larger alike. */
  draw() {
    const span = this.transport.duration;
    const { entries } = this.clips;
    const peaks = this.context.store.get().normalise ? entries.map(({ buffer }, i) => (buffer ? peakOf(channelsOf(buffer)) * this.loudness.gains[i] : 0)) : [1];
    const zoom = 1 / (Math.max(...peaks) || 1);
    for (const { id } of entries) this.#rowOf(id).draw(span, zoom);
    this.lane.draw(span);
  }
}
