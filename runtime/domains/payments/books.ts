/**
 * A payment's books: what was seen of its intent is merged into its row, and the news are told in the same transaction.
 */
import type { Platform } from '../../platform/domain.ts';
import type {
  NewEvent,
  PaymentIntent,
  SqlRunner,
  SqlStatement,
  TenantId,
  Transaction,
} from '../../platform/ports.ts';
import type { Named } from './named.ts';
import { isStray, observe, regained, type Happening, type StoredPayment } from './observe.ts';
import {
  freshPayment,
  insertPayment,
  isOvertaken,
  lockPayment,
  savePayment,
  savingOver,
  showPayment,
} from './store.ts';
import { release } from './tasks.ts';

export interface Books {
  /** Merges what was seen into our row, and tells of the news, all in one transaction. */
  learn(tenant: TenantId, which: Named, intent: PaymentIntent): Promise<StoredPayment>;
  /**
   * As `learn`, in one way to the server and without a lock, where the payment's own row is all that what was seen is about.
   * @param known as just read
   * @param along what else is written, whether there is news or not
   * @returns undefined: nothing was done, because there is more to do than that or somebody was quicker; `learn` and `merge` can
   */
  learnAtOnce(
    tenant: TenantId,
    known: StoredPayment,
    intent: PaymentIntent,
    along?: (isNews: boolean) => readonly SqlStatement[],
  ): Promise<StoredPayment | undefined>;
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

  async function learnAtOnce(
    tenant: TenantId,
    known: StoredPayment,
    intent: PaymentIntent,
    along: (isNews: boolean) => readonly SqlStatement[] = () => [],
  ): Promise<StoredPayment | undefined> {
    if (isStray(known, intent) || known.status === 'cancelled') return undefined;
    const { payment, happened } = observe(known, intent);
    const isMismatch = payment.problem !== known.problem && payment.amount !== intent.amount;
    if (isMismatch) return undefined;
    const isNews = happened.length > 0 || payment.problem !== known.problem;
    const statements = [...along(isNews), ...(isNews ? [savingOver(tenant, known, payment, now())] : [])];
    if (statements.length === 0) return payment;
    try {
      await platform.sql.queries(tenant, statements, {
        emit: newsOf(payment, happened),
        // The answer to a capture and the message of it come at the same time: who is second fails, and takes nobody along.
        alone: happened.includes('captured'),
      });
      return payment;
    } catch (error) {
      if (isOvertaken(error)) return undefined;
      throw error;
    }
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
    await tx.emit(...newsOf(payment, happened));
  }

  function newsOf(payment: StoredPayment, happened: readonly Happening[]): readonly NewEvent[] {
    const payload = { ...showPayment(payment), at: now().toISOString() };
    return happened.map((what) => ({
      topic: 'payments.payment',
      type: `payments.payment.${what}`,
      key: payment.orderId,
      payload,
    }));
  }

  return { learn, learnAtOnce, merge, change };
}
