// The keys of the comparison and of its blind test.

import { playingKeys, registerKeys } from "../player/player_keys.js";

/**
 * Registers the keys of a comparison.
 * @param {object} view the CompareView
 */
export function registerCompareKeys(view) {
  const { context, transport, blind } = view;
  const { player } = context;
  const ready = () => transport.duration > 0;
  const coming = () => view.clips.status === "loading"; // Play is meant for what is on the page already.
  const register = (when, keys) => registerKeys(context, { group: "Compare", when: () => ready() && when() }, keys);
  const registerPlaying = (keys) => registerKeys(context, { group: "Compare", when: () => ready() || coming() }, keys);
  const acts = { skip: () => 1, loop: () => transport.setLooped(!transport.looped), rate: (rate) => transport.setRate(rate), choose: (region) => transport.setRegion(region) };
  registerPlaying(playingKeys(transport, acts).map(([key, , run]) => [key, "", run])); // The help has them among the player's.
  // A clip of the list plays with no button on the page, as the comparison stands where they are.
  registerKeys(context, { group: "Compare", when: () => player.playing }, [[[" ", "Enter"], "", () => player.pause()]]);
  register(() => transport.region !== null, [["Escape", "", () => transport.setRegion(null)]]);
  register(() => !blind.open, [
    [["1", "2", "3", "4", "5", "6"], "Switch to that clip", (event) => view.choose(Number(event.key) - 1)],
    ["g", "Match loudness", () => view.toggleMatch()],
    ["d", "Hear the difference of A and B", () => view.toggleDifference()],
    ["x", "Blind test (ABX) of A and B", () => view.startBlindTest()],
  ]);
  register(() => blind.running, [[["a", "b", "x", "X"], "In a blind test: listen to A, B or X", (event) => blind.listen(event.key.toUpperCase())]]);
  register(() => blind.open, [["Escape", "Leave the blind test, unless it runs", () => blind.escape()]]);
}
