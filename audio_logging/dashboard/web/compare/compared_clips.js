// The clips of a comparison: their rows and their samples, loaded together and kept while they are compared.

import { MUCH_MEMORY, comparisonRate, decodeClip, decodedBytes } from "./decoded.js";

/**
 * Loads clips. "change" tells of progress; `status` is "empty", "loading", "large" (waits for leave) or "ready".
 * Entries are {id, row, buffer, error}, in the order asked for.
 */
export class ComparedClips extends EventTarget {
  #source;
  #aborter = new AbortController();
  entries = [];
  status = "empty";
  rate = 0;
  bytes = 0;
  resampled = [];

  constructor(source) {
    super();
    this.#source = source;
  }

  get buffers() {
    return this.entries.map((entry) => entry.buffer);
  }

  /**
   * Takes other clips; what is loaded already stays, and where that is all they are ready at once.
   * @param {readonly string[]} ids
   * @param {{regardless?: boolean}} [options] regardless of the memory that it takes
   */
  async set(ids, { regardless = false } = {}) {
    this.#aborter.abort();
    const { signal } = (this.#aborter = new AbortController());
    const known = new Map(this.entries.map((entry) => [entry.id, entry]));
    this.entries = ids.map((id) => known.get(id) ?? { id, row: null, buffer: null, error: null });
    if (ids.length === 0) return this.#say("empty");
    if (!this.#settled) {
      this.#say("loading");
      await Promise.all(this.entries.map((entry) => this.#describe(entry, signal)));
    }
    if (signal.aborted) return;
    this.#plan();
    if (!this.#settled) {
      if (this.bytes > MUCH_MEMORY && !regardless) return this.#say("large");
      this.#say("loading");
      await Promise.all(this.entries.map((entry) => this.#decode(entry, signal)));
    }
    if (!signal.aborted) this.#say("ready");
  }

  /** Whether each clip is there, or known not to be. */
  get #settled() {
    return this.entries.every((entry) => entry.buffer || entry.error);
  }

  destroy() {
    this.#aborter.abort();
    this.entries = [];
  }

  #say(status) {
    this.status = status;
    this.dispatchEvent(new Event("change"));
  }

  async #describe(entry, signal) {
    if (entry.row) return;
    try {
      entry.row = await this.#source.clip(entry.id, { signal });
    } catch (error) {
      if (!signal.aborted) entry.error = error.message;
    }
  }

  #plan() {
    const rows = this.entries.map((entry) => entry.row).filter((row) => row && !row.missing);
    const { rate, resampled } = comparisonRate(rows);
    this.bytes = decodedBytes(rows, rate);
    this.resampled = resampled;
    if (rate === this.rate) return;
    this.rate = rate;
    for (const entry of this.entries) entry.buffer = null;
  }

  async #decode(entry, signal) {
    if (!entry.row || entry.buffer) return;
    entry.error = null;
    try {
      const buffer = await decodeClip(this.#source, entry.row, { rate: this.rate, signal });
      if (!signal.aborted) entry.buffer = buffer;
    } catch (error) {
      if (!signal.aborted) entry.error = error.message;
    }
    if (!signal.aborted) this.#say("loading");
  }
}
