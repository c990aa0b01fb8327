// The buttons of the player, its clock and its level meter.

import { clock, loopButton, playButton, rateMenu } from "../page/controls.js";
import { attribute, button, element, setIcon } from "../page/dom.js";
import { createLevelMeter } from "./level_meter.js";
import { drawAt, watch } from "../page/listen.js";
import { menu, offer, tickBox } from "../page/menu.js";
import { togglePopover } from "../page/popover.js";

const SKIPS = [["1", "1 s"], ["5", "5 s"], ["10", "10 s"], ["5%", "5 % of the clip"]];

/**
 * How far one skip goes.
 * @param {string} skip "1" [s] or "5%" of the clip
 * @param {number} duration [s]
 * @returns {number} [s]
 */
export function skipLength(skip, duration) {
  return skip.endsWith("%") ? (duration * Number.parseFloat(skip)) / 100 : Number(skip);
}

/**
 * Makes the bar.
 * @param {object} context player, store, next
 * @param {(time: number) => number[]} levels the loudest sample of each channel around a time, 0 to 1
 * @returns {HTMLElement}
 */
export function createPlayerBar(context, levels) {
  const { player } = context;
  const bar = element("div", { class: "player", attributes: { role: "group", "aria-label": "Player" } },
    transport(context, levels),
    element("div", { class: "options" }, ...[channelMenu, loop, rate, volume, settingsButton].map((make) => make(context))));
  drawAt(player, ["load"], () => bar.querySelectorAll("button, select, input").forEach((each) => (each.disabled = !player.row)));
  followStore(context);
  return bar;
}

/** What the state says of the player reaches it from here, also when the state came with the address. */
function followStore({ player, store }) {
  const set = { rate: "setRate", volume: "setVolume", muted: "setMuted", loop: "setLoop" };
  const apply = (state, previous) => {
    for (const [name, method] of Object.entries(set)) if (state[name] !== previous?.[name]) player[method](state[name]);
  };
  apply(store.get());
  watch(store, apply);
}

function transport({ player, store, next }, levels) {
  const skip = (sign) => player.skip(sign * skipLength(store.get().skip, player.duration));
  return element("div", { class: "transport" },
    button({ icon: "left", label: "Previous clip", title: "Previous clip (k)", run: () => next(-1) }),
    button({ icon: "back", label: "Skip back", title: "Skip back (←)", run: () => skip(-1) }),
    playButton(player, { id: "player-play", class: "play" }),
    button({ icon: "forward", label: "Skip forward", title: "Skip forward (→)", run: () => skip(1) }),
    button({ icon: "right", label: "Next clip", title: "Next clip (j)", run: () => next(1) }),
    element("div", { class: "clock" }, clock(player), createLevelMeter(player, levels)));
}

function loop({ player, store }) {
  return loopButton(player, () => store.set({ loop: !store.get().loop }));
}

function rate({ player, store }) {
  return rateMenu(player, { label: "Speed", title: "Speed (< and >)", run: (value) => store.set({ rate: value }) });
}

function volume({ player, store }) {
  const mute = button({ icon: "volume", label: "Mute", title: "Mute (m)", run: () => store.set({ muted: !store.get().muted }) });
  const attributes = { type: "range", min: 0, max: 1, step: 0.05, "aria-label": "Volume", title: "Volume (− and +)" };
  const range = element("input", { class: "volume", attributes, on: { input: () => store.set({ volume: range.valueAsNumber, muted: false }) } });
  drawAt(player, ["volume"], () => {
    setIcon(mute.firstChild, player.muted || player.volume === 0 ? "muted" : "volume");
    attribute(mute, "aria-pressed", String(player.muted));
    range.value = player.volume;
    attribute(range, "aria-valuetext", `${Math.round(player.volume * 100)} %`);
  });
  return element("span", { class: "volume-group" }, mute, range);
}

function channelMenu({ player }) {
  const run = (channel) => player.setChannel(channel === "mix" ? "mix" : Number(channel));
  const made = menu({ label: "Channel", title: "Hear one channel, on both ears", run });
  drawAt(player, ["load", "channel"], () => {
    const count = player.row?.channels ?? 1;
    made.hidden = count < 2;
    offer(made, channelNames(count), player.channel);
  });
  return made;
}

function channelNames(count) {
  const side = (index) => (count === 2 ? [" (left)", " (right)"][index] : "");
  const channels = Array.from({ length: count }, (_, index) => [index, `Channel ${index + 1}${side(index)}`]);
  return [["mix", count === 2 ? "Stereo" : "All"], ...channels];
}

/** The small menu of what is set once: how far a skip goes, whether chosen clips play. */
function settingsButton({ store }) {
  const attributes = { "aria-haspopup": "dialog", "aria-expanded": "false" };
  const fill = (panel) => {
    const { autoplay, skip } = store.get();
    panel.append(
      tickBox("Play clips as I choose them", { name: "autoplay", checked: autoplay, run: (checked) => store.set({ autoplay: checked }) }),
      element("label", {}, "Skip by", menu({ label: "Skip by", choices: SKIPS, value: skip, run: (value) => store.set({ skip: value }) })));
  };
  const open = () => togglePopover(made, { label: "Player settings", class: "settings", fill });
  const made = button({ text: "⋯", label: "Player settings", class: "icon-button", attributes, run: open });
  return made;
}
