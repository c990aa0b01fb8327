// The bar at the top: keys, views, search, and the buttons at its end.

import { attribute, button, byId, clear, element, focusList, icon, searchField, setText } from "../page/dom.js";
import { count } from "../page/format.js";
import { openHelp } from "./help.js";
import { themeButton } from "../page/theme.js";

/** The views: [value in the state, name of the tab]. */
export const VIEWS = [["clips", "Clips"], ["compare", "Compare"], ["confusion", "Confusion matrix"], ["map", "Map"]];
const TYPING = 150; // [ms] after the last letter

/** Mount all parts of the bar but runs and steps, which have files of their own. */
export function mountToolbar(context) {
  const brand = clear(byId("brand"));
  brand.append(logo(), element("span", { class: "brand-name", text: "audio_logging" }));
  mountKeys(byId("keys"), context);
  mountViews(byId("views"), context);
  mountSearch(byId("search-slot"), context);
  const help = button({ id: "help-button", icon: "help", label: "Keys", title: "Keys (?)", run: () => openHelp(context.shortcuts) });
  byId("bar-buttons").append(themeButton(), help);
  byId("skip").addEventListener("click", focusList);
}

function logo() {
  return element("img", { class: "logo", attributes: { src: document.querySelector("link[rel=icon]").href, alt: "", width: 24, height: 24 } });
}

function mountKeys(container, { facts, store }) {
  const buttons = new Map();
  const toggle = (key) => {
    const chosen = store.get().key;
    store.set({ key: Object.freeze(chosen.includes(key) ? chosen.filter((other) => other !== key) : [...chosen, key]) });
  };
  const show = () => {
    const chosen = store.get().key;
    const counts = new Map(facts.facets.keys.map(({ key, count: n }) => [key, n]));
    const names = new Set([...facts.universe.keys.map(({ key }) => key), ...chosen]);
    for (const [key, made] of buttons) if (!names.has(key)) (made.remove(), buttons.delete(key));
    let place = container.firstChild;
    for (const key of names) {
      if (!buttons.has(key)) buttons.set(key, keyButton(key, toggle));
      const made = buttons.get(key);
      attribute(made, "aria-pressed", String(chosen.includes(key)));
      setText(made.lastChild, facts.pending ? made.lastChild.textContent : count(counts.get(key) ?? 0));
      made.classList.toggle("nothing", !facts.pending && !counts.get(key));
      if (made === place) place = place.nextSibling;
      else container.insertBefore(made, place);
    }
    container.hidden = names.size === 0;
    reveal(chosen);
    edges();
  };
  let revealed = null;
  /** A chosen key that lies out of sight would hold unseen. */
  const reveal = (chosen) => {
    const first = container.querySelector("[aria-pressed=true]");
    if (!first || revealed === chosen || facts.universe.keys.length === 0) return;
    revealed = chosen;
    const left = first.offsetLeft - container.offsetLeft;
    if (left < container.scrollLeft || left + first.offsetWidth > container.scrollLeft + container.clientWidth) container.scrollLeft = left - 40;
  };
  const edges = () => {
    container.classList.toggle("more-left", container.scrollLeft > 4);
    container.classList.toggle("more-right", container.scrollLeft + container.clientWidth < container.scrollWidth - 4);
  };
  container.addEventListener("scroll", edges, { passive: true });
  container.addEventListener("wheel", (event) => { container.scrollLeft += event.deltaX ? 0 : event.deltaY; }, { passive: true });
  new ResizeObserver(edges).observe(container);
  facts.addEventListener("change", show);
  store.subscribe((state, previous) => { if (state.key !== previous.key) show(); });
  show();
}

function keyButton(key, toggle) {
  const attributes = { type: "button", "aria-pressed": "false", "aria-label": key, title: key };
  return element("button", { class: "key", attributes, on: { click: () => toggle(key) } },
    element("bdi", { class: "key-name", text: key }), element("span", { class: "count num", attributes: { "aria-hidden": "true" } }));
}

function mountViews(container, { store }) {
  const tabs = VIEWS.map(([view, name], index) => {
    const panel = view === "clips" ? "sheet" : view;
    const attributes = { type: "button", role: "tab", id: `tab-${view}`, "aria-controls": panel, title: `${name} (Alt+${index + 1})` };
    return element("button", { class: "tab", text: name, attributes, on: { click: () => store.set({ view }) } });
  });
  const badge = element("span", { class: "count num" });
  tabs[1].append(badge);
  container.addEventListener("keydown", (event) => moveAmong(event, tabs));
  clear(container).append(...tabs);
  const show = () => {
    const { view, compare } = store.get();
    for (const [index, tab] of tabs.entries()) {
      attribute(tab, "aria-selected", String(VIEWS[index][0] === view));
      attribute(tab, "tabindex", VIEWS[index][0] === view ? "0" : "-1");
    }
    setText(badge, compare.length ? String(compare.length) : "");
  };
  store.subscribe(show);
  show();
}

function moveAmong(event, tabs) {
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!move || event.altKey) return;
  event.preventDefault();
  const next = tabs[(tabs.indexOf(document.activeElement) + move + tabs.length) % tabs.length];
  next.focus();
  next.click();
}

function mountSearch(container, { store }) {
  const title = "Search captions, labels, predictions and keys (/)";
  const field = searchField("Search", "Search", { id: "search", enterkeyhint: "search", title });
  let timer = 0;
  const apply = () => store.set({ q: field.value.trim() });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, field.value ? TYPING : 0);
  });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") (apply(), focusList()); });
  clear(container).append(icon("search"), field);
  store.subscribe(({ q }, previous) => { if (q !== previous.q && q !== field.value.trim()) field.value = q; });
  field.value = store.get().q;
}
