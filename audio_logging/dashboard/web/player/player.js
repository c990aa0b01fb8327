// The one player of the page: one audio element, and never a sound of any clip but the last one asked for.

import { AudioGraph } from "./audio_graph.js";
import { MISSING, whyNotPlaying } from "./playback_error.js";

const [SLOWEST, FASTEST] = [0.25, 4];
const SHORTEST_REGION = 0.005; // [s]
const LONGEST_EXACT_LOOP = 120; // [s] of all channels together. Longer clips loop by seeking: decoded they would take too much memory.
const NEAR_END = 0.01; // [s]

/**
 * Plays one clip at a time. Events: "load", "play", "playing", "pause", "time" (each animation frame while playing), "ended",
 * "error" (detail: {message}), "refused" (the browser waits for a click), "region", "loop", "rate", "volume", "channel".
 */
export class Player extends EventTarget {
  #source;
  #audio = new Audio();
  #generation = 0;
  #row = null;
  #ready = false; // The audio element holds the present clip, not a former one.
  #wanted = false; // Playing is asked for, heard already or not.
  #at = 0; // The time asked for while nothing is loaded; later the one of the last frame.
  #region = null;
  #loop = false;
  #channel = "mix";
  #volume = 1;
  #muted = false;
  #message = null;
  #graph = null;
  #buffer = null; // undefined: none can be had.
  #exact = null;
  #frame = 0;

