/**
 * What members spend. Whoever makes an order reserves first: under the member's lock, so that two orders at the same time never come to
 * more than the limit. A reservation is named by its purchase (a cart, an offer), so asking again takes nothing twice. What became of it
 * the orders tell, in the order of their versions; and whoever was killed before they could is asked about after a while.
 */
import { z } from 'zod';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import { judge, periodStart, type Beyond } from './limits.ts';
import type { SpendingLimits } from './definition.ts';

export const SETTLE_SPENDING = 'accounts.settle-spending';
/** After this it is asked what became of a reservation; whoever makes the order has to be done long before. */
const SETTLE_AFTER_MS = 2 * 60_000;

export const ReserveSpending = z.strictObject({
  companyId: z.string().max(80),
  customerId: z.string().max(80),
  /** Of the cart or the offer, or of the edit or the exchange of an order. */
  purchaseId: z.string().max(80),
  /** Of these: what was reserved for the order that it changes. What it comes to beyond that is reserved. */
  of: z.string().max(80).optional(),
  /** Of what is bought and where it goes. */
  digest: z.string().max(80),
  total: z.int().min(0),
  currency: z.string().length(3),
});
export type ReserveSpending = z.infer<typeof ReserveSpending>;

/** What an order carries of its company. */
export interface ReservedSpending {
  readonly spendingId: string;
  readonly companyName: string;
  readonly netDays: number | null;
  /** As it was approved with. */
  readonly purchaseOrder: string | null;
}

/** What became of a reservation, as the order has it. */
export const NoteSpending = z.strictObject({
  spendingId: z.string().max(80),
  orderId: z.string().max(80),
  orderVersion: z.int().min(1),
  /** Whether there is an order, or there was one that came to nothing. */
  counts: z.boolean(),
  /** Edits and exchanges of it that were made, and not withdrawn since. */
  edits: z.array(z.string().max(80)).max(10_000).default([]),
});
export type NoteSpending = z.infer<typeof NoteSpending>;

interface BuyerRow {
  readonly company_id: string;
  readonly company_name: string;
  readonly company_state: string;
  readonly net_days: number | null;
  readonly limits: SpendingLimits | null;
}

interface ApprovalRow {
  readonly id: string;
  readonly state: 'waiting' | 'approved';
  readonly purchase_order: string | null;
}

