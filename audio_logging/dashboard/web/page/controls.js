// Controls that the player of one clip and the transport of a comparison have in common: both tell playing, time, duration, loop and rate.

import { attribute, button, element, setIcon, setText } from "./dom.js";
import { seconds } from "./format.js";
import { drawAt } from "./listen.js";
import { menu, offer } from "./menu.js";

/** Speeds that the page offers. */
export const RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
const READABLE = 100; // [ms]
const CHANGES = ["load", "play", "pause", "loop", "rate", "change"]; // "change" is the transport's.

/** Play or pause. */
export function playButton(player, options, signal) {
  const made = button({ icon: "play", run: () => player.toggle(), ...options });
  const draw = () => {
    const label = player.playing ? "Pause" : "Play";
    setIcon(made.firstChild, label.toLowerCase());
    attribute(made, "aria-label", label);
    attribute(made, "title", `${label} (space)`);
  };
  drawAt(player, CHANGES, draw, signal);
  return made;
}

/** Loop the region, or everything. */
export function loopButton(player, run, signal) {
  const made = button({ icon: "loop", label: "Loop", title: "Loop the region, or the clip (l)", run });
  drawAt(player, CHANGES, () => attribute(made, "aria-pressed", String(Boolean(player.loop))), signal);
  return made;
}

/** The speed; one that is not among those offered came with the address. */
export function rateMenu(player, options, signal) {
  const made = menu({ ...options, run: (rate) => options.run(Number(rate)) });
  const draw = () => offer(made, [...new Set([...RATES, player.rate])].map((rate) => [rate, `${rate}×`]), player.rate);
  drawAt(player, CHANGES, draw, signal);
  return made;
}

/** The time and how long it lasts. While it plays, digits that change with each frame cannot be read, and cost more than all else. */
export function clock(player, signal) {
  const made = element("span");
  let next = 0;
  const draw = ({ type } = {}) => {
    const now = performance.now();
    if (type === "time" && player.playing && now < next) return;
    next = now + READABLE;
    setText(made, `${seconds(player.time)} / ${seconds(player.duration)}`);
  };
  drawAt(player, [...CHANGES, "time"], draw, signal);
  return made;
}
