/**
 * The payments domain, ready to be hosted: operations for orders, the processor's webhooks, and a task that finds what
 * got lost between the processor and us.
 */
import { createHash } from 'node:crypto';
import type {
  CreateService,
  DomainService,
  Operation,
  Platform,
  RouteHandler,
} from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import { providerOf } from '../../platform/payments/payments.ts';
import type {
  PaymentDispute,
  PaymentIntent,
  PaymentProvider,
  SqlRunner,
  SqlValue,
  Tenant,
  TenantId,
  Transaction,
} from '../../platform/ports.ts';
import { payments } from './definition.ts';
import { createDisputes, type Answered } from './disputes/disputes.ts';
import type { Named } from './named.ts';
import { createPayouts, PAYOUTS, type Doubt, type PayoutsSettings } from './payouts/payouts.ts';
import { isStray, loseTo, observe, type Happening, type StoredPayment } from './observe.ts';
import { ofPayout } from './payouts/schemas.ts';
import * as s from './schemas.ts';
import { spreadRefund } from './spread.ts';

export interface PaymentsSettings {
  /** How often payments that are not settled are compared with the processor. */
  readonly reconcileSeconds: number;
  /** A payment that was not touched for this long is asked about. */
  readonly quietSeconds: number;
  /** How far back the processor's own list is compared with ours. */
  readonly lookBackSeconds: number;
  /** A shopper who looks at a pending payment makes us ask the processor, at most this often. */
  readonly glanceSeconds: number;
  /** Other than the usual. */
  readonly payouts?: Partial<PayoutsSettings>;
}

const SETTINGS: PaymentsSettings = {
  reconcileSeconds: 20,
  quietSeconds: 15,
  lookBackSeconds: 3_600,
  glanceSeconds: 2,
};
const WEBHOOKS_KEPT_DAYS = 30;
/** Intents compared in one run of the task. */
const MOST_PAGES = 5;
/** Of those that no list holds, how many are asked for in one run. */
const MOST_ALONE = 50;
/** Nothing is promised yet: the shopper may still pay otherwise. */
const OPEN: ReadonlySet<PaymentIntent['status']> = new Set([
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
]);

export const createService: CreateService = (platform) => createPayments(platform, SETTINGS);

