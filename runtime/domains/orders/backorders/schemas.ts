/** Selling beyond the shelf: how far a merchant lets it go, and what shoppers are told of it. */
import { z } from 'zod';

export const backorder = z.object({
  /** Units that may be promised beyond what is on the shelf; 0: none. */
  limit: z.int(),
  expectedAt: z.string().optional(),
});

export const setBackorder = z.strictObject({
  limit: z.int().min(0).max(1_000_000),
  /** When more are expected; shoppers see it. */
  expectedAt: z.iso.datetime().optional(),
});

/** Units of a line that ship later than the rest. */
export const later = z.object({ quantity: z.int(), expectedAt: z.string().optional() });

/** Units of an order that have not come in yet. */
export const missing = later.extend({ variantId: z.string() });

export type Missing = z.infer<typeof missing>;
export type SetBackorder = z.infer<typeof setBackorder>;
