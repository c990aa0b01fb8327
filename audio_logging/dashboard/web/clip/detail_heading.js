// What the chosen clip is called and where it was logged, and what can be done with it.

import { button, element, setText } from "../page/dom.js";
import { count, step as stepText } from "../page/format.js";
import { parseTranscript } from "./transcript_formats.js";

const LONGEST = 160; // characters of a caption

/**
 * Makes the heading.
 * @param {object} context store
 * @param {{download: () => void, copyLink: () => void, compare: () => void}} acts
 * @returns {{node: HTMLElement, show: (row: object) => void, clear: () => void}}
 */
export function createHeading({ store }, { download, copyLink, compare }) {
  const title = element("h2", { attributes: { dir: "auto" } });
  const place = element("p", { class: "place" });
  const overTime = () => store.set({ timeline: !store.get().timeline });
  const acts = element("div", { class: "acts" },
    button({ icon: "compare", label: "Compare", title: "Compare with its reference and predictions (C)", run: compare }),
    button({ icon: "time", label: "Over time", title: "This clip through all steps (t)", run: overTime }),
    button({ icon: "link", label: "Copy link", title: "Copy a link to this clip, at this time (y)", run: copyLink }),
    button({ icon: "download", label: "Download", title: "Download (D)", run: download }));
  const say = (name, where) => {
    title.classList.toggle("skeleton", name === "");
    setText(title, name);
    setText(place, where);
  };
  return {
    node: element("header", { class: "detail-head" }, element("div", { class: "titles" }, title, place), acts),
    show: (row) => (captionOf(row) ? say(captionOf(row), placeOf(row)) : say(placeOf(row), "")),
    clear: () => say("", ""),
  };
}

/** The caption as far as a heading has room; nothing of a transcript, which has its own place. */
function captionOf({ caption }) {
  const text = parseTranscript(caption) ? "" : (caption ?? "").trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** "denoised/generated · step 300 · #2 · generated" */
function placeOf({ key, step, index, role }) {
  const parts = [key, Number.isFinite(step) && `step ${stepText(step)}`, Number.isFinite(index) && `#${count(index)}`, role];
  return parts.filter(Boolean).join(" · ");
}
