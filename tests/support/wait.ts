/** Waits for conditions instead of time: polls until a check says yes, and says what it last saw when time is up. */
import { inspect } from 'node:util';

/** What nothing is as slow as, on a machine that does forty things at once. */
const LONG_MS = 60_000;

export interface WaitOptions {
  /** Absent: a minute. */
  readonly withinMs?: number;
  /** Rest between two looks; absent: 50 ms. */
  readonly everyMs?: number;
  readonly what: string;
  /** Says what there is instead, when time is up. */
  readonly tell?: () => Promise<string>;
  /** Says why it can never be, as soon as that is known: nothing is waited for then. */
  readonly hopeless?: () => string | undefined;
}

/**
 * Resolves with the first value of `check` that is not undefined.
 * A throwing check counts as "not yet"; its last error is the cause of the time-out. One that does not answer is given up a minute after that.
 */
export async function until<T>(
  check: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const { what, withinMs = LONG_MS, everyMs = 50, hopeless, tell } = options;
  const deadline = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await inTime(check(), 'an answer to the check', deadline + LONG_MS - performance.now());
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    const reason = hopeless?.();
    if (reason !== undefined) throw new Error(`${what}: never: ${reason}`);
    if (performance.now() > deadline) {
      const instead = tell === undefined ? '' : `; instead: ${await tell()}`;
      throw new Error(
        `${what}: not within ${withinMs} ms${instead}`,
        last === undefined ? undefined : { cause: last },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/**
 * Looks until what it sees is what is wanted, and resolves with it. What a look throws is thrown at once.
 * @throws Error that says what was waited for and what was seen last
 */
export async function untilSeen<T>(
  look: () => Promise<T> | T,
  wanted: (seen: T) => boolean,
  options: Omit<WaitOptions, 'tell'>,
): Promise<T> {
  let last: T | undefined;
  const end = await until<{ readonly seen: T } | { readonly error: unknown }>(
    async () => {
      try {
        const seen = (last = await look());
        return wanted(seen) ? { seen } : undefined;
      } catch (error) {
        return { error };
      }
    },
    { ...options, tell: async () => inspect(last, { depth: 8, breakLength: Infinity, compact: true }) },
  );
  if ('error' in end) throw end.error;
  return end.seen;
}

/** Resolves as the work does. @throws Error when it does not answer in time */
export async function inTime<T>(work: Promise<T> | T, what: string, withinMs = LONG_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what}: not within ${withinMs} ms`)), withinMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
