/** Refunds of an order as its merchant sees them: what was asked for, and what became of it. */
import type { TenantId } from '../../platform/ports.ts';
import type { Reader } from './carts.ts';
import type { AskedRefund } from './schemas.ts';

/** All that was asked for, oldest first, as the merchant sees it. What only pays for other goods is no refund. */
export async function showRefunds(sql: Reader, tenant: TenantId, orderId: string): Promise<AskedRefund[]> {
  const { rows } = await sql.query<ShownRow>(
    `select id, amount, gift_amount, outside_amount, waiting, lost, state, reason, problem, requested_at from orders_refunds
     where tenant_id = $1 and order_id = $2 and amount + gift_amount + outside_amount > 0 order by requested_at, id`,
    [tenant, orderId],
  );
  return rows.map(({ gift_amount: gift, outside_amount: outside, requested_at: at, ...row }) => ({
    id: row.id,
    amount: row.amount + gift + outside,
    state: row.state === 'requested' && row.waiting > 0 ? 'waiting' : row.state,
    waiting: row.waiting,
    lost: row.lost,
    reason: row.reason ?? undefined,
    problem: row.problem ?? undefined,
    requestedAt: at.toISOString(),
  }));
}

interface ShownRow {
  readonly id: string;
  readonly amount: number;
  readonly gift_amount: number;
  readonly outside_amount: number;
  readonly waiting: number;
  readonly lost: number;
  readonly state: 'requested' | 'done' | 'refused';
  readonly reason: string | null;
  readonly problem: string | null;
  readonly requested_at: Date;
}
