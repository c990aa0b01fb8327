// Short FLAC files as WAV, sample for sample: Chromium plays the former, but often fails when it is to go to a place in them.
//
// Measured with Chromium 150: "demuxer seek failed" in files of up to six blocks of 4096 frames, with a seek table of one point "PTS is not
// defined" near the end of files of up to 24. Long files, and all other formats, are fine.

const SHORT = 500_000; // [bytes] of FLAC
const AT_MOST = 2 ** 22; // [samples] of 4 bytes
const HEADER = 58; // [bytes] RIFF, fmt, fact and data
const FLOATING_POINT = 3;

/**
 * Whether going to a place in a file is likely to fail.
 * @param {string} extension such as "flac"
 * @param {number} size [bytes]
 */
export function seeksBadly(extension, size) {
  return extension === "flac" && size < SHORT;
}

/**
 * A WAV file of decoded samples, in the 32-bit floats that they are; null where it would take much memory.
 * @param {AudioBuffer} buffer
 * @returns {ArrayBuffer|null}
 */
export function toWav(buffer) {
  const { length, numberOfChannels: channels, sampleRate } = buffer;
  if (length * channels > AT_MOST) return null;
  const size = length * channels * 4;
  const file = new DataView(new ArrayBuffer(HEADER + size));
  const text = (at, letters) => [...letters].forEach((letter, i) => file.setUint8(at + i, letter.charCodeAt(0)));
  const write = (at, ...values) => values.forEach((value, i) => file.setUint32(at + 4 * i, value, true));
  text(0, "RIFF");
  write(4, HEADER - 8 + size);
  text(8, "WAVEfmt ");
  write(16, 18, FLOATING_POINT + channels * 2 ** 16, sampleRate, sampleRate * channels * 4, channels * 4 + 32 * 2 ** 16);
  text(38, "fact");
  write(42, 4, length);
  text(50, "data");
  write(54, size);
  for (let channel = 0; channel < channels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < length; i += 1) file.setFloat32(HEADER + 4 * (i * channels + channel), samples[i], true);
  }
  return file.buffer;
}
