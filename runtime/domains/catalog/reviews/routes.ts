/** What shoppers and merchants do with reviews, over HTTP. */
import type { Caller, Platform, RouteHandler } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId } from '../../../platform/ports.ts';
import { BROWSING } from '../freshness.ts';
import type { KeptAnswers } from '../kept.ts';
import {
  answerReview,
  decide,
  decideOnPicture,
  editReview,
  reportReview,
  vote,
  withdrawReview,
  writeReview,
} from './actions.ts';
import type { Asking } from './asking.ts';
import { beginPicture, finishPicture, hasPictures, readyOf } from './pictures.ts';
import { hasBought, onlyBuyers } from './purchases.ts';
import type {
  AdminReviewDetail,
  AdminReviewsQuery,
  Decision,
  NewPicture,
  PictureDecision,
  ReviewEdit,
  ReviewInput,
  ReviewSettingsUpdate,
  ReviewsQuery,
  ReviewStanding,
} from './schemas.ts';
import { readSettings } from './settings.ts';
import {
  COLUMNS,
  listAll,
  listOwn,
  listPublished,
  noSuchReview,
  seenAs,
  toAdminReview,
  toOwn,
  type ReviewRow,
} from './store.ts';

/** Of one customer: nobody who means it is faster. */
const WRITES_A_MINUTE = 10;
const VOTES_A_MINUTE = 60;
/** Announced, finished and shown in the form: two reviews full of them. */
const PICTURES_A_MINUTE = 20;
/** Ids of a product's reviews that somebody found helpful; beyond them their page shows the button as if not yet pressed. */
const MOST_VOTED = 500;

