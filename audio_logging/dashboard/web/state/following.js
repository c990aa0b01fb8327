// Follows what is logged while the page is open, and tells when the dashboard's process has ended.

import { button, byId, clear, element } from "../page/dom.js";

const EVERY = 500; // [ms] at most one round of questions in this time

/**
 * Start following.
 * @param {object} context
 * @param {{list: object, newClips: object}} parts list.anchor() says what may not move; newClips.show(n) offers what would
 * @returns {{apply: function}}
 */
export function followChanges(context, { list, newClips }) {
  const { source, clips, facts, store } = context;
  let timer = 0;
  let last = 0;
  let busy = false;

  const refresh = async () => {
    timer = 0;
    if (busy) return later();
    busy = true;
    last = performance.now();
    await facts.refresh();
    await takeIn().catch(() => {});
    busy = false;
  };

  const takeIn = async () => {
    const { generation, total, error } = clips;
    if (facts.pending || (total === null && !error)) return; // Other clips were asked for meanwhile: those are new anyway.
    const grown = facts.facets.total - (total ?? 0);
    const followed = store.get().step === "latest";
    if (error || total === 0) {
      if (error || grown !== 0) clips.reload();
    } else if (grown !== 0 || followed) {
      const quiet = await clips.grow(list.anchor());
      if (generation !== clips.generation) return;
      if (!quiet && followed) apply();
      else newClips.show(quiet ? null : grown);
    }
  };

  const apply = async () => {
    const anchor = list.anchor();
    newClips.show(null);
    await clips.reload({ again: true });
    await list.restore(anchor);
  };

  const later = () => { timer ||= setTimeout(refresh, Math.max(0, last + EVERY - performance.now())); };

  clips.addEventListener("reset", () => newClips.show(null));
  source.subscribe((change) => {
    if (change.connected === false) return showLost(context);
    if (change.connected === true) clear(byId("banner"));
    later();
  });
  return { apply };
}

function showLost({ source, facts, clips }) {
  const retry = async () => {
    try {
      await source.about();
      clear(byId("banner"));
      facts.refresh();
      if (clips.error) clips.reload();
    } catch {
      again.lastChild.textContent = "Still no answer. Try again";
    }
  };
  const again = button({ text: "Try again", class: "button small", run: retry });
  const text = "The dashboard's process has ended. What is on the page stays; to load more, start it again: audio-logging view";
  clear(byId("banner")).append(element("div", { class: "banner", attributes: { role: "alert" } }, element("span", { text }), again));
}
