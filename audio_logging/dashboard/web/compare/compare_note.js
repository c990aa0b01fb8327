// What the comparison says of itself: loading, resampled, matched, too large.

import { button, element, setText } from "../page/dom.js";
import { bytes, decibel, hertz, plural } from "../page/format.js";

/**
 * @param {() => void} load the clips, however much memory they take
 * @returns {{element: HTMLElement, show: (clips: import("./compared_clips.js").ComparedClips, heard: {target: number|null, mixed: boolean, rate: number}) => void}}
 */
export function compareNote(load) {
  const note = element("p", { class: "compare-note" });
  const large = element("div", { class: "compare-large", attributes: { hidden: true } });
  const show = (clips, heard) => {
    setText(note, textOf(clips, heard));
    const isLarge = clips.status === "large";
    if (large.hidden !== isLarge) return;
    large.hidden = !isLarge;
    large.replaceChildren(...(isLarge ? [warning(clips), button({ text: "Load all the same", run: load })] : []));
  };
  return { element: element("div", {}, note, large), show };
}

function warning(clips) {
  const text = `Decoded, these clips take ${bytes(clips.bytes)} of memory. Take some out, log shorter clips, or load them all the same.`;
  return element("p", { attributes: { role: "alert" }, text });
}

function textOf({ entries, status, resampled, rate }, heard) {
  const places = resampled.map((row) => entries.findIndex((entry) => entry.id === row.id) + 1);
  return [
    status === "loading" && `Loading ${plural(entries.filter((entry) => !entry.buffer && !entry.error).length, "clip")}…`,
    entries.length === 1 && "One clip so far: choose another in the list and press c.",
    places.length > 0 && `Resampled to ${hertz(rate)}, the highest rate here: ${places.join(", ")}.`,
    heard.target !== null && `Matched to ${decibel(heard.target, "LUFS")}: as loud as the loudest clip, or as far as no clip passes full scale.`,
    heard.mixed && "A mono clip is heard on both ears, 3 dB louder.",
    heard.rate !== 1 && "The pitch changes with the speed.",
  ].filter(Boolean).join(" ");
}
