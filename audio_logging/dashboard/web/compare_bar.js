// The controls above the comparison: transport, loudness, difference, blind test, more clips.

import { MOST_COMPARED } from "./compare_related.js";
import { attribute, button, element, setIcon, setText } from "./dom.js";
import { seconds, spokenSeconds } from "./format.js";

/** Speeds of a comparison. */
export const COMPARE_RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];

/**
 * Play, loop, position and speed, for all clips at once.
 * @param {import("./transport.js").Transport} transport
 * @param {{loop: () => void}} acts
 * @returns {{element: HTMLElement, show: (looped: boolean) => void, progress: () => void}}
 */
export function transportBar(transport, acts) {
  const play = button({ icon: "play", label: "Play", class: "icon-button compare-play", run: () => transport.toggle() });
  const loop = button({ icon: "loop", label: "Loop (l)", run: acts.loop });
  const position = element("input", {
    attributes: { type: "range", min: 0, max: 0, step: "any", value: 0, "aria-label": "Position in the comparison" },
    on: { input: () => transport.seek(Number(position.value)) },
  });
  const time = element("span", { class: "compare-time" });
  const rate = element("select", { attributes: { "aria-label": "Speed of all clips", title: "Speed of all clips; the pitch goes with it" }, on: { change: () => transport.setRate(Number(rate.value)) } },
    ...COMPARE_RATES.map((value) => element("option", { attributes: { value }, text: `${value}×` })));
  const made = element("div", { class: "compare-transport", attributes: { role: "group", "aria-label": "Transport" } }, play, loop, position, time, rate);

  const progress = () => {
    position.value = transport.position;
    attribute(position, "aria-valuetext", `${spokenSeconds(transport.position)} of ${spokenSeconds(transport.duration)}`);
    setText(time, `${seconds(transport.position)} / ${seconds(transport.duration)}`);
  };
  const show = (looped) => {
    const ready = transport.duration > 0;
    for (const control of [play, loop, position]) control.disabled = !ready;
    setIcon(play.firstChild, transport.playing ? "pause" : "play");
    attribute(play, "aria-label", transport.playing ? "Pause" : "Play");
    attribute(loop, "aria-pressed", String(looped));
    position.max = transport.duration;
    rate.value = String(transport.rate);
    progress();
  };
  return { element: made, show, progress };
}

/**
 * Loudness match, the pair of the difference and of the blind test, and buttons for more clips.
 * @param {{match: () => void, difference: () => void, pair: (ids: [string, string]) => void, blind: () => void, more: (kind: "steps"|"runs") => void, clear: () => void}} acts
 * @returns {{element: HTMLElement, show: (shown: {entries: object[], pair: string[], matched: boolean, differing: boolean}) => void}}
 */
export function toolBar(acts) {
  const match = button({ class: "chip", text: "Match loudness", title: "Match loudness (g)", run: acts.match });
  const difference = button({ class: "chip", text: "Difference", title: "Hear A minus B (d)", run: acts.difference });
  const blind = button({ text: "Blind test", title: "Blind test of A and B, ABX (x)", run: acts.blind });
  const chosen = () => acts.pair([first.value, second.value]);
  const first = element("select", { attributes: { "aria-label": "A, the first clip of the pair" }, on: { change: chosen } });
  const second = element("select", { attributes: { "aria-label": "B, the second clip of the pair" }, on: { change: chosen } });
  const more = ["steps", "runs"].map((kind) => button({ text: `Other ${kind}`, icon: "plus", title: `Add the clip that is heard, at other ${kind}`, run: () => acts.more(kind) }));
  const made = element("div", { class: "compare-tools", attributes: { role: "group", "aria-label": "Comparison" } }, match,
    element("span", { class: "compare-pair" }, element("label", {}, "A ", first), element("label", {}, "B ", second), difference, blind),
    element("span", { class: "compare-more" }, ...more, button({ text: "Clear", run: acts.clear })));

  const show = ({ entries, pair, matched, differing }) => {
    const clips = entries.map(({ id, buffer }, i) => ({ id, buffer, number: i + 1 })).filter((clip) => clip.buffer);
    attribute(match, "aria-pressed", String(matched));
    attribute(difference, "aria-pressed", String(differing));
    for (const control of [difference, blind, first, second]) control.disabled = clips.length < 2;
    match.disabled = clips.length === 0;
    for (const control of more) control.disabled = entries.length >= MOST_COMPARED;
    [first, second].forEach((select, i) => offer(select, clips, pair[i]));
  };
  return { element: made, show };
}

function offer(select, clips, value) {
  const offered = clips.map((clip) => `${clip.number} ${clip.id}`).join();
  if (select.dataset.offered !== offered) select.replaceChildren(...clips.map((clip) => element("option", { attributes: { value: clip.id }, text: String(clip.number) })));
  select.dataset.offered = offered;
  select.value = value ?? "";
}
