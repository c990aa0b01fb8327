// The buttons of the player, its clock and its level meter.

import { attribute, button, element, setIcon, setText } from "./dom.js";
import { seconds } from "./format.js";
import { RATES } from "./player.js";
import { togglePopover } from "./popover.js";
import { FLOOR, FLOORS } from "./spectrogram.js";

const QUIETEST = -60; // [dBFS] where the level meter begins
const FALL = 1.2; // [dB] a frame that the meter falls at most
const SKIPS = [["1", "1 s"], ["5", "5 s"], ["10", "10 s"], ["5%", "5 % of the clip"]];

/**
 * How far one skip goes.
 * @param {string|undefined} skip "1" [s] or "5%" of the clip
 * @param {number} duration [s]
 * @returns {number} [s]
 */
export function skipLength(skip = "1", duration = 0) {
  return skip.endsWith("%") ? (duration * Number.parseFloat(skip)) / 100 : Number(skip);
}

/**
 * Makes the bar.
 * @param {object} context player, store, next
 * @param {(time: number) => number[]} levels the loudest sample of each channel around a time, 0 to 1
 * @returns {{node: HTMLElement, destroy: () => void}}
 */
export function createPlayerBar(context, levels) {
  const { player, store, next } = context;
  const skip = (sign) => player.skip(sign * skipLength(store.get().skip, player.duration));
  const play = button({ id: "player-play", icon: "play", label: "Play", class: "play", run: () => player.toggle() });
  const clock = element("span");
  const meter = createMeter();
  const node = element("div", { class: "player", attributes: { role: "group", "aria-label": "Player" } },
    element("div", { class: "transport" },
      button({ icon: "left", label: "Previous clip", title: "Previous clip (k)", run: () => next(-1) }),
      button({ icon: "back", label: "Skip back", title: "Skip back (←)", run: () => skip(-1) }),
      play,
      button({ icon: "forward", label: "Skip forward", title: "Skip forward (→)", run: () => skip(1) }),
      button({ icon: "right", label: "Next clip", title: "Next clip (j)", run: () => next(1) }),
      element("div", { class: "clock" }, clock, meter.node)),
    element("div", { class: "options" }, channelMenu(player), loopButton(player, store), rateMenu(player, store), volume(player, store), settingsButton(context)));
  const stop = [followPlayer(), followStore(context)];

  function followPlayer() {
    const drawTime = () => {
      setText(clock, `${seconds(player.time)} / ${seconds(player.duration)}`);
      meter.show(player.playing ? levels(player.time) : []);
    };
    const draw = () => {
      const label = player.playing ? "Pause" : "Play";
      setIcon(play.firstChild, player.playing ? "pause" : "play");
      attribute(play, "aria-label", label);
      attribute(play, "title", `${label} (space)`);
      for (const each of node.querySelectorAll("button, select, input, summary")) attribute(each, "disabled", !player.row);
      drawTime();
    };
    const events = { load: draw, playing: draw, pause: draw, ended: draw, error: draw, time: drawTime };
    for (const [type, run] of Object.entries(events)) player.addEventListener(type, run);
    draw();
    return () => Object.entries(events).forEach(([type, run]) => player.removeEventListener(type, run));
  }

  return { node, destroy: () => stop.forEach((each) => each()) };
}

/** What the state says of the player reaches it from here, also when the state came with the address. */
function followStore({ player, store }) {
  const set = { rate: "setRate", volume: "setVolume", muted: "setMuted", loop: "setLoop" };
  const apply = (state, previous) => {
    for (const [name, method] of Object.entries(set)) if (state[name] !== previous?.[name]) player[method](state[name]);
  };
  apply(store.get());
  return store.subscribe(apply);
}

function loopButton(player, store) {
  const made = button({ icon: "loop", label: "Loop", title: "Loop the region, or the clip (l)", run: () => store.set({ loop: !store.get().loop }) });
  const draw = () => attribute(made, "aria-pressed", String(player.loop));
  player.addEventListener("loop", draw);
  draw();
  return made;
}

