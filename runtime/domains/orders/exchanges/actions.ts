/**
 * The steps of an exchange beside those of its return: it is agreed to, undone, or settled once it is known what came back. Each is done
 * in the transaction of the return's step, with the order's lock; money comes and goes by surcharges and refunds, which the saga carries.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { goodsOf, meant } from '../bundles/goods.ts';
import { dearer, requireAllowed, tellSpending, type Dearer } from '../companies/purchase.ts';
import { readerOf, type Reader } from '../carts.ts';
import { refuseWhilePaid } from '../edits/paying.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { requireWaiting } from '../fulfilment/units.ts';
import { mayExchange, owedOf } from '../machine.ts';
import type { Looking } from '../prices/looking.ts';
import { askRefund, correctCredit, noteCredit, readLedger, refundIdOf } from '../refunds.ts';
import type { Returned, RefundReturn } from '../returns/schemas.ts';
import { askSurcharge, readRules, readToday, rewriteOrder } from '../rewrite.ts';
import { changeOrder, moneyBack, moneyIn, readOrder, type StoredOrder } from '../store.ts';
import { tellShopper } from '../telling.ts';
import { discountOf, planEnding, planExchange, planUndoing, type ExchangePlan } from './plan.ts';
import type { Exchange, ExchangeTerms, Outgoing } from './schemas.ts';

export interface Exchanges {
  /** What it would come to, on the order as it is now. @throws ShopError as `agree` */
  workOut(
    sql: Reader,
    tenant: TenantId,
    order: StoredOrder,
    back: readonly Units[],
    terms: Terms,
    looking: Looking,
    id: string,
  ): Promise<ExchangePlan>;
  /** What is wished, or entered and waits for its company, as far as it can be had now; changes nothing. @throws ShopError as `agree` */
  note(
    tx: Transaction,
    tenant: TenantId,
    order: StoredOrder,
    asked: Returned,
    terms: Terms,
    looking: Looking,
  ): Promise<Exchange>;
  /**
   * Takes the goods that go out, and asks for the difference where there is one to be paid.
   * @throws ShopError `out_of_stock`, `invalid_input` for terms that cannot be, `conflict` for units that were paid back and for another
   *   difference than was expected, or than its company has allowed, `illegal_transition` for an order that is over
   */
  agree(
    tx: Transaction,
    tenant: TenantId,
    order: StoredOrder,
    asked: Returned,
    terms: Terms,
    looking: Looking,
    by: Approving,
  ): Promise<Agreed>;
  /** Lets the goods go that should have gone out, and returns what was paid in addition. @throws ShopError `conflict` once some have left */
  undo(
    tx: Transaction,
    tenant: TenantId,
    order: StoredOrder,
    agreed: Returned,
    actor: 'shopper' | 'merchant' | 'system',
  ): Promise<StoredOrder>;
  /** What came back pays for what went out: what is left of it goes back, what is lacking is owed. */
  end(
    tx: Transaction,
    tenant: TenantId,
    order: StoredOrder,
    found: Returned,
    wish: RefundReturn,
  ): Promise<StoredOrder>;
  /** By the task: the shopper's mail, with the way in. */
  tell(tenant: Tenant, orderId: string, returnId: string): Promise<void>;
}

const DAY_MS = 86_400_000;

export type Terms = Omit<ExchangeTerms, 'expectedDifference'> &
  Pick<Partial<ExchangeTerms>, 'expectedDifference'>;

/** By whom a company's order may become dearer. */
export interface Approving {
  /** What the company has allowed; undefined where nobody had to be asked. */
  readonly allowed?: Dearer | undefined;
  /** Who of it has agreed, in the merchant's words: then it is not asked. */
  readonly approved?: string | undefined;
}

export interface Agreed {
  readonly order: StoredOrder;
  readonly exchange: Exchange;
  /** What the units that come back count for is kept under it. */
  readonly creditId: string;
}

