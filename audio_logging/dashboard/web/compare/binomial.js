// Chance of guessing: the exact one-sided binomial test of a blind test.

/** The most trials whose test is computed exactly. */
export const MOST_TRIALS = 1000;

/**
 * How likely it is that someone who hears no difference gets this many right, or more.
 * @param {number} right
 * @param {number} trials 0 to 1000
 * @returns {number} 1 when nothing was right
 */
export function guessingChance(right, trials) {
  let ways = 1n; // to get i of the trials right
  let tail = 0n;
  for (let i = 0n; i <= BigInt(trials); i += 1n) {
    if (i >= BigInt(right)) tail += ways;
    ways = (ways * (BigInt(trials) - i)) / (i + 1n);
  }
  return Number(tail) / 2 ** trials;
}
