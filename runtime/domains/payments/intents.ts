/**
 * Intents at the provider: made for a payment, left when the shopper pays otherwise, looked at, and taken up once the shopper agreed.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import { providerOf } from '../../platform/payments/payments.ts';
import type { PaymentIntent, PaymentProvider, Tenant, TenantId } from '../../platform/ports.ts';
import type { Books } from './books.ts';
import type { StoredPayment } from './observe.ts';
import type * as s from './schemas.ts';
import type { PaymentsSettings } from './settings.ts';
import {
  findPayment,
  freshPayment,
  hasIntent,
  insertionOf,
  insertPayment,
  type WithIntent,
} from './store.ts';
import { nextReconcile, release } from './tasks.ts';

export interface Intents {
  /** @returns what the browser needs to pay; asked for again, the same intent unless another provider is chosen */
  start(tenant: Tenant, wanted: s.CreateIntent): Promise<s.PaymentStart>;
  /** The shopper has agreed at the provider: the shop reserves the money, unless the payment was given up or left meanwhile. */
  takeUp(tenant: TenantId, payment: StoredPayment | undefined, intent: PaymentIntent): Promise<PaymentIntent>;
  /** Asks the provider how it stands, and books what it says. */
  refresh(tenant: TenantId, payment: WithIntent): Promise<StoredPayment>;
}

/** Nothing is promised yet: the shopper may still pay otherwise. */
const OPEN: ReadonlySet<PaymentIntent['status']> = new Set([
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
]);

