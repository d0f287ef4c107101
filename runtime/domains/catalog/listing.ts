/**
 * The product list: filters, sorting and pages as one SQL statement, with keyset cursors. Words are looked for plainly, as parts of what
 * a product is called: whoever searches asks the index (`search/ask.ts`), and comes here only while it is away.
 */
import { z, type ZodType } from 'zod';
import {
  decodeCursor as decodePlace,
  encodeCursor as encodePlace,
  foreignCursor,
  PLACE,
} from '../../platform/cursor.ts';
import type { Sql, SqlValue, Tenant } from '../../platform/ports.ts';
import { CARD_COLUMNS, toCard, type CardRow } from './document.ts';
import { BROWSING } from './freshness.ts';
import type { Applying } from './price-lists/shown.ts';
import { AS_IT_IS, type Arrangement, type Lift } from './ranking/lifts.ts';
import type { ProductCard, ProductsByIdsQuery, ProductsPage, ProductsQuery } from './schemas.ts';

/**
 * One page; total and facets come with the first. What is lifted stands before the others, and of equals the list's order decides.
 * @param lists with prices of single variants, by which it is filtered and sorted; absent: by the variants' own
 * @throws ShopError `invalid_input` for a cursor of another list
 */
export async function listProducts(
  sql: Sql,
  tenant: Tenant,
  query: ProductsQuery,
  arranged: Arrangement = AS_IT_IS,
  lists?: Applying,
): Promise<ProductsPage> {
  const currency = currencyOf(tenant, query);
  const list = describe(tenant, query, currency, arranged, lists);
  const first = query.cursor === undefined;
  const [page, summary] = await Promise.all([
    sql.query<PageRow>(tenant.id, list.page, list.values, BROWSING),
    first ? sql.query<SummaryRow>(tenant.id, list.summary, list.filterValues, BROWSING) : undefined,
  ]);
  const { rows } = page;
  const total = summary?.rows[0]?.total ?? null;
  const facets = summary?.rows[0]?.facets ?? null;
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const more = rows.length > query.limit;
  return {
    products: shown.map((row) => toCard(row, currency, query.locale)),
    nextCursor: more && last ? encodeCursor(list, last.sort_key, last.id, last.lift) : null,
    total,
    currency,
    facets,
    search: null,
    placed: [],
    didYouMean: null,
    instead: [],
  };
}

/** Those of the ids that shoppers may see, in the order asked for. */
export async function listByIds(
  sql: Sql,
  tenant: Tenant,
  { ids, currency, locale }: ProductsByIdsQuery,
): Promise<ProductCard[]> {
  const { rows } = await sql.query<CardRow>(
    tenant.id,
    `SELECT ${CARD_COLUMNS} FROM products p
     WHERE p.tenant_id = $1 AND p.visible AND p.id = ANY ($2::text[]) ORDER BY array_position($2::text[], p.id)`,
    [tenant.id, ids],
    BROWSING,
  );
  return rows.map((row) => toCard(row, currencyOf(tenant, { currency }), locale));
}

/** Prices are said in this one. */
export function currencyOf(tenant: Tenant, { currency }: Pick<ProductsQuery, 'currency'>): string {
  return currency ?? tenant.currencies[0] ?? 'EUR';
}

interface PageRow extends CardRow {
  readonly sort_key: string | number | Date | null;
  /** Of a list with lifts. */
  readonly lift?: number;
}

interface SummaryRow {
  readonly total: number;
  readonly facets: NonNullable<ProductsPage['facets']>;
}

interface ListSql extends Paged {
  readonly page: string;
  readonly values: readonly SqlValue[];
  readonly summary: string;
  readonly filterValues: readonly SqlValue[];
}

interface Order {
  /** Expression over p (products), m (membership), r (price range). */
  readonly key: string;
  readonly type: Paged['type'];
  readonly descending: boolean;
}

const FEATURED: Order = { key: 'p.position', type: 'bigint', descending: false };

