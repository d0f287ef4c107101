/**
 * A token bucket on the monotonic clock: says how long to wait instead of waiting itself.
 */
import type { Clock } from './clock.ts';

export interface TokenBucket {
  /** Takes a token, if need be one of the future, and returns the milliseconds until it is there. */
  reserve(): number;
  /** Takes a token only if one is there now. */
  tryTake(): boolean;
}

/** @param ratePerSecond tokens that come back each second @param burst how many it holds, full at first */
export function createBucket(ratePerSecond: number, burst: number, clock: Clock): TokenBucket {
  let tokens = burst;
  let last = clock.monotonic();
  const refill = (): void => {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - last) / 1000) * ratePerSecond);
    last = now;
  };
  return {
    reserve() {
      refill();
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / ratePerSecond) * 1000;
    },
    tryTake() {
      refill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
