/** What is in a line that is a bundle, as shoppers and merchants see it. */
import { z } from 'zod';

export const part = z.object({
  variantId: z.string(),
  productId: z.string(),
  handle: z.string().optional(),
  title: z.string(),
  variantTitle: z.string().optional(),
  sku: z.string().optional(),
  image: z.string().optional(),
  /** Units of it in one bundle. */
  quantity: z.int(),
});

export const soldPart = part.extend({
  /** Units that have left, and that were given up before they could. */
  shipped: z.int(),
  cancelled: z.int(),
});

/** As others are told of it. */
export const toldPart = part.extend({
  /** Of what one bundle was sold for, what all units of it are worth; minor units. */
  amount: z.int(),
});

export type ShownPart = z.infer<typeof part>;
