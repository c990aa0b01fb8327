// Says why a clip does not play, and what to do about it.

const TYPES = {
  wav: "audio/wav",
  flac: "audio/flac",
  mp3: "audio/mpeg",
  ogg: 'audio/ogg; codecs="vorbis"',
  opus: 'audio/ogg; codecs="opus"',
  m4a: "audio/mp4",
  mp4: "audio/mp4",
  aac: "audio/aac",
  webm: "audio/webm",
  aiff: "audio/aiff",
  aif: "audio/aiff",
  au: "audio/basic",
  caf: "audio/x-caf",
  w64: "audio/x-w64",
};
const ADVICE = "Download it, or log it as flac or wav.";

/** The text for a clip whose file is not there. */
export const MISSING = "This clip's file is missing or was refused: copy the run's folder again with its files/media, then reload.";

/**
 * Whether this browser says that it knows a format.
 * @param {string|null|undefined} format as a row has it, such as "wav"
 * @param {HTMLAudioElement} audio
 * @returns {boolean} true also for formats that we have no name for
 */
export function mayPlay(format, audio) {
  const type = TYPES[String(format ?? "").toLowerCase()];
  return type === undefined || audio.canPlayType(type) !== "";
}

/**
 * The reason behind a media element's error event.
 * @param {object} row the clip
 * @param {HTMLAudioElement} audio
 * @returns {Promise<string>}
 */
export async function whyNotPlaying(row, audio) {
  const code = audio.error?.code;
  const fromServer = await serverSays(audio.currentSrc || audio.src);
  if (fromServer !== null) return fromServer;
  const format = row.format ? String(row.format).toUpperCase() : "this format";
  if (!mayPlay(row.format, audio)) return `This browser cannot play ${format}. ${ADVICE}`;
  if (code === MediaError.MEDIA_ERR_NETWORK) return "The connection broke while the clip was loading. Press Play to try again.";
  return `This browser could not decode the clip (${format}${bits(row)}). It may be damaged, or of a kind that browsers cannot play. ${ADVICE}`;
}

function bits(row) {
  return row.sample_rate && row.channels ? `, ${row.sample_rate} Hz, ${row.channels} channels` : "";
}

/** What the server answers when asked for the first byte; null when it would give it, or cannot be asked. */
async function serverSays(url) {
  if (!url || !/^https?:/.test(url)) return null;
  try {
    const answer = await fetch(url, { headers: { Range: "bytes=0-0" }, cache: "no-store" });
    if (answer.ok) return void answer.body?.cancel() ?? null;
    const body = await answer.json().catch(() => ({}));
    return body.error || `The server does not give this clip (${answer.status}). Reload the page; if that does not help, the file has gone.`;
  } catch {
    return "The server does not answer. Is `audio-logging view` still running? Start it again and reload.";
  }
}
