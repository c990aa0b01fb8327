// Draws the points of the map: a dot or ring in the class's colour, a cross where the model was wrong.

import { colour } from "../page/dom.js";
import { classOf } from "./map_points.js";

const RADIUS = 4.5; // [px]

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object[]} points
 * @param {import("./map_points.js").MapWindow} view
 * @param {{by: string, looks: Map<string, object>, chosen: string|null, hovered: string|null}} options looks: by class name
 */
export function drawMap(canvas, points, view, { by, looks, chosen, hovered }) {
  const context = canvas.getContext("2d");
  const ratio = canvas.width / view.width;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  const ink = { edge: colour("--panel"), text: colour("--text") };
  const radius = points.length > 1500 ? RADIUS - 1.5 : RADIUS;
  for (const point of points) {
    const [x, y] = view.place(point);
    if (x < -RADIUS || y < -RADIUS || x > view.width + RADIUS || y > view.height + RADIUS) continue;
    mark(context, x, y, { look: looks.get(classOf(point, by)), wrong: point.correct === false, radius, ink });
  }
  for (const point of points) if (point.id === chosen || point.id === hovered) halo(context, view.place(point), point.id === chosen ? 3 : 1.5, ink);
}

function mark(context, x, y, { look, wrong, radius, ink }) {
  if (wrong) return cross(context, x, y, { colour: look.colour, radius, ink });
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = look.ring ? 2 : 1;
  context.strokeStyle = look.ring ? look.colour : ink.edge;
  context.fillStyle = look.ring ? ink.edge : look.colour;
  context.fill();
  context.stroke();
}

function cross(context, x, y, { colour: stroke, radius, ink }) {
  for (const [width, style] of [[4.5, ink.edge], [2.5, stroke]]) {
    context.beginPath();
    context.moveTo(x - radius, y - radius);
    context.lineTo(x + radius, y + radius);
    context.moveTo(x + radius, y - radius);
    context.lineTo(x - radius, y + radius);
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
}

function halo(context, [x, y], width, ink) {
  context.beginPath();
  context.arc(x, y, RADIUS + 4, 0, 2 * Math.PI);
  context.lineWidth = width;
  context.strokeStyle = ink.text;
  context.stroke();
}
