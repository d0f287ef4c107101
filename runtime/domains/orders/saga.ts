/**
 * Carries orders from checkout to their end: asks the machine for the next step, does it, and asks again.
 * Each step is idempotent and moves the order under its version, so it may be cut off, repeated or raced at any point.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId, Transaction } from '../../platform/ports.ts';
import { paymentOfCheckout } from '../payments/schemas.ts';
import { goodsOf, wantsOf } from './bundles/goods.ts';
import { readerOf, type Reader } from './carts.ts';
import { reopenDraft } from './drafts/reopen.ts';
import { ENDED } from './ended.ts';
import { giveUp } from './fulfilment/give-up.ts';
import { allWaiting } from './fulfilment/units.ts';
import { returnToCards, spendAgain } from './gift-cards/store.ts';
import { move, sellingHeld, take, tellStock } from './inventory.ts';
import {
  ASKED,
  isSettled,
  nextStep,
  REST,
  statusAfterRefund,
  type PaymentState,
  type Step,
} from './machine.ts';
import type { OrdersSettings } from './settings.ts';
import { releaseRedemptions, retakeRedemptions } from './promotions/store.ts';
import {
  changeOrder,
  changeOrderAlone,
  findOrder,
  isStale,
  moneyBack,
  moneyIn,
  readOrder,
  type By,
  type Change,
  type StoredOrder,
} from './store.ts';
import { sum } from './sums.ts';
import type { Surcharge } from './surcharges.ts';

/** What payments answers about a payment of an order. */
export interface PaymentFacts {
  readonly paymentId: string;
  readonly status: 'pending' | 'authorized' | 'captured' | 'cancelled';
  readonly intentId?: string | undefined;
  readonly amount: number;
  readonly currency: string;
  readonly captured: number;
  readonly refunded: number;
  /** Absent: of a time when nobody looked. */
  readonly bounced?: number | undefined;
  readonly disputed: boolean;
  readonly problem?: string | undefined;
}

/**
 * A task that plans itself again while there is work. It rests only after two rounds that found nothing: an order that was
 * being placed during the first, and found the task still waiting, is there for the second. The second waits under a key of
 * its own, so that orders placed meanwhile plan a first one again.
 */
export interface Round {
  readonly idle?: boolean | undefined;
}

export interface Saga {
  /** Does what can be done for the order now; returns when it rests or waits. */
  advance(tenant: TenantId, orderId: string, signal: AbortSignal): Promise<void>;
  /** Notes what became of the payment, then advances. */
  hear(tenant: TenantId, orderId: string, facts: PaymentFacts, signal: AbortSignal): Promise<void>;
  /** As `advance`, for an order whose money a bank has. @param looks how often it was looked at in vain, which makes the next pause longer */
  lookAgain(tenant: TenantId, orderId: string, looks: number, signal: AbortSignal): Promise<void>;
  /** Ends the holds that are over, and plans to look again when the next one will be. */
  expireDue(tenant: TenantId, round: Round, signal: AbortSignal): Promise<void>;
  /** Wakes orders that stand still although they should not. */
  sweep(tenant: TenantId, round: Round, signal: AbortSignal): Promise<void>;
}

const MOST_STEPS = 25;
/** Orders that one round looks at. */
const MOST_AT_ONCE = 200;
const SYSTEM = 'system';
const CARTS_KEPT_MS = 30 * 86_400_000;
const LONGEST_BANK_SECONDS = 86_400;

interface RefundWish {
  readonly orderId: string;
  readonly paymentId?: string;
  readonly amount: number;
  readonly key: string;
  /** Takes nothing from what a bank contests, and has the rest all the same. */
  readonly sparing?: boolean;
  /** As `sparing`, and keeps what a bank contests for itself. */
  readonly waits?: boolean;
  /** Payments that it has nothing of. */
  readonly except?: readonly string[];
}

