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
  limit = 1; // linear gain that keeps the difference within full scale
  pair = [null, null]; // ids of A and B
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
    const toLane = { seek: (time) => this.transport.seek(time), choose: (region) => this.transport.setRegion(region) };
    this.tools = toolBar(this);
    this.note = compareNote(() => this.clips.set(this.ids, { regardless: true }));
    this.list = element("ol", { class: "compare-rows", attributes: { "aria-label": "Clips compared" } });
    this.lane = differenceLane(toLane);
    this.blind = new BlindTestPanel(this);
    this.open = element("div", { class: "compare-open" }, this.tools.element, this.note.element, this.list, this.lane.element);
    this.stack = element("div", { class: "compare" }, transportBar(this.transport), this.open, this.blind.element);
    this.empty = emptyState("Nothing to compare yet",
      "Choose a clip and press c to put it here, up to six. C compares a clip with its reference and with what was generated from it.");
    container.append(this.stack, this.empty);
  }

  #listen() {
    const { store, player, signal } = this.context;
    const changed = () => {
      if (this.transport.playing) {
        player.pause();
        this.blind.started();
      }
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
    if (!this.pair.every((id) => ids.includes(id))) {
      this.pair = ids.length < 2 ? [null, null] : ids.slice(0, 2);
      this.differing = false;
    }
    if (!ids.length) this.transport.pause(); // What comes later is another comparison.
    this.clips.set(ids);
  }

  #loaded() {
    const { entries, buffers, status } = this.clips;
    const ready = status === "ready";
    if (ready && !buffers[this.heard]) this.heard = Math.max(0, buffers.findIndex(Boolean));
    this.loudness.apply(entries);
    this.transport.load(ready ? buffers : [], this.#whatIsHeard()); // Until all are there none plays, so that none is taken for another.
    this.#arrange();
    this.match(this.loudness.on);
  }

  #arrange() {
    const rows = this.ids.map((id) => this.#rowOf(id).element);
    const { activeElement } = document;
    const place = [...this.list.children].findIndex((row) => row.contains(activeElement));
    if (rows.length !== this.list.children.length || rows.some((row, i) => row !== this.list.children[i])) {
      this.list.replaceChildren(...rows);
      const next = rows[Math.min(place, rows.length - 1)]; // Moving a row, or taking it out, takes the focus from it.
      (this.list.contains(activeElement) ? activeElement : next?.querySelector(".compare-acts > :last-child"))?.focus();
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
        choose: (region) => this.transport.setRegion(region),
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
    this.#hearDifference(false);
    this.context.announce(`${index + 1}: ${clipName(entry.row)}`);
  }

  /** In a blind test its panel decides what is heard. */
  #whatIsHeard() {
    const { gains } = this.loudness;
    if (this.differing) return { selected: this.pairPlaces, gains: gains.map((gain) => gain * this.limit) };
    const heard = this.clips.buffers[this.heard] ? this.heard : null;
    return { selected: this.blind.open ? this.transport.selected : heard, gains };
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
    this.differing = Boolean(buffers);
    if (buffers) {
      const limit = await this.lane.show(buffers, places, places.map((place) => gains[place]), this.transport.duration);
      if (limit === null || gains !== this.loudness.gains) return;
      this.limit = limit;
    } else this.lane.hide();
    const { selected, ...heard } = this.#whatIsHeard();
    this.transport.select(selected, heard);
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
    await this.#hearDifference(this.differing && status === "ready");
    this.show();
    this.draw();
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
    const { on, gains, target, mixed } = this.loudness;
    const { rate, region } = this.transport;
    this.empty.hidden = entries.length > 0;
    this.stack.hidden = entries.length === 0;
    this.open.hidden = this.blind.open;
    this.tools.show({ entries, pair: this.pair, matched: on, differing: this.differing });
    this.note.show(this.clips, { target, mixed, rate });
    const several = new Set(entries.map(({ row }) => row?.run)).size > 1;
    entries.forEach((entry, i) => this.#rowOf(entry.id).show({
      ...entry, number: i + 1, heard: !this.differing && i === this.heard && this.transport.duration > 0,
      gain: gains[i], gainText: this.loudness.textOf(entry, i), runName: several && entry.row && (entry.row.run_name ?? this.context.runName(entry.row.run)),
    }));
    this.#place("--from", region?.start ?? 0);
    this.#place("--to", region?.end ?? 0);
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