function rateMenu(player, store) {
  const offer = (rate) => option([rate, `${rate}×`]);
  const made = element("select", { class: "small rate", attributes: { "aria-label": "Speed", title: "Speed (< and >)" } }, ...RATES.map(offer));
  made.addEventListener("change", () => store.set({ rate: Number(made.value) }));
  const draw = () => {
    if (![...made.options].some(({ value }) => Number(value) === player.rate)) made.append(offer(player.rate));
    made.value = player.rate;
  };
  player.addEventListener("rate", draw);
  draw();
  return made;
}

function volume(player, store) {
  const mute = button({ icon: "volume", label: "Mute", title: "Mute (m)", run: () => store.set({ muted: !store.get().muted }) });
  const range = element("input", { class: "volume", attributes: { type: "range", min: 0, max: 1, step: 0.05, "aria-label": "Volume", title: "Volume (− and +)" } });
  range.addEventListener("input", () => store.set({ volume: Number(range.value), muted: false }));
  const draw = () => {
    const silent = player.muted || player.volume === 0;
    setIcon(mute.firstChild, silent ? "muted" : "volume");
    attribute(mute, "aria-pressed", String(player.muted));
    range.value = player.volume;
    attribute(range, "aria-valuetext", `${Math.round(player.volume * 100)} %`);
  };
  player.addEventListener("volume", draw);
  draw();
  return element("span", { class: "volume-group" }, mute, range);
}

/** The small menu of what is set once: how far a skip goes, whether chosen clips play, how deep the spectrogram looks. */
function settingsButton({ store }) {
  const made = button({ text: "⋯", label: "Player settings", class: "icon-button", attributes: { "aria-haspopup": "dialog", "aria-expanded": "false" } });
  const fill = (panel) =>
    panel.append(
      element("label", { class: "check" }, autoplayBox(store), "Play clips as I choose them"),
      element("label", {}, "Skip by", select(SKIPS, store.get().skip ?? "1", (skip) => store.set({ skip }))),
      element("label", {}, "Spectrogram's range", select(FLOORS, store.get().floor ?? FLOOR, (floor) => store.set({ floor: Number(floor) }))));
  made.addEventListener("click", () => togglePopover(made, { label: "Player settings", class: "settings", fill }));
  return made;
}

function autoplayBox(store) {
  const made = element("input", { attributes: { type: "checkbox", name: "autoplay" }, on: { change: () => store.set({ autoplay: made.checked }) } });
  made.checked = store.get().autoplay;
  return made;
}

function channelMenu(player) {
  const made = element("select", { class: "small", attributes: { "aria-label": "Channel", title: "Hear one channel, on both ears" } });
  made.addEventListener("change", () => player.setChannel(made.value === "mix" ? "mix" : Number(made.value)));
  const draw = () => {
    const count = player.row?.channels ?? 1;
    made.hidden = count < 2;
    if (made.options.length !== count + 1) made.replaceChildren(...channelNames(count).map(option));
    made.value = player.channel;
  };
  for (const type of ["load", "channel"]) player.addEventListener(type, draw);
  draw();
  return made;
}

function select(choices, value, change) {
  const made = element("select", {}, ...choices.map(option));
  made.value = value;
  made.addEventListener("change", () => change(made.value));
  return made;
}

function option([value, text]) {
  return element("option", { attributes: { value }, text });
}

function channelNames(count) {
  const name = (index) => `Channel ${index + 1}${count === 2 ? [" (left)", " (right)"][index] : ""}`;
  return [["mix", count === 2 ? "Stereo" : "All"], ...Array.from({ length: count }, (_, index) => [index, name(index)])];
}

/** Bars that jump up and fall slowly, read from the peaks: no audio graph is needed for them. */
function createMeter() {
  const node = element("div", { class: "meter", attributes: { "aria-hidden": "true" } });
  let shown = [];
  const show = (levels) => {
    if (node.childElementCount !== levels.length) node.replaceChildren(...levels.map(() => element("i")));
    shown = levels.map((level, index) => Math.max(decibels(level), (shown[index] ?? QUIETEST) - FALL));
    shown.forEach((level, index) => {
      node.children[index].style.transform = `scaleX(${Math.max(0, 1 - level / QUIETEST).toFixed(3)})`;
      node.children[index].classList.toggle("full", level >= -0.1);
    });
  };
  return { node, show };
}

function decibels(level) {
  return level > 0 ? 20 * Math.log10(level) : QUIETEST * 2;
}
