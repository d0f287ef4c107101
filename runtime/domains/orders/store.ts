/**
 * Orders as stored: reading them, moving them from status to status under their version, and showing them.
 */
import { ShopError } from '../../platform/errors.ts';
import type { NewEvent, Sql, SqlStatement, SqlValue, TenantId, Transaction } from '../../platform/ports.ts';
import { stateOf } from '../../platform/sql/failures.ts';
import type { Platform } from '../../platform/domain.ts';
import { countsFor, tellSpending, type StoredOrderCompany } from './companies/purchase.ts';
import type { OrderCompany } from './companies/schemas.ts';
import { shownPart, shownSoldPart, wholes, type SoldPart } from './bundles/goods.ts';
import { sharesOfParts } from './bundles/shares.ts';
import { showRefunds } from './asked.ts';
import { missingOf } from './backorders/store.ts';
import type { Reader } from './carts.ts';
import type { EditedFacts } from './edits/outcome.ts';
import { endedOf } from './ended.ts';
import { isUnderWay } from './exchanges/bound.ts';
import type { Fulfilment } from './fulfilment/schemas.ts';
import { progressOf } from './fulfilment/units.ts';
import type { Returned, ReturnState } from './returns/schemas.ts';
import { returnedOf, RETURNS, type ReturnRow } from './returns/store.ts';
import type { Discount } from './promotions/schemas.ts';
import type { TaxPart } from './taxes/schemas.ts';
import { allocationsOf } from './locations/store.ts';
import { sum } from './sums.ts';
import { snapshotAs, snapshotFrom, type SnapshotRow } from './snapshots.ts';
import {
  comingSurcharge,
  surchargeOf,
  SURCHARGES,
  surcharged,
  type Surcharge,
  type SurchargeRow,
} from './surcharges.ts';
import { isLegal, owedOf, type OrderState, type PaymentState, type StockState } from './machine.ts';
import type {
  Address,
  EditedEvent,
  FulfilmentEvent,
  ItemSnapshot,
  MerchantOrder,
  Order,
  OrderEvent,
  OrderStatus,
  ReturnEvent,
} from './schemas.ts';

export interface StoredOrder extends OrderState {
  readonly id: string;
  readonly number: string;
  /** Grows with every change; a change is only made to the version it was decided on. */
  readonly version: number;
  readonly cartId: string;
  readonly customerId: string | undefined;
  readonly email: string;
  readonly tokenHashes: readonly string[];
  readonly shippingAddress: Address;
  readonly shippingMethod: string;
  readonly shippingTitle: string | undefined;
  readonly currency: string;
  readonly subtotal: number;
  readonly discount: number;
  readonly discounts: readonly Discount[];
  readonly shipping: number;
  readonly tax: number;
  readonly taxRate: number;
  readonly taxIncluded: boolean;
  readonly taxParts: readonly TaxPart[];
  readonly shippingTax: number;
  /** Of the total, what gift cards paid, and what of that went back. */
  readonly gift: number;
  readonly giftRefunded: number;
  /** Of the total, what was paid by other means, and what of that went back. */
  readonly outside: number;
  readonly outsideRefunded: number;
  /** What goods that came back have paid of it, instead of going back as money. */
  readonly credited: number;
  readonly total: number;
  /** By how much edits made it cheaper after it was paid: total + lowered = gift + outside + credited + captured + owed. */
  readonly lowered: number;
  readonly surcharges: readonly Surcharge[];
  readonly intentId: string | undefined;
  readonly paymentProblem: string | undefined;
  /** Whether a bank has ever contested a payment of it. */
  readonly disputed: boolean;
  readonly reason: string | undefined;
  readonly tracking: string | undefined;
  readonly fulfilledAt: Date | undefined;
  readonly placedAt: Date;
  readonly updatedAt: Date;
  readonly settled: boolean;
  /** For whom it was bought, where that is a company. */
  readonly company: StoredOrderCompany | undefined;
  readonly fulfilments: readonly Fulfilment[];
  readonly returns: readonly Returned[];
  readonly lines: readonly OrderLine[];
}

