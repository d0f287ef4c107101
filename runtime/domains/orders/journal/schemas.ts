/** The shapes of an order's journal. */
import { z } from 'zod';

const fact = z.union([z.string(), z.int(), z.boolean(), z.null()]);
/** By the name of what changed: `status`, `captured`, `giftRefunded`, … */
const facts = z.record(z.string(), fact);

export const journalQuery = z.object({
  /** What the order was at that moment; now when absent. */
  at: z.iso.datetime({ offset: true }).optional(),
});

const difference = z.object({ fact: z.string(), journal: fact, order: fact });

export const journal = z.object({
  orderId: z.string(),
  entries: z.array(
    z.object({
      sequence: z.int(),
      at: z.string(),
      actor: z.string(),
      reason: z.string().optional(),
      /** Absent in what was written before there was a journal. */
      change: facts.optional(),
    }),
  ),
  /** What the entries come to; absent where they do not go back to the beginning. */
  facts: facts.optional(),
  /** Where the order is not what its journal says now. */
  differences: z.array(difference),
});

export const journalCheckQuery = z.object({
  cursor: z.string().max(80).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(200),
});

export const journalCheck = z.object({
  /** Orders that were looked at, and those of them whose journal does not go back to the beginning. */
  checked: z.int(),
  unknown: z.int(),
  differing: z.array(z.object({ orderId: z.string(), differences: z.array(difference) })),
  nextCursor: z.string().nullable(),
});
