/** Bundles: a variant that is made of units of others. */
import { z } from 'zod';

export const MOST_COMPONENTS = 30;
export const MOST_UNITS = 99;

export const Component = z.strictObject({
  /** Of this shop, and no bundle itself. */
  variantId: z
    .string()
    .min(1)
    .max(80)
    .regex(/^[A-Za-z0-9_-]+$/),
  /** Units of it in one bundle. */
  quantity: z.int().min(1).max(MOST_UNITS),
});
export type Component = z.infer<typeof Component>;

export const Bundle = z.strictObject({
  components: z
    .array(Component)
    .min(1)
    .max(MOST_COMPONENTS)
    .refine(
      (components) => new Set(components.map(({ variantId }) => variantId)).size === components.length,
      'names a variant twice',
    ),
  /** It costs what its components cost by themselves, less this share. Absent: it has prices of its own. */
  offBasisPoints: z.int().min(0).max(10_000).optional(),
});
export type Bundle = z.infer<typeof Bundle>;