export interface OrderLine extends Omit<ItemSnapshot, 'parts'> {
  /** Of a bundle: what is in one of it, with the units of each that have left or were given up. */
  readonly parts?: readonly SoldPart[] | undefined;
  readonly quantity: number;
  /** Of the quantity: units that have left, and units that were given up before they could; of a bundle whole ones. */
  readonly shipped: number;
  readonly cancelled: number;
  readonly unitPrice: number;
  /** Off the line as a whole. */
  readonly discount: number;
  /** Of the quantity, the units that it is off: those that an edit adds get none of it. Absent: all. */
  readonly discounted?: number | undefined;
  readonly tax: number;
  readonly taxRate: number;
}

/** Columns that a change may set, by their names in SQL. */
export interface Change {
  readonly status?: OrderStatus;
  readonly stock?: StockState;
  readonly payment?: PaymentState;
  readonly intent_id?: string;
  readonly payment_problem?: string | null;
  readonly disputed?: boolean;
  readonly captured?: number;
  readonly refunded?: number;
  readonly bounced?: number;
  readonly gift_refunded?: number;
  readonly outside?: number;
  readonly outside_refunded?: number;
  readonly credited?: number;
  readonly total?: number;
  readonly lowered?: number;
  readonly cancel_actor?: string;
  readonly reason?: string;
  readonly tracking?: string;
  readonly fulfilled_at?: Date;
  readonly hold_expires_at?: Date;
  readonly settled?: boolean;
  /** What became of one of its surcharges, which have rows of their own. */
  readonly surcharge?: Surcharge;
}

interface OrderRow {
  readonly id: string;
  readonly number: string;
  readonly status: OrderStatus;
  readonly version: number;
  readonly cart_id: string;
  readonly customer_id: string | null;
  readonly email: string;
  readonly token_hashes: readonly string[];
  readonly shipping_address: Address;
  readonly shipping_method: string;
  readonly shipping_title: string | null;
  readonly currency: string;
  readonly subtotal: number;
  readonly discount: number;
  readonly discounts: readonly Discount[];
  readonly shipping: number;
  readonly tax: number;
  readonly tax_rate: number;
  readonly tax_included: boolean;
  readonly tax_parts: readonly TaxPart[];
  readonly shipping_tax: number;
  readonly gift: number;
  readonly gift_refunded: number;
  readonly outside: number;
  readonly outside_refunded: number;
  readonly credited: number;
  readonly total: number;
  readonly lowered: number;
  readonly surcharges: readonly SurchargeRow[] | null;
  readonly stock: StockState;
  readonly payment: PaymentState;
  readonly intent_id: string | null;
  readonly payment_problem: string | null;
  readonly disputed: boolean;
  readonly captured: number;
  readonly refunded: number;
  readonly bounced: number;
  readonly cancel_actor: string | null;
  readonly reason: string | null;
  readonly tracking: string | null;
  readonly fulfilled_at: Date | null;
  readonly hold_expires_at: Date;
  readonly placed_at: Date;
  readonly updated_at: Date;
  readonly settled: boolean;
  readonly refund_requested: boolean;
  readonly company: StoredOrderCompany | null;
  readonly fulfilments: readonly FulfilmentRow[] | null;
  readonly returns: readonly ReturnRow[] | null;
  readonly lines: readonly LineRow[];
}

interface FulfilmentRow {
  readonly id: string;
  readonly lines: Fulfilment['lines'];
  readonly carrier: string | null;
  readonly number: string | null;
  readonly url: string | null;
  readonly location: string | null;
  readonly shipped: string;
  readonly delivered: string | null;
}

interface LineRow extends SnapshotRow {
  readonly quantity: number;
  /** Of the variant, by whichever lines it is in the order; null for a bundle, which is held in its parts only. */
  readonly shipped: number | null;
  readonly cancelled: number | null;
  readonly parts: readonly SoldPart[] | null;
  readonly price: number;
  readonly discount: number;
  readonly discounted: number | null;
  readonly tax: number;
  readonly tax_rate: number;
}

