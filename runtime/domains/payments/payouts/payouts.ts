/**
 * The providers' payouts compared with our payments: a task finds new payouts, another compares one, page by page, and goes on where it
 * was cut off. What differs is looked at again at the provider; what still differs then is told to the merchant. Of PayPal, which pays
 * nothing out by itself, the closed days of its ledger are compared as if each were a payout.
 */
import type { Platform, RouteHandler } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type {
  BalanceEntry,
  PaymentProvider,
  Payout,
  TenantId,
  Transaction,
} from '../../../platform/ports.ts';
import { offeredBy } from '../providers.ts';
import { nextRound, seconds } from '../seconds.ts';
import { compareEntries, sumOf, type Booked, type Difference } from './compare.ts';
import type * as s from './schemas.ts';

export interface PayoutsSettings {
  /** How often new payouts are looked for. */
  readonly findSeconds: number;
  /** A payment that was taken so long ago should have been paid out. */
  readonly overdueSeconds: number;
  /** Pages of a payout compared in one run. */
  readonly pages: number;
}

export const PAYOUTS: PayoutsSettings = { findSeconds: 6 * 3_600, overdueSeconds: 21 * 86_400, pages: 10 };
const LOOK_BACK_MS = 90 * 86_400_000;
/** Pages of the list of payouts, which has a hundred a page. */
const MOST_PAGES = 5;
/** Overdue payments named in one run. */
const MOST_OVERDUE = 100;

export interface Payouts {
  /** For whoever takes money: planned again and again it is planned once. */
  readonly planned: { readonly name: string; readonly payload: object; readonly key: string };
  find(tenant: TenantId, signal: AbortSignal): Promise<void>;
  compare(tenant: TenantId, payoutId: string, signal: AbortSignal): Promise<void>;
  readonly routes: Readonly<Record<'listPayouts' | 'listDifferences', RouteHandler>>;
}

/** What a difference is about, for whoever asks the provider again. */
export type Doubt = Pick<Difference, 'what' | 'disputeId'> & { readonly intentId: string };

/** Asks the provider anew, and books what it says, where the intent is ours. */
export type Heal = (tenant: TenantId, doubt: Doubt) => Promise<void>;

