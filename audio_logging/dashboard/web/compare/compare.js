// The view that compares 2 to 6 clips on one transport: switch, match loudness, hear the difference, test blindly.

import { BlindTestPanel } from "./abx_panel.js";
import { toolBar, transportBar } from "./compare_bar.js";
import { registerCompareKeys } from "./compare_keys.js";
import { compareNote } from "./compare_note.js";
import { moreClips } from "./compare_related.js";
import { clipName, compareRow } from "./compare_row.js";
import { ComparedClips } from "./compared_clips.js";
import { peakOf } from "./decoded.js";
import { differenceLane } from "./difference_lane.js";
import { element } from "../page/dom.js";
import { emptyState } from "../page/empty_state.js";
import { listen, mounted, redraw, watch } from "../page/listen.js";
import { MatchedLoudness } from "./matched_loudness.js";
import { MOST_COMPARED } from "../state/store.js";
import { Transport } from "./transport.js";

const SHORTEST = 0.005; // [s] A shorter region is a slip of the hand.

/**
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{destroy: () => void}}
 */
export function mountCompare(container, context) {
  return mounted(CompareView, container, context);
}

class CompareView {
  ids = null;
  heard = 0; // index of the clip that is heard, unless the difference is
  differing = false;
  pair = [null, null]; // ids of A and B
  looped = false;
  region = null; // {start, end} [s]
  rows = new Map(); // id -> row on the page

  constructor(container, context) {
    this.context = context;
    this.transport = new Transport();
    this.clips = new ComparedClips(context.source);
    this.loudness = new MatchedLoudness(context.source);
    this.#build(container);
    this.#listen();
    this.#follow(context.store.get());
  }

