// Says why a clip does not play, and what to do about it.

/** The text for a clip whose file is not there. */
export const MISSING = "This clip's file is missing or was refused: copy the run's folder again with its files/media, then reload.";

/**
 * The reason behind a media element's error event.
 * @param {object} row the clip
 * @param {HTMLAudioElement} audio
 * @returns {Promise<string>}
 */
export async function whyNotPlaying(row, audio) {
  const { code } = audio.error;
  const fromServer = await serverSays(audio.currentSrc || audio.src);
  if (fromServer) return fromServer;
  if (code === MediaError.MEDIA_ERR_NETWORK) return "The connection broke while the clip was loading. Press Play to try again.";
  const format = [row.format, row.sample_rate && `${row.sample_rate} Hz`, row.channels && `${row.channels} channels`].filter(Boolean).join(", ");
  return `This browser cannot play the clip (${format}): it is damaged, or of a kind that browsers do not know. Download it, or log it as flac or wav.`;
}

/** What the server answers when asked for the first byte; nothing when it would give it, or cannot be asked. */
async function serverSays(url) {
  if (!url.startsWith("http")) return null;
  try {
    const answer = await fetch(url, { headers: { Range: "bytes=0-0" }, cache: "no-store" });
    return answer.ok ? null : (await answer.json()).error;
  } catch {
    return "The server does not answer. Is `audio-logging view` still running? Start it again and reload.";
  }
}