/** With other times than the usual, for tests. */
export function createPayments(platform: Platform, settings: PaymentsSettings): DomainService {
  /** When this process last planned a tenant's reconciliation, in milliseconds since 1970. */
  const planned = new Map<TenantId, number>();
  const now = (): Date => platform.clock.now();
  const seconds = (from: Date, by: number): Date => new Date(from.getTime() + by * 1000);

  async function find(tenant: TenantId, id: string): Promise<StoredPayment | undefined> {
    const { rows } = await platform.sql.query<PaymentRow>(tenant, READ, [tenant, id]);
    return rows[0] === undefined ? undefined : fromRow(rows[0]);
  }

  async function mustFind(tenant: TenantId, which: Named): Promise<StoredPayment & { intentId: string }> {
    const payment = await find(tenant, which.paymentId);
    if (payment?.intentId === undefined || payment.orderId !== which.orderId) throw noPayment(which.orderId);
    return { ...payment, intentId: payment.intentId };
  }

  /** Merges what was seen into our row, and tells of the news, all in one transaction. */
  function learn(tenant: TenantId, which: Named, intent: PaymentIntent): Promise<StoredPayment> {
    return platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<PaymentRow>(`${READ} for update`, [tenant, which.paymentId]);
      return merge(tx, tenant, which, intent, rows[0]);
    });
  }

  /** The processor tells by itself, in no trace of ours: what comes of it is what became of the checkout. */
  function goingOn<T>(row: PaymentRow | undefined, work: () => Promise<T>): Promise<T> {
    const trace = row?.trace ?? undefined;
    return trace === undefined ? work() : platform.tracing.span('payments hears', work, trace);
  }

  /** @param row as locked by this transaction */
  async function merge(
    tx: Transaction,
    tenant: TenantId,
    which: Named,
    intent: PaymentIntent,
    row: PaymentRow | undefined,
  ): Promise<StoredPayment> {
    const before = row === undefined ? await adopt(tx, tenant, which, intent) : fromRow(row);
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
    save(tx, tenant, payment, now());
    await tell(tx, payment, happened);
    return payment;
  }

  async function tell(
    tx: Transaction,
    payment: StoredPayment,
    happened: readonly Happening[],
  ): Promise<void> {
    const payload = { ...shown(payment), at: now().toISOString() };
    await tx.emit(
      ...happened.map((what) => ({
        topic: 'payments.payment',
        type: `payments.payment.${what}`,
        key: payment.orderId,
        payload,
      })),
    );
  }

  /** An intent of ours whose row was never written: we were cut off between the processor's answer and our own note. */
  async function adopt(
    tx: SqlRunner,
    tenant: TenantId,
    which: Named,
    intent: PaymentIntent,
  ): Promise<StoredPayment> {
    const payment = fresh(which, intent, undefined);
    await insert(tx, tenant, payment, now(), platform.tracing.here());
    return payment;
  }

  // ── operations ─────────────────────────────────────────────────────────────────────────────────

  const createIntent: Operation = async (tenant, input) => {
    const wanted = s.createIntent.parse(input);
    const [offered, known] = await Promise.all([
      platform.payments.providers(tenant.id, wanted),
      find(tenant.id, wanted.paymentId),
    ]);
    const intent = await intentFor(tenant, wanted, offered, known);
    const provider = providerOf(intent.id);
    const start: s.PaymentStart = {
      paymentId: wanted.paymentId,
      intentId: intent.id,
      status: intent.status,
      provider,
      providers: [...offered],
      clientSecret: intent.clientSecret,
      ...(intent.approveUrl === undefined ? {} : { approveUrl: intent.approveUrl }),
      ...(await platform.payments.browserConfig(tenant.id, provider)),
    };
    return start;
  };

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
      ? intentFor(tenant, wanted, offered, await find(tenant.id, wanted.paymentId))
      : makeIntent(tenant, wanted, provider, attempt);
  }

  /**
   * The shopper pays otherwise: from here on the intent is none of this payment's, and what becomes of it is undone.
   * @returns which attempt is next; undefined when somebody else was quicker
   */
  function leave(tenant: TenantId, { id, orderId, intentId }: Refundable): Promise<number | undefined> {
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
    else await note(tenant.id, fresh(wanted, intent, wanted.tokenHash));
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

  /** How it stands with the provider, after the shop has done its part. */
  async function look(tenant: TenantId, payment: Refundable): Promise<PaymentIntent> {
    try {
      return await takeUp(tenant, payment, await platform.payments.retrieve(tenant, payment.intentId));
    } catch (error) {
      const forgotten = error instanceof ShopError && error.code === 'not_found';
      // PayPal keeps what nobody agreed to for some hours only. Stripe forgets nothing: there it would be a wrong key.
      if (!forgotten || providerOf(payment.intentId) !== 'paypal') throw error;
      return gone(payment);
    }
  }

  /** The shopper has agreed at the provider: the shop reserves the money, unless the payment was given up or left meanwhile. */
  async function takeUp(
    tenant: TenantId,
    payment: StoredPayment | undefined,
    intent: PaymentIntent,
  ): Promise<PaymentIntent> {
    const waits = intent.status === 'requires_confirmation' && payment?.status === 'pending';
    if (!waits || payment.intentId !== intent.id || intent.amount !== payment.amount) return intent;
    const confirmed = await platform.payments.confirm(tenant, intent.id, `confirm-${intent.id}`);
    await learn(tenant, { paymentId: payment.id, orderId: payment.orderId }, confirmed);
    return confirmed;
  }

  /** @param intentId one that this payment has left, or was given up with: nothing stays reserved by it */
  async function releaseIntent(tenant: TenantId, { paymentId }: Named, intentId: string): Promise<void> {
    const payment = await find(tenant, paymentId);
    if (payment?.intentId === intentId && payment.status !== 'cancelled') return;
    try {
      await platform.payments.cancel(tenant, intentId, `cancel-${intentId}`);
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      if (error.code !== 'illegal_transition' && error.code !== 'not_found') throw error;
      const now = await platform.payments.retrieve(tenant, intentId).catch(() => undefined);
      if (now?.status !== 'succeeded') return;
      platform.log.error(
        { tenant, payment: paymentId, intent: intentId },
        'an intent that was left has taken money',
      );
    }
  }

  /**
   * Writes a new row, and plans its reconciliation. One task compares all payments of a tenant and plans itself again while
   * any is open, so planning it more often than half its interval adds nothing but work.
   */
  async function note(tenant: TenantId, payment: StoredPayment): Promise<void> {
    const moment = now().getTime();
    if (moment - (planned.get(tenant) ?? 0) < settings.reconcileSeconds * 500) {
      const { text, values } = insertOf(tenant, payment, now(), platform.tracing.here());
      await platform.sql.query(tenant, text, values);
      return;
    }
    await platform.sql.transaction(tenant, async (tx) => {
      await insert(tx, tenant, payment, now(), platform.tracing.here());
      await tx.enqueue(nextReconcile());
    });
    planned.set(tenant, moment);
  }

  const capture: Operation = async (tenant, input) => {
    const which = s.ofPayment.parse(input);
    const payment = await mustFind(tenant.id, which);
    if (payment.status === 'captured' || payment.status === 'cancelled') return shown(payment);
    const intent = await orPresent(tenant.id, payment.intentId, () =>
      platform.payments.capture(tenant.id, payment.intentId, `capture-${payment.id}`),
    );
    return shown(await learn(tenant.id, which, intent));
  };

  const cancel: Operation = async (tenant, input) => {
    const which = s.ofPayment.parse(input);
    const payment = (await find(tenant.id, which.paymentId)) ?? (await giveUp(tenant.id, which));
    const { intentId } = payment;
    if (intentId === undefined && payment.status === 'pending')
      return shown(await forsake(tenant.id, payment));
    if (intentId === undefined || payment.status === 'captured' || payment.status === 'cancelled')
      return shown(payment);
    const intent = await orPresent(tenant.id, intentId, () =>
      platform.payments.cancel(tenant.id, intentId, `cancel-${payment.id}`),
    );
    return shown(await learn(tenant.id, which, intent));
  };

  /** No intent is known, so none may be made any more; one that was made without our knowing is found by the task. */
  async function giveUp(tenant: TenantId, { paymentId: id, orderId }: Named): Promise<StoredPayment> {
    const none: StoredPayment = { ...NOTHING, id, orderId, status: 'cancelled' };
    await platform.sql.transaction(tenant, async (tx) => {
      await insert(tx, tenant, none, now(), platform.tracing.here());
      await tx.enqueue(nextReconcile());
    });
    return (await find(tenant, id)) ?? none;
  }

  /** Between two attempts: there is no intent to cancel, and none is made any more. One that was is undone when it is heard of. */
  function forsake(tenant: TenantId, { id }: StoredPayment): Promise<StoredPayment> {
    return platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<PaymentRow>(`${READ} for update`, [tenant, id]);
      const before = rows[0] === undefined ? undefined : fromRow(rows[0]);
      if (before === undefined) throw noPayment(id);
      if (before.status !== 'pending' || before.intentId !== undefined) return before;
      const payment: StoredPayment = { ...before, status: 'cancelled' };
      save(tx, tenant, payment, now());
      await tell(tx, payment, ['cancelled']);
      return payment;
    });
  }

  const refund: Operation = async (tenant, input) => {
    const wanted = s.refund.parse(input);
    const refunded: s.Payment[] = [];
    for (const part of await reserveRefund(tenant.id, wanted))
      refunded.push(shown(await refundPart(tenant.id, wanted.key, part)));
    const answer: s.Refunded = { payments: refunded };
    return answer;
  };

  /** Asks for it once, however often it is repeated: the processor knows it by its key. */
  async function refundPart(
    tenant: TenantId,
    key: string,
    { payment, amount, isDone }: ReservedPart,
  ): Promise<StoredPayment> {
    const { id, orderId, intentId } = payment;
    const learned = await learn(
      tenant,
      { paymentId: id, orderId },
      isDone
        ? await platform.payments.retrieve(tenant, intentId)
        : await askRefund(tenant, key, payment, amount),
    );
    await platform.sql.query(
      tenant,
      `update payments_refunds set state = 'done' where tenant_id = $1 and order_id = $2 and key = $3 and payment_id = $4`,
      [tenant, orderId, key, id],
    );
    return learned;
  }

  /** What the processor refuses for good is not taken from what is left. */
  async function askRefund(
    tenant: TenantId,
    key: string,
    { id, orderId, intentId }: Refundable,
    amount: number,
  ): Promise<PaymentIntent> {
    // The checkout's payment was refunded under the key alone before there were others.
    const once = id === s.paymentOfCheckout(orderId) ? `refund-${key}` : `refund-${key}-${id}`;
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
        'select payment_id, key, amount, state from payments_refunds where tenant_id = $1 and order_id = $2',
        [tenant, orderId],
      );
      const known = noted.filter((row) => row.key === key);
      if (known.length > 0)
        return paid.flatMap((payment) =>
          known
            .filter((row) => row.payment_id === payment.id)
            .map((row) => ({ payment, amount: row.amount, isDone: row.state === 'done' })),
        );
      const parts = spreadRefund(
        amount,
        paid
          .filter(({ id }) => paymentId === undefined || id === paymentId)
          .map((payment) => ({ ...payment, left: leftOf(payment, noted) })),
      );
      if (parts === undefined) throw tooMuch(paid, noted);
      for (const part of parts) {
        await tx.query(
          `insert into payments_refunds (tenant_id, order_id, payment_id, key, amount, state, requested_at)
           values ($1, $2, $3, $4, $5, 'requested', $6)`,
          [tenant, orderId, part.payment.id, key, part.amount, now()],
        );
      }
      return parts.map((part) => ({ ...part, isDone: false }));
    });
  }

  const get: Operation = async (tenant, input) => {
    const { paymentId, orderId } = s.ofPayment.parse(input);
    const payment = await find(tenant.id, paymentId);
    if (payment?.orderId !== orderId) throw noPayment(orderId);
    return shown(payment);
  };

  const sync: Operation = async (tenant, input) => {
    const which = s.ofPayment.parse(input);
    const payment = await mustFind(tenant.id, which);
    return shown(await learn(tenant.id, which, await look(tenant.id, payment)));
  };

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

  // ── routes ─────────────────────────────────────────────────────────────────────────────────────

  /** @param provider whose messages come by this route */
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
          const payment = await merge(tx, tenant.id, which, intent, known);
          if (message.dispute !== undefined) await contested(tx, tenant.id, payment, message.dispute);
        });
      });
      return { json: { received: true } };
    };

  /** @param payment as this transaction has locked it and knows it by now */
  async function contested(
    tx: Transaction,
    tenant: TenantId,
    payment: StoredPayment,
    dispute: PaymentDispute,
    said?: Answered,
  ): Promise<void> {
    const which = { paymentId: payment.id, orderId: payment.orderId };
    const isLost = await disputes.learn(tx, tenant, which, dispute, said);
    const after = loseTo(payment, dispute, isLost);
    if (after.happened.length === 0) return;
    save(tx, tenant, after.payment, now());
    await tell(tx, after.payment, after.happened);
  }

  function bookDispute(
    tenant: TenantId,
    which: Named,
    dispute: PaymentDispute,
    said?: Answered,
  ): Promise<void> {
    return platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<PaymentRow>(`${READ} for update`, [tenant, which.paymentId]);
      if (rows[0] === undefined) throw noPayment(which.orderId);
      await contested(tx, tenant, fromRow(rows[0]), dispute, said);
    });
  }

  const disputes = createDisputes(platform, bookDispute);

  const payouts = createPayouts(platform, { ...PAYOUTS, ...settings.payouts }, heal);

  async function heal(tenant: TenantId, { intentId, disputeId }: Doubt): Promise<void> {
    const intent = await platform.payments.retrieve(tenant, intentId);
    const which = intent.metadata['tenant'] === tenant ? namedBy(intent) : undefined;
    // Somebody else takes money by the same account.
    if (which === undefined) return;
    await learn(tenant, which, intent);
    if (disputeId === undefined) return;
    await bookDispute(tenant, which, await platform.payments.retrieveDispute(tenant, disputeId));
  }

  async function takenUp(
    tenant: TenantId,
    which: Named | undefined,
    intent: PaymentIntent | undefined,
  ): Promise<PaymentIntent | undefined> {
    if (which === undefined || intent?.status !== 'requires_confirmation') return intent;
    return takeUp(tenant, await find(tenant, which.paymentId), intent);
  }

  const getPaymentStatus: RouteHandler = async ({ tenant, params, query }) => {
    // Both were parsed by the host with the route's schemas.
    const { orderId } = params as { orderId: string };
    const { token, paymentId } = query as { token: string; paymentId?: string };
    const payment = await find(tenant.id, paymentId ?? s.paymentOfCheckout(orderId));
    if (
      payment?.tokenHash === undefined ||
      payment.orderId !== orderId ||
      payment.tokenHash !== createHash('sha256').update(token).digest('hex')
    )
      throw noPayment(orderId);
    const current = payment.status === 'pending' ? await glance(tenant.id, payment) : payment;
    const { id, status, amount, currency, captured, refunded, problem } = current;
    return { json: { paymentId: id, orderId, status, amount, currency, captured, refunded, problem } };
  };

  /** A shopper waits for this payment: a lost webhook must not make them wait for the task. */
  async function glance(tenant: TenantId, payment: StoredPayment): Promise<StoredPayment> {
    const { orderId, id } = payment;
    const { rowCount } = await platform.sql.query(
      tenant,
      `update payments_payments set synced_at = $3 where tenant_id = $1 and id = $2
       and coalesce(synced_at, created_at) < $4`,
      [tenant, id, now(), seconds(now(), -settings.glanceSeconds)],
    );
    if (rowCount === 0 || !hasIntent(payment)) return payment;
    try {
      return await learn(tenant, { paymentId: id, orderId }, await look(tenant, payment));
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      platform.log.warn(
        { err: error, tenant, payment: id },
        'the processor could not be asked; the shopper sees what we know',
      );
      return payment;
    }
  }

  // ── reconciliation ─────────────────────────────────────────────────────────────────────────────

  /** @param idle whether this round found nothing; after two of these the task rests */
  function nextReconcile(idle = false): { name: string; payload: object; key: string; runAt: Date } {
    return {
      name: 'payments.reconcile',
      payload: idle ? { idle } : {},
      // A key of its own, so that payments made meanwhile plan another round.
      key: idle ? 'reconcile-idle' : 'reconcile',
      runAt: seconds(now(), settings.reconcileSeconds),
    };
  }

  async function reconcile(tenant: TenantId, wasIdle: boolean, signal: AbortSignal): Promise<void> {
    const { rows } = await platform.sql.query<PaymentRow & { quiet: boolean }>(
      tenant,
      `select ${COLUMNS}, updated_at < $2 as quiet from payments_payments
       where tenant_id = $1 and status in ('pending', 'authorized')
       order by greatest(updated_at, synced_at) limit 500`,
      [tenant, seconds(now(), -settings.quietSeconds)],
    );
    const quiet = rows.filter((row) => row.quiet).map(fromRow);
    // The list answers for most with one request; the few it does not hold are asked for one by one.
    const listed = quiet.length > 0 ? await compareList(tenant, signal) : new Set<string>();
    const alone = quiet.filter((each) => !listed.has(each.id)).slice(0, MOST_ALONE);
    for (const payment of alone.filter(hasIntent)) {
      signal.throwIfAborted();
      await compareOne(tenant, payment);
    }
    const orphans = await closeOrphans(tenant, signal);
    await forget(tenant);
    const findAt = seconds(now(), settings.payouts?.findSeconds ?? PAYOUTS.findSeconds);
    await platform.sql.transaction(tenant, (tx) => tx.enqueue({ ...payouts.planned, runAt: findAt }));
    const idle = rows.length === 0 && !orphans;
    // A payment that was being written during this round is there for the next one.
    if (!idle || !wasIdle) await platform.sql.transaction(tenant, (tx) => tx.enqueue(nextReconcile(idle)));
  }

  /** A provider that cannot be asked keeps nobody from asking the other. Who was asked stands behind the others next time. */
  async function compareOne(tenant: TenantId, payment: Refundable): Promise<void> {
    const { id, orderId } = payment;
    const asked = 'update payments_payments set synced_at = $3 where tenant_id = $1 and id = $2';
    await platform.sql.query(tenant, asked, [tenant, id, now()]);
    try {
      await learn(tenant, { paymentId: id, orderId }, await look(tenant, payment));
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      platform.log.warn(
        { err: error, tenant, payment: id },
        'a payment could not be compared; the next round tries again',
      );
    }
  }

  /** @returns the payments whose intents the processor's list held */
  async function compareList(tenant: TenantId, signal: AbortSignal): Promise<Set<string>> {
    const listed = new Set<string>();
    for await (const page of recentIntents(tenant, signal)) {
      const ours = page.flatMap((intent) => {
        const which = intent.metadata['tenant'] === tenant ? namedBy(intent) : undefined;
        return which === undefined ? [] : [{ which, intent }];
      });
      const { rows } = await platform.sql.query<PaymentRow>(
        tenant,
        `select ${COLUMNS} from payments_payments where tenant_id = $1 and id = any ($2::text[])`,
        [tenant, ours.map(({ which }) => which.paymentId)],
      );
      const known = new Map(rows.map((row) => [row.id, fromRow(row)]));
      for (const { which, intent } of ours) {
        const payment = known.get(which.paymentId);
        // One that the payment has left says nothing of how it stands.
        if (payment === undefined || !isStray(payment, intent)) listed.add(which.paymentId);
        const isNews =
          payment === undefined
            ? intent.status !== 'requires_payment_method'
            : isStray(payment, intent)
              ? intent.status === 'requires_capture'
              : observe(payment, intent).happened.length > 0;
        if (isNews) await learn(tenant, which, intent);
      }
    }
    return listed;
  }

  /** Intents of payments that were given up before we knew of the intent. @returns whether there may be more */
  async function closeOrphans(tenant: TenantId, signal: AbortSignal): Promise<boolean> {
    const { rows } = await platform.sql.query<{ id: string }>(
      tenant,
      `select id from payments_payments where tenant_id = $1 and intent_id is null and status = 'cancelled'
       and created_at > $2 limit 500`,
      [tenant, seconds(now(), -settings.lookBackSeconds)],
    );
    if (rows.length === 0) return false;
    const given = new Set(rows.map((row) => row.id));
    for await (const page of recentIntents(tenant, signal)) {
      for (const intent of page) {
        const id = namedBy(intent)?.paymentId;
        if (id === undefined || !given.has(id) || intent.status === 'canceled') continue;
        platform.log.warn(
          { tenant, payment: id, intent: intent.id },
          'an intent of a payment that was given up is cancelled',
        );
        await platform.payments.cancel(tenant, intent.id, `cancel-${id}`);
      }
    }
    return true;
  }

  async function* recentIntents(
    tenant: TenantId,
    signal: AbortSignal,
  ): AsyncGenerator<readonly PaymentIntent[]> {
    let before: string | undefined;
    const since = seconds(now(), -settings.lookBackSeconds);
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      signal.throwIfAborted();
      const page = await platform.payments.list(tenant, {
        since,
        ...(before === undefined ? {} : { before }),
      });
      yield page.intents;
      before = page.intents.at(-1)?.id;
      if (!page.more || before === undefined) return;
    }
  }

  async function forget(tenant: TenantId): Promise<void> {
    await platform.sql.query(
      tenant,
      'delete from payments_webhooks where tenant_id = $1 and received_at < $2',
      [tenant, seconds(now(), -WEBHOOKS_KEPT_DAYS * 86_400)],
    );
  }

  return {
    definition: payments,
    routes: {
      receiveWebhook: receiver('stripe'),
      receivePayPalWebhook: receiver('paypal'),
      getPaymentStatus,
      ...disputes.routes,
      ...payouts.routes,
    },
    consumers: {},
    tasks: {
      'payments.reconcile': ({ tenant, payload, signal }) =>
        // The task queue parsed the payload with the task's schema.
        reconcile(tenant, (payload as { idle?: boolean }).idle === true, signal),
      'payments.find-payouts': ({ tenant, signal }) => payouts.find(tenant, signal),
      'payments.compare-payout': ({ tenant, payload, signal }) =>
        payouts.compare(tenant, ofPayout.parse(payload).payoutId, signal),
      'payments.release': ({ tenant, payload }) => {
        const { intentId, ...which } = s.ofIntent.parse(payload);
        return releaseIntent(tenant, which, intentId);
      },
    },
    operations: { createIntent, capture, cancel, refund, get, sync },
  };
}

