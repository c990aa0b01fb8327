// Tells when something drawn has to be drawn again: another size, another theme.

/**
 * @param {Element} element whose size matters
 * @param {() => void} draw called at most once a frame
 * @returns {() => void} ends it
 */
export function whenToRedraw(element, draw) {
  let frame = 0;
  const soon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  };
  const resized = new ResizeObserver(soon);
  resized.observe(element);
  document.addEventListener("themechange", soon);
  return () => {
    cancelAnimationFrame(frame);
    resized.disconnect();
    document.removeEventListener("themechange", soon);
  };
}
