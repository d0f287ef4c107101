/** Gift cards as merchants issue and see them, and as carts show them. */
import { z } from 'zod';

const MAX_AMOUNT = 99_999_999_999;
/** Cards that one cart may carry. */
export const MOST_CARDS = 5;

/** As it is written on the card: 16 letters and digits, in groups or not. */
export const giftCode = z
  .string()
  .max(40)
  .transform((text) => text.toUpperCase().replaceAll(/[\s-]/g, ''))
  .pipe(z.string().regex(/^[0-9A-Z]{16}$/, 'the 16 letters and digits of a gift card'));
export const giftCardId = z
  .string()
  .regex(/^gft_[0-9a-f]{32}$/, 'a gift card id: gft_ and 32 hexadecimal digits');

export const issueGiftCard = z.strictObject({
  amount: z.int().min(1).max(MAX_AMOUNT),
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR'),
  expiresAt: z.iso.datetime().optional(),
  note: z.string().trim().min(1).max(200).optional(),
});

export const issueGiftCardFor = issueGiftCard.extend({ id: giftCardId });

export const changeGiftCard = z.strictObject({ enabled: z.boolean() });

export const giftCard = z.object({
  id: z.string(),
  /** The last letters of its code. */
  ending: z.string(),
  currency: z.string(),
  initial: z.int(),
  balance: z.int(),
  enabled: z.boolean(),
  expiresAt: z.string().optional(),
  note: z.string().optional(),
  createdAt: z.string(),
});

/** The code is told this once. */
export const issuedGiftCard = giftCard.extend({ code: z.string() });

export const giftCardWithEntries = giftCard.extend({
  entries: z.array(
    z.object({
      sequence: z.int(),
      kind: z.enum(['issued', 'spent', 'returned']),
      /** Below nothing where it was spent. */
      amount: z.int(),
      balance: z.int(),
      orderId: z.string().optional(),
      at: z.string(),
    }),
  ),
});

export const giftCardQuery = z.object({
  cursor: giftCardId.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const giftCardPage = z.object({ giftCards: z.array(giftCard), nextCursor: z.string().optional() });

/** A card in a cart, and how much of it the order would take. */
export const cartGiftCard = z.object({ id: z.string(), ending: z.string(), amount: z.int() });

export type GiftCard = z.infer<typeof giftCard>;
export type GiftCardPage = z.infer<typeof giftCardPage>;
export type GiftCardWithEntries = z.infer<typeof giftCardWithEntries>;
export type IssueGiftCard = z.infer<typeof issueGiftCard>;
export type IssuedGiftCard = z.infer<typeof issuedGiftCard>;
