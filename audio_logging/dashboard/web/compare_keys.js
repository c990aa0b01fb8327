// The keys of the comparison and of its blind test. Registered once, they act on the comparison that is on the page.

import { COMPARE_RATES } from "./compare_bar.js";

const known = new WeakSet();
let current = null;

/**
 * Lets the keys act on a comparison.
 * @param {object} view the CompareView
 * @returns {() => void} ends it
 */
export function showCompareKeys(view) {
  current = view;
  return () => { if (current === view) current = null; };
}

/**
 * Registers the keys; the first call counts. Called when the page starts, they stand in the help from the beginning.
 * @param {object} shortcuts
 */
export function registerCompareKeys(shortcuts) {
  if (known.has(shortcuts)) return;
  known.add(shortcuts);
  const isReady = () => current !== null && current.transport.duration > 0;
  const isOpen = () => isReady() && !current.blind.open;
  const key = (when, keys, text, run) => shortcuts.register(keys, { text, group: "Compare", when, run: (event) => void run(current, event) });
  for (const [keys, run, when] of TRANSPORT) key(when === "open" ? isOpen : isReady, keys, "", run); // The help has them among the player's.
  key(isOpen, ["1", "2", "3", "4", "5", "6"], "Switch to that clip", (view, event) => view.choose(Number(event.key) - 1));
  key(isOpen, "g", "Match loudness", (view) => view.match(!view.loudness.on));
  key(isOpen, "d", "Hear the difference of A and B", (view) => view.toggleDifference());
  key(isOpen, "x", "Blind test (ABX) of A and B", (view) => view.startBlindTest());
  key(() => isReady() && current.blind.running, ["a", "b", "x", "X"], "In a blind test: listen to A, B or X", (view, event) => view.blind.listen(event.key.toUpperCase()));
  key(() => isReady() && current.blind.open, "Escape", "Leave the blind test, unless it runs", (view) => view.blind.escape());
}

/** What the player's keys do here; "open": not in a blind test. */
const TRANSPORT = [
  [[" ", "Enter"], ({ transport }) => transport.toggle()],
  ["ArrowLeft", (view) => skip(view, -1)],
  ["ArrowRight", (view) => skip(view, 1)],
  ["Shift+ArrowLeft", (view) => skip(view, -0.1)],
  ["Shift+ArrowRight", (view) => skip(view, 0.1)],
  ["Home", (view) => view.seek(0)],
  ["End", (view) => view.seek(1)],
  ["l", (view) => view.toggleLoop(), "open"],
  ["i", (view) => view.markRegion("start"), "open"],
  ["o", (view) => view.markRegion("end"), "open"],
  ["<", (view) => changeRate(view, -1), "open"],
  [">", (view) => changeRate(view, 1), "open"],
  ["0", ({ transport }) => transport.setRate(1), "open"],
];

function skip({ transport }, seconds) {
  transport.seek(transport.position + seconds);
}

function changeRate({ transport }, by) {
  const place = COMPARE_RATES.indexOf(transport.rate) + by;
  transport.setRate(COMPARE_RATES[Math.max(0, Math.min(COMPARE_RATES.length - 1, place))]);
}
