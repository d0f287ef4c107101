/**
 * The shapes that enter and leave the payments domain: its operations, its public status and its events.
 */
import { z } from 'zod';

export const orderId = z.string().regex(/^ord_[0-9a-f]{32}$/, 'an order id: ord_ and 32 hexadecimal digits');
export const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR');
const amount = z.int().min(1).max(99_999_999_999);

/**
 * `pending`: no money promised yet. `authorized`: reserved on the card. `captured`: taken. `cancelled`: will never be taken.
 * Returned money is told by `refunded`, not by the status.
 */
export const paymentStatus = z.enum(['pending', 'authorized', 'captured', 'cancelled']);

export const createIntent = z.strictObject({
  orderId,
  amount,
  currency,
  /** SHA-256 of the order's access token, hex: opens the public status. */
  tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
});
export const ofOrder = z.strictObject({ orderId });
export const refund = z.strictObject({
  orderId,
  amount,
  /** Makes the refund happen once. */
  key: z.string().min(1).max(120),
});

export const payment = z.object({
  orderId: z.string(),
  intentId: z.string().optional(),
  status: paymentStatus,
  amount: z.int(),
  currency,
  captured: z.int(),
  refunded: z.int(),
  disputed: z.boolean(),
  /** The last refusal, in words for the shopper. */
  problem: z.string().optional(),
});

/** What the browser needs to confirm; no card data ever reaches the shop. */
export const paymentStart = z.object({
  intentId: z.string(),
  status: z.string(),
  clientSecret: z.string(),
  publishableKey: z.string(),
  processorOrigin: z.string(),
});

export const publicStatus = z.object({
  orderId: z.string(),
  status: paymentStatus,
  amount: z.int(),
  currency,
  captured: z.int(),
  refunded: z.int(),
  problem: z.string().optional(),
});

export const paymentEvent = payment.extend({ at: z.string() });

export type Payment = z.infer<typeof payment>;
export type PaymentEvent = z.infer<typeof paymentEvent>;
export type PaymentStart = z.infer<typeof paymentStart>;
export type PaymentStatus = z.infer<typeof paymentStatus>;
