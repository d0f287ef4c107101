/** What an edit comes to: shown to the merchant, kept with it, and told to others. */
import { z } from 'zod';
import { units } from '../fulfilment/schemas.ts';

export const sums = z.object({
  subtotal: z.int(),
  discount: z.int(),
  shipping: z.int(),
  tax: z.int(),
  total: z.int(),
});

/** Of an edit that was made, or what it would come to if it were made now. */
export const outcome = z.object({
  before: sums,
  after: sums,
  added: z.array(units),
  removed: z.array(units),
  /** What goes back, at most: refunds before it may have left less. */
  refund: z.int(),
  /** What is to be paid then, of this edit and others. */
  owed: z.int(),
});

/** As others are told of it. */
export const editedFacts = outcome.extend({ id: z.string(), reason: z.string().optional() });

export type EditedFacts = z.infer<typeof editedFacts>;
export type Outcome = z.infer<typeof outcome>;
