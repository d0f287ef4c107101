/**
 * What a look at the processor's intent teaches about our payment: a pure merge that only ever goes forward, so that
 * messages may be repeated, late or out of order.
 */
import type { PaymentDispute, PaymentIntent } from '../../platform/ports.ts';
import type { PaymentStatus } from './schemas.ts';

export interface StoredPayment {
  readonly id: string;
  readonly orderId: string;
  /** Counts up when the shopper pays otherwise: each attempt has an intent of its own. */
  readonly attempt: number;
  readonly intentId: string | undefined;
  readonly status: PaymentStatus;
  readonly amount: number;
  readonly currency: string;
  readonly captured: number;
  /** What went back, by the shop or by a bank, and stayed there. */
  readonly refunded: number;
  /** What the shop sent back and failed later: it is with the shop again. It only grows, as the sum of both does. */
  readonly bounced: number;
  /** Of that, what banks took back for good. */
  readonly lost: number;
  /** Once contested by a bank, for ever. */
  readonly disputed: boolean;
  readonly problem: string | undefined;
  readonly tokenHash: string | undefined;
}

export type Happening =
  | 'authorized'
  | 'captured'
  | 'failed'
  | 'cancelled'
  | 'refunded'
  | 'refund_failed'
  | 'disputed';

/** Captured and cancelled exclude each other: whichever the processor reached first is the end. */
const RANK: Readonly<Record<PaymentStatus, number>> = {
  pending: 0,
  authorized: 1,
  captured: 2,
  cancelled: 2,
};

/** @returns the payment with what is new, and the news in the order in which they happened; none when nothing is new */
export function observe(
  payment: StoredPayment,
  intent: PaymentIntent,
): { readonly payment: StoredPayment; readonly happened: readonly Happening[] } {
  if (intent.amount !== payment.amount || intent.currency !== payment.currency)
    return mismatch(payment, intent);
  const seen = statusOf(intent);
  const status = RANK[seen] > RANK[payment.status] ? seen : payment.status;
  const captured =
    status === 'captured'
      ? Math.max(payment.captured, Math.min(intent.amountCaptured, payment.amount))
      : payment.captured;
  const bounced = Math.max(payment.bounced, intent.amountBounced ?? 0);
  const sent = Math.max(
    payment.refunded + payment.bounced,
    intent.amountRefunded + (intent.amountBounced ?? 0) + payment.lost,
  );
  const refunded = Math.min(sent - bounced, captured);
  const disputed = payment.disputed || intent.disputed;
  const problem = status === 'pending' ? (intent.lastError ?? payment.problem) : undefined;
  const happened: Happening[] = [];
  if (problem !== undefined && problem !== payment.problem) happened.push('failed');
  if (status !== payment.status && status !== 'pending') happened.push(status);
  if (refunded > payment.refunded) happened.push('refunded');
  if (bounced > payment.bounced) happened.push('refund_failed');
  if (disputed && !payment.disputed) happened.push('disputed');
  return {
    payment: {
      ...payment,
      intentId: payment.intentId ?? intent.id,
      status,
      captured,
      refunded,
      bounced,
      disputed,
      problem,
    },
    happened,
  };
}

/** A bank contests a payment, and perhaps has just taken its money back: then that counts as returned. */
export function loseTo(
  payment: StoredPayment,
  { amount, currency }: Pick<PaymentDispute, 'amount' | 'currency'>,
  isLost: boolean,
): { readonly payment: StoredPayment; readonly happened: readonly Happening[] } {
  const gone = isLost && currency === payment.currency ? amount : 0;
  const refunded = Math.min(payment.refunded + gone, payment.captured);
  const happened: Happening[] = payment.disputed ? [] : ['disputed'];
  if (refunded > payment.refunded) happened.push('refunded');
  const lost = Math.min(payment.lost + gone, payment.captured);
  return { payment: { ...payment, disputed: true, refunded, lost }, happened };
}

/** Whether an intent is not the one that this payment stands on: it was left for another, or never became it. */
export function isStray({ attempt, intentId }: StoredPayment, intent: PaymentIntent): boolean {
  if (intentId !== undefined) return intentId !== intent.id;
  return (intent.metadata['attempt'] ?? '0') !== String(attempt);
}

/**
 * Money is taken by the intent that a payment's row names, and by no other. A row that took nothing, beside an intent of its payment that
 * did, was lost (as by a restore) and written anew by the message of an attempt that had been left: it goes on with the one that was paid.
 */
export function regained(payment: StoredPayment, intent: PaymentIntent): StoredPayment {
  const isSame = intent.amount === payment.amount && intent.currency === payment.currency;
  const wasLost = isStray(payment, intent) && intent.status === 'succeeded' && payment.captured === 0;
  return wasLost && isSame
    ? { ...payment, intentId: intent.id, status: 'pending', problem: undefined }
    : payment;
}

/** Money of another amount than we asked for is never taken for ours. */
function mismatch(
  payment: StoredPayment,
  intent: PaymentIntent,
): { payment: StoredPayment; happened: readonly Happening[] } {
  const problem = `The processor's intent is over ${intent.amount} ${intent.currency}, not ${payment.amount} ${payment.currency}.`;
  return { payment: { ...payment, problem }, happened: problem === payment.problem ? [] : ['failed'] };
}

function statusOf(intent: PaymentIntent): PaymentStatus {
  switch (intent.status) {
    case 'requires_capture':
      return 'authorized';
    case 'succeeded':
      return 'captured';
    case 'canceled':
      return 'cancelled';
    case 'requires_payment_method':
    case 'requires_confirmation':
    case 'requires_action':
    case 'processing':
      return 'pending';
  }
}
