/** Reviews: what customers say of products, and who decides what of it is shown. Data only; a part of the catalogue. */
import { z } from 'zod';
import type {
  RouteDefinition,
  TableDefinition,
  TaskDefinition,
  TopicDefinition,
} from '../../../platform/definition.ts';
import { IdParams } from '../schemas.ts';
import * as s from './schemas.ts';

export const reviewTables: readonly TableDefinition[] = [
  {
    name: 'catalog_reviews',
    spread: 'tenant',
    access: 'write',
    // The stars are in the product's sum, and say nothing of a person.
    personal: {
      by: ['customer_id'],
      erase: {
        customer_id: null,
        shown_name: '',
        title: '',
        body: '',
        reason: null,
        answer: null,
        pictures: '0',
      },
    },
  },
  {
    name: 'catalog_review_pictures',
    spread: 'tenant',
    access: 'write',
    personal: { by: { column: 'review_id', of: 'catalog_reviews', key: 'id' }, erase: 'delete' },
  },
  {
    name: 'catalog_review_votes',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
  {
    name: 'catalog_review_reports',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
  { name: 'catalog_review_settings', spread: 'tenant', access: 'write' },
  {
    name: 'catalog_purchases',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
  {
    name: 'catalog_review_asks',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
];

export const reviewTasks: readonly TaskDefinition[] = [
  {
    name: 'catalog.ask-for-reviews',
    payload: z.strictObject({}),
    maxAttempts: 1_000,
    leaseSeconds: 60,
  },
  {
    name: 'catalog.drop-review-picture',
    // Whether the media domain has heard of it.
    payload: z.strictObject({ id: z.string(), isTold: z.boolean().optional() }),
    maxAttempts: 1_000,
    leaseSeconds: 60,
  },
];

export const reviewTopic: TopicDefinition = {
  name: 'catalog.review',
  partitions: 6,
  retentionHours: 24 * 7,
  compacted: false,
  events: {
    'catalog.review.submitted': s.ReviewEvent,
    'catalog.review.published': s.ReviewEvent,
    'catalog.review.refused': s.ReviewEvent,
    'catalog.review.withdrawn': s.ReviewEvent,
    'catalog.review.pictures_decided': s.ReviewEvent,
  },
};

export const reviewRoutes: readonly RouteDefinition[] = [
  {
    id: 'listReviews',
    method: 'GET',
    path: '/api/catalog/reviews',
    summary:
      'Published reviews of a product, in pages. How many gave how many stars says the product itself.',
    audience: 'shopper',
    query: s.ReviewsQuery,
    response: s.ReviewsPage,
    cacheSeconds: 5,
  },
  {
    id: 'getReviewStanding',
    method: 'GET',
    path: '/api/catalog/reviews/standing',
    summary: 'Whether whoever asks may review a product, what they wrote, and what they found helpful.',
    audience: 'shopper',
    query: s.OfProduct,
    response: s.ReviewStanding,
  },
  {
    id: 'listOwnReviews',
    method: 'GET',
    path: '/api/catalog/reviews/own',
    summary: 'What the customer has written, the latest first, shown or not.',
    audience: 'customer',
    query: s.OwnReviewsQuery,
    response: s.OwnReviewsPage,
  },
  {
    id: 'writeReview',
    method: 'POST',
    path: '/api/catalog/reviews',
    summary:
      'Review a product, once. It is shown at once or when the merchant has read it, as the shop wants it.',
    audience: 'customer',
    body: s.ReviewInput,
    response: s.OwnReview,
    status: 201,
    idempotent: true,
  },
  {
    id: 'editReview',
    method: 'PUT',
    path: '/api/catalog/reviews/{id}',
    summary: 'Write it anew; it is judged anew. 409 when it has changed since `version`.',
    audience: 'customer',
    params: IdParams,
    body: s.ReviewEdit,
    response: s.OwnReview,
  },
  {
    id: 'withdrawReview',
    method: 'DELETE',
    path: '/api/catalog/reviews/{id}',
    summary: 'Take one’s own review away, with all that was said of it.',
    audience: 'customer',
    params: IdParams,
    status: 204,
  },
  {
    id: 'beginReviewPicture',
    method: 'POST',
    path: '/api/catalog/reviews/pictures',
    summary:
      'Announce a picture for one’s review of a product, as whoever may write one: answers where its bytes go, for a quarter of an hour.',
    audience: 'customer',
    body: s.NewPicture,
    response: s.BegunPicture,
    status: 201,
  },
  {
    id: 'finishReviewPicture',
    method: 'POST',
    path: '/api/catalog/reviews/pictures/{id}/finish',
    summary:
      'Check what has come: a review may name the picture then, for a day, or it is refused with the reason. May be repeated.',
    audience: 'customer',
    params: s.PictureParams,
    response: s.FinishedPicture,
  },
  {
    id: 'voteReview',
    method: 'PUT',
    path: '/api/catalog/reviews/{id}/vote',
    summary: 'Say that somebody else’s review was helpful, or take that back. Each customer counts once.',
    audience: 'customer',
    params: IdParams,
    body: s.Vote,
    response: s.Votes,
  },
  {
    id: 'reportReview',
    method: 'POST',
    path: '/api/catalog/reviews/{id}/reports',
    summary: 'Tell the merchant of a review that should not be there.',
    audience: 'customer',
    params: IdParams,
    body: s.Report,
    status: 204,
  },
  {
    id: 'adminListReviews',
    method: 'GET',
    path: '/api/admin/catalog/reviews',
    summary: 'All reviews, the latest first, by state, product, whether they were reported, or pictures.',
    audience: 'merchant',
    query: s.AdminReviewsQuery,
    response: s.AdminReviewsPage,
  },
  {
    id: 'adminGetReviewSettings',
    method: 'GET',
    path: '/api/admin/catalog/review-settings',
    summary: 'Who may review, what is shown before it was read, and whether buyers are asked for one.',
    audience: 'merchant',
    response: s.ReviewSettings,
  },
  {
    id: 'adminPutReviewSettings',
    method: 'PUT',
    path: '/api/admin/catalog/review-settings',
    summary:
      'Replace them; what was written before stays as it is. 409 when someone else changed them since `version`.',
    audience: 'merchant',
    body: s.ReviewSettingsUpdate,
    response: s.ReviewSettings,
  },
  {
    id: 'adminGetReview',
    method: 'GET',
    path: '/api/admin/catalog/reviews/{id}',
    summary: 'One review, with what was reported of it.',
    audience: 'merchant',
    params: IdParams,
    response: s.AdminReviewDetail,
  },
  {
    id: 'adminDecideReview',
    method: 'PATCH',
    path: '/api/admin/catalog/reviews/{id}',
    summary:
      'Publish or refuse it with its pictures, and settle its reports. 409 when it was edited since `version`.',
    audience: 'merchant',
    params: IdParams,
    body: s.Decision,
    response: s.AdminReview,
  },
  {
    id: 'adminDecideReviewPicture',
    method: 'PATCH',
    path: '/api/admin/catalog/reviews/{id}/pictures/{pictureId}',
    summary:
      'Approve or refuse one picture of it, whatever becomes of the words. What is refused is gone for good.',
    audience: 'merchant',
    params: s.ReviewPictureParams,
    body: s.PictureDecision,
    response: s.AdminReview,
  },
  {
    id: 'adminAnswerReview',
    method: 'PUT',
    path: '/api/admin/catalog/reviews/{id}/answer',
    summary: 'Answer it for everybody to read, or take the answer away.',
    audience: 'merchant',
    params: IdParams,
    body: s.Answer,
    response: s.AdminReview,
  },
];
