// Over time: one clip at all its steps, as a strip to listen along.

import { sameSeries } from "./compare_related.js";
import { button, element, setText } from "./dom.js";
import { metricName, plural } from "./format.js";
import { createPlayThrough } from "./play_through.js";
import { whenToRedraw } from "./redraw.js";
import { CELL, metricValues, timelineCell } from "./timeline_cell.js";

const AROUND = 3; // cells beyond what is seen
const BUCKETS = 96;
const SETTLE = 80; // [ms] without scrolling before peaks are asked for
const PICTURE = { width: CELL - 8, height: 48 };

/**
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{update: () => void, destroy: () => void}}
 */
export function mountTimeline(container, context) {
  const view = new TimelineView(container, context);
  return { update: () => view.load(), destroy: () => view.destroy() };
}

class TimelineView {
  #asked = new AbortController();
  #rows = [];
  #values = [];
  #cells = new Map(); // place -> cell
  #peaks = new Map(); // id -> peaks
  #pictures = new Map(); // id -> {url, release}
  #clip = null; // id
  #fresh = true; // The strip was opened just now, maybe below what is seen.
  #timer = 0;

  constructor(container, context) {
    this.container = container;
    this.context = context;
    this.through = createPlayThrough(context, (playing) => this.#showPlaying(playing));
    this.#build();
    const changed = () => this.load();
    context.facts.addEventListener("change", changed);
    this.ends = [
      () => context.facts.removeEventListener("change", changed),
      context.store.subscribe((state, previous) => this.#follow(state, previous)),
      whenToRedraw(this.scroller, () => { this.#drop(); this.#render(); }),
      () => this.through.destroy(),
    ];
    this.load();
  }

  #build() {
    this.summary = element("h3", { class: "time-summary" });
    this.metric = element("select", { attributes: { "aria-label": "Metric shown" }, on: { change: () => this.#measure() } });
    this.pictures = element("input", { attributes: { type: "checkbox" }, on: { change: () => this.#measure() } });
    this.play = button({ text: "Play through", icon: "play", title: "Play one step after the other", run: () => this.#togglePlaying() });
    const close = button({ icon: "close", label: "Close", title: "Close (t)", run: () => this.context.store.set({ timeline: false }) });
    const bar = element("div", { class: "view-bar" }, this.summary, this.play, this.metric, element("label", { class: "map-hover" }, this.pictures, "Spectrograms"), close);
    this.strip = element("div", { class: "time-strip", attributes: { role: "group", "aria-label": "Steps of this clip" }, on: { keydown: (event) => this.#steer(event) } });
    this.scroller = element("div", { class: "time-scroller", on: { scroll: () => this.#render() } }, this.strip);
    this.note = element("p", { class: "time-note" });
    this.container.append(element("div", { class: "over-time" }, bar, this.scroller, this.note));
  }

  destroy() {
    this.#asked.abort();
    clearTimeout(this.#timer);
    for (const end of this.ends) end();
    this.#drop();
    this.container.replaceChildren();
  }

  #follow(state, previous) {
    if (state.normalise !== previous.normalise) this.#wave();
    if (state.clip === previous.clip) return;
    if (this.#rows.some((row) => row.id === state.clip)) this.#choose(state.clip);
    else this.load();
  }

  /** Asks for the steps of the chosen clip; a clip of the same strip leaves it where it is. */
  async load() {
    const { clip } = this.context.store.get();
    if (!clip) return this.#take([], null);
    this.#asked.abort();
    const { signal } = (this.#asked = new AbortController());
    if (!this.#rows.some((row) => row.id === clip)) this.#take([], clip);
    try {
      const { player, source } = this.context;
      const row = player.row?.id === clip ? player.row : await source.clip(clip, { signal });
      const { rows } = await source.related(clip, { runs: [row.run], signal });
      if (signal.aborted) return;
      const series = rows.filter((other) => other.run === row.run && (other.role ?? null) === (row.role ?? null) && sameSeries(other, row));
      this.#take(series.sort((one, other) => one.step - other.step), clip);
    } catch (error) {
      if (!signal.aborted) setText(this.note, error.message);
    }
  }

  #take(rows, clip) {
    const same = rows.length === this.#rows.length && rows.every((row, i) => row.id === this.#rows[i].id);
    this.#clip = clip;
    this.scroller.hidden = rows.length === 0;
    if (same && rows.length) return;
    const other = !rows.some((row) => this.#rows.some((before) => before.id === row.id));
    this.#rows = rows;
    setText(this.summary, rows.length ? `Over time: ${plural(rows.length, "step")}` : "Over time");
    setText(this.note, clip === null ? "Choose a clip to see and hear it at all its steps." : rows.length === 1 ? "This clip was logged at one step so far." : "");
    this.play.disabled = rows.length < 2;
    this.strip.style.width = `${rows.length * CELL}px`;
    this.#offerMetrics();
    this.#measure();
    if (!other || !rows.length) return;
    this.#reveal();
    this.#choose(clip);
  }

  /** Scrolls to the strip when it is opened; a small sheet that is closed stays as it is. */
  #reveal() {
    const sheet = this.container.parentElement;
    if (this.#fresh && getComputedStyle(sheet).overflowY !== "hidden") this.container.scrollIntoView({ block: "nearest" });
    this.#fresh = false;
  }

  #offerMetrics() {
    const names = [...new Set(this.#rows.flatMap((row) => Object.keys(row.metrics ?? {})))];
    if (this.#rows.some((row) => (row.score ?? null) !== null)) names.unshift("score");
    const before = this.metric.value;
    this.metric.replaceChildren(...names.map((name) => element("option", { attributes: { value: name }, text: metricName(name) })));
    if (names.includes(before)) this.metric.value = before;
    this.metric.hidden = names.length === 0;
  }

  #measure() {
    this.#values = metricValues(this.#rows, this.metric.value);
    this.strip.classList.toggle("pictured", this.pictures.checked);
    this.#drop();
    this.#render();
  }

  #drop() {
    for (const place of [...this.#cells.keys()]) this.#remove(place);
  }

  #remove(place) {
    const { id } = this.#cells.get(place).row;
    this.#cells.get(place).element.remove();
    this.#cells.delete(place);
    this.#pictures.get(id)?.release();
    this.#pictures.delete(id);
  }

  /** Makes the cells that are seen, and takes the others away. */
  #render() {
    const first = Math.max(0, Math.floor(this.scroller.scrollLeft / CELL) - AROUND);
    const last = Math.min(this.#rows.length - 1, Math.ceil((this.scroller.scrollLeft + this.scroller.clientWidth) / CELL) + AROUND);
    const focused = document.activeElement?.place;
    for (const place of [...this.#cells.keys()]) if ((place < first || place > last) && place !== focused) this.#remove(place);
    for (let place = first; place <= last; place += 1) if (!this.#cells.has(place)) this.#make(place);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(), SETTLE);
    this.#wave();
  }

  #make(place) {
    const row = this.#rows[place];
    const cell = { ...timelineCell(row, { place, values: this.#values, choose: () => this.#playStep(row) }), row };
    this.#cells.set(place, cell);
    const behind = [...this.strip.children].find((other) => other.place > place);
    this.strip.insertBefore(cell.element, behind ?? null);
    this.#mark(cell);
  }

  #mark(cell) {
    cell.mark(cell.row.id === this.#clip, cell.row.id === this.#clip);
  }

  #choose(id) {
    this.#clip = id;
    const place = this.#rows.findIndex((row) => row.id === id);
    const left = place * CELL;
    const { scrollLeft, clientWidth } = this.scroller;
    if (left < scrollLeft || left + CELL > scrollLeft + clientWidth) this.scroller.scrollLeft = left - clientWidth / 2 + CELL / 2;
    this.#render();
    for (const cell of this.#cells.values()) this.#mark(cell);
  }

  async #fetch() {
    const { signal } = this.#asked;
    const rows = [...this.#cells.values()].map((cell) => cell.row);
    const wanted = rows.filter((row) => !row.missing && !this.#peaks.has(row.id)).map((row) => row.id).slice(0, 100);
    try {
      if (wanted.length) for (const [id, peaks] of await this.context.source.peaks(wanted, { n: BUCKETS, signal })) this.#peaks.set(id, peaks);
      if (signal.aborted) return;
      this.#wave();
      if (this.pictures.checked) await Promise.all(rows.map((row) => this.#picture(row, signal)));
    } catch (error) {
      if (!signal.aborted) setText(this.note, error.message);
    }
  }

  #wave() {
    const { normalise } = this.context.store.get();
    for (const { row, wave } of this.#cells.values()) if (this.#peaks.has(row.id) || row.missing) wave(this.#peaks.get(row.id) ?? {}, normalise);
  }

  async #picture(row, signal) {
    if (row.missing || this.#pictures.has(row.id)) return;
    const { scale, colours } = this.context.store.get();
    const made = await this.context.source.spectrogram(row.id, { ...PICTURE, scale, colours, signal }).catch(() => null);
    const cell = [...this.#cells.values()].find((other) => other.row.id === row.id);
    if (!made) return;
    if (signal.aborted || !cell || this.#pictures.has(row.id)) return made.release();
    this.#pictures.set(row.id, made);
    cell.picture(made.url);
  }

  /** Plays a step at the position of the one before, so that a place can be followed through the training. */
  #playStep(row) {
    const { player, select } = this.context;
    const at = player.time < Math.min(player.duration, row.duration ?? Infinity) - 0.05 ? player.time : 0;
    this.through.stop();
    select(row, { play: true, at });
  }

  #togglePlaying() {
    if (this.through.playing) {
      this.through.stop();
      return this.context.player.pause();
    }
    const place = this.#rows.findIndex((row) => row.id === this.#clip);
    this.through.start(this.#rows.slice(place === this.#rows.length - 1 ? 0 : Math.max(place, 0)));
  }

  #showPlaying(playing) {
    setText(this.play.lastChild, playing ? "Stop" : "Play through");
  }

  #steer(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const place = event.target.place;
    if (!by || place === undefined || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = place + by;
    if (!this.#rows[next]) return;
    if (!this.#cells.has(next)) this.#make(next);
    this.#cells.get(next).element.focus();
  }
}
