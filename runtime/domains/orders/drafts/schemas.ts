/** Drafts and quotes: what merchants put together, what shoppers ask for, and what of it either sees. */
import { z } from 'zod';
import { agreedDiscount, amount, words } from '../agreed.ts';
import { approvalMessage, purchaseOrder } from '../companies/schemas.ts';
import { discount } from '../promotions/schemas.ts';
import {
  address,
  availability,
  cartId,
  currency,
  email,
  itemSnapshot,
  MAX_LINES,
  money,
  quantity,
  totals,
  variantId,
} from '../schemas.ts';
import { shippingMethodId } from '../shipping/schemas.ts';

export const draftId = z.string().regex(/^drf_[0-9a-f]{32}$/, 'a draft id: drf_ and 32 hexadecimal digits');

export const draftState = z.enum([
  'requested',
  'open',
  'offered',
  'ordered',
  'declined',
  'cancelled',
  'expired',
]);

export const draftLine = z
  .strictObject({
    variantId,
    quantity,
    /** Minor units, instead of what the customer would pay today. */
    unitPrice: amount.optional(),
    /** Why it costs something else. */
    reason: words(200).optional(),
  })
  .refine(({ unitPrice, reason }) => unitPrice === undefined || reason !== undefined, {
    path: ['reason'],
    message: 'say why the price is another',
  });

/** Off the goods as a whole. */
export const draftDiscount = agreedDiscount();

/** One of the shop's methods, or one that was agreed on. */
export const draftShipping = z
  .strictObject({
    method: shippingMethodId.optional(),
    title: words(80).optional(),
    amount: amount.optional(),
  })
  .refine(
    (given) =>
      given.method === undefined
        ? given.title !== undefined && given.amount !== undefined
        : given.title === undefined && given.amount === undefined,
    'give either method, or title and amount',
  );

const lines = z
  .array(draftLine)
  .max(MAX_LINES)
  .refine(
    (given) => new Set(given.map((line) => line.variantId)).size === given.length,
    'name each variant once',
  );

const content = {
  customerId: z.string().min(1).max(80).optional(),
  email: email.optional(),
  shippingAddress: address.optional(),
  shipping: draftShipping.default({ method: 'standard' }),
  lines: lines.default([]),
  discount: draftDiscount.optional(),
  /** For the shop's staff; the customer never sees it. */
  note: words(2_000).optional(),
};

export const newDraft = z.strictObject({
  /** One of the shop's currencies; the first of them when absent. */
  currency: currency.optional(),
  ...content,
});

/** As a whole, on the version it was decided on. */
export const changeDraft = z.strictObject({ version: z.int().min(1), ...content });

const MAX_HOURS = 24 * 30;
/** A moment in the future, a year away at most: judged by the shop's clock. */
const validUntil = z.iso.datetime();

export const offerDraft = z.strictObject({
  /** Two weeks from now when absent. */
  validUntil: validUntil.optional(),
  message: words(2_000).optional(),
});

export const holdDraft = z.strictObject({
  /** From now; 0 lets the units go. */
  hours: z.int().min(0).max(MAX_HOURS),
});

/** Paid by other means than through the shop's payments. */
export const completeDraft = z.strictObject({
  means: z.enum(['cash', 'bank_transfer', 'cheque', 'card_terminal', 'other']),
  /** As the books know it. */
  reference: words(120).optional(),
});

export const say = z.strictObject({ message: words(2_000) });
export const endDraft = z.strictObject({ message: words(2_000).optional() });

export const askQuote = z.strictObject({
  cartId,
  /** Each may be left out when the cart already has it. */
  email: email.optional(),
  shippingAddress: address.optional(),
  message: words(2_000).optional(),
});

export const acceptOffer = z.strictObject({
  /** What the shopper saw, in minor units; a different total is refused. */
  expectedTotal: amount.optional(),
  /** Of who buys for a company, as at a checkout. */
  purchaseOrder: purchaseOrder.optional(),
  onAccount: z.boolean().optional(),
});

