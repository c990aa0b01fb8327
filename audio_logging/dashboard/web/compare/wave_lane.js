// A waveform of the comparison, with the cursor and the region of all clips over it (CSS variables of their container).

import { bufferPeaks } from "./decoded.js";
import { element } from "../page/dom.js";
import { followPointers, placeOn } from "../page/gestures.js";
import { drawWaveform, fitCanvas } from "../clip/waveform.js";

const MOST_BUCKETS = 2000;

/**
 * @param {{seek: (time: number) => void, choose: (region: {start: number, end: number}) => void}} acts times in [s]
 * @returns {{element: HTMLElement, draw: (buffer: AudioBuffer|null, span: number, gain: number) => void}} span: time of the whole lane [s]
 */
export function waveLane({ seek, choose }) {
  const canvas = element("canvas", { attributes: { "aria-hidden": "true" } });
  const silence = element("div", { class: "compare-silence", attributes: { title: "Silence: this clip is shorter" } });
  const lane = element("div", { class: "compare-wave" }, canvas, silence,
    element("div", { class: "compare-region" }), element("div", { class: "compare-cursor" }));
  let shown = 0; // [s]
  const timeAt = (event) => shown * Math.min(1, Math.max(0, placeOn(lane, event)[0]));
  followPointers(lane, {
    click: (event) => seek(timeAt(event)),
    drag: (event, first) => {
      const [start, end] = [timeAt(first), timeAt(event)].sort((one, other) => one - other);
      choose({ start, end });
    },
  });
  const draw = (buffer, span, gain) => {
    shown = span;
    silence.style.left = buffer ? `${(100 * buffer.duration) / span}%` : "100%";
    if (!fitCanvas(canvas)) return;
    if (buffer && span > 0) drawWaveform(canvas, bufferPeaks(buffer, MOST_BUCKETS, gain), { end: span, to: buffer.duration });
    else canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  };
  return { element: lane, draw };
}
