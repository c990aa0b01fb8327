// The list of keys, made from what is registered.

import { button, byId, clear, element } from "../page/dom.js";

const NAMES = { " ": "Space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

/**
 * Show all keys in a dialog.
 * @param {object} shortcuts
 */
export function openHelp(shortcuts) {
  const dialog = byId("help");
  const groups = grouped(shortcuts.all());
  clear(dialog).append(
    element("header", { class: "dialog-head" },
      element("h2", { text: "Keys", attributes: { id: "help-title" } }),
      button({ icon: "close", label: "Close", run: () => dialog.close() })),
    element("div", { class: "dialog-body" },
      element("div", { class: "help-groups" }, ...[...groups].map(([name, entries]) => section(name, entries))),
      element("p", { class: "muted", text: "Keys do nothing while you type in a field. Esc leaves the field." })));
  dialog.showModal();
}

function section(name, entries) {
  const rows = entries.filter((entry) => entry.text).flatMap((entry) => [
    element("dt", {}, ...entry.keys.map((key) => element("kbd", { text: nameOfKey(key) }))),
    element("dd", { text: entry.text }),
  ]);
  return element("section", {}, element("h3", { text: name }), element("dl", { class: "help-keys" }, ...rows));
}

function nameOfKey(key) {
  return key.split(/(?<=.)\+/).map((part) => NAMES[part] ?? part).join(" ");
}

function grouped(entries) {
  const groups = new Map();
  for (const entry of entries) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  return groups;
}
