/**
 * What is done to reviews. Each is one transaction: the review, the stars of its product, what the search index has to hear and what
 * others are told come together or not at all.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { TenantId, Transaction } from '../../../platform/ports.ts';
import { judge } from './judging.ts';
import {
  approvePictures,
  decidePicture,
  dropAll,
  picturesOf,
  setPictures,
  type ReadyPicture,
} from './pictures.ts';
import { hasBought, onlyBuyers } from './purchases.ts';
import type {
  Decision,
  OwnPicture,
  PictureDecision,
  PictureInput,
  ReviewEdit,
  ReviewEvent,
  ReviewInput,
  ReviewText,
} from './schemas.ts';
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

/** A review after what was done to it. */
export interface Done {
  readonly review: ReviewRow;
  readonly pictures: readonly OwnPicture[];
}

/**
 * @param ready what the media domain said of its pictures
 * @throws ShopError `forbidden` when the shop wants reviews of what was bought; `conflict` when they have written one
 */
export async function writeReview(
  { clock, newId }: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  { productId, pictures, ...text }: ReviewInput,
  ready: readonly ReadyPicture[],
): Promise<Done> {
  const product = await lockProduct(tx, tenant, productId);
  const [settings, verified] = await Promise.all([
    readSettings(tx, tenant),
    hasBought(tx, tenant, customerId, productId),
  ]);
  if (!verified && settings.writers === 'buyers') throw onlyBuyers();
  const { state, reason: held } = judge(settings, textsOf(text, pictures), false);
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
  if (pictures.length > 0) await setPictures(tx, tenant, review.id, pictures, ready, settings.mostPictures);
  await recount(clock, tx, tenant, product, null, countedOf(review));
  const done = await doneWith(tx, tenant, review);
  await tell(tx, state === 'published' ? 'published' : 'submitted', done, product);
  return done;
}

/** @param ready what the media domain said of its new pictures @throws ShopError `conflict` when it is of another version */
export async function editReview(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  id: string,
  { version, pictures, ...text }: ReviewEdit,
  ready: readonly ReadyPicture[],
): Promise<Done> {
  const { product, review } = await lockReview(tx, tenant, id, customerId);
  requireVersion(review, version);
  const settings = await readSettings(tx, tenant);
  const wasRefused = review.state === 'refused' || review.held === 'refused_before';
  const { state, reason: held } = judge(settings, textsOf(text, pictures), wasRefused);
  const now = clock.now();
  const changed = await change(
    tx,
    `update catalog_reviews set version = version + 1, state = $3, held = $4, reason = null, rating = $5, title = $6, body = $7, shown_name = $8,
       edited_at = $9, published_at = case when $3 = 'published' then coalesce(published_at, $9) end
     where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
    [tenant, id, state, held, text.rating, text.title, text.body, text.name, now],
  );
  if (pictures !== undefined) await setPictures(tx, tenant, id, pictures, ready, settings.mostPictures);
  await recount(clock, tx, tenant, product, countedOf(review), countedOf(changed));
  const done = await doneWith(tx, tenant, changed);
  await tell(tx, state === 'published' ? 'published' : 'submitted', done, product);
  return done;
}

export async function withdrawReview(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  id: string,
): Promise<void> {
  const { product, review } = await lockReview(tx, tenant, id, customerId);
  await dropAll(tx, tenant, id);
  await tx.query('delete from catalog_reviews where tenant_id = $1 and id = $2', [tenant, id]);
  await recount(clock, tx, tenant, product, countedOf(review), null);
  await tell(tx, 'withdrawn', { review, pictures: [] }, product);
}

/**
 * Settles what was reported of it, whichever way it goes. Its pictures go the same way.
 * @throws ShopError `conflict` when it was edited meanwhile
 */
export async function decide(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  id: string,
  { version, state, reason }: Decision,
): Promise<Done> {
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
  await (state === 'published' ? approvePictures(tx, tenant, id) : dropAll(tx, tenant, id));
  await recount(clock, tx, tenant, product, countedOf(review), countedOf(changed));
  const done = await doneWith(tx, tenant, changed);
  if (review.state !== state) await tell(tx, state, done, product);
  return done;
}

/** Of one of its pictures, whatever becomes of the words. @throws ShopError `conflict` when the review was edited meanwhile */
export async function decideOnPicture(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  pictureId: string,
  { version, state }: PictureDecision,
): Promise<Done> {
  const { product, review } = await lockReview(tx, tenant, id);
  requireVersion(review, version);
  await decidePicture(tx, tenant, id, pictureId, state);
  const done = await doneWith(tx, tenant, review);
  await tell(tx, 'pictures_decided', done, product);
  return done;
}

/** @param answer null takes it away */
export async function answerReview(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  id: string,
  answer: string | null,
): Promise<Done> {
  const review = await change(
    tx,
    `update catalog_reviews set answer = $3, answered_at = $4 where tenant_id = $1 and id = $2 and body <> '' returning ${COLUMNS}`,
    [tenant, id, answer, answer === null ? null : clock.now()],
  );
  return doneWith(tx, tenant, review);
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

/** With its pictures as they are now, and as many of them counted as everybody may see. */
async function doneWith(tx: Transaction, tenant: TenantId, review: ReviewRow): Promise<Done> {
  const pictures = (await picturesOf(tx, tenant, [review.id])).get(review.id) ?? [];
  const approved = pictures.filter(({ state }) => state === 'approved').length;
  if (approved === review.pictures) return { review, pictures };
  await tx.query('update catalog_reviews set pictures = $3 where tenant_id = $1 and id = $2', [
    tenant,
    review.id,
    approved,
  ]);
  return { review: { ...review, pictures: approved }, pictures };
}

function textsOf(
  { title, body, name }: Pick<ReviewText, 'title' | 'body' | 'name'>,
  pictures: readonly PictureInput[] = [],
): readonly string[] {
  return [title, body, name, ...pictures.map(({ alt }) => alt)];
}

function requireVersion(review: ReviewRow, version: number): void {
  if (review.version === version) return;
  throw new ShopError('conflict', `It has been edited meanwhile and is of version ${review.version} now.`, {
    remedy: 'Read it again.',
  });
}

function tell(
  tx: Transaction,
  what: 'submitted' | 'published' | 'refused' | 'withdrawn' | 'pictures_decided',
  { review, pictures }: Done,
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
    pictures: pictures.map(({ id, state }) => ({ id, state })),
  };
  return tx.emit({ topic: 'catalog.review', type: `catalog.review.${what}`, key: review.id, payload });
}
