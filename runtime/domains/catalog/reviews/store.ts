/** Reviews in SQL: rows, pages, and the stars of the product that they add up to. */
import { ShopError } from '../../../platform/errors.ts';
import type { Clock, SqlRunner, SqlValue, TenantId, Transaction } from '../../../platform/ports.ts';
import { decodeCursor, encodeCursor, type Paged } from '../listing.ts';
import { noteProducts } from '../search/changes.ts';
import { addressOf, picturesOf } from './pictures.ts';
import { recounted, standingOf, type Stars } from './rating.ts';
import type {
  AdminReview,
  AdminReviewsQuery,
  Held,
  OwnPicture,
  OwnReview,
  Review,
  REVIEW_SORTS,
  ReviewState,
  ReviewsPage,
  ReviewsQuery,
} from './schemas.ts';

export interface ReviewRow {
  readonly id: string;
  readonly product_id: string;
  readonly customer_id: string | null;
  readonly version: number;
  readonly state: ReviewState;
  readonly held: Held | null;
  readonly reason: string | null;
  readonly rating: number;
  readonly title: string;
  readonly body: string;
  readonly shown_name: string;
  readonly verified: boolean;
  readonly helpful: number;
  readonly reports: number;
  /** How many of its pictures are approved. */
  readonly pictures: number;
  readonly answer: string | null;
  readonly answered_at: Date | null;
  readonly created_at: Date;
  readonly edited_at: Date | null;
  readonly published_at: Date | null;
}

export const COLUMNS = `id, product_id, customer_id, version, state, held, reason, rating, title, body, shown_name, verified, helpful, reports,
  pictures, answer, answered_at, created_at, edited_at, published_at`;

// ── products ─────────────────────────────────────────────────────────────────────────────────────

export interface RatedProduct {
  readonly id: string;
  readonly title: string;
  readonly handle: string;
  readonly ratings: Stars;
}

/**
 * Whoever changes what counts for a product locks it first, and its review afterwards: two never wait for each other crosswise, and
 * neither counts from what the other has changed already.
 * @throws ShopError `not_found`, also for one that shoppers may not see
 */
export async function lockProduct(tx: Transaction, tenant: TenantId, id: string): Promise<RatedProduct> {
  const { rows } = await tx.query<RatedProduct>(
    'select id, title, handle, ratings from products where tenant_id = $1 and id = $2 and visible for update',
    [tenant, id],
  );
  const [product] = rows;
  if (product === undefined) throw new ShopError('not_found', 'There is no such product.');
  return product;
}

export interface Locked {
  readonly product: RatedProduct;
  readonly review: ReviewRow;
}

/** @throws ShopError `not_found`; for a customer also when it is somebody else's */
export async function lockReview(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  customerId?: string,
): Promise<Locked> {
  const { rows: products } = await tx.query<RatedProduct>(
    `select p.id, p.title, p.handle, p.ratings from products p where p.tenant_id = $1
       and p.id = (select r.product_id from catalog_reviews r where r.tenant_id = $1 and r.id = $2) for update`,
    [tenant, id],
  );
  const { rows: reviews } = await tx.query<ReviewRow>(
    `select ${COLUMNS} from catalog_reviews where tenant_id = $1 and id = $2 and ($3::text is null or customer_id = $3) for update`,
    [tenant, id, customerId ?? null],
  );
  const [[product], [review]] = [products, reviews];
  if (product === undefined || review === undefined) throw noSuchReview();
  return { product, review };
}

/** @param before stars that the review gave until now, @param after from now; null where it does not count */
export async function recount(
  clock: Clock,
  tx: Transaction,
  tenant: TenantId,
  product: RatedProduct,
  before: number | null,
  after: number | null,
): Promise<void> {
  if (before === after) return;
  const stars = recounted(product.ratings, before, after);
  const { average, rank } = standingOf(stars);
  await tx.query(
    'update products set ratings = $3, rating_average = $4, rating_rank = $5 where tenant_id = $1 and id = $2',
    [tenant, product.id, stars, average, rank],
  );
  await noteProducts(clock, tx, tenant, [product.id]);
}

/** Stars that it counts for. */
export function countedOf({ state, rating }: Pick<ReviewRow, 'state' | 'rating'>): number | null {
  return state === 'published' ? rating : null;
}

// ── pages ────────────────────────────────────────────────────────────────────────────────────────

const ORDERS: Readonly<
  Record<(typeof REVIEW_SORTS)[number], { key: string; type: Paged['type']; descending: boolean }>
> = {
  newest: { key: 'published_at', type: 'timestamptz', descending: true },
  helpful: { key: 'helpful', type: 'integer', descending: true },
  highest: { key: 'rating', type: 'integer', descending: true },
  lowest: { key: 'rating', type: 'integer', descending: false },
};

/** Published ones that still have words. Throws ShopError `invalid_input` for a cursor of another list. */
export async function listPublished(
  sql: SqlRunner,
  tenant: TenantId,
  { productId, rating, withPictures, sort, limit, cursor }: ReviewsQuery,
): Promise<ReviewsPage> {
  const { key, type, descending } = ORDERS[sort];
  const list: Paged = { sort: `reviews-${sort}`, type };
  const after = cursor === undefined ? undefined : decodeCursor(cursor, list);
  const direction = descending ? 'desc' : 'asc';
  const { rows } = await sql.query<ReviewRow & { sort_key: SqlValue }>(
    `select ${COLUMNS}, ${key} as sort_key from catalog_reviews
     where tenant_id = $1 and product_id = $2 and state = 'published' and body <> '' and ($3::int is null or rating = $3)
       and ($4::text is null or (${key}, id) ${descending ? '<' : '>'} ($4::text::${type}, $5::text))
       ${withPictures === undefined ? '' : 'and pictures > 0'}
     order by ${key} ${direction}, id ${direction} limit $6`,
    [tenant, productId, rating ?? null, after?.key ?? null, after?.id ?? null, limit + 1],
  );
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const [pictures, pictured] = await Promise.all([
    picturesOf(
      sql,
      tenant,
      shown.flatMap((row) => (row.pictures > 0 ? [row.id] : [])),
    ),
    countPictured(sql, tenant, productId),
  ]);
  return {
    reviews: shown.map((row) => toReview(row, pictures.get(row.id))),
    pictured,
    nextCursor: rows.length > limit && last ? encodeCursor(list, last.sort_key, last.id) : null,
  };
}

