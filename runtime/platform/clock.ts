/** Time, as a port: the real one, and one that tests turn by hand. */
import type { Clock } from './ports.ts';

export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still until a test moves it. */
export function manualClock(
  start = new Date('2026-01-01T00:00:00Z'),
): Clock & { advance(milliseconds: number): void } {
  let time = start.getTime();
  return {
    now: () => new Date(time),
    advance(milliseconds) {
      time += milliseconds;
    },
  };
}
