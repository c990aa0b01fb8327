// Counts of a confusion matrix: recall, precision, accuracy. No page here.

/** A matrix of more classes than this shows those that are confused most. */
export const MOST_CLASSES = 100;

/**
 * @typedef {object} Matrix
 * @property {string[]} classes by name, at most 100
 * @property {number} left how many classes are left out
 * @property {Map<string, Map<string, number>>} counts label -> prediction -> clips
 * @property {Map<string, {label: number, prediction: number, right: number}>} totals of each class
 * @property {number} total clips with label and prediction
 * @property {number} right
 */

/**
 * Makes a matrix of what the source tells.
 * @param {{label: string|null, prediction: string|null, count: number}[]} cells
 * @returns {Matrix}
 */
export function confusionMatrix(cells) {
  const counts = new Map();
  const totals = new Map();
  let total = 0;
  let right = 0;
  for (const { label, prediction, count } of cells.filter((cell) => known(cell.label) && known(cell.prediction))) {
    const [row, column] = [String(label), String(prediction)];
    rowOf(counts, row).set(column, (rowOf(counts, row).get(column) ?? 0) + count);
    totalsOf(totals, row).label += count;
    totalsOf(totals, column).prediction += count;
    total += count;
    if (row !== column) continue;
    totalsOf(totals, row).right += count;
    right += count;
  }
  const classes = mostConfused(totals);
  return { classes, left: totals.size - classes.length, counts, totals, total, right };
}

/**
 * @param {{label: number, prediction: number, right: number}} totals of a class
 * @returns {{recall: number|null, precision: number|null}} 0 to 1; null where nothing is to be divided by
 */
export function ratesOf({ label, prediction, right }) {
  return { recall: label ? right / label : null, precision: prediction ? right / prediction : null };
}

function known(value) {
  return value !== null && value !== undefined && value !== "";
}

function rowOf(counts, label) {
  if (!counts.has(label)) counts.set(label, new Map());
  return counts.get(label);
}

function totalsOf(totals, name) {
  if (!totals.has(name)) totals.set(name, { label: 0, prediction: 0, right: 0 });
  return totals.get(name);
}

/** Mistakes in which a class has a part: taken for another, or another taken for it. */
function mistakes({ label, prediction, right }) {
  return label + prediction - 2 * right;
}

/** The classes that are shown, by name. */
function mostConfused(totals) {
  const names = [...totals.keys()].sort((one, other) => mistakes(totals.get(other)) - mistakes(totals.get(one)));
  return names.slice(0, MOST_CLASSES).sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
}
