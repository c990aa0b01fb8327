// Waveform, spectrogram and time axis of one clip under one cursor, with the tools to zoom and to choose a region.

import { timeMarks } from "./axes.js";
import { element, setText } from "../page/dom.js";
import { hertz } from "../page/format.js";
import { placeMarks } from "./lane.js";
import { listen, redraw, watch } from "../page/listen.js";
import { createRegion, regionText } from "./region.js";
import { createSpectrogram } from "./spectrogram.js";
import { followTimePointer, timeUnder } from "./time_pointer.js";
import { createTools } from "./time_tools.js";
import { TimeWindow } from "./time_window.js";
import { createWaveform } from "./waveform_view.js";

const MARK = 70; // [px] that a mark of the time axis needs
const CLOSER = 0.5;
const MARGIN = 0.02; // of a region, on both sides of it, when it is zoomed to

/**
 * Makes the views.
 * @param {object} context source, store, player, announce
 * @returns {{node: HTMLElement, show: (row: object) => Promise<void>, clear: () => void, levels: (time: number) => number[],
 *   zoomToRegion: () => void, zoomOut: () => void, choose: (span: {start: number, end: number}, done: boolean) => void}}
 */
export function createTimeViews(context) {
  const { player, store, announce } = context;
  const view = new TimeWindow();
  const waveform = createWaveform(context, view);
  const spectrogram = createSpectrogram(context, view);
  const region = createRegion(waveform.surface, view, choose);
  const ruler = element("div", { class: "ruler", attributes: { "aria-hidden": "true" } });
  const cursor = element("div", { class: "cursor", attributes: { hidden: true } });
  const hover = createHover(waveform.surface, view, spectrogram.frequency);
  const overlay = element("div", { class: "overlay" }, region.node, hover.node, cursor);
  const zoomOut = () => view.reset(view.duration);
  const tools = createTools(context, view, { zoomToRegion, zoomOut, choose });
  const lanes = element("div", { class: "lanes" }, waveform.node, spectrogram.node, overlay);
  const seek = (time) => player.seek(time);
  followTimePointer(waveform.surface, view, { seek, choose, hover: (event) => hover.show(event, false) });
  followTimePointer(spectrogram.surface, view, { seek, choose, hover: (event) => hover.show(event, true) });
  waveform.surface.addEventListener("keydown", (event) => steer(event, player));
  let width = 0;
  let before = 0;
  let shows = false;
  view.addEventListener("change", placeAll);
  listen(player, { time: progress, load: placeRegion, region: placeRegion });
  watch(store, (state, previous) => state.normalise !== previous.normalise && normalised());
  redraw(overlay, () => (placeAll(), waveform.draw()));

  function normalised() {
    waveform.draw();
    tools.gain(waveform.gain());
  }

  function placeAll() {
    width = overlay.clientWidth;
    drawRuler(ruler, view, width);
    placeRegion();
    progress();
  }

  function placeRegion() {
    region.place(player.region);
    tools.region(player.region);
  }

  function progress() {
    const { time } = player;
    if (shows && view.duration === 0 && player.duration > 0) view.reset(player.duration); // Only the browser knows how long it is.
    if (player.playing && time > view.end && before <= view.end) view.pan(view.end - view.start); // Turns the page.
    before = time;
    const at = view.fraction(time);
    cursor.hidden = view.duration === 0 || at < 0 || at > 1;
    cursor.style.transform = `translateX(${Math.round(2 * at * width) / 2}px)`;
    waveform.progress(time);
  }

  /** Shows a region while it is dragged, and takes it when the drag is done. */
  function choose(span, done) {
    if (!done) return region.place(span);
    player.setRegion(span);
    if (!player.region) return;
    if (player.time < player.region.start || player.time >= player.region.end) player.seek(player.region.start);
    announce(`Region ${regionText(player.region)}. Press l to loop it, Escape to take it away.`);
  }

  function zoomToRegion() {
    const { region: chosen, time } = player;
    const margin = chosen ? (chosen.end - chosen.start) * MARGIN : 0;
    if (chosen) view.show(chosen.start - margin, chosen.end + margin);
    else view.zoom(CLOSER, time >= view.start && time <= view.end ? time : (view.start + view.end) / 2);
  }

  async function show(row) {
    shows = true;
    view.reset(row.duration ?? 0);
    const pictured = spectrogram.show(row);
    await waveform.show(row);
    tools.gain(waveform.gain());
    await pictured;
  }

  function clear() {
    shows = false;
    view.reset(0);
    waveform.clear();
    spectrogram.clear();
    hover.show(null);
    tools.gain(1);
  }

  const node = element("div", { class: "time-views" }, lanes, ruler, tools.node);
  return { node, show, clear, choose, zoomToRegion, zoomOut, levels: waveform.levels };
}

/** The keys of a slider: those of the page leave it alone. */
function steer(event, player) {
  const { time, duration } = player;
  const step = event.shiftKey ? 0.1 : 1;
  const [back, forth] = [-step, step];
  const arrows = { ArrowLeft: back, ArrowDown: back, ArrowRight: forth, ArrowUp: forth };
  const by = { ...arrows, PageDown: -duration / 10, PageUp: duration / 10, Home: -time, End: duration - time }[event.key];
  if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  player.skip(by);
  event.preventDefault();
  event.stopPropagation();
}

function drawRuler(ruler, view, width) {
  placeMarks(ruler, "left", timeMarks(view.start, view.end, Math.max(2, width / MARK)).filter(({ at }) => at < 0.97));
}

/** The line under the pointer, with the time there, and the frequency on the spectrogram. */
function createHover(surface, view, frequencyOf) {
  const text = element("span");
  const node = element("div", { class: "hover", attributes: { hidden: true, "aria-hidden": "true" } }, text);
  let last = [null];
  view.addEventListener("change", () => show(...last));
  const show = (event, onSpectrogram) => {
    last = [event, onSpectrogram];
    node.hidden = event === null || view.duration === 0;
    if (node.hidden) return;
    const time = timeUnder(surface, view, event);
    const frequency = onSpectrogram ? frequencyOf(event) : null;
    const digits = view.end - view.start < 2 ? 3 : 2;
    const at = view.fraction(time);
    const height = frequency === null ? "" : ` · ${hertz(Math.round(frequency))}`;
    setText(text, `${time.toFixed(digits)} s${height}`);
    node.style.left = `${at * 100}%`;
    node.classList.toggle("leftwards", at > 0.6);
  };
  return { node, show };
}

