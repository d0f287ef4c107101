/** What is asked of the counts. Every question is one statement, about one tenant, and bounded. */
import type { Kind } from './suiting.ts';
import type { Clock, Sql, SqlRunner, TenantId } from '../../platform/ports.ts';

/** A browsing shopper may be answered by a replica that is so far behind. */
const BROWSING = { stalenessMilliseconds: 2_000 };
/** How much two that were bought together once are believed to belong together: as if so many orders had not had both. */
const SHRINKAGE = 5;
/** Visits that are looked at for each product, and at all: the latest. */
const VISITS_EACH = 200;
const VISITS_AT_MOST = 500;
/** What is kept of visits. */
const VISITS_KEPT = 20_000;
const DAY_MS = 24 * 60 * 60 * 1_000;
const VISITS_KEPT_MS = 30 * DAY_MS;
const GONE_KEPT_MS = 90 * DAY_MS;
const PAGE = 1_000;

/** Of a row `p`. Variants that may be sold beyond their stock are never said to be out. */
const SELLABLE = `(p.published and exists (select from unnest(p.variants) v(id) where not exists (
  select from recommendations_sold_out o where o.tenant_id = $1 and o.variant_id = v.id)))`;

/**
 * Cosine of the orders that two products are in (Sarwar, Karypis, Konstan, Riedl: Item-Based Collaborative Filtering, WWW 2001), shrunk
 * where few orders say so (Koren: Factorization Meets the Neighborhood, KDD 2008). Of rows `a`, `p` and their pair `q`.
 */
const SIMILARITY = `(q.orders / sqrt(a.orders::float8 * p.orders) * q.orders / (q.orders + ${SHRINKAGE}))`;

export interface Counts {
  readonly product_id: string;
  readonly sellable: boolean;
  readonly views: number;
  readonly carts: number;
  readonly sold: number;
  readonly orders: number;
  /** As `popularity.ts` sums it. */
  readonly score: number;
}

export interface Neighbour {
  readonly product_id: string;
  readonly sellable: boolean;
  readonly together: number;
  readonly orders: number;
  readonly similarity: number;
  readonly because: string;
}

