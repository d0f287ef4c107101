/**
 * A clock for tests: time stands still until it is told to pass.
 */
import type { Clock } from '../clock.ts';

export interface ManualClock extends Clock {
  /** Lets `ms` pass: timers fire in order, and promises they settle run in between. */
  advance(ms: number): Promise<void>;
  /** Turns the wall clock only, as an administrator or NTP would. */
  turn(ms: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

export function manualClock(start: Date = new Date('2026-11-24T00:00:00Z')): ManualClock {
  let monotonic = 0;
  let wall = start.getTime();
  const timers = new Set<{ at: number; work: () => void }>();
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  return {
    now: () => new Date(wall),
    monotonic: () => monotonic,
    after(ms, work) {
      const timer = { at: monotonic + ms, work };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    turn: (ms) => {
      wall += ms;
    },
    get pending() {
      return timers.size;
    },
    async advance(ms) {
      const end = monotonic + ms;
      for (;;) {
        await settle();
        const due = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        const next = due?.at ?? end;
        wall += Math.max(0, next - monotonic);
        monotonic = Math.max(monotonic, next);
        if (due === undefined) break;
        timers.delete(due);
        due.work();
      }
      await settle();
    },
  };
}
