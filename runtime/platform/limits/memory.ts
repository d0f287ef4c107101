/** The rate-limits port in process: each process counts by itself. */
import type { RateLimits } from '../ports.ts';
import { takeToken } from './gcra.ts';

export interface MemoryLimits extends RateLimits {
  /** The same, at once. */
  takeNow(tenant: string, name: string, perMinute: number): number;
  /** Forgets buckets that are full again. */
  sweep(): void;
  readonly size: number;
}

/** @param now milliseconds of a steady clock */
export function createMemoryLimits(now: () => number): MemoryLimits {
  const buckets = new Map<string, number>();
  const takeNow = (tenant: string, name: string, perMinute: number): number => {
    const id = `${tenant}\0${name}`;
    const { fullAt, wait } = takeToken(buckets.get(id) ?? 0, now(), perMinute);
    buckets.set(id, fullAt);
    return wait;
  };
  return {
    takeNow,
    take: (tenant, name, perMinute) => Promise.resolve(takeNow(tenant, name, perMinute)),
    sweep() {
      const at = now();
      for (const [id, fullAt] of buckets) if (fullAt <= at) buckets.delete(id);
    },
    get size() {
      return buckets.size;
    },
  };
}
