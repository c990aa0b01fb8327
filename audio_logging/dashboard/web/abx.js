// A blind test: is X the clip A or the clip B? Which it is stays inside until the test is over.

import { guessingChance } from "./binomial.js";

/** A random bit that nobody can foresee. */
function randomBit() {
  return crypto.getRandomValues(new Uint8Array(1))[0] & 1;
}

/** A run of trials. X is drawn anew in each. */
export class BlindTest {
  #x; // 0: X is A, 1: X is B
  #flip;
  #clock;
  #begun;
  #heard = { A: 0, B: 0, X: 0 };
  #answers = [];

  /**
   * @param {number} trials
   * @param {{flip?: () => 0|1, clock?: () => number}} [options] clock in [ms]
   */
  constructor(trials, { flip = randomBit, clock = () => performance.now() } = {}) {
    this.trials = trials;
    this.#flip = flip;
    this.#clock = clock;
    this.#draw();
  }

  /** Trials answered so far. */
  get answered() {
    return this.#answers.length;
  }

  get over() {
    return this.answered >= this.trials;
  }

  /** Whether X of the present trial was listened to. */
  get heardX() {
    return this.#heard.X > 0;
  }

  /**
   * Counts that something is listened to.
   * @param {"A"|"B"|"X"} letter
   * @returns {0|1} which clip of the pair that is
   */
  listen(letter) {
    this.#heard[letter] += 1;
    return { A: 0, B: 1, X: this.#x }[letter];
  }

  /** @param {"A"|"B"} answer what X is, in the listener's opinion */
  answer(answer) {
    if (this.over) return;
    const x = "AB"[this.#x];
    const seconds = Math.round(this.#clock() - this.#begun) / 1000;
    this.#answers.push({ trial: this.answered + 1, x, answer, correct: x === answer, seconds, heard: this.#heard });
    this.#draw();
  }

  /** Ends the test; from then on it tells. */
  finish() {
    this.trials = this.answered;
  }

  /**
   * @returns {{trials: object[], answered: number, right: number, p: number}|null} null while the test goes on;
   *   p: the chance to get this many right, or more, by guessing
   */
  result() {
    if (!this.over) return null;
    const right = this.#answers.filter((answer) => answer.correct).length;
    return { trials: this.#answers, answered: this.answered, right, p: guessingChance(right, this.answered) };
  }

  #draw() {
    this.#x = this.#flip();
    this.#heard = { A: 0, B: 0, X: 0 };
    this.#begun = this.#clock();
  }
}

/**
 * The trials as a table for a spreadsheet.
 * @param {object[]} trials
 * @returns {string}
 */
export function trialsToCsv(trials) {
  const rows = trials.map(({ trial, x, answer, correct, seconds, heard }) => [trial, x, answer, correct, seconds, heard.A, heard.B, heard.X]);
  return [["trial", "x", "answer", "correct", "seconds", "heard_a", "heard_b", "heard_x"], ...rows].map((row) => `${row.join(",")}\n`).join("");
}
