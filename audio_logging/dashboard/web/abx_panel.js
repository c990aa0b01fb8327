// The blind test on the page: how many trials, listening and answering, the result and its download.

import { BlindTest, trialsToCsv } from "./abx.js";
import { MOST_TRIALS } from "./binomial.js";
import { clipName } from "./compare_row.js";
import { attribute, button, clear, element, setText } from "./dom.js";
import { titleOf } from "./format.js";
import { gainText } from "./matched_loudness.js";

const USUAL_TRIALS = 10;
const EXPLANATION = "X is either A or B, drawn anew in each trial. Listen as often as you like, then say which it is. " +
  "The score is shown at the end: seen on the way, it would change how one guesses, and when one stops.";
const LETTERS = ["A", "B", "X"];

/** The panel of the blind test, over the comparison whose transport and clips it uses. */
export class BlindTestPanel {
  #view;
  #places = null; // indices of A and B among the clips
  #test = null;
  #before = null; // what was set before the test

  /** @param {object} view the CompareView */
  constructor(view) {
    this.#view = view;
    this.element = element("section", { class: "abx", attributes: { "aria-label": "Blind test", hidden: true } });
  }

  get open() {
    return this.#places !== null;
  }

  get running() {
    return this.#test !== null && !this.#test.over;
  }

