// Answers from data inside the page what source_server.js asks a server: the source of an exported file or folder.

import { decodeForAnalysis, peaksOf, reducedPeaks, spectrogramOf } from "./analysis_inline.js";
import { createIndex } from "./query_inline.js";
import { seeksBadly, toWav } from "./seekable.js";

const DATA_ID = "exported";
const KEPT_ADDRESSES = 12;
const KEPT_BYTES = 64e6;
const CAPTION_AT_MOST = 300;
const SAVED_WITHIN = 60_000; // [ms]
const MANY_BUCKETS = 2048; // peaks of long clips: good enough for all of one, without decoding it

/** What an exported page holds, or null in the page of a server. @returns {object|null} */
export function exportedData() {
  const element = document.getElementById(DATA_ID);
  return element && JSON.parse(element.textContent);
}

/** The clips of an exported page. Has the methods of ServerSource. */
export class InlineSource {
  #data;
  #index;
  #media;
  #notes;
  #addresses = new Map(); // id of the media -> {url, size}, the last one used last
  #decoded = null; // {name, buffer}: of the clip that is looked at; the buffer is a promise
  live = false;

  /** @param {object} data as exportedData gives it */
  constructor(data) {
    this.#data = data;
    this.#index = createIndex(data.rows, data.points);
    this.#media = data.folder ? new FolderMedia(data.folder) : new PageMedia();
    this.#notes = new Notes(data.about.id);
  }

  async about() {
    return { ...this.#data.about, live: false, exported: true, data_version: 1, notes: this.#notes.about() };
  }

  async runs() {
    return this.#data.runs;
  }

  /** One page of the clips of a query. */
  async clips(query, { offset = 0, limit = 200, signal } = {}) {
    signal?.throwIfAborted();
    const found = this.#find(query);
    return { total: found.length, offset, rows: found.slice(offset, offset + limit).map(brief), version: 1 };
  }

  /** The place of a clip in the order of a query, -1 when it is not among them. */
  async position(query, id) {
    return this.#find(query).findIndex((row) => row.id === id);
  }

  async facets(query) {
    return this.#index.facets(this.#withStars(query));
  }

  async points(query) {
    return this.#index.points(this.#withStars(query));
  }

  async clip(id) {
    return this.#row(id);
  }

  async related(id, { runs = [] } = {}) {
    const rows = this.#index.related(this.#row(id), runs);
    return { total: rows.length, rows: rows.slice(0, 1000).map(brief) };
  }

  async levels(id) {
    const { levels } = this.#entry(id);
    if (!levels || levels.error) throw new Error(levels?.error ?? "The levels of this clip are not known.");
    return levels;
  }

  /** Peaks of clips: Map of id -> {channels, n, data} or {error}. */
  async peaks(ids, { n = 64, start, end, signal } = {}) {
    const found = new Map();
    for (const id of ids) {
      signal?.throwIfAborted();
      found.set(id, await this.#peaksOf(id, { n, start, end, signal }).catch(asAnswer));
    }
    return found;
  }

  /** A picture of a clip: {url, release()}. */
  async spectrogram(id, { signal, ...options } = {}) {
    const samples = await this.#samples(id, signal);
    const picture = await spectrogramOf(samples, { ...options, rate: this.#row(id).sample_rate }, signal);
    const url = URL.createObjectURL(picture);
    return { url, release: () => URL.revokeObjectURL(url) };
  }

  /** An address that plays; the last few are kept. */
  async mediaUrl(id) {
    const name = this.#row(id).media;
    const known = this.#addresses.get(name) ?? await this.#address(id);
    this.#addresses.delete(name);
    this.#addresses.set(name, known);
    this.#forgetOld();
    return known.url;
  }

  async bytes(id, { signal } = {}) {
    const text = await this.#media.text(this.#entry(id).element);
    signal?.throwIfAborted();
    return toBytes(text).buffer;
  }

  async download(id) {
    const { extension } = this.#entry(id);
    const name = (this.#row(id).file_name || "clip").replace(/(\.\w{1,5})?$/, `.${extension}`);
    const { url } = addressOf(await this.bytes(id), "application/octet-stream");
    save(url, name);
    setTimeout(() => URL.revokeObjectURL(url), SAVED_WITHIN);
  }

  async notes() {
    return this.#notes.all();
  }

  async setNote(id, note) {
    return this.#notes.set(id, note);
  }

  /** Nothing ever changes in a file. */
  subscribe() {
    return () => {};
  }

  #find(query) {
    return this.#index.find(this.#withStars(query));
  }

  #withStars(query) {
    if (!query.starred) return query;
    const notes = this.#notes.all();
    const starred = Object.keys(notes).filter((id) => notes[id].star);
    return { ...query, starred: false, id: query.id?.length ? query.id.filter((id) => starred.includes(id)) : starred, only: true };
  }

  #row(id) {
    const row = this.#index.row(id);
    if (!row) throw new Error("This clip is not in the file: it was exported without it.");
    return row;
  }

  #entry(id) {
    return this.#data.media[this.#row(id).media];
  }

  async #peaksOf(id, { n, start, end, signal }) {
    const { peaks } = this.#entry(id);
    const whole = start === undefined && end === undefined;
    if (whole && (n <= peaks.n || peaks.n >= MANY_BUCKETS)) return reducedPeaks({ ...peaks, data: toInt16(peaks.data) }, n);
    return peaksOf(await this.#samples(id, signal), { n, start, end });
  }

  /** Decoded once for all who look at the clip. */
  async #samples(id, signal) {
    const name = this.#row(id).media;
    if (this.#decoded?.name !== name) this.#decoded = { name, buffer: this.#decode(id) };
    const buffer = await this.#decoded.buffer;
    signal?.throwIfAborted();
    return buffer;
  }

  async #decode(id) {
    return decodeForAnalysis(await this.bytes(id), this.#row(id));
  }

  async #address(id) {
    const { extension, size, type } = this.#entry(id);
    const wav = seeksBadly(extension, size) && (await this.#samples(id).then(toWav, () => null));
    return wav ? addressOf(wav, "audio/wav") : addressOf(await this.bytes(id), type);
  }

  /** Keep the last addresses; the one that plays, and the one before, stay however long they are. */
  #forgetOld() {
    let size = 0;
    [...this.#addresses].reverse().forEach(([name, address], place) => {
      size += address.size;
      if (place < 2 || (place < KEPT_ADDRESSES && size < KEPT_BYTES)) return;
      URL.revokeObjectURL(address.url);
      this.#addresses.delete(name);
    });
  }
}

