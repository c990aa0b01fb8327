// The one clip that is chosen: its waveform and spectrogram, its player, and all that is known of it.

import { linkTo } from "./address.js";
import { relatedIds } from "./compare_related.js";
import { button, element, setText } from "./dom.js";
import { count, step as stepText } from "./format.js";
import { createLevels } from "./levels.js";
import { metadata, metricsTable } from "./meta.js";
import { createPlayerBar } from "./player_bar.js";
import { registerPlayerKeys } from "./player_keys.js";
import { scoreBars, verdict } from "./scores.js";
import { createTimeViews } from "./time_views.js";
import { createTranscript } from "./transcript.js";
import { parseTranscript } from "./transcript_formats.js";

const REMEMBER_EVERY = 500; // [ms] that the position goes into the address while playing
const PATIENCE = 150; // [ms] that a clip stays chosen before its levels are measured
const HEADING = 160; // characters of a caption

/**
 * Shows the chosen clip in a container, and keeps to the last one chosen: nothing of a former clip stays while one loads.
 * @param {HTMLElement} container
 * @param {object} context see context.js
 * @returns {{destroy: () => void}}
 */
export function mountDetail(container, context) {
  const { store, source, player, clips } = context;
  const views = createTimeViews(context);
  const bar = createPlayerBar(context, views.levels);
  const heading = createHeading(context, { download, copyLink, compare });
  const alert = element("div", { class: "alert", attributes: { role: "alert", hidden: true } });
  const said = element("div", { class: "said" });
  const facts = element("div", { class: "blocks" });
  const notes = element("div", { attributes: { id: "notes-slot" } });
  const body = element("div", { class: "detail", attributes: { hidden: true } }, heading.node, bar.node, alert, views.node, said, notes, facts);
  const nothing = element("p", { class: "empty", text: "Choose a clip in the list: click it, or press j. Press ? for all keys." });
  container.replaceChildren(nothing, body);
  let asked = new AbortController();
  let shown = null; // id of the clip whose waveform is shown or on its way
  let transcript = null;
  let levels = null;
  const stops = [follow(), keepPosition(context), registerPlayerKeys(context, { ...views, download, copyLink, compare })];
  choose(store.get().clip);

  function follow() {
    const progress = () => transcript?.progress(player.time);
    const loaded = () => player.row?.id === store.get().clip && showRow(player.row);
    const failed = (event) => showAlert(event.detail.message);
    const refused = () => context.announce("Your browser waits for a click before it plays. Press Play.");
    const events = { time: progress, load: loaded, error: failed, refused };
    for (const [type, run] of Object.entries(events)) player.addEventListener(type, run);
    const unsubscribe = store.subscribe((state, previous) => state.clip !== previous.clip && choose(state.clip));
    return () => {
      unsubscribe();
      for (const [type, run] of Object.entries(events)) player.removeEventListener(type, run);
    };
  }

  function choose(id) {
    asked.abort();
    asked = new AbortController();
    shown = transcript = null;
    views.clear();
    heading.clear();
    alert.hidden = true;
    said.replaceChildren();
    facts.replaceChildren();
    body.hidden = id === null;
    nothing.hidden = id !== null;
    if (id === null) return;
    body.setAttribute("aria-busy", "true");
    const row = clips?.loaded(id) ?? (player.row?.id === id ? player.row : null);
    if (row) showRow(row);
    complete(id, asked.signal);
  }

  /** What the list knows already is shown at once. */
  function showRow(row) {
    if (shown === row.id) return;
    shown = row.id;
    heading.show(row);
    views.node.hidden = Boolean(row.missing);
    if (!row.missing) views.show(row);
  }

  async function complete(id, signal) {
    try {
      const row = await source.clip(id, { signal });
      signal.throwIfAborted();
      showRow(row);
      showAll(row);
      if (row.missing) return;
      await pause(PATIENCE, signal);
      await measure(id, signal);
    } catch (error) {
      if (!signal.aborted) showAlert(error.message);
    } finally {
      if (!signal.aborted) body.removeAttribute("aria-busy");
    }
  }

  function showAll(row) {
    heading.show(row);
    transcript = createTranscript(row, player);
    transcript.progress(player.time);
    levels = createLevels(row);
    said.replaceChildren(...[verdict(row), transcript.node].filter(Boolean));
    const options = { runName: context.runName ?? ((id) => id), copy: (text, what) => copy(context, text, what) };
    facts.replaceChildren(...[scoreBars(row), metricsTable(row), levels.node, metadata(row, options)].filter(Boolean));
  }

  async function measure(id, signal) {
    const mine = levels;
    try {
      const measured = await source.levels(id, { signal });
      if (!signal.aborted) mine.show(measured);
    } catch (error) {
      if (!signal.aborted) mine.fail(error.message);
    }
  }

  function showAlert(message) {
    const again = button({ text: "Try again", class: "button small", run: () => ((alert.hidden = true), player.play()) });
    const save = button({ text: "Download", class: "button small", run: download });
    alert.replaceChildren(element("span", { text: message }), ...(player.row?.missing ? [] : [again, save]));
    alert.hidden = false;
  }

  function download() {
    const id = store.get().clip;
    if (id) source.download(id);
  }

  function copyLink() {
    copy(context, linkTo({ ...store.get(), at: player.time }), "Link");
  }

  async function compare() {
    const { row } = player;
    if (!row) return;
    try {
      const { rows } = await source.related(row.id, { runs: store.get().run });
      context.openCompare(relatedIds(rows, row));
    } catch (error) {
      showAlert(error.message);
    }
  }

  return {
    destroy: () => {
      asked.abort();
      for (const stop of stops) stop();
      views.destroy();
      bar.destroy();
      container.replaceChildren();
    },
  };
}

