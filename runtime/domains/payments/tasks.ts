/**
 * What payments plan for later, each under a key, so that planned again it still waits once.
 */
import type { Named } from './named.ts';
import { seconds } from './seconds.ts';
import type { PaymentsSettings } from './settings.ts';

/** @param intentId one that the payment has left, or was given up with */
export function release(
  which: Named,
  intentId: string,
): { readonly name: string; readonly payload: object; readonly key: string } {
  return { name: 'payments.release', payload: { ...which, intentId }, key: intentId };
}

/** A key of its own: the round that is planned for later stays. */
export const LOOK_FOR_DISPUTES = {
  name: 'payments.find-disputes',
  payload: {},
  key: 'find-disputes-now',
} as const;

/** @param idle whether this round found nothing; after two of these the task rests */
export function nextReconcile(
  now: Date,
  settings: PaymentsSettings,
  idle = false,
): { readonly name: string; readonly payload: object; readonly key: string; readonly runAt: Date } {
  return {
    name: 'payments.reconcile',
    payload: idle ? { idle } : {},
    // A key of its own, so that payments made meanwhile plan another round.
    key: idle ? 'reconcile-idle' : 'reconcile',
    runAt: seconds(now, settings.reconcileSeconds),
  };
}
