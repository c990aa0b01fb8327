// The runs: how many are shown, and a dialog to choose among them.

import { button, byId, clear, element, setText } from "./dom.js";
import { count, plural, when } from "./format.js";

/** What a run's state means to its reader. */
const STATES = { running: "running", finished: "finished", failed: "failed", stopped: "stopped" };

/**
 * Mount the button "Runs" and its dialog.
 * @param {HTMLElement} container
 * @param {object} context
 */
export function mountRuns(container, context) {
  const { facts, store } = context;
  const dot = element("span", { class: "dot", attributes: { "aria-hidden": "true" } });
  const number = element("span", { class: "count num" });
  const opener = button({ id: "runs", text: "Runs", attributes: { "aria-haspopup": "dialog" }, run: () => openDialog(context) });
  opener.prepend(dot);
  opener.append(number);
  clear(container).append(opener);
  const show = () => {
    const runs = facts.runs ?? [];
    const running = runs.filter((run) => run.state === "running").length;
    const chosen = store.get().run.length;
    setText(number, facts.runs ? (chosen ? `${chosen} of ${count(runs.length)}` : count(runs.length)) : "…");
    dot.className = running ? "dot running" : "dot";
    opener.title = running ? `${plural(running, "run")} still running` : "Choose runs";
  };
  facts.addEventListener("change", show);
  store.subscribe(show);
  show();
}

function openDialog(context) {
  const dialog = byId("runs-dialog");
  const search = element("input", { attributes: { type: "search", placeholder: "Name, project or setting", "aria-label": "Search runs", autocomplete: "off" } });
  const list = element("div", { class: "run-list", attributes: { role: "group", "aria-label": "Runs" } });
  const fill = () => fillRuns(list, search.value, context);
  const all = button({ text: "All runs", run: () => choose(context, []) });
  clear(dialog).append(
    element("header", { class: "dialog-head" },
      element("h2", { text: "Runs", attributes: { id: "runs-title" } }),
      button({ icon: "close", label: "Close", run: () => dialog.close() })),
    search, list,
    element("footer", { class: "dialog-foot" }, all, button({ text: "Done", class: "button primary", run: () => dialog.close() })));
  search.addEventListener("input", fill);
  context.facts.addEventListener("change", fill);
  const unsubscribe = context.store.subscribe((state, previous) => { if (state.run !== previous.run) fill(); });
  dialog.addEventListener("close", () => {
    context.facts.removeEventListener("change", fill);
    unsubscribe();
    clear(dialog);
  }, { once: true });
  fill();
  dialog.showModal();
}

const SHOWN = 100;

function fillRuns(list, text, context) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const runs = (context.facts.runs ?? []).filter((run) => words.every((word) => wordsOf(run).includes(word)));
  const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
  list.replaceChildren(...runs.slice(0, SHOWN).map((run) => runRow(run, context)));
  if (runs.length > SHOWN) list.append(element("p", { class: "muted", text: `${count(runs.length - SHOWN)} more: search for them by name.` }));
  if (runs.length === 0) list.append(element("p", { class: "muted", text: words.length ? "No run matches." : "No runs yet." }));
  if (focused) [...list.querySelectorAll("[aria-label]")].find((one) => one.getAttribute("aria-label") === focused)?.focus();
}

function wordsOf(run) {
  return [run.name, run.run_id, run.project, run.group, run.folder_name, ...(run.tags ?? []), settings(run)].join(" ").toLowerCase();
}

function runRow(run, context) {
  const chosen = context.store.get().run;
  const box = element("input", { attributes: { type: "checkbox", value: run.id, "aria-label": run.name || run.run_id } });
  box.checked = chosen.length === 0 || chosen.includes(run.id);
  box.addEventListener("change", () => toggle(context, run.id, box.checked));
  const only = button({ text: "Only", class: "button quiet run-only", title: "Show this run alone", run: (event) => (event.preventDefault(), choose(context, [run.id])) });
  only.setAttribute("aria-label", `Only ${run.name || run.run_id}`);
  const state = STATES[run.state] ?? run.state ?? "";
  return element("label", { class: "run-row" }, box,
    element("span", { class: `dot ${run.state ?? ""}`, attributes: { "aria-hidden": "true" } }),
    element("span", { class: "run-text" },
      element("bdi", { class: "run-name", text: run.name || run.run_id, attributes: { title: run.name } }),
      element("span", { class: "muted run-more", text: [state, when(run.started), run.project, settings(run)].filter(Boolean).join(" · ") }),
      problems(run)),
    element("span", { class: "num muted", text: plural(run.clips ?? 0, "clip") }), only);
}

function problems(run) {
  if (!run.problem_count) return null;
  return element("span", { class: "run-problem", text: `⚠ ${plural(run.problem_count, "problem")}: ${run.problems?.[0] ?? ""}`, attributes: { title: (run.problems ?? []).join("\n") } });
}

function settings(run) {
  const simple = Object.entries(run.config ?? {}).filter(([name, value]) => !name.startsWith("_") && ["string", "number", "boolean"].includes(typeof value));
  return simple.slice(0, 4).map(([name, value]) => `${name}=${String(value).slice(0, 40)}`).join(" ");
}

function toggle(context, id, on) {
  const runs = context.facts.runs ?? [];
  const chosen = context.store.get().run;
  const before = chosen.length ? chosen : runs.map((run) => run.id);
  const after = on ? [...before, id] : before.filter((other) => other !== id);
  choose(context, after.length === runs.length ? [] : after);
}

function choose(context, ids) {
  context.store.set({ run: Object.freeze(ids) });
}
