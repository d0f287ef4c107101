/**
 * What shoppers waited for, and when a shop is back to normal: sums over steps, no clock and no I/O. A step counts from the moment
 * somebody wanted it to its right answer, whatever was refused and tried again in between, so that waiting is never left out.
 */
import { quantile } from '../../support/quantile.ts';

export interface Step {
  readonly kind: string;
  /** Milliseconds by the clock of `performance`. */
  readonly wanted: number;
  /** Absent while it is under way, or when it was given up. */
  ended?: number;
  /** What was answered instead: a status, or how the connection failed. */
  readonly refusals: string[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Steps that were wanted within the span. */
export function within(steps: readonly Step[], { from, to }: Span): readonly Step[] {
  return steps.filter(({ wanted }) => wanted >= from && wanted < to);
}

/** Milliseconds; of a step that is under way, those until now. */
export function tookOf({ wanted, ended }: Step, now: number): number {
  return (ended ?? now) - wanted;
}

export function p99(steps: readonly Step[], now: number): number {
  return quantile(
    steps.map((step) => tookOf(step, now)),
    0.99,
  );
}

export interface Normal {
  /** 99 of 100 steps took no longer, ms. */
  readonly limit: number;
  /** For how long it has to be so, ms. */
  readonly window: number;
  /** Fewer steps in a window say nothing. */
  readonly least: number;
}

/**
 * How long after `since` the shop became normal: the beginning of the first window in which nothing was refused and 99 of 100 steps
 * were as quick as they should be.
 * @returns milliseconds; undefined: not yet, as far as one can tell at `now`
 */
export function normalAfter(
  steps: readonly Step[],
  since: number,
  now: number,
  { limit, window, least }: Normal,
): number | undefined {
  const later = steps.filter(({ wanted }) => wanted >= since).toSorted((a, b) => a.wanted - b.wanted);
  for (const from of [since, ...later.map(({ wanted }) => wanted)]) {
    const span = { from, to: from + window };
    // What is under way after so long is slow for certain.
    if (span.to + limit > now) return undefined;
    const inside = within(later, span);
    if (inside.length < least || inside.some(({ refusals }) => refusals.length > 0)) continue;
    if (p99(inside, now) <= limit) return from - since;
  }
  return undefined;
}
