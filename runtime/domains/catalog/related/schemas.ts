/** The shapes of what goes with a product. */
import { z } from 'zod';
import { Id, ProductCard } from '../schemas.ts';

/** Of one kind: more is a list, and nobody's advice. */
export const MOST_RELATED = 12;

const chosen = z
  .array(
    z.strictObject({
      productId: Id,
      /** It is said of the other as well: whoever looks at that is shown this. */
      mutual: z.boolean().default(false),
    }),
  )
  .max(MOST_RELATED)
  .refine((all) => new Set(all.map(({ productId }) => productId)).size === all.length, 'has a product twice');

/** In the order shown. */
const kinds = {
  /** What is bought along with it. */
  crossSell: chosen,
  /** What somebody may want instead, for more. */
  upSell: chosen,
  /** What is of no use without it. */
  accessories: chosen,
};
export type Kind = keyof typeof kinds;

/** `version` is what was read: a newer one answers 409. */
export const RelatedUpdate = z.strictObject({ version: z.int().min(0), ...kinds });
export type RelatedUpdate = z.infer<typeof RelatedUpdate>;

const other = z.object({
  productId: z.string(),
  handle: z.string(),
  title: z.string(),
  mutual: z.boolean(),
});
const others = z.array(other);

export const AdminRelated = z.object({
  /** 0: nothing was ever chosen. */
  version: z.int(),
  crossSell: others,
  upSell: others,
  accessories: others,
  /** What other products say of this one, mutually: it is changed there. */
  fromOthers: z.array(
    other.omit({ mutual: true }).extend({ kind: z.enum(['crossSell', 'upSell', 'accessories']) }),
  ),
});
export type AdminRelated = z.infer<typeof AdminRelated>;

/** Published ones, in the merchant's order, and behind them what others say mutually. Empty: nothing was chosen. */
export const Related = z.object({
  crossSell: z.array(ProductCard),
  upSell: z.array(ProductCard),
  accessories: z.array(ProductCard),
});
export type Related = z.infer<typeof Related>;
