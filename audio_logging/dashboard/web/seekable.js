// Clips that Chromium plays but cannot seek in, as clips that it can: FLAC files of a few blocks become WAV, sample for sample.

const FEW_FRAMES = 2 ** 15; // Eight blocks of 4096 frames. With five and fewer, "FFmpegDemuxer: demuxer seek failed" is the usual answer.
const HEADER = 58; // [bytes] RIFF, fmt, fact and data
const FLOATING_POINT = 3;

/**
 * Whether seeking in a file is likely to fail.
 * @param {string} extension such as "flac"
 * @param {number} [frames]
 */
export function seeksBadly(extension, frames) {
  return extension === "flac" && !(frames >= FEW_FRAMES);
}

/**
 * A WAV file of decoded samples, in the 32-bit floats that they are.
 * @param {AudioBuffer} buffer
 * @returns {ArrayBuffer}
 */
export function toWav(buffer) {
  const { length, numberOfChannels: channels, sampleRate } = buffer;
  const size = length * channels * 4;
  const file = new DataView(new ArrayBuffer(HEADER + size));
  const text = (at, letters) => [...letters].forEach((letter, i) => file.setUint8(at + i, letter.charCodeAt(0)));
  const word = (at, value) => file.setUint32(at, value, true);
  const half = (at, value) => file.setUint16(at, value, true);
  text(0, "RIFF"), word(4, HEADER - 8 + size), text(8, "WAVE");
  text(12, "fmt "), word(16, 18), half(20, FLOATING_POINT), half(22, channels), word(24, sampleRate);
  word(28, sampleRate * channels * 4), half(32, channels * 4), half(34, 32), half(36, 0);
  text(38, "fact"), word(42, 4), word(46, length);
  text(50, "data"), word(54, size);
  for (let channel = 0; channel < channels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < length; i += 1) file.setFloat32(HEADER + 4 * (i * channels + channel), samples[i], true);
  }
  return file.buffer;
}
