/** How old what shoppers browse may be; merchants read what they wrote. */
import type { ReadOptions } from '../../platform/ports.ts';

/** How long an answer kept by another process is fresh; in this one a change is seen at once, as far as its source has it. */
export const CACHE_SECONDS = 2;
/** However dear it is. */
export const MOST_CACHE_SECONDS = 10;
/** What is asked for all the time may take this share of a processor to be worked out again and again. */
const SHARE_OF_A_PROCESSOR = 1 / 20;
/** What is no longer fresh is answered for this much longer, of the time it was fresh, while it is loaded anew: nobody waits for that. */
export const STALE_SHARE = 1 / 2;

/** @param cost seconds that it took to work an answer out. @returns seconds for which it is fresh */
export function freshSeconds(cost: number): number {
  return Math.min(MOST_CACHE_SECONDS, Math.max(CACHE_SECONDS, cost / SHARE_OF_A_PROCESSOR));
}

/** From a standby, where there is one that is not further behind. */
export const BROWSING: ReadOptions = { stalenessMilliseconds: 2_000 };
