// Star and note of the chosen clip, in the place that the detail leaves for them.

import { attribute, button, clear, element, setIcon, setText } from "../page/dom.js";
import { saveAs } from "../state/notes.js";

const UNKEPT = "Not kept for good: download them, or keep them with audio-logging view --notes FILE.";

/**
 * Fill #notes-slot, and fill it again when the detail makes a new one.
 * @param {object} context
 */
export function mountNotesField(context) {
  const { notes, store } = context;
  const star = button({ id: "star", icon: "star", label: "Star", title: "Star (s)", run: () => context.star(store.get().clip) });
  const field = element("textarea", { attributes: { id: "note", rows: 1, maxlength: 10000, placeholder: "Note…", "aria-label": "Note" } });
  const state = element("span", { class: "muted" });
  const save = button({
    icon: "download", text: "Notes", class: "button small quiet", title: "Download all stars and notes as a JSON file",
    run: () => saveAs("notes.json", notes.toJson()),
  });
  const whole = element("div", { class: "notes-field" }, star, field, element("div", { class: "note-foot" }, state, save));

  const show = () => {
    const { clip } = store.get();
    const note = notes.get(clip);
    whole.hidden = !clip;
    if (document.activeElement !== field || field.dataset.clip !== clip) field.value = note.text;
    field.dataset.clip = clip ?? "";
    setIcon(star.firstChild, note.star ? "starred" : "star");
    attribute(star, "aria-pressed", String(note.star));
    save.hidden = notes.count === 0;
    tell();
    grow(field);
  };
  const tell = () => setText(state, notes.place.kept || notes.count === 0 ? "" : UNKEPT);

  field.addEventListener("input", () => (notes.write(field.dataset.clip, field.value), grow(field)));
  field.addEventListener("blur", () => notes.saveNow());
  field.addEventListener("keydown", (event) => { if (event.key === "Escape") (field.blur(), event.stopPropagation()); });
  notes.addEventListener("change", show);
  notes.addEventListener("saved", () => notes.place.kept && setText(state, "Saved"));
  const attach = () => {
    const slot = document.getElementById("notes-slot");
    if (slot && whole.parentNode !== slot) clear(slot).append(whole);
    show();
  };
  store.subscribe((now, previous) => { if (now.clip !== previous.clip) (notes.saveNow(), queueMicrotask(attach)); });
  new MutationObserver(attach).observe(document.getElementById("detail"), { childList: true });
  attach();
  return { focus: () => field.focus() };
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight + 2, 160)}px`;
}