async function countPictured(sql: SqlRunner, tenant: TenantId, productId: string): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    `select count(*)::int as count from catalog_reviews
     where tenant_id = $1 and product_id = $2 and state = 'published' and pictures > 0 and body <> ''`,
    [tenant, productId],
  );
  return rows[0]?.count ?? 0;
}

/** The latest first. */
export async function listOwn(
  sql: SqlRunner,
  tenant: TenantId,
  customerId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<{ reviews: OwnReview[]; nextCursor: string | null }> {
  const { rows } = await sql.query<ReviewRow>(
    `select ${COLUMNS} from catalog_reviews where tenant_id = $1 and customer_id = $2 and ($3::text is null or id < $3)
     order by id desc limit $4`,
    [tenant, customerId, cursorOf(cursor), limit + 1],
  );
  const reviews = await seenAs(toOwn, sql, tenant, rows.slice(0, limit));
  return { reviews, nextCursor: nextOf(rows, limit) };
}

/** The latest first. */
export async function listAll(
  sql: SqlRunner,
  tenant: TenantId,
  { state, productId, reported, pictures, limit, cursor }: AdminReviewsQuery,
): Promise<{ reviews: AdminReview[]; nextCursor: string | null }> {
  const { rows } = await sql.query<ReviewRow>(
    `select ${COLUMNS} from catalog_reviews where tenant_id = $1 and ($2::text is null or state = $2)
       and ($3::text is null or product_id = $3) and ($4::boolean is null or reports > 0) and ($5::text is null or id < $5)
       ${pictures === undefined ? '' : HAS_PICTURES[pictures]}
     order by id desc limit $6`,
    [
      tenant,
      state ?? null,
      productId ?? null,
      reported === undefined ? null : true,
      cursorOf(cursor),
      limit + 1,
    ],
  );
  const reviews = await seenAs(toAdminReview, sql, tenant, rows.slice(0, limit));
  return { reviews, nextCursor: nextOf(rows, limit) };
}

const HAS_PICTURES = {
  any: `and exists (select 1 from catalog_review_pictures p where p.tenant_id = $1 and p.review_id = catalog_reviews.id and p.state <> 'dropped')`,
  waiting: `and id in (select p.review_id from catalog_review_pictures p where p.tenant_id = $1 and p.state = 'waiting')`,
} as const;

/** Reviews as somebody sees them, their pictures asked for once. */
export async function seenAs<Seen>(
  toSeen: (row: ReviewRow, pictures: readonly OwnPicture[]) => Seen,
  sql: SqlRunner,
  tenant: TenantId,
  rows: readonly ReviewRow[],
): Promise<Seen[]> {
  const pictures = await picturesOf(
    sql,
    tenant,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => toSeen(row, pictures.get(row.id) ?? []));
}

const BY_ID: Paged = { sort: 'reviews-by-id', type: 'text' };

function cursorOf(cursor: string | undefined): string | null {
  return cursor === undefined ? null : decodeCursor(cursor, BY_ID).id;
}

function nextOf(rows: readonly ReviewRow[], limit: number): string | null {
  const last = rows[limit - 1];
  return rows.length > limit && last ? encodeCursor(BY_ID, last.id, last.id) : null;
}

// ── what is shown ────────────────────────────────────────────────────────────────────────────────

function toReview(row: ReviewRow, pictures: readonly OwnPicture[] = []): Review {
  const approved = pictures.filter(({ state }) => state === 'approved');
  return {
    ...shownOf(row),
    publishedAt: (row.published_at ?? row.created_at).toISOString(),
    pictures: approved.map(({ id, url, alt, width, height }) => ({ id, url, alt, width, height })),
  };
}

export function toOwn(row: ReviewRow, pictures: readonly OwnPicture[]): OwnReview {
  return {
    ...shownOf(row),
    version: row.version,
    state: row.state,
    reason: row.reason,
    publishedAt: row.published_at?.toISOString() ?? null,
    pictures: pictures.map((picture) => ({ ...picture, url: addressOf(picture.id, 'own') })),
  };
}

export function toAdminReview(row: ReviewRow, pictures: readonly OwnPicture[]): AdminReview {
  return {
    ...toOwn(row, pictures),
    pictures: pictures.map((picture) => ({ ...picture, url: addressOf(picture.id, 'merchant') })),
    held: row.held,
    customerId: row.customer_id,
    reports: row.reports,
    createdAt: row.created_at.toISOString(),
  };
}

function shownOf(row: ReviewRow): Omit<Review, 'publishedAt' | 'pictures'> {
  return {
    id: row.id,
    productId: row.product_id,
    rating: row.rating,
    title: row.title,
    body: row.body,
    name: row.shown_name,
    verified: row.verified,
    helpful: row.helpful,
    answer: row.answer,
    answeredAt: row.answered_at?.toISOString() ?? null,
    editedAt: row.edited_at?.toISOString() ?? null,
  };
}

export function noSuchReview(): ShopError {
  return new ShopError('not_found', 'There is no such review.');
}
