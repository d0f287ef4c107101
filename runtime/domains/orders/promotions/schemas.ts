/**
 * What a merchant says of a promotion, and what shoppers and merchants see of it.
 */
import { z } from 'zod';
import { selection } from '../selection.ts';

const MAX_AMOUNT = 99_999_999_999;
/** Promotions without a code that may be switched on at once: each of them is looked at for every cart. */
export const MOST_AUTOMATIC = 25;
/** Codes that one cart may carry. */
export const MOST_CODES = 5;

const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR');
/** Minor units by currency; in a currency that is not named, the promotion does not apply. */
export const amounts = z
  .record(currency, z.int().min(1).max(MAX_AMOUNT))
  .refine((given) => Object.keys(given).length > 0, 'name at least one currency');
const basisPoints = z.int().min(1).max(10_000);

/** As shoppers type it; letters count the same in either case. */
export const code = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[\p{L}\p{N}_-]{3,40}$/u, 'a code of 3 to 40 letters, digits, _ or -');

/** What it takes its place beside: see `combines` in engine.ts. */
export const promotionClass = z.enum(['product', 'order', 'shipping']);

export const benefit = z.discriminatedUnion('kind', [
  /** Off every line of the selection; off the whole order without one. */
  z.strictObject({ kind: z.literal('percent'), basisPoints, of: selection.optional() }),
  /** Once off the selection or the order; with `each`, off every unit of the selection. */
  z.strictObject({
    kind: z.literal('fixed'),
    amount: amounts,
    of: selection.optional(),
    each: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('buy_x_get_y'),
    buy: z.strictObject({ quantity: z.int().min(1).max(999), of: selection.optional() }),
    /** The cheapest of the selection, at so much off: 10000 is for nothing. */
    get: z.strictObject({ quantity: z.int().min(1).max(999), of: selection.optional(), basisPoints }),
    mostTimes: z.int().min(1).max(999).optional(),
  }),
  /** Where shipping costs more than `upTo`, nothing is off. */
  z.strictObject({ kind: z.literal('free_shipping'), upTo: amounts.optional() }),
]);

export const conditions = z.strictObject({
  /** Of the goods it is about, before any discount. */
  minimumSubtotal: amounts.optional(),
  minimumQuantity: z.int().min(1).max(99_999).optional(),
  customers: z.enum(['everyone', 'signed_in', 'first_order']).default('everyone'),
});

const rule = {
  title: z.string().trim().min(1).max(120),
  benefit,
  conditions: conditions.default({ customers: 'everyone' }),
  /** Classes it may be had together with; the other one has to allow it too. */
  combinesWith: z.array(promotionClass).max(3).default([]),
  /** Of order discounts, the higher is taken off first; of equally good choices, the one with the higher is made. */
  priority: z.int().min(-1_000).max(1_000).default(0),
};

export const promotionInput = z
  .strictObject({
    ...rule,
    /** Absent: it applies by itself. */
    code: code.optional(),
    enabled: z.boolean().default(true),
    startsAt: z.iso.datetime().optional(),
    endsAt: z.iso.datetime().optional(),
    /** Orders it may be used for; needs a code. */
    usageLimit: z.int().min(1).max(10_000_000).optional(),
    /** Orders of one customer, or of one e-mail address, it may be used for. */
    perCustomerLimit: z.int().min(1).max(10_000).optional(),
  })
  .refine((given) => given.usageLimit === undefined || given.code !== undefined, {
    path: ['usageLimit'],
    message: 'only a promotion with a code can have one',
  })
  .refine((given) => !('each' in given.benefit && given.benefit.each && given.benefit.of === undefined), {
    path: ['benefit', 'each'],
    message: 'name the products, in `of`',
  })
  .refine(
    (given) => given.startsAt === undefined || given.endsAt === undefined || given.startsAt < given.endsAt,
    { path: ['endsAt'], message: 'has to be after startsAt' },
  );

/** A change names the version it was decided on. */
export const promotionUpdate = promotionInput.safeExtend({ version: z.int().min(1) });

export const promotion = z.object({
  id: z.string(),
  version: z.int(),
  title: z.string(),
  code: z.string().optional(),
  enabled: z.boolean(),
  startsAt: z.string().optional(),
  endsAt: z.string().optional(),
  usageLimit: z.int().optional(),
  perCustomerLimit: z.int().optional(),
  benefit,
  conditions,
  combinesWith: z.array(promotionClass),
  priority: z.int(),
  /** Orders that use it: paid, or waiting for their payment. */
  used: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const promotionId = z
  .string()
  .regex(/^prm_[0-9a-f]{32}$/, 'a promotion id: prm_ and 32 hexadecimal digits');
export const promotionQuery = z.object({
  cursor: promotionId.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const promotionPage = z.object({
  promotions: z.array(promotion),
  nextCursor: z.string().optional(),
});

/** A promotion that took something off. */
export const discount = z.object({
  promotionId: z.string(),
  title: z.string(),
  code: z.string().optional(),
  class: promotionClass,
  amount: z.int(),
});

/** Why a code takes nothing off. */
export const codeProblem = z.enum([
  'ended',
  'not_started',
  'used_up',
  'minimum_not_met',
  'not_for_you',
  'nothing_to_discount',
  'not_combined',
]);

export const cartCode = z.object({ code: z.string(), applied: z.boolean(), problem: codeProblem.optional() });

export type CartCode = z.infer<typeof cartCode>;
export type CodeProblem = z.infer<typeof codeProblem>;
export type Discount = z.infer<typeof discount>;
export type Promotion = z.infer<typeof promotion>;
export type PromotionClass = z.infer<typeof promotionClass>;
export type PromotionInput = z.infer<typeof promotionInput>;
export type PromotionPage = z.infer<typeof promotionPage>;
/** What a promotion does and when, as it is stored. */
export type Rule = Pick<PromotionInput, 'title' | 'benefit' | 'conditions' | 'combinesWith' | 'priority'>;
