// What a view says while it has nothing to show, and what to type so that it has.

import { element } from "./dom.js";

/**
 * A heading, a sentence and lines of Python; hidden at first.
 * @param {string} title
 * @param {string} text
 * @param {string} [example] lines of Python
 * @returns {HTMLElement}
 */
export function emptyState(title, text, example) {
  return element("div", { class: "empty", attributes: { hidden: true } }, element("h2", { text: title }), element("p", { text }), example && element("pre", {}, element("code", { text: example })));
}