  /** @param {[number, number]} places of A and B among the clips */
  start(places) {
    if (!this.open) this.#before = { matched: this.#view.loudness.on, looped: this.#view.looped };
    this.#places = places;
    this.#test = null;
    this.element.hidden = false;
    this.#view.transport.pause();
    if (!this.#view.looped) this.#view.toggleLoop();
    this.#match(true);
    this.#showSetup();
  }

  /** Back to the comparison. A test that is not over is dropped, and tells nothing. */
  close() {
    if (!this.open) return;
    this.#view.transport.pause();
    this.#places = this.#test = null;
    this.element.hidden = true;
    clear(this.element);
    if (this.#view.looped !== this.#before.looped) this.#view.toggleLoop();
    this.#view.match(this.#before.matched);
  }

  /** A key that is pressed by mistake does not end a test. */
  escape() {
    if (this.running) this.#view.context.announce("The blind test goes on. Its buttons finish or leave it.");
    else this.close();
  }

  /** @param {"A"|"B"|"X"} letter what to hear from now on */
  listen(letter) {
    const { transport } = this.#view;
    transport.select(this.#places[this.#test.listen(letter)], { duck: true });
    if (!transport.playing) {
      transport.seek(transport.loop?.start ?? 0);
      transport.play();
    }
    for (const control of this.element.querySelectorAll("[data-letter]")) attribute(control, "aria-pressed", String(control.dataset.letter === letter));
    this.#allowAnswers();
  }

  #showSetup() {
    const count = element("input", { attributes: { type: "number", min: 1, max: MOST_TRIALS, value: USUAL_TRIALS, id: "abx-trials" } });
    const match = element("input", { attributes: { type: "checkbox" }, on: { change: () => this.#match(match.checked) } });
    match.checked = true;
    const begin = () => this.#begin(Math.max(1, Math.min(MOST_TRIALS, Math.round(count.valueAsNumber) || USUAL_TRIALS)));
    const start = button({ text: "Start", class: "button primary", run: begin });
    this.#fill("Blind test (ABX)",
      element("p", { text: EXPLANATION }),
      this.#pairList(),
      element("label", { class: "abx-field" }, "Trials", count),
      element("label", { class: "abx-field" }, match, "Match loudness: the louder of two clips often sounds the better"),
      element("div", { class: "abx-buttons" }, start, button({ text: "Back", run: () => this.close() })));
    start.focus();
  }

  async #match(matched) {
    await this.#view.match(matched);
    this.element.querySelector(".abx-pair")?.replaceWith(this.#pairList()); // The gains are known now.
  }

  #pairList() {
    const line = (place, letter) => {
      const { row } = this.#view.clips.entries[place];
      const gain = this.#view.loudness.on ? `, ${gainText(this.#view.loudness.gains[place] ?? 1)}` : "";
      return element("li", {}, element("strong", { text: letter }), ` ${place + 1}: ${clipName(row)} (${titleOf(row).slice(0, 100)}${gain})`);
    };
    return element("ul", { class: "abx-pair" }, line(this.#places[0], "A"), line(this.#places[1], "B"));
  }

  #begin(trials) {
    this.#test = new BlindTest(trials);
    this.#view.transport.seek(0);
    const listens = LETTERS.map((letter) => button({ class: "abx-listen", text: letter, label: `Listen to ${letter}`, attributes: { "data-letter": letter, "aria-pressed": "false" }, run: () => this.listen(letter) }));
    const answers = ["A", "B"].map((letter) => button({ text: `X is ${letter}`, class: "button primary", attributes: { "data-answer": letter }, run: () => this.#answer(letter) }));
    this.#fill("Trial", element("div", { class: "abx-listens" }, ...listens), element("div", { class: "abx-buttons" }, ...answers), this.#pairList(),
      element("div", { class: "abx-buttons" }, button({ text: "Finish now", run: () => this.#finish() }), button({ text: "Leave without a result", run: () => this.close() })));
    this.#nextTrial();
  }

  #nextTrial() {
    this.#view.transport.pause();
    setText(this.element.querySelector("h2"), `Trial ${this.#test.answered + 1} of ${this.#test.trials}`);
    for (const control of this.element.querySelectorAll("[data-letter]")) attribute(control, "aria-pressed", "false");
    this.#allowAnswers();
    this.element.querySelector("[data-letter=X]").focus();
  }

  #allowAnswers() {
    for (const control of this.element.querySelectorAll("[data-answer]")) {
      control.disabled = !this.#test.heardX;
      attribute(control, "title", this.#test.heardX ? null : "Listen to X first");
    }
  }

  #answer(letter) {
    this.#test.answer(letter);
    if (this.#test.over) return this.#showResult();
    this.#view.context.announce(`Answered. Trial ${this.#test.answered + 1} of ${this.#test.trials}`);
    this.#nextTrial();
  }

  #finish() {
    if (this.#test.answered === 0) return this.close();
    this.#test.finish();
    this.#showResult();
  }

  #showResult() {
    this.#view.transport.pause();
    this.#view.transport.select(this.#places[0]);
    const result = this.#test.result();
    const { answered, right, p } = result;
    const again = button({ text: "Again", class: "button primary", run: () => this.start(this.#places) });
    this.#fill(`${right} of ${answered} right`,
      element("p", { attributes: { role: "status" }, text: `p = ${p.toPrecision(3)}: who hears no difference gets this many right, or more, in ${(100 * p).toPrecision(3)} % of such tests.` }),
      this.#pairList(), trialTable(result.trials),
      element("div", { class: "abx-buttons" }, button({ text: "Download JSON", icon: "download", run: () => this.#download("json", result) }),
        button({ text: "Download CSV", icon: "download", run: () => this.#download("csv", result) }), again, button({ text: "Back", run: () => this.close() })));
    again.focus();
  }

  #download(format, result) {
    const [a, b] = this.#places.map((place) => this.#describe(place));
    const told = { test: "ABX", finished: new Date().toISOString(), a, b, loudness_matched: this.#view.loudness.on, ...result };
    save(`abx.${format}`, format === "csv" ? trialsToCsv(result.trials) : `${JSON.stringify(told, null, 2)}\n`);
  }

  #describe(place) {
    const { row } = this.#view.clips.entries[place];
    const { id, run, key, step, index, role, clip_id, caption } = row;
    return { id, run, key, step, index, role, clip_id, caption, gain_db: 20 * Math.log10(this.#view.loudness.gains[place] ?? 1) };
  }

  #fill(title, ...children) {
    clear(this.element).append(element("h2", { text: title }), ...children);
    this.#view.show();
  }
}

function trialTable(trials) {
  const head = ["Trial", "X was", "You said", ""].map((text) => element("th", { attributes: { scope: "col" }, text }));
  const rows = trials.map(({ trial, x, answer, correct }) => element("tr", {}, ...[trial, x, answer, correct ? "right" : "wrong"].map((text) => element("td", { text: String(text) }))));
  return element("div", { class: "abx-table" }, element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)));
}

function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  element("a", { attributes: { href: url, download: name } }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
