/**
 * Pictures of reviews. The media domain takes them in and has the bytes; which review shows them, and since when, is said here, with the
 * review, in its transaction. One that is given up stays as a row that nobody can claim, until the media domain has heard of it and
 * whoever had asked before that is done, so that no review ever shows a picture that is on its way out.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TaskHandler, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import type { BegunPicture, FinishedPicture, NewPicture, OwnPicture, PictureInput } from './schemas.ts';

export const DROP = 'catalog.drop-review-picture';
/** No request takes longer. */
const GRACE_MS = 5 * 60 * 1_000;

/** One that the media domain has, of a customer, and that may be claimed. */
export interface ReadyPicture {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

interface PictureRow {
  readonly id: string;
  readonly review_id: string;
  readonly state: 'waiting' | 'approved' | 'dropped';
  readonly alt: string;
  readonly width: number;
  readonly height: number;
}

// ── beside the media domain ──────────────────────────────────────────────────────────────────────

/** Shops without the media domain have no pictures in reviews. */
export function hasPictures({ domains }: Pick<Tenant, 'domains'>): boolean {
  return domains.includes('media');
}

/** @returns where the bytes go; whether they may write the review at all was asked before */
export function beginPicture(
  { call, newId }: Pick<Platform, 'call' | 'newId'>,
  tenant: TenantId,
  customerId: string,
  { contentType, size }: NewPicture,
): Promise<BegunPicture> {
  return call(tenant, 'media', 'beginShopperPicture', { id: newId('pic'), customerId, contentType, size });
}

export function finishPicture(
  { call }: Pick<Platform, 'call'>,
  tenant: TenantId,
  customerId: string,
  id: string,
): Promise<FinishedPicture> {
  return call(tenant, 'media', 'finishShopperPicture', { id, customerId });
}

/**
 * What the media domain knows of those that the review does not show yet: asked before anything is locked, because nobody waits for
 * another domain while others wait for a row.
 * @param reviewId absent: it is being written
 */
export async function readyOf(
  { sql, call }: Pick<Platform, 'sql' | 'call'>,
  tenant: Tenant,
  customerId: string,
  wanted: readonly PictureInput[],
  reviewId?: string,
): Promise<readonly ReadyPicture[]> {
  const own = reviewId === undefined ? [] : await liveOf(readerOf(sql, tenant.id), tenant.id, reviewId);
  const known = new Set(own.map(({ id }) => id));
  const ids = wanted.map(({ id }) => id).filter((id) => !known.has(id));
  if (ids.length === 0) return [];
  if (!hasPictures(tenant)) throw noSuchPictures(ids);
  return call(tenant.id, 'media', 'readyShopperPictures', { ids, customerId });
}

/**
 * Tells the media domain of one that was given up, until it has heard. Minutes later nothing is left of it here: whoever was told before
 * that it is ready has claimed it in vain by then.
 */
export function createDropping(platform: Platform): TaskHandler {
  return async ({ tenant: id, payload }) => {
    const { id: picture, isTold = false } = payload as { id: string; isTold?: boolean }; // parsed by the definition's schema
    if (isTold) {
      await platform.sql.query(
        id,
        `delete from catalog_review_pictures where tenant_id = $1 and id = $2 and state = 'dropped'`,
        [id, picture],
      );
      return;
    }
    const tenant = await platform.tenants.byId(id);
    if (tenant === undefined)
      throw new ShopError('unavailable', 'The shop is not known here yet.', { retryAfterSeconds: 5 });
    if (hasPictures(tenant)) await platform.call(id, 'media', 'giveUpShopperPicture', { id: picture });
    const runAt = new Date(platform.clock.now().getTime() + GRACE_MS);
    await platform.sql.transaction(id, (tx) =>
      tx.enqueue({ name: DROP, payload: { id: picture, isTold: true }, key: `${picture}/told`, runAt }),
    );
  };
}

// ── in the review's transaction ──────────────────────────────────────────────────────────────────

/**
 * Makes these the review's pictures, in this order: those it has stay as approved as they are, new ones wait, and what is not wanted any
 * more is given up. The review is locked.
 * @param ready what the media domain said of the new ones
 * @throws ShopError `invalid_input` for one that is not the customer's, not ready, or shown by something else; `conflict` for too many
 */
export async function setPictures(
  tx: Transaction,
  tenant: TenantId,
  reviewId: string,
  wanted: readonly PictureInput[],
  ready: readonly ReadyPicture[],
  most: number,
): Promise<void> {
  const before = new Map((await liveOf(tx, tenant, reviewId)).map((row) => [row.id, row]));
  const added = new Map(ready.map((each) => [each.id, each]));
  const unknown = wanted.flatMap(({ id }) => (before.has(id) || added.has(id) ? [] : [id]));
  if (unknown.length > 0) throw noSuchPictures(unknown);
  const isMore = wanted.some(({ id }) => !before.has(id));
  if (isMore && wanted.length > most)
    throw new ShopError('conflict', `A review here may have ${most} pictures.`, {
      remedy: most === 0 ? 'Send it without pictures.' : 'Take some of them away.',
    });
  const keptIds = new Set(wanted.map(({ id }) => id));
  await drop(
    tx,
    tenant,
    [...before.keys()].filter((id) => !keptIds.has(id)),
  );
  for (const [position, { id, alt }] of wanted.entries()) {
    const kept = before.get(id);
    const { width, height } = kept ?? added.get(id) ?? { width: 0, height: 0 };
    // Words that nobody has looked at are no less of a novelty than a picture.
    const state = kept?.state === 'approved' && kept.alt === alt ? 'approved' : 'waiting';
    const { rowCount } = await tx.query(
      `insert into catalog_review_pictures as p (tenant_id, id, review_id, position, state, alt, width, height)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (tenant_id, id) do update set position = excluded.position, state = excluded.state, alt = excluded.alt
       where p.review_id = excluded.review_id and p.state <> 'dropped'`,
      [tenant, id, reviewId, position, state, alt, width, height],
    );
    if (rowCount === 0) throw noSuchPictures([id]);
  }
}

/** The merchant has looked at all there are. */
export async function approvePictures(tx: Transaction, tenant: TenantId, reviewId: string): Promise<void> {
  await tx.query(
    `update catalog_review_pictures set state = 'approved' where tenant_id = $1 and review_id = $2 and state = 'waiting'`,
    [tenant, reviewId],
  );
}

/** Of one. @throws ShopError `not_found` */
export async function decidePicture(
  tx: Transaction,
  tenant: TenantId,
  reviewId: string,
  id: string,
  state: 'approved' | 'refused',
): Promise<void> {
  const found = (await liveOf(tx, tenant, reviewId)).some((each) => each.id === id);
  if (!found) throw new ShopError('not_found', 'The review has no such picture.');
  if (state === 'refused') return drop(tx, tenant, [id]);
  await tx.query(
    `update catalog_review_pictures set state = 'approved' where tenant_id = $1 and id = $2 and state = 'waiting'`,
    [tenant, id],
  );
}

/** With the review itself. */
export async function dropAll(tx: Transaction, tenant: TenantId, reviewId: string): Promise<void> {
  const live = await liveOf(tx, tenant, reviewId);
  await drop(
    tx,
    tenant,
    live.map(({ id }) => id),
  );
}

/** With the product, and before it: its reviews go with its row. */
export async function dropOfProduct(tx: Transaction, tenant: TenantId, productId: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `select p.id from catalog_review_pictures p join catalog_reviews r on r.tenant_id = $1 and r.id = p.review_id
     where p.tenant_id = $1 and r.product_id = $2 and p.state <> 'dropped' order by p.id`,
    [tenant, productId],
  );
  await drop(
    tx,
    tenant,
    rows.map(({ id }) => id),
  );
}

