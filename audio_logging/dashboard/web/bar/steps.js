// The one step slider: it stands for all keys and runs that are shown. Exactly that step's clips are shown.

import { attribute, button, clear, element, setText } from "../page/dom.js";
import { count } from "../page/format.js";

const DRAGGING = 60; // [ms]

/**
 * Mount the slider, and the keys [ ] { }.
 * @param {HTMLElement} container
 * @param {object} context
 */
export function mountSteps(container, context) {
  const { facts, store, shortcuts } = context;
  let timer = 0;
  const go = (step, options) => context.goToStep(step, options);
  const move = (by) => {
    const steps = facts.facets.steps;
    const to = steps[placeAfter(steps, store.get().step, by)];
    if (to !== undefined && to !== store.get().step) go(to, { byKey: true });
  };
  const slider = element("input", { attributes: { id: "step", type: "range", min: 0, max: 0, step: 1, "aria-label": "Step" } });
  slider.addEventListener("input", () => {
    const step = facts.facets.steps[Number(slider.value)];
    write(step);
    clearTimeout(timer);
    timer = setTimeout(() => go(step), DRAGGING);
  });
  const value = element("span", { class: "step-value num", attributes: { id: "step-value", "aria-hidden": "true" } });
  const choice = (id, text, step, title) =>
    button({ id, text, label: `${text} step${step ? "" : "s"}`, title, class: "segment", run: () => go(step) });
  const all = choice("step-all", "All", null, "Clips of all steps");
  const latest = choice("step-latest", "Latest", "latest", "Each key's newest step, also while it trains");
  const back = button({ icon: "left", label: "Previous step", title: "Previous step ([)", run: () => move(-1) });
  const forward = button({ icon: "right", label: "Next step", title: "Next step (])", run: () => move(1) });
  clear(container).append(
    element("span", { class: "step-name", text: "Step" }), back, slider, forward, value, element("span", { class: "segments" }, all, latest));

  const write = (step) => {
    const newest = facts.facets.steps.at(-1);
    if (typeof step === "number") setText(value, count(step));
    else setText(value, step === "latest" && newest !== undefined ? `latest (${count(newest)})` : step ?? "all");
    attribute(slider, "aria-valuetext", typeof step === "number" ? `step ${step}` : `${step ?? "all"} step${step ? "" : "s"}`);
  };
  const show = () => {
    const { step } = store.get();
    const steps = facts.facets.steps;
    slider.max = Math.max(steps.length - 1, 0);
    slider.disabled = steps.length === 0;
    slider.value = typeof step === "number" ? nearest(steps, step) : steps.length - 1;
    container.classList.toggle("few", steps.length < 2 && step === null);
    container.classList.toggle("unset", typeof step !== "number");
    attribute(all, "aria-pressed", String(step === null));
    attribute(latest, "aria-pressed", String(step === "latest"));
    write(step);
  };
  facts.addEventListener("change", show);
  store.subscribe((state, previous) => { if (state.step !== previous.step) show(); });
  show();

  const register = (key, text, run) => shortcuts.register(key, { text, group: "Steps", run: () => void onceKnown(facts, run) });
  register("[", "Previous step", () => move(-1));
  register("]", "Next step", () => move(1));
  register("{", "First step", () => go(facts.facets.steps[0] ?? null, { byKey: true }));
  register("}", "Last step", () => go(facts.facets.steps.at(-1) ?? null, { byKey: true }));
}

/** Steps are chosen among those there are: a key that comes before they are told waits for them. */
function onceKnown(facts, act) {
  if (!facts.pending || facts.facets.steps.length > 0) act();
  else facts.addEventListener("change", () => onceKnown(facts, act), { once: true });
}

/** The steps around one that has no clips: {before, after}, each a step or undefined. */
export function around(steps, step) {
  return { before: steps.filter((other) => other < step).at(-1), after: steps.find((other) => other > step) };
}

function placeAfter(steps, step, by) {
  const last = steps.length - 1;
  if (typeof step !== "number") return by > 0 ? last : Math.max(last - (step === "latest" ? 1 : 0), 0);
  const { before, after } = around(steps, step);
  return steps.indexOf(by > 0 ? after : before);
}

function nearest(steps, step) {
  let best = 0;
  for (let i = 1; i < steps.length; i += 1) if (Math.abs(steps[i] - step) < Math.abs(steps[best] - step)) best = i;
  return best;
}
