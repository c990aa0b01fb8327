// Asks the dashboard's process for clips, peaks and pictures. source_inline.js answers the same from inside an exported file.

import { queryToParameters } from "../state/address.js";
import { follow } from "./live.js";
import { createQueue, request } from "./requests.js";

const PREFETCH_AT_MOST = 3_000_000; // [bytes] A longer file starts quickly anyway, by ranges.

/** The clips of a running dashboard. All addresses are relative to the page, so that it works behind a prefix. */
export class ServerSource {
  #queue = createQueue();
  #prefetched = new Set();
  #listeners = new Set();
  #stopFollowing = null;
  #version = null;
  live = true;

  #json(address, { signal, urgent = true } = {}) {
    return this.#queue(async () => (await request(address, { signal })).json(), { signal, urgent });
  }

  about(options) {
    return this.#json("api/about", options);
  }

  async runs(options) {
    return this.#json("api/runs", options);
  }

  /** One page of the clips of a query. */
  async clips(query, { offset = 0, limit = 200, signal } = {}) {
    const parameters = queryToParameters(query);
    parameters.set("offset", offset);
    parameters.set("limit", limit);
    const page = await this.#json(`api/clips?${parameters}`, { signal });
    this.#version = page.version;
    return page;
  }

  /** The place of a clip in the order of a query, -1 when it is not among them. */
  async position(query, id, options) {
    const parameters = queryToParameters(query);
    parameters.set("clip", id);
    const answer = await this.#json(`api/position?${parameters}`, options);
    return typeof answer === "number" ? answer : answer.position;
  }

  facets(query, options) {
    return this.#json(`api/facets?${queryToParameters(query)}`, options);
  }

  points(query, options) {
    return this.#json(`api/points?${queryToParameters(query)}`, options);
  }

  clip(id, options) {
    return this.#json(`api/clip/${encodeURIComponent(id)}`, options);
  }

  related(id, { runs = [], signal } = {}) {
    return this.#json(`api/related/${encodeURIComponent(id)}?${new URLSearchParams(runs.map((run) => ["run", run]))}`, { signal });
  }

  levels(id, options) {
    return this.#json(`api/levels/${encodeURIComponent(id)}`, { urgent: false, ...options });
  }

  /** Peaks of at most 100 clips: Map of id -> {channels, n, data} or {error}. */
  async peaks(ids, { n = 64, start, end, signal } = {}) {
    const parameters = new URLSearchParams(ids.map((id) => ["id", id]));
    addKnown(parameters, { n, start, end });
    const told = await this.#json(`api/peaks?${parameters}`, { signal, urgent: false });
    return new Map(Object.entries(told).map(([id, peaks]) => [id, peaks.error ? peaks : { ...peaks, data: toInt16(peaks.data) }]));
  }

  /** A picture of a clip: {url, release()}. */
  async spectrogram(id, { signal, ...options } = {}) {
    const parameters = new URLSearchParams();
    addKnown(parameters, options);
    const address = `spectrogram/${encodeURIComponent(id)}?${parameters}`;
    const blob = await this.#queue(async () => (await request(address, { signal })).blob(), { signal });
    const url = URL.createObjectURL(blob);
    return { url, release: () => URL.revokeObjectURL(url) };
  }

  mediaUrl(id) {
    return `media/${encodeURIComponent(id)}`;
  }

  async bytes(id, { signal } = {}) {
    return (await request(this.mediaUrl(id), { signal })).arrayBuffer();
  }

  download(id) {
    const link = document.createElement("a");
    link.href = `${this.mediaUrl(id)}?download=1`;
    link.download = "";
    link.click();
  }

  /** Bring a clip's sound into the browser's cache, so that it plays at once when its turn comes. */
  prefetch(row) {
    if (this.#prefetched.has(row.id) || !(row.size <= PREFETCH_AT_MOST)) return;
    this.#prefetched.add(row.id);
    if (this.#prefetched.size > 200) this.#prefetched.delete(this.#prefetched.values().next().value);
    const load = async () => (await request(this.mediaUrl(row.id), { priority: "low" })).arrayBuffer();
    this.#queue(load).catch(() => this.#prefetched.delete(row.id));
  }

  notes(options) {
    return this.#json("api/notes", options);
  }

  async setNote(id, note) {
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(note), keepalive: true };
    return (await request(`api/notes/${encodeURIComponent(id)}`, options)).json();
  }

  /**
   * Be told of changes: callback({version}); and of the process's end and return: callback({connected}).
   * @returns {function} ends it
   */
  subscribe(callback) {
    this.#listeners.add(callback);
    this.#stopFollowing ??= follow({
      events: "events",
      version: async () => (await (await request("api/about")).json()).data_version,
      seen: () => this.#version,
      tell: (change) => { for (const listener of this.#listeners) listener(change); },
    });
    return () => this.#unsubscribe(callback);
  }

  #unsubscribe(callback) {
    this.#listeners.delete(callback);
    if (this.#listeners.size > 0) return;
    this.#stopFollowing?.();
    this.#stopFollowing = null;
  }
}

function addKnown(parameters, values) {
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== null) parameters.set(name, value);
}

function toInt16(base64) {
  const text = atob(base64);
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) octets[i] = text.charCodeAt(i);
  return new Int16Array(octets.buffer);
}