const ORDERS: Readonly<Record<string, Order>> = {
  featured: FEATURED,
  member: { key: 'm.position', type: 'bigint', descending: false },
  'title-asc': { key: 'lower(p.title)', type: 'text', descending: false },
  'title-desc': { key: 'lower(p.title)', type: 'text', descending: true },
  'price-asc': { key: 'r.min_amount', type: 'bigint', descending: false },
  'price-desc': { key: 'r.min_amount', type: 'bigint', descending: true },
  newest: { key: 'p.published_at', type: 'timestamptz', descending: true },
  rating: { key: 'p.rating_rank', type: 'integer', descending: true },
};

function describe(
  tenant: Tenant,
  query: ProductsQuery,
  currency: string,
  arranged: Arrangement,
  lists: Applying | undefined,
): ListSql {
  const values: SqlValue[] = [tenant.id];
  const bind = (value: SqlValue): string => `$${values.push(value)}`;
  const joins: string[] = [];
  const where = ['p.tenant_id = $1', 'p.visible'];
  const q = query.q === undefined || query.q === '' ? undefined : query.q;
  const sort = sortOf(query, q);

  if (query.collection !== undefined) {
    joins.push(
      `JOIN collections c ON c.tenant_id = $1 AND c.handle = ${bind(query.collection)} AND c.published
       JOIN collection_products m ON m.tenant_id = $1 AND m.collection_id = c.id AND m.product_id = p.id`,
    );
  }
  const byPrice = sort.startsWith('price') || query.minPrice !== undefined || query.maxPrice !== undefined;
  const paid = byPrice ? pricesOf(lists, bind(currency), bind) : OWN;
  if (byPrice) {
    joins.push(
      `JOIN product_prices r ON r.tenant_id = $1 AND r.product_id = p.id AND r.currency = ${paid.currency}`,
      ...paid.joins,
    );
  }
  if (query.minPrice !== undefined) where.push(paid.reaches(bind(query.minPrice)));
  if (query.maxPrice !== undefined) where.push(`${paid.least} <= ${bind(query.maxPrice)}`);
  if (query.type !== undefined) where.push(`p.type = ${bind(query.type)}`);
  if (query.vendor !== undefined) where.push(`p.vendor = ${bind(query.vendor)}`);
  if (query.minRating !== undefined)
    where.push(`p.rating_average >= ${bind(Math.round(query.minRating * 1_000))}`);
  if (query.available !== undefined) where.push(HAS_STOCK);
  if (query.tag !== undefined) where.push(`${bind(query.tag)} = ANY (p.tags)`);
  if (arranged.only !== undefined) where.push(`p.id = ANY (${bind(arranged.only)}::text[])`);
  if (arranged.without.length > 0) where.push(`p.id <> ALL (${bind(arranged.without)}::text[])`);
  let rank = '0';
  if (q !== undefined) {
    const parts = q
      .toLowerCase()
      .split(/\s+/)
      .slice(0, MOST_WORDS)
      .map((word) => bind(partOf(word)));
    where.push(...parts.map((part) => `p.search_text LIKE ${part}`));
    rank = parts.map((part) => `(lower(p.title) LIKE ${part})::int`).join(' + ');
  }
  const filterValues = [...values];
  const from = `FROM products p ${joins.join(' ')}`;
  const usual = ORDERS[sort] ?? FEATURED;
  const order: Order =
    sort === 'relevance'
      ? { key: rank, type: 'integer', descending: true }
      : sort.startsWith('price')
        ? { ...usual, key: paid.least }
        : usual;
  const direction = order.descending ? 'DESC' : 'ASC';
  const lift = liftOf(arranged.lifts, bind);
  // Of one direction, so that a page's end can be compared with.
  const keys = [
    ...(lift === undefined ? [] : [{ key: order.descending ? lift : `-(${lift})`, type: 'float8' }]),
    { key: order.key, type: order.type },
    { key: 'p.id', type: 'text' },
  ];
  const names = keys.map(({ key }) => key).join(', ');
  const paging = [...where];
  if (query.cursor !== undefined) {
    const from = decodeCursor(query.cursor, { sort, type: order.type }, lift !== undefined);
    const ends = [...(from.lift === undefined ? [] : [from.lift]), from.key, from.id];
    const end = ends.map((value, n) => `${bind(value)}::text::${keys[n]?.type ?? 'text'}`).join(', ');
    paging.push(`(${names}) ${order.descending ? '<' : '>'} (${end})`);
  }
  // A parameter, not a number in the text: each text is prepared once and kept.
  const limit = bind(query.limit + 1);
  const lifted = lift === undefined ? '' : `, ${keys[0]?.key ?? ''} AS lift`;
  const ordered = keys.map(({ key }) => `${key} ${direction}`).join(', ');
  return {
    sort,
    type: order.type,
    values,
    filterValues,
    page: `${paid.with === '' ? '' : `WITH ${paid.with} `}SELECT ${CARD_COLUMNS}, ${order.key} AS sort_key${lifted} ${from} WHERE ${paging.join(' AND ')}
           ORDER BY ${ordered} LIMIT ${limit}::int`,
    summary: `WITH ${paid.with === '' ? '' : `${paid.with}, `}hits AS MATERIALIZED (SELECT p.type, p.vendor, p.tags ${from} WHERE ${where.join(' AND ')})
      SELECT (SELECT count(*) FROM hits) AS total, jsonb_build_object(
        'types', ${facet('SELECT type AS value FROM hits')},
        'vendors', ${facet('SELECT vendor AS value FROM hits')},
        'tags', ${facet('SELECT unnest(tags) AS value FROM hits')}) AS facets`,
  };
}

