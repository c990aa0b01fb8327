// The loudness match of a comparison: measures clips once, and says which gain each gets.

import { peakOf } from "./decoded.js";
import { decibel } from "../page/format.js";

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
   * @param {{id: string}[]} entries
   */
  apply(entries) {
    const clips = entries.map(({ id }) => (this.on ? this.#known.get(id) : undefined));
    this.target = targetOf(clips.filter(audible));
    this.gains = clips.map((clip) => (audible(clip) ? 10 ** ((this.target - clip.lufs) / 20) : 1));
  }

  /** Measures what is not known yet. A clip that cannot be measured keeps its loudness. */
  async measure(entries) {
    const wanted = entries.filter(({ id, buffer }) => buffer && !this.#known.has(id));
    await Promise.all(wanted.map(async ({ id, buffer }) => {
      const { lufs } = await this.#source.levels(id).catch(() => ({ lufs: null }));
      this.#known.set(id, { lufs, peak: peakOf(buffer) });
    }));
  }

  /** What a row says: its gain, and the loudness that it had. */
  textOf({ id, buffer }, place) {
    if (!this.on || !buffer) return "";
    const clip = this.#known.get(id);
    if (!clip) return "measuring…";
    return audible(clip) ? `${gainText(this.gains[place])} (${decibel(clip.lufs, "LUFS")})` : "0 dB (too quiet to match)";
  }
}

function audible(clip) {
  return Number.isFinite(clip?.lufs) && clip.peak > 0;
}

/** The loudness of the loudest clip, or lower, as far as no peak passes full scale. */
function targetOf(clips) {
  if (clips.length === 0) return null;
  const loudest = Math.max(...clips.map(({ lufs }) => lufs));
  return Math.min(loudest, ...clips.map(({ lufs, peak }) => lufs - 20 * Math.log10(peak)));
}

/** A linear gain in dB, with its sign: 2 -> "+6.0 dB" */
export function gainText(gain) {
  const value = Math.round(200 * Math.log10(gain)) / 10;
  return `${value > 0 ? "+" : ""}${decibel(value || 0)}`;
}
