/** When a delivery that failed is tried again: the schedule that Standard Webhooks recommends, over three days. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Seconds after the first attempt, the second, … */
export const PAUSES: readonly number[] = [
  5,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
export const MOST_ATTEMPTS = PAUSES.length + 1;
/** Of a pause, more or less: what failed together does not come back together. */
const JITTER = 0.1;
/** Whoever asks for more time than this gets this much. */
const LONGEST = 24 * HOUR;

/**
 * Seconds until the next attempt; undefined when there was the last.
 * @param attempts so far
 * @param askedFor what `Retry-After` said, in seconds: it is waited for, and never less than the schedule has it
 * @param chance 0 up to 1
 */
export function pauseAfter(
  attempts: number,
  askedFor: number | undefined,
  chance: number,
): number | undefined {
  const pause = PAUSES[attempts - 1];
  if (pause === undefined) return undefined;
  const jittered = pause * (1 - JITTER + 2 * JITTER * chance);
  return Math.max(jittered, Math.min(askedFor ?? 0, LONGEST));
}
