/** Bundles as orders know them: what they are made of, heard of the catalogue, and what others are told of how they can be had. */
import type { TaskHandler, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Platform } from '../../../platform/domain.ts';
import { stockChanged } from '../inventory.ts';
import { availabilityOfBundles } from './contents.ts';
import type { SoldLine } from './goods.ts';

/** What one of a bundle is made of. */
export interface HeardBundle {
  readonly id: string;
  readonly components: readonly { readonly variantId: string; readonly quantity: number }[];
}

/** Writes down what they are made of, unless something newer was heard of their product. */
export async function noteBundles(
  tx: Transaction,
  tenant: TenantId,
  version: number,
  bundles: readonly HeardBundle[],
): Promise<void> {
  const parts = bundles.flatMap(({ id, components }) =>
    components.map(({ variantId, quantity }, position) => ({
      bundle: id,
      part: variantId,
      quantity,
      position,
    })),
  );
  await tx.query(
    `with given as (
       select p.* from jsonb_to_recordset($3::jsonb) as p (bundle text, part text, quantity integer, position smallint)
       join orders_variants v on v.tenant_id = $1 and v.variant_id = p.bundle and v.product_version = $2
     ), gone as (
       delete from orders_bundle_parts b where b.tenant_id = $1 and b.bundle_id in (select bundle from given)
         and not exists (select from given g where g.bundle = b.bundle_id and g.part = b.part_id)
     )
     insert into orders_bundle_parts (tenant_id, bundle_id, part_id, position, quantity)
     select $1, bundle, part, position, quantity from given order by bundle, part
     on conflict (tenant_id, bundle_id, part_id) do update set position = excluded.position, quantity = excluded.quantity`,
    [tenant, version, JSON.stringify(parts)],
  );
}

/** Writes where the parts of an order's bundles are now. For whoever has the order's lock; an order without bundles has none. */
export async function writeParts(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  lines: readonly Pick<SoldLine, 'variantId' | 'parts'>[],
): Promise<void> {
  const bundles = lines.flatMap(({ variantId, parts }) =>
    parts === undefined ? [] : [{ variantId, parts }],
  );
  if (bundles.length === 0) return;
  await tx.query(
    `update orders_order_lines l set parts = b.parts from jsonb_to_recordset($3::jsonb) as b ("variantId" text, parts jsonb)
     where l.tenant_id = $1 and l.order_id = $2 and l.variant_id = b."variantId"`,
    [tenant, orderId, JSON.stringify(bundles)],
  );
}

/**
 * The task, once something has changed of a variant or of a product's variants: bundles that these are, or are in, are looked at, and
 * others are told where it is not what they were told last.
 */
export function createBundleTelling({ sql }: Pick<Platform, 'sql'>): TaskHandler {
  return async ({ tenant, payload, signal }) => {
    const about = payload as { variantId?: string; productId?: string }; // parsed by the task's definition
    const { rows } = await sql.query<{ bundle: string }>(tenant, CONCERNED, [
      tenant,
      about.variantId ?? null,
      about.productId ?? null,
    ]);
    const bundles = [...new Set(rows.map(({ bundle }) => bundle))];
    for (let from = 0; from < bundles.length; from += AT_ONCE) {
      signal.throwIfAborted();
      await sql.transaction(tenant, (tx) => tell(tx, tenant, bundles.slice(from, from + AT_ONCE)));
    }
  };
}
const AT_ONCE = 100;

const CONCERNED = `
  select b.bundle_id as bundle from orders_bundle_parts b where b.tenant_id = $1 and (
    b.part_id = $2 or b.bundle_id = $2
    or b.part_id in (select v.variant_id from orders_variants v where v.tenant_id = $1 and v.product_id = $3)
    or b.bundle_id in (select v.variant_id from orders_variants v where v.tenant_id = $1 and v.product_id = $3))
  order by b.bundle_id`;

async function tell(tx: Transaction, tenant: TenantId, bundles: readonly string[]): Promise<void> {
  // Whoever waits for the lock reads afterwards.
  const { rows } = await tx.query<{ id: string; told: string | null }>(
    `select variant_id as id, told from orders_variants where tenant_id = $1 and variant_id = any ($2::text[])
     order by variant_id for update`,
    [tenant, bundles],
  );
  const told = new Map(rows.map((row) => [row.id, row.told]));
  // Before what is free is read: who changes it from now on has these told of again.
  await tx.query(
    `with parts as (
       select s.variant_id from orders_stock s where s.tenant_id = $1 and not s.bundled and s.variant_id in (
         select b.part_id from orders_bundle_parts b where b.tenant_id = $1 and b.bundle_id = any ($2::text[]))
       order by s.variant_id for update
     )
     update orders_stock s set bundled = true from parts p where s.tenant_id = $1 and s.variant_id = p.variant_id`,
    [tenant, bundles],
  );
  const now = await availabilityOfBundles(tx, tenant, bundles);
  const news = now.filter(({ variantId, availability }) => told.get(variantId) !== availability);
  if (news.length === 0) return;
  await tx.query(
    `update orders_variants v set told = n.availability from jsonb_to_recordset($2::jsonb) as n ("variantId" text, availability text)
     where v.tenant_id = $1 and v.variant_id = n."variantId"`,
    [tenant, JSON.stringify(news)],
  );
  await tx.emit(...news.map(({ variantId, availability }) => stockChanged(variantId, availability)));
}
