// The map: embeddings as points that play.

import { button, element, setText } from "../page/dom.js";
import { emptyState } from "../page/empty_state.js";
import { count, plural, titleOf } from "../page/format.js";
import { followPointers, placeOn, wheelFactor } from "../page/gestures.js";
import { listen, mounted, redraw, watch } from "../page/listen.js";
import { drawMap } from "./map_drawing.js";
import { MapWindow, classOf, classesOf, pointAt, pointTowards } from "./map_points.js";
import { menu, tickBox } from "../page/menu.js";
import { queryOf, sameQuery } from "../state/store.js";
import { spokenText } from "../clip/transcript_formats.js";
import { fitCanvas } from "../clip/waveform.js";

const HOVER = 120; // [ms] on a point before it plays
const [MOUSE, FINGER] = [12, 18]; // [px] how far from a point one may be
const MOST_LEGEND = 40;
const LONGEST_NAME = 40;
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const CANVAS = { tabindex: 0, role: "application", "aria-roledescription": "map", "aria-label": "Map of clips", "aria-describedby": "map-summary map-keys" };
const KEYS = "Click plays a point. On the map, arrow keys go to the next point and Enter plays it. A cross is a clip that the model got wrong.";
const ADVICE = "Let predict return an embedding of each clip (numbers, as many for every clip), and this page shows which clips the model finds alike:";
const EXAMPLE = `def predict(model, clips):
    scores, embeddings = model(clips)
    return [{"scores": s, "embedding": e} for s, e in zip(scores, embeddings)]

log = al.PredictionLogger(samples, predict)`;

/**
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{destroy: () => void}}
 */
export function mountMap(container, context) {
  return mounted(MapView, container, context);
}

class MapView {
  #asked = new AbortController();
  #query = null;
  #found = null;
  #points = [];
  #total = 0;
  #hidden = new Set(); // names of classes
  #by = "label";
  #hovered = null;
  #playsOnHover = false;
  #unfitted = true; // All points are to be shown at the next drawing.
  #timer = 0;

