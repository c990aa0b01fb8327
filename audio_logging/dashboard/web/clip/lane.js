// A lane of the clip's time views: a surface to draw on, with marks at its side.

import { element } from "../page/dom.js";

/**
 * Makes a lane.
 * @param {object} attributes of the surface
 * @param {...Node} children of the surface
 * @returns {{node: HTMLElement, surface: HTMLElement, mark: (marks: object[]) => void, wait: () => void, ready: (problem?: string) => void}}
 *   marks: {at, text} with at from 0 (bottom) to 1 (top)
 */
export function createLane(attributes, ...children) {
  const axis = element("div", { class: "axis", attributes: { "aria-hidden": "true" } });
  const problem = element("p", { class: "problem" });
  const surface = element("div", { class: "surface", attributes }, ...children, problem);
  const say = (waiting, text) => {
    surface.classList.toggle("skeleton", waiting);
    problem.textContent = text;
  };
  return {
    node: element("div", { class: "lane" }, axis, surface),
    surface,
    mark: (marks) => placeMarks(axis, "top", marks.map(({ at, text }) => ({ at: 1 - at, text }))),
    wait: () => (say(true, ""), axis.replaceChildren()),
    ready: (text = "") => say(false, text),
  };
}

/**
 * Writes marks beside each other.
 * @param {HTMLElement} axis
 * @param {"left"|"top"} side from which they are placed
 * @param {{at: number, text: string}[]} marks at from 0 to 1
 */
export function placeMarks(axis, side, marks) {
  axis.replaceChildren(...marks.map(({ at, text }) => {
    const made = element("span", { text });
    made.style[side] = `${at * 100}%`;
    return made;
  }));
}
