// A small window at a button: closed by Escape, by a click elsewhere, or by the button again.

import { element } from "./dom.js";

/**
 * Open a popover below a button; a second call closes it. Its content is made on opening and gone on closing.
 * @param {HTMLElement} anchor
 * @param {{label: string, class?: string, fill: function(HTMLElement, function)}} options fill(panel, close) puts the content in
 */
export function togglePopover(anchor, { label, class: name = "", fill }) {
  if (anchor.getAttribute("aria-expanded") === "true") return;
  const panel = element("div", { class: `popover ${name}`, attributes: { popover: "auto", role: "dialog", "aria-label": label } });
  const close = () => panel.hidePopover();
  panel.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    panel.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (document.activeElement === document.body) anchor.focus();
  });
  document.body.append(panel);
  fill(panel, close);
  panel.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  place(panel, anchor);
  // A field that is focused on a touch screen would bring up the keyboard over what was just opened.
  if (matchMedia("(pointer: fine)").matches) panel.querySelector("input, select, button")?.focus();
}

function place(panel, anchor) {
  const at = anchor.getBoundingClientRect();
  const width = panel.offsetWidth;
  const left = Math.min(Math.max(8, at.left), Math.max(8, innerWidth - width - 8));
  panel.style.left = `${left}px`;
  panel.style.top = `${at.bottom + 6}px`;
  panel.style.maxHeight = `${Math.max(innerHeight - at.bottom - 18, 160)}px`;
}
