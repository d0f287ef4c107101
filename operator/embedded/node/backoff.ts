/**
 * How long a container waits before it is started again: the first restart is immediate, then 10 s, doubling to 5 min.
 */
const FIRST_MS = 10_000;
const MAX_MS = 300_000;
/** A container that ran this long is forgiven what came before. */
const FORGIVEN_MS = 10 * 60_000;

export interface Backoff {
  /** Milliseconds to wait after a life that lasted `livedMs`. */
  next(livedMs: number): number;
}

export function createBackoff(firstMs = FIRST_MS, maxMs = MAX_MS): Backoff {
  let restarts = 0;
  return {
    next(livedMs) {
      if (livedMs >= FORGIVEN_MS) restarts = 0;
      restarts += 1;
      return restarts === 1 ? 0 : Math.min(firstMs * 2 ** (restarts - 2), maxMs);
    },
  };
}
