// Over time: one clip at all its steps, as a strip to listen along.

import { sameSeries } from "../compare/compare_related.js";
import { button, element, setText } from "../page/dom.js";
import { metricName, plural } from "../page/format.js";
import { listen, mounted, redraw, watch } from "../page/listen.js";
import { menu, offer } from "../page/menu.js";
import { CELL, metricValues, timelineCell } from "./timeline_cell.js";

const AROUND = 3; // cells beyond what is seen
const BUCKETS = 96;
const SETTLE = 80; // [ms] without scrolling before peaks are asked for

/**
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{destroy: () => void}}
 */
export function mountTimeline(container, context) {
  return mounted(TimelineView, container, context);
}

class TimelineView {
  #asked = new AbortController();
  #rows = [];
  #values = [];
  #cells = new Map(); // place -> cell
  #peaks = new Map(); // id -> peaks
  #clip = null; // id
  #fresh = true; // The strip was opened just now, maybe below what is seen.
  #timer = 0;

  constructor(container, context) {
    const { facts, store, signal } = context;
    this.context = context;
    this.#build(container);
    listen(facts, { change: () => this.load() }, signal);
    watch(store, (state, previous) => this.#follow(state, previous), signal);
    redraw(this.scroller, () => { this.#drop(); this.#render(); }, signal);
    signal.addEventListener("abort", () => {
      this.#asked.abort();
      clearTimeout(this.#timer);
    });
    this.load();
  }

  #build(container) {
    this.summary = element("h3", { class: "time-summary" });
    this.metric = menu({ label: "Metric shown", run: () => this.#measure() });
    const close = button({ icon: "close", label: "Close", title: "Close (t)", run: () => this.context.store.set({ timeline: false }) });
    const bar = element("div", { class: "view-bar" }, this.summary, this.metric, close);
    this.strip = element("div", { class: "time-strip", attributes: { role: "group", "aria-label": "Steps of this clip" }, on: { keydown: (event) => this.#steer(event) } });
    this.scroller = element("div", { class: "time-scroller", on: { scroll: () => this.#render() } }, this.strip);
    this.note = element("p", { class: "time-note" });
    this.page = element("div", { class: "over-time" }, bar, this.scroller, this.note);
    container.append(this.page);
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
    const same = rows.map(({ id }) => id).join() === this.#rows.map(({ id }) => id).join();
    this.#clip = clip;
    this.scroller.hidden = rows.length === 0;
    if (same && rows.length) return;
    const other = !rows.some((row) => this.#rows.some((before) => before.id === row.id));
    this.#rows = rows;
    setText(this.summary, rows.length ? `Over time: ${plural(rows.length, "step")}` : "Over time");
    setText(this.note, rows.length === 1 ? "This clip was logged at one step so far." : "");
    this.strip.style.width = `${rows.length * CELL}px`;
    this.#offerMetrics();
    this.#measure();
    if (!other || !rows.length) return;
    this.#reveal();
    this.#choose(clip);
  }

  /** Scrolls to the strip when it is opened; a small sheet that is closed stays as it is. */
  #reveal() {
    const { overflowY } = getComputedStyle(this.page.closest("#sheet"));
    if (this.#fresh && overflowY !== "hidden") this.page.scrollIntoView({ block: "nearest" });
    this.#fresh = false;
  }

  #offerMetrics() {
    const names = [...new Set(this.#rows.flatMap((row) => Object.keys(row.metrics ?? {})))];
    if (this.#rows.some((row) => (row.score ?? null) !== null)) names.unshift("score");
    const { value } = this.metric;
    offer(this.metric, names.map((name) => [name, metricName(name)]), names.includes(value) ? value : names[0]);
    this.metric.hidden = names.length === 0;
  }

  #measure() {
    this.#values = metricValues(this.#rows, this.metric.value);
    this.#drop();
    this.#render();
  }

  #drop() {
    for (const place of [...this.#cells.keys()]) this.#remove(place);
  }

  #remove(place) {
    this.#cells.get(place).element.remove();
    this.#cells.delete(place);
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
    cell.mark(cell.row.id === this.#clip);
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
    const wanted = rows.filter((row) => !row.missing && !this.#peaks.has(row.id)).map((row) => row.id);
    if (wanted.length === 0) return;
    try {
      for (const [id, peaks] of await this.context.source.peaks(wanted, { n: BUCKETS, signal })) this.#peaks.set(id, peaks);
      this.#wave();
    } catch (error) {
      if (!signal.aborted) setText(this.note, error.message);
    }
  }

  #wave() {
    const { normalise } = this.context.store.get();
    for (const { row, wave } of this.#cells.values()) if (this.#peaks.has(row.id) || row.missing) wave(this.#peaks.get(row.id) ?? {}, normalise);
  }

  /** Plays a step at the position of the one before, so that a place can be followed through the training. The slider goes along. */
  #playStep(row) {
    const { player, select, store } = this.context;
    const at = player.time < Math.min(player.duration, row.duration ?? Infinity) - 0.05 ? player.time : 0;
    const { step } = store.get();
    select(row, { play: true, at, step: typeof step === "number" ? row.step : step });
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
