/**
 * A payment's books: what was seen of its intent is merged into its row, and the news are told in the same transaction.
 */
import type { Platform } from '../../platform/domain.ts';
import type { PaymentIntent, SqlRunner, TenantId, Transaction } from '../../platform/ports.ts';
import type { Named } from './named.ts';
import { isStray, observe, regained, type Happening, type StoredPayment } from './observe.ts';
import { freshPayment, insertPayment, lockPayment, savePayment, showPayment } from './store.ts';
import { release } from './tasks.ts';

export interface Books {
  /** Merges what was seen into our row, and tells of the news, all in one transaction. */
  learn(tenant: TenantId, which: Named, intent: PaymentIntent): Promise<StoredPayment>;
  /** @param known as locked by this transaction; undefined where there is no row */
  merge(
    tx: Transaction,
    tenant: TenantId,
    which: Named,
    intent: PaymentIntent,
    known: StoredPayment | undefined,
  ): Promise<StoredPayment>;
  /** Writes a payment that this transaction has locked, and tells what happened to it. */
  change(
    tx: Transaction,
    tenant: TenantId,
    payment: StoredPayment,
    happened: readonly Happening[],
  ): Promise<void>;
}

export function createBooks(platform: Platform): Books {
  const now = (): Date => platform.clock.now();

  function learn(tenant: TenantId, which: Named, intent: PaymentIntent): Promise<StoredPayment> {
    return platform.sql.transaction(tenant, async (tx) =>
      merge(tx, tenant, which, intent, await lockPayment(tx, tenant, which.paymentId)),
    );
  }

  async function merge(
    tx: Transaction,
    tenant: TenantId,
    which: Named,
    intent: PaymentIntent,
    known: StoredPayment | undefined,
  ): Promise<StoredPayment> {
    const before = regained(known ?? (await adopt(tx, tenant, which, intent)), intent);
    const strays = isStray(before, intent);
    // Reserved where nobody will take it: by an intent that was left for another, or after the payment was given up.
    if (intent.status === 'requires_capture' && (strays || before.status === 'cancelled'))
      await tx.enqueue(release(which, intent.id));
    if (strays) return before;
    const { payment, happened } = observe(before, intent);
    if (happened.length === 0 && payment.problem === before.problem) return payment;
    if (payment.problem !== before.problem && payment.amount !== intent.amount) {
      platform.log.error(
        { tenant, payment: payment.id, intent: intent.id, problem: payment.problem },
        'an intent does not match its payment',
      );
    }
    await change(tx, tenant, payment, happened);
    return payment;
  }

  /** An intent of ours whose row was never written: we were cut off between the processor's answer and our own note. */
  async function adopt(
    tx: SqlRunner,
    tenant: TenantId,
    which: Named,
    intent: PaymentIntent,
  ): Promise<StoredPayment> {
    const payment = freshPayment(which, intent, undefined);
    await insertPayment(tx, tenant, payment, now(), platform.tracing.here());
    return payment;
  }

  async function change(
    tx: Transaction,
    tenant: TenantId,
    payment: StoredPayment,
    happened: readonly Happening[],
  ): Promise<void> {
    savePayment(tx, tenant, payment, now());
    const payload = { ...showPayment(payment), at: now().toISOString() };
    await tx.emit(
      ...happened.map((what) => ({
        topic: 'payments.payment',
        type: `payments.payment.${what}`,
        key: payment.orderId,
        payload,
      })),
    );
  }

  return { learn, merge, change };
}
