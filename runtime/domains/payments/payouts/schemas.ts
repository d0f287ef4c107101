/** The shapes of payouts and of what differs between them and our payments. */
import { z } from 'zod';
import { flag } from '../../../platform/flag.ts';
import { currency } from '../schemas.ts';

/** As the provider calls it. */
export const payoutId = z
  .string()
  .regex(
    /^(?:po_[A-Za-z0-9]{1,100}|paypal_\d{4}-\d\d-\d\d_[A-Z]{3})$/,
    'a payout id: po_ and letters and digits, or paypal_, a day and a currency',
  );

export const payout = z.object({
  id: z.string(),
  /** `day`: of the ledger of a provider that leaves the money on its account; it arrives at once. */
  kind: z.enum(['payout', 'day']),
  /** `open`: the comparison goes on. */
  state: z.enum(['open', 'compared']),
  /** What arrives: charges + refunds + disputes + others − fees. */
  amount: z.int(),
  currency,
  createdAt: z.string(),
  arrivesAt: z.string(),
  /** How many movements it is made of, as far as they were compared. */
  entries: z.int(),
  charges: z.int(),
  refunds: z.int(),
  disputes: z.int(),
  fees: z.int(),
  others: z.int(),
  /** That could not be healed. */
  differences: z.int(),
  comparedAt: z.string().optional(),
});

/**
 * `missing_here`: the provider has it, we do not. `missing_there`: we took money long ago, and no payout has it. `amount_differs`: both have
 * it, over different amounts.
 */
export const difference = z.object({
  id: z.string(),
  payoutId: z.string().optional(),
  kind: z.enum(['missing_here', 'missing_there', 'amount_differs']),
  what: z.enum(['charge', 'refund', 'dispute', 'payout']),
  paymentId: z.string().optional(),
  orderId: z.string().optional(),
  /** At the provider. */
  intentId: z.string().optional(),
  /** Minor units: ours, and the provider's. */
  here: z.int(),
  there: z.int(),
  currency,
  /** The provider was asked again, and now both say the same. */
  healed: z.boolean(),
  foundAt: z.string(),
});

export const payoutQuery = z.object({
  /** The last one already seen. */
  cursor: payoutId.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
/** Newest first. */
export const payoutPage = z.object({ payouts: z.array(payout), nextCursor: z.string().optional() });

export const differenceQuery = z.object({
  payoutId: payoutId.optional(),
  /** Absent: also what was healed. */
  open: flag().optional(),
  cursor: z.string().max(255).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
/** By their ids. */
export const differencePage = z.object({
  differences: z.array(difference),
  nextCursor: z.string().optional(),
});

export const payoutEvent = payout.extend({ at: z.string() });
export const ofPayout = z.strictObject({ payoutId: z.string().max(255) });

export type Payout = z.infer<typeof payout>;
export type Difference = z.infer<typeof difference>;
export type PayoutQuery = z.infer<typeof payoutQuery>;
export type DifferenceQuery = z.infer<typeof differenceQuery>;
