// The keys of the player and of the clip that is shown.

import { RATES } from "./player.js";
import { skipLength } from "./player_bar.js";
import { regionFrom, regionTo } from "./region.js";

const FINE = 0.1; // [s]
const VOLUME = 0.1;

/**
 * Registers the keys.
 * @param {object} context player, store, shortcuts, signal
 * @param {object} acts of the detail: zoomToRegion, zoomOut, choose, download, copyLink, compare
 */
export function registerPlayerKeys({ player, store, shortcuts, signal }, acts) {
  const register = (group, when) => ([key, text, run]) => signal.addEventListener("abort", shortcuts.register(key, { text, group, when, run }));
  const loaded = () => player.row !== null;
  const skip = (sign) => player.skip(sign * skipLength(store.get().skip, player.duration));
  const playing = [
    [[" ", "Enter"], "Play or pause", () => player.toggle()],
    ["ArrowLeft", "Back (by 1 s, or as set)", () => skip(-1)],
    ["ArrowRight", "Forward", () => skip(1)],
    ["Shift+ArrowLeft", "Back by 0.1 s", () => player.skip(-FINE)],
    ["Shift+ArrowRight", "Forward by 0.1 s", () => player.skip(FINE)],
    ["Home", "To the start of the clip", () => player.seek(0)],
    ["End", "To the end of the clip", () => player.seek(player.duration)],
    ["l", "Loop the region, or the clip", () => store.set({ loop: !store.get().loop })],
    ["i", "The region starts here", () => acts.choose(regionFrom(player), true)],
    ["o", "The region ends here", () => acts.choose(regionTo(player), true)],
    ["<", "Slower", () => store.set({ rate: nextRate(player.rate, -1) })],
    [">", "Faster", () => store.set({ rate: nextRate(player.rate, 1) })],
    ["0", "Normal speed", () => store.set({ rate: 1 })],
    ["m", "Mute", () => store.set({ muted: !store.get().muted })],
    ["-", "Quieter", () => store.set(louder(player, -VOLUME))],
    [["+", "="], "Louder", () => store.set(louder(player, VOLUME))],
  ];
  const clip = [
    ["v", "Draw quiet clips to full height", () => store.set({ normalise: !store.get().normalise })],
    ["z", "Zoom to the region, or closer", acts.zoomToRegion],
    ["Z", "Show the whole clip", acts.zoomOut],
    ["C", "Compare with its reference and predictions", acts.compare],
    ["D", "Download the clip", acts.download],
    ["y", "Copy a link to the clip, at this time", acts.copyLink],
  ];
  playing.forEach(register("Player", loaded));
  clip.forEach(register("Clip", loaded));
  register("Player", () => player.region !== null)(["Escape", "Take the region away", () => player.setRegion(null)]);
}

function nextRate(rate, direction) {
  const further = direction > 0 ? RATES.find((each) => each > rate) : RATES.findLast((each) => each < rate);
  return further ?? rate;
}

function louder(player, by) {
  return { volume: Math.round(Math.min(1, Math.max(0, player.volume + by)) * 20) / 20, muted: false };
}
