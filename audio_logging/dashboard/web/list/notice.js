// What stands above the list when something is missing or waits: a key without clips at this step, new clips, clips that could not be had.

import { button, clear, element, setText, toast } from "../page/dom.js";
import { count, plural } from "../page/format.js";
import { around } from "../bar/steps.js";
import { DEFAULTS } from "../state/store.js";

const PYTHON = [
  "import wandb, audio_logging as al",
  "",
  'run = wandb.init(project="my-model", mode="offline")',
  'run.log({"sample": al.Audio(samples, sample_rate=16000)})',
].join("\n");

/**
 * Mount the notice above the list and the text in place of an empty one.
 * @param {{notice: HTMLElement, empty: HTMLElement, list: HTMLElement}} places
 * @param {object} context
 */
export function mountNotices({ notice, empty, list }, context) {
  const { clips, facts, store } = context;
  const showEmpty = () => {
    const nothing = clips.error !== null || clips.total === 0;
    list.hidden = nothing && !(clips.error && clips.total > 0);
    empty.hidden = !list.hidden;
    if (list.hidden) clear(empty).append(clips.error ? failed(context) : nothingShown(context));
    else clear(empty);
  };
  const showGaps = () => fillGaps(notice, context);
  for (const type of ["reset", "change"]) clips.addEventListener(type, showEmpty);
  facts.addEventListener("change", () => (showEmpty(), showGaps()));
  facts.addEventListener("error", ({ detail }) => tellOf(detail));
  context.notes.addEventListener("error", ({ detail }) => tellOf(detail));
  store.subscribe((state, previous) => { if (state.step !== previous.step || state.key !== previous.key) clear(notice); });
}

/** That nothing answers at all is told once, by the banner. */
function tellOf({ error, retry }) {
  if (error.status !== 0 && error.status !== 403) toast(error.message, { alert: true, action: { text: "Try again", run: retry } });
}

function failed({ clips }) {
  return element("div", { class: "empty", attributes: { role: "alert" } },
    element("h2", { text: "The clips could not be loaded" }),
    element("p", { text: clips.error.message }),
    button({ text: "Try again", class: "button primary", run: () => clips.reload() }));
}

function nothingShown(context) {
  const { facts, store } = context;
  const state = store.get();
  if (facts.runs?.length === 0) return noRuns();
  if (facts.pending) return element("div", { class: "empty" });
  if (facts.universe.total === 0) return noClips(context);
  const elsewhere = typeof state.step === "number" && facts.facets.steps.length > 0;
  const advice = elsewhere ? "Go to a step that has clips, or show everything." : "Take a filter away, or show everything.";
  return element("div", { class: "empty" },
    element("h2", { text: elsewhere ? `No clip at step ${count(state.step)}` : "Nothing matches" }),
    element("p", { text: advice }),
    button({ text: "Show everything", class: "button primary", run: () => context.showEverything() }));
}

function noRuns() {
  return element("div", { class: "empty" },
    element("h2", { text: "No runs here yet" }),
    element("p", { text: "Runs appear as soon as they log a clip. This is all it takes:" }),
    element("pre", { text: PYTHON }),
    element("p", { class: "muted", text: "Or point the dashboard at another folder: audio-logging view FOLDER" }));
}

function noClips({ store, facts }) {
  const running = facts.runs?.some((run) => run.state === "running");
  return element("div", { class: "empty" },
    element("h2", { text: running ? "Waiting for the first clip" : "No clips in these runs" }),
    element("p", { text: running ? "A run is training. Its clips appear here by themselves." : "These runs logged no audio. This is how:" }),
    running ? null : element("pre", { text: PYTHON }),
    store.get().run.length > 0 && button({ text: "Show all runs", class: "button primary", run: () => store.set({ run: DEFAULTS.run }) }));
}

/** Keys that were chosen and have no clip at the chosen step: say so, and lead to the nearest steps that have. */
async function fillGaps(notice, context) {
  const { facts, store, source } = context;
  const state = store.get();
  clear(notice);
  if (typeof state.step !== "number" || facts.pending) return;
  const present = new Set(facts.facets.keys.filter(({ count: n }) => n > 0).map(({ key }) => key));
  const missing = state.key.filter((key) => !present.has(key));
  if (missing.length === 0 && facts.facets.total > 0) return;
  const gaps = missing.slice(0, 3).map((key) => gap(source, state, key));
  const told = gaps.length ? await Promise.all(gaps) : [{ key: null, steps: facts.facets.steps }];
  if (store.get().step !== state.step || store.get().key !== state.key) return;
  clear(notice).append(...told.map((one) => gapLine(one, state.step, context)));
}

async function gap(source, state, key) {
  const facets = await source.facets({ run: state.run, key: [key] }).catch(() => ({ steps: [] }));
  return { key, steps: facets.steps };
}

function gapLine({ key, steps }, step, context) {
  const { before, after } = around(steps, step);
  const to = (target, sign) => target !== undefined
    && button({ text: `${sign} Step ${count(target)}`, class: "button small", run: () => context.goToStep(target) });
  const named = key === null ? "There is" : element("span", {}, element("bdi", { class: "gap-key", text: key }), " has");
  return element("p", { class: "gap" },
    element("span", {}, named, ` no clip at step ${count(step)}.`), to(before, "←"), to(after, "→"),
    steps.length === 0 && element("span", { class: "muted", text: "It has none at any step." }));
}

/** The button "n new clips", for orders in which they would push others about. */
export function newClipsButton(context) {
  const made = button({ id: "new-clips", class: "button small primary", text: "New clips", run: () => context.showNewClips() });
  made.hidden = true;
  return {
    element: made,
    show: (n) => {
      made.hidden = n === null;
      setText(made.lastChild, n > 0 ? plural(n, "new clip") : "Show changes");
    },
  };
}