/** Of who buys for a company: an offer that goes beyond their limits. */
export const askOfferApproval = z.strictObject({
  purchaseOrder: purchaseOrder.optional(),
  message: approvalMessage.optional(),
});

export const entry = z.object({
  sequence: z.int(),
  actor: z.string(),
  from: draftState.optional(),
  to: draftState,
  message: z.string().optional(),
  at: z.string(),
});

export const offerLine = itemSnapshot.extend({
  quantity: z.int(),
  unitPrice: money,
  /** Before discounts. */
  total: money,
  discount: money,
  /** In the price, or on top of it, as `totals.tax` says. */
  tax: money,
});

/** What a customer sees. */
export const offer = z.object({
  id: z.string(),
  /** What people say on the telephone: unique in the tenant. */
  number: z.string(),
  state: draftState,
  email: z.string().optional(),
  shippingAddress: address.optional(),
  shippingMethod: shippingMethodId,
  shippingTitle: z.string().optional(),
  lines: z.array(offerLine),
  discounts: z.array(discount),
  totals,
  validUntil: z.string().optional(),
  /** The order it became. */
  orderId: z.string().optional(),
  /** What happened to it and what was said, in order. */
  entries: z.array(entry),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const draft = offer.extend({
  version: z.int(),
  askedBy: z.enum(['shopper', 'merchant']),
  customerId: z.string().optional(),
  note: z.string().optional(),
  lines: z.array(
    offerLine.extend({
      /** What the customer would pay today, price lists included; absent where it is not for sale in this currency. */
      listPrice: money.optional(),
      reason: z.string().optional(),
      availability,
    }),
  ),
  shipping: draftShipping,
  discount: draftDiscount.optional(),
  holdUntil: z.string().optional(),
  /** What keeps it from being offered. */
  lacks: z.array(z.enum(['email', 'address', 'lines', 'shipping', 'prices'])),
});

export const offered = z.object({
  draft,
  /** Opens the offer and its payment for whoever has it. Told this once; the customer gets one of their own by mail. */
  link: z.string(),
});

export const askedQuote = z.object({
  quote: offer,
  /** Shown once: opens the quote for a guest. */
  token: z.string(),
});

export const draftSummary = z.object({
  id: z.string(),
  number: z.string(),
  state: draftState,
  askedBy: z.enum(['shopper', 'merchant']),
  email: z.string().optional(),
  currency,
  itemCount: z.int(),
  /** Once it was offered. */
  total: z.int().optional(),
  validUntil: z.string().optional(),
  orderId: z.string().optional(),
  updatedAt: z.string(),
});

export const draftQuery = z.object({
  state: draftState.optional(),
  cursor: draftId.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export const draftPage = z.object({ drafts: z.array(draftSummary), nextCursor: z.string().optional() });

/** Every event about a draft carries the same facts. */
export const draftEvent = z.object({
  draftId: z.string(),
  number: z.string(),
  state: draftState,
  askedBy: z.enum(['shopper', 'merchant']),
  actor: z.string(),
  email: z.string().optional(),
  customerId: z.string().optional(),
  /** Once it was offered. */
  total: money.optional(),
  orderId: z.string().optional(),
  message: z.string().optional(),
  at: z.string(),
});

export type AcceptOffer = z.infer<typeof acceptOffer>;
export type AskOfferApproval = z.infer<typeof askOfferApproval>;
export type AskQuote = z.infer<typeof askQuote>;
export type ChangeDraft = z.infer<typeof changeDraft>;
export type CompleteDraft = z.infer<typeof completeDraft>;
export type Draft = z.infer<typeof draft>;
export type DraftDiscount = z.infer<typeof draftDiscount>;
export type DraftEvent = z.infer<typeof draftEvent>;
export type DraftLine = z.infer<typeof draftLine>;
export type DraftPage = z.infer<typeof draftPage>;
export type DraftShipping = z.infer<typeof draftShipping>;
export type DraftState = z.infer<typeof draftState>;
export type Entry = z.infer<typeof entry>;
export type NewDraft = z.infer<typeof newDraft>;
export type Offer = z.infer<typeof offer>;
export type OfferDraft = z.infer<typeof offerDraft>;
