// The difference of two clips, as the graph of the comparison makes it, and how loud it is.

import { channelsOf, peakOf } from "./decoded.js";
import { renderMix } from "./mixer.js";

/**
 * Renders one clip minus another.
 * @param {AudioBuffer} plus
 * @param {AudioBuffer} minus of the same sample rate
 * @param {[number, number]} [gains] linear
 * @returns {Promise<{buffer: AudioBuffer, peak: number, rms: number, relative: number|null, identical: boolean}>}
 *   peak and rms: 1 is full scale; relative: rms against that of the first clip [dB], null when one is silent
 */
export async function differenceOf(plus, minus, gains = [1, 1]) {
  const buffer = await renderMix([plus, minus], { gains, selected: [0, 1] });
  const peak = peakOf(buffer);
  const rms = rmsOf(buffer);
  const first = rmsOf(plus) * Math.sqrt(plus.length / buffer.length) * gains[0];
  const relative = rms > 0 && first > 0 ? 20 * Math.log10(rms / first) : null;
  return { buffer, peak, rms, relative, identical: peak === 0 };
}

function rmsOf(buffer) {
  let sum = 0;
  for (const samples of channelsOf(buffer)) for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / (buffer.length * buffer.numberOfChannels));
}
