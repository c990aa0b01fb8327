// The clips of the present query, in order: loaded by pages, kept in a small cache, never mixed with those of another query.

import { aborted } from "../sources/requests.js";

const PAGE = 200;
const KEPT_PAGES = 12;

/**
 * Events: "reset" (another query: all rows are gone), "again" (the same query, all rows are asked for again), "change" (rows, total
 * or an error came).
 */
export class ClipOrder extends EventTarget {
  #source;
  #query = null;
  #generation = 0;
  #pages = new Map(); // page number -> {rows, promise, controller, held, stale}; the most recently used come last

  /** Number of clips of the query, null while unknown. */
  total = null;
  /** Why the clips could not be loaded, or null. */
  error = null;
  /** Settled once the first page came, or failed. */
  first = null;

  constructor(source) {
    super();
    this.#source = source;
  }

  get query() {
    return this.#query;
  }

  /** Grows with every query, so that late answers to an older one can be told. */
  get generation() {
    return this.#generation;
  }

  /** Ask for other clips. What was there is dropped at once. */
  ask(query) {
    this.#query = query;
    this.reload();
  }

  /**
   * Ask for the same clips again, in the order that holds now.
   * @param {{again?: boolean}} [options] again: the reader stays where he is ("again" is told instead of "reset")
   * @returns {Promise} the first page came
   */
  async reload({ again = false } = {}) {
    this.#generation += 1;
    for (const page of this.#pages.values()) page.controller?.abort();
    this.#pages.clear();
    if (!again) this.total = null;
    this.error = null;
    this.first = this.#load(0).promise.catch(() => {});
    this.#emit(again ? "again" : "reset");
    await this.first;
  }

  /** The row at a place, when it is there already. */
  peek(index) {
    return this.#pages.get(Math.floor(index / PAGE))?.rows?.[index % PAGE];
  }

  /** The row of an id, when it is there already. */
  loaded(id) {
    for (const page of this.#pages.values()) {
      const row = page.rows?.find((candidate) => candidate.id === id);
      if (row) return row;
    }
    return undefined;
  }

  /** The row at a place, loaded when need be. @returns {Promise<object|undefined>} */
  async rowAt(index) {
    if (index < 0 || (this.total !== null && index >= this.total)) return undefined;
    const page = this.#load(Math.floor(index / PAGE));
    page.held = true;
    try { await page.promise; } catch { /* told by "error" */ }
    return page.rows?.[index % PAGE];
  }

  /** The place of a clip in the order, -1 when it is not among these clips. */
  async indexOf(id) {
    const near = this.loadedIndexOf(id);
    if (near >= 0 || !id) return near;
    return this.#source.position(this.#query, id).catch(() => -1);
  }

  /** The place of a clip among the rows that are there, or -1. */
  loadedIndexOf(id) {
    for (const [number, page] of this.#pages) {
      const place = page.rows?.findIndex((row) => row.id === id) ?? -1;
      if (place >= 0) return number * PAGE + place;
    }
    return -1;
  }

  /** See to it that these places are loaded, and give up what is loading for places that are no longer looked at. */
  ensure(first, last) {
    const wanted = new Set();
    for (let number = Math.floor(first / PAGE); number <= Math.floor(last / PAGE); number += 1) wanted.add(number);
    for (const [number, page] of this.#pages) {
      if (wanted.has(number) || !page.controller || page.held) continue;
      page.controller.abort();
      if (!page.rows) this.#pages.delete(number);
    }
    for (const number of wanted) this.#load(number);
    this.#forget(wanted);
  }

  /**
   * Clips were logged. When nothing at or before `anchor` (the last row looked at) moved, they are taken in quietly.
   * @param {{index: number, id: string}|null} anchor
   * @returns {Promise<boolean>} false: the order changed under the reader's eyes, so that only reload() shows the new clips
   */
  async grow(anchor) {
    const generation = this.#generation;
    const same = !anchor || (await this.#source.position(this.#query, anchor.id)) === anchor.index;
    if (generation !== this.#generation) return true;
    if (!same) return false;
    for (const page of this.#pages.values()) page.stale = true;
    this.#emit("change");
    await this.#load(anchor ? Math.floor(anchor.index / PAGE) : 0).promise?.catch(() => {});
    return true;
  }

  #load(number) {
    const known = this.#pages.get(number);
    if (known && !known.stale) return this.#touch(number, known);
    known?.controller?.abort();
    const controller = new AbortController();
    const page = { rows: known?.rows, controller, held: known?.held ?? false, stale: false };
    this.#touch(number, page);
    page.promise = this.#fetch(number, page, this.#generation);
    page.promise.catch(() => {});
    return page;
  }

  async #fetch(number, page, generation) {
    try {
      const told = await this.#source.clips(this.#query, { offset: number * PAGE, limit: PAGE, signal: page.controller.signal });
      if (generation !== this.#generation) throw aborted();
      Object.assign(page, { rows: told.rows, controller: null, held: false });
      this.total = told.total;
      this.error = null;
      this.#emit("change");
    } catch (error) {
      if (generation !== this.#generation || error.name === "AbortError") throw error;
      this.#pages.delete(number);
      this.error = error;
      this.#emit("change");
    }
  }

  #touch(number, page) {
    this.#pages.delete(number);
    this.#pages.set(number, page);
    return page;
  }

  #forget(wanted) {
    for (const number of this.#pages.keys()) {
      if (this.#pages.size <= KEPT_PAGES) return;
      if (!wanted.has(number)) this.#pages.delete(number);
    }
  }

  #emit(type) {
    this.dispatchEvent(new Event(type));
  }
}
