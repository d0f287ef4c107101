/** What the media domain says and hears, as zod schemas. */
import { z } from 'zod';
import { CONTENT_TYPES, LARGEST, MOST_BYTES } from './limits.ts';

export { PictureQuery } from '../../platform/pictures/form.ts';

const Name = z.string().trim().min(1).max(255);
const Alt = z.string().trim().max(512);
const Locale = z
  .string()
  .regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language tag, like en or nb-NO');

export const AssetId = z.string().regex(/^med_[0-9a-f]{32}$/, 'must be the id of a picture: med_…');
export const AssetParams = z.object({ id: AssetId });
export const UploadParams = z.object({
  id: z.string().regex(/^upl_[0-9a-f]{32}$/, 'must be the id of an upload: upl_…'),
});
export const TicketQuery = z.object({ ticket: z.string().min(1).max(100) });

export const NewUpload = z
  .strictObject({
    name: Name,
    contentType: z.enum(CONTENT_TYPES),
    /** Bytes; exactly as many will be accepted. */
    size: z.int().min(1).max(LARGEST),
    /** In the shop's first language. */
    alt: Alt.default(''),
  })
  .refine(({ contentType, size }) => size <= MOST_BYTES[contentType], {
    path: ['size'],
    message: 'is more than is taken of this type',
  });
export type NewUpload = z.infer<typeof NewUpload>;

/** Why an upload was refused, for programs. */
export const REASONS = [
  'size',
  'unknown_type',
  'other_type',
  'polyglot',
  'broken',
  'too_many_pixels',
  'too_many_pages',
  'unsafe',
  'infected',
] as const;

export const Upload = z.object({
  id: z.string(),
  state: z.enum(['pending', 'ready', 'refused', 'expired']),
  name: z.string(),
  contentType: z.enum(CONTENT_TYPES),
  size: z.int(),
  expiresAt: z.iso.datetime(),
  /** Set when it was refused. */
  refusal: z.object({ reason: z.enum(REASONS), explanation: z.string() }).nullable(),
  /** The picture that came of it; one that was there already where the content was. */
  assetId: AssetId.nullable(),
});
export type Upload = z.infer<typeof Upload>;

/** Where the bytes go: one PUT with these headers, and nothing else. */
export const Destination = z.object({
  method: z.literal('PUT'),
  /** Of the store itself, or a path of this shop. */
  url: z.string(),
  headers: z.record(z.string(), z.string()),
});

export const BegunUpload = Upload.extend({ destination: Destination });
export type BegunUpload = z.infer<typeof BegunUpload>;

export const Asset = z.object({
  id: AssetId,
  name: z.string(),
  contentType: z.enum(CONTENT_TYPES),
  size: z.int(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  /** Frames of a picture that moves; otherwise 1. */
  pages: z.int(),
  /** For `<img src>`, with w, h, fit, focus, format and q. */
  url: z.string(),
  /** By language. */
  alt: z.record(z.string(), z.string()),
  /** Who looked for harm in it; null: no scanner was there. */
  scannedBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
});
export type Asset = z.infer<typeof Asset>;

export const AssetsQuery = z.object({
  /** Part of a name or of what is said of it. */
  q: z.string().trim().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(200).optional(),
});
export type AssetsQuery = z.infer<typeof AssetsQuery>;

export const AssetsPage = z.object({ assets: z.array(Asset), nextCursor: z.string().nullable() });
export type AssetsPage = z.infer<typeof AssetsPage>;

/** More than any shop speaks. */
const MOST_LOCALES = 100;

/** Null takes what is said in a language away. */
export const AssetPatch = z.strictObject({
  name: Name.optional(),
  alt: z
    .record(Locale, Alt.min(1).nullable())
    .refine((all) => Object.keys(all).length <= MOST_LOCALES, `at most ${MOST_LOCALES} languages`)
    .optional(),
});
export type AssetPatch = z.infer<typeof AssetPatch>;

export const Usage = z.object({
  assets: z.int(),
  bytes: z.int(),
  /** Announced by uploads that are open. */
  reserved: z.int(),
  quota: z.int(),
  /** Bytes of shoppers' pictures, those announced included, beside the library. */
  shoppers: z.int(),
  shoppersQuota: z.int(),
  /** Whether files are scanned when they come. */
  scanning: z.boolean(),
});
export type Usage = z.infer<typeof Usage>;

// ── between domains ──────────────────────────────────────────────────────────────────────────────

export const Described = z.object({
  id: AssetId,
  url: z.string(),
  alt: z.string(),
  width: z.int().nullable(),
  height: z.int().nullable(),
});
export type Described = z.infer<typeof Described>;

/** What shows a picture, as other domains answer operation `mediaUses`. */
export const Use = z.object({ kind: z.enum(['product', 'collection']), id: z.string(), title: z.string() });
export type Use = z.infer<typeof Use>;
