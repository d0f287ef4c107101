/** Which payment is meant: by us, and by an intent at the processor. */
import type { PaymentIntent } from '../../platform/ports.ts';
import * as s from './schemas.ts';

/** A payment, and the order it is for. */
export interface Named {
  readonly paymentId: string;
  readonly orderId: string;
}

/** What the processor was told when the intent was made; nothing where it is none of ours. */
export function namedBy({ metadata }: PaymentIntent): Named | undefined {
  const orderId = s.orderId.safeParse(metadata['order_id']).data;
  if (orderId === undefined) return undefined;
  // An intent from before payments had ids is its order's first.
  const named = metadata['payment_id'] ?? s.paymentOfCheckout(orderId);
  const paymentId = s.paymentId.safeParse(named).data;
  return paymentId === undefined ? undefined : { paymentId, orderId };
}
