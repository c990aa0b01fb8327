// The keys of the comparison and of its blind test. Registered once, they act on the comparison that is on the page.

import { COMPARE_RATES } from "./compare_bar.js";

const GROUP = "Compare";
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
 * Registers the keys; the first call counts.
 * @param {object} shortcuts
 */
export function registerCompareKeys(shortcuts) {
  if (known.has(shortcuts)) return;
  known.add(shortcuts);
  const key = (when) => (names, text, run) => shortcuts.register(names, { text, group: GROUP, when, run: (event) => void run(current, event) });

  const here = key(() => isReady());
  here([" ", "Enter"], "Play or pause all", ({ transport }) => transport.toggle());
  here("ArrowLeft", "Back 1 s", (view) => skip(view, -1));
  here("ArrowRight", "Forward 1 s", (view) => skip(view, 1));
  here("Shift+ArrowLeft", "Back 0.1 s", (view) => skip(view, -0.1));
  here("Shift+ArrowRight", "Forward 0.1 s", (view) => skip(view, 0.1));
  here("Home", "To the start", (view) => view.seek(0));
  here("End", "To the end", (view) => view.seek(1));

  const open = key(() => isReady() && !current.blind.open);
  open(["1", "2", "3", "4", "5", "6"], "Switch to that clip", (view, event) => view.choose(Number(event.key) - 1));
  open("g", "Match loudness", (view) => view.match(!view.loudness.on));
  open("d", "Hear the difference of A and B", (view) => view.toggleDifference());
  open("x", "Blind test (ABX) of A and B", (view) => view.startBlindTest());
  open("l", "Loop the region, or all", (view) => view.toggleLoop());
  open("i", "The region starts here", (view) => view.markRegion("start"));
  open("o", "The region ends here", (view) => view.markRegion("end"));
  open("<", "Slower", (view) => changeRate(view, -1));
  open(">", "Faster", (view) => changeRate(view, 1));
  open("0", "Normal speed", ({ transport }) => transport.setRate(1));

  const blind = key(() => isReady() && current.blind.running);
  blind(["a", "b", "x", "X"], "In a blind test: listen to A, B or X", (view, event) => view.blind.listen(event.key.toUpperCase()));
  key(() => isReady() && current.blind.open)("Escape", "Leave the blind test, unless it runs", (view) => view.blind.escape());
}

function isReady() {
  return current !== null && current.transport.duration > 0;
}

function skip({ transport }, seconds) {
  transport.seek(transport.position + seconds);
}

function changeRate({ transport }, by) {
  const place = COMPARE_RATES.indexOf(transport.rate) + by;
  transport.setRate(COMPARE_RATES[Math.max(0, Math.min(COMPARE_RATES.length - 1, place))]);
}
