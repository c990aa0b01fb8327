// The Web Audio part of the player: one channel on both ears, and loops that are exact to the sample. Made only on demand.

/** A context, and one way to the ears that everything played through it takes. */
export class AudioGraph {
  #context = new AudioContext();
  #input = new GainNode(this.#context);
  #loopVolume = new GainNode(this.#context);
  #splitter = null;
  #element = null;

  constructor() {
    this.#loopVolume.connect(this.#input);
    this.#input.connect(this.#context.destination);
  }

  /** True once the browser lets this page make sounds. */
  get running() {
    return this.#context.state === "running";
  }

  resume() {
    return this.#context.resume();
  }

  /** Sends a media element through here, for good: browsers cannot undo it. */
  attach(audio) {
    if (this.#element) return;
    this.#element = new MediaElementAudioSourceNode(this.#context, { mediaElement: audio });
    this.#element.connect(this.#input);
  }

  /** @param {"mix"|number} channel */
  hear(channel) {
    this.#input.disconnect();
    this.#splitter?.disconnect();
    if (channel === "mix") return void this.#input.connect(this.#context.destination);
    this.#splitter = new ChannelSplitterNode(this.#context, { numberOfOutputs: channel + 1 });
    this.#input.connect(this.#splitter);
    this.#splitter.connect(this.#context.destination, channel); // One channel into a stereo output is heard on both ears.
  }

  /** @param {number} volume 0 to 1, of loops only: the media element has its own */
  setLoopVolume(volume) {
    this.#loopVolume.gain.value = volume;
  }

  decode(bytes) {
    return this.#context.decodeAudioData(bytes);
  }

  /**
   * Plays a part of a buffer again and again.
   * @param {AudioBuffer} buffer
   * @param {{start: number, end: number}} span [s]
   * @param {number} at where to begin [s]
   * @returns {{span: object, time: () => number, stop: () => void}}
   */
  loop(buffer, span, at) {
    const node = new AudioBufferSourceNode(this.#context, { buffer, loop: true, loopStart: span.start, loopEnd: span.end });
    node.connect(this.#loopVolume);
    node.start(0, at);
    const began = this.#context.currentTime + (this.#context.outputLatency || 0);
    const length = Math.min(span.end, buffer.duration) - span.start;
    const heard = () => Math.max(0, this.#context.currentTime - began);
    return { span, time: () => span.start + ((at - span.start + heard()) % length), stop: () => node.stop() };
  }
}
