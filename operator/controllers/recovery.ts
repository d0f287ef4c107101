/**
 * Wakes those who wait for something that sends no events, once it answers again. What answers and yet fails whoever comes
 * (a processor that takes pings and refuses registrations) is asked less and less often.
 */
import type { Clock } from '../kube/clock.ts';
import type { Watchers } from './watchers.ts';

export interface Recovery {
  /** Calls `wake` once, when `ask` resolves. */
  whenUp(wake: () => void): void;
}

/** Recovered for so long, it is taken to be well again. */
const WELL_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** @param ask resolves when the thing answers */
export function createRecovery(options: {
  readonly name: string;
  readonly ask: () => Promise<true>;
  readonly watchers: Watchers;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
}): Recovery {
  const { name, ask, watchers, clock } = options;
  const waiting = new Set<() => void>();
  let asking = false;
  let lastUp = -Infinity;
  let pauseMs = 0;

  const up = (): void => {
    const all = [...waiting];
    waiting.clear();
    watchers.forget(name);
    asking = false;
    lastUp = clock.monotonic();
    for (const one of all) one();
  };

  return {
    whenUp(wake) {
      waiting.add(wake);
      if (asking) return;
      asking = true;
      const isWell = clock.monotonic() - lastUp > WELL_MS;
      pauseMs = isWell ? 0 : Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
      clock.after(pauseMs, () => watchers.poll(name, ask, up));
    },
  };
}
