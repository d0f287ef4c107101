/**
 * The life of an order as a pure function: which status may follow which, and what is to be done next.
 * The saga is level-triggered: it never asks what happened, only what is so, and so it can be resumed anywhere.
 */
import type { OrderStatus } from './schemas.ts';

/** Where the order's units are: promised, sold, gone to the shopper, or back on the shelf. */
export type StockState = 'held' | 'committed' | 'partly_shipped' | 'shipped' | 'released';
/** What orders last heard of the payment; `none` until an intent exists. */
export type PaymentState = 'none' | 'pending' | 'authorized' | 'captured' | 'cancelled';

/** A payment beside the checkout's: an edit or an exchange made the order dearer. */
export interface SurchargeState {
  readonly id: string;
  /** False once another edit has done without it: what comes of it then goes back as a whole. */
  readonly wanted: boolean;
  readonly payment: PaymentState;
  readonly captured: number;
  readonly refunded: number;
  /** What was sent back and failed later; a person decides what becomes of it. */
  readonly bounced: number;
}

/** As much of an order as its next step depends on. */
export interface OrderState {
  readonly status: OrderStatus;
  readonly stock: StockState;
  readonly payment: PaymentState;
  /** What is to be paid; where that is nothing, no payment is waited for. */
  readonly due: number;
  /** By all payments together that are wanted, and what of that went back. */
  readonly captured: number;
  readonly refunded: number;
  /** What was sent back and failed later: asked for again by itself it would only fail again, so a person decides what becomes of it. */
  readonly bounced: number;
  /** Who wants it cancelled, once somebody does. */
  readonly cancelActor: string | undefined;
  readonly holdExpiresAt: Date;
  readonly refundRequested: boolean;
  /** Only of orders that were confirmed. */
  readonly surcharges: readonly SurchargeState[];
  /**
   * What was just found to be a bank's to decide: `rest`, `asked`, or the id of a surcharge. None of that is asked for again in this round; it
   * is no fact about the order, and the next round asks anew.
   */
  readonly contested?: readonly string[] | undefined;
  /** Whether an exchange that is under way keeps units that wait: it decides on them. */
  readonly exchanging?: boolean | undefined;
}

/** Of `contested`: what was paid for an order that has ended. */
export const REST = 'rest';
/** Of `contested`: what was asked for while the order was alive. */
export const ASKED = 'asked';

export type Step =
  /** Nothing to do until someone or something else acts. */
  | { readonly do: 'rest' }
  | { readonly do: 'wait'; readonly until: Date }
  /** Ask the processor once more, then give the stock back and the order up. */
  | { readonly do: 'expire' }
  /** Turn the held units into sold ones: the money is promised. */
  | { readonly do: 'commitStock' }
  /** The money came after the hold had ended: take the units again, or give up. */
  | { readonly do: 'retakeStock' }
  | { readonly do: 'capture' }
  | { readonly do: 'confirm' }
  /** Give the units back and end the order; the money is returned by later steps. */
  | { readonly do: 'cancel'; readonly why: 'asked' | 'payment_lost' }
  | { readonly do: 'cancelPayment' }
  | { readonly do: 'returnPayment' }
  | { readonly do: 'captureSurcharge' | 'cancelSurcharge' | 'returnSurcharge'; readonly id: string }
  | { readonly do: 'refund' }
  /** All of the money has gone back, and nobody ships it any more: units that wait are others' to buy. */
  | { readonly do: 'letGo' };

const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  pending_payment: ['authorized', 'cancelled', 'expired'],
  authorized: ['confirmed', 'cancelled'],
  confirmed: ['partially_fulfilled', 'fulfilled', 'partially_refunded', 'refunded', 'cancelled'],
  partially_fulfilled: ['fulfilled', 'delivered', 'partially_refunded', 'refunded'],
  // Goods of an exchange wait to leave again.
  fulfilled: ['delivered', 'partially_fulfilled', 'partially_refunded', 'refunded'],
  delivered: ['partially_fulfilled', 'partially_refunded', 'refunded'],
  partially_refunded: ['refunded', 'cancelled'],
  // A refund failed later.
  refunded: ['partially_refunded'],
  cancelled: [],
  expired: ['authorized', 'cancelled'],
};

export function isLegal(from: OrderStatus, to: OrderStatus): boolean {
  return NEXT[from].includes(to);
}

/** Whether a merchant or shopper may still ask to cancel the whole of it. Shipped goods are refunded, not cancelled. */
export function mayCancel(order: Pick<OrderState, 'status' | 'stock'>): boolean {
  return isLegal(order.status, 'cancelled') && order.stock !== 'shipped' && order.stock !== 'partly_shipped';
}

/** Whether units may leave, or be given up, one by one: the order is paid, and nobody wants it gone. */
export function mayShip(order: Pick<OrderState, 'status' | 'stock' | 'cancelActor'>): boolean {
  return (
    ['confirmed', 'partially_fulfilled', 'partially_refunded'].includes(order.status) &&
    (order.stock === 'committed' || order.stock === 'partly_shipped') &&
    order.cancelActor === undefined
  );
}

