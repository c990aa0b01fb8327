// Gives short FLAC files the seek table without which Chromium plays them but cannot go to a place in them (encoding/flac.py).

const LONG_ENOUGH = 500_000; // [bytes] Longer ones are searched well.
const MARK = [0x66, 0x4c, 0x61, 0x43]; // "fLaC"
const SEEK_TABLE = 3;
const LAST = 0x80; // of a metadata block's first byte: no other follows
const POINT = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0]; // sample 0, offset 0, a frame of 4096 samples

/**
 * The same audio with a seek table; what is no short FLAC file without one stays as it is.
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}
 */
export function withSeekTable(bytes) {
  if (bytes.length >= LONG_ENOUGH || MARK.some((byte, i) => bytes[i] !== byte)) return bytes;
  const end = blockEnd(bytes, MARK.length);
  if (end > bytes.length || hasTable(bytes)) return bytes;
  const first = bytes[MARK.length];
  const made = new Uint8Array(bytes.length + 4 + POINT.length);
  made.set(bytes.subarray(0, end));
  made[MARK.length] = first & ~LAST;
  made.set([SEEK_TABLE | (first & LAST), 0, 0, POINT.length, ...POINT], end);
  made.set(bytes.subarray(end), end + 4 + POINT.length);
  return made;
}

function hasTable(bytes) {
  for (let at = MARK.length; at + 4 <= bytes.length; at = blockEnd(bytes, at)) {
    if ((bytes[at] & ~LAST) === SEEK_TABLE) return true;
    if (bytes[at] & LAST) return false;
  }
  return false;
}

function blockEnd(bytes, at) {
  return at + 4 + (bytes[at + 1] << 16) + (bytes[at + 2] << 8) + bytes[at + 3];
}
