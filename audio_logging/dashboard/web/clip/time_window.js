// The stretch of time that waveform and spectrogram show together.

const SHORTEST = 0.002; // [s] Below this there are a few dozen samples on the screen.

/** A part of a clip, as wide as the view. Tells of each change with a "change" event. */
export class TimeWindow extends EventTarget {
  #duration = 0;
  #start = 0;
  #end = 0;

  get start() {
    return this.#start;
  }

  get end() {
    return this.#end;
  }

  get duration() {
    return this.#duration;
  }

  get zoomed() {
    return this.#end - this.#start < this.#duration;
  }

  /** Shows all of a clip. @param {number} duration [s] */
  reset(duration) {
    this.#duration = duration;
    this.#start = 0;
    this.#end = duration;
    this.dispatchEvent(new Event("change"));
  }

  /** Shows from start to end [s], as far as the clip reaches. */
  show(start, end) {
    const span = Math.min(this.#duration, Math.max(SHORTEST, end - start));
    const from = Math.round(Math.max(0, Math.min(start, this.#duration - span)) * 1e6) / 1e6;
    if (from === this.#start && from + span === this.#end) return;
    this.#start = from;
    this.#end = from + span;
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Comes closer (factor below 1) or goes back, so that one time stays where it is.
   * @param {number} factor
   * @param {number} at [s]
   */
  zoom(factor, at) {
    const span = Math.min(this.#duration, Math.max(SHORTEST, (this.#end - this.#start) * factor));
    const start = at - span * this.fraction(at);
    this.show(start, start + span);
  }

  /** Moves without zooming. @param {number} seconds */
  pan(seconds) {
    this.show(this.#start + seconds, this.#end + seconds);
  }

  /** Where a time lies in the view: 0 at its left edge, 1 at its right one. */
  fraction(time) {
    return this.#end > this.#start ? (time - this.#start) / (this.#end - this.#start) : 0;
  }

  /** The time at a place of the view, from 0 (left) to 1 (right). @returns {number} [s] */
  time(fraction) {
    return this.#start + Math.min(1, Math.max(0, fraction)) * (this.#end - this.#start);
  }
}
