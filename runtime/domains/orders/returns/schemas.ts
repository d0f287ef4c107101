/** Returns: what shoppers ask for, what merchants find, and what of it is shown. */
import { z } from 'zod';
import { exchange, exchangeTerms, wishExchange } from '../exchanges/schemas.ts';
import { isOnceEach, ONCE, units, unitsList } from '../fulfilment/schemas.ts';

export const returnId = z.string().regex(/^ret_[0-9a-f]{32}$/, 'a return id: ret_ and 32 hexadecimal digits');

export const returnReason = z.enum([
  'changed_mind',
  'too_large',
  'too_small',
  'not_as_described',
  'damaged',
  'wrong_item',
  'late',
  'other',
]);

export const returnState = z.enum([
  'requested',
  'authorised',
  'declined',
  'withdrawn',
  'received',
  'inspected',
  'refunded',
  'exchanged',
  'closed',
]);

const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    // Lines may end; nothing else that is no text comes in.
    .regex(/^[\P{Cc}\n]*$/u, 'no control characters');

const { variantId, bundle, quantity } = units.shape;

export const askReturn = z.strictObject({
  lines: z
    .array(z.strictObject({ variantId, bundle, quantity, reason: returnReason }))
    .min(1)
    .max(100)
    .refine(isOnceEach, ONCE),
  note: text(1_000).optional(),
  /** Other goods, instead of money. */
  exchange: wishExchange.optional(),
});

/**
 * Of a company's order that an exchange makes dearer than its buyer may spend alone: who of the company agreed, and how. It is noted with the
 * order, and the company is not asked.
 */
const approved = text(200).optional();

/** What a merchant enters is agreed with it, unless its company has to approve it. */
export const createReturn = askReturn
  .extend({
    exchange: exchangeTerms.optional(),
    approved,
    /**
     * Of a company's order that an exchange makes dearer than its buyer may spend alone: has the company asked. It waits as `requested` until
     * then, is agreed to as it was entered once somebody has approved it, and is declined when they decline. Without it, it is refused.
     */
    approval: z.strictObject({ message: text(2_000).optional() }).optional(),
  })
  .refine((given) => given.approved === undefined || given.approval === undefined, {
    path: ['approval'],
    error: 'only where nobody has agreed yet: leave `approved` out',
  });

export const declineReturn = z.strictObject({ answer: text(1_000) });
export const authoriseReturn = z.strictObject({
  answer: text(1_000).optional(),
  /** On what terms other goods go out; absent: those that the shopper wishes, at today's prices, once theirs have come back. */
  exchange: exchangeTerms.optional(),
  approved,
});

export const askReturnApproval = z.strictObject({
  /** The terms it is to be agreed on; absent: as the shopper wishes. */
  exchange: exchangeTerms.optional(),
  message: text(2_000).optional(),
});

export const inspectReturn = z.strictObject({
  lines: z
    .array(
      z
        .strictObject({
          variantId,
          bundle,
          /** As good as it has to be, to be refunded. */
          accepted: z.int().min(0).max(99_900),
          /** Of these: fit to be sold again. */
          restock: z.int().min(0).max(99_900),
        })
        .refine(({ accepted, restock }) => restock <= accepted, 'restock at most what is accepted'),
    )
    .min(1)
    .max(100)
    .refine(isOnceEach, ONCE),
});

const amount = z.int().min(1).max(99_999_999_999);

export const refundReturn = z.strictObject({
  /** Minor units, instead of what the accepted units were paid with; of an exchange, instead of what is left of that. */
  amount: amount.optional(),
  /** Of what was paid for shipping, in minor units. */
  shipping: z.int().min(0).max(99_999_999_999).optional(),
});

export const cancelUnits = z.strictObject({ lines: unitsList, reason: text(500).optional() });

export const returnLine = z.object({
  variantId: z.string(),
  /** The bundle's variant, where it was bought as a part of one. */
  bundle: z.string().optional(),
  quantity: z.int(),
  reason: returnReason,
  accepted: z.int().optional(),
  restock: z.int().optional(),
});

export const returned = z.object({
  id: z.string(),
  state: returnState,
  askedBy: z.enum(['shopper', 'merchant']),
  lines: z.array(returnLine),
  note: z.string().optional(),
  /** Where other goods go out for it. */
  exchange: exchange.optional(),
  /** What the merchant says to it. */
  answer: z.string().optional(),
  askedAt: z.string(),
  updatedAt: z.string(),
});

export const returnQuery = z.object({
  state: returnState.optional(),
  cursor: returnId.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export const returnPage = z.object({
  returns: z.array(returned.extend({ orderId: z.string() })),
  nextCursor: z.string().optional(),
});

export type AskReturnApproval = z.infer<typeof askReturnApproval>;
export type AskReturn = z.infer<typeof askReturn>;
export type AuthoriseReturn = z.infer<typeof authoriseReturn>;
export type CreateReturn = z.infer<typeof createReturn>;
export type InspectReturn = z.infer<typeof inspectReturn>;
export type RefundReturn = z.infer<typeof refundReturn>;
export type Returned = z.infer<typeof returned>;
export type ReturnLine = z.infer<typeof returnLine>;
export type ReturnState = z.infer<typeof returnState>;
