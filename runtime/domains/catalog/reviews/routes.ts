/** What shoppers and merchants do with reviews, over HTTP. */
import type { Caller, Platform, RouteHandler } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId } from '../../../platform/ports.ts';
import { BROWSING } from '../freshness.ts';
import type { KeptAnswers } from '../kept.ts';
import {
  answerReview,
  decide,
  editReview,
  reportReview,
  vote,
  withdrawReview,
  writeReview,
} from './actions.ts';
import type { Asking } from './asking.ts';
import { hasBought } from './purchases.ts';
import type {
  AdminReviewDetail,
  AdminReviewsQuery,
  Decision,
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
  toAdminReview,
  toOwn,
  type ReviewRow,
} from './store.ts';

/** Of one customer: nobody who means it is faster. */
const WRITES_A_MINUTE = 10;
const VOTES_A_MINUTE = 60;
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
    if (customerId === undefined) return { may: 'sign_in', review: null, voted: [] };
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
    const [review] = own.rows;
    const may = verified || settings.writers === 'customers' ? 'write' : 'buy_first';
    return {
      may: review === undefined ? may : 'edit',
      review: review === undefined ? null : toOwn(review),
      voted: votes.rows.map(({ id }) => id),
    };
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
    const [row] = found.rows;
    if (row === undefined) throw noSuchReview();
    return {
      ...toAdminReview(row),
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
      const { answer, shown } = await sql.transaction(tenant.id, async (tx) => {
        const review = await writeReview(platform, tx, tenant.id, customerId, body as ReviewInput);
        return {
          answer: await earn(tx, { json: toOwn(review) }),
          shown: review.state === 'published',
        };
      });
      if (shown) cached.changed(tenant.id);
      return answer;
    },
    async editReview({ tenant, caller, params, body }) {
      const customerId = customerOf(caller);
      await slowly(tenant, customerId, 'write', WRITES_A_MINUTE);
      const review = await sql.transaction(tenant.id, (tx) =>
        editReview(platform, tx, tenant.id, customerId, idOf(params), body as ReviewEdit),
      );
      cached.changed(tenant.id);
      return { json: toOwn(review) };
    },
    async withdrawReview({ tenant, caller, params }) {
      await sql.transaction(tenant.id, (tx) =>
        withdrawReview(platform, tx, tenant.id, customerOf(caller), idOf(params)),
      );
      cached.changed(tenant.id);
      return {};
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
      const review = await sql.transaction(tenant.id, (tx) =>
        decide(platform, tx, tenant.id, idOf(params), body as Decision),
      );
      cached.changed(tenant.id);
      return { json: toAdminReview(review) };
    },
    async adminAnswerReview({ tenant, params, body }) {
      const { answer } = body as { answer: string | null };
      const review = await sql.transaction(tenant.id, (tx) =>
        answerReview(platform, tx, tenant.id, idOf(params), answer),
      );
      cached.changed(tenant.id);
      return { json: toAdminReview(review) };
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
