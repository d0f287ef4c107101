/**
 * Keeps the orders domain's own picture of the catalogue, from the catalogue's events.
 * Initial stock counts once: the first time a variant is seen. Afterwards the count is ours.
 */
import { z } from 'zod';
import type { EventHandler, StoredEvent, Transaction } from '../../platform/ports.ts';
import { noteBundles } from './bundles/store.ts';
import { availabilityOf, tellStock } from './inventory.ts';

/** As much of the catalogue's events as we use; more fields may come. */
const upserted = z.object({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  published: z.boolean(),
  version: z.int(),
  image: z.string().nullable(),
  vendor: z.string().default(''),
  type: z.string().default(''),
  variants: z.array(
    z.object({
      id: z.string(),
      sku: z.string().nullable(),
      title: z.string(),
      options: z.record(z.string(), z.string()),
      prices: z.array(z.object({ amount: z.int().min(0), currency: z.string() })),
      image: z.string().nullable(),
      requiresShipping: z.boolean(),
      taxable: z.boolean().default(true),
      weightGrams: z.number().nullable().default(null),
      inventoryPolicy: z.enum(['deny', 'continue']),
      inventoryQuantity: z.int(),
      components: z.array(z.object({ variantId: z.string(), quantity: z.int() })).optional(),
    }),
  ),
});
const deleted = z.object({ id: z.string() });

type Product = z.infer<typeof upserted>;

export const hearOfProduct: EventHandler = async (event, tx) => {
  if (event.type === 'catalog.product.upserted') return project(event, upserted.parse(event.payload), tx);
  if (event.type === 'catalog.product.deleted') {
    const { id } = deleted.parse(event.payload);
    if (await withdraw(event.tenant, id, [], tx)) await lookAtBundles(tx, id);
  }
};

const PROJECT = `
  with given as (
    select * from jsonb_to_recordset($4::jsonb) as v (
      id text, title text, sku text, image text, options jsonb, prices jsonb, shipped boolean, tracked boolean, quantity integer,
      taxable boolean, weight integer, bundle boolean)
  ), known as (
    insert into orders_variants (tenant_id, variant_id, product_id, product_version, handle, title, variant_title, sku, image,
      options, prices, requires_shipping, published, product_type, vendor, taxable, weight_grams, bundle)
    select $1, v.id, $2, $3, $5, $6, v.title, v.sku, v.image, v.options, v.prices, v.shipped, $7, $9, $10, v.taxable, v.weight, v.bundle
    from given v
    on conflict (tenant_id, variant_id) do update set product_id = excluded.product_id, product_version = excluded.product_version,
      handle = excluded.handle, title = excluded.title, variant_title = excluded.variant_title, sku = excluded.sku,
      image = excluded.image, options = excluded.options, prices = excluded.prices,
      requires_shipping = excluded.requires_shipping, published = excluded.published, product_type = excluded.product_type,
      vendor = excluded.vendor, taxable = excluded.taxable, weight_grams = excluded.weight_grams, bundle = excluded.bundle
    where orders_variants.product_version <= excluded.product_version
  )
  insert into orders_stock (tenant_id, variant_id, on_hand, tracked, updated_at)
  select $1, v.id, greatest(v.quantity, 0), v.tracked, $8 from given v where not v.bundle order by v.id
  on conflict (tenant_id, variant_id) do update set tracked = excluded.tracked, updated_at = excluded.updated_at,
    on_hand = greatest(orders_stock.on_hand, orders_stock.held + orders_stock.sold)
  where orders_stock.tracked <> excluded.tracked
  returning variant_id, on_hand - held - sold as free, tracked, bundled, backorder_limit as backorder`;

async function project(event: StoredEvent, product: Product, tx: Transaction): Promise<void> {
  const variants = product.variants.map((variant) => ({
    id: variant.id,
    title: variant.title,
    sku: variant.sku,
    image: variant.image ?? product.image,
    options: variant.options,
    prices: Object.fromEntries(variant.prices.map(({ currency, amount }) => [currency, amount])),
    shipped: variant.requiresShipping,
    taxable: variant.taxable,
    weight: variant.weightGrams === null ? null : Math.round(variant.weightGrams),
    tracked: variant.inventoryPolicy === 'deny',
    quantity: variant.inventoryQuantity,
    bundle: variant.components !== undefined,
  }));
  const { rows } = await tx.query<StockRow>(PROJECT, [
    event.tenant,
    product.id,
    product.version,
    JSON.stringify(variants),
    product.handle,
    product.title,
    product.published,
    event.occurredAt,
    product.type,
    product.vendor,
  ]);
  const inBundles = await withdraw(
    event.tenant,
    product.id,
    variants.map(({ id }) => id),
    tx,
  );
  const changes = rows.map((row) => ({
    variantId: row.variant_id,
    availability: availabilityOf(row.free, row.tracked, row.backorder),
    bundled: row.bundled,
  }));
  await tellStock(tx, changes);
  const bundles = product.variants.flatMap(({ id, components }) =>
    components === undefined ? [] : [{ id, components }],
  );
  if (bundles.length > 0) await noteBundles(tx, event.tenant, product.version, bundles);
  if (bundles.length > 0 || inBundles) await lookAtBundles(tx, product.id);
}

interface StockRow {
  readonly variant_id: string;
  readonly free: number;
  readonly tracked: boolean;
  readonly bundled: boolean;
  readonly backorder: number;
}

/** What has become of a product's variants concerns bundles that they are, or are in. */
function lookAtBundles(tx: Transaction, productId: string): Promise<void> {
  return tx.enqueue({ name: 'orders.tell-bundles', payload: { productId }, key: productId });
}

/**
 * Takes the variants of a product off sale, except those that it still has.
 * @returns whether bundles are made of any of its variants
 */
async function withdraw(
  tenant: string,
  productId: string,
  except: readonly string[],
  tx: Transaction,
): Promise<boolean> {
  const { rows } = await tx.query<{ in_bundles: boolean }>(
    `with gone as (
       update orders_variants set published = false
       where tenant_id = $1 and product_id = $2 and published and not variant_id = any ($3::text[])
     )
     select exists (
       select from orders_variants v join orders_bundle_parts b on b.tenant_id = v.tenant_id and b.part_id = v.variant_id
       where v.tenant_id = $1 and v.product_id = $2) as in_bundles`,
    [tenant, productId, except],
  );
  return rows[0]?.in_bundles ?? false;
}
