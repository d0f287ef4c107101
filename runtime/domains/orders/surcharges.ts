/** Payments of an order beside the checkout's, as stored. Who never edits an order has none, and is not asked for them. */
import type { TenantId, Transaction } from '../../platform/ports.ts';
import type { PaymentState, SurchargeState } from './machine.ts';

export interface Surcharge extends SurchargeState {
  readonly amount: number;
  readonly intentId: string | undefined;
  readonly problem: string | undefined;
}

export interface SurchargeRow {
  readonly id: string;
  readonly amount: number;
  readonly wanted: boolean;
  readonly payment: PaymentState;
  readonly captured: number;
  readonly refunded: number;
  readonly bounced: number;
  readonly intent: string | null;
  readonly problem: string | null;
}

/** Those of order `o`, oldest first, as JSON, for the statement that reads it; $1 tenant, $2 order. */
export const SURCHARGES = `(
  select jsonb_agg(jsonb_build_object('id', s.id, 'amount', s.amount, 'wanted', s.wanted, 'payment', s.payment, 'captured', s.captured,
    'refunded', s.refunded, 'bounced', s.bounced, 'intent', s.intent_id, 'problem', s.problem) order by s.id)
  from orders_surcharges s where s.tenant_id = $1 and s.order_id = $2)`;

export function surchargeOf({ intent, problem, ...row }: SurchargeRow): Surcharge {
  return { ...row, intentId: intent ?? undefined, problem: problem ?? undefined };
}

/** What somebody may still pay. */
export function openSurcharge(surcharges: readonly Surcharge[]): Surcharge | undefined {
  return surcharges.find(({ wanted, payment }) => wanted && (payment === 'none' || payment === 'pending'));
}

/** What somebody may still pay, or is paying. */
export function comingSurcharge(surcharges: readonly Surcharge[]): Surcharge | undefined {
  return surcharges.find(
    ({ wanted, payment }) => wanted && payment !== 'captured' && payment !== 'cancelled',
  );
}

export async function insertSurcharge(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  { id, amount }: Pick<Surcharge, 'id' | 'amount'>,
  now: Date,
): Promise<Surcharge> {
  await tx.query(
    `insert into orders_surcharges (tenant_id, order_id, id, amount, wanted, payment, created_at, updated_at)
     values ($1, $2, $3, $4, true, 'none', $5, $5)`,
    [tenant, orderId, id, amount, now],
  );
  return {
    id,
    amount,
    wanted: true,
    payment: 'none',
    captured: 0,
    refunded: 0,
    bounced: 0,
    intentId: undefined,
    problem: undefined,
  };
}

/**
 * What became of one, as a common table expression of the statement that changes its order: $1 tenant, $2 order, $4 now.
 * @param parameter number of the one that is it, as JSON
 */
export function surcharged(parameter: number): string {
  return `surcharged as (
      update orders_surcharges s set payment = g.payment, captured = g.captured, refunded = g.refunded, bounced = g.bounced, intent_id = g."intentId",
        problem = g.problem, updated_at = $4
      from moved, jsonb_to_record($${parameter}::jsonb) as g (
        id text, payment text, captured bigint, refunded bigint, bounced bigint, "intentId" text, problem text)
      where s.tenant_id = $1 and s.order_id = $2 and s.id = g.id
    )`;
}

/** Another edit does without it. For whoever has the order's lock. */
export async function doWithout(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  id: string,
  now: Date,
): Promise<void> {
  await tx.query(
    'update orders_surcharges set wanted = false, updated_at = $4 where tenant_id = $1 and order_id = $2 and id = $3',
    [tenant, orderId, id, now],
  );
}
