// Requests to the dashboard's process: a few at a time, given up when nobody waits any more, with errors that say what to do.

/** Browsers hold six connections to one server over HTTP/1.1. One stays with the events and one with the sound that plays. */
const AT_MOST = 4;

/** A request that failed. `status` is 0 when the server could not be reached. */
export class RequestError extends Error {
  constructor(message, status) {
    super(message);
    this.name = "RequestError";
    this.status = status;
  }
}

/**
 * A queue that runs a few requests at a time; urgent ones (rows) go before the others (pictures).
 * @param {number} [atMost]
 * @returns {function(function(): Promise, {urgent?: boolean, signal?: AbortSignal}): Promise}
 */
export function createQueue(atMost = AT_MOST) {
  const waiting = { urgent: [], later: [] };
  let running = 0;
  const advance = async () => {
    if (running >= atMost) return;
    const task = waiting.urgent.shift() ?? waiting.later.shift();
    if (!task) return;
    if (task.signal?.aborted) {
      task.reject(aborted());
      return advance();
    }
    running += 1;
    try { task.resolve(await task.run()); } catch (error) { task.reject(error); }
    running -= 1;
    advance();
  };
  return (run, { urgent = false, signal } = {}) => new Promise((resolve, reject) => {
    (urgent ? waiting.urgent : waiting.later).push({ run, signal, resolve, reject });
    advance();
  });
}

/**
 * Fetch, or throw a RequestError with the server's own advice.
 * @param {string} address relative to the page
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function request(address, options = {}) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError("The dashboard's process does not answer. Start it again: audio-logging view", 0);
  }
  if (response.ok) return response;
  throw new RequestError(await reason(response), response.status);
}

/** The error of a request that was given up. */
export function aborted() {
  return new DOMException("given up", "AbortError");
}

async function reason(response) {
  const told = await response.json().catch(() => ({}));
  if (typeof told.error === "string") return told.error;
  if (response.status === 403) return "This page may not ask any more. Open the address that audio-logging view printed, with its token.";
  return `The dashboard answered ${response.status} ${response.statusText}`.trim();
}
