/** How a variant and a line of an order say what the item is: the same columns in both tables, read in one place. */
import type { ItemSnapshot } from './schemas.ts';

export interface SnapshotRow {
  readonly variant: string;
  readonly product: string;
  readonly handle: string | null;
  readonly title: string;
  readonly variant_title: string | null;
  readonly sku: string | null;
  readonly image: string | null;
  readonly options: Readonly<Record<string, string>>;
}

/** Pairs for `jsonb_build_object`. @param row alias of a row of orders_variants or orders_order_lines */
export function snapshotAs(row: string): string {
  return `'variant', ${row}.variant_id, 'product', ${row}.product_id, 'handle', ${row}.handle, 'title', ${row}.title,
        'variant_title', ${row}.variant_title, 'sku', ${row}.sku, 'image', ${row}.image, 'options', ${row}.options`;
}

export function snapshotFrom(row: SnapshotRow) {
  return {
    variantId: row.variant,
    productId: row.product,
    handle: row.handle ?? undefined,
    title: row.title,
    variantTitle: row.variant_title ?? undefined,
    sku: row.sku ?? undefined,
    image: row.image ?? undefined,
    options: { ...row.options },
  } satisfies ItemSnapshot;
}