interface Refunded {
  /** What became of the payments that it was taken from. */
  readonly payments: readonly PaymentFacts[];
  /** What a bank contests, so that it was left out, or waits. */
  readonly contested: number;
  /** What banks took while it waited. */
  readonly lost: number;
}

/** A refund that was asked for, as stored. */
interface Asked {
  readonly id: string;
  readonly amount: number;
  readonly waits: boolean;
  /** As it was last noted. */
  readonly waiting: number;
}

export function createSaga(platform: Platform, settings: OrdersSettings): Saga {
  const now = (): Date => platform.clock.now();

  function advance(tenant: TenantId, orderId: string, signal: AbortSignal): Promise<void> {
    return lookAgain(tenant, orderId, 0, signal);
  }

  async function lookAgain(
    tenant: TenantId,
    orderId: string,
    looks: number,
    signal: AbortSignal,
  ): Promise<void> {
    const order = await findOrder(readerOf(platform, tenant), tenant, orderId);
    if (order !== undefined) await goOn(tenant, order, signal, looks);
  }

  async function hear(
    tenant: TenantId,
    orderId: string,
    facts: PaymentFacts,
    signal: AbortSignal,
  ): Promise<void> {
    const reader = readerOf(platform, tenant);
    for (let tries = 1; ; tries += 1) {
      const order = await findOrder(reader, tenant, orderId);
      if (order === undefined) return;
      try {
        return await goOn(tenant, await learn(tenant, order, facts), signal);
      } catch (error) {
        if (!isStale(error) || tries >= MOST_STEPS) throw error;
      }
    }
  }

  async function goOn(tenant: TenantId, start: StoredOrder, signal: AbortSignal, looks = 0): Promise<void> {
    const reader = readerOf(platform, tenant);
    let order = start;
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      signal.throwIfAborted();
      const step = nextStep(order, now());
      if (step.do === 'rest')
        return order.contested === undefined ? markSettled(tenant, order) : awaitBank(tenant, order, looks);
      // The task that ends holds is waiting already.
      if (step.do === 'wait') return;
      order = await attempt(reader, tenant, order, step);
    }
    throw new ShopError('internal', `The saga of order ${order.id} does not come to rest.`);
  }

  /** One step; whoever changed the order meanwhile wins, and the next step is decided on what they left. */
  async function attempt(
    reader: Reader,
    tenant: TenantId,
    order: StoredOrder,
    step: Step,
  ): Promise<StoredOrder> {
    try {
      return await platform.tracing.span(`orders ${step.do}`, () => perform(reader, tenant, order, step));
    } catch (error) {
      if (!isStale(error)) throw error;
      return readOrder(reader, tenant, order.id);
    }
  }

  async function perform(
    reader: Reader,
    tenant: TenantId,
    order: StoredOrder,
    step: Step,
  ): Promise<StoredOrder> {
    switch (step.do) {
      case 'commitStock':
        return commitStock(tenant, order);
      case 'retakeStock':
        return retakeStock(tenant, order);
      case 'capture':
        return learn(tenant, order, await payments(tenant, 'capture', order));
      case 'confirm':
        return transition(tenant, order, { status: 'confirmed' });
      case 'cancel':
        return cancel(tenant, order, step.why);
      case 'expire':
        return expire(tenant, order);
      case 'cancelPayment':
        return learn(tenant, order, await payments(tenant, 'cancel', order));
      case 'returnPayment':
        return returnPart(tenant, order, REST, restOf(order));
      case 'captureSurcharge':
        return learn(tenant, order, await payments(tenant, 'capture', order, step.id));
      case 'cancelSurcharge':
        return learn(tenant, order, await payments(tenant, 'cancel', order, step.id));
      case 'returnSurcharge':
        return returnPart(tenant, order, step.id, surchargeOf(order, step.id));
      case 'refund':
        return refundRequested(reader, tenant, order);
      case 'letGo':
        return letGo(tenant, order);
      case 'rest':
      case 'wait':
        return order;
    }
  }

  function payments(
    tenant: TenantId,
    operation: 'capture' | 'cancel' | 'sync',
    order: StoredOrder,
    paymentId = paymentOfCheckout(order.id),
  ): Promise<PaymentFacts> {
    const which = { paymentId, orderId: order.id };
    return platform.call<PaymentFacts>(tenant, 'payments', operation, which);
  }

  /** What of it a bank contests stays where it is: the bank may still give it to the shopper. */
  async function returnPart(
    tenant: TenantId,
    order: StoredOrder,
    part: string,
    wish: RefundWish,
  ): Promise<StoredOrder> {
    const { payments: facts, contested } = await refund(tenant, { ...wish, sparing: true });
    const known = await learnAll(tenant, order, facts);
    return contested === 0 ? known : { ...known, contested: and(known.contested, part) };
  }

  function refund(tenant: TenantId, wish: RefundWish): Promise<Refunded> {
    return platform.call<Refunded>(tenant, 'payments', 'refund', wish);
  }

  /** @param facts what was just learned of the payment; noting it and committing the units is one move */
  function commitStock(tenant: TenantId, order: StoredOrder, facts: Change = {}): Promise<StoredOrder> {
    const change: Change = { ...facts, status: 'authorized', stock: 'committed' };
    const selling = sellingHeld(tenant, order.id, now());
    return changeOrderAlone(platform.sql, tenant, order, change, by(), [selling]);
  }

  /** All of the units, or none: then the order is over and later steps return the money. */
  async function retakeStock(tenant: TenantId, order: StoredOrder): Promise<StoredOrder> {
    const retaken = platform.sql.transaction(tenant, async (tx) => {
      const { lacking, changes } = await take(tx, tenant, order.id, wantsOf(order.lines), 'committed', now());
      if (lacking.length > 0) {
        const reason = ENDED.sold_meanwhile;
        const ended = await changeOrder(tx, tenant, order, { status: 'cancelled', reason }, by(reason));
        return ended;
      }
      const discounted = order.discounts.length === 0 || (await retakeRedemptions(tx, tenant, order.id));
      const given = order.gift === 0 || (await spendAgain(tx, tenant, order.id, now()));
      if (!discounted || !given) throw new PriceGone();
      await tellStock(tx, changes);
      return changeOrder(
        tx,
        tenant,
        order,
        { status: 'authorized', stock: 'committed', gift_refunded: 0 },
        by('paid after the reserved time'),
      );
    });
    return retaken.catch((error: unknown) => {
      if (!(error instanceof PriceGone)) throw error;
      return transition(tenant, order, { status: 'cancelled', reason: ENDED.price_gone });
    });
  }

  async function cancel(
    tenant: TenantId,
    order: StoredOrder,
    why: 'asked' | 'payment_lost',
  ): Promise<StoredOrder> {
    const actor = order.cancelActor ?? SYSTEM;
    const reason = order.reason ?? (why === 'payment_lost' ? ENDED.payment_cancelled : ENDED.asked);
    return platform.sql.transaction(tenant, async (tx) => {
      if (order.status === 'pending_payment') await reopenDraft(tx, tenant, order, now());
      const change: Change = {
        status: 'cancelled',
        reason,
        gift_refunded: order.gift,
        // A person gives it back, as it came.
        outside_refunded: order.outside,
        ...(isTaken(order) ? { stock: 'released' } : {}),
      };
      const ended = await changeOrder(tx, tenant, order, change, { actor, reason, now: now() });
      if (isTaken(order))
        await tellStock(tx, await move(tx, tenant, order.id, order.stock, 'released', now()));
      await giveBack(tx, tenant, order, now());
      if (order.status === 'pending_payment') await reopenCart(tx, tenant, order);
      return ended;
    });
  }

  /** The stock goes back in time even when the processor cannot be asked; a payment that shows up later is dealt with then. */
  async function expire(tenant: TenantId, order: StoredOrder): Promise<StoredOrder> {
    const known = order.payment === 'none' ? order : await lastLook(tenant, order);
    if (nextStep(known, now()).do !== 'expire') return known;
    return platform.sql.transaction(tenant, async (tx) => {
      await reopenDraft(tx, tenant, order, now());
      const reason = ENDED.unpaid;
      const ended = await changeOrder(
        tx,
        tenant,
        known,
        { status: 'expired', stock: 'released', gift_refunded: order.gift, reason },
        by(reason),
      );
      await tellStock(tx, await move(tx, tenant, order.id, 'held', 'released', now()));
      await giveBack(tx, tenant, order, now());
      await reopenCart(tx, tenant, order);
      return ended;
    });
  }

  async function lastLook(tenant: TenantId, order: StoredOrder): Promise<StoredOrder> {
    try {
      return await learn(tenant, order, await payments(tenant, 'sync', order));
    } catch (error) {
      if (!(error instanceof ShopError) || isStale(error)) throw error;
      platform.log.warn(
        { err: error, tenant, order: order.id },
        'payments could not be asked before expiry; the hold ends anyway',
      );
      return order;
    }
  }

  /** Notes what payments said. Facts only grow, so an old answer changes nothing. */
  async function learn(tenant: TenantId, order: StoredOrder, facts: PaymentFacts): Promise<StoredOrder> {
    const change = newFacts(order, facts);
    if (change === undefined) return order;
    if (nextStep({ ...order, ...change }, now()).do === 'commitStock')
      return commitStock(tenant, order, change);
    // Captured and stock committed: being told and being confirmed are one move.
    const confirms =
      order.status === 'authorized' && change.payment === 'captured' && order.cancelActor === undefined;
    return transition(tenant, order, confirms ? { ...change, status: 'confirmed' } : change);
  }

  async function learnAll(
    tenant: TenantId,
    order: StoredOrder,
    all: readonly PaymentFacts[],
  ): Promise<StoredOrder> {
    let known = order;
    for (const facts of all) known = await learn(tenant, known, facts);
    return known;
  }

  /** All that is asked for, oldest first. What waits for a bank keeps none that can be had from going back. */
  async function refundRequested(reader: Reader, tenant: TenantId, order: StoredOrder): Promise<StoredOrder> {
    const { rows } = await reader.query<Asked>(
      `select id, amount, waits, waiting from orders_refunds where tenant_id = $1 and order_id = $2 and state = 'requested'
       order by requested_at, id`,
      [tenant, order.id],
    );
    let known = order;
    for (const asked of rows) known = await grant(reader, tenant, known, asked);
    return known.contested?.includes(ASKED) === true ? known : { ...known, refundRequested: false };
  }

  async function grant(
    reader: Reader,
    tenant: TenantId,
    order: StoredOrder,
    asked: Asked,
  ): Promise<StoredOrder> {
    const { id, amount, waits } = asked;
    const seen = { contested: order.contested };
    try {
      const except = order.surcharges.filter(({ wanted }) => !wanted).map((each) => each.id);
      const wish: RefundWish = { orderId: order.id, amount, key: id, ...(waits ? { waits, except } : {}) };
      const { payments: facts, contested, lost } = await refund(tenant, wish);
      if (contested === 0) await closeRefund(tenant, order.id, id, { state: 'done', lost });
      else if (contested !== asked.waiting) await noteWaiting(tenant, order.id, id, contested);
      const known = await learnAll(tenant, await readOrder(reader, tenant, order.id), facts);
      return { ...known, ...seen, ...(contested === 0 ? {} : { contested: and(seen.contested, ASKED) }) };
    } catch (error) {
      if (
        !(error instanceof ShopError) ||
        (error.code !== 'conflict' && error.code !== 'invalid_input') ||
        isStale(error)
      )
        throw error;
      await closeRefund(tenant, order.id, id, { state: 'refused', problem: error.message });
      return { ...(await readOrder(reader, tenant, order.id)), ...seen };
    }
  }

  function letGo(tenant: TenantId, order: StoredOrder): Promise<StoredOrder> {
    const units = allWaiting(goodsOf(order.lines));
    const reason = 'Paid back before all of it had left.';
    return platform.sql.transaction(tenant, (tx) =>
      giveUp(tx, tenant, order, units, { ...by(reason), noted: true }),
    );
  }

  async function closeRefund(
    tenant: TenantId,
    orderId: string,
    id: string,
    { state, problem, lost = 0 }: { state: 'done' | 'refused'; problem?: string; lost?: number },
  ): Promise<void> {
    await platform.sql.query(
      tenant,
      `update orders_refunds set state = $4, problem = $5, lost = $6, waiting = 0
       where tenant_id = $1 and order_id = $2 and id = $3`,
      [tenant, orderId, id, state, problem ?? null, lost],
    );
  }

  /** For the merchant, who sees why it has not gone back. */
  async function noteWaiting(tenant: TenantId, orderId: string, id: string, waiting: number): Promise<void> {
    await platform.sql.query(
      tenant,
      `update orders_refunds set waiting = $4 where tenant_id = $1 and order_id = $2 and id = $3 and state = 'requested'`,
      [tenant, orderId, id, waiting],
    );
  }

  async function transition(tenant: TenantId, order: StoredOrder, change: Change): Promise<StoredOrder> {
    const settled = isSettled({ ...order, ...change, contested: undefined }, now());
    return changeOrderAlone(
      platform.sql,
      tenant,
      order,
      { ...change, settled },
      { ...by(), ...noteOf(order, change) },
    );
  }

  async function markSettled(tenant: TenantId, order: StoredOrder): Promise<void> {
    if (order.settled) return;
    await platform.sql.query(tenant, SETTLE, [tenant, order.id, order.version]);
  }

  /**
   * For weeks there is nothing to do: that the dispute is over is told, and wakes it. Should that ever be missed, it is looked at by itself,
   * ever less often.
   */
  function awaitBank(tenant: TenantId, order: StoredOrder, looks: number): Promise<void> {
    platform.log.info({ tenant, order: order.id }, 'what a bank contests is returned once it has decided');
    const pause = Math.min(settings.bankSeconds * 2 ** looks, LONGEST_BANK_SECONDS);
    return platform.sql.transaction(tenant, async (tx) => {
      await tx.query(SETTLE, [tenant, order.id, order.version]);
      await tx.enqueue({
        name: 'orders.look-again',
        payload: { orderId: order.id, looks: looks + 1 },
        key: order.id,
        runAt: after(now(), pause),
      });
    });
  }

  async function expireDue(tenant: TenantId, round: Round, signal: AbortSignal): Promise<void> {
    const { rows } = await platform.sql.query<{ id: string }>(
      tenant,
      `select id from orders_orders where tenant_id = $1 and status = 'pending_payment' and hold_expires_at <= $2
       order by hold_expires_at limit ${MOST_AT_ONCE}`,
      [tenant, now()],
    );
    await advanceAll(
      tenant,
      rows.map((row) => row.id),
      signal,
    );
    const { rows: ahead } = await platform.sql.query<{ next: Date | null }>(
      tenant,
      `select min(hold_expires_at) as next from orders_orders where tenant_id = $1 and status = 'pending_payment'`,
      [tenant],
    );
    const next = ahead[0]?.next ?? undefined;
    // What is due still could not be ended: not again at once.
    const soonest = after(now(), next !== undefined && next <= now() && rows.length < MOST_AT_ONCE ? 2 : 0);
    const runAt = next === undefined ? after(now(), settings.sweepSeconds) : next > soonest ? next : soonest;
    await goRound(tenant, 'orders.expire-due', 'expire', round, next !== undefined, runAt);
  }

  async function sweep(tenant: TenantId, round: Round, signal: AbortSignal): Promise<void> {
    const moment = now();
    const { rows } = await platform.sql.query<{ id: string; still: boolean }>(
      tenant,
      `select id, updated_at < $3 and (status <> 'pending_payment' or hold_expires_at < $2) as still
       from orders_orders where tenant_id = $1 and not settled order by updated_at limit ${MOST_AT_ONCE}`,
      [tenant, moment, after(moment, -settings.stuckSeconds)],
    );
    await advanceAll(
      tenant,
      rows.filter((row) => row.still).map((row) => row.id),
      signal,
    );
    await forgetCarts(tenant, moment);
    await goRound(
      tenant,
      'orders.sweep',
      'sweep',
      round,
      rows.length > 0,
      after(now(), settings.sweepSeconds),
    );
  }

  /** A few at a time; one that fails is left to the next round. */
  async function advanceAll(
    tenant: TenantId,
    orderIds: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const queue = [...orderIds];
    const worker = async (): Promise<void> => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        signal.throwIfAborted();
        await advance(tenant, id, signal).catch((error: unknown) =>
          platform.log.warn(
            { err: error, tenant, order: id },
            'an order could not be moved; tried again later',
          ),
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
  }

  async function goRound(
    tenant: TenantId,
    name: string,
    key: string,
    round: Round,
    busy: boolean,
    runAt: Date,
  ): Promise<void> {
    if (!busy && round.idle === true) return;
    const task = busy
      ? { name, payload: {}, key, runAt }
      : { name, payload: { idle: true }, key: `${key}-idle`, runAt };
    await platform.sql.transaction(tenant, (tx) => tx.enqueue(task));
  }

  /** Carts that nobody touched for a month; at most a few hundred at a time. */
  async function forgetCarts(tenant: TenantId, moment: Date): Promise<void> {
    await platform.sql.query(
      tenant,
      `with old as (
         select id from orders_carts where tenant_id = $1 and updated_at < $2 order by updated_at limit 300
       ), lines as (
         delete from orders_cart_lines l using old where l.tenant_id = $1 and l.cart_id = old.id
       )
       delete from orders_carts c using old where c.tenant_id = $1 and c.id = old.id and c.updated_at < $2`,
      [tenant, new Date(moment.getTime() - CARTS_KEPT_MS)],
    );
  }

  function by(reason?: string): { actor: string; reason: string | undefined; now: Date } {
    return { actor: SYSTEM, reason, now: now() };
  }

  return { advance, lookAgain, hear, expireDue, sweep };
}

