/** The rate-limits port in process: each process counts by itself. */
import type { RateLimits } from '../ports.ts';
import { takeToken, WINDOW_MS } from './gcra.ts';

export interface MemoryLimits extends RateLimits {
  /** The same, at once. */
  takeNow(tenant: string, name: string, most: number, per?: keyof typeof WINDOW_MS): number;
  /** Forgets buckets that are full again. */
  sweep(): void;
  readonly size: number;
}

/** @param now milliseconds of a steady clock */
export function createMemoryLimits(now: () => number): MemoryLimits {
  const buckets = new Map<string, number>();
  const takeNow: MemoryLimits['takeNow'] = (tenant, name, most, per = 'minute') => {
    const id = `${tenant}\0${name}`;
    const { fullAt, wait } = takeToken(buckets.get(id) ?? 0, now(), most, WINDOW_MS[per]);
    buckets.set(id, fullAt);
    return wait;
  };
  return {
    takeNow,
    take: (...asked) => Promise.resolve(takeNow(...asked)),
    sweep() {
      const at = now();
      for (const [id, fullAt] of buckets) if (fullAt <= at) buckets.delete(id);
    },
    get size() {
      return buckets.size;
    },
  };
}
