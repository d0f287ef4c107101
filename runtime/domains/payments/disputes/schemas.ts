/** The shapes of disputes as merchants see and answer them, and of the events about them. */
import { z } from 'zod';
import { currency, provider } from '../schemas.ts';

export const disputeId = z
  .string()
  .regex(/^dsp_[0-9a-f]{32}$/, 'a dispute id: dsp_ and 32 hexadecimal digits');

/**
 * `needs_response`: until `dueAt` an answer counts. `under_review`: the bank decides. `won`: the money stays. `lost`: it is gone, and
 * counts as returned.
 */
export const disputeStatus = z.enum(['needs_response', 'under_review', 'won', 'lost']);

export const dispute = z.object({
  id: z.string(),
  paymentId: z.string(),
  orderId: z.string(),
  provider,
  /** What the provider calls it. */
  reference: z.string(),
  status: disputeStatus,
  /** In the provider's words: `fraudulent`, `product_not_received`. */
  reason: z.string(),
  amount: z.int(),
  currency,
  openedAt: z.string(),
  dueAt: z.string().optional(),
  /** What the shop answered. */
  evidence: z.string().optional(),
  answeredAt: z.string().optional(),
});

export const disputeQuery = z.object({
  status: disputeStatus.optional(),
  cursor: disputeId.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
/** Newest first. */
export const disputePage = z.object({ disputes: z.array(dispute), nextCursor: z.string().optional() });
export const ofDispute = z.strictObject({ disputeId });

/** What PayPal takes at most. */
export const evidence = z.strictObject({ text: z.string().trim().min(1).max(2_000) });

/** Evidence may name people, and is nobody's business but the merchant's. */
export const disputeEvent = dispute.omit({ evidence: true }).extend({ at: z.string() });

export type Dispute = z.infer<typeof dispute>;
export type DisputeStatus = z.infer<typeof disputeStatus>;
export type DisputeQuery = z.infer<typeof disputeQuery>;
