// The runs: how many are shown, and a dialog to choose among them.

import { button, byId, clear, element, searchField, setText } from "../page/dom.js";
import { count, plural, when } from "../page/format.js";

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
  const search = searchField("Search runs", "Name, project or setting");
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
  const only = button({ text: "Only", label: `Only ${run.name || run.run_id}`, class: "button quiet", title: "Show this run alone" });
  only.addEventListener("click", (event) => (event.preventDefault(), choose(context, [run.id])));
  const more = [run.state, when(run.started), run.project, settings(run)].filter(Boolean).join(" · ");
  return element("label", { class: "run-row" }, box,
    element("span", { class: `dot ${run.state ?? ""}`, attributes: { "aria-hidden": "true" } }),
    element("span", { class: "run-text" },
      element("bdi", { class: "run-name", text: run.name || run.run_id, attributes: { title: run.name } }),
      element("span", { class: "muted run-more", text: more }),
      problems(run)),
    element("span", { class: "num muted", text: plural(run.clips ?? 0, "clip") }), only);
}

function problems(run) {
  if (!run.problem_count) return null;
  const text = `⚠ ${plural(run.problem_count, "problem")}: ${run.problems?.[0] ?? ""}`;
  return element("span", { class: "run-problem", text, attributes: { title: (run.problems ?? []).join("\n") } });
}

function settings(run) {
  const plain = (value) => ["string", "number", "boolean"].includes(typeof value);
  const simple = Object.entries(run.config ?? {}).filter(([name, value]) => !name.startsWith("_") && plain(value));
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