/** Clips inside the page, each in an element that no browser runs. */
class PageMedia {
  async text(name) {
    const element = document.getElementById(name) ?? (await wholePage(), document.getElementById(name));
    if (!element) throw new Error("The sound of this clip is not in the file. Is the file whole? Copy it again.");
    return element.textContent;
  }
}

/** Clips beside the page, each in a script that hands it over: pages from file:// may load nothing else. */
class FolderMedia {
  #folder;
  #loading = new Map(); // name -> {promise, resolve}; two may ask for one clip at once

  constructor(folder) {
    this.#folder = folder;
    window.audioLoggingMedia = (name, text) => this.#loading.get(name)?.resolve(text);
  }

  text(name) {
    if (!this.#loading.has(name)) this.#load(name);
    return this.#loading.get(name).promise;
  }

  #load(name) {
    const script = document.createElement("script");
    const address = `${this.#folder}/${name}.js`;
    const loading = {};
    loading.promise = new Promise((resolve, reject) => {
      loading.resolve = resolve;
      script.addEventListener("error", () => reject(new Error(`The file ${address} is not there or cannot be read: copy the whole folder.`)));
      script.addEventListener("load", () => reject(new Error(`The file ${address} is damaged: copy the folder again.`))); // Too late when it is whole.
    }).finally(() => {
      script.remove();
      this.#loading.delete(name);
    });
    this.#loading.set(name, loading);
    script.src = address;
    document.head.append(script);
  }
}

/** Notes and stars, kept by this browser where it keeps anything for such a page, else until the page is closed. */
class Notes {
  #place;
  #notes = {};
  #kept = false;

  constructor(id) {
    this.#place = `audio-logging-notes-${id}`;
    try {
      this.#notes = JSON.parse(localStorage.getItem(this.#place)) ?? {};
      localStorage.setItem(this.#place, JSON.stringify(this.#notes));
      this.#kept = true;
    } catch { /* a page in a sandboxed frame, or a browser that keeps nothing */ }
  }

  about() {
    return { kept: this.#kept, where: this.#kept ? "this browser" : null };
  }

  all() {
    return { ...this.#notes };
  }

  set(id, { star = false, text = "" }) {
    const note = { star: Boolean(star), text: String(text), time: Date.now() / 1000 };
    const others = Object.entries(this.#notes).filter(([other]) => other !== id);
    this.#notes = Object.fromEntries(note.star || note.text ? [...others, [id, note]] : others);
    try { if (this.#kept) localStorage.setItem(this.#place, JSON.stringify(this.#notes)); } catch { this.#kept = false; }
    return note;
  }
}

function brief(row) {
  if (!(row.caption?.length > CAPTION_AT_MOST)) return row;
  return { ...row, caption: row.caption.slice(0, CAPTION_AT_MOST), caption_cut: true };
}

function asAnswer(error) {
  if (error.name === "AbortError") throw error;
  return { error: error.message };
}

function wholePage() {
  if (document.readyState !== "loading") return null;
  return new Promise((resolve) => { document.addEventListener("DOMContentLoaded", resolve, { once: true }); });
}

function addressOf(bytes, type) {
  return { url: URL.createObjectURL(new Blob([bytes], type ? { type } : {})), size: bytes.byteLength };
}

function save(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

function toBytes(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function toInt16(base64) {
  return new Int16Array(toBytes(base64).buffer);
}
