// Loudness after ITU-R BS.1770-4, and the gains that bring clips to one loudness without clipping any.

const BLOCK = 0.4; // [s]
const HOPS = 4; // in a block: they overlap by 75 %
const ABSOLUTE_GATE = -70; // [LUFS]
const RELATIVE_GATE = -10; // [LU]
const LOWEST_RATE = 4000; // [Hz] The first filter turns at 1.7 kHz, which lower rates do not have.
const OFFSET = -0.691; // [dB] so that a 997 Hz sine at 0 dBFS reads -3.01 LUFS

/**
 * Loudness of a whole clip, gated. A clip shorter than a block of 400 ms is measured as one block.
 * @param {Float32Array[]} channels
 * @param {number} sampleRate [Hz]
 * @returns {number|null} [LUFS]; null for silence, and for rates under 4 kHz
 */
export function integratedLoudness(channels, sampleRate) {
  if (sampleRate < LOWEST_RATE) return null;
  const blocks = blockPowers(channels, sampleRate);
  const loud = blocks.filter((power) => loudnessOf(power) > ABSOLUTE_GATE);
  if (loud.length === 0) return null;
  const gate = Math.max(ABSOLUTE_GATE, loudnessOf(mean(loud)) + RELATIVE_GATE);
  return loudnessOf(mean(loud.filter((power) => loudnessOf(power) > gate)));
}

function loudnessOf(power) {
  return OFFSET + 10 * Math.log10(power);
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean square of each block after the K weighting, summed over channels (surround channels of 5.1 count 1.41). */
function blockPowers(channels, sampleRate) {
  const frames = channels[0].length;
  const hop = Math.round((BLOCK / HOPS) * sampleRate); // At 11,025 Hz and the like half a frame off.
  const whole = frames >= hop * HOPS;
  const size = whole ? hop : frames;
  const hops = new Float64Array(Math.floor(frames / Math.max(1, size)));
  channels.forEach((samples, c) => addEnergies(hops, samples, { size, sampleRate, weight: weightOf(c, channels.length) }));
  if (!whole) return Array.from(hops, (energy) => energy / size);
  const blocks = [];
  for (let i = 0; i + HOPS <= hops.length; i += 1) {
    blocks.push((hops[i] + hops[i + 1] + hops[i + 2] + hops[i + 3]) / (HOPS * hop));
  }
  return blocks;
}

function weightOf(channel, count) {
  if (count !== 5 && count !== 6) return 1;
  if (count === 6 && channel === 3) return 0; // The low-frequency channel of 5.1 is left out.
  return channel >= count - 2 ? 1.41 : 1;
}

function addEnergies(hops, samples, { size, sampleRate, weight }) {
  const shelf = new Biquad(highShelf(sampleRate));
  const highPass = new Biquad(lowCut(sampleRate));
  for (let i = 0, at = 0; i < hops.length; i += 1) {
    let energy = 0;
    for (const end = at + size; at < end; at += 1) {
      const value = highPass.next(shelf.next(samples[at]));
      energy += value * value;
    }
    hops[i] += weight * energy;
  }
}

class Biquad {
  constructor([b0, b1, b2, a1, a2]) {
    Object.assign(this, { b0, b1, b2, a1, a2, s1: 0, s2: 0 });
  }

  next(x) {
    const y = this.b0 * x + this.s1;
    this.s1 = this.b1 * x - this.a1 * y + this.s2;
    this.s2 = this.b2 * x - this.a2 * y;
    return y;
  }
}

/** The filters of the standard are given at 48 kHz; these are their analogue forms, at any rate, as audio_logging.dashboard.analysis has them. */
function highShelf(sampleRate) {
  const k = Math.tan((Math.PI * 1681.974450955533) / sampleRate);
  const q = 0.7071752369554196;
  const high = 10 ** (3.999843853973347 / 20);
  const band = high ** 0.4996667741545416;
  const a0 = 1 + k / q + k * k;
  return [
    (high + (band * k) / q + k * k) / a0,
    (2 * (k * k - high)) / a0,
    (high - (band * k) / q + k * k) / a0,
    (2 * (k * k - 1)) / a0,
    (1 - k / q + k * k) / a0,
  ];
}

function lowCut(sampleRate) {
  const q = 0.5003270373238773;
  const at = (rate) => Math.tan((Math.PI * 38.13547087602444) / rate);
  const a0 = (k) => 1 + k / q + k * k;
  const k = at(sampleRate);
  const gain = a0(at(48000)) / a0(k); // The standard has 1, -2, 1 at 48 kHz.
  return [gain, -2 * gain, gain, (2 * (k * k - 1)) / a0(k), (1 - k / q + k * k) / a0(k)];
}

/**
 * The largest absolute sample.
 * @param {Float32Array[]} channels
 * @returns {number} 1 is full scale
 */
export function peakOf(channels) {
  let peak = 0;
  for (const samples of channels) {
    for (let i = 0; i < samples.length; i += 1) {
      const size = Math.abs(samples[i]);
      if (size > peak) peak = size;
    }
  }
  return peak;
}

/**
 * Gains that bring all clips to one loudness: that of the loudest clip, or lower, as far as no peak passes full scale.
 * @param {{lufs: number|null, peak: number}[]} clips silent ones (null) keep their gain
 * @returns {{target: number|null, gains: number[]}} [LUFS] and linear gains
 */
export function matchingGains(clips) {
  const heard = clips.filter((clip) => clip.lufs !== null && clip.peak > 0);
  if (heard.length === 0) return { target: null, gains: clips.map(() => 1) };
  const headroom = heard.map((clip) => clip.lufs - 20 * Math.log10(clip.peak));
  const target = Math.min(Math.max(...heard.map((clip) => clip.lufs)), ...headroom);
  return { target, gains: clips.map((clip) => (clip.lufs === null || clip.peak <= 0 ? 1 : 10 ** ((target - clip.lufs) / 20))) };
}
