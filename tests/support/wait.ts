/** Waits for conditions instead of time: polls until a check says yes, and says what it last saw when time is up. */

export interface WaitOptions {
  readonly withinMs: number;
  readonly everyMs?: number;
  readonly what: string;
  /** Says what there is instead, when time is up. */
  readonly tell?: () => Promise<string>;
  /** Says why it can never be, as soon as that is known: nothing is waited for then. */
  readonly hopeless?: () => string | undefined;
}

/**
 * Resolves with the first value of `check` that is not undefined.
 * A throwing check counts as "not yet"; its last error is the cause of the time-out.
 */
export async function until<T>(
  check: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    const reason = options.hopeless?.();
    if (reason !== undefined) throw new Error(`${options.what}: never: ${reason}`);
    if (performance.now() > deadline) {
      const instead = options.tell === undefined ? '' : `; instead: ${await options.tell()}`;
      throw new Error(
        `${options.what}: not within ${options.withinMs} ms${instead}`,
        last === undefined ? undefined : { cause: last },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50));
  }
}
