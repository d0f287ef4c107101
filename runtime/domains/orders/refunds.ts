/**
 * Asking for money back: a wish is written down under the order's lock, and the saga returns what went through a payment.
 * Never more goes back than was paid; what a card payment took goes back first, then what was paid by other means, which a person
 * returns and this only notes, and what gift cards paid last. Where a bank contests the money, a wish that comes of a deed that is done waits
 * for the bank; one that is nothing but a wish is refused.
 */
import { ShopError } from '../../platform/errors.ts';
import type { TenantId, Transaction } from '../../platform/ports.ts';
import { goodsOf } from './bundles/goods.ts';
import type { Units } from './fulfilment/schemas.ts';
import { isSame, quantityOf } from './fulfilment/units.ts';
import { splitRefund } from './gift-cards/spread.ts';
import type { Reader } from './carts.ts';
import { returnToCards } from './gift-cards/store.ts';
import { statusAfterRefund } from './machine.ts';
import { paidForShipping, sharesOf, type RefundedLine } from './returns/shares.ts';
import { changeOrder, moneyBack, moneyIn, type StoredOrder } from './store.ts';
import { sum } from './sums.ts';
import { idOfKey } from './once.ts';

export interface Wish {
  /** The same id is the same refund. */
  readonly id: string;
  /** Minor units; absent: what lines and shipping come to, and without these all that is left. */
  readonly amount?: number | undefined;
  readonly lines?: readonly Units[] | undefined;
  /** Of what was paid for shipping. */
  readonly shipping?: number | undefined;
  readonly reason?: string | undefined;
  /** Where less is left than `amount`, because of refunds before, that much goes back instead. */
  readonly atMost?: boolean | undefined;
  /** It comes of an edit, a return or an exchange, which is not undone because a bank contests the money: then it waits for the bank. */
  readonly waits?: boolean | undefined;
}

export function refundIdOf(key: string): string {
  return idOfKey('ref', key);
}

interface RefundRow {
  readonly id: string;
  readonly amount: number;
  readonly state: 'requested' | 'done' | 'refused';
  readonly lines: readonly RefundedLine[];
  readonly shipping: number;
}

/**
 * For whoever has the order's lock, and lets the saga go on afterwards.
 * @returns the order as it is now
 * @throws ShopError `illegal_transition` where nothing is paid or left, `conflict` for more than is left
 */
export async function askRefund(
  tx: Transaction,
  tenant: TenantId,
  order: StoredOrder,
  wish: Wish,
  now: Date,
): Promise<StoredOrder> {
  const ledger = await readLedger(tx, tenant, order);
  if (ledger.known.includes(wish.id)) return order;
  const { paid, outside, left } = ledger;
  // Refunds that wait for a bank may have promised all of it.
  if (wish.atMost === true && left === 0) return order;
  const amount =
    wish.atMost === true && wish.amount !== undefined ? Math.min(wish.amount, left) : wish.amount;
  const lines = sharesOf(order, ledger.gone, wish.lines ?? []);
  const shipping = wish.shipping ?? 0;
  const worthless = lines.length > 0 && sum(lines.map((line) => line.amount)) + shipping === 0;
  // Of an order that is over all goes back by itself, unless that failed.
  const isOver = order.cancelActor !== undefined && order.bounced === 0;
  if (!isPaid(order) || isOver || (left === 0 && !worthless)) {
    throw new ShopError('illegal_transition', `An order that is ${order.status} cannot be refunded.`, {
      remedy: 'Only money that was taken and not yet returned can be refunded.',
    });
  }
  refuseBeyond(order, '/shipping', shipping, paidForShipping(order) - ledger.shipping);
  refuseBeyond(order, '/amount', amount ?? 0, left);
  // After refunds by amount, less may be left than the units were paid with.
  const computed = Math.min(sum(lines.map((line) => line.amount)) + shipping, left);
  const isWhole = wish.lines === undefined && wish.shipping === undefined;
  const { payment, byHand, giftCards } = splitRefund(amount ?? (isWhole ? left : computed), paid, outside);
  await tx.query(
    `insert into orders_refunds (tenant_id, order_id, id, amount, gift_amount, state, actor, reason, requested_at, lines, shipping,
       outside_amount, waits)
     values ($1, $2, $3, $4, $5, case when $4::bigint = 0 then 'done' else 'requested' end, 'merchant', $6, $7, $8::jsonb, $9, $10, $11)`,
    [
      tenant,
      order.id,
      wish.id,
      payment,
      giftCards,
      wish.reason ?? null,
      now,
      JSON.stringify(lines),
      shipping,
      byHand,
      wish.waits === true,
    ],
  );
  // The ledgers are ours: what goes to gift cards goes with the wish.
  if (giftCards > 0) await returnToCards(tx, tenant, order.id, giftCards, now);
  const giftRefunded = order.giftRefunded + giftCards;
  const outsideRefunded = order.outsideRefunded + byHand;
  const all = { status: order.status, captured: moneyIn(order, order.captured) };
  const status =
    giftCards + byHand === 0
      ? undefined
      : statusAfterRefund(all, moneyBack({ ...order, giftRefunded, outsideRefunded }));
  return changeOrder(
    tx,
    tenant,
    order,
    {
      settled: false,
      gift_refunded: giftRefunded,
      outside_refunded: outsideRefunded,
      ...(status === undefined || status === order.status ? {} : { status }),
      ...(wish.reason === undefined ? {} : { reason: wish.reason }),
    },
    { actor: 'merchant', now },
  );
}

