/**
 * What is in bundles, and how many of them can be had, with what lines before them take considered. Nothing is asked for lines that are
 * no bundles.
 */
import type { TenantId } from '../../../platform/ports.ts';
import type { Reader, StoredLine } from '../carts.ts';
import { availabilityOf } from '../inventory.ts';
import type { Availability } from '../schemas.ts';
import { snapshotAs, snapshotFrom, type SnapshotRow } from '../snapshots.ts';
import type { Part } from './goods.ts';
import { furnish, roomOf, type StockedPart } from './room.ts';

interface PartRow {
  readonly bundle: string;
  readonly part: string;
  readonly quantity: number;
  /** Null for what orders have not heard of. */
  readonly item: SnapshotRow | null;
  readonly price: number | null;
  readonly grams: number | null;
  readonly sold: boolean;
  readonly free: number | null;
  readonly tracked: boolean | null;
  readonly backorder: number | null;
  readonly expected: Date | null;
}

const PARTS = `
  select b.bundle_id as bundle, b.part_id as part, b.quantity, case when v.variant_id is not null then jsonb_build_object(${snapshotAs('v')}) end as item,
    (v.prices ->> $3)::bigint as price, v.weight_grams as grams, coalesce(v.published and not v.bundle, false) as sold,
    s.on_hand - s.held - s.sold as free, s.tracked, s.backorder_limit as backorder, s.expected_at as expected
  from orders_bundle_parts b
  left join orders_variants v on v.tenant_id = b.tenant_id and v.variant_id = b.part_id
  left join orders_stock s on s.tenant_id = b.tenant_id and s.variant_id = b.part_id
  where b.tenant_id = $1 and b.bundle_id = any ($2::text[]) order by b.bundle_id, b.position`;

/** Lines as read, those that are bundles with what is in them: their price, their stock and their weight are what that comes to. */
export async function withContents(
  sql: Reader,
  tenant: TenantId,
  currency: string,
  lines: readonly StoredLine[],
): Promise<readonly StoredLine[]> {
  const bundles = lines.filter(({ bundle }) => bundle === true).map(({ variantId }) => variantId);
  if (bundles.length === 0) return lines;
  return furnish(lines, await partsOf(sql, tenant, bundles, currency));
}

/** Of bundles, how they can be had; what is no bundle is left out. */
export async function availabilityOfBundles(
  sql: Reader,
  tenant: TenantId,
  variantIds: readonly string[],
): Promise<
  readonly {
    readonly variantId: string;
    readonly availability: Availability;
    readonly expectedAt: string | undefined;
  }[]
> {
  if (variantIds.length === 0) return [];
  const bundles = await partsOf(sql, tenant, variantIds, '');
  return [...bundles].map(([variantId, parts]) => {
    const { free, tracked, backorder, expectedAt, sellable } = roomOf(parts);
    return {
      variantId,
      availability: sellable ? availabilityOf(free, tracked, backorder) : 'out',
      expectedAt: free > 0 ? undefined : expectedAt,
    };
  });
}

async function partsOf(
  sql: Reader,
  tenant: TenantId,
  bundles: readonly string[],
  currency: string,
): Promise<ReadonlyMap<string, readonly StockedPart[]>> {
  const { rows } = await sql.query<PartRow>(PARTS, [tenant, bundles, currency]);
  const by = Map.groupBy(rows, ({ bundle }) => bundle);
  return new Map([...by].map(([bundle, parts]) => [bundle, parts.map(partFrom)]));
}

function partFrom(row: PartRow): StockedPart {
  return {
    ...snapshotPart(row),
    quantity: row.quantity,
    price: row.price ?? 0,
    grams: row.grams ?? 0,
    sellable: row.sold,
    free: row.free ?? 0,
    tracked: row.tracked ?? true,
    backorder: row.backorder ?? 0,
    expectedAt: row.expected?.toISOString(),
  };
}

function snapshotPart({ item, part }: PartRow): Omit<Part, 'quantity' | 'price'> {
  if (item === null) return { variantId: part, productId: '', title: part };
  const { options: _, ...snapshot } = snapshotFrom(item);
  return snapshot;
}