/** What the processor was told when the intent was made; nothing where it is none of ours. */
function namedBy({ metadata }: PaymentIntent): Named | undefined {
  const orderId = s.orderId.safeParse(metadata['order_id']).data;
  if (orderId === undefined) return undefined;
  // An intent from before payments had ids is its order's first.
  const named = metadata['payment_id'] ?? s.paymentOfCheckout(orderId);
  const paymentId = s.paymentId.safeParse(named).data;
  return paymentId === undefined ? undefined : { paymentId, orderId };
}

type Refundable = StoredPayment & { readonly intentId: string };

function hasIntent(payment: StoredPayment): payment is Refundable {
  return payment.intentId !== undefined;
}

interface RefundRow {
  readonly payment_id: string;
  readonly key: string;
  readonly amount: number;
  readonly state: 'requested' | 'done';
}

interface ReservedPart {
  readonly payment: Refundable;
  readonly amount: number;
  readonly isDone: boolean;
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

/** An intent that nobody agreed to in time, and that its provider has forgotten. */
function gone({ intentId: id, amount, currency }: Refundable): PaymentIntent {
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

function release(
  which: Named,
  intentId: string,
): { readonly name: string; readonly payload: object; readonly key: string } {
  return { name: 'payments.release', payload: { ...which, intentId }, key: intentId };
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

const NOTHING = {
  attempt: 0,
  intentId: undefined,
  amount: 0,
  currency: 'XXX',
  captured: 0,
  refunded: 0,
  lost: 0,
  disputed: false,
  problem: undefined,
  tokenHash: undefined,
};

const COLUMNS =
  'id, order_id, attempt, intent_id, status, amount, currency, captured, refunded, lost, disputed, problem, token_hash, trace';
const READ = `select ${COLUMNS} from payments_payments where tenant_id = $1 and id = $2`;

/** Counts a message once and locks the payment it is about, in one round trip. */
const COUNT_WEBHOOK = `
  with counted as (
    insert into payments_webhooks (tenant_id, event_id, type, order_id, received_at)
    values ($1, $4, $5, nullif($3, ''), $6) on conflict do nothing returning event_id
  ), payment as (
    select ${COLUMNS} from payments_payments where tenant_id = $1 and id = $2 for update
  )
  select exists (select from counted) as fresh, payment.* from (select 1) as one left join payment on true`;

function isPayment(row: Partial<PaymentRow>): row is PaymentRow {
  return typeof row.id === 'string';
}

interface PaymentRow {
  readonly id: string;
  readonly order_id: string;
  readonly attempt: number;
  readonly intent_id: string | null;
  readonly status: s.PaymentStatus;
  readonly amount: number;
  readonly currency: string;
  readonly captured: number;
  readonly refunded: number;
  readonly lost: number;
  readonly disputed: boolean;
  readonly problem: string | null;
  readonly token_hash: string | null;
  /** W3C traceparent of its making. */
  readonly trace: string | null;
}

function fromRow(row: PaymentRow): StoredPayment {
  return {
    id: row.id,
    orderId: row.order_id,
    attempt: row.attempt,
    intentId: row.intent_id ?? undefined,
    status: row.status,
    amount: row.amount,
    currency: row.currency,
    captured: row.captured,
    refunded: row.refunded,
    lost: row.lost,
    disputed: row.disputed,
    problem: row.problem ?? undefined,
    tokenHash: row.token_hash ?? undefined,
  };
}

function fresh(
  { paymentId: id, orderId }: Named,
  intent: PaymentIntent,
  tokenHash: string | undefined,
): StoredPayment {
  const { id: intentId, amount, currency, metadata } = intent;
  const attempt = Number(metadata['attempt'] ?? 0);
  return { ...NOTHING, id, orderId, attempt, intentId, status: 'pending', amount, currency, tokenHash };
}

/** A row that is there already stays as it is, but learns the token that it may lack. */
async function insert(
  sql: SqlRunner,
  tenant: TenantId,
  payment: StoredPayment,
  now: Date,
  trace: string | undefined,
): Promise<void> {
  const { text, values } = insertOf(tenant, payment, now, trace);
  await sql.query(text, values);
}

function insertOf(
  tenant: TenantId,
  payment: StoredPayment,
  now: Date,
  trace: string | undefined,
): { readonly text: string; readonly values: readonly SqlValue[] } {
  return {
    text: `insert into payments_payments (tenant_id, id, order_id, attempt, intent_id, status, amount, currency, token_hash, created_at, updated_at, trace)
      values ($1, $2, $3, $11, $4, $5, $6, $7, $8, $9, $9, $10)
      on conflict (tenant_id, id) do update set token_hash = coalesce(payments_payments.token_hash, excluded.token_hash)`,
    values: [
      tenant,
      payment.id,
      payment.orderId,
      payment.intentId ?? null,
      payment.status,
      payment.amount,
      payment.currency,
      payment.tokenHash ?? null,
      now,
      trace ?? null,
      payment.attempt,
    ],
  };
}

/** With the commit: the row is this transaction's, and nobody asks for it again there. */
function save(tx: Transaction, tenant: TenantId, payment: StoredPayment, now: Date): void {
  tx.atEnd(
    `update payments_payments set intent_id = $3, status = $4, captured = $5, refunded = $6, disputed = $7, problem = $8, updated_at = $9, lost = $10
     where tenant_id = $1 and id = $2`,
    [
      tenant,
      payment.id,
      payment.intentId ?? null,
      payment.status,
      payment.captured,
      payment.refunded,
      payment.disputed,
      payment.problem ?? null,
      now,
      payment.lost,
    ],
  );
}

function shown(payment: StoredPayment): s.Payment {
  const { id: paymentId, tokenHash: _tokenHash, attempt: _attempt, ...rest } = payment;
  return { paymentId, ...rest };
}

function noPayment(orderId: string): ShopError {
  return new ShopError('not_found', `There is no payment for order ${orderId} that you may see.`, {
    remedy: 'Check the order and its token.',
  });
}
