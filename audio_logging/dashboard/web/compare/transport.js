// Plays a comparison: one clock for all clips, with play, seek, loop, speed and volume.

import { buildMix, onFrame } from "./mixer.js";

const QUANTUM = 128; // frames that a browser computes at once
const LEAD = 0.02; // [s] from asking to sounding, so that every source has started in time
const FADE_OUT = 0.005; // [s] a stop in the middle of a wave would click
const SHORTEST = 0.005; // [s] A shorter region is a slip of the hand.

/**
 * One transport for all clips of a comparison. Events: "change" (playing, choice, loop, rate), "time" (each frame of the
 * screen while it plays).
 */
export class Transport extends EventTarget {
  #context = null;
  #volume = null;
  #mix = null;
  #startedAt = 0; // [s] of the context
  #offset = 0; // [s] of the clips, where the clock stood then
  #request = 0; // play and pause that come later win
  #awaited = false; // asked to play before the clips were there
  buffers = [];
  gains = [];
  selected = 0;
  looped = false;
  region = null; // {start, end} [s]
  rate = 1;
  volume = 1;

  /**
   * Takes other clips and plays on where it was, if it played. While there are none it waits for some.
   * @param {(AudioBuffer|null)[]} buffers of one sample rate
   * @param {{selected: import("./mixer.js").Selected, gains: number[]}} heard of them
   */
  load(buffers, heard) {
    const playsOn = this.playing || this.#awaited;
    const rate = buffers.find(Boolean)?.sampleRate ?? null;
    if (rate !== this.sampleRate) this.pause();
    const end = durationOf(buffers);
    if (rate && rate !== this.#context?.sampleRate) this.#closeContext();
    if (rate && !this.playing) this.#offset = Math.min(this.#offset, end);
    this.#change({ ...heard, buffers, region: rate ? within(this.region, end) : this.region });
    if (playsOn) this.play();
  }

  get sampleRate() {
    return this.buffers.find(Boolean)?.sampleRate ?? null;
  }

  /** [s] of the longest clip */
  get duration() {
    return durationOf(this.buffers);
  }

  /** What is played again and again: the region, or everything. @returns {{start: number, end: number}|null} [s] */
  get loop() {
    const end = this.duration;
    return this.looped && end > 0 ? (this.region ?? { start: 0, end }) : null;
  }

  /** @returns {boolean} */
  get playing() {
    return this.#mix !== null;
  }

  /** [s] */
  get time() {
    return this.playing ? this.#timeAt(this.#context.currentTime) : this.#offset;
  }

  async play() {
    if (this.playing) return;
    this.#awaited = !this.sampleRate;
    if (this.#awaited) return;
    const request = (this.#request += 1);
    this.#open();
    await this.#context.resume();
    if (request !== this.#request || this.playing) return;
    this.#start(this.#soon(LEAD), this.#offset >= this.duration ? 0 : this.#offset);
    this.#tell("change");
    this.#tick();
  }

  pause() {
    this.#request += 1;
    this.#awaited = false;
    if (!this.playing) return;
    this.#offset = Math.min(this.time, this.duration);
    this.#stop(this.#context.currentTime);
    this.#tell("change");
  }

  toggle() {
    return this.playing || this.#awaited ? this.pause() : this.play();
  }

  /** @param {number} seconds */
  seek(seconds) {
    const to = Math.max(0, Math.min(seconds, this.duration));
    if (this.playing) this.#restart(to);
    else this.#offset = to;
    this.#tell("time");
  }

  /** @param {number} seconds forwards, or backwards when negative */
  skip(seconds) {
    this.seek(this.time + seconds);
  }

  /**
   * Lets another clip, or the difference of two, be heard from now on.
   * @param {import("./mixer.js").Selected} selected
   * @param {{gains?: number[], duck?: boolean}} [options] gains: linear, one a clip; duck: through silence, so that a switch to
   *   the same clip sounds the same
   */
  select(selected, { gains = this.gains, duck = false } = {}) {
    Object.assign(this, { selected, gains });
    this.#mix?.select(gains, selected, this.#soon(0), duck);
    this.#tell("change");
  }

  /** @param {boolean} looped the region, or everything; a region ends with its loop */
  setLooped(looped) {
    this.#change({ looped, region: looped ? this.region : null });
  }

  /** @param {{start: number, end: number}|null} wanted [s]; a region is looped */
  setRegion(wanted) {
    const region = within(wanted, this.duration);
    this.#change({ region, looped: this.looped || region !== null });
  }

  /** @param {number} rate of all clips; pitch goes with it */
  setRate(rate) {
    this.#change({ rate });
  }

  /** What is set when clips start: they start again, at the place where they are. */
  #change(setting) {
    const at = this.#soon(LEAD);
    const position = this.playing && this.#timeAt(at);
    Object.assign(this, setting);
    if (this.playing) this.#restart(position, at);
    this.#tell("change");
  }

  /** @param {number} volume linear */
  setVolume(volume) {
    this.volume = volume;
    if (this.#volume) this.#volume.gain.value = volume;
  }

  destroy() {
    this.pause();
    this.#closeContext();
    this.buffers = [];
  }

  #open() {
    if (this.#context) return;
    this.#context = new AudioContext({ sampleRate: this.sampleRate }); // So that nothing is resampled on the way to the device's rate.
    this.#volume = this.#context.createGain();
    this.#volume.gain.value = this.volume;
    this.#volume.connect(this.#context.destination);
  }

  #closeContext() {
    this.#context?.close();
    this.#context = null;
    this.#volume = null;
  }

  #soon(lead) {
    if (!this.#context) return 0;
    const { currentTime, sampleRate } = this.#context;
    return onFrame(currentTime + Math.max(lead, QUANTUM / sampleRate), sampleRate);
  }

  #start(when, offset) {
    const { buffers, gains, selected, rate, loop } = this;
    const from = loop && (offset < loop.start || offset >= loop.end) ? loop.start : offset;
    this.#mix = buildMix(this.#context, buffers, { gains, selected, rate, loop, destination: this.#volume });
    this.#mix.start(when, from);
    this.#startedAt = when;
    this.#offset = from;
    if (!loop) this.#watchEnd(this.#mix);
  }

  #stop(when) {
    const { output } = this.#mix;
    output.gain.setValueAtTime(1, when);
    output.gain.linearRampToValueAtTime(0, when + FADE_OUT);
    this.#mix.stop(when + FADE_OUT);
    this.#mix = null;
  }

  #restart(position, at = this.#soon(LEAD)) {
    this.#stop(at);
    this.#start(at, position);
    const { gain } = this.#mix.output;
    gain.setValueAtTime(0, at);
    gain.linearRampToValueAtTime(1, at + FADE_OUT);
  }

  #watchEnd(mix) {
    const longest = this.buffers.findIndex((buffer) => buffer?.duration === this.duration);
    mix.voices[longest].source.onended = () => {
      if (this.#mix !== mix) return;
      this.#mix = null;
      this.#offset = this.duration;
      this.#tell("change");
    };
  }

  #timeAt(time) {
    const position = this.#offset + Math.max(0, time - this.#startedAt) * this.rate;
    const { loop } = this;
    if (!loop) return Math.min(position, this.duration);
    const { start, end } = loop;
    return position < end ? position : start + ((position - start) % (end - start));
  }

  #tick() {
    if (!this.playing) return;
    this.#tell("time");
    requestAnimationFrame(() => this.#tick());
  }

  #tell(type) {
    this.dispatchEvent(new Event(type));
  }
}

function durationOf(buffers) {
  return Math.max(0, ...buffers.map((buffer) => buffer?.duration ?? 0));
}

/** As much of a region as lies before the end, if that is anything. */
function within(region, duration) {
  if (!region) return null;
  const { start } = region;
  const end = Math.min(region.end, duration);
  return end - start >= SHORTEST ? { start, end } : null;
}
