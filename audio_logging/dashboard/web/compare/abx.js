// A blind test: is X the clip A or the clip B? Which it is stays inside until the test is over.

import { guessingChance } from "./binomial.js";

/** A run of trials. X is drawn anew in each. */
export class BlindTest {
  #x; // 0: X is A, 1: X is B
  #begun;
  #heard = { A: 0, B: 0, X: 0 };
  #answers = [];

  /** @param {number} trials */
  constructor(trials) {
    this.trials = trials;
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
    const x = "AB"[this.#x];
    const seconds = Math.round(performance.now() - this.#begun) / 1000;
    this.#answers.push({ trial: this.answered + 1, x, answer, correct: x === answer, seconds, heard: this.#heard });
    this.#draw();
  }

  /** Ends the test; from then on it tells. */
  finish() {
    this.trials = this.answered;
  }

  /**
   * Of a test that is over.
   * @returns {{trials: object[], answered: number, right: number, p: number}} p: the chance to get this many right, or more, by guessing
   */
  result() {
    const right = this.#answers.filter((answer) => answer.correct).length;
    return { trials: this.#answers, answered: this.answered, right, p: guessingChance(right, this.answered) };
  }

  #draw() {
    this.#x = crypto.getRandomValues(new Uint8Array(1))[0] & 1; // Nobody can foresee it.
    this.#heard = { A: 0, B: 0, X: 0 };
    this.#begun = performance.now();
  }
}
