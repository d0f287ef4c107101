/**
 * Keeps waits that end by themselves within moments out of the status. On its way to Ready an object waits for its Pods, its
 * route, its runtime, each for a few milliseconds: told one by one they would double the writes of a large roll-out.
 */
import type { Clock } from '../kube/clock.ts';

export interface Patience {
  /** Milliseconds this wait shall not be told yet; 0 when it is time. The first call for a key begins the wait. */
  leftMs(key: string): number;
  /** The wait is over, or was told. */
  end(key: string): void;
}

/** @param patienceMs how long a wait may stay untold; 0: not at all */
export function createPatience(clock: Pick<Clock, 'monotonic'>, patienceMs: number): Patience {
  const since = new Map<string, number>();
  return {
    leftMs(key) {
      if (patienceMs === 0) return 0;
      const now = clock.monotonic();
      const began = since.get(key) ?? now;
      since.set(key, began);
      return Math.max(0, Math.ceil(began + patienceMs - now));
    },
    end: (key) => void since.delete(key),
  };
}