/** What products cost whoever asks, for a statement over p (products) and r (their range of own prices). */
interface PaidSql {
  /** Common table expressions; empty: none. */
  readonly with: string;
  readonly joins: readonly string[];
  readonly currency: string;
  /** What the cheapest variant costs. */
  readonly least: string;
  /** Whether a variant costs as much or more. */
  readonly reaches: (amount: string) => string;
}

const OWN: PaidSql = {
  with: '',
  joins: [],
  currency: '',
  least: 'r.min_amount',
  reaches: (amount) => `r.max_amount >= ${amount}`,
};

/**
 * By the rule of `price-lists/rule.ts`, of one unit. What lists say of single variants is looked up once for the whole list; what the
 * dearest variant costs then, only of products that lists say something of.
 */
function pricesOf(lists: Applying | undefined, currency: string, bind: (value: SqlValue) => string): PaidSql {
  if (lists === undefined) return { ...OWN, currency };
  const ids = `${bind(lists.ids)}::text[]`;
  const kept = `${bind(10_000 - lists.offBasisPoints)}::bigint`;
  const less = (amount: string): string => `((${amount} * (SELECT share FROM kept) + 5000) / 10000)`;
  const dearest = `(SELECT max(least(${less('own.amount')}, said.amount)) FROM jsonb_array_elements(p.document -> 'variants') AS d (variant)
    CROSS JOIN LATERAL (SELECT (o ->> 'amount')::bigint AS amount FROM jsonb_array_elements(d.variant -> 'prices') o
      WHERE o ->> 'currency' = ${currency}) own
    LEFT JOIN said ON said.variant_id = d.variant ->> 'id')`;
  return {
    currency,
    with: `kept AS (SELECT ${kept} AS share), said AS MATERIALIZED (
      SELECT v.product_id, x.variant_id, min((x.steps -> 0 ->> 1)::bigint) AS amount
      FROM price_list_prices x JOIN variants v ON v.tenant_id = $1 AND v.id = x.variant_id
      WHERE x.tenant_id = $1 AND x.list_id = ANY (${ids}) AND (x.steps -> 0 ->> 0)::int <= 1 GROUP BY v.product_id, x.variant_id)`,
    joins: [
      'LEFT JOIN (SELECT product_id, min(amount) AS amount FROM said GROUP BY product_id) l ON l.product_id = p.id',
    ],
    least: `least(${less('r.min_amount')}, l.amount)`,
    reaches: (amount) =>
      `${less('r.max_amount')} >= ${amount} AND (l.product_id IS NULL OR ${dearest} >= ${amount})`,
  };
}

