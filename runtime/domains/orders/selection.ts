/** Goods that a merchant means: by product, type or vendor. */
import { z } from 'zod';

const names = z.array(z.string().min(1).max(120)).min(1).max(500);

/** Products that are in any of the lists. */
export const selection = z
  .strictObject({
    products: names.optional(),
    types: names.optional(),
    vendors: names.optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'name products, types or vendors');

export type Selection = z.infer<typeof selection>;

export interface Selectable {
  readonly productId: string;
  readonly type: string;
  readonly vendor: string;
}

/** Without a selection, everything is meant. */
export function isSelected({ productId, type, vendor }: Selectable, of: Selection | undefined): boolean {
  if (of === undefined) return true;
  return (
    (of.products?.includes(productId) ?? false) ||
    (of.types?.includes(type) ?? false) ||
    (of.vendors?.includes(vendor) ?? false)
  );
}
