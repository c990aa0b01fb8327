// Points of the map as numbers: their classes, colours and shapes, what is under the pointer, what lies in a direction.

/** Of Okabe and Ito, told apart with every kind of colour vision; the classes beyond are rings, then grey. */
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#cdbb00", "#8a8a8a"];
const OTHERS = "#9a9a9a";
const CORRECTNESS = { right: ["#0072b2", false], wrong: ["#d55e00", false], unknown: [OTHERS, true] };

/** The class of a point: by its label, its prediction, or whether the model got it right. */
export function classOf(point, by) {
  if (by === "correct") return point.correct === true ? "right" : point.correct === false ? "wrong" : "unknown";
  const value = point[by];
  return value === null || value === undefined || value === "" ? "(none)" : String(value);
}

/**
 * The classes of points, by name, each with a colour and whether its points are rings; those beyond the 16 most frequent come last, in grey.
 * @param {object[]} points
 * @param {"label"|"prediction"|"correct"} by
 * @returns {{name: string, count: number, colour: string, ring: boolean}[]}
 */
export function classesOf(points, by) {
  const counts = new Map();
  for (const point of points) {
    const name = classOf(point, by);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
  const coloured = names.slice(0, 2 * COLOURS.length).sort(byName); // By name, so that a class keeps its colour from step to step.
  return [...coloured, ...names.slice(2 * COLOURS.length).sort(byName)].map((name, i) => ({ name, count: counts.get(name), ...lookOf(name, i, by) }));
}

function byName(one, other) {
  return one.localeCompare(other, "en", { numeric: true });
}

function lookOf(name, i, by) {
  if (by === "correct") return { colour: CORRECTNESS[name][0], ring: CORRECTNESS[name][1] };
  if (i >= 2 * COLOURS.length) return { colour: OTHERS, ring: false };
  return { colour: COLOURS[i % COLOURS.length], ring: i >= COLOURS.length };
}

/** What of the plane is seen: the point in the middle, and pixels per unit. y grows upwards. */
export class MapWindow {
  constructor() {
    Object.assign(this, { x: 0, y: 0, scale: 1, fitted: 1, width: 1, height: 1 });
  }

  /** Shows all points, with a margin. */
  fit(points, margin = 28) {
    const [left, right] = range(points.map((point) => point.x));
    const [low, high] = range(points.map((point) => point.y));
    const wide = Math.max(1, this.width - 2 * margin) / Math.max(right - left, 1e-9);
    const tall = Math.max(1, this.height - 2 * margin) / Math.max(high - low, 1e-9);
    const scale = Math.min(wide, tall, 1e9);
    Object.assign(this, { x: (left + right) / 2, y: (low + high) / 2, scale, fitted: scale });
  }

  /** @returns {[number, number]} [px] */
  place(point) {
    return [this.width / 2 + (point.x - this.x) * this.scale, this.height / 2 - (point.y - this.y) * this.scale];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
  }

  /** @param {number} factor above 1 comes closer; what is at (px, py) stays there */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.fitted / 2), this.fitted * 1000);
    const shift = 1 / this.scale - 1 / scale;
    this.x += (px - this.width / 2) * shift;
    this.y -= (py - this.height / 2) * shift;
    this.scale = scale;
  }

  /** Moves as little as needed for a point to be seen. */
  reveal(point, margin = 24) {
    const [px, py] = this.place(point);
    const dx = Math.max(margin - px, 0) + Math.min(this.width - margin - px, 0);
    const dy = Math.max(margin - py, 0) + Math.min(this.height - margin - py, 0);
    this.pan(dx, dy);
  }
}

function range(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/**
 * The point under the pointer, the nearest of several.
 * @param {object[]} points
 * @param {MapWindow} view
 * @param {number} px
 * @param {number} py
 * @param {number} reach [px]
 * @returns {object|null}
 */
export function pointAt(points, view, px, py, reach) {
  let [found, nearest] = [null, reach * reach];
  for (const point of points) {
    const [x, y] = view.place(point);
    const distance = (x - px) ** 2 + (y - py) ** 2;
    if (distance <= nearest) [found, nearest] = [point, distance];
  }
  return found;
}

/**
 * The nearest point in a direction: what lies aside counts more than what lies ahead.
 * @param {object[]} points
 * @param {object} from
 * @param {[number, number]} direction (1, 0) is right, (0, 1) is up
 * @returns {object|null}
 */
export function pointTowards(points, from, [dx, dy]) {
  let [found, nearest] = [null, Infinity];
  for (const point of points) {
    const ahead = (point.x - from.x) * dx + (point.y - from.y) * dy;
    const aside = Math.abs((point.x - from.x) * dy) + Math.abs((point.y - from.y) * dx);
    if (point === from || ahead <= 0 || aside > 2 * ahead) continue;
    const distance = ahead + 2 * aside;
    if (distance < nearest) [found, nearest] = [point, distance];
  }
  return found;
}
