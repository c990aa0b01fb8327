// Parts of the page that listen to others for as long as they are there.

/**
 * Listens to events until a signal ends it.
 * @param {EventTarget} target
 * @param {Object<string, (event: Event) => void>} handlers by type of event
 * @param {AbortSignal} [signal]
 */
export function listen(target, handlers, signal) {
  for (const [type, run] of Object.entries(handlers)) target.addEventListener(type, run, { signal });
}

/**
 * Watches a store until a signal ends it.
 * @param {{subscribe: function}} store
 * @param {(state: object, previous: object) => void} run
 * @param {AbortSignal} [signal]
 */
export function watch(store, run, signal) {
  const unsubscribe = store.subscribe((...states) => signal?.aborted || run(...states));
  signal?.addEventListener("abort", unsubscribe);
}

/**
 * Draws again, at most once a frame, when an element has another size or the page another theme.
 * @param {Element} element
 * @param {() => void} draw
 * @param {AbortSignal} [signal]
 */
export function redraw(element, draw, signal) {
  let frame = 0;
  const stop = () => cancelAnimationFrame(frame);
  const soon = () => {
    stop();
    frame = requestAnimationFrame(draw);
  };
  const resized = new ResizeObserver(soon);
  resized.observe(element);
  listen(document, { themechange: soon }, signal);
  signal?.addEventListener("abort", () => (stop(), resized.disconnect()));
}

/**
 * Draws now, and again at each of these events.
 * @param {EventTarget} target
 * @param {string[]} types
 * @param {() => void} draw
 * @param {AbortSignal} [signal]
 */
export function drawAt(target, types, draw, signal) {
  for (const type of types) target.addEventListener(type, draw, { signal });
  draw();
}

/**
 * Makes a part of the page; the signal in its context ends with it.
 * @param {new (container: HTMLElement, context: object) => object} Part
 * @param {HTMLElement} container
 * @param {object} context
 * @returns {{destroy: () => void}}
 */
export function mounted(Part, container, context) {
  const ended = new AbortController();
  new Part(container, { ...context, signal: ended.signal });
  return { destroy: () => (ended.abort(), container.replaceChildren()) };
}