const READ = `
  select o.*, exists (
      select from orders_refunds r where r.tenant_id = $1 and r.order_id = $2 and r.state = 'requested') as refund_requested,
    (select jsonb_agg(jsonb_build_object(${snapshotAs('l')}, 'quantity', l.quantity,
        'price', l.unit_price, 'discount', l.discount, 'discounted', l.discounted, 'tax', l.tax, 'tax_rate', l.tax_rate, 'cancelled', h.cancelled, 'parts', l.parts,
        'shipped', case when h.state = 'shipped' then h.quantity - h.cancelled else h.shipped end) order by l.position)
      from orders_order_lines l
      left join orders_holds h on h.tenant_id = l.tenant_id and h.order_id = l.order_id and h.variant_id = l.variant_id
      where l.tenant_id = $1 and l.order_id = $2) as lines,
    case when o.stock in ('partly_shipped', 'shipped') then (
      select jsonb_agg(jsonb_build_object('id', f.id, 'lines', f.lines, 'carrier', f.carrier, 'number', f.tracking_number,
        'url', f.tracking_url, 'location', f.location_id, 'shipped', f.shipped_at, 'delivered', f.delivered_at) order by f.sequence)
      from orders_fulfilments f where f.tenant_id = $1 and f.order_id = $2) end as fulfilments,
    case when o.stock in ('partly_shipped', 'shipped') then ${RETURNS} end as returns,
    case when o.edited then ${SURCHARGES} end as surcharges
  from orders_orders o where o.tenant_id = $1 and o.id = $2`;

/** @throws ShopError `not_found` */
export async function readOrder(sql: Reader, tenant: TenantId, id: string): Promise<StoredOrder> {
  const order = await findOrder(sql, tenant, id);
  if (order === undefined) throw noSuchOrder(id);
  return order;
}