export function createSpending(platform: Pick<Platform, 'sql' | 'clock' | 'newId' | 'call'>) {
  const { sql, clock, newId } = platform;

  /** Sums what counts against the limit in the present period, but for the purchase itself. */
  async function spentBeside(
    tx: SqlRunner,
    tenant: TenantId,
    customerId: string,
    limits: SpendingLimits,
    purchaseId: string | null,
  ): Promise<number> {
    const { rows } = await tx.query<{ spent: number }>(
      `SELECT coalesce(sum(amount), 0)::bigint AS spent FROM company_spending
       WHERE tenant_id = $1 AND customer_id = $2 AND at >= $3 AND currency = $4 AND state <> 'released' AND approval_id IS NULL
         AND NOT (state = 'reserved' AND purchase_id = coalesce($5, ''))`,
      [tenant, customerId, periodStart(limits.period, clock.now()), limits.currency, purchaseId],
    );
    return rows[0]?.spent ?? 0;
  }

  /** What the order was reserved with and what edits of it took, but for the edit itself. */
  async function reservedFor(
    tx: SqlRunner,
    tenant: TenantId,
    { of, purchaseId }: Pick<ReserveSpending, 'of' | 'purchaseId'>,
  ): Promise<number> {
    if (of === undefined) return 0;
    const { rows } = await tx.query<{ sum: number }>(
      `SELECT coalesce(sum(amount), 0)::bigint AS sum FROM company_spending
       WHERE tenant_id = $1 AND (id = $2 OR of_spending = $2) AND state <> 'released' AND NOT (state = 'reserved' AND purchase_id = $3)`,
      [tenant, of, purchaseId],
    );
    return rows[0]?.sum ?? 0;
  }

  /** The purchase's approval by which exactly this may be bought. @throws ShopError `forbidden` where there is none, saying why */
  async function requireApproval(
    tx: SqlRunner,
    tenant: TenantId,
    { customerId, purchaseId, digest, total, currency }: ReserveSpending,
    beyond: Beyond,
  ): Promise<ApprovalRow> {
    const { rows } = await tx.query<ApprovalRow>(
      `SELECT id, state, purchase_order FROM company_approvals
       WHERE tenant_id = $1 AND purchase_id = $2 AND state IN ('waiting', 'approved') AND expires_at > $3 AND requested_by = $4
         AND digest = $5 AND total >= $6 AND currency = $7`,
      [tenant, purchaseId, clock.now(), customerId, digest, total, currency],
    );
    const [approval] = rows;
    if (approval?.state === 'approved') return approval;
    throw new ShopError(
      'forbidden',
      approval === undefined ? NEEDS_APPROVAL[beyond] : 'Nobody of your company has approved this yet.',
      {
        remedy:
          approval === undefined
            ? 'Ask your company to approve it, or buy less.'
            : 'Wait until somebody has, or change the cart.',
        problems: [{ where: '/approval', what: approval === undefined ? beyond : 'waiting' }],
      },
    );
  }

  /** @throws ShopError `conflict` while an order of the approval stands */
  async function write(
    tx: Transaction,
    tenant: TenantId,
    { companyId, customerId, purchaseId, of, currency }: ReserveSpending,
    amount: number,
    approvalId: string | null,
  ): Promise<string> {
    const { rows: taken } = await tx.query(
      `SELECT 1 FROM company_spending WHERE tenant_id = $1 AND approval_id = $2 AND state = 'spent'`,
      [tenant, approvalId],
    );
    if (taken.length > 0)
      throw new ShopError('conflict', 'What was approved has been ordered.', {
        remedy: 'Look at that order. If it has just ended, try again in a moment.',
      });
    const now = clock.now();
    const settleAt = new Date(now.getTime() + SETTLE_AFTER_MS);
    const { rows } = await tx.query<{ id: string }>(
      `INSERT INTO company_spending AS s (tenant_id, id, company_id, customer_id, purchase_id, amount, currency, approval_id, state, at,
         settle_at, of_spending)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'reserved', $9, $10, $11)
       ON CONFLICT (tenant_id, purchase_id) WHERE state = 'reserved' DO UPDATE
         SET company_id = excluded.company_id, customer_id = excluded.customer_id, amount = excluded.amount, currency = excluded.currency,
           approval_id = excluded.approval_id, at = excluded.at, settle_at = excluded.settle_at
       RETURNING id`,
      [
        tenant,
        newId('spd'),
        companyId,
        customerId,
        purchaseId,
        amount,
        currency,
        approvalId,
        now,
        settleAt,
        of ?? null,
      ],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('A reservation was written without a result.');
    await settleLater(tx, row.id, settleAt);
    return row.id;
  }

  /**
   * What the order says of itself; of an older version than is known it changes nothing. What was spent on an exchange that was withdrawn is
   * free again. An order that came to life again after
   * another took its approval counts against the limit: it was paid for, and nobody approved two.
   */
  async function note(
    tenant: TenantId,
    { spendingId, orderId, orderVersion, counts, edits }: NoteSpending,
  ): Promise<void> {
    await sql.query(
      tenant,
      `UPDATE company_spending AS s SET order_id = $3, order_version = $4,
         state = CASE WHEN $5::boolean AND (s.id = $2 OR s.purchase_id = ANY ($6::text[])) THEN 'spent' ELSE 'released' END,
         approval_id = CASE WHEN $5::boolean AND EXISTS (SELECT 1 FROM company_spending o WHERE o.tenant_id = $1
           AND o.approval_id = s.approval_id AND o.id <> s.id AND o.state <> 'released') THEN NULL ELSE s.approval_id END
       WHERE s.tenant_id = $1 AND s.order_version < $4
         AND (s.id = $2 OR (s.of_spending = $2 AND (s.purchase_id = ANY ($6::text[]) OR s.state = 'spent')))`,
      [tenant, spendingId, orderId, orderVersion, counts, edits],
    );
  }

  return {
    /**
     * Before an order is made, and again as often as one likes.
     * @throws ShopError `forbidden` for who does not buy for the company (any more), and where somebody has to approve it: then with a
     *   problem at `/approval`
     */
    reserve(tenant: TenantId, input: ReserveSpending): Promise<ReservedSpending> {
      return sql.transaction(tenant, async (tx) => {
        const buyer = await lockBuyer(tx, tenant, input.companyId, input.customerId);
        await lockReservation(tx, tenant, input.purchaseId);
        const { limits } = buyer;
        const spent =
          limits?.perPeriod === undefined
            ? 0
            : await spentBeside(tx, tenant, input.customerId, limits, input.purchaseId);
        const rise = Math.max(0, input.total - (await reservedFor(tx, tenant, input)));
        const beyond = judge(limits, { ...input, rise }, spent);
        const approval = beyond === undefined ? undefined : await requireApproval(tx, tenant, input, beyond);
        // An edit that comes to no more than the order once did takes nothing.
        const spendingId =
          input.of !== undefined && rise === 0
            ? input.of
            : await write(tx, tenant, input, rise, approval?.id ?? null);
        return {
          spendingId,
          companyName: buyer.company_name,
          netDays: buyer.net_days,
          purchaseOrder: approval?.purchase_order ?? null,
        };
      });
    },

    note,

    /** By the task, for a reservation of which nothing was heard: the orders say whether there is one. */
    async settle(tenant: TenantId, spendingId: string): Promise<void> {
      const { rows } = await sql.query<{ settle_at: Date; of_spending: string | null }>(
        tenant,
        `SELECT settle_at, of_spending FROM company_spending WHERE tenant_id = $1 AND id = $2 AND state = 'reserved'`,
        [tenant, spendingId],
      );
      const [open] = rows;
      if (open === undefined) return;
      if (open.settle_at > clock.now())
        return sql.transaction(tenant, (tx) => settleLater(tx, spendingId, open.settle_at));
      const asked = { spendingId: open.of_spending ?? spendingId };
      const found = await platform.call<NoteSpending | null>(tenant, 'orders', 'spendingOf', asked);
      if (found !== null) await note(tenant, NoteSpending.parse(found));
      // It became no order, or no edit of one.
      await sql.query(
        tenant,
        `UPDATE company_spending SET state = 'released' WHERE tenant_id = $1 AND id = $2 AND state = 'reserved' AND settle_at = $3`,
        [tenant, spendingId, open.settle_at],
      );
    },

    /** What a member has spent of their period; nothing where they have no limit of that kind. */
    async spentBy(
      tenant: TenantId,
      customerId: string,
      limits: SpendingLimits | null,
    ): Promise<number | undefined> {
      if (limits?.perPeriod === undefined) return undefined;
      const runner: SqlRunner = { query: (text, values) => sql.query(tenant, text, values) };
      return spentBeside(runner, tenant, customerId, limits, null);
    },
  };
}

/** What an order tells meanwhile waits: a reservation that is left out of the sum must still be one when it is written over. */
async function lockReservation(tx: SqlRunner, tenant: TenantId, purchaseId: string): Promise<void> {
  await tx.query(
    `SELECT FROM company_spending WHERE tenant_id = $1 AND purchase_id = $2 AND state = 'reserved' FOR UPDATE`,
    [tenant, purchaseId],
  );
}

const NEEDS_APPROVAL: Readonly<Record<Beyond, string>> = {
  currency: 'Your limit is in another currency, so somebody of your company has to approve this.',
  order_limit: 'This is more than you may buy at once; somebody of your company has to approve it.',
  period_limit: 'This is more than is left of your limit; somebody of your company has to approve it.',
};

/** Of several for one reservation, each for its moment: one that is planned again waits under another name. */
function settleLater(tx: Transaction, spendingId: string, runAt: Date): Promise<void> {
  const key = `${spendingId}-${runAt.getTime()}`;
  return tx.enqueue({ name: SETTLE_SPENDING, payload: { spendingId }, key, runAt });
}

/** Orders of one member come one after the other. @throws ShopError `forbidden` */
export async function lockBuyer(
  tx: Transaction,
  tenant: TenantId,
  companyId: string,
  customerId: string,
): Promise<BuyerRow> {
  const { rows } = await tx.query<BuyerRow>(
    `SELECT m.company_id, m.limits, c.name AS company_name, c.state AS company_state, c.net_days FROM company_members m
     JOIN companies c ON c.tenant_id = m.tenant_id AND c.id = m.company_id
     WHERE m.tenant_id = $1 AND m.customer_id = $2 FOR UPDATE OF m`,
    [tenant, customerId],
  );
  const [row] = rows;
  if (row?.company_id === companyId && row.company_state === 'approved') return row;
  throw new ShopError('forbidden', 'You do not buy for this company any more.', {
    remedy: 'Sign in again, or ask its admins.',
  });
}
