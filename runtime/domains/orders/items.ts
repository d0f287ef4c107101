/** What the catalogue says of variants now, for orders that are put together or changed by hand. */
import type { TenantId } from '../../platform/ports.ts';
import type { Reader, StoredLine } from './carts.ts';

export interface ItemRow {
  readonly variant: string;
  readonly product: string;
  readonly handle: string | null;
  readonly title: string;
  readonly variant_title: string | null;
  readonly sku: string | null;
  readonly image: string | null;
  readonly options: Readonly<Record<string, string>>;
  readonly price: number | null;
  readonly shipped: boolean;
  readonly type: string;
  readonly vendor: string;
  readonly taxable: boolean;
  readonly grams: number | null;
  readonly free: number | null;
  readonly tracked: boolean | null;
  readonly backorder: number | null;
}

/** One of them as JSON, for a statement in which `v` is its variant and `s` its stock. @param currency an expression */
export function itemAs(currency: string): string {
  return `jsonb_build_object('variant', v.variant_id, 'product', v.product_id, 'handle', v.handle, 'title', v.title,
        'variant_title', v.variant_title, 'sku', v.sku, 'image', v.image, 'options', v.options,
        'price', case when v.published then v.prices -> ${currency} end, 'shipped', v.requires_shipping, 'type', v.product_type,
        'vendor', v.vendor, 'taxable', v.taxable, 'grams', v.weight_grams, 'free', s.on_hand - s.held - s.sold, 'tracked', s.tracked,
        'backorder', s.backorder_limit)`;
}

/** @param quantity how many of it are wanted */
export function itemOf(item: ItemRow, quantity: number): StoredLine {
  return {
    variantId: item.variant,
    productId: item.product,
    handle: item.handle ?? undefined,
    title: item.title,
    variantTitle: item.variant_title ?? undefined,
    sku: item.sku ?? undefined,
    image: item.image ?? undefined,
    options: item.options,
    type: item.type,
    vendor: item.vendor,
    taxable: item.taxable,
    grams: item.grams ?? 0,
    quantity,
    seenPrice: item.price ?? 0,
    unitPrice: item.price ?? undefined,
    shipped: item.shipped,
    free: item.free ?? 0,
    tracked: item.tracked ?? true,
    backorder: item.backorder ?? 0,
    expectedAt: undefined,
  };
}

/** Unknown variants are left out. */
export async function findItems(
  sql: Reader,
  tenant: TenantId,
  currency: string,
  variantIds: readonly string[],
): Promise<readonly StoredLine[]> {
  if (variantIds.length === 0) return [];
  const { rows } = await sql.query<{ item: ItemRow }>(
    `select ${itemAs('$3::text')} as item from orders_variants v
     left join orders_stock s on s.tenant_id = $1 and s.variant_id = v.variant_id
     where v.tenant_id = $1 and v.variant_id = any ($2::text[])`,
    [tenant, variantIds, currency],
  );
  return rows.map(({ item }) => itemOf(item, 0));
}