  /** @param {{mediaUrl: (id: string) => string|Promise<string>, bytes: (id: string) => Promise<ArrayBuffer>}} source */
  constructor(source) {
    super();
    this.#source = source;
    this.#audio.preload = "auto";
    this.#audio.preservesPitch = true;
    this.#audio.id = "audio";
    this.#audio.hidden = true;
    document.body.append(this.#audio);
    this.#listen();
  }

  /** @returns {object|null} the row of the last clip asked for */
  get row() {
    return this.#row;
  }

  /** @returns {number} [s] */
  get time() {
    if (this.#exact) return this.#exact.time();
    return this.#ready && this.#audio.readyState > 0 ? this.#audio.currentTime : this.#at;
  }

  /** @returns {number} [s], 0 while unknown */
  get duration() {
    if (this.#row?.duration > 0) return this.#row.duration;
    return this.#ready && Number.isFinite(this.#audio.duration) ? this.#audio.duration : 0;
  }

  /** @returns {boolean} playing, or about to */
  get playing() {
    return this.#wanted;
  }

  /** @returns {{start: number, end: number}|null} [s] */
  get region() {
    return this.#region;
  }

  get loop() {
    return this.#loop;
  }

  get rate() {
    return this.#audio.playbackRate;
  }

  get volume() {
    return this.#volume;
  }

  get muted() {
    return this.#muted;
  }

  /** @returns {"mix"|number} */
  get channel() {
    return this.#channel;
  }

  /** @returns {string|null} why the present clip does not play */
  get message() {
    return this.#message;
  }

  /**
   * Takes up another clip; whatever was heard stops at once.
   * @param {object} row
   * @param {{play?: boolean, at?: number}} [options] at [s]
   */
  async load(row, { play = false, at = 0 } = {}) {
    this.#drop();
    const generation = this.#generation;
    this.#row = row;
    this.#at = Math.max(0, at || 0);
    this.#wanted = play;
    if (this.#channel !== "mix" && this.#channel >= (row.channels ?? 1)) this.setChannel("mix");
    this.#emit("load");
    try {
      if (row.missing) throw new Error(MISSING);
      const url = await this.#source.mediaUrl(row.id);
      if (generation === this.#generation) this.#open(url);
    } catch (error) {
      this.#fail(generation, error.message);
    }
  }

  /** Lets go of the clip: a "load" event of no row. */
  stop() {
    this.#drop();
    this.#audio.load();
    this.#emit("load");
  }

  #drop() {
    this.#generation += 1;
    this.#leaveExact();
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    cancelAnimationFrame(this.#frame);
    this.#ready = this.#wanted = false;
    this.#row = this.#region = this.#message = this.#buffer = null;
    this.#at = 0;
  }

  play() {
    if (!this.#row) return;
    if (this.#message !== null) return void this.load(this.#row, { play: true, at: this.time });
    if (this.duration > 0 && this.time >= this.duration - NEAR_END) this.seek(this.#region?.start ?? 0);
    this.#intoLoop();
    this.#wanted = true;
    this.#emit("play");
    if (this.#ready) this.#start();
  }

  pause() {
    if (!this.#wanted) return;
    this.#wanted = false;
    this.#leaveExact();
    this.#audio.pause();
    this.#emit("pause");
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** @param {number} time [s] */
  seek(time) {
    const to = Math.max(0, this.duration > 0 ? Math.min(time, this.duration) : time);
    this.#leaveExact();
    this.#jump(to);
    this.#emit("time");
  }

  /** @param {number} seconds forwards, or backwards when negative */
  skip(seconds) {
    this.seek(this.time + seconds);
  }

  /** @param {number} rate 0.25 to 4; the pitch stays */
  setRate(rate) {
    const wanted = Math.min(FASTEST, Math.max(SLOWEST, rate));
    this.#leaveExact();
    this.#audio.defaultPlaybackRate = wanted; // Loading another clip resets the speed to this.
    this.#audio.playbackRate = wanted;
    this.#emit("rate");
  }

  /** @param {number} volume 0 to 1 */
  setVolume(volume) {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.#applyVolume();
  }

  /** @param {boolean} muted */
  setMuted(muted) {
    this.#muted = muted;
    this.#applyVolume();
  }

  /** @param {{start: number, end: number}|null} region [s]; played once, or again and again with setLoop(true) */
  setRegion(region) {
    this.#leaveExact();
    const start = Math.max(0, Math.min(region?.start, region?.end));
    const end = Math.min(this.duration || Infinity, Math.max(region?.start, region?.end));
    this.#region = end - start >= SHORTEST_REGION ? Object.freeze({ start, end }) : null;
    this.#emit("region");
  }

  /** @param {boolean} loop the region, or the clip where there is none */
  setLoop(loop) {
    this.#loop = loop;
    if (!loop) this.#leaveExact();
    else if (this.#wanted) this.#intoLoop();
    this.#emit("loop");
  }

  /** @param {"mix"|number} channel heard alone, on both ears */
  setChannel(channel) {
    if (channel === this.#channel) return;
    this.#channel = channel;
    this.#graph ??= new AudioGraph();
    this.#graph.attach(this.#audio);
    this.#graph.hear(channel);
    if (this.#wanted) this.#graph.resume();
    this.#emit("channel");
  }

  #listen() {
    const on = (type, run) => this.#audio.addEventListener(type, () => this.#ready && run());
    on("playing", () => this.#wanted && this.#began());
    on("pause", () => this.#paused());
    on("ended", () => this.#ended());
    on("timeupdate", () => this.#watchRegion()); // Animation frames stop in a hidden tab; loops go on.
    on("durationchange", () => this.#emit("time"));
    on("error", () => this.#explain());
  }

  /** By the browser: media keys, a phone call. What was paused here, or plays again by now, is no news. */
  #paused() {
    if (this.#audio.paused && !this.#audio.ended && !this.#exact) this.pause();
  }

  #emit(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #open(url) {
    const at = this.#at;
    this.#audio.src = url;
    this.#ready = true;
    if (at > 0) this.#audio.currentTime = at;
    if (this.#wanted) this.#start();
  }

  #start() {
    const generation = this.#generation;
    if (this.#graph && !this.#graph.running) this.#graph.resume();
    this.#audio.play().catch((error) => {
      if (error.name === "NotAllowedError") this.#refused(generation);
    });
  }

  #refused(generation) {
    if (generation !== this.#generation) return;
    this.pause();
    this.#emit("refused");
  }

  #began() {
    this.#emit("playing");
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#tick());
  }

  #tick() {
    if (!this.#wanted) return;
    this.#watchRegion();
    this.#emit("time");
    this.#frame = requestAnimationFrame(() => this.#tick());
  }

  #watchRegion() {
    if (!this.#wanted || this.#exact || this.#audio.seeking) return;
    if (this.#loop && this.#buffer === null) this.#prepareExact();
    const before = this.#at;
    this.#at = this.#audio.currentTime;
    if (this.#region && before < this.#region.end && this.#at >= this.#region.end) this.#turn();
  }

  #ended() {
    if (this.#loop || (this.#region && this.#region.end >= this.duration - NEAR_END)) return this.#turn();
    this.#wanted = false;
    this.#emit("pause");
    this.#emit("ended");
  }

  /** At the end of the region, or of the clip when it loops. */
  #turn() {
    const span = this.#region ?? { start: 0, end: this.duration };
    if (!this.#loop) {
      this.pause();
      this.seek(span.start);
      this.#emit("ended");
    } else if (this.#buffer && this.#graph.running && this.rate === 1) {
      this.#exact = this.#graph.loop(this.#buffer, span, span.start);
      this.#audio.pause();
    } else {
      this.#jump(span.start);
      if (this.#audio.paused) this.#start();
    }
  }

  /** A region that loops is what one wants to hear. */
  #intoLoop() {
    const { time } = this;
    if (this.#loop && this.#region && (time < this.#region.start || time >= this.#region.end)) this.seek(this.#region.start);
  }

  #jump(time) {
    this.#at = time;
    // Just before the end: Chromium fails to seek to the very end of a FLAC file.
    if (this.#ready) this.#audio.currentTime = Math.min(time, Math.max(0, this.duration - NEAR_END / 2) || time);
  }

  /** From the exact loop back to the audio element, at the same time. */
  #leaveExact() {
    if (!this.#exact) return;
    const time = this.#exact.time();
    this.#exact.stop();
    this.#exact = null;
    this.#jump(time);
    if (this.#wanted) this.#start();
  }

  async #prepareExact() {
    this.#buffer = undefined;
    if (!(this.duration * (this.#row.channels ?? 2) <= LONGEST_EXACT_LOOP)) return;
    const generation = this.#generation;
    this.#graph ??= new AudioGraph();
    this.#applyVolume();
    try {
      const bytes = await this.#source.bytes(this.#row.id);
      const buffer = await this.#graph.decode(bytes);
      if (generation === this.#generation) this.#buffer = buffer;
    } catch {
      // The clip loops by seeking then.
    }
  }

  #applyVolume() {
    this.#audio.volume = this.#volume;
    this.#audio.muted = this.#muted;
    this.#graph?.setLoopVolume(this.#muted ? 0 : this.#volume);
    this.#emit("volume");
  }

  async #explain() {
    const generation = this.#generation;
    this.#fail(generation, await whyNotPlaying(this.#row, this.#audio));
  }

  #fail(generation, message) {
    if (generation !== this.#generation) return;
    this.#message = message;
    this.pause();
    this.#emit("error", { message });
  }
}
