// Builds the audio graph of a comparison: every clip runs at once on one clock, and gains decide what is heard.

/** [s] Length of the cross-fade from one clip to another. */
const FADE = 0.01;

/**
 * What is heard: the index of a clip, [plus, minus] for the difference of two, or null for silence.
 * @typedef {number|[number, number]|null} Selected
 */

/**
 * The weight of each clip in what is heard.
 * @param {number} count
 * @param {Selected} selected
 * @returns {number[]} 1, 0, or -1 for the clip that is subtracted
 */
function weightsOf(count, selected) {
  const weights = new Array(count).fill(0);
  const [plus, minus] = Array.isArray(selected) ? selected : [selected, null];
  if (plus !== null) weights[plus] += 1;
  if (minus !== null) weights[minus] -= 1;
  return weights;
}

/**
 * Rounds a time to a whole frame, so that no sample is ever read between two frames.
 * @param {number} seconds
 * @param {number} sampleRate [Hz]
 * @returns {number} [s]
 */
export function onFrame(seconds, sampleRate) {
  return Math.round(seconds * sampleRate) / sampleRate;
}

/**
 * Builds the mix: one source and one gain a clip, summed into `output`. The same graph plays in an AudioContext and is
 * rendered in an OfflineAudioContext: a clip minus its copy is exactly 0, a clip at gain 1 is exactly its samples.
 * @param {BaseAudioContext} context
 * @param {(AudioBuffer|null)[]} buffers null is silent
 * @param {object} [options]
 * @param {number[]} [options.gains] linear, one a clip
 * @param {Selected} [options.selected]
 * @param {number} [options.rate] of all clips
 * @param {{start: number, end: number}|null} [options.loop] [s]
 * @param {AudioNode} [options.destination]
 */
export function buildMix(context, buffers, options = {}) {
  const { selected = 0, rate = 1, loop = null, destination = context.destination } = options;
  const gains = options.gains ?? buffers.map(() => 1);
  const output = context.createGain();
  output.connect(destination);
  const weights = weightsOf(buffers.length, selected);
  const voices = buffers.map((buffer, i) => buffer && voice(context, buffer, { gain: gains[i] * weights[i], rate, loop, output }));
  return new Mix(context, voices, output);
}

function voice(context, buffer, { gain, rate, loop, output }) {
  const source = context.createBufferSource();
  source.playbackRate.value = rate;
  source.buffer = loop ? reaching(context, buffer, loop.end) : buffer;
  if (loop) {
    source.loop = true;
    source.loopStart = onFrame(loop.start, buffer.sampleRate);
    source.loopEnd = onFrame(loop.end, buffer.sampleRate);
  }
  const node = context.createGain();
  source.connect(node).connect(output);
  return { source, ramp: new Ramp(node.gain, gain) };
}

/** A browser loops a short clip at its own end: silence up to the end of the loop keeps it with the others. */
function reaching(context, buffer, end) {
  const frames = Math.round(end * buffer.sampleRate);
  if (buffer.length >= frames) return buffer;
  const longer = context.createBuffer(buffer.numberOfChannels, frames, buffer.sampleRate);
  for (let c = 0; c < buffer.numberOfChannels; c += 1) longer.copyToChannel(buffer.getChannelData(c), c);
  return longer;
}

/** A gain that moves in straight lines, and knows where it is: browsers do not all tell. */
class Ramp {
  #param;
  #points; // [time, value], between which it moves

  constructor(param, value) {
    this.#param = param;
    this.#points = [[0, value]];
    param.value = value;
  }

  #at(time) {
    const after = this.#points.findIndex(([end]) => end > time);
    if (after < 0) return this.#points.at(-1)[1];
    if (after === 0) return this.#points[0][1];
    const [[start, from], [end, to]] = this.#points.slice(after - 1, after + 1);
    return from + ((to - from) * (time - start)) / (end - start);
  }

  /** Goes from where it is at a time to one value after the other, each in the time of a fade. */
  move(time, ...values) {
    const from = this.#at(time);
    this.#param.cancelScheduledValues(time);
    if (this.#points.at(-1)[0] > time) this.#param.linearRampToValueAtTime(from, time); // What was cancelled goes on until then.
    else this.#param.setValueAtTime(from, time);
    this.#points = [[time, from], ...values.map((value, i) => [time + (i + 1) * FADE, value])];
    for (const [end, value] of this.#points.slice(1)) this.#param.linearRampToValueAtTime(value, end);
  }
}

class Mix {
  constructor(context, voices, output) {
    Object.assign(this, { context, voices, output });
  }

  /**
   * Starts all clips at the same frame.
   * @param {number} when [s] of the context
   * @param {number} offset [s] of the clips
   */
  start(when, offset) {
    const { sampleRate } = this.context;
    for (const voice of this.voices) voice?.source.start(onFrame(when, sampleRate), onFrame(offset, sampleRate));
  }

  /** @param {number} when [s] of the context */
  stop(when) {
    for (const voice of this.voices) voice?.source.stop(when);
  }

  /**
   * Cross-fades to another choice or to other gains. Two ramps of equal clips add up to 1 all the way.
   * @param {number[]} gains linear, one a clip
   * @param {Selected} selected
   * @param {number} when [s] of the context
   * @param {boolean} [duck] down to silence and up again, which sounds alike whether or not the clip changes
   */
  select(gains, selected, when, duck = false) {
    const weights = weightsOf(this.voices.length, selected);
    this.voices.forEach((voice, i) => voice?.ramp.move(when, ...(duck ? [0] : []), gains[i] * weights[i]));
  }
}

/**
 * Renders a mix, as it would be heard from its start to the end of its longest clip.
 * @param {(AudioBuffer|null)[]} buffers of one sample rate
 * @param {{gains?: number[], selected?: Selected}} [options]
 * @returns {Promise<AudioBuffer>}
 */
export async function renderMix(buffers, options = {}) {
  const present = buffers.filter(Boolean);
  const channels = Math.max(...present.map((buffer) => buffer.numberOfChannels));
  const frames = Math.max(...present.map((buffer) => buffer.length));
  const context = new OfflineAudioContext(channels, frames, present[0].sampleRate);
  buildMix(context, buffers, options).start(0, 0);
  return context.startRendering();
}
