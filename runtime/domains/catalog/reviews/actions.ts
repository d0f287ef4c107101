/**
 * What is done to reviews. Each is one transaction: the review, the stars of its product, what the search index has to hear and what
 * others are told come together or not at all.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { TenantId, Transaction } from '../../../platform/ports.ts';
import { judge } from './judging.ts';
import { hasBought } from './purchases.ts';
import type { Decision, ReviewEdit, ReviewEvent, ReviewInput, ReviewText } from './schemas.ts';
import { readSettings } from './settings.ts';
import {
  COLUMNS,
  countedOf,
  lockProduct,
  lockReview,
  noSuchReview,
  recount,
  type RatedProduct,
  type ReviewRow,
} from './store.ts';

export type Tools = Pick<Platform, 'clock' | 'newId'>;

/** @throws ShopError `forbidden` when the shop wants reviews of what was bought; `conflict` when they have written one */
export async function writeReview(
  { clock, newId }: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  { productId, ...text }: ReviewInput,
): Promise<ReviewRow> {
  const product = await lockProduct(tx, tenant, productId);
  const [settings, verified] = await Promise.all([
    readSettings(tx, tenant),
    hasBought(tx, tenant, customerId, productId),
  ]);
  if (!verified && settings.writers === 'buyers')
    throw new ShopError('forbidden', 'Only who has bought this here can review it.', {
      remedy: 'Buy it while you are signed in, and come back when you know it.',
    });
  const { state, reason: held } = judge(settings, textsOf(text), false);
  const now = clock.now();
  const { rows } = await tx.query<ReviewRow>(
    `insert into catalog_reviews (tenant_id, id, product_id, customer_id, version, state, held, rating, title, body, shown_name, verified,
       helpful, reports, created_at, published_at)
     values ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, 0, 0, $12, $13)
     on conflict (tenant_id, product_id, customer_id) do nothing returning ${COLUMNS}`,
    [
      tenant,
      newId('rev'),
      productId,
      customerId,
      state,
      held,
      text.rating,
      text.title,
      text.body,
      text.name,
      verified,
      now,
      state === 'published' ? now : null,
    ],
  );
  const [review] = rows;
  if (review === undefined)
    throw new ShopError('conflict', 'You have reviewed this product already.', {
      remedy: 'Edit what you wrote.',
    });
  await recount(clock, tx, tenant, product, null, countedOf(review));
  await tell(tx, state === 'published' ? 'published' : 'submitted', review, product);
  return review;
}

/** @throws ShopError `conflict` when it is of another version */
export async function editReview(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  id: string,
  { version, ...text }: ReviewEdit,
): Promise<ReviewRow> {
  const { product, review } = await lockReview(tx, tenant, id, customerId);
  requireVersion(review, version);
  const settings = await readSettings(tx, tenant);
  const wasRefused = review.state === 'refused' || review.held === 'refused_before';
  const { state, reason: held } = judge(settings, textsOf(text), wasRefused);
  const now = clock.now();
  const changed = await change(
    tx,
    `update catalog_reviews set version = version + 1, state = $3, held = $4, reason = null, rating = $5, title = $6, body = $7, shown_name = $8,
       edited_at = $9, published_at = case when $3 = 'published' then coalesce(published_at, $9) end
     where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
    [tenant, id, state, held, text.rating, text.title, text.body, text.name, now],
  );
  await recount(clock, tx, tenant, product, countedOf(review), countedOf(changed));
  await tell(tx, state === 'published' ? 'published' : 'submitted', changed, product);
  return changed;
}

export async function withdrawReview(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  id: string,
): Promise<void> {
  const { product, review } = await lockReview(tx, tenant, id, customerId);
  await tx.query('delete from catalog_reviews where tenant_id = $1 and id = $2', [tenant, id]);
  await recount(clock, tx, tenant, product, countedOf(review), null);
  await tell(tx, 'withdrawn', review, product);
}

/** Settles what was reported of it, whichever way it goes. @throws ShopError `conflict` when it was edited meanwhile */
export async function decide(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  id: string,
  { version, state, reason }: Decision,
): Promise<ReviewRow> {
  const { product, review } = await lockReview(tx, tenant, id);
  requireVersion(review, version);
  if (review.customer_id === null && state === 'published' && review.state !== 'published')
    throw new ShopError('illegal_transition', 'Nothing is left of it to be published.');
  const changed = await change(
    tx,
    `update catalog_reviews set state = $3, held = null, reason = $4, reports = 0,
       published_at = case when $3 = 'published' then coalesce(published_at, $5) end
     where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
    [tenant, id, state, state === 'refused' ? (reason ?? null) : null, clock.now()],
  );
  await tx.query('delete from catalog_review_reports where tenant_id = $1 and review_id = $2', [tenant, id]);
  await recount(clock, tx, tenant, product, countedOf(review), countedOf(changed));
  if (review.state !== state) await tell(tx, state, changed, product);
  return changed;
}