const SETTLE = 'update orders_orders set settled = true where tenant_id = $1 and id = $2 and version = $3';

function and(parts: readonly string[] | undefined, part: string): readonly string[] {
  return [...(parts ?? []).filter((each) => each !== part), part];
}

/** What is left of all that was paid. */
function restOf({ id, captured, refunded, bounced }: StoredOrder): RefundWish {
  return { orderId: id, amount: captured - refunded, key: `${id}-rest-${refunded + bounced}` };
}

/** It came although an edit had done without it meanwhile. */
function surchargeOf({ id, surcharges }: StoredOrder, paymentId: string): RefundWish {
  const { captured = 0, refunded = 0, bounced = 0 } = surcharges.find((each) => each.id === paymentId) ?? {};
  return {
    orderId: id,
    paymentId,
    amount: captured - refunded,
    key: `${paymentId}-rest-${refunded + bounced}`,
  };
}

const RANK: Readonly<Record<PaymentState, number>> = {
  none: 0,
  pending: 1,
  authorized: 2,
  captured: 3,
  cancelled: 3,
};

/** What is new in the facts, as a change of the order; undefined when nothing is. */
export function newFacts(order: StoredOrder, facts: PaymentFacts): Change | undefined {
  if (facts.paymentId === paymentOfCheckout(order.id)) return ofCheckout(order, facts);
  const surcharge = order.surcharges.find(({ id }) => id === facts.paymentId);
  return surcharge === undefined ? undefined : ofSurcharge(order, surcharge, facts);
}

