/** The shapes of reviews: what customers write, what shoppers read, what merchants decide, and what others are told. */
import { z } from 'zod';
import { BROUGHT_TYPES, MOST_BROUGHT_BYTES } from '../../../platform/pictures/brought.ts';
import { Id } from '../schemas.ts';

const Stars = z.int().min(1).max(5);
const Limit = (usual: number) => z.coerce.number().int().min(1).max(100).default(usual);
const Cursor = z.string().max(600).optional();

export const STATES = ['pending', 'published', 'refused'] as const;
export type ReviewState = (typeof STATES)[number];

/** Why a review waits: nobody has read it, it has held words or leads elsewhere, or one before it was refused. */
export const HELD = ['unread', 'words', 'contact', 'refused_before'] as const;
export type Held = (typeof HELD)[number];

/** No shop lets a review have more. */
export const MOST_PICTURES = 10;

const PictureId = z.string().regex(/^pic_[0-9a-f]{32}$/, 'must be the id of a picture: pic_…');
export const PictureParams = z.object({ id: PictureId });
export const ReviewPictureParams = z.object({ id: Id, pictureId: PictureId });

// ── shoppers ─────────────────────────────────────────────────────────────────────────────────────

export const ReviewText = z.strictObject({
  rating: Stars,
  title: z.string().trim().max(120).default(''),
  body: z.string().trim().min(1).max(5_000),
  /** As readers see who wrote it. */
  name: z.string().trim().min(1).max(60),
});
export type ReviewText = z.infer<typeof ReviewText>;

/** One that was brought and finished. */
export const PictureInput = z.strictObject({
  id: PictureId,
  /** What it shows, for who does not see it. */
  alt: z.string().trim().max(250).default(''),
});
export type PictureInput = z.infer<typeof PictureInput>;

const Pictures = z
  .array(PictureInput)
  .max(MOST_PICTURES)
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'must name each picture once');

export const ReviewInput = ReviewText.extend({ productId: Id, pictures: Pictures.default([]) });
export type ReviewInput = z.infer<typeof ReviewInput>;

/** `version` is what was seen last: a newer one answers 409. Without `pictures` they stay as they are. */
export const ReviewEdit = ReviewText.extend({ version: z.int().min(1), pictures: Pictures.optional() });
export type ReviewEdit = z.infer<typeof ReviewEdit>;

/** Announces a picture for one's review of the product. */
export const NewPicture = z.strictObject({
  productId: Id,
  contentType: z.enum(BROUGHT_TYPES),
  /** Bytes; exactly as many will be accepted. */
  size: z.int().min(1).max(MOST_BROUGHT_BYTES),
});
export type NewPicture = z.infer<typeof NewPicture>;

export const BegunPicture = z.object({
  id: z.string(),
  expiresAt: z.iso.datetime(),
  /** Where the bytes go: one PUT with these headers, and nothing else. */
  destination: z.object({
    method: z.literal('PUT'),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
  }),
});
export type BegunPicture = z.infer<typeof BegunPicture>;

export const FinishedPicture = z.object({
  id: z.string(),
  /** `ready`: a review may name it, for a day. */
  state: z.enum(['ready', 'refused']),
  refusal: z.object({ reason: z.string(), explanation: z.string() }).nullable(),
});
export type FinishedPicture = z.infer<typeof FinishedPicture>;

export const ReviewPicture = z.object({
  id: z.string(),
  /** For `<img src>`, with w, h, fit, focus, format and q. Everybody is told the public address, its writer and the merchant their own. */
  url: z.string(),
  /** Empty: whoever brought it has not said what it shows. */
  alt: z.string(),
  width: z.int(),
  height: z.int(),
});

/** As whoever wrote the review, and the merchant, see it. */
export const OwnPicture = ReviewPicture.extend({
  /** `waiting`: the merchant has not looked at it, and nobody else sees it. */
  state: z.enum(['waiting', 'approved']),
});
export type OwnPicture = z.infer<typeof OwnPicture>;

/** As everybody reads it. */
export const Review = z.object({
  id: z.string(),
  productId: z.string(),
  rating: z.int(),
  title: z.string(),
  body: z.string(),
  name: z.string(),
  /** Had bought it when this was written. */
  verified: z.boolean(),
  /** How many found it so. */
  helpful: z.int(),
  /** The merchant's. */
  answer: z.string().nullable(),
  answeredAt: z.iso.datetime().nullable(),
  publishedAt: z.iso.datetime(),
  editedAt: z.iso.datetime().nullable(),
  pictures: z.array(ReviewPicture),
});
export type Review = z.infer<typeof Review>;

/** As whoever wrote it sees it. */
export const OwnReview = Review.extend({
  version: z.int(),
  state: z.enum(STATES),
  /** What the merchant said when it was refused. */
  reason: z.string().nullable(),
  publishedAt: z.iso.datetime().nullable(),
  pictures: z.array(OwnPicture),
});
export type OwnReview = z.infer<typeof OwnReview>;

export const REVIEW_SORTS = ['newest', 'helpful', 'highest', 'lowest'] as const;
export const ReviewsQuery = z.object({
  productId: Id,
  rating: z.coerce.number().int().min(1).max(5).optional(),
  /** Only those with pictures. */
  withPictures: z.enum(['true']).optional(),
  sort: z.enum(REVIEW_SORTS).default('newest'),
  limit: Limit(10),
  cursor: Cursor,
});
export type ReviewsQuery = z.infer<typeof ReviewsQuery>;

