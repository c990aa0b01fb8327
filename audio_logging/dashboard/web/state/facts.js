// What is known beside the clips: the runs, and what there is to choose from (keys, steps, labels, metrics).

const NONE = Object.freeze({ total: 0, keys: [], steps: [], labels: [], predictions: [], confusion: [], metrics: [], embeddings: 0 });

/** Events: "change", and "error" (detail: {error, retry}). Late answers to an older question are dropped. */
export class Facts extends EventTarget {
  #source;
  #controller = new AbortController();
  #query = null;

  /** Runs as last told; null before the first answer. */
  runs = null;
  /** What the present query leaves to choose from. */
  facets = NONE;
  /** What the chosen runs hold altogether. */
  universe = NONE;
  /** True until the facets belong to the present query. */
  pending = true;

  constructor(source) {
    super();
    this.#source = source;
  }

  /** The run of an id. */
  run(id) {
    return this.runs?.find((run) => run.id === id);
  }

  /** Ask about another query. */
  ask(query) {
    this.#query = query;
    this.pending = true;
    return this.refresh({ runs: this.runs === null });
  }

  /** Ask again, e.g. after clips were logged. */
  async refresh({ runs = true } = {}) {
    this.#controller.abort();
    const { signal } = (this.#controller = new AbortController());
    try {
      await Promise.all([this.#askFacets(signal), runs && this.#askRuns()]);
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      this.dispatchEvent(new CustomEvent("error", { detail: { error, retry: () => this.refresh() } }));
    }
  }

  async #askFacets(signal) {
    const whole = { run: this.#query.run };
    const [facets, universe] = await Promise.all([
      this.#source.facets(this.#query, { signal }),
      narrowed(this.#query) && this.#source.facets(whole, { signal }),
    ]);
    if (signal.aborted) return;
    Object.assign(this, { facets, universe: universe || facets, pending: false });
    this.dispatchEvent(new Event("change"));
  }

  async #askRuns() {
    this.runs = await this.#source.runs();
    this.dispatchEvent(new Event("change"));
  }
}

function narrowed(query) {
  const { run, sort, ...filters } = query;
  return Object.values(filters).some((value) => (Array.isArray(value) ? value.length > 0 : value !== null && value !== "" && value !== false));
}