/**
 * Whether the order rests and knows of this capture already, as of what its saga did itself: nobody needs to lock and read all of it for that,
 * because facts only grow.
 */
export async function knowsCapture(
  sql: Reader,
  tenant: TenantId,
  facts: PaymentFacts & { readonly orderId: string },
): Promise<boolean> {
  const isPlain =
    facts.status === 'captured' &&
    facts.refunded === 0 &&
    (facts.bounced ?? 0) === 0 &&
    !facts.disputed &&
    facts.problem === undefined;
  if (!isPlain || facts.paymentId !== paymentOfCheckout(facts.orderId)) return false;
  const { rows } = await sql.query(
    `select from orders_orders where tenant_id = $1 and id = $2 and settled and payment = 'captured' and payment_problem is null
     and intent_id is not null`,
    [tenant, facts.orderId],
  );
  return rows.length > 0;
}

/** The order's row has the sums of all payments; what surcharges have of them is theirs. */
function ofCheckout(order: StoredOrder, facts: PaymentFacts): Change | undefined {
  const isTaken = order.payment === 'captured';
  const promised = facts.status === 'authorized' || facts.status === 'captured';
  // Once it is taken, an edit may have made the order another sum.
  if (promised && !isTaken && (facts.amount !== order.due || facts.currency !== order.currency))
    return wrongAmount(order, facts);
  const others = order.surcharges.filter(({ wanted }) => wanted);
  const before = {
    captured: order.captured - sum(others.map(({ captured }) => captured)),
    refunded: order.refunded - sum(others.map(({ refunded }) => refunded)),
    bounced: order.bounced - sum(others.map(({ bounced }) => bounced)),
  };
  const payment = further(order.payment, facts.status);
  // It is taken once, as a whole.
  const captured = isTaken ? before.captured : Math.max(before.captured, Math.min(facts.captured, order.due));
  const { refunded, bounced } = sentBack(before, facts, captured);
  const problem = facts.problem ?? null;
  const same =
    payment === order.payment &&
    captured === before.captured &&
    refunded === before.refunded &&
    bounced === before.bounced &&
    (order.disputed || !facts.disputed) &&
    problem === (order.paymentProblem ?? null) &&
    (order.intentId !== undefined || facts.intentId === undefined);
  if (same) return undefined;
  return {
    payment,
    payment_problem: problem,
    ...(facts.intentId === undefined ? {} : { intent_id: facts.intentId }),
    ...moneyMoved(
      order,
      {
        taken: captured - before.captured,
        returned: refunded - before.refunded,
        bounced: bounced - before.bounced,
      },
      facts.disputed,
    ),
  };
}