// In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
export function createReviewRoutes(
  platform: Platform,
  cached: KeptAnswers,
  asking: Asking,
): Record<string, RouteHandler> {
  const { sql, limits } = platform;
  const idOf = (params: unknown): string => (params as { id: string }).id;
  const readerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });
  const browserOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values, BROWSING),
  });

  /** @throws ShopError `rate_limited` */
  async function slowly(tenant: Tenant, customerId: string, what: string, perMinute: number): Promise<void> {
    const seconds = await limits.take(tenant.id, `reviews/${what}/${customerId}`, perMinute);
    if (seconds > 0)
      throw new ShopError('rate_limited', 'That was a little fast.', { retryAfterSeconds: seconds });
  }

  async function standing(
    tenant: Tenant,
    { customerId }: Caller,
    productId: string,
  ): Promise<ReviewStanding> {
    if (customerId === undefined) return { may: 'sign_in', review: null, mostPictures: 0, voted: [] };
    const reader = readerOf(tenant.id);
    const [own, votes, settings, verified] = await Promise.all([
      reader.query<ReviewRow>(
        `select ${COLUMNS} from catalog_reviews where tenant_id = $1 and product_id = $2 and customer_id = $3`,
        [tenant.id, productId, customerId],
      ),
      reader.query<{ id: string }>(
        `select r.id from catalog_review_votes v join catalog_reviews r on r.tenant_id = $1 and r.id = v.review_id
         where v.tenant_id = $1 and v.customer_id = $3 and r.product_id = $2 order by r.id limit ${MOST_VOTED}`,
        [tenant.id, productId, customerId],
      ),
      readSettings(reader, tenant.id),
      hasBought(reader, tenant.id, customerId, productId),
    ]);
    const [review] = await seenAs(toOwn, reader, tenant.id, own.rows);
    const may = verified || settings.writers === 'customers' ? 'write' : 'buy_first';
    return {
      may: review === undefined ? may : 'edit',
      review: review ?? null,
      mostPictures: hasPictures(tenant) ? settings.mostPictures : 0,
      voted: votes.rows.map(({ id }) => id),
    };
  }

  /** Only whoever may write the review brings pictures for it. @throws ShopError `forbidden`, `conflict` or `not_found` */
  async function requireMayBring(tenant: Tenant, caller: Caller, productId: string): Promise<void> {
    const { rowCount } = await sql.query(
      tenant.id,
      'select 1 from products where tenant_id = $1 and id = $2 and visible',
      [tenant.id, productId],
    );
    if (rowCount === 0) throw new ShopError('not_found', 'There is no such product.');
    const { may, mostPictures } = await standing(tenant, caller, productId);
    if (may === 'buy_first') throw onlyBuyers();
    if (mostPictures === 0) throw new ShopError('conflict', 'Reviews here have no pictures.');
  }

  async function detail(tenant: TenantId, id: string): Promise<AdminReviewDetail> {
    const reader = readerOf(tenant);
    const [found, reports] = await Promise.all([
      reader.query<ReviewRow>(`select ${COLUMNS} from catalog_reviews where tenant_id = $1 and id = $2`, [
        tenant,
        id,
      ]),
      reader.query<{ customer_id: string; reason: string; at: Date }>(
        'select customer_id, reason, at from catalog_review_reports where tenant_id = $1 and review_id = $2 order by at limit 100',
        [tenant, id],
      ),
    ]);
    const [review] = await seenAs(toAdminReview, reader, tenant, found.rows);
    if (review === undefined) throw noSuchReview();
    return {
      ...review,
      openReports: reports.rows.map(({ customer_id: customerId, reason, at }) => ({
        customerId,
        reason,
        at: at.toISOString(),
      })),
    };
  }

  return {
    listReviews: ({ tenant, query }) =>
      cached.read(tenant.id, `reviews/${JSON.stringify(query)}`, () =>
        listPublished(browserOf(tenant.id), tenant.id, query as ReviewsQuery),
      ),
    async getReviewStanding({ tenant, caller, query }) {
      return { json: await standing(tenant, caller, (query as { productId: string }).productId) };
    },
    async listOwnReviews({ tenant, caller, query }) {
      const page = query as { limit: number; cursor?: string };
      return { json: await listOwn(readerOf(tenant.id), tenant.id, customerOf(caller), page) };
    },
    async writeReview({ tenant, caller, body, earn }) {
      const customerId = customerOf(caller);
      await slowly(tenant, customerId, 'write', WRITES_A_MINUTE);
      const input = body as ReviewInput;
      const ready = await readyOf(platform, tenant, customerId, input.pictures);
      const { answer, shown } = await sql.transaction(tenant.id, async (tx) => {
        const { review, pictures } = await writeReview(platform, tx, tenant.id, customerId, input, ready);
        return {
          answer: await earn(tx, { json: toOwn(review, pictures) }),
          shown: review.state === 'published',
        };
      });
      if (shown) cached.changed(tenant.id);
      return answer;
    },
    async editReview({ tenant, caller, params, body }) {
      const customerId = customerOf(caller);
      await slowly(tenant, customerId, 'write', WRITES_A_MINUTE);
      const [id, edit] = [idOf(params), body as ReviewEdit];
      const ready = await readyOf(platform, tenant, customerId, edit.pictures ?? [], id);
      const { review, pictures } = await sql.transaction(tenant.id, (tx) =>
        editReview(platform, tx, tenant.id, customerId, id, edit, ready),
      );
      cached.changed(tenant.id);
      return { json: toOwn(review, pictures) };
    },
    async withdrawReview({ tenant, caller, params }) {
      await sql.transaction(tenant.id, (tx) =>
        withdrawReview(platform, tx, tenant.id, customerOf(caller), idOf(params)),
      );
      cached.changed(tenant.id);
      return {};
    },
    async beginReviewPicture({ tenant, caller, body }) {
      const [customerId, picture] = [customerOf(caller), body as NewPicture];
      await slowly(tenant, customerId, 'picture', PICTURES_A_MINUTE);
      await requireMayBring(tenant, caller, picture.productId);
      return { json: await beginPicture(platform, tenant.id, customerId, picture) };
    },
    async finishReviewPicture({ tenant, caller, params }) {
      const customerId = customerOf(caller);
      await slowly(tenant, customerId, 'finish', PICTURES_A_MINUTE);
      if (!hasPictures(tenant)) throw new ShopError('not_found', 'There is no such picture.');
      return { json: await finishPicture(platform, tenant.id, customerId, idOf(params)) };
    },
    async voteReview({ tenant, caller, params, body }) {
      const [customerId, { helpful: voted }] = [customerOf(caller), body as { helpful: boolean }];
      await slowly(tenant, customerId, 'vote', VOTES_A_MINUTE);
      const helpful = await sql.transaction(tenant.id, (tx) =>
        vote(tx, tenant.id, customerId, idOf(params), voted),
      );
      // Readers see it when what is kept has grown old: nobody empties a shop's cache by voting.
      return { json: { helpful, voted } };
    },
    async reportReview({ tenant, caller, params, body }) {
      const customerId = customerOf(caller);
      await slowly(tenant, customerId, 'write', WRITES_A_MINUTE);
      await sql.transaction(tenant.id, (tx) =>
        reportReview(platform, tx, tenant.id, customerId, idOf(params), (body as { reason: string }).reason),
      );
      return {};
    },

    async adminListReviews({ tenant, query }) {
      return { json: await listAll(readerOf(tenant.id), tenant.id, query as AdminReviewsQuery) };
    },
    async adminGetReview({ tenant, params }) {
      return { json: await detail(tenant.id, idOf(params)) };
    },
    async adminDecideReview({ tenant, params, body }) {
      const { review, pictures } = await sql.transaction(tenant.id, (tx) =>
        decide(platform, tx, tenant.id, idOf(params), body as Decision),
      );
      cached.changed(tenant.id);
      return { json: toAdminReview(review, pictures) };
    },
    async adminDecideReviewPicture({ tenant, params, body }) {
      const { id, pictureId } = params as { id: string; pictureId: string };
      const { review, pictures } = await sql.transaction(tenant.id, (tx) =>
        decideOnPicture(tx, tenant.id, id, pictureId, body as PictureDecision),
      );
      cached.changed(tenant.id);
      return { json: toAdminReview(review, pictures) };
    },
    async adminAnswerReview({ tenant, params, body }) {
      const { answer } = body as { answer: string | null };
      const { review, pictures } = await sql.transaction(tenant.id, (tx) =>
        answerReview(platform, tx, tenant.id, idOf(params), answer),
      );
      cached.changed(tenant.id);
      return { json: toAdminReview(review, pictures) };
    },
    async adminGetReviewSettings({ tenant }) {
      return { json: await readSettings(readerOf(tenant.id), tenant.id) };
    },
    async adminPutReviewSettings({ tenant, body }) {
      return { json: await asking.putSettings(tenant, body as ReviewSettingsUpdate) };
    },
  };
}

function customerOf({ customerId }: Caller): string {
  // The host lets nobody else in where the audience is `customer`.
  if (customerId === undefined) throw new ShopError('unauthenticated', 'Sign in first.');
  return customerId;
}