/** @param answer null takes it away */
export function answerReview(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  id: string,
  answer: string | null,
): Promise<ReviewRow> {
  return change(
    tx,
    `update catalog_reviews set answer = $3, answered_at = $4 where tenant_id = $1 and id = $2 and body <> '' returning ${COLUMNS}`,
    [tenant, id, answer, answer === null ? null : clock.now()],
  );
}

/** One statement, so that the count is what the votes are whoever else votes. @returns how many found it helpful */
export async function vote(
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  id: string,
  helpful: boolean,
): Promise<number> {
  const { rows } = await tx.query<{ helpful: number }>(helpful ? VOTE : UNVOTE, [tenant, id, customerId]);
  const [row] = rows;
  if (row === undefined) throw noSuchReview();
  return row.helpful;
}

/** Of a published one that is somebody else's. */
const VOTABLE = `r.tenant_id = $1 and r.id = $2 and r.state = 'published' and r.customer_id is distinct from $3`;
const VOTE = `with added as (
    insert into catalog_review_votes (tenant_id, review_id, customer_id)
    select $1, r.id, $3 from catalog_reviews r where ${VOTABLE} on conflict do nothing returning 1)
  update catalog_reviews r set helpful = r.helpful + (select count(*) from added) where ${VOTABLE} returning r.helpful`;
const UNVOTE = `with gone as (
    delete from catalog_review_votes where tenant_id = $1 and review_id = $2 and customer_id = $3 returning 1)
  update catalog_reviews r set helpful = r.helpful - (select count(*) from gone) where ${VOTABLE} returning r.helpful`;

/** Each customer counts once, with what they said first. */
export async function reportReview(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  id: string,
  reason: string,
): Promise<void> {
  const { rowCount } = await tx.query(
    `with added as (
       insert into catalog_review_reports (tenant_id, review_id, customer_id, reason, at)
       select $1, r.id, $3, $4, $5 from catalog_reviews r where ${VOTABLE} on conflict do nothing returning 1)
     update catalog_reviews r set reports = r.reports + (select count(*) from added) where ${VOTABLE}`,
    [tenant, id, customerId, reason, clock.now()],
  );
  if (rowCount === 0) throw noSuchReview();
}

async function change(
  tx: Transaction,
  text: string,
  values: Parameters<Transaction['query']>[1],
): Promise<ReviewRow> {
  const { rows } = await tx.query<ReviewRow>(text, values);
  const [row] = rows;
  if (row === undefined) throw noSuchReview();
  return row;
}

function textsOf({ title, body, name }: ReviewText): readonly string[] {
  return [title, body, name];
}

function requireVersion(review: ReviewRow, version: number): void {
  if (review.version === version) return;
  throw new ShopError('conflict', `It has been edited meanwhile and is of version ${review.version} now.`, {
    remedy: 'Read it again.',
  });
}

function tell(
  tx: Transaction,
  what: 'submitted' | 'published' | 'refused' | 'withdrawn',
  review: ReviewRow,
  { title, handle }: RatedProduct,
) {
  const payload: ReviewEvent = {
    id: review.id,
    productId: review.product_id,
    customerId: review.customer_id,
    rating: review.rating,
    state: what === 'withdrawn' ? 'withdrawn' : review.state,
    version: review.version,
    product: { title, handle },
  };
  return tx.emit({ topic: 'catalog.review', type: `catalog.review.${what}`, key: review.id, payload });
}
