// A titled part of what is known of a clip.

import { element } from "./dom.js";

/**
 * @param {string} title also its name for screen readers
 * @param {...(Node|null|false)} children
 * @returns {HTMLElement}
 */
export function block(title, ...children) {
  return element("section", { class: "block", attributes: { "aria-label": title } }, element("h3", { text: title }), ...children);
}

/**
 * A name with what it is.
 * @param {string} name
 * @param {{class?: string, title?: string}} options of the value, of both
 * @param {...(Node|string|null)} value
 * @returns {HTMLElement}
 */
export function fact(name, options, ...value) {
  return element("div", { attributes: { title: options.title } }, element("dt", { text: name }), element("dd", options, ...value));
}