/** @throws ShopError `conflict` with what the processor said, where it returns nothing for this wish */
export async function requireGranted(
  sql: Reader,
  tenant: TenantId,
  orderId: string,
  id: string,
): Promise<void> {
  const { rows } = await sql.query<{ problem: string | null }>(
    `select problem from orders_refunds where tenant_id = $1 and order_id = $2 and id = $3 and state = 'refused'`,
    [tenant, orderId, id],
  );
  const [refused] = rows;
  if (refused === undefined) return;
  throw new ShopError('conflict', refused.problem ?? 'The refund was refused.', {
    remedy: 'Ask again, under another key, once that is over.',
  });
}

/** What has gone back of an order, is on its way, or pays for goods that went out instead. */
export interface Ledger {
  /** Ids of all that was ever asked for. */
  readonly known: readonly string[];
  /** Units whose price has gone back, or pays for others. */
  readonly gone: readonly RefundedLine[];
  readonly shipping: number;
  /** Money that may still go back: through payments, as it came by other means, and of all means together. */
  readonly paid: number;
  readonly outside: number;
  readonly left: number;
}

/** For whoever has the order's lock. */
export async function readLedger(sql: Reader, tenant: TenantId, order: StoredOrder): Promise<Ledger> {
  const { rows } = await sql.query<RefundRow>(
    'select id, amount, state, lines, shipping from orders_refunds where tenant_id = $1 and order_id = $2',
    [tenant, order.id],
  );
  const standing = rows.filter(({ state }) => state !== 'refused');
  const open = sum(standing.filter(({ state }) => state === 'requested').map(({ amount }) => amount));
  // What a bank has just taken is taken from refunds that wait for it a moment later.
  const paid = Math.max(order.captured - order.refunded - open, 0);
  const outside = order.outside - order.outsideRefunded;
  return {
    known: rows.map(({ id }) => id),
    gone: standing.flatMap((row) => row.lines),
    shipping: sum(standing.map((row) => row.shipping)),
    paid,
    outside,
    left: paid + outside + order.gift - order.giftRefunded,
  };
}

/**
 * Goods of an order, as many of each as are still to be paid back: none of what refunds by line were for already, and nothing where no
 * money is left. For whoever has the order's lock.
 */
export async function stillPaid(
  sql: Reader,
  tenant: TenantId,
  order: StoredOrder,
  units: readonly Units[],
): Promise<readonly Units[]> {
  const { gone, left } = await readLedger(sql, tenant, order);
  const goods = goodsOf(order.lines);
  return units.map((each) => {
    const bought = goods.find((one) => isSame(one, each))?.quantity ?? 0;
    const paid = left === 0 ? 0 : Math.max(bought - quantityOf(gone, each), 0);
    return { ...each, quantity: Math.min(each.quantity, paid) };
  });
}

/** What units that come back are worth in an exchange, and what of that pays for other goods. */
export interface Credit {
  /** The same id is the same credit. */
  readonly id: string;
  readonly lines: readonly RefundedLine[];
  readonly amount: number;
}

/** Writes it down, so that these units are paid back by nobody else. For whoever has the order's lock. */
export async function noteCredit(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  { id, lines, amount }: Credit,
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into orders_refunds (tenant_id, order_id, id, amount, credit_amount, state, actor, requested_at, lines)
     values ($1, $2, $3, 0, $4, 'done', 'merchant', $5, $6::jsonb)`,
    [tenant, orderId, id, amount, now, JSON.stringify(lines)],
  );
}

/** Fewer units were good enough; with none at all they may be paid back, or come back, as if there had been no exchange. */
export async function correctCredit(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  { id, lines, amount }: Credit,
): Promise<void> {
  await tx.query(
    lines.length === 0
      ? `update orders_refunds set state = 'refused' where tenant_id = $1 and order_id = $2 and id = $3`
      : `update orders_refunds set lines = $4::jsonb, credit_amount = $5 where tenant_id = $1 and order_id = $2 and id = $3`,
    [tenant, orderId, id, ...(lines.length === 0 ? [] : [JSON.stringify(lines), amount])],
  );
}

function refuseBeyond({ currency }: StoredOrder, where: string, wanted: number, left: number): void {
  if (wanted <= left) return;
  throw new ShopError('conflict', `Only ${left} ${currency} (minor units) are left to refund.`, {
    remedy: 'Refund at most what is left.',
    problems: [{ where, what: `at most ${left}` }],
  });
}

/** By card, by gift cards, or because there was nothing to pay. */
function isPaid(order: StoredOrder): boolean {
  if (order.payment === 'captured') return true;
  return ['confirmed', 'partially_fulfilled', 'fulfilled', 'delivered', 'partially_refunded'].includes(
    order.status,
  );
}
