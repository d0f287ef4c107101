/**
 * What products, orders and visits say, as counts. Each is a sum, a maximum or a newest version, so that it comes out the same in whatever
 * order events are heard; that none is counted twice is the platform's promise to consumers.
 */
import { z } from 'zod';
import type { EventHandler, NewTask, Clock } from '../../platform/ports.ts';
import { weightOf } from './popularity.ts';

/** As much of others' events as we use; more fields may come. */
const upserted = z.object({
  id: z.string(),
  version: z.int(),
  published: z.boolean(),
  type: z.string(),
  vendor: z.string(),
  variants: z.array(z.object({ id: z.string() })),
});
const deleted = z.object({ id: z.string(), variantIds: z.array(z.string()) });
const stock = z.object({ variantId: z.string(), availability: z.string() });
const order = z.object({ lines: z.array(z.object({ productId: z.string(), quantity: z.int() })) });
const visit = z.object({
  visit: z.string().nullable(),
  customerId: z.string().optional(),
  seen: z.array(z.object({ productId: z.string(), kind: z.enum(['view', 'cart']), at: z.string() })),
});

/** Different products of one order that are paired: a retailer's order of a thousand says little of any two. */
export const BASKET = 20;
/** Others that a product keeps, those it was bought with most often and last. */
export const PAIRS = 200;
/** Products that a visit keeps, the latest. */
export const VISIT = 30;

export const TIDY = 'recommendations.tidy';
const HOUR_MS = 60 * 60 * 1_000;

/** Once an hour while anything happens. */
export function tidying(now: Date): NewTask {
  return { name: TIDY, payload: {}, key: 'tidy', runAt: new Date(now.getTime() + HOUR_MS) };
}

export function hearOfProduct(clock: Clock): EventHandler {
  return async ({ tenant, type, payload }, tx) => {
    if (type === 'catalog.product.upserted') {
      const { id, version, published, variants, type: kind, vendor } = upserted.parse(payload);
      await tx.query(
        `insert into recommendations_products (tenant_id, product_id, version, published, variants, type, vendor) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, product_id) do update
         set version = excluded.version, published = excluded.published, variants = excluded.variants,
           type = excluded.type, vendor = excluded.vendor
         where recommendations_products.version < excluded.version and recommendations_products.gone_at is null`,
        [tenant, id, version, published, variants.map((variant) => variant.id), kind, vendor],
      );
    } else if (type === 'catalog.product.deleted') {
      const { id, variantIds } = deleted.parse(payload);
      // The row stays for a while: what was said of it before must not bring it back.
      await tx.query(
        `insert into recommendations_products (tenant_id, product_id, gone_at) values ($1, $2, $3)
         on conflict (tenant_id, product_id) do update set published = false, variants = '{}', gone_at = excluded.gone_at`,
        [tenant, id, clock.now()],
      );
      await tx.query(
        'delete from recommendations_sold_out where tenant_id = $1 and variant_id = any ($2::text[])',
        [tenant, variantIds],
      );
    }
  };
}

export const hearOfStock: EventHandler = async ({ tenant, payload }, tx) => {
  const { variantId, availability } = stock.parse(payload);
  await tx.query(
    availability === 'out'
      ? 'insert into recommendations_sold_out (tenant_id, variant_id) values ($1, $2) on conflict do nothing'
      : 'delete from recommendations_sold_out where tenant_id = $1 and variant_id = $2',
    [tenant, variantId],
  );
};

