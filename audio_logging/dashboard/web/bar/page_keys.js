// Keys of the whole page. Those of the player, of the waveform and of the comparison are registered where they act.

import { byId, focusList } from "../page/dom.js";
import { openHelp } from "./help.js";
import { toggleLayout } from "../list/list_head.js";
import { toggleTheme } from "../page/theme.js";
import { VIEWS } from "./toolbar.js";

/** Register them. */
export function registerPageKeys(context) {
  const { shortcuts, store } = context;
  const inGroup = (group) => (key, text, run, when) => shortcuts.register(key, { text, group, run, when: when ?? (() => true) });
  const clip = () => store.get().clip !== null;
  const row = () => (store.get().layout === "grid" ? context.columns() : 1);

  const clips = inGroup("Clips");
  clips("j", "Next clip", () => context.next(1));
  clips("k", "Previous clip", () => context.next(-1));
  clips("ArrowDown", "Next clip, or the one below", () => context.next(row()));
  clips("ArrowUp", "Previous clip, or the one above", () => context.next(-row()));
  clips("s", "Star", () => context.star(store.get().clip), clip);
  clips("n", "Write a note", () => context.noteField.focus(), clip);
  clips("c", "Add to the comparison, or take out", () => context.toggleCompare(store.get().clip), clip);
  clips("t", "This clip over time", () => store.set({ timeline: !store.get().timeline }));

  const page = inGroup("Page");
  page("/", "Search", () => (byId("search").focus(), byId("search").select()));
  page("Escape", "Leave a field, then the comparison", () => leave(store));
  page("G", "Grid or list", () => toggleLayout(store));
  page("h", "Dark or light", toggleTheme);
  for (const [index, [view, name]] of VIEWS.entries()) page(`Alt+${index + 1}`, name, () => store.set({ view }));
  page("?", "These keys", () => openHelp(shortcuts));
}

function leave(store) {
  const { activeElement } = document;
  if (activeElement?.matches("input, textarea, select")) return focusList();
  if (document.body.classList.contains("sheet-open")) return byId("sheet-handle").click();
  if (store.get().timeline) return store.set({ timeline: false });
  if (store.get().view === "clips") return false;
  return store.set({ view: "clips" });
}
