/**
 * Refunds: noted first, by the payments they are taken from, then asked for once each. `spread.ts` says from which they are taken.
 * Of what a bank contests nothing is returned: should it decide for the shopper, they would have it twice.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { PaymentIntent, TenantId, Transaction } from '../../platform/ports.ts';
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
  /** What was left out of a sparing one, or what of one that waits still does. */
  readonly contested: number;
  /** Of one that waited: what banks took back meanwhile. */
  readonly lost: number;
}

export function createRefunds(platform: Platform, books: Books): Refunds {
  const now = (): Date => platform.clock.now();

  async function refund(tenant: TenantId, wanted: s.Refund): Promise<Refunded> {
    const { parts, contested: known, lost } = await reserveRefund(tenant, wanted);
    const refunded: StoredPayment[] = [];
    let contested = known;
    for (const part of parts) {
      const learned = await refundPart(tenant, wanted, part);
      if (learned === undefined) contested += part.amount;
      else refunded.push(learned);
    }
    if (contested > 0 && isStrict(wanted)) throw isContested();
    return { payments: refunded, contested, lost };
  }

  /**
   * Notes a refund, by the payments it is taken from, before it is asked for: so refunds together never pass what was captured.
   * @returns its parts; those of the same key as they were noted first
   */
  function reserveRefund(tenant: TenantId, wanted: s.Refund): Promise<Reserved> {
    const { orderId, paymentId, amount, key, waits = false, except = [] } = wanted;
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
          'select payment_id, key, amount, lost, state, requested_at from payments_refunds where tenant_id = $1 and order_id = $2',
          [tenant, orderId],
        ),
        // Whoever hears of one has the payment's lock, as we have.
        tx.query<{ payment_id: string }>(
          `select payment_id from payments_disputes
           where tenant_id = $1 and order_id = $2 and status in ('needs_response', 'under_review')`,
          [tenant, orderId],
        ),
      ]);
      const contested = new Set(open.map((row) => row.payment_id));
      const known = noted.filter((row) => row.key === key);
      if (known.length > 0)
        return asNoted(amount, paid, await askAgain(tx, tenant, orderId, known, contested, now()));
      const spread = spreadRefund(
        amount,
        paid
          .filter(({ id }) => (paymentId === undefined || id === paymentId) && !except.includes(id))
          .map((payment) => ({
            ...payment,
            left: leftOf(payment, noted),
            contested: contested.has(payment.id),
          })),
      );
      if (spread === undefined) throw tooMuch(paid, noted);
      if (spread.contested > 0 && isStrict(wanted)) throw isContested();
      const requestedAt = now();
      const states = [
        ['requested', spread.parts],
        ['waiting', waits ? spread.atBanks : []],
      ] as const;
      for (const [state, parts] of states)
        for (const part of parts) {
          await tx.query(
            `insert into payments_refunds (tenant_id, order_id, payment_id, key, amount, state, requested_at)
             values ($1, $2, $3, $4, $5, $6, $7)`,
            [tenant, orderId, part.payment.id, key, part.amount, state, requestedAt],
          );
        }
      const parts = spread.parts.map((part) => ({ ...part, isDone: false, requestedAt }));
      return { parts, contested: spread.contested, lost: 0 };
    });
  }

  /**
   * Asks for it once, however often it is repeated: the processor knows it by its key.
   * @returns undefined: a bank contests the payment
   */
  async function refundPart(
    tenant: TenantId,
    wanted: s.Refund,
    part: ReservedPart,
  ): Promise<StoredPayment | undefined> {
    const { id, orderId, intentId } = part.payment;
    const seen = part.isDone
      ? await platform.payments.retrieve(tenant, intentId)
      : await askRefund(tenant, wanted, part);
    if (seen === undefined) return undefined;
    const learned = await books.learn(tenant, { paymentId: id, orderId }, seen);
    await platform.sql.query(
      tenant,
      `update payments_refunds set state = 'done' where tenant_id = $1 and order_id = $2 and key = $3 and payment_id = $4`,
      [tenant, orderId, wanted.key, id],
    );
    return learned;
  }

  /** What the processor refuses is not taken from what is left. @returns undefined: a bank contests it, of which nobody has told us */
  async function askRefund(
    tenant: TenantId,
    { key, waits = false }: s.Refund,
    { payment, amount, requestedAt }: ReservedPart,
  ): Promise<PaymentIntent | undefined> {
    const { id, orderId, intentId } = payment;
    // A processor repeats a refusal, too: who asks anew, as once a bank contests the payment no more, asks by another key.
    const once = `refund-${key}-${id}-${requestedAt.getTime()}`;
    try {
      return await platform.payments.refund(tenant, intentId, amount, once);
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      if (error.code !== 'conflict' && error.code !== 'invalid_input') throw error;
      const intent = await platform.payments.retrieve(tenant, intentId);
      const disputed = error.code === 'conflict' && intent.disputed;
      await platform.sql.query(tenant, disputed && waits ? WAIT : FORGET, [tenant, orderId, key, id]);
      if (!disputed) throw error;
      await books.learn(tenant, { paymentId: id, orderId }, intent);
      await platform.sql.transaction(tenant, (tx) => tx.enqueue(LOOK_FOR_DISPUTES));
      return undefined;
    }
  }

  return { refund };
}

