// The list of clips, or the grid: however many there are, only what is looked at is on the page.

import { Cell } from "./cell.js";
import { attribute, clear, element } from "../page/dom.js";
import { count } from "../page/format.js";
import { listen } from "../page/listen.js";
import { ListGeometry } from "./list_geometry.js";
import { Thumbnails } from "./thumbnails.js";

const SETTLE = 40; // [ms] Pages that a fast scroll passes are not loaded.
const PLAYED = 64; // steps of the played part of a small waveform

/**
 * Mount the list into #list.
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{anchor: function, restore: function, columns: function}}
 */
export function mountList(container, context) {
  const list = new VirtualList(container, context);
  return {
    anchor: () => list.anchor(),
    restore: (anchor) => list.restore(anchor),
    columns: () => list.columns,
  };
}

class VirtualList {
  #context;
  #container;
  #geometry;
  #thumbnails;
  #spacer = element("div", { class: "list-space", attributes: { role: "presentation" } });
  #cells = new Map(); // place -> Cell
  #spare = [];
  #frame = 0;
  #timer = 0;
  #selected = -1; // place of the chosen clip, -1 while unknown

  constructor(container, context) {
    this.#container = container;
    this.#context = context;
    this.#geometry = new ListGeometry(container);
    this.#thumbnails = new Thumbnails(context.source, () => this.#drawAll());
    clear(container).append(this.#spacer);
    this.#listen();
    this.#layout();
    this.#reveal(context.store.get().clip);
  }

  get columns() {
    return this.#geometry.columns;
  }

  /** The last visible row that is loaded, and where it stands: what may not move. */
  anchor() {
    const { first, last } = this.#geometry.visible(this.#context.clips.total ?? 0);
    for (let index = last; index >= first; index -= 1) {
      const row = this.#context.clips.peek(index);
      if (row) return { index, id: row.id, top: this.#geometry.top(index) - this.#container.scrollTop };
    }
    return null;
  }

  /** Bring a clip back to where it stood in the window, once the order has changed. */
  async restore(anchor) {
    const index = anchor ? await this.#context.clips.indexOf(anchor.id) : -1;
    if (index < 0) return;
    this.#resize();
    this.#container.scrollTop = this.#geometry.top(index) - anchor.top;
    this.#render();
  }

  #listen() {
    const { clips, store, player, notes } = this.#context;
    listen(this.#container, { scroll: () => this.#later(), click: (event) => this.#choose(event), keydown: (event) => this.#key(event) });
    listen(clips, { reset: () => this.#reset(), again: () => this.#changed(), change: () => this.#changed() });
    listen(notes, { change: () => this.#render() });
    listen(player, { time: () => this.#drawPlayed() });
    listen(document, { themechange: () => this.#thumbnails.repaint() });
    new ResizeObserver(() => this.#layout()).observe(this.#container);
    store.subscribe((state, previous) => this.#follow(state, previous));
  }

  #follow(state, previous) {
    if (state.layout !== previous.layout) this.#layout({ moved: true });
    if (state.normalise !== previous.normalise) this.#drawAll();
    if (state.clip !== previous.clip) this.#reveal(state.clip);
    else if (state.compare !== previous.compare) this.#render();
  }

  /** Find the chosen clip and scroll to it, unless another was chosen meanwhile. */
  async #reveal(id) {
    const { clips, store } = this.#context;
    const { generation } = clips;
    this.#selected = clips.loadedIndexOf(id);
    this.#render();
    await clips.first;
    const index = id && generation === clips.generation ? await clips.indexOf(id) : -1;
    if (generation !== clips.generation || id !== store.get().clip) return;
    this.#selected = index;
    if (index >= 0) this.#geometry.reveal(index);
    this.#render();
  }

  #reset() {
    this.#container.scrollTop = 0;
    this.#resize();
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
    this.#container.focus({ preventScroll: true });
    this.#context.select(cell.row, { play: this.#context.store.get().autoplay || event.detail > 1 });
  }

  #cellOf(node) {
    const place = node.closest("[role=option]")?.getAttribute("aria-posinset");
    return this.#cells.get(Number(place) - 1);
  }

  async #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const to = this.#target(event.key);
    if (to === undefined) return;
    event.preventDefault();
    this.#geometry.reveal(to);
    const row = await this.#context.clips.rowAt(to);
    if (row) this.#context.select(row);
  }

  /** Where a key leads to: ends and pages here; j, k and the arrows are keys of the whole page. */
  #target(key) {
    const total = this.#context.clips.total ?? 0;
    const { first, last } = this.#geometry.visible(total);
    const screen = Math.max(last - first - this.columns, this.columns);
    const from = Math.max(this.#selected, 0);
    const targets = { Home: 0, End: total - 1, PageDown: Math.min(from + screen, total - 1), PageUp: Math.max(from - screen, 0) };
    return total > 0 ? targets[key] : undefined;
  }

  #layout({ moved = false } = {}) {
    const { layout } = this.#context.store.get();
    const { first } = this.#geometry.visible(Infinity);
    this.#geometry.measure(layout);
    this.#container.classList.toggle("as-grid", layout === "grid");
    this.#resize();
    for (const [index, cell] of this.#cells) this.#geometry.position(cell.element, index);
    if (moved) this.#container.scrollTop = this.#geometry.top(this.#selected >= 0 ? this.#selected : first);
    this.#render();
    this.#drawAll();
  }

  #resize() {
    this.#spacer.style.height = `${this.#geometry.total(this.#context.clips.total ?? 0)}px`;
    attribute(this.#container, "aria-busy", this.#context.clips.total === null ? "true" : null);
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  #render() {
    const { total } = this.#context.clips;
    const { first, last } = this.#geometry.kept(total);
    this.#recycle(first, last);
    for (let index = first; index <= last; index += 1) this.#show(index);
    this.#inOrder(first, last);
    attribute(this.#container, "aria-activedescendant", this.#cells.has(this.#selected) ? `clip-${this.#selected}` : null);
    const rows = [...this.#cells.values()].map((cell) => cell.row).filter(Boolean);
    if (total) this.#load(first, last, rows.length <= last - first);
    this.#thumbnails.want(rows);
  }

  #load(first, last, missing) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#context.clips.ensure(first, last), missing ? SETTLE : 0);
  }

  #recycle(first, last) {
    for (const [index, cell] of this.#cells) {
      if (index >= first && index <= last) continue;
      this.#cells.delete(index);
      cell.element.remove();
      this.#spare.push(cell);
    }
  }

  #show(index) {
    const { clips, store, notes } = this.#context;
    const { clip, compare, sort } = store.get();
    const row = clips.peek(index) ?? null;
    const cell = this.#cells.get(index) ?? this.#newCell(index);
    const before = cell.row;
    cell.show(index, row, {
      total: clips.total ?? -1,
      selected: row !== null && row.id === clip,
      starred: row !== null && notes.get(row.id).star,
      compared: row !== null && compare.includes(row.id),
      sort,
      about: row ? this.#about(row) : "",
    });
    if (before !== row) this.#draw(cell);
  }

  #newCell(index) {
    const cell = this.#spare.pop() ?? new Cell((row) => row && this.#context.star(row.id));
    this.#cells.set(index, cell);
    this.#geometry.position(cell.element, index);
    this.#spacer.append(cell.element);
    cell.row = undefined; // So that it is drawn.
    return cell;
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

  /** What tells a row from its neighbours: step, key, role and run, where more than one is shown. */
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

  #drawAll() {
    for (const cell of this.#cells.values()) this.#draw(cell);
  }

  #draw(cell) {
    cell.played = this.#playedOf(cell.row);
    this.#thumbnails.draw(cell.canvas, cell.row, { played: cell.played, normalise: this.#context.store.get().normalise });
  }

  #drawPlayed() {
    for (const cell of this.#cells.values()) if (cell.played !== this.#playedOf(cell.row)) this.#draw(cell);
  }

  /** The part of a clip that was played, in steps that can be seen: drawing each frame of the screen would keep a core busy. */
  #playedOf(row) {
    const { player } = this.#context;
    return row && player.row?.id === row.id && player.time > 0 ? Math.round((PLAYED * player.time) / player.duration) / PLAYED : null;
  }
}