function createHeading({ store }, { download, copyLink, compare }) {
  const title = element("h2", { attributes: { dir: "auto" } });
  const place = element("p", { class: "place" });
  const node = element("header", { class: "detail-head" },
    element("div", { class: "titles" }, title, place),
    element("div", { class: "acts" },
      button({ icon: "compare", label: "Compare", title: "Compare with its reference and predictions (C)", run: compare }),
      button({ icon: "time", label: "Over time", title: "This clip through all steps (t)", run: () => store.set({ timeline: !store.get().timeline }) }),
      button({ icon: "link", label: "Copy link", title: "Copy a link to this clip, at this time (y)", run: copyLink }),
      button({ icon: "download", label: "Download", title: "Download (D)", run: download })));
  return {
    node,
    show: (row) => {
      const where = placeOf(row);
      const caption = parseTranscript(row.caption) ? "" : (row.caption ?? "").trim();
      title.classList.remove("skeleton");
      setText(title, caption.slice(0, HEADING) + (caption.length > HEADING ? "…" : "") || where);
      setText(place, caption ? where : "");
    },
    clear: () => {
      title.classList.add("skeleton");
      setText(title, "");
      setText(place, "");
    },
  };
}

/** "denoised/generated · step 300 · 2 · generated" */
function placeOf(row) {
  const parts = [row.key, row.step === null || row.step === undefined ? null : `step ${stepText(row.step)}`, row.index === null || row.index === undefined ? null : `#${count(row.index)}`, row.role];
  return parts.filter(Boolean).join(" · ");
}

/** Writes the position into the state, and so into the address: often enough to come back to, never on each frame. */
function keepPosition({ player, store }) {
  let last = 0;
  const write = () => {
    last = performance.now();
    if (player.row && player.row.id === store.get().clip) store.set({ at: Number(player.time.toFixed(3)) || null });
  };
  const now = () => {
    if (performance.now() - last > REMEMBER_EVERY || !player.playing) write();
  };
  player.addEventListener("time", now);
  player.addEventListener("pause", write);
  return () => {
    player.removeEventListener("time", now);
    player.removeEventListener("pause", write);
  };
}

async function copy({ toast, announce }, text, what) {
  try {
    await navigator.clipboard.writeText(text);
    (toast ?? announce)(`${what} copied.`);
  } catch {
    toast?.(`${what}: ${text}`, { seconds: 30 }); // A page that is not on https or localhost may not write to the clipboard.
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
