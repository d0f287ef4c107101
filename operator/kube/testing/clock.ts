/**
 * Clocks for tests: one whose time stands still until it is told to pass, and one that goes by itself and can be turned on.
 */
import { systemClock, type Cancel, type Clock } from '../clock.ts';

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

/** The system's clock; what waits for long is over as soon as it is turned on by that much. */
export function turnedClock(): Clock & { turn(ms: number): void } {
  let ahead = 0;
  const timers = new Set<{ readonly at: number; readonly fire: () => void }>();
  const monotonic = (): number => systemClock.monotonic() + ahead;
  return {
    now: systemClock.now,
    monotonic,
    after(ms, work) {
      let cancel: Cancel = () => undefined;
      const end = (): void => {
        cancel();
        timers.delete(timer);
      };
      const fire = (): void => {
        end();
        work();
      };
      const timer = { at: monotonic() + ms, fire };
      timers.add(timer);
      cancel = systemClock.after(ms, fire);
      return end;
    },
    turn(ms) {
      ahead += ms;
      for (const { at, fire } of timers) if (at <= monotonic()) fire();
    },
  };
}
