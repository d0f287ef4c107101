/**
 * Limits of backorders as stored, and which units of an order are there. What has come in is nobody's by name: it is there for the
 * orders that wait in the order in which they were placed, and so it is whenever somebody asks.
 */
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Reader } from '../carts.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { waiting } from '../fulfilment/units.ts';
import { goodsOf } from '../bundles/goods.ts';
import { sum } from '../sums.ts';
import {
  availabilityOf,
  changed,
  levels,
  lockVariants,
  unknownVariant,
  type StockChange,
} from '../inventory.ts';
import type { StockLevel } from '../schemas.ts';
import type { StoredOrder } from '../store.ts';
import { allot, presentOf } from './allot.ts';
import type { Missing, SetBackorder } from './schemas.ts';

/**
 * Below what is promised beyond the shelf already, nothing more is sold and nothing is taken back.
 * @throws ShopError `conflict` for a variant that lies at several locations, `not_found`
 */
export async function setBackorder(
  tx: Transaction,
  tenant: TenantId,
  variantId: string,
  { limit, expectedAt }: SetBackorder,
  now: Date,
): Promise<{ level: StockLevel; changes: readonly StockChange[] }> {
  const { rows } = await tx.query<{
    spread: boolean;
    bundled: boolean;
    tracked: boolean;
    free: number;
    before: number;
  }>(
    `with was as (
       select variant_id, tracked, spread, bundled, on_hand, held, sold, on_hand - held - sold as free, backorder_limit as before from orders_stock
       where tenant_id = $1 and variant_id = $2 for update
     ), put as (
       update orders_stock s set backorder_limit = $3, backorder_floor = greatest(-w.free, 0), expected_at = $4, tracked = w.tracked,
         on_hand = w.on_hand, held = w.held, sold = w.sold, updated_at = $5
       from was w where s.tenant_id = $1 and s.variant_id = w.variant_id and ($3::int = 0 or not w.spread)
     )
     select spread, bundled, tracked, free, before from was`,
    [tenant, variantId, limit, expectedAt ?? null, now],
  );
  const [row] = rows;
  if (row === undefined) throw unknownVariant(variantId);
  if (row.spread && limit > 0) {
    throw new ShopError('conflict', 'Units of this variant lie at several locations.', {
      remedy: 'Only what is sold from the main location alone can be sold before it has come in.',
    });
  }
  const [level] = await levels(tx, tenant, [variantId]);
  if (level === undefined) throw unknownVariant(variantId);
  const before = availabilityOf(row.free, row.tracked, row.before);
  const after = availabilityOf(row.free, row.tracked, limit);
  return { level, changes: changed(variantId, before, after, row.bundled) };
}

interface WaitingRow {
  readonly variant_id: string;
  readonly on_hand: number;
  readonly expected_at: Date | null;
  readonly promises: readonly { readonly orderId: string; readonly waiting: number }[];
}

/** Variants of which more is promised than there is, with who waits for them; order ids grow with time. */
const SHORT = `
  select s.variant_id, s.on_hand, s.expected_at, (
      select jsonb_agg(jsonb_build_object('orderId', h.order_id, 'waiting', h.quantity - h.shipped - h.cancelled) order by h.order_id)
      from orders_holds h where h.tenant_id = $1 and h.variant_id = s.variant_id and h.state in ('held', 'committed')) as promises
  from orders_stock s
  where s.tenant_id = $1 and s.variant_id = any ($2::text[]) and s.tracked and s.held + s.sold > s.on_hand order by s.variant_id`;

/**
 * For whoever has the order's lock and is about to ship: locks the units, so that nobody takes them away meanwhile, and reads after that: a
 * statement that waits for the lock would see what is there as it is, and what is promised as it was.
 * @param all ship what is there of these; otherwise all of them have to be there
 * @throws ShopError `conflict` for units that have not come in
 */
export async function requirePresent(
  tx: SqlRunner,
  tenant: TenantId,
  orderId: string,
  wanted: readonly Units[],
  all: boolean,
): Promise<readonly Units[]> {
  const ids = wanted.map(({ variantId }) => variantId);
  const [, { rows }] = await Promise.all([
    lockVariants(tx, tenant, ids),
    tx.query<WaitingRow>(SHORT, [tenant, ids]),
  ]);
  if (rows.length === 0) return wanted;
  const here = new Map(rows.map((row) => [row.variant_id, hereOf(row, orderId)]));
  const present = presentOf(wanted, here);
  if (present.length > 0 && (all || sameUnits(present, wanted))) return present;
  throw new ShopError('conflict', 'Not as many units of that have come in yet.', {
    remedy:
      'Ship the others, and these when they have come: they are allotted to orders as these were placed.',
    problems: wanted.flatMap(({ variantId, quantity }, index) => {
      const most = here.get(variantId) ?? quantity;
      return quantity <= most
        ? []
        : [{ where: `/lines/${index}/quantity`, what: `at most ${most} of ${variantId}` }];
    }),
  });
}

/** Units of an order that have not come in yet. */
export async function missingOf(
  sql: Reader,
  tenant: TenantId,
  order: Pick<StoredOrder, 'id' | 'stock' | 'lines'>,
): Promise<Missing[]> {
  if (order.stock !== 'committed' && order.stock !== 'partly_shipped') return [];
  const goods = goodsOf(order.lines);
  const ids = goods.map(({ variantId }) => variantId);
  const { rows } = await sql.query<WaitingRow>(SHORT, [tenant, ids]);
  return rows.flatMap((row) => {
    const wait = sum(goods.filter(({ variantId }) => variantId === row.variant_id).map(waiting));
    const quantity = wait - hereOf(row, order.id);
    const expectedAt = row.expected_at?.toISOString();
    return quantity > 0 ? [{ variantId: row.variant_id, quantity, expectedAt }] : [];
  });
}

function hereOf({ on_hand: onHand, promises }: WaitingRow, orderId: string): number {
  return allot(onHand, promises).get(orderId) ?? 0;
}

function sameUnits(some: readonly Units[], wanted: readonly Units[]): boolean {
  return (
    some.length === wanted.length && some.every(({ quantity }, index) => quantity === wanted[index]?.quantity)
  );
}