const OF_PART = 'tenant_id = $1 and order_id = $2 and key = $3 and payment_id = $4';
const WAIT = `update payments_refunds set state = 'waiting' where ${OF_PART} and state = 'requested'`;
/** With what of the same refund waits: it is refused, and nobody asks for that again. */
const FORGET = `delete from payments_refunds where tenant_id = $1 and order_id = $2 and key = $3
  and (state = 'waiting' or payment_id = $4 and state = 'requested')`;

/** What a bank took of a payment is taken from the refunds that wait for it, oldest first. For whoever has the payment's lock. */
export async function takeFromWaiting(
  tx: Transaction,
  tenant: TenantId,
  { id, orderId }: Pick<StoredPayment, 'id' | 'orderId'>,
  taken: number,
): Promise<void> {
  await tx.query(
    `with waiting as (
       select key, amount - lost as open, sum(amount - lost) over (order by requested_at, key) as upto from payments_refunds
       where tenant_id = $1 and order_id = $2 and payment_id = $3 and state = 'waiting'
     ), shares as (
       select key, open, least(open, greatest($4 - (upto - open), 0)) as taken from waiting
     )
     update payments_refunds r set lost = r.lost + s.taken, state = case when s.taken = s.open then 'done' else r.state end
     from shares s where r.tenant_id = $1 and r.order_id = $2 and r.payment_id = $3 and r.key = s.key and s.taken > 0`,
    [tenant, orderId, id, taken],
  );
}

/** Of what has waited, what no bank contests any more is asked for now. @returns the rows as they are then */
async function askAgain(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  known: readonly RefundRow[],
  contested: ReadonlySet<string>,
  now: Date,
): Promise<readonly RefundRow[]> {
  const free = known.filter((row) => row.state === 'waiting' && !contested.has(row.payment_id));
  for (const { key, payment_id: paymentId } of free)
    await tx.query(`update payments_refunds set state = 'requested', requested_at = $5 where ${OF_PART}`, [
      tenant,
      orderId,
      key,
      paymentId,
      now,
    ]);
  return known.map((row) => (free.includes(row) ? { ...row, state: 'requested', requested_at: now } : row));
}

/** As it was asked for first, less what banks took while it waited. What is missing is contested, or was then. */
function asNoted(amount: number, paid: readonly WithIntent[], noted: readonly RefundRow[]): Reserved {
  const parts = paid.flatMap((payment) =>
    noted
      .filter((row) => row.payment_id === payment.id && row.state !== 'waiting' && promisedBy(row) > 0)
      .map((row) => ({
        payment,
        amount: promisedBy(row),
        isDone: row.state === 'done',
        requestedAt: row.requested_at,
      })),
  );
  const lost = noted.reduce((total, row) => total + row.lost, 0);
  return { parts, contested: amount - lost - parts.reduce((total, part) => total + part.amount, 0), lost };
}

interface RefundRow {
  readonly payment_id: string;
  readonly key: string;
  readonly amount: number;
  /** Of the amount: what a bank took back while it waited. */
  readonly lost: number;
  readonly state: 'waiting' | 'requested' | 'done';
  readonly requested_at: Date;
}

interface Reserved extends Omit<Refunded, 'payments'> {
  readonly parts: readonly ReservedPart[];
}

interface ReservedPart {
  readonly payment: WithIntent;
  readonly amount: number;
  readonly isDone: boolean;
  /** Of this asking: it is the same when it is repeated after a kill. */
  readonly requestedAt: Date;
}

function isStrict({ sparing = false, waits = false }: s.Refund): boolean {
  return !sparing && !waits;
}

function promisedBy({ amount, lost }: RefundRow): number {
  return amount - lost;
}

/** Of what a payment took: neither returned nor promised to be. */
function leftOf(
  { id, captured, refunded, bounced, lost }: StoredPayment,
  noted: readonly RefundRow[],
): number {
  const promised = noted
    .filter((row) => row.payment_id === id)
    .reduce((total, row) => total + promisedBy(row), 0);
  // What failed later is no promise that stands.
  return captured - Math.max(promised - bounced + lost, refunded);
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
