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
import type { PaymentIntent, SqlRunner, SqlValue, TenantId, Transaction } from '../../platform/ports.ts';
import { payments } from './definition.ts';
import { observe, type StoredPayment } from './observe.ts';
import * as s from './schemas.ts';

export interface PaymentsSettings {
  /** How often payments that are not settled are compared with the processor. */
  readonly reconcileSeconds: number;
  /** A payment that was not touched for this long is asked about. */
  readonly quietSeconds: number;
  /** How far back the processor's own list is compared with ours. */
  readonly lookBackSeconds: number;
  /** A shopper who looks at a pending payment makes us ask the processor, at most this often. */
  readonly glanceSeconds: number;
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

export const createService: CreateService = (platform) => createPayments(platform, SETTINGS);

/** With other times than the usual, for tests. */
export function createPayments(platform: Platform, settings: PaymentsSettings): DomainService {
  /** When this process last planned a tenant's reconciliation, in milliseconds since 1970. */
  const planned = new Map<TenantId, number>();
  const now = (): Date => platform.clock.now();
  const seconds = (from: Date, by: number): Date => new Date(from.getTime() + by * 1000);

  async function find(tenant: TenantId, orderId: string): Promise<StoredPayment | undefined> {
    const { rows } = await platform.sql.query<PaymentRow>(tenant, READ, [tenant, orderId]);
    return rows[0] === undefined ? undefined : fromRow(rows[0]);
  }

  async function mustFind(tenant: TenantId, orderId: string): Promise<StoredPayment & { intentId: string }> {
    const payment = await find(tenant, orderId);
    if (payment?.intentId === undefined) throw noPayment(orderId);
    return { ...payment, intentId: payment.intentId };
  }

  /** Merges what was seen into our row, and tells of the news, all in one transaction. */
  function learn(tenant: TenantId, orderId: string, intent: PaymentIntent): Promise<StoredPayment> {
    return platform.sql.transaction(tenant, (tx) => learnIn(tx, tenant, orderId, intent));
  }

  async function learnIn(
    tx: Transaction,
    tenant: TenantId,
    orderId: string,
    intent: PaymentIntent,
  ): Promise<StoredPayment> {
    const { rows } = await tx.query<PaymentRow>(`${READ} for update`, [tenant, orderId]);
    return merge(tx, tenant, orderId, intent, rows[0]);
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
    orderId: string,
    intent: PaymentIntent,
    row: PaymentRow | undefined,
  ): Promise<StoredPayment> {
    const before = row === undefined ? await adopt(tx, tenant, orderId, intent) : fromRow(row);
    const { payment, happened } = observe(before, intent);
    if (happened.length === 0 && payment.problem === before.problem) return payment;
    if (payment.problem !== before.problem && payment.amount !== intent.amount) {
      platform.log.error(
        { tenant, order: orderId, intent: intent.id, problem: payment.problem },
        'an intent does not match its payment',
      );
    }
    save(tx, tenant, payment, now());
    const payload = { ...shown(payment), at: now().toISOString() };
    await tx.emit(
      ...happened.map((what) => ({
        topic: 'payments.payment',
        type: `payments.payment.${what}`,
        key: orderId,
        payload,
      })),
    );
    return payment;
  }

  /** An intent of ours whose row was never written: we were cut off between the processor's answer and our own note. */
  async function adopt(
    tx: SqlRunner,
    tenant: TenantId,
    orderId: string,
    intent: PaymentIntent,
  ): Promise<StoredPayment> {
    const payment = fresh(orderId, intent, undefined);
    await insert(tx, tenant, payment, now(), platform.tracing.here());
    return payment;
  }

  // ── operations ─────────────────────────────────────────────────────────────────────────────────

  const createIntent: Operation = async (tenant, input) => {
    const wanted = s.createIntent.parse(input);
    const known = await find(tenant.id, wanted.orderId);
    const intent =
      known?.intentId === undefined
        ? await makeIntent(tenant.id, wanted, known)
        : await platform.payments.retrieve(tenant.id, known.intentId);
    const config = await platform.payments.browserConfig(tenant.id);
    const start: s.PaymentStart = {
      intentId: intent.id,
      status: intent.status,
      clientSecret: intent.clientSecret,
      ...config,
    };
    return start;
  };

  async function makeIntent(
    tenant: TenantId,
    wanted: { orderId: string; amount: number; currency: string; tokenHash: string },
    known: StoredPayment | undefined,
  ): Promise<PaymentIntent> {
    if (known !== undefined) {
      throw new ShopError('gone', `The payment of order ${wanted.orderId} was given up.`, {
        remedy: 'Place a new order.',
      });
    }
    const intent = await platform.payments.createIntent(tenant, {
      amount: wanted.amount,
      currency: wanted.currency,
      metadata: { order_id: wanted.orderId, tenant },
      idempotencyKey: `intent-${wanted.orderId}`,
    });
    await note(tenant, fresh(wanted.orderId, intent, wanted.tokenHash));
    return intent;
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
    const payment = await mustFind(tenant.id, s.ofOrder.parse(input).orderId);
    if (payment.status === 'captured' || payment.status === 'cancelled') return shown(payment);
    const intent = await orPresent(tenant.id, payment.intentId, () =>
      platform.payments.capture(tenant.id, payment.intentId, `capture-${payment.orderId}`),
    );
    return shown(await learn(tenant.id, payment.orderId, intent));
  };

  const cancel: Operation = async (tenant, input) => {
    const { orderId } = s.ofOrder.parse(input);
    const payment = (await find(tenant.id, orderId)) ?? (await giveUp(tenant.id, orderId));
    const { intentId } = payment;
    if (intentId === undefined || payment.status === 'captured' || payment.status === 'cancelled')
      return shown(payment);
    const intent = await orPresent(tenant.id, intentId, () =>
      platform.payments.cancel(tenant.id, intentId, `cancel-${orderId}`),
    );
    return shown(await learn(tenant.id, orderId, intent));
  };

  /** No intent is known, so none may be made any more; one that was made without our knowing is found by the task. */
  async function giveUp(tenant: TenantId, orderId: string): Promise<StoredPayment> {
    await platform.sql.transaction(tenant, async (tx) => {
      await insert(tx, tenant, { ...NOTHING, orderId, status: 'cancelled' }, now(), platform.tracing.here());
      await tx.enqueue(nextReconcile());
    });
    return (await find(tenant, orderId)) ?? { ...NOTHING, orderId, status: 'cancelled' };
  }

  const refund: Operation = async (tenant, input) => {
    const wanted = s.refund.parse(input);
    const payment = await mustFind(tenant.id, wanted.orderId);
    const isNew = await reserveRefund(tenant.id, payment, wanted);
    const intent = isNew
      ? await platform.payments.refund(tenant.id, payment.intentId, wanted.amount, `refund-${wanted.key}`)
      : await platform.payments.retrieve(tenant.id, payment.intentId);
    const learned = await learn(tenant.id, wanted.orderId, intent);
    await platform.sql.query(
      tenant.id,
      `update payments_refunds set state = 'done' where tenant_id = $1 and order_id = $2 and key = $3`,
      [tenant.id, wanted.orderId, wanted.key],
    );
    return shown(learned);
  };

  /**
   * Notes a refund before it is asked for, so that refunds together never pass what was captured.
   * @returns false when this very refund was done before
   */
  function reserveRefund(
    tenant: TenantId,
    payment: StoredPayment,
    wanted: { orderId: string; amount: number; key: string },
  ): Promise<boolean> {
    return platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<{
        captured: number;
        taken: number;
        state: 'requested' | 'done' | null;
      }>(
        `select p.captured,
           (select coalesce(sum(r.amount), 0)::bigint from payments_refunds r where r.tenant_id = $1 and r.order_id = $2) as taken,
           (select r.state from payments_refunds r where r.tenant_id = $1 and r.order_id = $2 and r.key = $3) as state
         from payments_payments p where p.tenant_id = $1 and p.order_id = $2 for update of p`,
        [tenant, wanted.orderId, wanted.key],
      );
      const [row] = rows;
      if (row === undefined) throw noPayment(wanted.orderId);
      if (row.state !== null) return row.state === 'requested';
      const left = row.captured - Math.max(row.taken, payment.refunded);
      if (wanted.amount > left) {
        throw new ShopError(
          'conflict',
          `Only ${left} ${payment.currency} (minor units) are left to refund.`,
          { remedy: 'Refund at most that.' },
        );
      }
      await tx.query(
        `insert into payments_refunds (tenant_id, order_id, key, amount, state, requested_at) values ($1, $2, $3, $4, 'requested', $5)`,
        [tenant, wanted.orderId, wanted.key, wanted.amount, now()],
      );
      return true;
    });
  }

  const get: Operation = async (tenant, input) => {
    const { orderId } = s.ofOrder.parse(input);
    const payment = await find(tenant.id, orderId);
    if (payment === undefined) throw noPayment(orderId);
    return shown(payment);
  };

  const sync: Operation = async (tenant, input) => {
    const { orderId } = s.ofOrder.parse(input);
    const payment = await mustFind(tenant.id, orderId);
    return shown(
      await learn(tenant.id, orderId, await platform.payments.retrieve(tenant.id, payment.intentId)),
    );
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

  const receiveWebhook: RouteHandler = async ({ tenant, body, headers }) => {
    // The definition says `raw`, so the host hands over the bytes as sent.
    const raw = body as Buffer;
    const message = await platform.payments.verifyWebhook(tenant.id, raw, headers['stripe-signature'] ?? '');
    const orderId = s.orderId.safeParse(message.intent?.metadata['order_id']).data;
    const { intent } = message;
    // A row that we have not written yet is not for the message of its making to write.
    const matters =
      intent !== undefined &&
      intent.metadata['tenant'] === tenant.id &&
      message.type !== 'payment_intent.created';
    await platform.sql.transaction(tenant.id, async (tx) => {
      const { rows } = await tx.query<Partial<PaymentRow> & { fresh: boolean }>(COUNT_WEBHOOK, [
        tenant.id,
        orderId ?? '',
        message.id,
        message.type,
        now(),
      ]);
      const [row] = rows;
      if (row?.fresh !== true || !matters || orderId === undefined) return;
      const known = isPayment(row) ? row : undefined;
      await goingOn(known, () => merge(tx, tenant.id, orderId, intent, known));
    });
    return { json: { received: true } };
  };

  const getPaymentStatus: RouteHandler = async ({ tenant, params, query }) => {
    // Both were parsed by the host with the route's schemas.
    const { orderId } = params as { orderId: string };
    const { token } = query as { token: string };
    const payment = await find(tenant.id, orderId);
    if (
      payment?.tokenHash === undefined ||
      payment.tokenHash !== createHash('sha256').update(token).digest('hex')
    )
      throw noPayment(orderId);
    const current = payment.status === 'pending' ? await glance(tenant.id, payment) : payment;
    const { status, amount, currency, captured, refunded, problem } = current;
    return { json: { orderId, status, amount, currency, captured, refunded, problem } };
  };

  /** A shopper waits for this payment: a lost webhook must not make them wait for the task. */
  async function glance(tenant: TenantId, payment: StoredPayment): Promise<StoredPayment> {
    const { intentId, orderId } = payment;
    const { rowCount } = await platform.sql.query(
      tenant,
      `update payments_payments set synced_at = $3 where tenant_id = $1 and order_id = $2
       and coalesce(synced_at, created_at) < $4`,
      [tenant, orderId, now(), seconds(now(), -settings.glanceSeconds)],
    );
    if (rowCount === 0 || intentId === undefined) return payment;
    try {
      return await learn(tenant, orderId, await platform.payments.retrieve(tenant, intentId));
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      platform.log.warn(
        { err: error, tenant, order: orderId },
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
       where tenant_id = $1 and status in ('pending', 'authorized') order by updated_at limit 500`,
      [tenant, seconds(now(), -settings.quietSeconds)],
    );
    const quiet = rows.filter((row) => row.quiet).map(fromRow);
    // The list answers for most with one request; the few it does not hold are asked for one by one.
    const listed = quiet.length > 0 ? await compareList(tenant, signal) : new Set<string>();
    for (const payment of quiet.filter((each) => !listed.has(each.orderId)).slice(0, 50)) {
      signal.throwIfAborted();
      if (payment.intentId !== undefined)
        await learn(tenant, payment.orderId, await platform.payments.retrieve(tenant, payment.intentId));
    }
    const orphans = await closeOrphans(tenant, signal);
    await forget(tenant);
    const idle = rows.length === 0 && !orphans;
    // A payment that was being written during this round is there for the next one.
    if (!idle || !wasIdle) await platform.sql.transaction(tenant, (tx) => tx.enqueue(nextReconcile(idle)));
  }

  /** @returns the orders whose intents the processor's list held */
  async function compareList(tenant: TenantId, signal: AbortSignal): Promise<Set<string>> {
    const listed = new Set<string>();
    for await (const page of recentIntents(tenant, signal)) {
      const ours = page.flatMap((intent) => {
        const orderId =
          intent.metadata['tenant'] === tenant
            ? s.orderId.safeParse(intent.metadata['order_id']).data
            : undefined;
        return orderId === undefined ? [] : [{ orderId, intent }];
      });
      const { rows } = await platform.sql.query<PaymentRow>(
        tenant,
        `select ${COLUMNS} from payments_payments where tenant_id = $1 and order_id = any ($2::text[])`,
        [tenant, ours.map(({ orderId }) => orderId)],
      );
      const known = new Map(rows.map((row) => [row.order_id, fromRow(row)]));
      for (const { orderId, intent } of ours) {
        listed.add(orderId);
        const payment = known.get(orderId);
        const isNews =
          payment === undefined
            ? intent.status !== 'requires_payment_method'
            : observe(payment, intent).happened.length > 0;
        if (isNews) await learn(tenant, orderId, intent);
      }
    }
    return listed;
  }

  /** Intents of orders that were given up before we knew of the intent. @returns whether there may be more */
  async function closeOrphans(tenant: TenantId, signal: AbortSignal): Promise<boolean> {
    const { rows } = await platform.sql.query<{ order_id: string }>(
      tenant,
      `select order_id from payments_payments where tenant_id = $1 and intent_id is null and created_at > $2 limit 500`,
      [tenant, seconds(now(), -settings.lookBackSeconds)],
    );
    if (rows.length === 0) return false;
    const given = new Set(rows.map((row) => row.order_id));
    for await (const page of recentIntents(tenant, signal)) {
      for (const intent of page) {
        const orderId = intent.metadata['order_id'];
        if (orderId === undefined || !given.has(orderId) || intent.status === 'canceled') continue;
        platform.log.warn(
          { tenant, order: orderId, intent: intent.id },
          'an intent of an order that was given up is cancelled',
        );
        await platform.payments.cancel(tenant, intent.id, `cancel-${orderId}`);
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
    routes: { receiveWebhook, getPaymentStatus },
    consumers: {},
    tasks: {
      'payments.reconcile': ({ tenant, payload, signal }) =>
        // The task queue parsed the payload with the task's schema.
        reconcile(tenant, (payload as { idle?: boolean }).idle === true, signal),
    },
    operations: { createIntent, capture, cancel, refund, get, sync },
  };
}

const NOTHING = {
  intentId: undefined,
  amount: 0,
  currency: 'XXX',
  captured: 0,
  refunded: 0,
  disputed: false,
  problem: undefined,
  tokenHash: undefined,
};

const COLUMNS =
  'order_id, intent_id, status, amount, currency, captured, refunded, disputed, problem, token_hash, trace';
const READ = `select ${COLUMNS} from payments_payments where tenant_id = $1 and order_id = $2`;

/** Counts a message once and locks the payment it is about, in one round trip. */
const COUNT_WEBHOOK = `
  with counted as (
    insert into payments_webhooks (tenant_id, event_id, type, order_id, received_at)
    values ($1, $3, $4, nullif($2, ''), $5) on conflict do nothing returning event_id
  ), payment as (
    select ${COLUMNS} from payments_payments where tenant_id = $1 and order_id = $2 for update
  )
  select exists (select from counted) as fresh, payment.* from (select 1) as one left join payment on true`;

function isPayment(row: Partial<PaymentRow>): row is PaymentRow {
  return typeof row.order_id === 'string';
}

interface PaymentRow {
  readonly order_id: string;
  readonly intent_id: string | null;
  readonly status: s.PaymentStatus;
  readonly amount: number;
  readonly currency: string;
  readonly captured: number;
  readonly refunded: number;
  readonly disputed: boolean;
  readonly problem: string | null;
  readonly token_hash: string | null;
  /** W3C traceparent of its making. */
  readonly trace: string | null;
}

function fromRow(row: PaymentRow): StoredPayment {
  return {
    orderId: row.order_id,
    intentId: row.intent_id ?? undefined,
    status: row.status,
    amount: row.amount,
    currency: row.currency,
    captured: row.captured,
    refunded: row.refunded,
    disputed: row.disputed,
    problem: row.problem ?? undefined,
    tokenHash: row.token_hash ?? undefined,
  };
}

function fresh(orderId: string, intent: PaymentIntent, tokenHash: string | undefined): StoredPayment {
  const { id: intentId, amount, currency } = intent;
  return { ...NOTHING, orderId, intentId, status: 'pending', amount, currency, tokenHash };
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
    text: `insert into payments_payments (tenant_id, order_id, intent_id, status, amount, currency, token_hash, created_at, updated_at, trace)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
      on conflict (tenant_id, order_id) do update set token_hash = coalesce(payments_payments.token_hash, excluded.token_hash)`,
    values: [
      tenant,
      payment.orderId,
      payment.intentId ?? null,
      payment.status,
      payment.amount,
      payment.currency,
      payment.tokenHash ?? null,
      now,
      trace ?? null,
    ],
  };
}

/** With the commit: the row is this transaction's, and nobody asks for it again there. */
function save(tx: Transaction, tenant: TenantId, payment: StoredPayment, now: Date): void {
  tx.atEnd(
    `update payments_payments set intent_id = $3, status = $4, captured = $5, refunded = $6, disputed = $7, problem = $8, updated_at = $9
     where tenant_id = $1 and order_id = $2`,
    [
      tenant,
      payment.orderId,
      payment.intentId ?? null,
      payment.status,
      payment.captured,
      payment.refunded,
      payment.disputed,
      payment.problem ?? null,
      now,
    ],
  );
}

function shown(payment: StoredPayment): s.Payment {
  const { tokenHash: _tokenHash, ...rest } = payment;
  return rest;
}

function noPayment(orderId: string): ShopError {
  return new ShopError('not_found', `There is no payment for order ${orderId} that you may see.`, {
    remedy: 'Check the order and its token.',
  });
}
