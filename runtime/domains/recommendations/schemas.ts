/** The shapes that enter and leave the recommendations domain. */
import { z } from 'zod';
import { ProductsPage, ProductsQuery } from '../catalog/schemas.ts';

const productId = z.string().regex(/^[A-Za-z0-9_.:-]{1,80}$/, 'a product’s id');
const limit = (max: number, otherwise: number) => z.coerce.number().int().min(1).max(max).default(otherwise);

const session = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,64}$/, '8 to 64 of A–Z, a–z, 0–9, _ and -')
  .optional();

export const CONTEXTS = ['home', 'product', 'cart', 'search', 'recent'] as const;
/** Why a product is shown. */
export const REASONS = ['popular', 'bought_together', 'viewed_together', 'viewed_before'] as const;

export const recommendQuery = z.object({
  /** Where it is shown. `recent`: what the visit has looked at. */
  context: z.enum(CONTEXTS),
  /** With commas: the product that is looked at, or those in the cart. None of them comes back. */
  products: z
    .string()
    .max(2_000)
    .transform((list) => [...new Set(list.split(',').filter((id) => id !== ''))])
    .pipe(z.array(productId).max(20))
    .optional(),
  /** What the page calls its visit, as it is told to analytics; only where the shopper agreed to be known again. */
  session,
  /** Popular ones of this collection only. */
  collection: z.string().min(1).max(200).optional(),
  limit: limit(24, 8),
});

export const recommendations = z.object({
  /** Whether anything in it was chosen by what this shopper did before. */
  personal: z.boolean(),
  items: z.array(
    z.object({
      productId,
      reason: z.enum(REASONS),
      /** Who proposed it: the name of a recommender. */
      source: z.string(),
      /** The product that led to it, if one did. */
      becauseOf: productId.nullable(),
    }),
  ),
});

/** As the catalogue's list, and what the page calls its visit, as above. */
export const searchQuery = ProductsQuery.extend({ session });
export const searched = ProductsPage.extend({
  /** Whether the order is this shopper's. */
  personal: z.boolean(),
});

const counts = z.object({
  productId,
  /** Published, and not sold out: whatever is not is shown to nobody. */
  sellable: z.boolean(),
  views: z.int(),
  carts: z.int(),
  /** Units. */
  sold: z.int(),
  orders: z.int(),
  /** What popularity goes by, now: a sale of today is 12, and half of that a fortnight later. */
  score: z.number(),
});

export const popularQuery = z.object({ limit: limit(100, 20) });
export const popular = z.object({ products: z.array(counts) });

export const ofProduct = z.strictObject({ productId });
export const explanation = counts.extend({
  /** Bought together with it, the nearest first. */
  together: z.array(
    z.object({
      productId,
      sellable: z.boolean(),
      /** Orders that had both, and all that had this one. */
      together: z.int(),
      orders: z.int(),
      similarity: z.number(),
    }),
  ),
});

export type SearchQuery = z.infer<typeof searchQuery>;
export type RecommendQuery = z.infer<typeof recommendQuery>;
export type Recommendations = z.infer<typeof recommendations>;
export type Reason = (typeof REASONS)[number];
export type Context = (typeof CONTEXTS)[number];