/** The one thing to do next. Doing it, and asking again, ends in `rest` or `wait` from every state. */
export function nextStep(order: OrderState, now: Date): Step {
  switch (order.status) {
    case 'pending_payment':
      return whilePending(order, now);
    case 'authorized':
      return whileAuthorized(order);
    case 'expired':
      if (order.due > 0 && hasMoney(order) && order.cancelActor === undefined) return { do: 'retakeStock' };
      return afterTheEnd(order);
    case 'cancelled':
      // What was asked for before is done first: the processor may know of it, and returns no more than it took.
      return surchargeStep(order) ?? (mayRefund(order) ? { do: 'refund' } : afterTheEnd(order));
    case 'confirmed':
    case 'partially_refunded':
      if (order.cancelActor !== undefined && mayCancel(order)) return { do: 'cancel', why: 'asked' };
      return afterConfirmation(order);
    case 'partially_fulfilled':
    case 'fulfilled':
    case 'delivered':
    case 'refunded':
      return afterConfirmation(order);
  }
}

function afterConfirmation(order: OrderState): Step {
  const step = surchargeStep(order);
  if (step !== undefined) return step;
  if (mayRefund(order)) return { do: 'refund' };
  return mayLetGo(order) ? { do: 'letGo' } : { do: 'rest' };
}

function mayRefund({ refundRequested, contested = [] }: OrderState): boolean {
  return refundRequested && !contested.includes(ASKED);
}

function mayLetGo({ status, stock, exchanging = false }: OrderState): boolean {
  return status === 'refunded' && (stock === 'committed' || stock === 'partly_shipped') && !exchanging;
}

/** What is to be done for one of its surcharges, if for any. */
function surchargeStep({
  status,
  surcharges,
  refundRequested,
  contested = [],
}: OrderState): Step | undefined {
  const isOver = status === 'cancelled' || status === 'refunded';
  for (const { id, wanted, payment, captured, refunded, bounced } of surcharges) {
    const isEnded = payment === 'captured' || payment === 'cancelled';
    if ((!wanted || isOver) && !isEnded) return { do: 'cancelSurcharge', id };
    if (payment === 'authorized') return { do: 'captureSurcharge', id };
    // It was taken while an edit did without it, or while all the rest went back. Of a cancelled order all goes back as one.
    const paysNothing = !wanted || (status === 'refunded' && !refundRequested);
    if (paysNothing && refunded + bounced < captured && !contested.includes(id))
      return { do: 'returnSurcharge', id };
  }
  return undefined;
}

/**
 * What an edit or an exchange made the order dearer by, and nobody has paid yet. Before it is confirmed, and once it is over, nothing is owed that
 * way.
 */
export function owedOf(order: Pick<OrderState, 'status' | 'due' | 'captured'>): number {
  return OWING.has(order.status) ? order.due - order.captured : 0;
}
const OWING: ReadonlySet<OrderStatus> = new Set([
  'confirmed',
  'partially_fulfilled',
  'fulfilled',
  'delivered',
  'partially_refunded',
]);

/** Whether an edit may change what is in it: it is paid, some of it has not left, and nobody wants it gone. */
export function mayEdit(order: Pick<OrderState, 'status' | 'stock' | 'cancelActor'>): boolean {
  return mayShip(order);
}

/** Whether other goods may go out for some that have left: it is paid, and not all of its money has gone back. */
export function mayExchange(order: Pick<OrderState, 'status' | 'stock' | 'cancelActor'>): boolean {
  return (
    ['partially_fulfilled', 'fulfilled', 'delivered', 'partially_refunded'].includes(order.status) &&
    (order.stock === 'shipped' || order.stock === 'partly_shipped') &&
    order.cancelActor === undefined
  );
}

/** Whether the saga is done with this order for as long as nobody acts. */
export function isSettled(order: OrderState, now: Date): boolean {
  return nextStep(order, now).do === 'rest';
}

/** The status after money was returned; undefined when it stays as it is. */
export function statusAfterRefund(
  order: Pick<OrderState, 'status' | 'captured'>,
  refunded: number,
): OrderStatus | undefined {
  if (refunded === 0) return undefined;
  const to = refunded >= order.captured ? 'refunded' : 'partially_refunded';
  return isLegal(order.status, to) ? to : undefined;
}

function whilePending(order: OrderState, now: Date): Step {
  if (order.cancelActor !== undefined) return { do: 'cancel', why: 'asked' };
  if (hasMoney(order)) return { do: 'commitStock' };
  if (order.payment === 'cancelled') return { do: 'cancel', why: 'payment_lost' };
  return order.holdExpiresAt <= now ? { do: 'expire' } : { do: 'wait', until: order.holdExpiresAt };
}

function whileAuthorized(order: OrderState): Step {
  if (order.payment === 'captured' || order.due === 0) return { do: 'confirm' };
  if (order.cancelActor !== undefined) return { do: 'cancel', why: 'asked' };
  return order.payment === 'cancelled' ? { do: 'cancel', why: 'payment_lost' } : { do: 'capture' };
}

function afterTheEnd(order: OrderState): Step {
  // What was asked for before waits for a bank: the rest stands behind it, or both would count as the same money.
  const isContested = order.contested?.some((part) => part === REST || part === ASKED) === true;
  if (order.refunded + order.bounced < order.captured && !isContested) return { do: 'returnPayment' };
  if (order.due === 0) return { do: 'rest' };
  switch (order.payment) {
    case 'cancelled':
    case 'captured':
      return { do: 'rest' };
    case 'none':
    case 'pending':
    case 'authorized':
      return { do: 'cancelPayment' };
  }
}

function hasMoney(order: OrderState): boolean {
  if (order.due === 0) return true;
  return (
    order.payment === 'authorized' ||
    (order.payment === 'captured' && order.refunded + order.bounced < order.captured)
  );
}
