// The loudness match of a comparison: measures clips once, and says which gain each gets.

import { peakOf } from "./decoded.js";
import { decibel } from "../page/format.js";

// [dB] BS.1770 counts the one channel of a mono clip once, and it is heard on both ears. Of more than two channels browsers play a
// mix (4, 6) or the first two: those count as they do in the file.
const BOTH_EARS = 10 * Math.log10(2);

/** Loudness of clips, by id, and their gains while the match is on. */
export class MatchedLoudness {
  #source;
  #known = new Map(); // id -> {lufs, peak, mono}
  #clips = []; // what is known of the entries; lufs as they are heard
  on = false;
  gains = []; // linear, in the order of the entries
  target = null; // [LUFS]
  mixed = false; // mono clips among others

  constructor(source) {
    this.#source = source;
  }

  /**
   * Sets the gains of clips that are compared.
   * @param {{id: string}[]} entries
   */
  apply(entries) {
    const known = entries.map(({ id }) => (this.on ? this.#known.get(id) : undefined));
    this.mixed = new Set(known.filter(Boolean).map(({ mono }) => mono)).size > 1;
    this.#clips = known.map((clip) => (this.mixed && clip?.mono ? { ...clip, lufs: clip.lufs + BOTH_EARS } : clip));
    this.target = targetOf(this.#clips.filter(audible));
    this.gains = this.#clips.map((clip) => (audible(clip) ? 10 ** ((this.target - clip.lufs) / 20) : 1));
  }

  /** Measures what is not known yet. A clip that cannot be measured keeps its loudness. */
  async measure(entries) {
    const wanted = entries.filter(({ id, buffer }) => buffer && !this.#known.has(id));
    await Promise.all(wanted.map(async ({ id, buffer }) => {
      const { lufs } = await this.#source.levels(id).catch(() => ({ lufs: null }));
      this.#known.set(id, { lufs: lufs ?? NaN, peak: peakOf(buffer), mono: buffer.numberOfChannels === 1 });
    }));
  }

  /** What a row says: its gain, and the loudness that it had. */
  textOf({ buffer }, place) {
    if (!this.on || !buffer) return "";
    const clip = this.#clips[place];
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
