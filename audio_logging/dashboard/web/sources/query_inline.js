// Finds, counts and sorts the clips of an exported file, exactly as the server does (queries.py, selecting.py, facets.py).

const SORTED_CAPTION = 60; // characters of a caption that sorting goes by
const MOST_LABELS = 500;
const MOST_PAIRS = 10_000;
const MOST_POINTS = 5000;
const TEXTS = ["key", "label", "prediction", "caption"];
const COMPARE = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
};

/**
 * An index of rows, which stand in the order of logging.
 * @param {object[]} rows
 * @param {object[]} points of the map
 */
export function createIndex(rows, points) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const searched = new Map();
  const mapped = new Set(points.map((point) => point.id));
  let last = { asked: null, rows: [] };

  function find(query) {
    const asked = JSON.stringify(query);
    if (asked !== last.asked) last = { asked, rows: inOrder(rows.filter(passingAll(testsOf(query))), query.sort) };
    return last.rows;
  }

  /** What a query asks for, by the name of what asks for it. */
  function testsOf(query) {
    const tests = new Map();
    if (query.run?.length) tests.set("run", among("run", query.run));
    for (const name of ["key", "label", "prediction"]) if (query[name]?.length) tests.set(name, among(name, query[name]));
    if (query.step === "latest") tests.set("step", latest(rows.filter(tests.get("run") ?? (() => true))));
    else if (query.step !== null && query.step !== undefined) tests.set("step", (row) => row.step === Number(query.step));
    const words = fold(query.q ?? "").split(/\s+/).filter(Boolean);
    if (words.length) tests.set("q", (row) => words.every((word) => textOf(row).includes(word)));
    if (typeof query.correct === "boolean") tests.set("correct", (row) => row.correct === query.correct);
    if (query.id?.length || query.only) tests.set("id", among("id", query.id));
    for (const condition of query.where ?? []) addCondition(tests, condition);
    return tests;
  }

  function textOf(row) {
    let text = searched.get(row.id);
    if (text === undefined) {
      text = fold([row.caption, row.label, row.prediction, row.clip_id, row.key, row.role].filter(Boolean).join("\n"));
      searched.set(row.id, text);
    }
    return text;
  }

  function facets(query) {
    const tests = testsOf(query);
    const all = rows.filter(passingAll(tests));
    const without = (...names) => (names.some((name) => tests.has(name)) ? rows.filter(passingAll(tests, names)) : all);
    return {
      total: all.length,
      keys: keysOf(without("key")),
      steps: [...new Set(without("step").map((row) => row.step).filter(isKnown))].sort((a, b) => a - b),
      labels: counted(without("label"), (row) => row.label),
      predictions: counted(without("prediction"), (row) => row.prediction),
      confusion: pairsOf(without("label", "prediction", "correct")),
      metrics: metricsOf(without),
      embeddings: all.filter((row) => mapped.has(row.id)).length,
    };
  }

  function metricsOf(without) {
    const names = new Set(rows.flatMap((row) => Object.keys(row.metrics ?? {})));
    const told = [...names].sort(byText).map((name) => {
      const values = without(`where metric.${name}`).map((row) => measure(row, `metric.${name}`)).filter(isKnown);
      return { name, min: least(values), max: -least(values.map((value) => -value)), count: values.length };
    });
    return told.filter(({ count }) => count > 0);
  }

  function related(row, runs) {
    const chosen = rows.filter((other) => isSame(row, other) && (runs.length === 0 || runs.includes(other.run)));
    return inOrder(chosen, "step");
  }

  function pointsOf(query) {
    const ids = new Set(find(query).map((row) => row.id));
    const found = points.filter((point) => ids.has(point.id));
    return { total: found.length, points: found.slice(0, MOST_POINTS) };
  }

  return { find, facets, related, points: pointsOf, row: (id) => byId.get(id) };
}

function passingAll(tests, without = []) {
  const wanted = [...tests].filter(([name]) => !without.includes(name)).map(([, test]) => test);
  return (row) => wanted.every((test) => test(row));
}

/** Whether a text is one of several; the empty one stands for none. */
function among(name, texts) {
  const wanted = new Set(texts);
  return (row) => wanted.has(row[name] ?? "");
}

/** For each run and key, whether a clip is of its latest step; where no clip has a step, all are. */
function latest(rows) {
  const last = new Map();
  const step = (row) => row.step ?? -Infinity;
  const group = (row) => JSON.stringify([row.run, row.key]);
  for (const row of rows) last.set(group(row), Math.max(step(row), last.get(group(row)) ?? -Infinity));
  return (row) => step(row) === last.get(group(row));
}

