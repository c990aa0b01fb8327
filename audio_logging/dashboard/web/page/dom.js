// Elements, icons, announcements and toasts. Text reaches the page through textContent only.

const SVG = "http://www.w3.org/2000/svg";

/** Paths of the icons, on a 16 by 16 grid; a leading "!" fills the shape instead of stroking it. */
const ICONS = {
  play: "!M4.5 2.8v10.4a.6.6 0 0 0 .92.5l8.1-5.2a.6.6 0 0 0 0-1L5.42 2.3a.6.6 0 0 0-.92.5z",
  pause: "!M4 2.5h2.6v11H4zM9.4 2.5H12v11H9.4z",
  star: "M8 1.9l1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.2l-3.7 2 .8-4.1L2 6.2l4.2-.5z",
  starred: "!M8 1.5l1.95 4 4.35.55-3.2 3.05.82 4.3L8 11.3l-3.92 2.1.82-4.3L1.7 6.05 6.05 5.5z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.4 10.4l3.4 3.4",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9L13 13M13 3l-1.1 1.1M4.1 11.9L3 13",
  moon: "M13.4 9.7A5.8 5.8 0 0 1 6.3 2.6a5.8 5.8 0 1 0 7.1 7.1z",
  help: "M6 6a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.2M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z",
  list: "M5.5 3.5h8.5M5.5 8h8.5M5.5 12.5h8.5M2.2 3.5h.6M2.2 8h.6M2.2 12.5h.6",
  grid: "M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  plus: "M8 3v10M3 8h10",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  up: "M8 13V3M3.8 7.2L8 3l4.2 4.2",
  down: "M8 3v10M3.8 8.8L8 13l4.2-4.2",
  download: "M8 2v8M4.5 6.8L8 10.3l3.5-3.5M2.5 13.5h11",
  link: "M6.5 9.5l3-3M7 4.5l1.7-1.7a2.8 2.8 0 0 1 4 4L11 8.5M9 11.5l-1.7 1.7a2.8 2.8 0 0 1-4-4L5 7.5",
  loop: "M3 8V7a2.5 2.5 0 0 1 2.5-2.5H13M10.8 2.3L13 4.5l-2.2 2.2M13 8v1a2.5 2.5 0 0 1-2.5 2.5H3M5.2 9.3L3 11.5l2.2 2.2",
  filter: "M2 3.5h12M4.5 8h7M6.5 12.5h3",
  compare: "M2.5 4h11M2.5 8h7M2.5 12h11M12 6.5v3",
  check: "M3 8.5l3.2 3.2L13 4.8",
  wrong: "M4 4l8 8M12 4l-8 8",
  volume: "M2 6.2v3.6h2.4L8 12.6V3.4L4.4 6.2zM10.5 5.8a3 3 0 0 1 0 4.4M12.4 4a5.6 5.6 0 0 1 0 8",
  muted: "M2 6.2v3.6h2.4L8 12.6V3.4L4.4 6.2zM10.5 6.2l3.6 3.6M14.1 6.2l-3.6 3.6",
  back: "M8.2 3.2L4 5.6l4.2 2.4zM4.2 5.6h4.6a4 4 0 1 1-3.7 5.5",
  forward: "M7.8 3.2L12 5.6 7.8 8zM11.8 5.6H7.2a4 4 0 1 0 3.7 5.5",
  zoom: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.4 10.4l3.4 3.4M7 5v4M5 7h4",
  time: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 4.5V8l2.6 1.8",
};

/**
 * Make an element.
 * @param {string} tag
 * @param {{attributes?: object, class?: string, text?: string, on?: object}} [options] attributes: null, undefined and false leave one out,
 *   true writes an empty one
 * @param {...(Node|string|null|undefined|false)} children strings become text
 * @returns {HTMLElement}
 */
export function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  if (options.class) made.className = options.class;
  if (options.text !== undefined && options.text !== null) made.textContent = options.text;
  for (const [name, value] of Object.entries(options.attributes ?? {})) attribute(made, name, value);
  for (const [type, listener] of Object.entries(options.on ?? {})) made.addEventListener(type, listener);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Set an attribute; null, undefined and false remove it, true writes an empty one. Nothing is written when nothing changes. */
export function attribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value === true ? "" : value)) node.setAttribute(name, value === true ? "" : value);
}

/** Write a text when it differs, so that nothing is drawn again for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Take all children out of an element, and hand the element back. */
export function clear(node) {
  node.replaceChildren();
  return node;
}

/** The element of an id. @returns {HTMLElement} */
export function byId(id) {
  return document.getElementById(id);
}

/** The focus goes to the clips, or to what stands there when there are none: a hidden list would leave it in the field. */
export function focusList() {
  byId(byId("list").hidden ? "list-empty" : "list").focus();
}

/**
 * An icon as an SVG element that screen readers pass over. Names: see ICONS.
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  setIcon(svg, name);
  return svg;
}

/** Let an icon show another shape. */
export function setIcon(svg, name) {
  if (svg.dataset.icon === name) return;
  svg.dataset.icon = name;
  const filled = ICONS[name].startsWith("!");
  svg.firstChild.setAttribute("d", filled ? ICONS[name].slice(1) : ICONS[name]);
  svg.firstChild.setAttribute("class", filled ? "filled" : "stroked");
}

/**
 * A button with an icon, a text, or both. `label` names it for screen readers when there is no text.
 * @param {object} options
 * @param {string} [options.id]
 * @param {string} [options.icon] see icon
 * @param {string} [options.text]
 * @param {string} [options.label]
 * @param {string} [options.title] default: the label
 * @param {string} [options.class] default: "button" with a text, "icon-button" without
 * @param {object} [options.attributes]
 * @param {function(MouseEvent)} [options.run]
 * @returns {HTMLButtonElement}
 */
export function button(options) {
  const { id, label, title = label } = options;
  const attributes = { type: "button", id, "aria-label": label, title, ...options.attributes };
  const made = element("button", { class: options.class ?? (options.text ? "button" : "icon-button"), attributes });
  if (options.icon) made.append(icon(options.icon));
  if (options.text) made.append(element("span", { text: options.text }));
  if (options.run) made.addEventListener("click", options.run);
  return made;
}

/** A field to search in. @returns {HTMLInputElement} */
export function searchField(label, placeholder, attributes = {}) {
  const own = { type: "search", "aria-label": label, placeholder, autocomplete: "off", spellcheck: "false" };
  return element("input", { attributes: { ...own, ...attributes } });
}

let announced = 0;

/** Tell screen readers something, through the page's live region; what comes within a fifth of a second replaces what came before. */
export function announce(text) {
  clearTimeout(announced);
  announced = setTimeout(() => setText(byId("status"), text), 200);
}

/**
 * A short message at the foot of the page, with at most one thing to do about it.
 * @param {string} text
 * @param {{action?: {text: string, run: function}, alert?: boolean, seconds?: number}} [options] alert: an error, which stays until it is closed
 * @returns {function} takes it away
 */
export function toast(text, { action, alert = false, seconds = 5 } = {}) {
  const close = () => shown.remove();
  const shown = element("div", { class: `toast ${alert ? "alert" : ""}`, attributes: { role: alert ? "alert" : "status" } });
  shown.append(element("span", { text }));
  if (action) shown.append(button({ text: action.text, run: () => (close(), action.run()) }));
  shown.append(button({ icon: "close", label: "Close message", run: close }));
  byId("toasts").append(shown);
  if (!alert) setTimeout(close, seconds * 1000);
  return close;
}

/** The value of a CSS variable, e.g. colour("--wave"), for drawing on a canvas. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