export function createPayouts(platform: Platform, settings: PayoutsSettings, heal: Heal): Payouts {
  const now = (): Date => platform.clock.now();
  const planned = { name: 'payments.find-payouts', payload: {}, key: 'find-payouts' };
  const comparing = (id: string) => ({ name: 'payments.compare-payout', payload: { payoutId: id }, key: id });

  async function find(tenant: TenantId, signal: AbortSignal): Promise<void> {
    const { providers, currencies } = await offeredBy(platform, tenant);
    let isComplete = true;
    for (const provider of providers) {
      try {
        await findOf(tenant, provider, currencies, signal);
      } catch (error) {
        // One that cannot be asked, or does not let us look, keeps nobody from asking the other.
        if (!(error instanceof ShopError)) throw error;
        isComplete = false;
        platform.log.warn({ err: error, tenant, provider }, 'a provider’s payouts could not be read');
      }
    }
    await findOverdue(tenant, signal);
    const runAt = seconds(now(), nextRound(settings.findSeconds, isComplete));
    await platform.sql.transaction(tenant, (tx) => tx.enqueue({ ...planned, runAt }));
  }

  async function findOf(
    tenant: TenantId,
    provider: PaymentProvider,
    currencies: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const since =
      provider === 'paypal' ? await ledgerSince(tenant) : new Date(now().getTime() - LOOK_BACK_MS);
    if (since === undefined) return;
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      signal.throwIfAborted();
      const asked = { provider, since, currencies, cursor };
      const { payouts, next } = await platform.payments.listPayouts(tenant, asked);
      if (payouts.length > 0) await noteFound(tenant, payouts);
      cursor = next;
      if (cursor === undefined) return;
    }
  }

  /** With the tasks that compare those that are new. */
  function noteFound(tenant: TenantId, payouts: readonly Payout[]): Promise<void> {
    return platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<{ id: string }>(
        `insert into payments_payouts (tenant_id, id, kind, state, amount, currency, created_at, arrives_at)
         select $1, p.id, case when p.amount is null then 'day' else 'payout' end, 'open', coalesce(p.amount, 0), p.currency, p."createdAt",
           p."arrivesAt"
         from jsonb_to_recordset($2::jsonb) as p (id text, amount bigint, currency text, "createdAt" timestamptz, "arrivesAt" timestamptz)
         on conflict do nothing returning id`,
        [tenant, JSON.stringify(payouts)],
      );
      if (rows.length > 0) await tx.enqueue(...rows.map(({ id }) => comparing(id)));
    });
  }

  /** The end of the last day that is known; at first, when PayPal was first paid by. Undefined: it never was. */
  async function ledgerSince(tenant: TenantId): Promise<Date | undefined> {
    const { rows } = await platform.sql.query<{ since: Date | null }>(
      tenant,
      `select coalesce((select max(arrives_at) from payments_payouts where tenant_id = $1 and kind = 'day'),
         (select min(created_at) from payments_payments where tenant_id = $1 and intent_id like 'paypal\\_%' and created_at > $2)) as since`,
      [tenant, new Date(now().getTime() - LOOK_BACK_MS)],
    );
    return rows[0]?.since ?? undefined;
  }

  /** Resumed after any page: what a page found and how far it came are one transaction. */
  async function compare(tenant: TenantId, payoutId: string, signal: AbortSignal): Promise<void> {
    for (let page = 0; page < settings.pages; page += 1) {
      signal.throwIfAborted();
      const { rows } = await platform.sql.query<{ state: string; cursor: string | null }>(
        tenant,
        'select state, cursor from payments_payouts where tenant_id = $1 and id = $2',
        [tenant, payoutId],
      );
      const [at] = rows;
      if (at?.state !== 'open') return;
      const cursor = at.cursor ?? undefined;
      const { entries, next } = await platform.payments.listEntries(tenant, { payoutId, cursor });
      const first = compareEntries(entries, await bookedFor(tenant, entries));
      await healAll(tenant, first);
      const still = first.length === 0 ? [] : compareEntries(entries, await bookedFor(tenant, entries));
      await platform.sql.transaction(tenant, async (tx) => {
        // Somebody else may have compared this page meanwhile.
        if (!(await advance(tx, tenant, payoutId, cursor, entries, next))) return;
        for (const each of first)
          await note(tx, tenant, payoutId, each, !still.some(({ id }) => id === each.id));
        await markPaidOut(tx, tenant, payoutId, entries);
        if (next === undefined) await conclude(tx, tenant, payoutId);
      });
      if (next === undefined) return;
    }
    await platform.sql.transaction(tenant, (tx) => tx.enqueue(comparing(payoutId)));
  }

  async function healAll(
    tenant: TenantId,
    doubts: readonly (Omit<Doubt, 'intentId'> & { readonly intentId: string | undefined })[],
  ): Promise<void> {
    for (const { intentId, what, disputeId } of doubts) {
      if (intentId === undefined) continue;
      try {
        await heal(tenant, { intentId, what, disputeId });
      } catch (error) {
        // What the provider does not know stays a difference.
        if (!(error instanceof ShopError) || error.code !== 'not_found') throw error;
      }
    }
  }

  async function bookedFor(
    tenant: TenantId,
    entries: readonly BalanceEntry[],
  ): Promise<ReadonlyMap<string, Booked>> {
    const intents = [...new Set(entries.flatMap(({ intentId }) => intentId ?? []))];
    if (intents.length === 0) return new Map();
    const { rows } = await platform.sql.query<BookedRow>(
      tenant,
      `select p.intent_id, p.id, p.order_id, p.currency, p.captured, p.refunded, p.bounced,
         (select coalesce(sum(d.amount), 0)::bigint from payments_disputes d where d.tenant_id = $1 and d.payment_id = p.id
            and d.order_id = p.order_id) as contested
       from payments_payments p where p.tenant_id = $1 and p.intent_id = any ($2::text[])`,
      [tenant, intents],
    );
    return new Map(
      rows.map((row) => [
        row.intent_id,
        {
          paymentId: row.id,
          orderId: row.order_id,
          currency: row.currency,
          captured: row.captured,
          refunded: row.refunded + row.bounced,
          bounced: row.bounced,
          contested: row.contested,
        },
      ]),
    );
  }

  async function advance(
    tx: Transaction,
    tenant: TenantId,
    payoutId: string,
    from: string | undefined,
    entries: readonly BalanceEntry[],
    next: string | undefined,
  ): Promise<boolean> {
    const sums = sumOf(entries);
    const { rowCount } = await tx.query(
      `update payments_payouts set cursor = $4, entries = entries + $5, charges = charges + $6, refunds = refunds + $7,
         disputes = disputes + $8, fees = fees + $9, others = others + $10
       where tenant_id = $1 and id = $2 and state = 'open' and cursor is not distinct from $3`,
      [
        tenant,
        payoutId,
        from ?? null,
        next ?? from ?? null,
        sums.entries,
        sums.charges,
        sums.refunds,
        sums.disputes,
        sums.fees,
        sums.others,
      ],
    );
    return rowCount > 0;
  }

  async function note(
    tx: Transaction,
    tenant: TenantId,
    payoutId: string,
    { id, kind, what, intentId, payment, here, there, currency }: Difference,
    healed: boolean,
  ): Promise<void> {
    await tx.query(NOTE, [
      tenant,
      id,
      payoutId,
      kind,
      what,
      payment?.paymentId ?? null,
      payment?.orderId ?? null,
      intentId ?? null,
      here,
      there,
      currency,
      healed,
      now(),
    ]);
  }

  async function markPaidOut(
    tx: Transaction,
    tenant: TenantId,
    payoutId: string,
    entries: readonly BalanceEntry[],
  ): Promise<void> {
    const intents = entries.filter(({ kind }) => kind === 'charge').flatMap(({ intentId }) => intentId ?? []);
    if (intents.length === 0) return;
    await tx.query(
      `with paid as (
         update payments_payments set payout_id = $2 where tenant_id = $1 and intent_id = any ($3::text[]) returning id
       )
       update payments_differences d set healed = true from paid
       where d.tenant_id = $1 and d.id = paid.id and d.kind = 'missing_there'`,
      [tenant, payoutId, intents],
    );
  }

  /** Whether its parts make what arrives is the last thing compared. */
  async function conclude(tx: Transaction, tenant: TenantId, payoutId: string): Promise<void> {
    const { rows } = await tx.query<PayoutRow>(
      `update payments_payouts set state = 'compared', compared_at = $3,
         amount = case when kind = 'day' then charges + refunds + disputes + others - fees else amount end
       where tenant_id = $1 and id = $2 returning *, 0 as differences`,
      [tenant, payoutId, now()],
    );
    const [row] = rows;
    if (row === undefined) return;
    if (row.kind === 'day' && row.entries === 0) return forgetEmptyBefore(tx, tenant, row);
    const sum = row.charges + row.refunds + row.disputes + row.others - row.fees;
    if (sum !== row.amount)
      await tx.query(NOTE, [
        tenant,
        payoutId,
        payoutId,
        'amount_differs',
        'payout',
        null,
        null,
        null,
        sum,
        row.amount,
        row.currency,
        false,
        now(),
      ]);
    const { rows: open } = await tx.query<{ count: number }>(
      'select count(*)::int as count from payments_differences where tenant_id = $1 and payout_id = $2 and not healed',
      [tenant, payoutId],
    );
    const differences = open[0]?.count ?? 0;
    if (differences > 0)
      platform.log.warn(
        { tenant, payout: payoutId, differences },
        'a payout differs from what we have booked',
      );
    const payload = { ...shownPayout({ ...row, differences }), at: now().toISOString() };
    await tx.emit({ topic: 'payments.payout', type: 'payments.payout.compared', key: payoutId, payload });
  }

  /** Days on which nothing happened say only how far the ledger was compared: of them the last is kept, and nobody is told. */
  async function forgetEmptyBefore(
    tx: Transaction,
    tenant: TenantId,
    { created_at: at, currency }: PayoutRow,
  ): Promise<void> {
    await tx.query(
      `delete from payments_payouts where tenant_id = $1 and kind = 'day' and state = 'compared' and entries = 0 and currency = $2
         and created_at < $3`,
      [tenant, currency, at],
    );
  }

  /** Money that we say was taken long ago, and no payout had: asked for once more, then named. */
  async function findOverdue(tenant: TenantId, signal: AbortSignal): Promise<void> {
    const { rows } = await platform.sql.query<OverdueRow>(
      tenant,
      `select p.id, p.order_id, p.intent_id, p.captured, p.currency from payments_payments p
       where p.tenant_id = $1 and p.status = 'captured' and p.payout_id is null and p.created_at < $2
         and exists (select from payments_payouts o where o.tenant_id = $1 and o.state = 'compared' and o.created_at > p.created_at
           and (o.kind = 'day') = (p.intent_id like 'paypal\\_%'))
         and not exists (select from payments_differences d where d.tenant_id = $1 and d.id = p.id)
       order by p.created_at limit ${MOST_OVERDUE}`,
      [tenant, new Date(now().getTime() - settings.overdueSeconds * 1000)],
    );
    for (const { id, order_id: orderId, intent_id: intentId, captured, currency } of rows) {
      signal.throwIfAborted();
      await healAll(tenant, [{ what: 'charge', intentId }]);
      await platform.sql.query(tenant, NOTE, [
        tenant,
        id,
        null,
        'missing_there',
        'charge',
        id,
        orderId,
        intentId,
        captured,
        0,
        currency,
        false,
        now(),
      ]);
    }
  }

  return {
    planned,
    find,
    compare,
    routes: {
      async listPayouts({ tenant, query }) {
        const { cursor, limit } = query as s.PayoutQuery; // parsed by the host
        const { rows } = await platform.sql.query<PayoutRow>(
          tenant.id,
          `select o.*, (select count(*)::int from payments_differences d where d.tenant_id = $1 and d.payout_id = o.id and not d.healed) as differences
           from payments_payouts o where o.tenant_id = $1 and ($2::text is null or
             (o.created_at, o.id) < (select c.created_at, c.id from payments_payouts c where c.tenant_id = $1 and c.id = $2))
           order by o.created_at desc, o.id desc limit $3`,
          [tenant.id, cursor ?? null, limit + 1],
        );
        const page = rows.slice(0, limit).map(shownPayout);
        return { json: { payouts: page, nextCursor: rows.length > limit ? page.at(-1)?.id : undefined } };
      },
      async listDifferences({ tenant, query }) {
        const { payoutId, open, cursor, limit } = query as s.DifferenceQuery; // parsed by the host
        const { rows } = await platform.sql.query<DifferenceRow>(
          tenant.id,
          `select * from payments_differences where tenant_id = $1 and ($2::text is null or payout_id = $2)
             and ($3::boolean is null or healed <> $3) and ($4::text is null or id > $4) order by id limit $5`,
          [tenant.id, payoutId ?? null, open ?? null, cursor ?? null, limit + 1],
        );
        const page = rows.slice(0, limit).map(shownDifference);
        return { json: { differences: page, nextCursor: rows.length > limit ? page.at(-1)?.id : undefined } };
      },
    },
  };
}