/** Nothing is said of them any more, and the media domain is told. */
async function drop(tx: Transaction, tenant: TenantId, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query(
    `update catalog_review_pictures set state = 'dropped', alt = '' where tenant_id = $1 and id = any ($2::text[])`,
    [tenant, ids],
  );
  await tx.enqueue(...ids.map((id) => ({ name: DROP, payload: { id }, key: id })));
}

// ── what is shown ────────────────────────────────────────────────────────────────────────────────

/** Of several reviews at once, by review; those given up are left out. */
export async function picturesOf(
  sql: SqlRunner,
  tenant: TenantId,
  reviewIds: readonly string[],
): Promise<ReadonlyMap<string, readonly OwnPicture[]>> {
  if (reviewIds.length === 0) return new Map();
  const { rows } = await sql.query<PictureRow>(
    `select id, review_id, state, alt, width, height from catalog_review_pictures
     where tenant_id = $1 and review_id = any ($2::text[]) and state <> 'dropped' order by review_id, position, id`,
    [tenant, reviewIds],
  );
  const byReview = Map.groupBy(rows, ({ review_id: reviewId }) => reviewId);
  return new Map([...byReview].map(([reviewId, pictures]) => [reviewId, pictures.map(shownOf)]));
}

/** Whether the media domain may show it to everybody, and whether it still has to keep it. */
export async function standingOf(
  sql: SqlRunner,
  tenant: TenantId,
  id: string,
): Promise<{ isClaimed: boolean; isShown: boolean }> {
  const { rows } = await sql.query<{ is_shown: boolean }>(
    `select p.state = 'approved' and r.state = 'published' and r.body <> '' as is_shown from catalog_review_pictures p
     left join catalog_reviews r on r.tenant_id = $1 and r.id = p.review_id
     where p.tenant_id = $1 and p.id = $2`,
    [tenant, id],
  );
  return { isClaimed: rows.length > 0, isShown: rows[0]?.is_shown === true };
}

async function liveOf(sql: SqlRunner, tenant: TenantId, reviewId: string): Promise<readonly PictureRow[]> {
  const { rows } = await sql.query<PictureRow>(
    `select id, review_id, state, alt, width, height from catalog_review_pictures
     where tenant_id = $1 and review_id = $2 and state <> 'dropped'`,
    [tenant, reviewId],
  );
  return rows;
}

/** For everybody, once it is shown; whoever brought it and the merchant have addresses of their own. */
export function addressOf(id: string, whose: 'everybody' | 'own' | 'merchant' = 'everybody'): string {
  if (whose === 'merchant') return `/api/admin/media/shoppers/${id}`;
  return `/api/media/shoppers/${id}${whose === 'own' ? '/own' : ''}`;
}

function shownOf({ id, state, alt, width, height }: PictureRow): OwnPicture {
  return {
    id,
    url: addressOf(id),
    alt,
    width,
    height,
    state: state === 'approved' ? 'approved' : 'waiting',
  };
}

function readerOf(sql: Platform['sql'], tenant: TenantId): SqlRunner {
  return { query: (text, values) => sql.query(tenant, text, values) };
}

function noSuchPictures(ids: readonly string[]): ShopError {
  return new ShopError('invalid_input', 'There are no such pictures to be shown.', {
    problems: ids.map((id) => ({ where: 'body/pictures', what: `${id} is none of yours, or has gone` })),
    remedy: 'Bring them anew, and send the review within a day.',
  });
}
