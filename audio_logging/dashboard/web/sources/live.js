// Hears of changes: by server-sent events, and by asking where those do not come through (some proxies hold them back).

const PATIENCE = 4000; // [ms] without any event, after which we ask too
const ASK_EVERY = 2000; // [ms]
const LOST_AFTER = 2; // questions without an answer
const SETTLING = 1000; // [ms] for the first answers of the page, which may well hold what the first event tells of

/**
 * Follow the dashboard's process.
 * @param {object} options
 * @param {string} options.events address of the events
 * @param {function(): Promise<number>} options.version asks for the present version
 * @param {function(): number|null} options.seen the version that the page shows already: hearing of it is no news
 * @param {function({version?: number, connected?: boolean})} options.tell
 * @returns {function} ends it
 */
export function follow({ events, version, seen, tell }) {
  let stream = null;
  let timer = 0;
  let asking = false;
  let known = null;
  let failures = 0;
  let ended = false;

  const changed = (now) => {
    if (!Number.isFinite(now)) return;
    if (known === null && seen() === null && !ended) return void setTimeout(() => changed(now), SETTLING);
    if (now === (known ?? seen())) return;
    known = now;
    tell({ version: now });
  };

  const heard = () => {
    if (failures >= LOST_AFTER) tell({ connected: true });
    failures = 0;
  };

  const askIn = (delay) => {
    clearTimeout(timer);
    if (!ended && !asking) timer = setTimeout(ask, delay);
  };

  const ask = async () => {
    asking = true;
    try {
      const now = await version();
      heard();
      changed(now);
      if (!ended && stream.readyState === EventSource.CLOSED) listen();
    } catch {
      failures += 1;
      if (failures === LOST_AFTER) tell({ connected: false });
    }
    asking = false;
    askIn(ASK_EVERY);
  };

  const listen = () => {
    stream?.close();
    stream = new EventSource(events);
    stream.addEventListener("change", (event) => {
      clearTimeout(timer);
      heard();
      changed(toVersion(event.data));
    });
    // The stream tries again by itself, and tells of each failure: only the first one hastens a question.
    stream.addEventListener("error", () => { if (failures === 0) askIn(300); });
  };

  listen();
  askIn(PATIENCE);
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => { if (event.persisted && !ended) listen(); });
  return () => {
    ended = true;
    clearTimeout(timer);
    stream.close();
  };
}

function toVersion(text) {
  try { return JSON.parse(text).version; } catch { return null; }
}
