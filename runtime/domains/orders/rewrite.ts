/**
 * A paid order becomes another: its lines, its units, its sums, and what is still to be paid of it. For edits and exchanges, which
 * decide what shall become of it; each calls these in one transaction, with the order's lock.
 */
import type { Platform } from '../../platform/domain.ts';
import type { Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { goodsOf, stockUnits, wantsOf } from './bundles/goods.ts';
import { readerOf, type Reader, type StoredLine } from './carts.ts';
import { outOfStock } from './checkout.ts';
import type { Settlement } from './edits/money.ts';
import type { PricedEdit } from './edits/price.ts';
import { writeLines } from './edits/store.ts';
import type { Units } from './fulfilment/schemas.ts';
import { areDelivered, statusAfterMoving, stockOf } from './fulfilment/units.ts';
import { lockVariants, takeMore, takeOut, tellStock, type StockChange } from './inventory.ts';
import { findItems } from './items.ts';
import { owedOf } from './machine.ts';
import { groupsOf, type Looking } from './prices/looking.ts';
import { RULES, type Rules } from './rules.ts';
import { changeOrder, readOrder, type By, type Change, type OrderLine, type StoredOrder } from './store.ts';
import { doWithout, insertSurcharge, openSurcharge, type Surcharge } from './surcharges.ts';

/** What the shop says today of what an order does not have yet. */
export interface Today {
  readonly items: readonly StoredLine[];
  readonly rules: Rules;
}

/** At what its customer pays; found out before the order is locked, for others are asked. */
export async function lookingFor(platform: Platform, tenant: Tenant, orderId: string): Promise<Looking> {
  const { customerId } = await readOrder(readerOf(platform, tenant.id), tenant.id, orderId);
  return { now: platform.clock.now(), groups: await groupsOf(platform, tenant, customerId) };
}

/** @param wanted what the order has of it already is left out: what was agreed of that stays */
export async function readToday(
  sql: Reader,
  tenant: TenantId,
  { lines, currency }: Pick<StoredOrder, 'lines' | 'currency'>,
  wanted: readonly Units[],
  looking: Looking,
): Promise<Today> {
  const fresh = wanted.filter(({ variantId }) => !lines.some((line) => line.variantId === variantId));
  return {
    items: await findItems(sql, tenant, currency, fresh, looking),
    rules: await readRules(sql, tenant),
  };
}

export async function readRules(sql: Reader, tenant: TenantId): Promise<Rules> {
  const { rows } = await sql.query<{ rules: Rules | null }>(`select ${RULES} as rules`, [tenant]);
  return rows[0]?.rules ?? {};
}

/** What an order shall be. */
export interface Rewriting {
  readonly priced: PricedEdit;
  readonly settlement: Settlement;
}

/**
 * Units, lines, sums and the payment that is asked for, as one change of the order.
 * @param newId of a payment
 * @returns the order as it is now
 * @throws ShopError `out_of_stock`: all of the units, or the transaction is left
 */
export async function rewriteOrder(
  tx: Transaction,
  tenant: TenantId,
  order: StoredOrder,
  { priced, settlement }: Rewriting,
  newId: NewId,
  by: By,
): Promise<StoredOrder> {
  await moveStock(tx, tenant, order, priced, by.now);
  await writeLines(tx, tenant, order.id, priced.lines);
  const stock = stockOf(goodsOf(priced.lines));
  const status = statusAfterMoving(order.status, stock, areDelivered(order.fulfilments));
  const sums = sumsOf(order, priced, settlement);
  const surcharges = await askSurcharge(tx, tenant, order, owedOf({ ...order, ...sums }), newId, by.now);
  await writeSums(tx, tenant, order.id, sums);
  const change: Change = {
    stock,
    total: sums.total,
    lowered: sums.lowered,
    outside: sums.outside,
    credited: sums.credited,
    settled: false,
    ...(status === undefined ? {} : { status }),
    ...(stock === 'shipped' && order.fulfilledAt === undefined ? { fulfilled_at: by.now } : {}),
  };
  const rewritten = { ...order, ...sums, surcharges, lines: priced.lines };
  return changeOrder(tx, tenant, rewritten, change, { ...by, noted: true });
}

/** One is open at a time, over all that is owed. */
export async function askSurcharge(
  tx: Transaction,
  tenant: TenantId,
  { id: orderId, surcharges }: Pick<StoredOrder, 'id' | 'surcharges'>,
  owed: number,
  newId: NewId,
  now: Date,
): Promise<readonly Surcharge[]> {
  const open = openSurcharge(surcharges);
  if ((open?.amount ?? 0) === owed) return surcharges;
  if (open !== undefined) await doWithout(tx, tenant, orderId, open.id, now);
  const rest = surcharges.map((each) => (each === open ? { ...each, wanted: false } : each));
  if (owed === 0) return rest;
  return [...rest, await insertSurcharge(tx, tenant, orderId, { id: newId('pay'), amount: owed }, now)];
}

type NewId = (prefix: 'pay') => string;

/** Takes out what goes and takes what comes: all of it, or the transaction is left. */
async function moveStock(
  tx: Transaction,
  tenant: TenantId,
  order: StoredOrder,
  { added, removed, lines }: PricedEdit,
  now: Date,
): Promise<void> {
  const going = goodsIn(order.lines, removed);
  const coming = goodsIn(lines, added);
  await lockVariants(
    tx,
    tenant,
    [...going, ...coming].map(({ variantId }) => variantId),
  );
  const changes: StockChange[] = [];
  if (going.length > 0) {
    const units = stockUnits(goodsOf(order.lines), going);
    changes.push(...(await takeOut(tx, tenant, order.id, units, now)));
  }
  if (coming.length > 0) {
    const taken = await takeMore(tx, tenant, order.id, coming, now);
    if (taken.lacking.length > 0) throw outOfStock(lines, taken.lacking);
    changes.push(...taken.changes);
  }
  await tellStock(tx, changes);
}

/** Goods of so many units of lines. */
function goodsIn(lines: readonly OrderLine[], units: readonly Units[]): readonly Units[] {
  return wantsOf(
    units.map(({ variantId, quantity }) => ({
      variantId,
      quantity,
      parts: lines.find((line) => line.variantId === variantId)?.parts,
    })),
  );
}

type NewSums = Pick<
  StoredOrder,
  | 'subtotal'
  | 'discount'
  | 'discounts'
  | 'tax'
  | 'taxRate'
  | 'taxParts'
  | 'shippingTax'
  | 'total'
  | 'lowered'
  | 'outside'
  | 'credited'
  | 'due'
>;

function sumsOf(order: StoredOrder, priced: PricedEdit, settlement: Settlement): NewSums {
  const { subtotal, discount, discounts, tax, taxRate, total } = priced;
  const { lowered, outside, credited } = settlement;
  return {
    subtotal,
    discount,
    discounts,
    tax: tax.amount,
    taxRate,
    taxParts: tax.parts,
    shippingTax: tax.shipping.amount,
    total,
    lowered,
    outside,
    credited,
    due: total + lowered - order.gift - outside - credited,
  };
}

/** Those of its sums that are no facts of its journal. */
async function writeSums(tx: Transaction, tenant: TenantId, orderId: string, sums: NewSums): Promise<void> {
  await tx.query(
    `update orders_orders set edited = true, subtotal = $3, discount = $4, discounts = $5::jsonb, tax = $6, tax_rate = $7,
       tax_parts = $8::jsonb, shipping_tax = $9
     where tenant_id = $1 and id = $2`,
    [
      tenant,
      orderId,
      sums.subtotal,
      sums.discount,
      JSON.stringify(sums.discounts),
      sums.tax,
      sums.taxRate,
      JSON.stringify(sums.taxParts),
      sums.shippingTax,
    ],
  );
}
