/** What is over is removed once a day; whoever makes the first of it sees to that. */
import type { Clock, NewTask } from '../../platform/ports.ts';

export const SWEEP = 'accounts.expire-sessions';
const EVERY_MS = 24 * 60 * 60 * 1_000;

export function nextSweep(clock: Clock): NewTask {
  return { name: SWEEP, payload: {}, key: 'sweep', runAt: new Date(clock.now().getTime() + EVERY_MS) };
}
