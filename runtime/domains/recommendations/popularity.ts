/**
 * How much something that happened is worth, by what it was and how long ago. Counted forward from a fixed day: what happens later is
 * worth more, and what was counted stays as it is, so that sums may be made in any order and are never made anew.
 * Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009.
 */

/** After so long it is worth half. */
const HALF_LIFE_MS = 14 * 24 * 60 * 60 * 1_000;
/** A double is good for 1,023 half-lives after it: until 2064. */
const LANDMARK_MS = Date.UTC(2025, 0, 1);

export const WEIGHTS = { view: 1, cart: 4, sale: 12 } as const;
/** Of one product in one order: a hundred bought by one are not liked by a hundred. */
const MOST_UNITS = 5;

/** @param at when it happened */
export function weightOf(kind: keyof typeof WEIGHTS, at: Date, units = 1): number {
  return WEIGHTS[kind] * Math.min(units, MOST_UNITS) * growthAt(at);
}

/** What a sum of weights is worth at a time. */
export function worthAt(score: number, now: Date): number {
  return score / growthAt(now);
}

function growthAt(at: Date): number {
  return 2 ** ((at.getTime() - LANDMARK_MS) / HALF_LIFE_MS);
}
