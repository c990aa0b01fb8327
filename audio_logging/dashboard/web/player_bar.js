// The buttons of the player, its clock and its level meter.

import { attribute, button, element, setIcon, setText } from "./dom.js";
import { seconds } from "./format.js";
import { createLevelMeter } from "./level_meter.js";
import { listen, watch } from "./listen.js";
import { RATES } from "./player.js";
import { togglePopover } from "./popover.js";
import { FLOOR, FLOORS } from "./spectrogram.js";

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
 * @param {object} context player, store, next, signal
 * @param {(time: number) => number[]} levels the loudest sample of each channel around a time, 0 to 1
 * @returns {HTMLElement}
 */
export function createPlayerBar(context, levels) {
  const bar = element("div", { class: "player", attributes: { role: "group", "aria-label": "Player" } },
    transport(context, levels),
    element("div", { class: "options" }, ...[channelMenu, loopButton, rateMenu, volume, settingsButton].map((make) => make(context))));
  const usable = () => bar.querySelectorAll("button, select, input").forEach((each) => (each.disabled = !context.player.row));
  listen(context.player, { load: usable }, context.signal);
  usable();
  followStore(context);
  return bar;
}

/** What the state says of the player reaches it from here, also when the state came with the address. */
function followStore({ player, store, signal }) {
  const set = { rate: "setRate", volume: "setVolume", muted: "setMuted", loop: "setLoop" };
  const apply = (state, previous) => {
    for (const [name, method] of Object.entries(set)) if (state[name] !== previous?.[name]) player[method](state[name]);
  };
  apply(store.get());
  watch(store, apply, signal);
}

function transport(context, levels) {
  const { player, store, next } = context;
  const skip = (sign) => player.skip(sign * skipLength(store.get().skip, player.duration));
  return element("div", { class: "transport" },
    button({ icon: "left", label: "Previous clip", title: "Previous clip (k)", run: () => next(-1) }),
    button({ icon: "back", label: "Skip back", title: "Skip back (←)", run: () => skip(-1) }),
    playButton(context),
    button({ icon: "forward", label: "Skip forward", title: "Skip forward (→)", run: () => skip(1) }),
    button({ icon: "right", label: "Next clip", title: "Next clip (j)", run: () => next(1) }),
    clock(context, levels));
}

function playButton({ player, signal }) {
  const made = button({ id: "player-play", icon: "play", label: "Play", class: "play", run: () => player.toggle() });
  const draw = () => {
    const label = player.playing ? "Pause" : "Play";
    setIcon(made.firstChild, label.toLowerCase());
    attribute(made, "aria-label", label);
    attribute(made, "title", `${label} (space)`);
  };
  listen(player, { load: draw, play: draw, playing: draw, pause: draw }, signal);
  draw();
  return made;
}

function clock({ player, signal }, levels) {
  const time = element("span");
  const meter = createLevelMeter();
  const draw = () => {
    setText(time, `${seconds(player.time)} / ${seconds(player.duration)}`);
    meter.show(player.playing ? levels(player.time) : []);
  };
  listen(player, { load: draw, time: draw, pause: draw }, signal);
  draw();
  return element("div", { class: "clock" }, time, meter.node);
}

function loopButton({ player, store, signal }) {
  const toggle = () => store.set({ loop: !store.get().loop });
  const made = button({ icon: "loop", label: "Loop", title: "Loop the region, or the clip (l)", run: toggle });
  const draw = () => attribute(made, "aria-pressed", String(player.loop));
  listen(player, { loop: draw }, signal);
  draw();
  return made;
}

function rateMenu({ player, store, signal }) {
  const made = select(RATES.map((rate) => [rate, `${rate}×`]), 1, (rate) => store.set({ rate: Number(rate) }));
  name(made, "Speed", "Speed (< and >)");
  const draw = () => {
    if (![...made.options].some(({ value }) => Number(value) === player.rate)) made.append(option([player.rate, `${player.rate}×`]));
    made.value = player.rate;
  };
  listen(player, { rate: draw }, signal);
  draw();
  return made;
}

function volume({ player, store, signal }) {
  const mute = button({ icon: "volume", label: "Mute", title: "Mute (m)", run: () => store.set({ muted: !store.get().muted }) });
  const range = element("input", { class: "volume", attributes: { type: "range", min: 0, max: 1, step: 0.05 } });
  name(range, "Volume", "Volume (− and +)");
  range.addEventListener("input", () => store.set({ volume: Number(range.value), muted: false }));
  const draw = () => {
    setIcon(mute.firstChild, player.muted || player.volume === 0 ? "muted" : "volume");
    attribute(mute, "aria-pressed", String(player.muted));
    range.value = player.volume;
    attribute(range, "aria-valuetext", `${Math.round(player.volume * 100)} %`);
  };
  listen(player, { volume: draw }, signal);
  draw();
  return element("span", { class: "volume-group" }, mute, range);
}

function channelMenu({ player, signal }) {
  const made = select([], "mix", (channel) => player.setChannel(channel === "mix" ? "mix" : Number(channel)));
  name(made, "Channel", "Hear one channel, on both ears");
  const draw = () => {
    const count = player.row?.channels ?? 1;
    made.hidden = count < 2;
    if (made.options.length !== count + 1) made.replaceChildren(...channelNames(count).map(option));
    made.value = player.channel;
  };
  listen(player, { load: draw, channel: draw }, signal);
  draw();
  return made;
}

function channelNames(count) {
  const side = (index) => (count === 2 ? [" (left)", " (right)"][index] : "");
  const channels = Array.from({ length: count }, (_, index) => [index, `Channel ${index + 1}${side(index)}`]);
  return [["mix", count === 2 ? "Stereo" : "All"], ...channels];
}

/** The small menu of what is set once: how far a skip goes, whether chosen clips play, how deep the spectrogram looks. */
function settingsButton({ store }) {
  const attributes = { "aria-haspopup": "dialog", "aria-expanded": "false" };
  const made = button({ text: "⋯", label: "Player settings", class: "icon-button", attributes });
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

function select(choices, value, change) {
  const made = element("select", { class: "small" }, ...choices.map(option));
  made.value = value;
  made.addEventListener("change", () => change(made.value));
  return made;
}

function option([value, text]) {
  return element("option", { attributes: { value }, text });
}

function name(control, label, title) {
  attribute(control, "aria-label", label);
  attribute(control, "title", title);
}
