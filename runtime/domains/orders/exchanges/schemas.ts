/** Exchanges: returns for which other goods go out. What shoppers wish, what merchants agree to, and what is shown of it. */
import { z } from 'zod';
import { unitsList } from '../fulfilment/schemas.ts';

const variantId = z.string().min(1).max(80);
const quantity = z.int().min(1).max(999);
/** Minor units. */
const amount = z.int().min(0).max(99_999_999_999);

/** Goods that go out. */
const wanted = {
  variantId,
  quantity,
  /** A variant of the same product that comes back: it goes out for what that was paid with, whatever either costs today. */
  insteadOf: variantId.optional(),
};

const linesOf = <Line extends z.ZodType<{ readonly variantId: string }>>(line: Line) =>
  z
    .array(line)
    .min(1)
    .max(100)
    .refine(
      (lines) => new Set(lines.map((each) => each.variantId)).size === lines.length,
      'name each variant once',
    );

/** What a shopper would have instead; `insteadOf` only of what costs no more today. */
export const wishExchange = z.strictObject({ lines: linesOf(z.strictObject(wanted)) });

/** When goods go out: at once, or not before the others have come back. */
export const sends = z.enum(['at_once', 'on_receipt']);

/** What a merchant agrees to. */
export const exchangeTerms = z.strictObject({
  lines: linesOf(
    z.strictObject({
      ...wanted,
      /** Minor units, instead of today's price; of a variant that the order has already, at most what it has it at. */
      unitPrice: amount.optional(),
    }),
  ),
  send: sends.default('on_receipt'),
  /** Days for which goods are kept that wait for those that come back. */
  keepDays: z.int().min(1).max(365).default(30),
  /** Minor units kept of what the goods that come back are worth, for bringing them back. */
  fee: amount.default(0),
  /** What the merchant saw: to be paid in addition, or, below zero, to go back. A different difference is refused. */
  expectedDifference: z.int().min(-99_999_999_999).max(99_999_999_999).optional(),
});

/** What an exchange comes to, in minor units. */
export const sums = z.object({
  /** What the goods that come back count for. */
  worth: z.int(),
  fee: z.int(),
  /** What the goods that go out come to, tax included. */
  goods: z.int(),
  /** goods + fee − worth: to be paid in addition, or, below zero, left of what comes back. */
  difference: z.int(),
  /** What the goods that come back pay of those that go out. */
  credited: z.int(),
  /** What is left of that once they have come: it spares what the order owes, and the rest goes back. */
  refund: z.int(),
  /** What is to be paid then, of everything the order owes. */
  owed: z.int(),
});

const outgoing = z.object({
  variantId: z.string(),
  quantity: z.int(),
  insteadOf: z.string().optional(),
  unitPrice: z.int().optional(),
  title: z.string(),
  variantTitle: z.string().optional(),
});

/** As kept with its return, and shown to both sides. */
export const exchange = z.object({
  /** Goods that go out, or shall. */
  lines: z.array(outgoing),
  send: sends,
  fee: z.int(),
  /** Of one that is not agreed to: days for which goods shall be kept that wait for the others. */
  keepDays: z.int().optional(),
  /** Of one that is not agreed to: what the merchant saw as the difference when they entered it. */
  expectedDifference: z.int().optional(),
  /** Of one that its company has approved: why it could not be agreed to then. The merchant may agree to it on other terms. */
  problem: z.string().optional(),
  /** Until when the others have to come back, where goods wait for that; then they are let go. */
  keptUntil: z.string().optional(),
  /** Once it is agreed: what it comes to, and what of that each line that comes back counts for. */
  sums: sums.optional(),
  counted: z
    .array(
      z.object({
        variantId: z.string(),
        /** The bundle's variant, where it was bought as a part of one. */
        bundle: z.string().optional(),
        quantity: z.int(),
        amount: z.int(),
      }),
    )
    .optional(),
});

export const previewExchange = z.strictObject({
  /** What comes back. */
  back: unitsList,
  exchange: exchangeTerms,
});

/** As shoppers ask: at today's prices. */
export const previewWish = z.strictObject({ back: previewExchange.shape.back, exchange: wishExchange });

export const exchangePreview = z.object({
  currency: z.string(),
  sums,
  lines: z.array(
    z.object({
      variantId: z.string(),
      title: z.string(),
      variantTitle: z.string().optional(),
      quantity: z.int(),
      /** Minor units, and what is off the units that go out. */
      unitPrice: z.int(),
      discount: z.int(),
    }),
  ),
});

export type Exchange = z.infer<typeof exchange>;
export type ExchangePreview = z.infer<typeof exchangePreview>;
export type ExchangeSums = z.infer<typeof sums>;
export type ExchangeTerms = z.infer<typeof exchangeTerms>;
export type Outgoing = z.infer<typeof outgoing>;
export type PreviewExchange = z.infer<typeof previewExchange>;
export type PreviewWish = z.infer<typeof previewWish>;
export type WishExchange = z.infer<typeof wishExchange>;
