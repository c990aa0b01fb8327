// Colours computed for the page: mixing two, and black or white text on the result.

/**
 * @param {string} hex "#rrggbb"
 * @returns {[number, number, number]} 0 to 255
 */
export function parseColour(hex) {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * @param {[number, number, number]} one
 * @param {[number, number, number]} other
 * @param {number} share of the other, 0 to 1
 * @returns {[number, number, number]}
 */
export function mixColours(one, other, share) {
  return one.map((value, i) => Math.round(value + (other[i] - value) * share));
}

/** Relative luminance after WCAG 2. */
function luminance(colour) {
  const [r, g, b] = colour.map((value) => (value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * Black or white, whichever is read better on a colour: at least 4.5 to 1.
 * @param {[number, number, number]} colour
 * @returns {"#000000"|"#ffffff"}
 */
export function textOn(colour) {
  const light = luminance(colour);
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? "#000000" : "#ffffff";
}
