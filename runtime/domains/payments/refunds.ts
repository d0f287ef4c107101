/**
 * Refunds: noted first, by the payments they are taken from, then asked for once each. `spread.ts` says from which they are taken.
 * Of what a bank contests nothing is returned: should it decide for the shopper, they would have it twice.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { PaymentIntent, TenantId } from '../../platform/ports.ts';
import type { Books } from './books.ts';
import type { StoredPayment } from './observe.ts';
import type * as s from './schemas.ts';
import { spreadRefund } from './spread.ts';
import { COLUMNS, fromRow, hasIntent, noPayment, type PaymentRow, type WithIntent } from './store.ts';
import { LOOK_FOR_DISPUTES } from './tasks.ts';

export interface Refunds {
  /** Repeated with its key it is the same refund. @throws ShopError `conflict` for more than is left, or than no bank contests */
  refund(tenant: TenantId, wanted: s.Refund): Promise<Refunded>;
}

export interface Refunded {
  /** Those that it was taken from, as they are now. */
  readonly payments: readonly StoredPayment[];
  /** Of a sparing one: what was left out. */
  readonly contested: number;
}

export function createRefunds(platform: Platform, books: Books): Refunds {
  const now = (): Date => platform.clock.now();

  async function refund(tenant: TenantId, wanted: s.Refund): Promise<Refunded> {
    const { parts, contested: known } = await reserveRefund(tenant, wanted);
    const refunded: StoredPayment[] = [];
    let contested = known;
    for (const part of parts) {
      const learned = await refundPart(tenant, wanted.key, part);
      if (learned === undefined) contested += part.amount;
      else refunded.push(learned);
    }
    if (contested > 0 && wanted.sparing !== true) throw isContested();
    return { payments: refunded, contested };
  }

  /**
   * Notes a refund, by the payments it is taken from, before it is asked for: so refunds together never pass what was captured.
   * @returns its parts; those of the same key as they were noted first
   */
  function reserveRefund(
    tenant: TenantId,
    { orderId, paymentId, amount, key, sparing = false }: s.Refund,
  ): Promise<Reserved> {
    return platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<PaymentRow>(
        `select ${COLUMNS} from payments_payments where tenant_id = $1 and order_id = $2 and intent_id is not null
         order by id for update`,
        [tenant, orderId],
      );
      const paid = rows.map(fromRow).filter(hasIntent);
      if (paid.length === 0) throw noPayment(orderId);
      const [{ rows: noted }, { rows: open }] = await Promise.all([
        tx.query<RefundRow>(
          'select payment_id, key, amount, state, requested_at from payments_refunds where tenant_id = $1 and order_id = $2',
          [tenant, orderId],
        ),
        // Whoever hears of one has the payment's lock, as we have.
        tx.query<{ payment_id: string }>(
          `select payment_id from payments_disputes
           where tenant_id = $1 and order_id = $2 and status in ('needs_response', 'under_review')`,
          [tenant, orderId],
        ),
      ]);
      const known = noted.filter((row) => row.key === key);
      if (known.length > 0) return asNoted(amount, paid, known);
      const contested = new Set(open.map((row) => row.payment_id));
      const spread = spreadRefund(
        amount,
        paid
          .filter(({ id }) => paymentId === undefined || id === paymentId)
          .map((payment) => ({
            ...payment,
            left: leftOf(payment, noted),
            contested: contested.has(payment.id),
          })),
      );
      if (spread === undefined) throw tooMuch(paid, noted);
      if (spread.contested > 0 && !sparing) throw isContested();
      const requestedAt = now();
      for (const part of spread.parts) {
        await tx.query(
          `insert into payments_refunds (tenant_id, order_id, payment_id, key, amount, state, requested_at)
           values ($1, $2, $3, $4, $5, 'requested', $6)`,
          [tenant, orderId, part.payment.id, key, part.amount, requestedAt],
        );
      }
      const parts = spread.parts.map((part) => ({ ...part, isDone: false, requestedAt }));
      return { parts, contested: spread.contested };
    });
  }

  /**
   * Asks for it once, however often it is repeated: the processor knows it by its key.
   * @returns undefined: a bank contests the payment
   */
  async function refundPart(
    tenant: TenantId,
    key: string,
    { payment, amount, isDone, requestedAt }: ReservedPart,
  ): Promise<StoredPayment | undefined> {
    const { id, orderId, intentId } = payment;
    const seen = isDone
      ? await platform.payments.retrieve(tenant, intentId)
      : await askRefund(tenant, key, payment, amount, requestedAt);
    if (seen === undefined) return undefined;
    const learned = await books.learn(tenant, { paymentId: id, orderId }, seen);
    await platform.sql.query(
      tenant,
      `update payments_refunds set state = 'done' where tenant_id = $1 and order_id = $2 and key = $3 and payment_id = $4`,
      [tenant, orderId, key, id],
    );
    return learned;
  }

  /** What the processor refuses is not taken from what is left. @returns undefined: a bank contests it, of which nobody has told us */
  async function askRefund(
    tenant: TenantId,
    key: string,
    payment: WithIntent,
    amount: number,
    requestedAt: Date,
  ): Promise<PaymentIntent | undefined> {
    const { id, orderId, intentId } = payment;
    // A processor repeats a refusal, too: who asks anew, as once a bank contests the payment no more, asks by another key.
    const once = `refund-${key}-${id}-${requestedAt.getTime()}`;
    try {
      return await platform.payments.refund(tenant, intentId, amount, once);
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      if (error.code === 'conflict' || error.code === 'invalid_input') {
        await platform.sql.query(
          tenant,
          `delete from payments_refunds where tenant_id = $1 and order_id = $2 and key = $3 and payment_id = $4 and state = 'requested'`,
          [tenant, orderId, key, id],
        );
      }
      if (error.code === 'conflict' && (await foundContested(tenant, payment))) return undefined;
      throw error;
    }
  }

  /** Asks the processor, and has its disputes looked for at once. */
  async function foundContested(
    tenant: TenantId,
    { id: paymentId, orderId, intentId }: WithIntent,
  ): Promise<boolean> {
    const intent = await platform.payments.retrieve(tenant, intentId);
    if (!intent.disputed) return false;
    await books.learn(tenant, { paymentId, orderId }, intent);
    await platform.sql.transaction(tenant, (tx) => tx.enqueue(LOOK_FOR_DISPUTES));
    return true;
  }

  return { refund };
}