export function createExchanges(platform: Platform): Exchanges {
  const now = (): Date => platform.clock.now();

  const workOut: Exchanges['workOut'] = async (sql, tenant, order, back, terms, looking, id) => {
    requireExchangeable(order);
    const today = await readToday(sql, tenant, order, terms.lines, looking);
    const { gone, left } = await readLedger(sql, tenant, order);
    const units = back.map(({ variantId, bundle, quantity }) => ({ variantId, bundle, quantity }));
    return planExchange(order, units, terms, { ...today, gone, left }, id);
  };

  return {
    workOut,

    async note(tx, tenant, order, asked, terms, looking) {
      const plan = await workOut(tx, tenant, order, asked.lines, terms, looking, asked.id);
      requireExpected(plan, terms.expectedDifference, order.currency);
      const { send, fee, keepDays, expectedDifference } = terms;
      return { lines: [...plan.lines], send, fee, keepDays, expectedDifference };
    },

    async agree(tx, tenant, order, asked, terms, looking, { allowed, approved }) {
      refuseWhilePaid(order);
      const plan = await workOut(tx, tenant, order, asked.lines, terms, looking, asked.id);
      requireExpected(plan, terms.expectedDifference, order.currency);
      if (approved === undefined) requireAllowed(allowed, dearer(order, asked.id, plan));
      const creditId = refundIdOf(asked.id);
      const words = ['An exchange was agreed.', ...(approved === undefined ? [] : [`Approved: ${approved}`])];
      const by = { actor: 'merchant', reason: words.join(' '), now: now() };
      const rewritten = await rewriteOrder(tx, tenant, order, plan, platform.newId, by);
      const credit = { id: creditId, lines: plan.counted, amount: plan.sums.credited };
      await noteCredit(tx, tenant, order.id, credit, now());
      await tellSpending(tx, rewritten);
      const payload = { orderId: order.id, returnId: asked.id };
      await tx.enqueue({ name: 'orders.tell-exchange', payload, key: asked.id });
      const { send, fee } = terms;
      const keptUntil = send === 'at_once' ? undefined : new Date(now().getTime() + terms.keepDays * DAY_MS);
      if (keptUntil !== undefined)
        await tx.enqueue({ name: 'orders.exchange-due', payload, key: asked.id, runAt: keptUntil });
      const { lines, sums, counted } = plan;
      return {
        order: rewritten,
        exchange: {
          lines: [...lines],
          send,
          fee,
          keptUntil: keptUntil?.toISOString(),
          sums,
          counted: [...counted],
        },
        creditId,
      };
    },

    async undo(tx, tenant, order, { id, exchange }, actor) {
      if (exchange?.sums === undefined) return order;
      refuseWhilePaid(order);
      requireWaiting(goodsOf(order.lines), meant(order.lines, unitsOf(exchange)));
      const plan = planUndoing(order, exchange, await readRules(tx, tenant), id);
      const by = { actor, reason: 'The exchange was withdrawn.', now: now() };
      const rewritten = await rewriteOrder(tx, tenant, order, plan, platform.newId, by);
      await correctCredit(tx, tenant, order.id, { id: refundIdOf(id), lines: [], amount: 0 });
      await tellSpending(tx, rewritten);
      return giveBack(tx, tenant, rewritten, `${id}:undone`, plan.settlement.refund);
    },

    async end(tx, tenant, order, { id, exchange, lines }, { amount, shipping = 0 }) {
      if (exchange === undefined) return order;
      const { counted, credited, settlement, refund } = planEnding(order, exchange, lines);
      await correctCredit(tx, tenant, order.id, { id: refundIdOf(id), lines: counted, amount: credited });
      const agreed = exchange.sums?.credited;
      const settled = credited === agreed ? order : await owe(tx, tenant, order, settlement.credited);
      if (amount === undefined && shipping === 0) return giveBack(tx, tenant, settled, `${id}:rest`, refund);
      const wish = {
        id: refundIdOf(`${id}:rest`),
        amount: amount ?? refund + shipping,
        shipping,
        waits: true,
      };
      return askRefund(tx, tenant, settled, wish, now());
    },

    async tell(tenant, orderId, returnId) {
      const order = await readOrder(readerOf(platform, tenant.id), tenant.id, orderId);
      const { exchange, state, answer } = order.returns.find(({ id }) => id === returnId) ?? {};
      if (exchange?.sums === undefined || state === 'withdrawn') return;
      const money = (amount: number) => ({ amount, currency: order.currency });
      const { difference, refund } = exchange.sums;
      // Of what is owed, this exchange asks for no more than its own difference.
      const owed = Math.min(Math.max(difference, 0), owedOf(order));
      await tellShopper(platform, tenant, order, {
        key: `orders.exchange:${returnId}`,
        kind: 'orders.exchange',
        variables: {
          lines: exchange.lines.map((line) => ({
            title: [line.title, line.variantTitle].filter(Boolean).join(' · ').slice(0, 2_000),
            quantity: line.quantity,
            total: money(amountOf(order, returnId, line)),
          })),
          ...(answer === undefined ? {} : { words: answer }),
          ...(owed > 0 ? { owed: money(owed) } : {}),
          ...(refund > 0 ? { back: money(refund) } : {}),
        },
      });
    },
  };

  /** As much of it as refunds before have left. */
  async function giveBack(
    tx: Transaction,
    tenant: TenantId,
    order: StoredOrder,
    key: string,
    amount: number,
  ): Promise<StoredOrder> {
    if (amount === 0 || moneyIn(order, order.captured) - moneyBack(order) === 0) return order;
    const { left } = await readLedger(tx, tenant, order);
    if (left === 0) return order;
    return askRefund(tx, tenant, order, { id: refundIdOf(key), amount, atMost: true, waits: true }, now());
  }

  /** What came back pays more or less of the order than was agreed. */
  async function owe(
    tx: Transaction,
    tenant: TenantId,
    order: StoredOrder,
    credited: number,
  ): Promise<StoredOrder> {
    refuseWhilePaid(order);
    const due = order.due + order.credited - credited;
    const owed = owedOf({ ...order, due });
    const surcharges = await askSurcharge(tx, tenant, order, owed, platform.newId, now());
    const reason =
      credited < order.credited ? 'Less came back than was agreed.' : 'What came back paid what was owed.';
    return changeOrder(
      tx,
      tenant,
      { ...order, due, surcharges },
      { credited, settled: false },
      { actor: 'merchant', reason, now: now(), noted: true },
    );
  }
}