export interface Store {
  /** Which of them are for sale now. */
  sellable(tenant: TenantId, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** For sale, the most popular first. @param among absent: all */
  popular(
    tenant: TenantId,
    asked: {
      readonly without: readonly string[];
      readonly among: readonly string[] | undefined;
      limit: number;
    },
  ): Promise<readonly { readonly product_id: string; readonly score: number }[]>;
  /** Bought together with any of them, the nearest first; none of themselves. */
  together(tenant: TenantId, ids: readonly string[], limit: number): Promise<readonly Neighbour[]>;
  /** Recent visits that looked at any of them, the latest first. */
  visitsWith(tenant: TenantId, ids: readonly string[]): Promise<readonly (readonly string[])[]>;
  /** What a visit, and a customer in their others, looked at, the latest last. */
  seenBy(
    tenant: TenantId,
    visit: string,
    customerId: string | undefined,
    limit: number,
  ): Promise<readonly string[]>;
  /** What these products are. */
  kindsOf(tenant: TenantId, ids: readonly string[]): Promise<readonly Kind[]>;
  counts(tenant: TenantId, id: string): Promise<Counts | undefined>;
  topCounts(tenant: TenantId, limit: number): Promise<readonly Counts[]>;
  /** Removes what has served its time. */
  tidy(tenant: TenantId, signal: AbortSignal): Promise<void>;
}

export function createStore({ sql, clock }: { readonly sql: Sql; readonly clock: Clock }): Store {
  const COUNTS = `select p.product_id, ${SELLABLE} as sellable, p.views::float8, p.carts::float8, p.sold::float8, p.orders::float8, p.score
    from recommendations_products p where p.tenant_id = $1`;

  return {
    async sellable(tenant, ids) {
      if (ids.length === 0) return new Set();
      const { rows } = await sql.query<{ product_id: string }>(
        tenant,
        `select p.product_id from recommendations_products p where p.tenant_id = $1 and p.product_id = any ($2::text[]) and ${SELLABLE}`,
        [tenant, ids],
        BROWSING,
      );
      return new Set(rows.map(({ product_id }) => product_id));
    },

    async popular(tenant, { without, among, limit }) {
      const { rows } = await sql.query<{ product_id: string; score: number }>(
        tenant,
        `select p.product_id, p.score from recommendations_products p
         where p.tenant_id = $1 and p.published and p.score > 0 and p.product_id <> all ($2::text[])
           and ($3::text[] is null or p.product_id = any ($3::text[])) and ${SELLABLE}
         order by p.score desc limit $4::int`,
        [tenant, without, among ?? null, limit],
        BROWSING,
      );
      return rows;
    },

    async together(tenant, ids, limit) {
      const { rows } = await sql.query<Neighbour>(
        tenant,
        `select n.product_id, bool_and(n.sellable) as sellable, sum(n.together) as together, max(n.orders) as orders,
           sum(n.similarity) as similarity, (array_agg(n.because order by n.similarity desc, n.because))[1] as because
         from (
           select q.other_id as product_id, q.product_id as because, ${SELLABLE} as sellable, q.orders::float8 as together,
             p.orders::float8 as orders, ${SIMILARITY} as similarity
           from recommendations_pairs q
           join recommendations_products a on a.tenant_id = $1 and a.product_id = q.product_id
           join recommendations_products p on p.tenant_id = $1 and p.product_id = q.other_id
           where q.tenant_id = $1 and q.product_id = any ($2::text[]) and q.other_id <> all ($2::text[])) n
         group by n.product_id order by similarity desc, n.product_id limit $3::int`,
        [tenant, ids, limit],
        BROWSING,
      );
      return rows;
    },

    async visitsWith(tenant, ids) {
      if (ids.length === 0) return [];
      const { rows } = await sql.query<{ products: string[] }>(
        tenant,
        `with recent as (
           select l.visit, max(l.seen_at) as at from unnest($2::text[]) i(id) cross join lateral (
             select s.visit, s.seen_at from recommendations_seen s where s.tenant_id = $1 and s.product_id = i.id
             order by s.seen_at desc limit ${VISITS_EACH}) l
           group by l.visit order by at desc, l.visit limit ${VISITS_AT_MOST})
         select array_agg(s.product_id order by s.product_id) as products
         from recommendations_seen s join recent r on r.visit = s.visit
         where s.tenant_id = $1 group by s.visit, r.at order by r.at desc, s.visit`,
        [tenant, ids],
        BROWSING,
      );
      return rows.map(({ products }) => products);
    },

    async seenBy(tenant, visit, customerId, limit) {
      const { rows } = await sql.query<{ product_id: string }>(
        tenant,
        `select s.product_id from recommendations_seen s where s.tenant_id = $1 and s.visit in (
           select $2::text union (
             select v.visit from recommendations_visits v where v.tenant_id = $1 and v.customer_id = $3::text
             order by v.seen_at desc limit 20))
         group by s.product_id order by max(s.seen_at) desc, s.product_id limit $4::int`,
        [tenant, visit, customerId ?? null, limit],
      );
      return rows.map(({ product_id }) => product_id).toReversed();
    },

    async kindsOf(tenant, ids) {
      const { rows } = await sql.query<Kind>(
        tenant,
        'select type, vendor from recommendations_products where tenant_id = $1 and product_id = any ($2::text[])',
        [tenant, ids],
        BROWSING,
      );
      return rows;
    },

    async counts(tenant, id) {
      const { rows } = await sql.query<Counts>(tenant, `${COUNTS} and p.product_id = $2`, [tenant, id]);
      return rows[0];
    },

    async topCounts(tenant, limit) {
      const { rows } = await sql.query<Counts>(
        tenant,
        `${COUNTS} and p.published and p.score > 0 order by p.score desc limit $2::int`,
        [tenant, limit],
      );
      return rows;
    },

    async tidy(tenant, signal) {
      const now = clock.now().getTime();
      const { rows } = await sql.query<{ seen_at: Date }>(
        tenant,
        `select seen_at from recommendations_visits where tenant_id = $1 order by seen_at desc offset ${VISITS_KEPT} limit 1`,
        [tenant],
      );
      const until = new Date(Math.max(now - VISITS_KEPT_MS, rows[0]?.seen_at.getTime() ?? 0));
      for (let more = true; more;) {
        signal.throwIfAborted();
        more = await sql.transaction(tenant, (tx) => dropVisits(tx, tenant, until));
      }
      await sql.transaction(tenant, (tx) => dropProducts(tx, tenant, new Date(now - GONE_KEPT_MS)));
    },
  };
}

/** A page of those that ended by then. @returns whether there may be more */
async function dropVisits(tx: SqlRunner, tenant: TenantId, until: Date): Promise<boolean> {
  const { rows } = await tx.query<{ visit: string }>(
    `select visit from recommendations_visits where tenant_id = $1 and seen_at <= $2 order by seen_at limit ${PAGE} for update skip locked`,
    [tenant, until],
  );
  const visits = rows.map(({ visit }) => visit);
  await tx.query('delete from recommendations_seen where tenant_id = $1 and visit = any ($2::text[])', [
    tenant,
    visits,
  ]);
  await tx.query('delete from recommendations_visits where tenant_id = $1 and visit = any ($2::text[])', [
    tenant,
    visits,
  ]);
  return rows.length === PAGE;
}

async function dropProducts(tx: SqlRunner, tenant: TenantId, until: Date): Promise<void> {
  const { rows } = await tx.query<{ product_id: string }>(
    `delete from recommendations_products where tenant_id = $1 and gone_at < $2 returning product_id`,
    [tenant, until],
  );
  await tx.query(
    'delete from recommendations_pairs where tenant_id = $1 and (product_id = any ($2::text[]) or other_id = any ($2::text[]))',
    [tenant, rows.map(({ product_id }) => product_id)],
  );
}
