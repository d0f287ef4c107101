/** What the catalogue says of variants now, for orders that are put together or changed by hand. */
import type { TenantId } from '../../platform/ports.ts';
import type { Reader, StoredLine } from './carts.ts';
import { withContents } from './bundles/contents.ts';
import type { Looking } from './prices/looking.ts';
import { listsApplying, unitPrice } from './prices/offers.ts';
import { snapshotAs, snapshotFrom, type SnapshotRow } from './snapshots.ts';

export interface ItemRow extends SnapshotRow {
  readonly price: number | null;
  readonly shipped: boolean;
  readonly type: string;
  readonly vendor: string;
  readonly taxable: boolean;
  readonly grams: number | null;
  readonly free: number | null;
  readonly tracked: boolean | null;
  readonly backorder: number | null;
  readonly bundle: boolean;
}

/**
 * One of them as JSON, for a statement in which `v` is its variant and `s` its stock.
 * @param price an expression: see `unitPrice`
 */
export function itemAs(price: string): string {
  return `jsonb_build_object(${snapshotAs('v')}, 'price', ${price}, 'shipped', v.requires_shipping, 'type', v.product_type,
        'vendor', v.vendor, 'taxable', v.taxable, 'grams', v.weight_grams, 'free', s.on_hand - s.held - s.sold, 'tracked', s.tracked,
        'backorder', s.backorder_limit, 'bundle', v.bundle)`;
}

/** What is in a bundle is to be found out beside it: see `withContents`. @param quantity how many of it are wanted */
export function itemOf(item: ItemRow, quantity: number): StoredLine {
  return {
    ...snapshotFrom(item),
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
    bundle: item.bundle,
  };
}

/** At what they cost in that quantity for whoever looks. Unknown variants are left out. */
export async function findItems(
  sql: Reader,
  tenant: TenantId,
  currency: string,
  wanted: readonly Pick<StoredLine, 'variantId' | 'quantity'>[],
  { now, groups }: Looking,
): Promise<readonly StoredLine[]> {
  if (wanted.length === 0) return [];
  const { rows } = await sql.query<{ item: ItemRow; quantity: number }>(
    `select ${itemAs(unitPrice('$3::text', 'w.quantity', 'l'))} as item, w.quantity
     from jsonb_to_recordset($2::jsonb) as w ("variantId" text, quantity integer)
     join orders_variants v on v.tenant_id = $1 and v.variant_id = w."variantId"
     left join orders_stock s on s.tenant_id = $1 and s.variant_id = v.variant_id
     cross join (${listsApplying('$3::text', '$4', '$5')}) l`,
    [
      tenant,
      JSON.stringify(wanted.map(({ variantId, quantity }) => ({ variantId, quantity }))),
      currency,
      now,
      groups,
    ],
  );
  const items = rows.map(({ item, quantity }) => itemOf(item, quantity));
  return withContents(sql, tenant, currency, items);
}
