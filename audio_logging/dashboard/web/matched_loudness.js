// The loudness match of a comparison: measures clips once, and says which gain each gets.

import { channelsOf } from "./decoded.js";
import { decibel } from "./format.js";
import { integratedLoudness, matchingGains, peakOf } from "./loudness.js";

/** Loudness of clips, by id, and their gains while the match is on. */
export class MatchedLoudness {
  #source;
  #known = new Map(); // id -> {lufs, peak}
  on = false;
  gains = []; // linear, in the order of the entries
  target = null; // [LUFS]

  constructor(source) {
    this.#source = source;
  }

  /**
   * Sets the gains of clips that are compared.
   * @param {{id: string, buffer: AudioBuffer|null}[]} entries
   */
  apply(entries) {
    const clips = entries.map((entry) => this.#known.get(entry.id) ?? { lufs: null, peak: 0 });
    const { target, gains } = this.on ? matchingGains(clips) : { target: null, gains: clips.map(() => 1) };
    Object.assign(this, { target, gains });
  }

  /** Measures what is not known yet: the server's figures, else our own. */
  async measure(entries) {
    const wanted = entries.filter((entry) => entry.buffer && !this.#known.has(entry.id));
    await Promise.all(wanted.map(async ({ id, buffer }) => {
      const channels = channelsOf(buffer);
      const told = await this.#source.levels(id).catch(() => ({}));
      this.#known.set(id, { lufs: told.lufs ?? integratedLoudness(channels, buffer.sampleRate), peak: peakOf(channels) });
    }));
  }

  /** What a row says: its gain, and the loudness that it had. */
  textOf({ id, buffer }, place) {
    if (!this.on || !buffer) return "";
    if (!this.#known.has(id)) return "measuring…";
    const { lufs } = this.#known.get(id);
    return lufs === null ? "0 dB (too quiet to match)" : `${gainText(this.gains[place])} (${decibel(lufs, "LUFS")})`;
  }
}

/** A linear gain in dB, with its sign: 2 -> "+6.0 dB" */
export function gainText(gain) {
  const value = 20 * Math.log10(gain);
  return value >= 0.05 ? `+${decibel(value)}` : decibel(Math.min(value, 0) > -0.05 ? 0 : value);
}
