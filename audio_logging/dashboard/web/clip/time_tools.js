// The tools below waveform and spectrogram: how they are drawn, the region, the zoom.

import { button, element, setText } from "../page/dom.js";
import { drawAt, watch } from "../page/listen.js";
import { gainText } from "../compare/matched_loudness.js";
import { menu } from "../page/menu.js";
import { regionFrom, regionText, regionTo } from "./region.js";
import { SPECTROGRAM_CHOICES } from "./spectrogram.js";

const MENUS = { scale: "Frequency scale", colours: "Colours" };

/**
 * Makes the tools.
 * @param {object} context store, player
 * @param {import("./time_window.js").TimeWindow} view
 * @param {object} acts zoomToRegion, zoomOut, choose
 * @returns {{node: HTMLElement, gain: (linear: number) => void, region: (region: object|null) => void}}
 */
export function createTools({ store, player }, view, { zoomToRegion, zoomOut, choose }) {
  const small = (options) => button({ class: "button small", ...options });
  const title = "Draw quiet clips to full height; the sound stays as it is (v)";
  const normalise = small({ text: "Normalise", title, run: () => store.set({ normalise: !store.get().normalise }) });
  const gain = element("span", { class: "gain" });
  const chosen = element("span", { class: "chosen" });
  const clear = button({ icon: "close", label: "Take the region away", run: () => player.setRegion(null) });
  const here = (text, label, span) => small({ text, label, class: "button small touch", run: () => choose(span(player), true) });
  const start = here("⟦", "The region starts here (i)", regionFrom);
  const end = here("⟧", "The region ends here (o)", regionTo);
  const closer = button({ icon: "zoom", label: "Zoom to the region, or closer (z)", run: zoomToRegion });
  const whole = small({ text: "Whole clip", title: "Show the whole clip (Z)", run: zoomOut });
  const menus = Object.entries(MENUS).map(([name, label]) =>
    menu({ label, title: label, choices: SPECTROGRAM_CHOICES[name], run: (value) => store.set({ [name]: value }) }));
  const follow = (state) => {
    normalise.setAttribute("aria-pressed", String(state.normalise));
    Object.keys(MENUS).forEach((name, i) => (menus[i].value = state[name]));
  };
  watch(store, follow);
  follow(store.get());
  drawAt(view, ["change"], () => (whole.hidden = !view.zoomed));
  return {
    node: element("div", { class: "tools" }, normalise, gain, ...menus, element("span", { class: "space" }), start, end, chosen, clear, whole, closer),
    gain: (linear) => setText(gain, linear > 1 ? `drawn ${gainText(linear)}` : ""),
    region: (region) => {
      clear.hidden = chosen.hidden = region === null;
      setText(chosen, region ? regionText(region) : "");
    },
  };
}