/** The product of all factors that fit; undefined: none is asked for. */
function liftOf(lifts: readonly Lift[], bind: (value: SqlValue) => string): string | undefined {
  if (lifts.length === 0) return undefined;
  const fits = (what: Lift['what']): string => {
    switch (what.by) {
      case 'tag':
        return `${bind(what.value)}::text = ANY (p.tags)`;
      case 'type':
      case 'vendor':
        return `p.${what.by} = ${bind(what.value)}::text`;
      case 'available':
        return HAS_STOCK;
      case 'since':
        return `p.published_at >= ${bind(what.since)}::timestamptz`;
      case 'id':
        return `p.id = ANY (${bind(what.ids)}::text[])`;
    }
  };
  return lifts
    .map(({ what, factor }) => `(CASE WHEN ${fits(what)} THEN ${bind(factor)}::float8 ELSE 1 END)`)
    .join(' * ');
}

/** A variant that may be sold beyond its stock is never sold out; orders do not say so of it. */
const HAS_STOCK = `EXISTS (SELECT 1 FROM variants v WHERE v.tenant_id = $1 AND v.product_id = p.id
  AND NOT EXISTS (SELECT 1 FROM sold_out_variants s WHERE s.tenant_id = $1 AND s.variant_id = v.id))`;

function facet(source: string): string {
  return `coalesce((SELECT jsonb_agg(f) FROM (SELECT value, count(*)::int AS count FROM (${source}) v
    WHERE value <> '' GROUP BY value ORDER BY count(*) DESC, value LIMIT 50) f), '[]'::jsonb)`;
}

function sortOf(query: ProductsQuery, q: string | undefined): string {
  const asked = query.sort ?? (q === undefined ? 'featured' : 'relevance');
  const sort = asked === 'relevance' && q === undefined ? 'featured' : asked;
  return sort === 'featured' && query.collection !== undefined ? 'member' : sort;
}

/** Words of one question beyond which it is not a shopper's. */
const MOST_WORDS = 16;

/** As a pattern: `100%` is found as it stands. */
function partOf(word: string): string {
  return `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`;
}

/** A list that is paged: what it is called, and what it is sorted by. */
export interface Paged {
  readonly sort: string;
  readonly type: keyof typeof PLACE;
}

/** Names its list, so that it is not taken to another one. */
export function encodeCursor({ sort }: Paged, key: unknown, id: string, lift?: number): string {
  return encodePlace([sort, key, id, ...(lift === undefined ? [] : [lift])]);
}

/** @param lifted whether the list has lifts @throws ShopError `invalid_input` for a cursor of another list */
export function decodeCursor(
  cursor: string,
  { sort, type }: Paged,
  lifted = false,
): { readonly key: string; readonly id: string; readonly lift?: string } {
  const [of, key, id, lift] = decodePlace(cursor, PLACES[type]);
  if (of !== sort || (lift !== undefined) !== lifted) throw foreignCursor();
  return { key: String(key), id, ...(lift === undefined ? {} : { lift: String(lift) }) };
}

const PLACES = {
  text: placeBy(PLACE.text),
  bigint: placeBy(PLACE.bigint),
  integer: placeBy(PLACE.integer),
  timestamptz: placeBy(PLACE.timestamptz),
};

function placeBy(key: ZodType<string | number>) {
  return z.tuple([z.string(), key, PLACE.text, z.number().optional()]);
}
