/**
 * Refunds: noted first, by the payments they are taken from, then asked for once each. `spread.ts` says from which they are taken.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { PaymentIntent, TenantId } from '../../platform/ports.ts';
import type { Books } from './books.ts';
import type { StoredPayment } from './observe.ts';
import type * as s from './schemas.ts';
import { spreadRefund } from './spread.ts';
import { COLUMNS, fromRow, hasIntent, noPayment, type PaymentRow, type WithIntent } from './store.ts';

export interface Refunds {
  /** @returns the payments that it was taken from, as they are now; repeated with its key it is the same refund */
  refund(tenant: TenantId, wanted: s.Refund): Promise<readonly StoredPayment[]>;
}

export function createRefunds(platform: Platform, books: Books): Refunds {
  const now = (): Date => platform.clock.now();

  async function refund(tenant: TenantId, wanted: s.Refund): Promise<readonly StoredPayment[]> {
    const refunded: StoredPayment[] = [];
    for (const part of await reserveRefund(tenant, wanted))
      refunded.push(await refundPart(tenant, wanted.key, part));
    return refunded;
  }

  /**
   * Notes a refund, by the payments it is taken from, before it is asked for: so refunds together never pass what was captured.
   * @returns its parts; those of the same key as they were noted first
   */
  function reserveRefund(
    tenant: TenantId,
    { orderId, paymentId, amount, key }: s.Refund,
  ): Promise<readonly ReservedPart[]> {
    return platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<PaymentRow>(
        `select ${COLUMNS} from payments_payments where tenant_id = $1 and order_id = $2 and intent_id is not null
         order by id for update`,
        [tenant, orderId],
      );
      const paid = rows.map(fromRow).filter(hasIntent);
      if (paid.length === 0) throw noPayment(orderId);
      const { rows: noted } = await tx.query<RefundRow>(
        'select payment_id, key, amount, state, requested_at from payments_refunds where tenant_id = $1 and order_id = $2',
        [tenant, orderId],
      );
      const known = noted.filter((row) => row.key === key);
      if (known.length > 0)
        return paid.flatMap((payment) =>
          known
            .filter((row) => row.payment_id === payment.id)
            .map((row) => ({
              payment,
              amount: row.amount,
              isDone: row.state === 'done',
              requestedAt: row.requested_at,
            })),
        );
      const parts = spreadRefund(
        amount,
        paid
          .filter(({ id }) => paymentId === undefined || id === paymentId)
          .map((payment) => ({ ...payment, left: leftOf(payment, noted) })),
      );
      if (parts === undefined) throw tooMuch(paid, noted);
      const requestedAt = now();
      for (const part of parts) {
        await tx.query(
          `insert into payments_refunds (tenant_id, order_id, payment_id, key, amount, state, requested_at)
           values ($1, $2, $3, $4, $5, 'requested', $6)`,
          [tenant, orderId, part.payment.id, key, part.amount, requestedAt],
        );
      }
      return parts.map((part) => ({ ...part, isDone: false, requestedAt }));
    });
  }

  /** Asks for it once, however often it is repeated: the processor knows it by its key. */
  async function refundPart(
    tenant: TenantId,
    key: string,
    { payment, amount, isDone, requestedAt }: ReservedPart,
  ): Promise<StoredPayment> {
    const { id, orderId, intentId } = payment;
    const learned = await books.learn(
      tenant,
      { paymentId: id, orderId },
      isDone
        ? await platform.payments.retrieve(tenant, intentId)
        : await askRefund(tenant, key, payment, amount, requestedAt),
    );
    await platform.sql.query(
      tenant,
      `update payments_refunds set state = 'done' where tenant_id = $1 and order_id = $2 and key = $3 and payment_id = $4`,
      [tenant, orderId, key, id],
    );
    return learned;
  }

  /** What the processor refuses is not taken from what is left. */
  async function askRefund(
    tenant: TenantId,
    key: string,
    { id, orderId, intentId }: WithIntent,
    amount: number,
    requestedAt: Date,
  ): Promise<PaymentIntent> {
    // A processor repeats a refusal, too: who asks anew, as once a bank contests the payment no more, asks by another key.
    const once = `refund-${key}-${id}-${requestedAt.getTime()}`;
    try {
      return await platform.payments.refund(tenant, intentId, amount, once);
    } catch (error) {
      if (error instanceof ShopError && (error.code === 'conflict' || error.code === 'invalid_input')) {
        await platform.sql.query(
          tenant,
          `delete from payments_refunds where tenant_id = $1 and order_id = $2 and key = $3 and payment_id = $4 and state = 'requested'`,
          [tenant, orderId, key, id],
        );
      }
      throw error;
    }
  }

  return { refund };
}

interface RefundRow {
  readonly payment_id: string;
  readonly key: string;
  readonly amount: number;
  readonly state: 'requested' | 'done';
  readonly requested_at: Date;
}

interface ReservedPart {
  readonly payment: WithIntent;
  readonly amount: number;
  readonly isDone: boolean;
  /** Of this asking: it is the same when it is repeated after a kill. */
  readonly requestedAt: Date;
}

/** Of what a payment took: neither returned nor promised to be. */
function leftOf({ id, captured, refunded, lost }: StoredPayment, noted: readonly RefundRow[]): number {
  const promised = noted
    .filter((row) => row.payment_id === id)
    .reduce((total, { amount }) => total + amount, 0);
  return captured - Math.max(promised + lost, refunded);
}

function tooMuch(paid: readonly StoredPayment[], noted: readonly RefundRow[]): ShopError {
  const left = paid.reduce((total, payment) => total + leftOf(payment, noted), 0);
  return new ShopError(
    'conflict',
    `Only ${left} ${paid[0]?.currency ?? ''} (minor units) are left to refund.`,
    { remedy: 'Refund at most that.' },
  );
}