  #build(container) {
    const toLane = { seek: (time) => this.transport.seek(time), choose: (region) => this.setRegion(region) };
    this.tools = toolBar(this);
    this.note = compareNote(() => this.clips.set(this.ids, { regardless: true }));
    this.list = element("ol", { class: "compare-rows", attributes: { "aria-label": "Clips compared" } });
    this.lane = differenceLane(toLane);
    this.blind = new BlindTestPanel(this);
    this.open = element("div", { class: "compare-open" }, this.tools.element, this.note.element, this.list, this.lane.element);
    const bar = transportBar(this.transport, () => this.toggleLoop());
    this.stack = element("div", { class: "compare" }, bar, this.open, this.blind.element);
    this.empty = emptyState("Nothing to compare yet",
      "Choose a clip and press c to put it here, up to six. C compares a clip with its reference and with what was generated from it.");
    container.append(this.stack, this.empty);
  }

  #listen() {
    const { store, player, signal } = this.context;
    const changed = () => {
      if (this.transport.playing) player.pause();
      this.show();
    };
    listen(player, { playing: () => this.transport.pause() }, signal);
    listen(this.clips, { change: () => this.#loaded() }, signal);
    listen(this.transport, { change: changed, time: () => this.#progress() }, signal);
    watch(store, (state, previous) => this.#follow(state, previous), signal);
    redraw(this.list, () => this.draw(), signal);
    registerCompareKeys(this);
    signal.addEventListener("abort", () => {
      this.transport.destroy();
      this.clips.destroy();
    });
  }

  /** Loads what the state asks for. */
  #follow({ compare, volume, muted, normalise }, previous) {
    this.transport.setVolume(muted ? 0 : volume);
    if (previous && normalise !== previous.normalise) this.draw();
    const ids = compare.slice(0, MOST_COMPARED);
    if (this.ids?.join() === ids.join()) return;
    const heard = this.ids?.[this.heard];
    this.blind.close();
    this.ids = ids;
    this.heard = Math.max(0, ids.indexOf(heard));
    if (!this.pair.every((id) => ids.includes(id))) this.pair = ids.length < 2 ? [null, null] : ids.slice(0, 2);
    this.clips.set(ids);
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
    const rows = this.ids.map((id) => this.#rowOf(id).element);
    const { activeElement } = document;
    if (rows.length !== this.list.children.length || rows.some((row, i) => row !== this.list.children[i])) {
      this.list.replaceChildren(...rows);
      if (this.list.contains(activeElement)) activeElement.focus(); // Moving a row takes the focus from it.
    }
    for (const id of this.rows.keys()) if (!this.ids.includes(id)) this.rows.delete(id);
  }

  #rowOf(id) {
    if (!this.rows.has(id)) {
      const choose = () => this.choose(this.ids.indexOf(id));
      this.rows.set(id, compareRow({
        listen: choose,
        move: (by) => this.#move(id, by),
        remove: () => this.keep(this.ids.filter((other) => other !== id)),
        seek: (time) => (choose(), this.transport.seek(time)),
        choose: (region) => this.setRegion(region),
      }));
    }
    return this.rows.get(id);
  }

  /** Compares these clips from now on. @param {string[]} ids */
  keep(ids) {
    this.context.store.set({ compare: Object.freeze(ids) });
  }

  #move(id, by) {
    const others = this.ids.filter((other) => other !== id);
    const place = (this.ids.indexOf(id) + by + this.ids.length) % this.ids.length;
    this.keep(others.toSpliced(place, 0, id));
  }

  /** Adds the clip that is heard as it is elsewhere. @param {"steps"|"runs"} kind */
  async addOthers(kind) {
    const { source, store, toast } = this.context;
    const { row } = this.clips.entries[this.heard];
    if (!row) return;
    try {
      const taken = this.ids;
      const more = await moreClips(source, kind, row, { runs: store.get().run, taken });
      if (taken !== this.ids) return;
      if (more.length) this.keep([...taken, ...more]);
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

  #pairBuffers(what) {
    const buffers = this.pairPlaces.map((place) => this.clips.buffers[place]);
    if (buffers.every(Boolean) && this.pair[0] !== this.pair[1]) return buffers;
    this.context.toast(`${what} needs two different clips: choose them as A and B.`);
    return null;
  }

  /** @param {[string, string]} ids of A and B */
  choosePair(ids) {
    this.pair = ids;
    this.#hearDifference(this.differing);
  }

  toggleDifference() {
    this.#hearDifference(!this.differing);
  }

  /** Plays, draws and measures A minus B, no louder than full scale. */
  async #hearDifference(differing) {
    const buffers = differing && this.#pairBuffers("A difference");
    const { gains } = this.loudness;
    const places = this.pairPlaces;
    let limit = 1;
    this.differing = Boolean(buffers);
    if (buffers) limit = await this.lane.show(buffers, places, places.map((place) => gains[place]), this.transport.duration);
    else this.lane.hide();
    if (gains !== this.loudness.gains) return;
    this.transport.setGains(this.differing ? gains.map((gain) => gain * limit) : gains);
    this.#applySelection();
  }

  toggleMatch() {
    this.match(!this.loudness.on);
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

  toggleLoop() {
    this.looped = !this.looped;
    if (!this.looped) this.region = null;
    this.#applyLoop();
  }

  /** @param {{start: number, end: number}} region [s]; it is looped */
  setRegion(region) {
    this.region = region.end - region.start >= SHORTEST ? region : null;
    this.looped ||= this.region !== null;
    this.#applyLoop();
  }

  #applyLoop() {
    const { duration } = this.transport;
    const whole = { start: 0, end: duration };
    const { start, end } = this.region ?? { start: 0, end: 0 };
    this.transport.setLoop(this.looped && duration > 0 ? (this.region ?? whole) : null);
    this.#place("--from", start);
    this.#place("--to", end);
  }

  /** Places on the common time axis. */
  #place(name, time) {
    this.stack.style.setProperty(name, `${(100 * time) / (this.transport.duration || 1)}%`);
  }

  startBlindTest() {
    if (!this.#pairBuffers("A blind test")) return;
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
    this.tools.show({ entries, pair: this.pair, matched: on, differing: this.differing });
    this.note.show(this.clips, { target: this.loudness.target, rate: this.transport.rate });
    const several = new Set(entries.map(({ row }) => row?.run)).size > 1;
    entries.forEach((entry, i) => this.#rowOf(entry.id).show({
      ...entry, number: i + 1, heard: !this.differing && i === this.heard && this.transport.duration > 0,
      gain: gains[i], gainText: this.loudness.textOf(entry, i), runName: several && entry.row && (entry.row.run_name ?? this.context.runName(entry.row.run)),
    }));
    this.#progress();
  }

  #progress() {
    this.#place("--at", this.transport.time);
  }

  /** Draws the waveforms on one time axis, as loud as they are heard; normalised they are all drawn larger alike. */
  draw() {
    const { entries } = this.clips;
    const heardPeak = ({ buffer }, i) => (buffer ? peakOf(buffer) * this.loudness.gains[i] : 0);
    const peaks = this.context.store.get().normalise ? entries.map(heardPeak) : [1];
    const zoom = 1 / (Math.max(...peaks) || 1);
    for (const { id } of entries) this.#rowOf(id).draw(this.transport.duration, zoom);
    this.lane.draw(this.transport.duration);
  }
}
