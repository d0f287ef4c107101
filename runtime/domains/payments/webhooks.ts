/**
 * The providers' messages: each is counted once, and what it says of a payment is booked in the same transaction.
 */
import type { Platform, RouteHandler } from '../../platform/domain.ts';
import type {
  PaymentIntent,
  PaymentProvider,
  PaymentWebhook,
  Sql,
  SqlStatement,
  TenantId,
} from '../../platform/ports.ts';
import type { Books } from './books.ts';
import type { BookedDisputes } from './disputes/booking.ts';
import type { Intents } from './intents.ts';
import { namedBy, type Named } from './named.ts';
import type { Payouts } from './payouts/payouts.ts';
import { seconds } from './seconds.ts';
import { COLUMNS, findPayment, findRow, fromRow, type PaymentRow } from './store.ts';

const KEPT_DAYS = 30;

/** What their news are handed to. */
export interface Hearers {
  readonly books: Books;
  readonly intents: Intents;
  readonly disputes: BookedDisputes;
  readonly payouts: Payouts;
}

/** @returns the route of a provider's messages */
export function createReceiver(
  platform: Platform,
  { books, intents, disputes, payouts }: Hearers,
): (provider: PaymentProvider) => RouteHandler {
  const now = (): Date => platform.clock.now();

  const receiver =
    (provider: PaymentProvider): RouteHandler =>
    async ({ tenant, body, headers }) => {
      // The definition says `raw`, so the host hands over the bytes as sent.
      const rawBody = body as Buffer;
      const message = await platform.payments.verifyWebhook(tenant.id, { provider, rawBody, headers });
      const which = message.intent === undefined ? undefined : namedBy(message.intent);
      const intent = await takenUp(tenant.id, which, message.intent);
      // A row that we have not written yet is not for the message of its making to write.
      const matters =
        intent !== undefined &&
        intent.metadata['tenant'] === tenant.id &&
        message.type !== 'payment_intent.created';
      const isAll = matters && which !== undefined && message.dispute === undefined;
      if (isAll && (await heardAtOnce(tenant.id, which, intent, message)))
        return { json: { received: true } };
      await platform.sql.transaction(tenant.id, async (tx) => {
        const { rows } = await tx.query<Partial<PaymentRow> & { fresh: boolean }>(COUNT_WEBHOOK, [
          tenant.id,
          which?.paymentId ?? '',
          which?.orderId ?? '',
          message.id,
          message.type,
          now(),
        ]);
        const [row] = rows;
        if (row?.fresh === true && message.type.startsWith('payout.'))
          await tx.enqueue({ ...payouts.planned, key: message.id });
        if (row?.fresh !== true || !matters || which === undefined) return;
        const known = isPayment(row) ? row : undefined;
        await goingOn(known, async () => {
          const before = known === undefined ? undefined : fromRow(known);
          const payment = await books.merge(tx, tenant.id, which, intent, before);
          if (message.dispute !== undefined) await disputes.hear(tx, tenant.id, payment, message.dispute);
        });
      });
      return { json: { received: true } };
    };

  /** What is about a payment that is there, and about nothing else: without a lock, in one way to the server. */
  async function heardAtOnce(
    tenant: TenantId,
    which: Named,
    intent: PaymentIntent,
    { id, type }: PaymentWebhook,
  ): Promise<boolean> {
    const row = await findRow(platform.sql, tenant, which.paymentId);
    if (row === undefined) return false;
    const counting = (isNews: boolean): readonly SqlStatement[] => [
      { text: isNews ? COUNT_NEWS : COUNT_OLD, values: [tenant, id, type, which.orderId, now()] },
    ];
    const learned = await goingOn(row, () => books.learnAtOnce(tenant, fromRow(row), intent, counting));
    return learned !== undefined;
  }

  async function takenUp(
    tenant: TenantId,
    which: Named | undefined,
    intent: PaymentIntent | undefined,
  ): Promise<PaymentIntent | undefined> {
    if (which === undefined || intent?.status !== 'requires_confirmation') return intent;
    return intents.takeUp(tenant, await findPayment(platform.sql, tenant, which.paymentId), intent);
  }

  /** The processor tells by itself, in no trace of ours: what comes of it is what became of the checkout. */
  function goingOn<T>(row: PaymentRow | undefined, work: () => Promise<T>): Promise<T> {
    const trace = row?.trace ?? undefined;
    return trace === undefined ? work() : platform.tracing.span('payments hears', work, trace);
  }

  return receiver;
}

/** Of messages so old no provider tells again. */
export async function forgetMessages(sql: Sql, tenant: TenantId, now: Date): Promise<void> {
  await sql.query(tenant, 'delete from payments_webhooks where tenant_id = $1 and received_at < $2', [
    tenant,
    seconds(now, -KEPT_DAYS * 86_400),
  ]);
}

/** Counts a message once and locks the payment it is about, in one round trip. */
const COUNT_WEBHOOK = `
  with counted as (
    insert into payments_webhooks (tenant_id, event_id, type, order_id, received_at)
    values ($1, $4, $5, nullif($3, ''), $6) on conflict do nothing returning event_id
  ), payment as (
    select ${COLUMNS} from payments_payments where tenant_id = $1 and id = $2 for update
  )
  select exists (select from counted) as fresh, payment.* from (select 1) as one left join payment on true`;

/** A message that has news is counted once; one that has none may come as often as it likes. */
const COUNT_NEWS = `insert into payments_webhooks (tenant_id, event_id, type, order_id, received_at) values ($1, $2, $3, $4, $5)`;
const COUNT_OLD = `${COUNT_NEWS} on conflict do nothing`;

function isPayment(row: Partial<PaymentRow>): row is PaymentRow {
  return typeof row.id === 'string';
}
