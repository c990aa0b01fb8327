// Listens to events until a signal ends it.

/**
 * @param {EventTarget} target
 * @param {Object<string, (event: Event) => void>} handlers by type of event
 * @param {AbortSignal} signal
 */
export function listen(target, handlers, signal) {
  for (const [type, run] of Object.entries(handlers)) target.addEventListener(type, run, { signal });
}

/**
 * Watches a store until a signal ends it.
 * @param {{subscribe: function}} store
 * @param {(state: object, previous: object) => void} run
 * @param {AbortSignal} signal
 */
export function watch(store, run, signal) {
  signal.addEventListener("abort", store.subscribe(run), { once: true });
}
