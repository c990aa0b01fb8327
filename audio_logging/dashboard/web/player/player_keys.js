// The keys of the player and of the clip that is shown.

import { RATES } from "../page/controls.js";
import { skipLength } from "./player_bar.js";
import { regionFrom, regionTo } from "../clip/region.js";

const FINE = 0.1; // [s]
const VOLUME = 0.1;

/**
 * Registers keys until a signal ends them.
 * @param {{shortcuts: object, signal: AbortSignal|undefined}} context
 * @param {{group: string, when: () => boolean}} options
 * @param {[string|string[], string, function][]} keys with what they do, in words and in deed
 */
export function registerKeys({ shortcuts, signal }, options, keys) {
  for (const [key, text, run] of keys) {
    const end = shortcuts.register(key, { ...options, text, run });
    signal?.addEventListener("abort", end);
  }
}

/**
 * The keys of whatever plays: the player, or the transport of a comparison.
 * @param {object} player
 * @param {{skip: () => number, loop: () => void, rate: (rate: number) => void, choose: (region: object) => void}} acts skip: how far [s]
 */
export function playingKeys(player, { skip, loop, rate, choose }) {
  return [
    [[" ", "Enter"], "Play or pause", () => player.toggle()],
    ["ArrowLeft", "Back (by 1 s, or as set)", () => player.skip(-skip())],
    ["ArrowRight", "Forward", () => player.skip(skip())],
    ["Shift+ArrowLeft", "Back by 0.1 s", () => player.skip(-FINE)],
    ["Shift+ArrowRight", "Forward by 0.1 s", () => player.skip(FINE)],
    ["Home", "To the start of the clip", () => player.seek(0)],
    ["End", "To the end of the clip", () => player.seek(player.duration)],
    ["l", "Loop the region, or the clip", loop],
    ["i", "The region starts here", () => choose(regionFrom(player))],
    ["o", "The region ends here", () => choose(regionTo(player))],
    ["<", "Slower", () => rate(RATES.findLast((each) => each < player.rate) ?? player.rate)],
    [">", "Faster", () => rate(RATES.find((each) => each > player.rate) ?? player.rate)],
    ["0", "Normal speed", () => rate(1)],
  ];
}

/**
 * Registers the keys of the player and the clip.
 * @param {object} context player, store, shortcuts
 * @param {object} acts of the detail: zoomToRegion, zoomOut, choose, download, copyLink, compare
 */
export function registerPlayerKeys(context, acts) {
  const { player, store } = context;
  const loaded = () => player.row !== null;
  const toggle = (name) => () => store.set({ [name]: !store.get()[name] });
  const louder = (by) => () => store.set({ volume: Math.round(Math.min(1, Math.max(0, player.volume + by)) * 20) / 20, muted: false });
  const skip = () => skipLength(store.get().skip, player.duration);
  registerKeys(context, { group: "Player", when: loaded }, [
    ...playingKeys(player, { skip, loop: toggle("loop"), rate: (rate) => store.set({ rate }), choose: (region) => acts.choose(region, true) }),
    ["m", "Mute", toggle("muted")],
    ["-", "Quieter", louder(-VOLUME)],
    [["+", "="], "Louder", louder(VOLUME)],
  ]);
  registerKeys(context, { group: "Clip", when: loaded }, [
    ["v", "Draw quiet clips to full height", toggle("normalise")],
    ["z", "Zoom to the region, or closer", acts.zoomToRegion],
    ["Z", "Show the whole clip", acts.zoomOut],
    ["C", "Compare with its reference and predictions", acts.compare],
    ["D", "Download the clip", acts.download],
    ["y", "Copy a link to the clip, at this time", acts.copyLink],
  ]);
  // A field is left first, and what is not in sight is left alone.
  const regionSeen = () => player.region !== null && store.get().view !== "compare" && !document.activeElement?.matches("input, select");
  registerKeys(context, { group: "Player", when: regionSeen }, [["Escape", "Take the region away", () => player.setRegion(null)]]);
}
