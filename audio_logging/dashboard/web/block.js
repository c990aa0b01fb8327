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
