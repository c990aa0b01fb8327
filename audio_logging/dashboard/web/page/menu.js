// Menus and tick boxes.

import { element } from "./dom.js";

/**
 * Makes a menu.
 * @param {object} options
 * @param {string} options.label
 * @param {string} [options.title]
 * @param {[*, string][]} [options.choices] values and what they are called
 * @param {*} [options.value]
 * @param {(value: string) => void} options.run
 * @returns {HTMLSelectElement}
 */
export function menu({ label, title, choices = [], value, run }) {
  const made = element("select", { attributes: { "aria-label": label, title }, on: { change: () => run(made.value) } });
  offer(made, choices, value);
  return made;
}

/** Lets a menu offer other choices. What stays the same is left alone, for it may be open. */
export function offer(made, choices, value = made.value) {
  const offered = JSON.stringify(choices);
  if (made.dataset.offered !== offered) made.replaceChildren(...choices.map(([each, text]) => element("option", { attributes: { value: each }, text })));
  made.dataset.offered = offered;
  made.value = value;
}

/**
 * Makes a box to tick, with its text.
 * @param {string} text
 * @param {{name?: string, checked?: boolean, run: (checked: boolean) => void}} options
 * @returns {HTMLLabelElement}
 */
export function tickBox(text, { name, checked = false, run }) {
  const box = element("input", { attributes: { type: "checkbox", name, checked }, on: { change: () => run(box.checked) } });
  return element("label", { class: "tick" }, box, text);
}