/** NAME:OPERATOR:VALUE; the name may have colons in it. What is unknown fails. Two of one name must both hold. */
function addCondition(tests, condition) {
  const [, name, operator, told] = /^(.*):(lt|le|gt|ge|eq|ne):([^:]*)$/s.exec(condition) ?? [];
  if (name === undefined || told.trim() === "" || !Number.isFinite(Number(told))) throw new Error(`The filter ${condition} is not understood: NAME:lt:NUMBER, with lt, le, gt, ge, eq or ne.`);
  const before = tests.get(`where ${name}`) ?? (() => true);
  const passes = (row) => {
    const value = measure(row, name);
    return isKnown(value) && COMPARE[operator](value, Number(told));
  };
  tests.set(`where ${name}`, (row) => before(row) && passes(row));
}

function measure(row, name) {
  if (name.startsWith("metric.")) return own(row.metrics, name.slice(7));
  if (name === "level" && row.peak === 0) return -Infinity;
  return name === "correct" && isKnown(row.correct) ? Number(row.correct) : row[name];
}

function own(object, name) {
  return object && Object.hasOwn(object, name) ? object[name] : undefined;
}

function isKnown(value) {
  return value !== undefined && value !== null;
}

/** Sorted; equal ones stay in the order of logging, and what is unknown comes last either way. */
function inOrder(rows, sort) {
  const descending = sort?.startsWith("-");
  const name = sort?.replace(/^-/, "") || "logged";
  if (name === "logged") return descending ? [...rows].reverse() : rows;
  const compare = TEXTS.includes(name) ? byFoldedText : (a, b) => a - b;
  const keyed = rows.map((row) => ({ row, value: sortValue(row, name) }));
  const known = keyed.filter(({ value }) => isKnown(value)).sort((a, b) => (descending ? compare(b.value, a.value) : compare(a.value, b.value)));
  return [...known, ...keyed.filter(({ value }) => !isKnown(value))].map(({ row }) => row);
}

function sortValue(row, name) {
  if (!TEXTS.includes(name)) return measure(row, name);
  const text = name === "caption" ? firstCharacters(row.caption, SORTED_CAPTION) : row[name];
  return isKnown(text) ? { text, folded: fold(text) } : undefined;
}

function firstCharacters(text, most) {
  return text && text.length > most ? [...text.slice(0, 2 * most)].slice(0, most).join("") : text;
}

function byFoldedText(a, b) {
  return byText(a.folded, b.folded) || byText(a.text, b.text);
}

/** In the order of code points, where "<" goes by halves of them. */
function byText(a, b) {
  if (a === b) return 0;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const [one, other] = [a, b].map((text) => text.codePointAt(at) ?? -1);
  return isHalf(a, at) || isHalf(b, at) ? byCharacters(a, b) : one - other;
}

function isHalf(text, at) {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}

function byCharacters(a, b) {
  const [one, other] = [[...a], [...b]];
  const at = one.findIndex((character, place) => character !== other[place]);
  return at < 0 ? -1 : one[at].codePointAt(0) - (other[at]?.codePointAt(0) ?? -1);
}

/** As Python's str.casefold does, but for a few rare letters. */
function fold(text) {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ").replaceAll("\0", " ");
}

function keysOf(rows) {
  const found = new Map();
  for (const row of rows) {
    const entry = found.get(row.key) ?? { key: row.key, count: 0, roles: new Set() };
    entry.count += 1;
    if (isKnown(row.role)) entry.roles.add(row.role);
    found.set(row.key, entry);
  }
  return [...found.values()].sort((a, b) => byText(a.key, b.key)).map((entry) => ({ ...entry, roles: [...entry.roles].sort(byText) }));
}

/** The most frequent first. */
function counted(rows, valueOf) {
  const counts = new Map();
  for (const value of rows.map(valueOf).filter(isKnown)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count).slice(0, MOST_LABELS);
}

function pairsOf(rows) {
  const counts = new Map();
  for (const { label, prediction } of rows.filter((row) => isKnown(row.label) && isKnown(row.prediction))) {
    const of = counts.get(label) ?? new Map();
    counts.set(label, of.set(prediction, (of.get(prediction) ?? 0) + 1));
  }
  const pairs = [...counts].flatMap(([label, of]) => [...of].map(([prediction, count]) => ({ label, prediction, count })));
  return pairs.sort((a, b) => b.count - a.count).slice(0, MOST_PAIRS);
}

function least(values) {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

/** The same sample, at whatever step and in whatever role. */
function isSame(one, other) {
  if (isKnown(one.clip_id)) return other.clip_id === one.clip_id;
  return !isKnown(other.clip_id) && one.key === other.key && one.index === other.index && one.column === other.column;
}
