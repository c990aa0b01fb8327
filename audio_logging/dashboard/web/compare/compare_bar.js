// The controls above the comparison: transport, loudness, difference, blind test, more clips.

import { clock, loopButton, playButton, rateMenu } from "../page/controls.js";
import { attribute, button, element } from "../page/dom.js";
import { spokenSeconds } from "../page/format.js";
import { drawAt } from "../page/listen.js";
import { menu, offer } from "../page/menu.js";
import { MOST_COMPARED } from "../state/store.js";

/**
 * Play, loop, position and speed, for all clips at once.
 * @param {import("./transport.js").Transport} transport
 * @returns {HTMLElement}
 */
export function transportBar(transport) {
  const play = playButton(transport, { class: "icon-button compare-play" });
  const loop = loopButton(transport, () => transport.setLooped(!transport.looped));
  const position = element("input", {
    attributes: { type: "range", step: "any", "aria-label": "Position in the comparison" },
    on: { input: () => transport.seek(position.valueAsNumber) },
  });
  const rate = rateMenu(transport, { label: "Speed of all clips", title: "Speed of all clips; the pitch goes with it", run: (value) => transport.setRate(value) });
  drawAt(transport, ["change", "time"], () => {
    const { time, duration } = transport;
    for (const control of [play, loop, position]) control.disabled = duration === 0;
    attribute(position, "max", duration);
    position.value = time;
    attribute(position, "aria-valuetext", `${spokenSeconds(time)} of ${spokenSeconds(duration)}`);
  });
  return element("div", { class: "compare-transport", attributes: { role: "group", "aria-label": "Transport" } },
    play, loop, position, element("span", { class: "compare-time" }, clock(transport)), rate);
}

/**
 * Loudness match, the pair of the difference and of the blind test, and buttons for more clips.
 * @param {object} view the CompareView
 * @returns {{element: HTMLElement, show: (shown: {entries: object[], pair: string[], matched: boolean, differing: boolean}) => void}}
 */
export function toolBar(view) {
  const match = button({ class: "chip", text: "Match loudness", title: "Match loudness (g)", run: () => view.toggleMatch() });
  const difference = button({ class: "chip", text: "Difference", title: "Hear A minus B (d)", run: () => view.toggleDifference() });
  const blind = button({ text: "Blind test", title: "Blind test of A and B, ABX (x)", run: () => view.startBlindTest() });
  const pairMenu = (label) => menu({ label, run: () => view.choosePair(menus.map((each) => each.value)) });
  const menus = ["A, the first clip of the pair", "B, the second clip of the pair"].map(pairMenu);
  const more = ["steps", "runs"].map((kind) =>
    button({ text: `Other ${kind}`, icon: "plus", title: `Add the clip that is heard, at other ${kind}`, run: () => view.addOthers(kind) }));
  const made = element("div", { class: "compare-tools", attributes: { role: "group", "aria-label": "Comparison" } }, match,
    element("span", { class: "compare-pair" }, ...menus.map((each, i) => element("label", {}, "AB"[i], " ", each)), difference, blind),
    element("span", { class: "compare-more" }, ...more, button({ text: "Clear", run: () => view.keep([]) })));

  const show = ({ entries, pair, matched, differing }) => {
    const choices = entries.map(({ id }, i) => [id, i + 1]).filter((_, i) => entries[i].buffer);
    attribute(match, "aria-pressed", String(matched));
    attribute(difference, "aria-pressed", String(differing));
    for (const control of [difference, blind, ...menus]) control.disabled = choices.length < 2;
    match.disabled = choices.length === 0;
    for (const control of more) control.disabled = entries.length >= MOST_COMPARED;
    menus.forEach((each, i) => offer(each, choices, pair[i] ?? ""));
  };
  return { element: made, show };
}
