/**
 * Disputes in the books: what a bank takes back is noted of the dispute, of its payment and of the refunds that wait for it in one
 * transaction.
 */
import type { Platform } from '../../../platform/domain.ts';
import type { PaymentDispute, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Books } from '../books.ts';
import type { Named } from '../named.ts';
import { loseTo, type StoredPayment } from '../observe.ts';
import { takeFromWaiting } from '../refunds.ts';
import { lockPayment, noPayment } from '../store.ts';
import { createDisputes, type Answered, type Disputes } from './disputes.ts';

export interface BookedDisputes {
  /** @param payment as this transaction has locked it and knows it by now */
  hear(tx: Transaction, tenant: TenantId, payment: StoredPayment, dispute: PaymentDispute): Promise<void>;
  /** The same in a transaction of its own. Throws `not_found` where the payment has no row. */
  book(tenant: TenantId, which: Named, dispute: PaymentDispute): Promise<void>;
  readonly routes: Disputes['routes'];
}

export function createBookedDisputes(platform: Platform, books: Books): BookedDisputes {
  const disputes = createDisputes(platform, book);

  async function hear(
    tx: Transaction,
    tenant: TenantId,
    payment: StoredPayment,
    dispute: PaymentDispute,
    said?: Answered,
  ): Promise<void> {
    const which = { paymentId: payment.id, orderId: payment.orderId };
    const isLost = await disputes.learn(tx, tenant, which, dispute, said);
    const after = loseTo(payment, dispute, isLost);
    if (isLost) await takeFromWaiting(tx, tenant, payment, after.payment.lost - payment.lost);
    if (after.happened.length > 0) await books.change(tx, tenant, after.payment, after.happened);
  }

  function book(tenant: TenantId, which: Named, dispute: PaymentDispute, said?: Answered): Promise<void> {
    return platform.sql.transaction(tenant, async (tx) => {
      const payment = await lockPayment(tx, tenant, which.paymentId);
      if (payment === undefined) throw noPayment(which.orderId);
      await hear(tx, tenant, payment, dispute, said);
    });
  }

  return { hear, book, routes: disputes.routes };
}