/** What was sent back only grows, and what of it failed later, too; what stayed back is the difference. */
function sentBack(
  before: { readonly refunded: number; readonly bounced: number },
  facts: PaymentFacts,
  captured: number,
): { readonly refunded: number; readonly bounced: number } {
  const heard = facts.bounced ?? 0;
  const bounced = Math.max(before.bounced, heard);
  const sent = Math.max(before.refunded + before.bounced, Math.min(facts.refunded, captured) + heard);
  return { refunded: Math.min(sent - bounced, captured), bounced };
}

function ofSurcharge(order: StoredOrder, before: Surcharge, facts: PaymentFacts): Change | undefined {
  const isOurs = facts.amount === before.amount && facts.currency === order.currency;
  const promised = facts.status === 'authorized' || facts.status === 'captured';
  const captured = Math.max(before.captured, isOurs ? facts.captured : 0);
  const surcharge: Surcharge = {
    ...before,
    payment: promised && !isOurs ? before.payment : further(before.payment, facts.status),
    captured,
    ...sentBack(before, facts, captured),
    intentId: before.intentId ?? facts.intentId,
    problem: promised && !isOurs ? wrongSum(facts, before.amount, order.currency) : facts.problem,
  };
  const disputes = facts.disputed && !order.disputed;
  const same =
    surcharge.payment === before.payment &&
    surcharge.captured === before.captured &&
    surcharge.refunded === before.refunded &&
    surcharge.bounced === before.bounced &&
    surcharge.problem === before.problem &&
    surcharge.intentId === before.intentId;
  if (same && !disputes) return undefined;
  // What is not wanted any more goes back from where it came, and pays nothing of the order.
  const counts = before.wanted ? 1 : 0;
  return {
    surcharge,
    ...moneyMoved(
      order,
      {
        taken: counts * (surcharge.captured - before.captured),
        returned: counts * (surcharge.refunded - before.refunded),
        bounced: counts * (surcharge.bounced - before.bounced),
      },
      facts.disputed,
    ),
  };
}

