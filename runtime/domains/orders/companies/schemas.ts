/** What an order says of the company it was bought for, and what its members ask. */
import { z } from 'zod';

/** Their own number for it, which stands on the bill. */
export const purchaseOrder = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^\P{Cc}*$/u, 'no control characters');

/** Of many lines, but no other control characters. */
export const approvalMessage = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .regex(/^[\P{Cc}\n]*$/u, 'no control characters');

export const orderCompany = z.object({
  id: z.string(),
  name: z.string(),
  purchaseOrder: z.string().optional(),
  /** Of an order on account: until when it is to be paid. */
  dueAt: z.string().optional(),
});
export type OrderCompany = z.infer<typeof orderCompany>;
