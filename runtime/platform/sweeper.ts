/**
 * Looks for work nobody told of, from time to time and when asked: one sweep at a time, and asking again while one waits to run is
 * asking once.
 */

export interface Sweeper {
  /** Asks for a sweep; returns at once. */
  look(): void;
  /** Resolves when no sweep runs and none will. */
  stop(): Promise<void>;
}

/**
 * @param options.sweep is called again although it failed before
 * @param options.failed hears why it did
 */
export function startSweeper(options: {
  readonly sweep: () => Promise<void>;
  readonly everyMilliseconds: number;
  readonly failed: (error: unknown) => void;
}): Sweeper {
  let sweeping: Promise<void> = Promise.resolve();
  let asked = false;
  let stopped = false;
  function look(): void {
    if (asked || stopped) return;
    asked = true;
    sweeping = sweeping
      .then(() => {
        asked = false;
        return options.sweep();
      })
      .catch(options.failed);
  }
  const timer = setInterval(look, options.everyMilliseconds);
  timer.unref();
  return {
    look,
    stop() {
      stopped = true;
      clearInterval(timer);
      return sweeping;
    },
  };
}
