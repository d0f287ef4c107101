/**
 * How a payment ends: its money is taken, or it is given up and nothing stays reserved by it.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { PaymentIntent, TenantId } from '../../platform/ports.ts';
import type { Books } from './books.ts';
import type { Named } from './named.ts';
import type { StoredPayment } from './observe.ts';
import type { PaymentsSettings } from './settings.ts';
import { findPayment, givenUpPayment, insertPayment, lockPayment, noPayment, readPayment } from './store.ts';
import { nextReconcile } from './tasks.ts';

export interface Endings {
  /** Takes what is reserved; one that has ended stays as it is. */
  capture(tenant: TenantId, which: Named): Promise<StoredPayment>;
  /** From here on no money is reserved; one that has ended stays as it is. */
  cancel(tenant: TenantId, which: Named): Promise<StoredPayment>;
  /** @param intentId one that this payment has left, or was given up with: nothing stays reserved by it */
  release(tenant: TenantId, which: Named, intentId: string): Promise<void>;
}

export function createEndings(platform: Platform, settings: PaymentsSettings, books: Books): Endings {
  const now = (): Date => platform.clock.now();

  async function capture(tenant: TenantId, which: Named): Promise<StoredPayment> {
    const payment = await readPayment(platform.sql, tenant, which);
    if (hasEnded(payment)) return payment;
    const intent = await orPresent(tenant, payment.intentId, () =>
      platform.payments.capture(tenant, payment.intentId, `capture-${payment.id}`),
    );
    return (await books.learnAtOnce(tenant, payment, intent)) ?? books.learn(tenant, which, intent);
  }

  async function cancel(tenant: TenantId, which: Named): Promise<StoredPayment> {
    const payment =
      (await findPayment(platform.sql, tenant, which.paymentId)) ?? (await giveUp(tenant, which));
    const { intentId } = payment;
    if (intentId === undefined && payment.status === 'pending') return forsake(tenant, payment);
    if (intentId === undefined || hasEnded(payment)) return payment;
    const intent = await orPresent(tenant, intentId, () =>
      platform.payments.cancel(tenant, intentId, `cancel-${payment.id}`),
    );
    return books.learn(tenant, which, intent);
  }

  /** No intent is known, so none may be made any more; one that was made without our knowing is found by the task. */
  async function giveUp(tenant: TenantId, which: Named): Promise<StoredPayment> {
    const none = givenUpPayment(which);
    await platform.sql.transaction(tenant, async (tx) => {
      await insertPayment(tx, tenant, none, now(), platform.tracing.here());
      await tx.enqueue(nextReconcile(now(), settings));
    });
    return (await findPayment(platform.sql, tenant, none.id)) ?? none;
  }

  /** Between two attempts: there is no intent to cancel, and none is made any more. One that was is undone when it is heard of. */
  function forsake(tenant: TenantId, { id }: StoredPayment): Promise<StoredPayment> {
    return platform.sql.transaction(tenant, async (tx) => {
      const before = await lockPayment(tx, tenant, id);
      if (before === undefined) throw noPayment(id);
      if (before.status !== 'pending' || before.intentId !== undefined) return before;
      const payment: StoredPayment = { ...before, status: 'cancelled' };
      await books.change(tx, tenant, payment, ['cancelled']);
      return payment;
    });
  }

  async function release(tenant: TenantId, { paymentId }: Named, intentId: string): Promise<void> {
    const payment = await findPayment(platform.sql, tenant, paymentId);
    if (payment?.intentId === intentId && payment.status !== 'cancelled') return;
    try {
      await platform.payments.cancel(tenant, intentId, `cancel-${intentId}`);
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      if (error.code !== 'illegal_transition' && error.code !== 'not_found') throw error;
      const present = await platform.payments.retrieve(tenant, intentId).catch(() => undefined);
      if (present?.status !== 'succeeded') return;
      platform.log.error(
        { tenant, payment: paymentId, intent: intentId },
        'an intent that was left has taken money',
      );
    }
  }

  /** The intent moved on without us (captured, cancelled, expired): what it is now is the answer. */
  async function orPresent(
    tenant: TenantId,
    intentId: string,
    act: () => Promise<PaymentIntent>,
  ): Promise<PaymentIntent> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ShopError) || error.code !== 'illegal_transition') throw error;
      return platform.payments.retrieve(tenant, intentId);
    }
  }

  return { capture, cancel, release };
}

function hasEnded({ status }: StoredPayment): boolean {
  return status === 'captured' || status === 'cancelled';
}
