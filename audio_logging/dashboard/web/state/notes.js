// Stars and notes on clips: loaded once, changed at once on the page, saved shortly after.

const SAVE_AFTER = 600; // [ms] after the last key
const EMPTY = Object.freeze({ star: false, text: "" });

/** Events: "change" (detail: id, or null for all), "error" (detail: {error, retry}). */
export class Notes extends EventTarget {
  #source;
  #notes = new Map();
  #timers = new Map();

  /** {kept, where}: whether notes outlive the dashboard's process, and in which file. */
  place = { kept: true, where: null };

  constructor(source) {
    super();
    this.#source = source;
    addEventListener("pagehide", () => this.saveNow());
  }

  async load() {
    try {
      for (const [id, note] of Object.entries(await this.#source.notes())) if (!this.#timers.has(id)) this.#notes.set(id, { ...EMPTY, ...note });
      this.#tell("change", null);
    } catch (error) {
      this.#tell("error", { error, retry: () => this.load() });
    }
  }

  /** Take in what the dashboard says of where notes are kept. */
  settle(place) {
    this.place = place ?? this.place;
    this.#tell("change", null);
  }

  get(id) {
    return this.#notes.get(id) ?? EMPTY;
  }

  get count() {
    return [...this.#notes.values()].filter((note) => note.star || note.text).length;
  }

  /** Turn a clip's star on or off. @returns {boolean} what it is now */
  star(id) {
    const star = !this.get(id).star;
    this.#change(id, { star }, 0);
    return star;
  }

  /** Write a clip's note. */
  write(id, text) {
    if (text !== this.get(id).text) this.#change(id, { text }, SAVE_AFTER);
  }

  /** Save what waits. */
  saveNow() {
    for (const [id, timer] of [...this.#timers]) {
      clearTimeout(timer);
      this.#save(id);
    }
  }

  /** All notes as a JSON text, as the dashboard's own file holds them. */
  toJson() {
    const kept = [...this.#notes].filter(([, note]) => note.star || note.text);
    return `${JSON.stringify({ notes: Object.fromEntries(kept) }, null, 2)}\n`;
  }

  #change(id, patch, delay) {
    this.#notes.set(id, { ...this.get(id), ...patch });
    clearTimeout(this.#timers.get(id));
    this.#timers.set(id, setTimeout(() => this.#save(id), delay));
    this.#tell("change", id);
  }

  async #save(id) {
    this.#timers.delete(id);
    const { star, text } = this.get(id);
    try {
      await this.#source.setNote(id, { star, text });
      this.#tell("saved", id);
    } catch (error) {
      this.#tell("error", { error, retry: () => this.#save(id) });
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Give a text to the reader as a file. */
export function saveAs(name, text, type = "application/json") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
