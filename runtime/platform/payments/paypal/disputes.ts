/** PayPal's disputes, and what they are in the words of the port. */
import { z } from 'zod';
import type { PaymentDispute } from '../../ports.ts';
import { toMinor } from './amounts.ts';
import { PREFIX } from './orders.ts';

export const dispute = z.object({
  dispute_id: z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
  create_time: z.iso.datetime({ offset: true }),
  reason: z.string().default('OTHER'),
  status: z.string(),
  dispute_amount: z.object({ currency_code: z.string(), value: z.string() }),
  seller_response_due_date: z.iso.datetime({ offset: true }).optional(),
  disputed_transactions: z.array(z.object({ seller_transaction_id: z.string().optional() })).default([]),
  dispute_outcome: z.object({ outcome_code: z.string() }).optional(),
});

export const disputePage = z.object({
  items: z.array(z.object({ dispute_id: dispute.shape.dispute_id })).default([]),
  links: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
});

export type Dispute = z.infer<typeof dispute>;

/** @returns PayPal's id, as it may stand in a path; undefined for what is none of PayPal's */
export function disputeIdOf(id: string): string | undefined {
  return /^paypal_([A-Za-z0-9-]{1,100})$/.exec(id)?.[1];
}

/** @param orderId the disputed capture's, where there is one */
export function toDispute(from: Dispute, orderId: string | undefined): PaymentDispute {
  const { currency_code: currency, value } = from.dispute_amount;
  const due = from.seller_response_due_date;
  return {
    id: `${PREFIX}${from.dispute_id}`,
    intentId: orderId === undefined ? undefined : `${PREFIX}${orderId}`,
    status: statusOf(from),
    reason: from.reason.toLowerCase(),
    amount: toMinor(value, currency),
    currency,
    openedAt: new Date(from.create_time),
    dueAt: due === undefined ? undefined : new Date(due),
  };
}

/** Where PayPal pays the buyer itself, or the buyer gives up, the shop keeps its money. */
const KEPT = new Set([
  'RESOLVED_SELLER_FAVOUR',
  'RESOLVED_WITH_PAYOUT',
  'CANCELED_BY_BUYER',
  'DENIED',
  'NONE',
]);

function statusOf({ status, dispute_outcome: outcome }: Dispute): PaymentDispute['status'] {
  if (status === 'RESOLVED') return KEPT.has(outcome?.outcome_code ?? 'NONE') ? 'won' : 'lost';
  return status === 'WAITING_FOR_SELLER_RESPONSE' || status === 'OPEN' ? 'needs_response' : 'under_review';
}
