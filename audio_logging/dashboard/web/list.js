// The list of clips, or the grid: however many there are, only what is looked at is on the page.

import { Cell } from "./cell.js";
import { attribute, clear, element } from "./dom.js";
import { count } from "./format.js";
import { Thumbnails } from "./thumbnails.js";

const SIZES = { list: { height: 60, width: Infinity }, grid: { height: 148, width: 172 } };
const OVERSCAN = 3; // lines above and below the visible ones

/**
 * Mount the list into #list.
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{anchor: function, restore: function, page: function, destroy: function}}
 */
export function mountList(container, context) {
  const list = new VirtualList(container, context);
  return {
    anchor: () => list.anchor(),
    restore: (anchor) => list.restore(anchor),
    columns: () => list.columns,
    destroy: () => list.destroy(),
  };
}

class VirtualList {
  #context;
  #container;
  #spacer = element("div", { class: "list-space", attributes: { role: "presentation" } });
  #cells = new Map(); // place -> Cell
  #spare = [];
  #thumbnails;
  #frame = 0;
  #timer = 0;
  #selected = -1; // place of the chosen clip, -1 while unknown
  #destroy = [];
  columns = 1;

  constructor(container, context) {
    this.#container = container;
    this.#context = context;
    this.#thumbnails = new Thumbnails(context.source, () => this.#drawAll());
    clear(container).append(this.#spacer);
    this.#listen();
    this.#layout();
  }

  /** The last visible row that is loaded, and where it stands: what may not move. */
  anchor() {
    const { first, last } = this.#visible();
    for (let index = last; index >= first; index -= 1) {
      const row = this.#context.clips.peek(index);
      if (row) return { index, id: row.id, top: this.#top(index) - this.#container.scrollTop };
    }
    return null;
  }

  /** Bring a clip back to where it stood in the window, once the order has changed. */
  async restore(anchor) {
    if (!anchor) return;
    const index = await this.#context.clips.indexOf(anchor.id);
    if (index < 0) return;
    this.#resize();
    this.#container.scrollTop = this.#top(index) - anchor.top;
    this.#render();
  }

  destroy() {
    for (const stop of this.#destroy) stop();
    cancelAnimationFrame(this.#frame);
    clear(this.#container);
  }

  #listen() {
    const { clips, store, player, notes } = this.#context;
    const on = (target, type, run) => {
      target.addEventListener(type, run);
      this.#destroy.push(() => target.removeEventListener(type, run));
    };
    on(this.#container, "scroll", () => this.#later());
    on(this.#container, "click", (event) => this.#choose(event));
    on(this.#container, "keydown", (event) => this.#key(event));
    on(clips, "reset", () => this.#reset());
    on(clips, "again", () => this.#changed());
    on(clips, "change", () => this.#changed());
    on(notes, "change", () => this.#render());
    on(player, "time", () => this.#drawPlayed());
    on(document, "themechange", () => this.#thumbnails.repaint());
    const observer = new ResizeObserver(() => this.#layout());
    observer.observe(this.#container);
    this.#destroy.push(() => observer.disconnect(), store.subscribe((state, previous) => this.#follow(state, previous)));
  }

  #follow(state, previous) {
    if (state.layout !== previous.layout) this.#layout({ keep: true });
    if (state.normalise !== previous.normalise) this.#drawAll();
    if (state.clip !== previous.clip) this.#reveal(state.clip);
    else if (state.compare !== previous.compare) this.#render();
  }

  async #reveal(id) {
    this.#selected = this.#context.clips.loadedIndexOf(id);
    this.#render();
    const { generation } = this.#context.clips;
    const index = id ? await this.#context.clips.indexOf(id) : -1;
    if (generation !== this.#context.clips.generation || id !== this.#context.store.get().clip) return;
    this.#selected = index;
    if (index >= 0) this.#scrollTo(index);
    this.#render();
  }

  #reset() {
    this.#selected = -1;
    this.#container.scrollTop = 0;
    this.#render();
    this.#reveal(this.#context.store.get().clip);
  }

  #changed() {
    const selected = this.#context.clips.loadedIndexOf(this.#context.store.get().clip);
    if (selected >= 0) this.#selected = selected;
    this.#resize();
    this.#render();
  }

  #choose(event) {
    const cell = this.#cellOf(event.target);
    if (!cell?.row) return;
    this.#selected = cell.index;
    this.#container.focus({ preventScroll: true });
    this.#context.select(cell.row, { play: this.#context.store.get().autoplay || event.detail > 1 });
  }

  #cellOf(node) {
    const place = node.closest("[role=option]")?.getAttribute("aria-posinset");
    return place ? this.#cells.get(Number(place) - 1) : undefined;
  }

  async #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const to = this.#target(event.key);
    if (to === null) return;
    event.preventDefault();
    this.#scrollTo(to);
    const row = await this.#context.clips.rowAt(to);
    if (row) this.#context.select(row, { play: false });
  }

  /** Where a key leads to: ends and pages here; j, k and the arrows are keys of the whole page. */
  #target(key) {
    const last = (this.#context.clips.total ?? 0) - 1;
    const { first, last: bottom } = this.#visible();
    const screen = Math.max(bottom - first - this.columns, this.columns);
    const from = Math.max(this.#selected, 0);
    const targets = { Home: 0, End: last, PageDown: Math.min(from + screen, last), PageUp: Math.max(from - screen, 0) };
    return last >= 0 && key in targets ? targets[key] : null;
  }

  #layout({ keep = false } = {}) {
    const { layout } = this.#context.store.get();
    const size = SIZES[layout];
    const first = this.#visible().first;
    this.height = size.height;
    this.columns = Math.max(1, Math.floor(this.#container.clientWidth / size.width) || 1);
    this.#container.classList.toggle("as-grid", layout === "grid");
    this.#resize();
    if (keep) this.#container.scrollTop = this.#top(this.#selected >= 0 ? this.#selected : first);
    this.#render();
  }

  #resize() {
    const lines = Math.ceil((this.#context.clips.total ?? 0) / this.columns);
    this.#spacer.style.height = `${lines * this.height}px`;
    attribute(this.#container, "aria-busy", this.#context.clips.total === null ? "true" : null);
  }

  #top(index) {
    return Math.floor(index / this.columns) * this.height;
  }

  #visible() {
    const { scrollTop, clientHeight } = this.#container;
    const height = this.height || 1;
    const first = Math.floor(scrollTop / height) * this.columns;
    const last = Math.ceil((scrollTop + clientHeight) / height) * this.columns - 1;
    return { first, last: Math.min(last, Math.max((this.#context.clips.total ?? 0) - 1, 0)) };
  }

  #scrollTo(index) {
    const top = this.#top(index);
    const { scrollTop, clientHeight } = this.#container;
    const margin = parseFloat(getComputedStyle(this.#container).scrollPaddingBottom) || 0;
    if (top < scrollTop) this.#container.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight - margin) this.#container.scrollTop = top + this.height - clientHeight + margin;
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  #render() {
    const { clips } = this.#context;
    const { first, last } = this.#range();
    this.#recycle(first, last);
    for (let index = first; index <= last; index += 1) this.#place(index);
    this.#inOrder(first, last);
    attribute(this.#container, "aria-activedescendant", this.#cells.has(this.#selected) ? `clip-${this.#selected}` : null);
    if (clips.total) this.#load();
    this.#thumbnails.want(this.#rows());
  }

  /** Loading waits until a fast scroll comes to rest. */
  #load() {
    clearTimeout(this.#timer);
    const { first, last } = this.#range();
    const missing = this.#rows().length < last - first + 1;
    this.#timer = setTimeout(() => this.#context.clips.ensure(first, last), missing ? 40 : 0);
  }

  #range() {
    const { total } = this.#context.clips;
    const { first, last } = this.#visible();
    // While nothing is known, a window full of empty rows tells that something will come.
    if (total === null) return { first: 0, last: this.#context.clips.error ? -1 : Math.ceil(this.#container.clientHeight / this.height) * this.columns - 1 };
    if (total === 0) return { first: 0, last: -1 };
    const spare = OVERSCAN * this.columns;
    return { first: Math.max(0, first - spare), last: Math.min(total - 1, last + spare) };
  }

  #recycle(first, last) {
    for (const [index, cell] of this.#cells) {
      if (index >= first && index <= last) continue;
      this.#cells.delete(index);
      cell.element.remove();
      this.#spare.push(cell);
    }
  }

  #place(index) {
    const { clips, store, notes } = this.#context;
    const state = store.get();
    const row = clips.peek(index) ?? null;
    let cell = this.#cells.get(index);
    if (!cell) {
      cell = this.#spare.pop() ?? new Cell((starred) => starred && this.#context.star(starred.id));
      this.#cells.set(index, cell);
      this.#position(cell.element, index);
    } else if (cell.columns !== this.columns || cell.height !== this.height) this.#position(cell.element, index);
    Object.assign(cell, { columns: this.columns, height: this.height });
    const before = cell.row;
    cell.show(index, row, {
      total: clips.total ?? -1,
      selected: row !== null && row.id === state.clip,
      starred: row !== null && notes.get(row.id).star,
      compared: row !== null && state.compare.includes(row.id),
      sort: state.sort,
      about: row ? this.#about(row) : "",
    });
    if (before !== row || !cell.drawn) this.#draw(cell);
  }

  /** Screen readers go by the order in the document. */
  #inOrder(first, last) {
    let next = this.#spacer.firstChild;
    for (let index = first; index <= last; index += 1) {
      const { element: node } = this.#cells.get(index);
      if (node === next) next = next.nextSibling;
      else this.#spacer.insertBefore(node, next);
    }
  }

  #position(node, index) {
    const share = 100 / this.columns;
    node.style.top = `${this.#top(index)}px`;
    node.style.left = `${(index % this.columns) * share}%`;
    node.style.width = `${share}%`;
    node.style.height = `${this.height}px`;
  }

  /** What tells a row from its neighbours: run, key and step, where more than one is shown. */
  #about(row) {
    const { store, facts } = this.#context;
    const { run, key, step } = store.get();
    const runs = run.length || facts.runs?.length || 0;
    const keys = key.length || facts.universe.keys.length;
    const parts = [
      typeof step !== "number" && Number.isFinite(row.step) && `step ${count(row.step)}`,
      keys > 1 && row.key,
      row.role && !row.key?.includes(row.role) && row.role,
      runs > 1 && this.#context.runName(row.run),
    ];
    return parts.filter(Boolean).join(" · ");
  }

  #rows() {
    return [...this.#cells.values()].map((cell) => cell.row).filter(Boolean);
  }

  #drawAll() {
    for (const cell of this.#cells.values()) this.#draw(cell);
  }

  #draw(cell) {
    const { player, store } = this.#context;
    const plays = cell.row && player.row?.id === cell.row.id && player.time > 0;
    cell.drawn = cell.canvas.clientWidth > 0;
    this.#thumbnails.draw(cell.canvas, cell.row, { played: plays ? player.time / player.duration : null, normalise: store.get().normalise });
  }

  #drawPlayed() {
    const id = this.#context.player.row?.id;
    for (const cell of this.#cells.values()) if (cell.row && (cell.row.id === id || cell.played)) {
      cell.played = cell.row.id === id;
      this.#draw(cell);
    }
  }
}