/** How much more of each than was known; less stays back where a refund failed. */
interface Moved {
  readonly taken: number;
  readonly returned: number;
  readonly bounced: number;
}

function moneyMoved(order: StoredOrder, moved: Moved, disputed: boolean): Change {
  const captured = order.captured + moved.taken;
  const refunded = order.refunded + moved.returned;
  const all = moneyIn(order, captured);
  const back = moneyBack({ ...order, refunded });
  // One that was paid back as a whole is so no more once a refund of it failed.
  const failed = moved.returned < 0 && order.status === 'refunded' && back < all;
  const status = failed
    ? 'partially_refunded'
    : moved.returned > 0
      ? statusAfterRefund({ status: order.status, captured: all }, back)
      : undefined;
  return {
    captured,
    refunded,
    ...(moved.bounced === 0 ? {} : { bounced: order.bounced + moved.bounced }),
    disputed: order.disputed || disputed,
    ...(status === undefined ? {} : { status }),
  };
}

/** What the merchant reads in the history of what was heard of a payment, although the status may stay. */
export function noteOf(order: StoredOrder, { bounced = 0 }: Change): Pick<By, 'reason' | 'noted'> {
  const failed = bounced - order.bounced;
  if (failed <= 0) return {};
  const reason = `A refund of ${failed} ${order.currency} (minor units) failed later: the money is with the shop again, and may be asked for anew.`;
  return { reason, noted: true };
}