function unitsOf({ lines }: Exchange): readonly Units[] {
  return lines.map(({ variantId, quantity }) => ({ variantId, quantity }));
}

/** What goods that go out come to, before tax that is added. */
function amountOf(
  { lines, discounts }: StoredOrder,
  returnId: string,
  { variantId, quantity }: Outgoing,
): number {
  const unitPrice = lines.find((line) => line.variantId === variantId)?.unitPrice ?? 0;
  const off =
    discounts.find(({ promotionId }) => promotionId === discountOf(returnId, variantId))?.amount ?? 0;
  return quantity * unitPrice - off;
}

/** @throws ShopError `illegal_transition` */
function requireExchangeable(order: StoredOrder): void {
  if (mayExchange(order)) return;
  throw new ShopError(
    'illegal_transition',
    `Goods of an order that is ${order.status} cannot be exchanged.`,
    {
      remedy: 'Only what has been shipped, and was not paid back as a whole, can be exchanged.',
    },
  );
}

function requireExpected({ sums }: ExchangePlan, expected: number | undefined, currency: string): void {
  if (expected === undefined || expected === sums.difference) return;
  throw new ShopError('conflict', `The difference would be ${sums.difference} ${currency} (minor units).`, {
    remedy: 'Look at the exchange again.',
    problems: [{ where: '/exchange/expectedDifference', what: `is ${sums.difference}` }],
  });
}