/** As it was asked for first. What is missing was contested then. */
function asNoted(amount: number, paid: readonly WithIntent[], noted: readonly RefundRow[]): Reserved {
  const parts = paid.flatMap((payment) =>
    noted
      .filter((row) => row.payment_id === payment.id)
      .map((row) => ({
        payment,
        amount: row.amount,
        isDone: row.state === 'done',
        requestedAt: row.requested_at,
      })),
  );
  return { parts, contested: amount - parts.reduce((sum, part) => sum + part.amount, 0) };
}

interface RefundRow {
  readonly payment_id: string;
  readonly key: string;
  readonly amount: number;
  readonly state: 'requested' | 'done';
  readonly requested_at: Date;
}

interface Reserved {
  readonly parts: readonly ReservedPart[];
  readonly contested: number;
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

function isContested(): ShopError {
  return new ShopError(
    'conflict',
    'A bank contests this payment, and returns nothing of it until it has decided.',
    {
      remedy: 'Answer the dispute, or leave the money to the shopper by conceding it.',
    },
  );
}

function tooMuch(paid: readonly StoredPayment[], noted: readonly RefundRow[]): ShopError {
  const left = paid.reduce((total, payment) => total + leftOf(payment, noted), 0);
  return new ShopError(
    'conflict',
    `Only ${left} ${paid[0]?.currency ?? ''} (minor units) are left to refund.`,
    { remedy: 'Refund at most that.' },
  );
}
