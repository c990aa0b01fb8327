// Light or dark: as the system has it, until the reader chooses.

import { remember, rememberedTheme } from "../state/address.js";
import { attribute, button, setIcon } from "./dom.js";

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** The theme that shows now. @returns {"dark"|"light"} */
export function theme() {
  return document.documentElement.dataset.theme ?? (DARK.matches ? "dark" : "light");
}

/** Apply what was chosen on an earlier visit, and follow the system where nothing was. Canvases hear "themechange" on the document. */
export function followTheme() {
  const chosen = rememberedTheme();
  if (chosen) document.documentElement.dataset.theme = chosen;
  DARK.addEventListener("change", told);
}

/** Change between light and dark. */
export function toggleTheme() {
  document.documentElement.dataset.theme = theme() === "dark" ? "light" : "dark";
  remember({ theme: theme() });
  told();
}

/** The button that does it. */
export function themeButton() {
  const made = button({ id: "theme", icon: "moon", label: "Dark", run: toggleTheme });
  const show = () => {
    setIcon(made.firstChild, theme() === "dark" ? "sun" : "moon");
    attribute(made, "aria-label", theme() === "dark" ? "Light colours" : "Dark colours");
    attribute(made, "title", `${theme() === "dark" ? "Light" : "Dark"} colours (h)`);
  };
  document.addEventListener("themechange", show);
  show();
  return made;
}

function told() {
  document.dispatchEvent(new Event("themechange"));
}