export const ReviewsPage = z.object({
  reviews: z.array(Review),
  /** How many published reviews of the product have pictures, whatever else is asked. */
  pictured: z.int(),
  nextCursor: z.string().nullable(),
});
export type ReviewsPage = z.infer<typeof ReviewsPage>;

export const OfProduct = z.object({ productId: Id });

/** What whoever asks may do about a product's reviews. */
export const ReviewStanding = z.object({
  /** `edit`: they have written one. `buy_first`: the shop wants reviews of what was bought. */
  may: z.enum(['write', 'edit', 'sign_in', 'buy_first']),
  review: OwnReview.nullable(),
  /** How many pictures their review may have. */
  mostPictures: z.int(),
  /** Ids of those that they found helpful. */
  voted: z.array(z.string()),
});
export type ReviewStanding = z.infer<typeof ReviewStanding>;

export const OwnReviewsQuery = z.object({ limit: Limit(20), cursor: Cursor });
export const OwnReviewsPage = z.object({ reviews: z.array(OwnReview), nextCursor: z.string().nullable() });

export const Vote = z.strictObject({ helpful: z.boolean() });
export const Votes = z.object({ helpful: z.int(), voted: z.boolean() });
export const Report = z.strictObject({ reason: z.string().trim().min(1).max(500) });

// ── merchants ────────────────────────────────────────────────────────────────────────────────────

export const AdminReview = OwnReview.extend({
  /** Why it waits. */
  held: z.enum(HELD).nullable(),
  /** Null: whoever wrote it was erased. */
  customerId: z.string().nullable(),
  /** Open ones. */
  reports: z.int(),
  createdAt: z.iso.datetime(),
});
export type AdminReview = z.infer<typeof AdminReview>;

export const AdminReviewsQuery = z.object({
  state: z.enum(STATES).optional(),
  productId: Id.optional(),
  /** Only those with open reports. */
  reported: z.enum(['true']).optional(),
  /** `waiting`: only those with pictures that nobody has looked at; `any`: only those with pictures. */
  pictures: z.enum(['waiting', 'any']).optional(),
  limit: Limit(50),
  cursor: Cursor,
});
export type AdminReviewsQuery = z.infer<typeof AdminReviewsQuery>;

export const AdminReviewsPage = z.object({
  reviews: z.array(AdminReview),
  nextCursor: z.string().nullable(),
});

export const AdminReviewDetail = AdminReview.extend({
  openReports: z.array(z.object({ customerId: z.string(), reason: z.string(), at: z.iso.datetime() })),
});
export type AdminReviewDetail = z.infer<typeof AdminReviewDetail>;

/** Settles what was reported of it. `version` is what was read: who has edited it meanwhile is read again. */
export const Decision = z.strictObject({
  version: z.int().min(1),
  state: z.enum(['published', 'refused']),
  /** Told to whoever wrote it. */
  reason: z.string().trim().max(500).optional(),
});
export type Decision = z.infer<typeof Decision>;

/** Of one picture; its review stays as it is. What is refused is gone for good. `version` is the review's that was read. */
export const PictureDecision = z.strictObject({
  version: z.int().min(1),
  state: z.enum(['approved', 'refused']),
});
export type PictureDecision = z.infer<typeof PictureDecision>;

/** Shown below the review; null takes it away. */
export const Answer = z.strictObject({ answer: z.string().trim().min(1).max(5_000).nullable() });

const settings = {
  /** Who may write one: whoever bought the product, or every customer. */
  writers: z.enum(['buyers', 'customers']),
  /** `checked`: when the merchant has read it. `at_once`: unless it has held words or leads elsewhere. */
  publication: z.enum(['checked', 'at_once']),
  heldWords: z.array(z.string().trim().min(1).max(60)).max(500),
  /** Who bought something is asked for a review so many days after it arrived, or went out where nobody told of its arrival. Null: nobody is asked. */
  askAfterDays: z.int().min(1).max(90).nullable().default(null),
  /** How many pictures a review may have; 0: none. In a shop without the media domain there are none anyway. */
  mostPictures: z.int().min(0).max(MOST_PICTURES).default(5),
};
/** `version` 0: none were ever set, and the usual holds. */
export const ReviewSettings = z.object({ version: z.int(), ...settings });
export type ReviewSettings = z.infer<typeof ReviewSettings>;
export const ReviewSettingsUpdate = z.strictObject({ version: z.int().min(0), ...settings });
export type ReviewSettingsUpdate = z.infer<typeof ReviewSettingsUpdate>;

// ── events ───────────────────────────────────────────────────────────────────────────────────────

/** Says nothing of the words: who may read them asks for them, as long as they are there. */
export const ReviewEvent = z.object({
  id: z.string(),
  productId: z.string(),
  customerId: z.string().nullable(),
  rating: z.int(),
  state: z.enum([...STATES, 'withdrawn']),
  version: z.int(),
  product: z.object({ title: z.string(), handle: z.string() }),
  /** Those that it has, shown or not: who may see them asks for them, as long as they are there. */
  pictures: z.array(z.object({ id: z.string(), state: z.enum(['waiting', 'approved']) })),
});
export type ReviewEvent = z.infer<typeof ReviewEvent>;

/** What is read of events about orders; of one that is paid only who bought what. */
export const Order = z.object({
  orderId: z.string(),
  number: z.string(),
  customerId: z.string().optional(),
  refunded: z.int(),
  lines: z.array(z.object({ productId: z.string() })),
});
export const Bought = Order.pick({ customerId: true, lines: true });
