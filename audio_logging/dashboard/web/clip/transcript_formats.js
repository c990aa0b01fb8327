// Reads captions that say when each line was spoken: SRT, WebVTT, JSON and plain lines with times.

const ARROW = /^\s*((?:\d+:)?\d+:\d+[.,]\d+)\s*-->\s*((?:\d+:)?\d+:\d+[.,]\d+)/;
const BRACKETED = /^\s*[[(]\s*([\d:.]+)\s*s?\s*(?:-->|[-–—,])\s*([\d:.]+)\s*s?\s*[\])]\s*:?\s*(.*)$/;
const PLAIN = /^\s*(\d+\.\d+)\s+(\d+\.\d+)\s+(.*)$/;
const TIMED = /-->|^\s*[[({\d]/; // What every transcript has, told at a glance: rows are many.
const MOST_LINES = 2000;

/**
 * The lines of a transcript with times.
 * @param {string|null|undefined} text
 * @returns {{start: number, end: number|null, text: string}[]|null} times in [s]; null when the text is not a transcript with times
 */
export function parseTranscript(text) {
  if (!text) return null;
  const lines = fromJson(text) ?? fromCues(text) ?? fromLines(text);
  return lines?.length ? lines.slice(0, MOST_LINES) : null;
}

/** What is said in a caption: of a transcript the words alone, also when it was cut amid a line. */
export function spokenText(caption) {
  if (!caption || !TIMED.test(caption)) return caption ?? "";
  const lines = parseTranscript(caption) ?? parseTranscript(caption.slice(0, caption.lastIndexOf("\n")));
  return lines ? lines.map(({ text }) => text).join(" ") : caption;
}

/** A list of {text, timestamp: [s, e]} or {text, start, end}, bare or as "segments", "chunks", "words" or "subtitles" (Whisper and others). */
function fromJson(text) {
  if (!/^\s*[[{]/.test(text)) return null;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const list = Array.isArray(value) ? value : [value.segments, value.chunks, value.words, value.subtitles].find(Array.isArray);
  const lines = list?.map(fromEntry);
  return lines?.every(Boolean) ? lines : null;
}

function fromEntry(entry) {
  const [start, end] = entry?.timestamp ?? entry?.timestamps ?? [entry?.start, entry?.end];
  const text = entry?.text ?? entry?.word;
  if (!Number.isFinite(start) || typeof text !== "string") return null;
  return { start, end: Number.isFinite(end) ? end : null, text: text.trim() };
}

/** SRT and WebVTT: a line with an arrow, then text up to an empty line. */
function fromCues(text) {
  if (!text.includes("-->")) return null;
  const cues = [];
  for (const block of text.replace(/\r\n?/g, "\n").split(/\n\s*\n/)) {
    const rows = block.split("\n");
    const at = rows.findIndex((row) => ARROW.test(row));
    if (at < 0) continue;
    const [, start, end] = ARROW.exec(rows[at]);
    cues.push({ start: toSeconds(start), end: toSeconds(end), text: plain(rows.slice(at + 1).join(" ")) });
  }
  return cues;
}

/** Cue text without tags; who speaks stands before it. */
function plain(text) {
  return text.replace(/<v[^>\s]*\s+([^>]{1,80})>/g, "$1: ").replace(/<[^<>]{0,80}>/g, "").trim();
}

/** "[0.00 - 1.20] text", "[00:01.20 --> 00:02.00] text" or "0.00 1.20 text": every line that is not empty. */
function fromLines(text) {
  const rows = text.split(/\r?\n/).filter((row) => row.trim() !== "");
  const lines = rows.map((row) => {
    const found = BRACKETED.exec(row) ?? PLAIN.exec(row);
    return found && { start: toSeconds(found[1]), end: toSeconds(found[2]), text: found[3].trim() };
  });
  return lines.every((line) => line && line.start <= line.end) ? lines : null;
}

/** "1:02:03.5", "02:03,5" or "3.5" -> [s] */
function toSeconds(text) {
  return text.replace(",", ".").split(":").reduce((total, part) => total * 60 + Number(part), 0);
}
