// The samples of clips in the page's memory: at which rate they are decoded, how much room they take, how they look.

import { MISSING } from "../player/playback_error.js";

const FALLBACK_RATE = 48000; // [Hz] where a browser does not take the clips' own

/** [bytes] More than this is decoded only when the user asks for it. */
export const MUCH_MEMORY = 200e6;

/**
 * The sample rate at which clips are compared: their own when it is one for all, else the highest.
 * @param {{sample_rate?: number}[]} rows
 * @returns {{rate: number, resampled: object[]}} [Hz] and the rows which have another
 */
export function comparisonRate(rows) {
  const known = rows.map((row) => row.sample_rate).filter(Boolean);
  const wanted = Math.max(0, ...known);
  const rate = canDecodeAt(wanted) ? wanted : FALLBACK_RATE;
  return { rate, resampled: rows.filter((row) => row.sample_rate && row.sample_rate !== rate) };
}

function canDecodeAt(rate) {
  try {
    return Boolean(new OfflineAudioContext(1, 1, rate));
  } catch {
    return false;
  }
}

/**
 * The room that clips take once decoded: 4 bytes a sample.
 * @param {{duration?: number, channels?: number}[]} rows
 * @param {number} rate [Hz]
 * @returns {number} [bytes]
 */
export function decodedBytes(rows, rate) {
  return rows.reduce((sum, row) => sum + (row.duration ?? 0) * rate * (row.channels ?? 1) * 4, 0);
}

/**
 * Decodes a clip. An OfflineAudioContext does it without leave to play.
 * @param {object} source
 * @param {object} row
 * @param {{rate: number, signal?: AbortSignal}} options
 * @returns {Promise<AudioBuffer>}
 */
export async function decodeClip(source, row, { rate, signal }) {
  if (row.missing) throw new Error(MISSING);
  const bytes = await source.bytes(row.id, { signal });
  try {
    return await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
  } catch {
    throw new Error(`This browser cannot decode the clip (${row.format ?? "unknown format"}). Download it to listen to it.`);
  }
}

/**
 * @param {AudioBuffer} buffer
 * @returns {Float32Array[]}
 */
export function channelsOf(buffer) {
  return Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel));
}

/**
 * The largest absolute sample.
 * @param {AudioBuffer} buffer
 * @returns {number} 1 is full scale
 */
export function peakOf(buffer) {
  let peak = 0;
  for (const samples of channelsOf(buffer)) for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}

/**
 * Peaks of decoded samples, in the form of the source's: data is [channel][bucket][min, max].
 * @param {AudioBuffer} buffer
 * @param {number} most buckets
 * @param {number} [gain] linear, applied before rounding to 16 bits
 * @returns {{channels: number, n: number, data: Int16Array}}
 */
export function bufferPeaks(buffer, most, gain = 1) {
  const n = Math.min(most, buffer.length);
  const data = new Int16Array(buffer.numberOfChannels * n * 2);
  channelsOf(buffer).forEach((samples, channel) => {
    for (let bucket = 0; bucket < n; bucket += 1) {
      const from = Math.floor((bucket * samples.length) / n);
      const [low, high] = extremes(samples, from, Math.floor(((bucket + 1) * samples.length) / n));
      data.set([toInt16(low * gain), toInt16(high * gain)], (channel * n + bucket) * 2);
    }
  });
  return { channels: buffer.numberOfChannels, n, data };
}

function extremes(samples, from, to) {
  let low = samples[from];
  let high = low;
  for (let i = from + 1; i < to; i += 1) {
    low = Math.min(low, samples[i]);
    high = Math.max(high, samples[i]);
  }
  return [low, high];
}

function toInt16(value) {
  return Math.round(Math.max(-1, Math.min(1, value)) * 32767);
}