interface BookedRow {
  readonly intent_id: string;
  readonly id: string;
  readonly order_id: string;
  readonly currency: string;
  readonly captured: number;
  readonly refunded: number;
  readonly bounced: number;
  readonly contested: number;
}

interface OverdueRow {
  readonly id: string;
  readonly order_id: string;
  readonly intent_id: string;
  readonly captured: number;
  readonly currency: string;
}

interface PayoutRow {
  readonly id: string;
  readonly kind: s.Payout['kind'];
  readonly state: 'open' | 'compared';
  readonly amount: number;
  readonly currency: string;
  readonly created_at: Date;
  readonly arrives_at: Date;
  readonly entries: number;
  readonly charges: number;
  readonly refunds: number;
  readonly disputes: number;
  readonly fees: number;
  readonly others: number;
  readonly differences: number;
  readonly compared_at: Date | null;
}

interface DifferenceRow {
  readonly id: string;
  readonly payout_id: string | null;
  readonly kind: s.Difference['kind'];
  readonly what: s.Difference['what'];
  readonly payment_id: string | null;
  readonly order_id: string | null;
  readonly intent_id: string | null;
  readonly here: number;
  readonly there: number;
  readonly currency: string;
  readonly healed: boolean;
  readonly found_at: Date;
}

/** Found again it is the same one; what was healed stays so. */
const NOTE = `insert into payments_differences
  (tenant_id, id, payout_id, kind, what, payment_id, order_id, intent_id, here, there, currency, healed, found_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing`;

function shownPayout(row: PayoutRow): s.Payout {
  const {
    id,
    kind,
    state,
    amount,
    currency,
    entries,
    charges,
    refunds,
    disputes,
    fees,
    others,
    differences,
  } = row;
  return {
    id,
    kind,
    state,
    amount,
    currency,
    createdAt: row.created_at.toISOString(),
    arrivesAt: row.arrives_at.toISOString(),
    entries,
    charges,
    refunds,
    disputes,
    fees,
    others,
    differences,
    comparedAt: row.compared_at?.toISOString(),
  };
}

function shownDifference(row: DifferenceRow): s.Difference {
  const { id, kind, what, here, there, currency, healed } = row;
  return {
    id,
    payoutId: row.payout_id ?? undefined,
    kind,
    what,
    paymentId: row.payment_id ?? undefined,
    orderId: row.order_id ?? undefined,
    intentId: row.intent_id ?? undefined,
    here,
    there,
    currency,
    healed,
    foundAt: row.found_at.toISOString(),
  };
}
