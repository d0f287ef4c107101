/**
 * The tasks that look for deliveries that are due. While a delivery waits there is a task that runs when it may be taken, or soon after: it is made in
 * the transaction that makes the delivery wait. Tasks of the same few seconds are one.
 */
import type { NewTask } from '../../platform/ports.ts';

export const SEND = 'webhooks.send';
export const TIDY = 'webhooks.tidy';
const GRAIN_MS = 5_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

export function soon(): NewTask {
  return { name: SEND, payload: {}, key: 'now' };
}

/** Not before `at`, and at most five seconds later. */
export function wakeAt(at: Date): NewTask {
  const runAt = new Date(Math.ceil(at.getTime() / GRAIN_MS) * GRAIN_MS);
  return { name: SEND, payload: {}, key: runAt.toISOString(), runAt };
}

export function tidying(now: Date): NewTask {
  return { name: TIDY, payload: {}, key: 'tidy', runAt: new Date(now.getTime() + DAY_MS) };
}
