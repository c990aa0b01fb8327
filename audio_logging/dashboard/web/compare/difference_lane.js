// The row that shows the difference of the pair: how loud it is, and its waveform.

import { differenceOf } from "./difference.js";
import { element, setText } from "../page/dom.js";
import { decibel } from "../page/format.js";
import { waveLane } from "./wave_lane.js";

const SMALL = 0.25; // of full scale: what stays below is drawn larger

/**
 * @param {{seek: (time: number) => void, choose: (region: object) => void}} acts
 * @returns {{element: HTMLElement, show: function, hide: () => void, draw: (span: number) => void}}
 */
export function differenceLane(acts) {
  const text = element("p", { class: "compare-level", attributes: { role: "status" } });
  const wave = waveLane(acts);
  const made = element("section", { class: "compare-difference", attributes: { "aria-label": "Difference", hidden: true } }, text, wave.element);
  let shown = null;
  let asked = 0;

  const hide = () => {
    asked += 1;
    shown = null;
    made.hidden = true;
  };

  const draw = (span) => {
    if (!shown) return;
    const { buffer, peak } = shown;
    wave.draw(buffer, span, peak > 0 && peak < SMALL ? 1 / peak : 1);
  };

  /** @returns {Promise<number|null>} the linear gain that keeps the difference within full scale; null: another was asked for */
  const show = async (buffers, places, gains, span) => {
    const mine = (asked += 1);
    const difference = await differenceOf(buffers[0], buffers[1], gains);
    if (mine !== asked) return null;
    const appears = made.hidden;
    shown = difference;
    made.hidden = false;
    setText(text, describe(difference, buffers, places));
    draw(span);
    if (appears) made.scrollIntoView({ block: "nearest" }); // Below four clips a phone has no room left.
    return difference.peak > 1 ? 1 / difference.peak : 1;
  };
  return { element: made, show, hide, draw };
}

function describe({ peak, rms, relative, identical }, buffers, places) {
  const name = `Difference ${places[0] + 1} − ${places[1] + 1}: `;
  if (identical) return `${name}identical samples${lengths(buffers)}.`;
  const parts = [`peak ${decibel(20 * Math.log10(peak), "dBFS")}`, `RMS ${decibel(20 * Math.log10(rms), "dBFS")}`];
  if (relative !== null) parts.push(`${decibel(relative)} against ${places[0] + 1}`);
  if (peak > 1) parts.push(`played ${decibel(-20 * Math.log10(peak))}, for it would pass full scale`);
  if (peak < SMALL) parts.push(`drawn ${(1 / peak).toFixed(peak > 0.01 ? 1 : 0)} times larger`);
  return `${name}${parts.join(", ")}.`;
}

function lengths([one, other]) {
  return one.length === other.length ? "" : `; the longer one ends in ${Math.abs(one.length - other.length)} more frames of silence`;
}
