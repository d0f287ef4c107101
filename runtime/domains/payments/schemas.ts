/**
 * The shapes that enter and leave the payments domain: its operations, its public status and its events.
 */
import { z } from 'zod';

export const orderId = z.string().regex(/^ord_[0-9a-f]{32}$/, 'an order id: ord_ and 32 hexadecimal digits');
export const paymentId = z
  .string()
  .regex(/^pay_[0-9a-f]{32}$/, 'a payment id: pay_ and 32 hexadecimal digits');
export const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR');
const amount = z.int().min(1).max(99_999_999_999);

/** Who takes the money. With Stripe the shopper pays by card in the shop's page, with PayPal on PayPal's. */
export const provider = z.enum(['stripe', 'paypal']);

/**
 * `pending`: no money promised yet. `authorized`: reserved on the card. `captured`: taken. `cancelled`: will never be taken.
 * Returned money is told by `refunded`, not by the status.
 */
export const paymentStatus = z.enum(['pending', 'authorized', 'captured', 'cancelled']);

/**
 * The first payment of an order, the checkout's, is called as the order is; later ones have ids of their own, which sort behind it.
 */
export function paymentOfCheckout(order: string): string {
  return order.replace(/^ord_/, 'pay_');
}

export const createIntent = z.strictObject({
  paymentId,
  orderId,
  amount,
  currency,
  /** SHA-256 of the order's access token, hex: opens the public status. */
  tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** As the shopper chose; absent: as before, or the shop's usual. */
  provider: provider.optional(),
  /** The order was placed just now, so that nobody can have asked for this payment before: it is not looked for. */
  isNew: z.boolean().optional(),
});
export const ofPayment = z.strictObject({ paymentId, orderId });
export const ofIntent = ofPayment.extend({ intentId: z.string().max(255) });
/** Of all that an order's payments took; `spread.ts` says from which it is taken. */
export const refund = z.strictObject({
  orderId,
  /** From this one alone. */
  paymentId: paymentId.optional(),
  amount,
  /** Makes the refund happen once. */
  key: z.string().min(1).max(120),
  /** What a bank contests is left out, and the answer says how much that is; otherwise a refund that needs it is refused. */
  sparing: z.boolean().optional(),
  /** What a bank contests is kept for this refund: asked for again once the bank has decided, it goes back, less what the bank took. */
  waits: z.boolean().optional(),
  /** Payments of the order that it is not taken from: they go back as a whole. */
  except: z.array(paymentId).max(1_000).optional(),
});

export const payment = z.object({
  paymentId: z.string(),
  orderId: z.string(),
  intentId: z.string().optional(),
  status: paymentStatus,
  amount: z.int(),
  currency,
  captured: z.int(),
  refunded: z.int(),
  /** Beside what was returned: what was sent back and failed later, so that it is with the shop again. */
  bounced: z.int().optional(),
  /** Of what was returned, what banks took back for good. */
  lost: z.int().optional(),
  /** Whether a bank has ever contested it; whether one does now, its disputes say. */
  disputed: z.boolean(),
  /** The last refusal, in words for the shopper. */
  problem: z.string().optional(),
});

/**
 * The payments that a refund was taken from, as they are now; what was left out, or waits, because a bank contests it; and what banks took of
 * it while it waited.
 */
export const refunded = z.object({ payments: z.array(payment), contested: z.int(), lost: z.int() });

/** What the browser needs to confirm; no card data ever reaches the shop. */
export const paymentStart = z.object({
  paymentId: z.string(),
  intentId: z.string(),
  status: z.string(),
  provider,
  /** Whom the shopper may choose; asked for again with another of them, the payment goes there. */
  providers: z.array(provider),
  /** Where the shopper agrees, at a provider with a page of its own; they come back to the checkout. Then the next three are empty. */
  approveUrl: z.string().optional(),
  clientSecret: z.string(),
  publishableKey: z.string(),
  processorOrigin: z.string(),
});

export const publicStatus = z.object({
  paymentId: z.string(),
  orderId: z.string(),
  status: paymentStatus,
  amount: z.int(),
  currency,
  captured: z.int(),
  refunded: z.int(),
  problem: z.string().optional(),
});

export const paymentEvent = payment.extend({ at: z.string() });

export type CreateIntent = z.infer<typeof createIntent>;
export type Payment = z.infer<typeof payment>;
export type PaymentEvent = z.infer<typeof paymentEvent>;
export type PaymentStart = z.infer<typeof paymentStart>;
export type PaymentStatus = z.infer<typeof paymentStatus>;
export type Refund = z.infer<typeof refund>;
export type Refunded = z.infer<typeof refunded>;
