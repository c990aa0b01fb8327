// Keys that do something, wherever the focus is. The help dialog is made from what is registered here.

const FIELDS = "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable=true]";
const PRESSED_BY_SPACE = "button, a[href], summary, input, [role=tab], [role=button], [role=menuitem]";
const MOVED_BY_ARROWS = "input[type=range], input[type=radio], [role=tablist], [role=radiogroup], [role=slider]";
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

/**
 * A registry of keys. `register(key, {text, group, run, when})`: key is what the browser calls it ("j", "G", " ", "ArrowDown"),
 * with "Shift+" before a named key ("Shift+ArrowLeft") or "Alt+" before a digit ("Alt+1"), or a list of such; text and group
 * stand in the help; `when` answers whether it applies now; `run(event)` that answers false lets the next one try. The latest
 * registered comes first. Answers a function that takes it away.
 * @returns {{register: function, all: function(): object[], handle: function(KeyboardEvent)}}
 */
export function createShortcuts() {
  const entries = [];
  const register = (key, options) => {
    const entry = { keys: Array.isArray(key) ? key : [key], group: "Page", when: () => true, ...options };
    entries.unshift(entry);
    return () => entries.includes(entry) && entries.splice(entries.indexOf(entry), 1);
  };
  const handle = (event) => {
    if (passesOver(event)) return;
    const name = nameOf(event);
    const runs = (entry) => entry.keys.includes(name) && entry.when() && entry.run(event) !== false;
    if (entries.find(runs)) event.preventDefault();
  };
  document.addEventListener("keydown", handle);
  watchFocus();
  return { register, handle, all: () => [...entries].reverse() };
}

/** The name of a pressed key, as `register` takes it. */
export function nameOf(event) {
  // With Alt a Mac types other characters, so digits are read from the key's place.
  if (event.altKey) return `Alt+${event.code.replace(/^(Digit|Key)/, "")}`;
  return event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key;
}

// A button that was clicked keeps the focus, but Space is meant for it only when keys led there. The browser must be asked at once:
// with the next key it calls any focus visible.
let focusedByKeys = true;

function watchFocus() {
  document.addEventListener("focusin", ({ target }) => { focusedByKeys = target.matches(":focus-visible"); });
  document.addEventListener("pointerdown", () => { focusedByKeys = false; }, { capture: true });
}

function passesOver(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.isComposing) return true;
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.key === "Escape") return Boolean(document.querySelector("dialog[open], :popover-open"));
  if (document.querySelector("dialog:modal") || target.closest(FIELDS)) return true;
  if ((event.key === " " || event.key === "Enter") && target.closest(PRESSED_BY_SPACE)) return focusedByKeys || target.closest("[popover]") !== null;
  return ARROWS.includes(event.key) && target.closest(MOVED_BY_ARROWS) !== null;
}