/** An order counts when it is paid. What comes back later was wanted all the same. */
export function hearOfOrder(clock: Clock): EventHandler {
  return async ({ tenant, type, payload, occurredAt }, tx) => {
    if (type !== 'orders.order.confirmed') return;
    const units = new Map<string, number>();
    for (const { productId, quantity } of order.parse(payload).lines)
      units.set(productId, (units.get(productId) ?? 0) + quantity);
    const sales = [...units];
    await tx.query(
      `insert into recommendations_products (tenant_id, product_id, orders, sold, score)
       select $1, s.id, 1, s.units, s.weight from unnest($2::text[], $3::bigint[], $4::float8[]) s(id, units, weight) order by s.id
       on conflict (tenant_id, product_id) do update set orders = recommendations_products.orders + 1,
         sold = recommendations_products.sold + excluded.sold, score = recommendations_products.score + excluded.score`,
      [
        tenant,
        sales.map(([id]) => id),
        sales.map(([, quantity]) => quantity),
        sales.map(([, quantity]) => weightOf('sale', occurredAt, quantity)),
      ],
    );
    const basket = sales.slice(0, BASKET).map(([id]) => id);
    if (basket.length > 1) {
      await tx.query(
        `insert into recommendations_pairs (tenant_id, product_id, other_id, orders, last_at)
         select $1, a.id, b.id, 1, $3 from unnest($2::text[]) a(id), unnest($2::text[]) b(id) where a.id <> b.id order by a.id, b.id
         on conflict (tenant_id, product_id, other_id) do update set orders = recommendations_pairs.orders + 1,
           last_at = greatest(recommendations_pairs.last_at, excluded.last_at)`,
        [tenant, basket, occurredAt],
      );
      await tx.query(
        `delete from recommendations_pairs p using (
           select product_id, other_id,
             row_number() over (partition by product_id order by orders desc, last_at desc, other_id) as place
           from recommendations_pairs where tenant_id = $1 and product_id = any ($2::text[])) r
         where p.tenant_id = $1 and p.product_id = r.product_id and p.other_id = r.other_id and r.place > ${PAIRS}`,
        [tenant, basket],
      );
    }
    await tx.enqueue(tidying(clock.now()));
  };
}

/** Pages may say anything: only products that the catalogue has told of are counted, so that no page can fill the tables. */
export function hearOfVisit(clock: Clock): EventHandler {
  return async ({ tenant, payload }, tx) => {
    const { visit: name, customerId, seen } = visit.parse(payload);
    const counts = new Map<string, { view: number; cart: number; score: number; at: Date }>();
    for (const { productId, kind, at } of seen) {
      const count = counts.get(productId) ?? { view: 0, cart: 0, score: 0, at: new Date(at) };
      const when = new Date(at);
      count[kind] += 1;
      count.score += weightOf(kind, when);
      if (when > count.at) count.at = when;
      counts.set(productId, count);
    }
    const rows = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const { rows: known } = await tx.query<{ product_id: string }>(
      `update recommendations_products p set views = p.views + s.views, carts = p.carts + s.carts, score = p.score + s.score
       from unnest($2::text[], $3::bigint[], $4::bigint[], $5::float8[]) s(id, views, carts, score)
       where p.tenant_id = $1 and p.product_id = s.id and p.gone_at is null returning p.product_id`,
      [
        tenant,
        rows.map(([id]) => id),
        rows.map(([, { view }]) => view),
        rows.map(([, { cart }]) => cart),
        rows.map(([, { score }]) => score),
      ],
    );
    if (name === null || known.length === 0) return;
    const looked = known.map(({ product_id: id }) => ({ id, at: counts.get(id)?.at ?? clock.now() }));
    await tx.query(
      `insert into recommendations_visits (tenant_id, visit, customer_id, seen_at) values ($1, $2, $3, $4)
       on conflict (tenant_id, visit) do update set customer_id = coalesce(excluded.customer_id, recommendations_visits.customer_id),
         seen_at = greatest(recommendations_visits.seen_at, excluded.seen_at)`,
      [tenant, name, customerId ?? null, new Date(Math.max(...looked.map(({ at }) => at.getTime())))],
    );
    await tx.query(
      `insert into recommendations_seen (tenant_id, visit, product_id, seen_at)
       select $1, $2, s.id, s.at from unnest($3::text[], $4::timestamptz[]) s(id, at)
       on conflict (tenant_id, visit, product_id) do update set seen_at = greatest(recommendations_seen.seen_at, excluded.seen_at)`,
      [tenant, name, looked.map(({ id }) => id), looked.map(({ at }) => at)],
    );
    await tx.query(
      `delete from recommendations_seen where tenant_id = $1 and visit = $2 and product_id in (
         select product_id from recommendations_seen where tenant_id = $1 and visit = $2
         order by seen_at desc, product_id offset ${VISIT})`,
      [tenant, name],
    );
    await tx.enqueue(tidying(clock.now()));
  };
}