export function createIntents(platform: Platform, settings: PaymentsSettings, books: Books): Intents {
  /** When this process last planned a tenant's reconciliation, in milliseconds since 1970. */
  const planned = new Map<TenantId, number>();
  const now = (): Date => platform.clock.now();

  async function start(tenant: Tenant, wanted: s.CreateIntent): Promise<s.PaymentStart> {
    const [offered, known] = await Promise.all([
      platform.payments.providers(tenant.id, wanted),
      wanted.isNew === true ? undefined : findPayment(platform.sql, tenant.id, wanted.paymentId),
    ]);
    const intent = await intentFor(tenant, wanted, offered, known);
    const provider = providerOf(intent.id);
    return {
      paymentId: wanted.paymentId,
      intentId: intent.id,
      status: intent.status,
      provider,
      providers: [...offered],
      clientSecret: intent.clientSecret,
      ...(intent.approveUrl === undefined ? {} : { approveUrl: intent.approveUrl }),
      ...(await platform.payments.browserConfig(tenant.id, provider)),
    };
  }

  async function intentFor(
    tenant: Tenant,
    wanted: s.CreateIntent,
    offered: readonly PaymentProvider[],
    known: StoredPayment | undefined,
  ): Promise<PaymentIntent> {
    const provider = wanted.provider ?? offered[0];
    if (provider === undefined || !offered.includes(provider)) throw notOffered(wanted.provider);
    if (known === undefined) return makeIntent(tenant, wanted, provider, 0);
    if (known.status === 'cancelled') {
      throw new ShopError('gone', `This payment of order ${wanted.orderId} was given up.`, {
        remedy: 'Place a new order.',
      });
    }
    if (!hasIntent(known)) return makeIntent(tenant, wanted, provider, known.attempt);
    const present = await look(tenant.id, known);
    const stays = wanted.provider === undefined || wanted.provider === providerOf(known.intentId);
    if (stays || !OPEN.has(present.status)) return present;
    const attempt = await leave(tenant.id, known);
    return attempt === undefined
      ? intentFor(tenant, wanted, offered, await findPayment(platform.sql, tenant.id, wanted.paymentId))
      : makeIntent(tenant, wanted, provider, attempt);
  }

  /**
   * The shopper pays otherwise: from here on the intent is none of this payment's, and what becomes of it is undone.
   * @returns which attempt is next; undefined when somebody else was quicker
   */
  function leave(tenant: TenantId, { id, orderId, intentId }: WithIntent): Promise<number | undefined> {
    return platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<{ attempt: number }>(
        `update payments_payments set intent_id = null, attempt = attempt + 1, problem = null, updated_at = $4
         where tenant_id = $1 and id = $2 and intent_id = $3 and status = 'pending' returning attempt`,
        [tenant, id, intentId, now()],
      );
      if (rows[0] !== undefined) await tx.enqueue(release({ paymentId: id, orderId }, intentId));
      return rows[0]?.attempt;
    });
  }

  async function makeIntent(
    tenant: Tenant,
    wanted: s.CreateIntent,
    provider: PaymentProvider,
    attempt: number,
  ): Promise<PaymentIntent> {
    const { amount, currency, orderId, paymentId } = wanted;
    const later = attempt > 0;
    const intent = await platform.payments.createIntent(tenant.id, {
      amount,
      currency,
      provider,
      metadata: {
        order_id: orderId,
        payment_id: paymentId,
        tenant: tenant.id,
        ...(later ? { attempt: String(attempt) } : {}),
      },
      idempotencyKey: later ? `intent-${paymentId}-${attempt}` : `intent-${paymentId}`,
      // PayPal adds a token of its own, which is not the order's.
      returnUrl: `${platform.originOf(tenant)}/checkout/${orderId}?from=paypal`,
    });
    if (later) await resume(tenant.id, paymentId, intent.id, attempt);
    else await note(tenant.id, freshPayment(wanted, intent, wanted.tokenHash));
    return intent;
  }

  /** Where another has made one for the same attempt meanwhile, that one counts, and ours is a stray. */
  async function resume(tenant: TenantId, id: string, intentId: string, attempt: number): Promise<void> {
    await platform.sql.query(
      tenant,
      `update payments_payments set intent_id = $3, updated_at = $5
       where tenant_id = $1 and id = $2 and intent_id is null and attempt = $4 and status = 'pending'`,
      [tenant, id, intentId, attempt, now()],
    );
  }

  /**
   * Writes a new row, and plans its reconciliation. One task compares all payments of a tenant and plans itself again while
   * any is open, so planning it more often than half its interval adds nothing but work.
   */
  async function note(tenant: TenantId, payment: StoredPayment): Promise<void> {
    const moment = now().getTime();
    if (moment - (planned.get(tenant) ?? 0) < settings.reconcileSeconds * 500) {
      const { text, values } = insertionOf(tenant, payment, now(), platform.tracing.here());
      await platform.sql.query(tenant, text, values);
      return;
    }
    await platform.sql.transaction(tenant, async (tx) => {
      await insertPayment(tx, tenant, payment, now(), platform.tracing.here());
      await tx.enqueue(nextReconcile(now(), settings));
    });
    planned.set(tenant, moment);
  }

  /** How it stands with the provider, after the shop has done its part. */
  async function look(tenant: TenantId, payment: WithIntent): Promise<PaymentIntent> {
    try {
      return await takeUp(tenant, payment, await platform.payments.retrieve(tenant, payment.intentId));
    } catch (error) {
      const forgotten = error instanceof ShopError && error.code === 'not_found';
      // PayPal keeps what nobody agreed to for some hours only. Stripe forgets nothing: there it would be a wrong key.
      if (!forgotten || providerOf(payment.intentId) !== 'paypal') throw error;
      return gone(payment);
    }
  }

  async function takeUp(
    tenant: TenantId,
    payment: StoredPayment | undefined,
    intent: PaymentIntent,
  ): Promise<PaymentIntent> {
    const waits = intent.status === 'requires_confirmation' && payment?.status === 'pending';
    if (!waits || payment.intentId !== intent.id || intent.amount !== payment.amount) return intent;
    const confirmed = await platform.payments.confirm(tenant, intent.id, `confirm-${intent.id}`);
    await books.learn(tenant, { paymentId: payment.id, orderId: payment.orderId }, confirmed);
    return confirmed;
  }

  async function refresh(tenant: TenantId, payment: WithIntent): Promise<StoredPayment> {
    const { id: paymentId, orderId } = payment;
    return books.learn(tenant, { paymentId, orderId }, await look(tenant, payment));
  }

  return { start, takeUp, refresh };
}

/** An intent that nobody agreed to in time, and that its provider has forgotten. */
function gone({ intentId: id, amount, currency }: WithIntent): PaymentIntent {
  return {
    id,
    status: 'canceled',
    amount,
    amountCaptured: 0,
    amountRefunded: 0,
    currency,
    clientSecret: '',
    metadata: {},
    lastError: undefined,
    disputed: false,
  };
}

function notOffered(provider: PaymentProvider | undefined): ShopError {
  return provider === undefined
    ? new ShopError('unavailable', 'This shop cannot take payments yet.', {
        remedy: 'The tenant has no payment keys; the operator writes them when payments are set up.',
      })
    : new ShopError('invalid_input', `This shop does not take this payment by ${provider}.`, {
        remedy: 'Choose one of the providers that its payment names.',
      });
}