  constructor(container, context) {
    const { facts, store, signal } = context;
    this.context = context;
    this.window = new MapWindow();
    this.#build(container);
    this.#followPointer();
    listen(facts, { change: () => this.load() }, signal);
    watch(store, (state, previous) => this.#follow(state, previous), signal);
    redraw(this.canvas, () => this.#draw(), signal);
    signal.addEventListener("abort", () => {
      this.#asked.abort();
      clearTimeout(this.#timer);
    });
    this.load();
  }

  #build(container) {
    const choices = ["label", "prediction", "correct"].map((value) => [value, `Colour by ${value}`]);
    const by = menu({ label: "Colour by", choices, value: this.#by, run: (value) => this.#colourBy(value) });
    const hovering = tickBox("Play on hover", { run: (checked) => (this.#playsOnHover = checked) });
    this.summary = element("p", { attributes: { id: "map-summary" } });
    this.canvas = element("canvas", { attributes: CANVAS, on: { keydown: (event) => this.#steer(event) } });
    this.caption = element("div", { class: "map-caption", attributes: { role: "status" } });
    const zooms = element("div", { class: "map-zoom" },
      button({ icon: "plus", label: "Zoom in", run: () => this.#zoom(1.5) }),
      button({ class: "icon-button", text: "−", label: "Zoom out", run: () => this.#zoom(1 / 1.5) }),
      button({ text: "Fit", title: "Show all points", run: () => this.#fit() }));
    this.legend = element("div", { class: "map-legend", attributes: { role: "group", "aria-label": "Classes shown" } });
    const keys = element("p", { class: "map-keys", attributes: { id: "map-keys" }, text: KEYS });
    this.page = element("div", { class: "map-view" }, element("div", { class: "view-bar" }, this.summary, by, hovering),
      element("div", { class: "map-plane" }, this.canvas, zooms, this.caption), this.legend, keys);
    this.empty = emptyState("No embeddings here", ADVICE, EXAMPLE);
    container.append(this.page, this.empty);
  }

  #followPointer() {
    const place = (event) => {
      const [x, y] = placeOn(this.canvas, event);
      return [x * this.window.width, y * this.window.height];
    };
    const pointUnder = (event, reach) => pointAt(this.#shown(), this.window, ...place(event), reach);
    followPointers(this.canvas, {
      click: (event) => this.#click(pointUnder(event, FINGER)),
      drag: (event, _, last) => this.#pan(event.clientX - last.clientX, event.clientY - last.clientY),
      pinch: (factor, middle) => this.#zoom(factor, ...place(middle)),
      hover: (event) => { if (!event?.buttons) this.#hover(event && pointUnder(event, MOUSE)); },
    });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(wheelFactor(event), ...place(event));
    }, { passive: false });
  }

  #follow(state, previous) {
    if (!sameQuery(state, previous)) this.load();
    if (state.clip !== previous.clip) this.#draw();
  }

  /** Asks for the points of the present query, unless they are here. */
  async load() {
    const { store, facts, source, toast } = this.context;
    const state = store.get();
    this.page.classList.add("pending");
    if (facts.pending) return;
    const same = this.#query !== null && sameQuery(this.#query, state);
    const found = `${facts.facets.total} ${facts.facets.embeddings}`; // Other changes move no point.
    if (same && this.#found === found) return void this.page.classList.remove("pending");
    this.#query = state;
    this.#found = found;
    this.#asked.abort();
    const { signal } = (this.#asked = new AbortController());
    try {
      const { points, total } = await source.points(queryOf(state), { signal });
      if (!signal.aborted) this.#take(points, total, !same);
    } catch (error) {
      if (signal.aborted) return;
      this.#query = null;
      toast(error.message, { alert: true, action: { text: "Try again", run: () => this.load() } });
    }
  }

  #take(points, total, fits) {
    this.page.classList.remove("pending");
    this.#points = points;
    this.#total = total;
    this.page.hidden = points.length === 0;
    this.empty.hidden = points.length > 0;
    this.#hovered = points.find((point) => point.id === this.#hovered?.id) ?? null;
    this.#legend();
    this.#unfitted ||= fits;
    this.#draw();
  }

  #shown() {
    return this.#hidden.size ? this.#points.filter((point) => !this.#hidden.has(classOf(point, this.#by))) : this.#points;
  }

  #legend() {
    const classes = classesOf(this.#points, this.#by);
    this.looks = new Map(classes.map((each) => [each.name, each]));
    const wrong = this.#points.filter((point) => point.correct === false).length;
    const told = this.#total > this.#points.length ? `${count(this.#points.length)} of ` : "";
    const among = classes.length === 1 ? "1 class" : `${count(classes.length)} classes`;
    const mistakes = wrong ? `, ${count(wrong)} wrong` : "";
    setText(this.summary, `${told}${plural(this.#total, "clip")} in ${among}${mistakes}. What lies close is alike to the model.`);
    this.legend.replaceChildren(...classes.slice(0, MOST_LEGEND).map((each) => this.#legendButton(each)));
    if (classes.length > MOST_LEGEND) this.legend.append(element("span", { text: `and ${count(classes.length - MOST_LEGEND)} more` }));
  }

  #legendButton({ name, count: points, colour, ring }) {
    const dot = element("span", { class: "map-dot" });
    dot.style.borderColor = colour;
    dot.style.backgroundColor = ring ? "transparent" : colour;
    const made = button({ class: "map-class", attributes: { "aria-pressed": String(!this.#hidden.has(name)) }, run: () => this.#toggle(name, made) });
    made.append(dot, element("span", { class: "map-name", attributes: { dir: "auto" }, text: name.slice(0, LONGEST_NAME) }), element("span", { class: "map-count", text: count(points) }));
    return made;
  }

  #toggle(name, control) {
    if (!this.#hidden.delete(name)) this.#hidden.add(name);
    control.setAttribute("aria-pressed", String(!this.#hidden.has(name)));
    this.#draw();
  }

  #colourBy(what) {
    this.#by = what;
    this.#hidden.clear();
    this.#legend();
    this.#draw();
  }

  #fit() {
    this.#unfitted = true;
    this.#draw();
  }

  #zoom(factor, x, y) {
    this.window.zoom(factor, x, y);
    this.#draw();
  }

  #pan(dx, dy) {
    this.window.pan(dx, dy);
    this.#draw();
  }

  #draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      if (this.#points.length === 0 || !fitCanvas(this.canvas)) return;
      Object.assign(this.window, { width: this.canvas.clientWidth, height: this.canvas.clientHeight });
      if (this.#unfitted) this.window.fit(this.#points);
      this.#unfitted = false;
      drawMap(this.canvas, this.#shown(), this.window, { by: this.#by, looks: this.looks, chosen: this.context.store.get().clip, hovered: this.#hovered?.id });
    });
  }

  #hover(point) {
    if (point === this.#hovered) return;
    this.#point(point);
    clearTimeout(this.#timer);
    if (point && this.#playsOnHover) this.#timer = setTimeout(() => this.#play(point), HOVER);
  }

  #click(point) {
    if (!point) return;
    clearTimeout(this.#timer);
    this.#point(point);
    this.#play(point);
  }

  #play(point) {
    this.context.select(point.id, { play: true });
  }

  #point(point) {
    this.#hovered = point;
    this.canvas.style.cursor = point ? "pointer" : "";
    this.#describe(point);
    this.#draw();
  }

  /** Says what a point is at once, and its caption when it is there. */
  async #describe(point) {
    setText(this.caption, point ? titleOf(point) : "");
    await new Promise((resolve) => setTimeout(resolve, HOVER));
    if (!point || this.#hovered !== point) return;
    const row = await this.context.source.clip(point.id).catch(() => null);
    if (!row || this.#hovered !== point) return;
    const parts = [titleOf(row), spokenText(row.caption), row.key, `step ${row.step}`, this.context.runName(row.run)];
    setText(this.caption, [...new Set(parts.filter(Boolean))].map((part) => part.slice(0, 200)).join(" · "));
  }

  #steer(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && this.#hovered) this.#play(this.#hovered);
    else if (DIRECTIONS[event.key]) this.#go(DIRECTIONS[event.key]);
    else return;
    event.preventDefault();
  }

  #go(direction) {
    const points = this.#shown();
    const chosen = points.find((point) => point.id === this.context.store.get().clip);
    const middle = pointAt(points, this.window, this.window.width / 2, this.window.height / 2, Infinity);
    const from = points.includes(this.#hovered) ? this.#hovered : chosen;
    const next = from ? pointTowards(points, from, direction) : middle;
    if (!next) return;
    this.window.reveal(next);
    this.#point(next);
  }
}