export async function findOrder(sql: Reader, tenant: TenantId, id: string): Promise<StoredOrder | undefined> {
  const { rows } = await sql.query<OrderRow>(READ, [tenant, id]);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/**
 * Reads it and keeps others from changing it until the transaction ends. In two statements, sent at once: one that waits for a lock
 * finds the order's row as it is then, but everything else, as its units and surcharges, as it was before it waited.
 */
export async function lockOrder(
  sql: Transaction,
  tenant: TenantId,
  id: string,
): Promise<StoredOrder | undefined> {
  const [, { rows }] = await Promise.all([
    sql.query('select from orders_orders where tenant_id = $1 and id = $2 for update', [tenant, id]),
    sql.query<OrderRow>(READ, [tenant, id]),
  ]);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/** Works on an order that nobody else changes meanwhile. @throws ShopError `not_found` */
export function withOrder<T>(
  platform: Pick<Platform, 'sql'>,
  tenant: TenantId,
  orderId: string,
  work: (tx: Transaction, order: StoredOrder) => Promise<T>,
): Promise<T> {
  return platform.sql.transaction(tenant, async (tx) => {
    const order = await lockOrder(tx, tenant, orderId);
    if (order === undefined) throw noSuchOrder(orderId);
    return work(tx, order);
  });
}

export function noSuchOrder(id: string): ShopError {
  return new ShopError('not_found', `There is no order ${id} that you may see.`, {
    remedy: 'Check the link; a guest needs the token that the checkout gave.',
  });
}

/** Somebody else changed the order since it was read. The caller reads it again and decides anew. */
export function isStale(error: unknown): boolean {
  return error instanceof StaleOrder;
}

class StaleOrder extends ShopError {
  constructor() {
    super('conflict', 'The order changed meanwhile.', { remedy: 'Read the order again.' });
  }
}

/** Who changed it, why and when. */
export interface By {
  readonly actor: string;
  readonly reason?: string | undefined;
  readonly now: Date;
  /** Goes into the history although the status stays. */
  readonly noted?: boolean;
}

/**
 * Changes an order that still has the version it was read with, by an entry in its journal and the row that is what its entries come to,
 * and tells others what they care about (see `happenings`).
 * @returns the order as it is now
 * @throws ShopError `conflict` (see `isStale`), `illegal_transition`
 */
export async function changeOrder(
  tx: Transaction,
  tenant: TenantId,
  order: StoredOrder,
  change: Change,
  by: By,
): Promise<StoredOrder> {
  const { text, values, changed, told } = changeOf(tenant, order, change, by);
  const { rowCount } = await tx.query(`${text} select id from moved`, values);
  if (rowCount === 0) throw new StaleOrder();
  if (told.length > 0) await tx.emit(...told);
  // What is done alone goes on with an order that there is: it comes to nothing, and to life again, beside other rows.
  if (countsFor(changed) !== countsFor(order)) await tellSpending(tx, changed);
  return changed;
}

/**
 * As `changeOrder`, as a transaction of its own and one way to the server, with what is done along with it: nothing is, and nobody is told,
 * unless the order still has that version.
 * @param along decides nothing
 */
export async function changeOrderAlone(
  sql: Sql,
  tenant: TenantId,
  order: StoredOrder,
  change: Change,
  by: By,
  along: readonly SqlStatement[] = [],
): Promise<StoredOrder> {
  const { text, values, changed, told } = changeOf(tenant, order, change, by);
  // Nobody can look at the answer before the commit: the server itself refuses.
  const insisting = { text: `${text} select 1 / count(*) from moved`, values };
  try {
    // What goes along locks units, in an order that it keeps to by itself only.
    await sql.queries(tenant, [insisting, ...along], { emit: told, alone: along.length > 0 });
  } catch (error) {
    throw stateOf(error) === DIVISION_BY_ZERO ? new StaleOrder() : error;
  }
  return changed;
}
const DIVISION_BY_ZERO = '22012';

/** @throws ShopError `illegal_transition` */
function changeOf(
  tenant: TenantId,
  order: StoredOrder,
  change: Change,
  by: By,
): {
  /** Its row stands in `moved` if it still had the version. */
  readonly text: string;
  readonly values: readonly SqlValue[];
  readonly changed: StoredOrder;
  readonly told: readonly NewEvent[];
} {
  const to = change.status ?? order.status;
  const moves = to !== order.status;
  if (moves && !isLegal(order.status, to)) {
    throw new ShopError('illegal_transition', `An order that is ${order.status} cannot become ${to}.`);
  }
  const { surcharge, ...own } = change;
  const columns = Object.entries(own).filter(([, value]) => value !== undefined);
  const sets = columns.map(([column], index) => `${column} = $${index + 11}`);
  const text = `
    with moved as (
      update orders_orders set version = version + 1, updated_at = $4${sets.map((set) => `, ${set}`).join('')}
      where tenant_id = $1 and id = $2 and version = $3 returning id
    ), noted as (
      insert into orders_history (tenant_id, order_id, sequence, from_status, to_status, actor, reason, at, change, noted)
      select $1, moved.id, $3::int + 1, $5, $6, $7, $8, $4, $9::jsonb, $10::boolean from moved
      where $9::jsonb <> '{}' or $10
    )${surcharge === undefined ? '' : `, ${surcharged(columns.length + 11)}`}`;
  const values = [
    tenant,
    order.id,
    order.version,
    by.now,
    order.status,
    to,
    by.actor,
    by.reason ?? null,
    entryOf(change),
    by.noted === true,
    ...columns.map(([, value]) => value ?? null),
    ...(surcharge === undefined ? [] : [JSON.stringify(surcharge)]),
  ];
  const changed: StoredOrder = {
    ...order,
    status: to,
    stock: change.stock ?? order.stock,
    payment: change.payment ?? order.payment,
    intentId: change.intent_id ?? order.intentId,
    paymentProblem:
      change.payment_problem === undefined ? order.paymentProblem : (change.payment_problem ?? undefined),
    disputed: change.disputed ?? order.disputed,
    captured: change.captured ?? order.captured,
    refunded: change.refunded ?? order.refunded,
    bounced: change.bounced ?? order.bounced,
    giftRefunded: change.gift_refunded ?? order.giftRefunded,
    outside: change.outside ?? order.outside,
    credited: change.credited ?? order.credited,
    total: change.total ?? order.total,
    lowered: change.lowered ?? order.lowered,
    outsideRefunded: change.outside_refunded ?? order.outsideRefunded,
    due: order.due - ((change.outside ?? order.outside) - order.outside),
    surcharges: order.surcharges.map((each) => (each.id === surcharge?.id ? surcharge : each)),
    cancelActor: change.cancel_actor ?? order.cancelActor,
    reason: change.reason ?? order.reason,
    tracking: change.tracking ?? order.tracking,
    fulfilledAt: change.fulfilled_at ?? order.fulfilledAt,
    holdExpiresAt: change.hold_expires_at ?? order.holdExpiresAt,
    settled: change.settled ?? order.settled,
    version: order.version + 1,
    updatedAt: by.now,
  };
  const told = happenings(order, changed).map((type) => orderEvent(type, changed));
  return { text, values, changed, told };
}

/** What the journal keeps of a change: not the saga's own mark, nor a surcharge, which has a row of its own. */
function entryOf({ settled: _mark, surcharge: _row, ...facts }: Change): string {
  return JSON.stringify(facts);
}

/** Everything that was paid, by whatever means. */
export function moneyIn({ gift, outside }: Pick<StoredOrder, 'gift' | 'outside'>, captured: number): number {
  return captured + gift + outside;
}

/** Everything that went back, by whatever means. */
export function moneyBack(order: Pick<StoredOrder, 'giftRefunded' | 'outsideRefunded' | 'refunded'>): number {
  return order.refunded + order.giftRefunded + order.outsideRefunded;
}

/** What others are told of a change. Money returned because the order was cancelled is part of the cancelling. */
export function happenings(before: StoredOrder, after: StoredOrder): Happening[] {
  const told: Happening[] = [];
  const became = after.status === before.status ? undefined : TOLD[after.status];
  if (became !== undefined) told.push(became);
  if (after.fulfilledAt !== undefined && before.fulfilledAt === undefined) told.push('fulfilled');
  if (moneyBack(after) > moneyBack(before) && after.status !== 'cancelled' && after.status !== 'expired')
    told.push('refunded');
  if (after.bounced > before.bounced) told.push('refund_failed');
  return told;
}

export type Happening =
  | 'placed'
  | 'confirmed'
  | 'cancelled'
  | 'expired'
  | 'refunded'
  | 'refund_failed'
  | 'fulfilled';
const TOLD: Partial<Record<OrderStatus, Happening>> = {
  confirmed: 'confirmed',
  cancelled: 'cancelled',
  expired: 'expired',
};

/** The event that tells others what became of an order. */
export function orderEvent(type: Happening, order: StoredOrder): NewEvent {
  return eventOf(type, order.id, factsOf(order));
}

/** The event that tells others what became of one of its parcels. */
export function fulfilmentEvent(
  type: 'fulfilment_shipped' | 'fulfilment_delivered',
  order: StoredOrder,
  fulfilment: Fulfilment,
): NewEvent {
  const payload: FulfilmentEvent = {
    ...factsOf(order),
    fulfilment,
    fulfilmentProgress: progressOf(order.stock, order.fulfilments),
  };
  return eventOf(type, order.id, payload);
}

/** The event that tells others what became of goods that come back. */
export function returnEvent(state: ReturnState, order: StoredOrder, about: Returned): NewEvent {
  const payload: ReturnEvent = { ...factsOf(order), return: about };
  return eventOf(`return_${state}`, order.id, payload);
}

/** The event that tells others that it is another order now. */
export function editedEvent(order: StoredOrder, edit: EditedFacts): NewEvent {
  const payload: EditedEvent = { ...factsOf(order), edit };
  return eventOf('edited', order.id, payload);
}

function eventOf(type: string, orderId: string, payload: OrderEvent): NewEvent {
  return { topic: 'orders.order', type: `orders.order.${type}`, key: orderId, payload };
}

function factsOf(order: StoredOrder): OrderEvent {
  // What went back to gift cards because the order came to nothing is no refund of it.
  const hasEnded = order.status === 'cancelled' || order.status === 'expired';
  return {
    orderId: order.id,
    number: order.number,
    status: order.status,
    email: order.email,
    customerId: order.customerId,
    // What was to be paid for it in all, in money: less what went back, that is what it came to.
    total: { amount: order.total + order.lowered - order.credited, currency: order.currency },
    refunded: hasEnded ? order.refunded : moneyBack(order),
    lines: order.lines.map(({ variantId, productId, title, quantity, unitPrice, parts }) => ({
      variantId,
      productId,
      title,
      quantity,
      unitPrice,
      ...(parts === undefined ? {} : { parts: toldParts(unitPrice, parts) }),
    })),
    reason: order.reason,
    ended: endedOf(order.reason),
    company: shownCompany(order.company),
    at: order.updatedAt.toISOString(),
  };
}

function toldParts(unitPrice: number, parts: readonly SoldPart[]) {
  const shares = sharesOfParts(unitPrice, parts);
  return parts.map((part, index) => ({ ...shownPart(part), amount: shares[index] ?? 0 }));
}

/** What reservation it is of is nobody's but accounts'. */
export function shownCompany(company: StoredOrderCompany | null | undefined): OrderCompany | undefined {
  if (company === null || company === undefined) return undefined;
  const { id, name, purchaseOrder, dueAt } = company;
  return { id, name, purchaseOrder, dueAt };
}

export function showOrder(order: StoredOrder): Order {
  const { currency } = order;
  return {
    id: order.id,
    number: order.number,
    status: order.status,
    fulfilled: order.fulfilledAt !== undefined,
    fulfilment: progressOf(order.stock, order.fulfilments),
    fulfilments: [...order.fulfilments],
    returns: [...order.returns],
    email: order.email,
    shippingAddress: order.shippingAddress,
    shippingMethod: order.shippingMethod,
    shippingTitle: order.shippingTitle,
    lines: order.lines.map(
      ({ unitPrice, quantity, discount, discounted: _units, tax, taxRate: _rate, parts, ...item }) => ({
        ...item,
        ...(parts === undefined ? {} : { parts: parts.map(shownSoldPart) }),
        quantity,
        unitPrice: { amount: unitPrice, currency },
        total: { amount: unitPrice * quantity, currency },
        discount: { amount: discount, currency },
        tax: { amount: tax, currency },
      }),
    ),
    totals: {
      currency,
      subtotal: order.subtotal,
      discount: order.discount,
      discounts: [...order.discounts],
      shipping: order.shipping,
      tax: {
        amount: order.tax,
        included: order.taxIncluded,
        rateBasisPoints: order.taxRate,
        parts: [...order.taxParts],
      },
      total: order.total,
      gift: order.gift,
      due: order.due,
    },
    captured: order.captured,
    refunded: order.refunded,
    giftRefunded: order.giftRefunded,
    outside: order.outside,
    outsideRefunded: order.outsideRefunded,
    credited: order.credited,
    lowered: order.lowered,
    owed: owedOf(order),
    owedPaymentId: owedOf(order) > 0 ? comingSurcharge(order.surcharges)?.id : undefined,
    placedAt: order.placedAt.toISOString(),
    updatedAt: order.updatedAt.toISOString(),
    holdExpiresAt: order.status === 'pending_payment' ? order.holdExpiresAt.toISOString() : undefined,
    reason: order.reason,
    ended: endedOf(order.reason),
    tracking: order.tracking,
    company: shownCompany(order.company),
  };
}

/** Units of a variant are counted by variant: what bundles of the order have of them is told apart by their lines, the rest is the line's. */
function placesOf(
  { variant, shipped, cancelled, parts }: LineRow,
  all: readonly LineRow[],
): Pick<OrderLine, 'shipped' | 'cancelled' | 'parts'> {
  if (parts !== null) return { ...wholes(parts), parts };
  const inBundles = all.flatMap((line) => line.parts ?? []).filter(({ variantId }) => variantId === variant);
  return {
    shipped: (shipped ?? 0) - sum(inBundles.map((part) => part.shipped)),
    cancelled: (cancelled ?? 0) - sum(inBundles.map((part) => part.cancelled)),
  };
}

/** Everything about an order, with its history. */
export async function showToMerchant(
  sql: Reader,
  tenant: TenantId,
  order: StoredOrder,
): Promise<MerchantOrder> {
  const { rows } = await sql.query<{
    sequence: number;
    from_status: OrderStatus | null;
    to_status: OrderStatus;
    actor: string;
    reason: string | null;
    at: Date;
  }>(
    `select sequence, from_status, to_status, actor, reason, at from orders_history
     where tenant_id = $1 and order_id = $2 and (noted or from_status is distinct from to_status)
     order by sequence`,
    [tenant, order.id],
  );
  return {
    ...showOrder(order),
    missing: await missingOf(sql, tenant, order),
    customerId: order.customerId,
    payment: { status: order.payment, intentId: order.intentId, problem: order.paymentProblem },
    surcharges: order.surcharges.map(({ payment, ...surcharge }) => ({ ...surcharge, status: payment })),
    refunds: await showRefunds(sql, tenant, order.id),
    bounced: order.bounced,
    stock: order.stock,
    allocations: await allocationsOf(sql, tenant, order.id),
    history: rows.map((row) => ({
      sequence: row.sequence,
      from: row.from_status ?? undefined,
      to: row.to_status,
      actor: row.actor,
      reason: row.reason ?? undefined,
      at: row.at.toISOString(),
    })),
  };
}

function fromRow(row: OrderRow): StoredOrder {
  const returns = (row.returns ?? []).map(returnedOf);
  return {
    id: row.id,
    number: row.number,
    status: row.status,
    version: row.version,
    cartId: row.cart_id,
    customerId: row.customer_id ?? undefined,
    email: row.email,
    tokenHashes: row.token_hashes,
    shippingAddress: row.shipping_address,
    shippingMethod: row.shipping_method,
    shippingTitle: row.shipping_title ?? undefined,
    currency: row.currency,
    subtotal: row.subtotal,
    discount: row.discount,
    discounts: row.discounts,
    shipping: row.shipping,
    tax: row.tax,
    taxRate: row.tax_rate,
    taxIncluded: row.tax_included,
    taxParts: row.tax_parts,
    shippingTax: row.shipping_tax,
    gift: row.gift,
    giftRefunded: row.gift_refunded,
    outside: row.outside,
    outsideRefunded: row.outside_refunded,
    credited: row.credited,
    total: row.total,
    lowered: row.lowered,
    due: row.total + row.lowered - row.gift - row.outside - row.credited,
    surcharges: (row.surcharges ?? []).map(surchargeOf),
    stock: row.stock,
    payment: row.payment,
    intentId: row.intent_id ?? undefined,
    paymentProblem: row.payment_problem ?? undefined,
    disputed: row.disputed,
    captured: row.captured,
    refunded: row.refunded,
    bounced: row.bounced,
    cancelActor: row.cancel_actor ?? undefined,
    reason: row.reason ?? undefined,
    tracking: row.tracking ?? undefined,
    fulfilledAt: row.fulfilled_at ?? undefined,
    holdExpiresAt: row.hold_expires_at,
    placedAt: row.placed_at,
    updatedAt: row.updated_at,
    settled: row.settled,
    refundRequested: row.refund_requested,
    exchanging: returns.some(isUnderWay),
    company: row.company ?? undefined,
    fulfilments: (row.fulfilments ?? []).map((each) => ({
      id: each.id,
      lines: each.lines,
      carrier: each.carrier ?? undefined,
      trackingNumber: each.number ?? undefined,
      trackingUrl: each.url ?? undefined,
      locationId: each.location ?? undefined,
      // JSON writes the offset as the server's time zone says.
      shippedAt: new Date(each.shipped).toISOString(),
      deliveredAt: each.delivered === null ? undefined : new Date(each.delivered).toISOString(),
    })),
    returns,
    lines: row.lines.map((line) => ({
      ...snapshotFrom(line),
      ...placesOf(line, row.lines),
      quantity: line.quantity,
      unitPrice: line.price,
      discount: line.discount,
      discounted: line.discounted ?? undefined,
      tax: line.tax,
      taxRate: line.tax_rate,
    })),
  };
}
