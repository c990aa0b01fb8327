// The blind test on the page: how many trials, listening and answering, the result and its download.

import { BlindTest } from "./abx.js";
import { MOST_TRIALS } from "./binomial.js";
import { clipName } from "./compare_row.js";
import { attribute, button, element, setText } from "../page/dom.js";
import { titleOf } from "../page/format.js";
import { gainText } from "./matched_loudness.js";
import { tickBox } from "../page/menu.js";
import { saveAs } from "../state/notes.js";

const USUAL_TRIALS = 10;
const EXPLANATION = "X is A or B, drawn anew in each trial. Listen as often as you like, then say which it is. The score is shown at the end.";
const LETTERS = ["A", "B", "X"];

/** The panel of the blind test, over the comparison whose transport and clips it uses. */
export class BlindTestPanel {
  #view;
  #places = null; // indices of A and B among the clips
  #test = null;
  #before = null; // what was set before the test
  #letter = null; // heard last in this trial

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
    const { transport, loudness } = this.#view;
    if (!this.open) this.#before = { matched: loudness.on, looped: transport.looped };
    this.#places = places;
    this.#test = null;
    this.element.hidden = false;
    transport.pause();
    transport.setLooped(true);
    this.#match(true);
    this.#showSetup();
  }

  /** Back to the comparison. A test that is not over is dropped, and tells nothing. */
  close() {
    if (!this.open) return;
    const { transport } = this.#view;
    transport.pause();
    this.#places = this.#test = null;
    this.element.hidden = true;
    this.element.replaceChildren();
    transport.setLooped(this.#before.looped);
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
    this.#letter = letter;
    transport.select(this.#places[this.#test.listen(letter)], { duck: true });
    if (!transport.playing) {
      transport.seek(transport.loop?.start ?? 0);
      transport.play();
    }
    this.#showTrial();
  }

  /** Play, in a trial that heard nothing yet, means X: what the last trial played would be taken for it. */
  started() {
    if (this.running && this.#letter === null) this.listen("X");
  }

  #showSetup() {
    const count = element("input", { attributes: { type: "number", min: 1, max: MOST_TRIALS, value: USUAL_TRIALS, id: "abx-trials" } });
    const begin = () => this.#begin(Math.max(1, Math.min(MOST_TRIALS, Math.round(count.valueAsNumber) || USUAL_TRIALS)));
    const start = button({ text: "Start", class: "button primary", run: begin });
    this.#fill("Blind test (ABX)",
      element("p", { text: EXPLANATION }),
      this.#pairList(),
      element("label", { class: "tick" }, "Trials", count),
      tickBox("Match loudness: the louder of two clips often sounds the better", { checked: true, run: (matched) => this.#match(matched) }),
      buttons(start, this.#backButton("Back")));
    start.focus();
  }

  async #match(matched) {
    await this.#view.match(matched);
    this.element.querySelector(".abx-pair")?.replaceWith(this.#pairList()); // The gains are known now.
  }

  #backButton(text) {
    return button({ text, run: () => this.close() });
  }

  #pairList() {
    const line = (letter, i) => {
      const { place, row, gain } = this.#clip(i);
      return element("li", {}, element("strong", { text: letter }), ` ${place + 1}: ${clipName(row)} (${titleOf(row).slice(0, 100)}, ${gainText(gain)})`);
    };
    return element("ul", { class: "abx-pair" }, ...["A", "B"].map(line));
  }

  #clip(i) {
    const place = this.#places[i];
    return { place, row: this.#view.clips.entries[place].row, gain: this.#view.loudness.gains[place] };
  }

  #begin(trials) {
    this.#test = new BlindTest(trials);
    this.#view.transport.seek(0);
    const listens = LETTERS.map((letter) => button({ class: "abx-listen", text: letter, label: `Listen to ${letter}`, attributes: { "data-letter": letter }, run: () => this.listen(letter) }));
    const answers = ["A", "B"].map((letter) => button({ text: `X is ${letter}`, class: "button primary", attributes: { "data-answer": letter }, run: () => this.#answer(letter) }));
    this.#fill("Trial", element("div", { class: "abx-listens" }, ...listens), buttons(...answers), this.#pairList(),
      buttons(button({ text: "Finish now", run: () => this.#finish() }), this.#backButton("Leave without a result")));
    this.#nextTrial();
  }

  #nextTrial() {
    this.#view.transport.pause();
    setText(this.element.querySelector("h2"), `Trial ${this.#test.answered + 1} of ${this.#test.trials}`);
    this.#letter = null;
    this.#showTrial();
    this.element.querySelector("[data-letter=X]").focus();
  }

  /** Which letter is heard, and whether X was, so that an answer can be given. */
  #showTrial() {
    for (const control of this.element.querySelectorAll("[data-letter]")) attribute(control, "aria-pressed", String(control.dataset.letter === this.#letter));
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
      this.#pairList(),
      buttons(button({ text: "Download", icon: "download", run: () => this.#download(result) }), again, this.#backButton("Back")));
    again.focus();
  }

  #download(result) {
    const [a, b] = [0, 1].map((i) => this.#describe(i));
    saveAs("abx.json", JSON.stringify({ test: "ABX", finished: new Date().toISOString(), a, b, ...result }, null, 2));
  }

  #describe(i) {
    const { row, gain } = this.#clip(i);
    const { id, run, key, step, index, role, clip_id } = row;
    return { id, run, key, step, index, role, clip_id, gain_db: 20 * Math.log10(gain) };
  }

  #fill(title, ...children) {
    this.element.replaceChildren(element("h2", { text: title }), ...children);
    this.#view.show();
  }
}

function buttons(...children) {
  return element("div", { class: "abx-buttons" }, ...children);
}
