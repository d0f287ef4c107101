/**
 * Time as a dependency: wall clock for what people read, a monotonic one for every duration, timers that tests turn.
 * Back-off, leases and timeouts never look at the wall clock, so an operator survives its host's clock being set.
 */

/** Cancels a timer; calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Wall-clock time, for timestamps in objects only. */
  now(): Date;
  /** Milliseconds that never go backwards, for durations. */
  monotonic(): number;
  /** Calls `work` once after `ms`. Does not keep the process alive. */
  after(ms: number, work: () => void): Cancel;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after: (ms, work) => {
    // Node fires a timer beyond 2^31-1 ms at once; nothing here waits 24 days on purpose.
    const timer = setTimeout(work, Math.min(ms, 2_147_483_647));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** `ms` spread evenly over ± `share`, so that many clients do not act together. */
export function jitter(ms: number, share: number, random: () => number): number {
  return ms * (1 + share * (2 * random() - 1));
}