/** A status only ever goes on, whichever message comes first. */
function further(known: PaymentState, heard: PaymentFacts['status']): PaymentState {
  return RANK[heard] > RANK[known] ? heard : known;
}

/** Money of another amount does not pay this order; a person has to look. */
function wrongAmount(order: StoredOrder, facts: PaymentFacts): Change | undefined {
  const problem = wrongSum(facts, order.due, order.currency);
  return problem === order.paymentProblem ? undefined : { payment_problem: problem };
}

function wrongSum(facts: PaymentFacts, due: number, currency: string): string {
  return `The payment is over ${facts.amount} ${facts.currency}, what is due over ${due} ${currency}.`;
}

function isTaken(order: StoredOrder): boolean {
  return order.stock === 'held' || order.stock === 'committed';
}

/** What the order had of promotions and gift cards, others may have. */
async function giveBack(tx: Transaction, tenant: TenantId, order: StoredOrder, now: Date): Promise<void> {
  if (order.discounts.length > 0) await releaseRedemptions(tx, tenant, order.id);
  if (order.gift > 0) await returnToCards(tx, tenant, order.id, undefined, now);
}

/** Thrown to leave a transaction: the units were to be had again, the price was not. */
class PriceGone extends Error {}

/** The shopper finds the cart as it was, and may try again. */
async function reopenCart(tx: Transaction, tenant: TenantId, order: StoredOrder): Promise<void> {
  await tx.query(
    `update orders_carts set status = 'open', order_id = null, version = version + 1
     where tenant_id = $1 and id = $2 and order_id = $3`,
    [tenant, order.cartId, order.id],
  );
}

function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
