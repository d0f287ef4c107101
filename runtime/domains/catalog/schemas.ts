/**
 * What the catalogue says and hears, as zod schemas: bodies, answers, events.
 * The definition, the handlers and the typed clients all read these.
 */
import { z } from 'zod';
import { Bundle, Component } from './bundles/schemas.ts';

/** ISO 4217, upper case. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be a currency code of three capital letters, like EUR');

/** Integer minor units: 1999 EUR is 19.99 €, 1999 JPY is ¥1,999. */
export const Money = z.object({ amount: z.int().min(0).max(1_000_000_000_000), currency: Currency });
export type Money = z.infer<typeof Money>;

export const Handle = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u, 'must be letters, digits, dashes or underscores');

export const Image = z.object({
  url: z.string(),
  alt: z.string(),
  width: z.int().nullable(),
  height: z.int().nullable(),
});
export type Image = z.infer<typeof Image>;

export const Seo = z.object({ title: z.string().nullable(), description: z.string().nullable() });

/** How a product is rated by those who have it. */
export const Rating = z.object({
  /** Stars, 1 to 5, with two decimals. */
  average: z.number(),
  count: z.int(),
});

/** What a product card shows. Prices are in the asked currency; stock comes from orders, by `variantIds`. */
export const ProductCard = z.object({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  vendor: z.string(),
  type: z.string(),
  tags: z.array(z.string()),
  image: Image.nullable(),
  secondImage: Image.nullable(),
  priceRange: z.object({ min: Money, max: Money }).nullable(),
  compareAtPrice: Money.nullable(),
  variantIds: z.array(z.string()),
  options: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
  publishedAt: z.iso.datetime().nullable(),
  /** Null while nobody has. */
  rating: Rating.nullable(),
});
export type ProductCard = z.infer<typeof ProductCard>;

export const Variant = z.object({
  id: z.string(),
  sku: z.string().nullable(),
  title: z.string(),
  position: z.int(),
  /** Option name to chosen value: `{ "Size": "M" }`. Empty for a product without options. */
  options: z.record(z.string(), z.string()),
  /** Of one unit, when one is bought. */
  price: Money.nullable(),
  /** Of one unit, by how many are bought: from few to many, each cheaper than the one before. */
  priceSteps: z.array(z.object({ from: z.int(), price: Money })),
  compareAtPrice: Money.nullable(),
  barcode: z.string().nullable(),
  weightGrams: z.number().nullable(),
  requiresShipping: z.boolean(),
  taxable: z.boolean(),
  /** `continue` sells beyond what is on hand. */
  inventoryPolicy: z.enum(['deny', 'continue']),
  image: Image.nullable(),
  /** Of a bundle: what is in one of it, as far as it is published. Empty: it is no bundle. */
  contents: z.array(
    z.object({
      variantId: z.string(),
      quantity: z.int(),
      productId: z.string(),
      handle: z.string(),
      title: z.string(),
      /** Null for a product without options. */
      variantTitle: z.string().nullable(),
      image: Image.nullable(),
      /** What one of it costs by itself. */
      price: Money.nullable(),
    }),
  ),
});
export type Variant = z.infer<typeof Variant>;

export const ProductDetail = ProductCard.extend({
  descriptionHtml: z.string(),
  images: z.array(Image),
  variants: z.array(Variant),
  collections: z.array(z.object({ handle: z.string(), title: z.string() })),
  seo: Seo,
  updatedAt: z.iso.datetime(),
  /** How many published reviews give 1, 2, 3, 4 and 5 stars. */
  stars: z.array(z.int()),
});
export type ProductDetail = z.infer<typeof ProductDetail>;

export const CollectionCard = z.object({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  descriptionHtml: z.string(),
  image: Image.nullable(),
  productCount: z.int(),
  seo: Seo,
});
export type CollectionCard = z.infer<typeof CollectionCard>;

export const SORTS = [
  'featured',
  'title-asc',
  'title-desc',
  'price-asc',
  'price-desc',
  'newest',
  'rating',
  'relevance',
] as const;

const Limit = z.coerce.number().int().min(1).max(100);
/** Of a list by title it holds a whole title, in whatever script. */
const Cursor = z.string().max(2_400);
const MinorUnits = z.coerce.number().int().min(0).max(1_000_000_000_000);

/** One of the shop's, or one near it; absent: what `Accept-Language` says, or the shop's first. */
const Locale = z.string().max(35);

export const ProductsQuery = z.object({
  q: z.string().trim().max(200).optional(),
  collection: z.string().max(255).optional(),
  tag: z.string().max(255).optional(),
  type: z.string().max(255).optional(),
  vendor: z.string().max(255).optional(),
  /** Minor units of `currency`. */
  minPrice: MinorUnits.optional(),
  maxPrice: MinorUnits.optional(),
  /** Stars, on average. */
  minRating: z.coerce.number().min(1).max(5).optional(),
  /** Only what can be bought now, as far as orders have told. */
  available: z.enum(['true']).optional(),
  /** Defaults to the tenant's first currency. */
  currency: Currency.optional(),
  locale: Locale.optional(),
  sort: z.enum(SORTS).optional(),
  limit: Limit.default(24),
  cursor: Cursor.optional(),
});
export type ProductsQuery = z.infer<typeof ProductsQuery>;

export const ProductsPage = z.object({
  products: z.array(ProductCard),
  nextCursor: z.string().nullable(),
  /** How many match in all; counted on the first page only. */
  total: z.int().nullable(),
  currency: Currency,
  /** What the whole match could be narrowed by; on the first page only. */
  facets: z
    .object({
      types: z.array(z.object({ value: z.string(), count: z.int() })),
      vendors: z.array(z.object({ value: z.string(), count: z.int() })),
      tags: z.array(z.object({ value: z.string(), count: z.int() })),
    })
    .nullable(),
  /**
   * What `q` was compared with. `words`: these are there. `similar`: nothing has these words, and this resembles them.
   * `meaning`: as far as the shop's own words tell, these mean that. `some`: these have some of the words, or resemble one. `nothing`: not even that; see `instead`.
   * `plain`: the search is away or being built, and only names, kinds and numbers were looked through. Null without `q`.
   */
  search: z.enum(['words', 'similar', 'meaning', 'some', 'nothing', 'plain']).nullable(),
  /** What may have been meant, where words are misspelt; on the first page only. */
  didYouMean: z.string().nullable(),
  /** Where nothing was found: what the shop shows anybody. */
  instead: z.array(ProductCard),
  /** Of these products, those that the merchant's rules pinned or buried: who sorts the page for somebody leaves them where they are. */
  placed: z.array(z.string()),
});
export type ProductsPage = z.infer<typeof ProductsPage>;

/** In the order asked for, without those that are not published or not there. */
export const ProductsByIdsQuery = z.object({
  ids: z
    .string()
    .max(8_200)
    .transform((text) => text.split(','))
    .pipe(z.array(z.string().min(1).max(80)).min(1).max(100)),
  currency: Currency.optional(),
  locale: Locale.optional(),
});
export type ProductsByIdsQuery = z.infer<typeof ProductsByIdsQuery>;

export const SuggestQuery = z.object({
  q: z.string().trim().min(1).max(200),
  limit: z.coerce.number().int().min(1).max(20).default(6),
  locale: Locale.optional(),
});
export type SuggestQuery = z.infer<typeof SuggestQuery>;

export const Suggestions = z.object({
  /** Empty also while the search is away: nobody's typing waits for it. */
  products: z.array(z.object({ handle: z.string(), title: z.string(), image: Image.nullable() })),
});
export type Suggestions = z.infer<typeof Suggestions>;

/** How far the search index is. */
export const SearchState = z.object({
  /** When it was last built from nothing, and of how many products. */
  builtAt: z.iso.datetime().nullable(),
  documents: z.int().nullable(),
  /** Changes that searches do not know yet. */
  pending: z.int(),
  building: z.boolean(),
});
export type SearchState = z.infer<typeof SearchState>;

export const HandleParams = z.object({ handle: Handle });
export const Id = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[A-Za-z0-9_-]+$/);
export const IdParams = z.object({ id: Id });
export const DetailQuery = z.object({ currency: Currency.optional(), locale: Locale.optional() });
export const LocaleQuery = z.object({ locale: Locale.optional() });

// ── merchants ────────────────────────────────────────────────────────────────────────────────────

const Text = z.string().max(255);
const Html = z.string().max(200_000);

export const VariantInput = z.strictObject({
  id: z.string().max(80).optional(),
  sku: Text.nullable().optional(),
  /** Option values in the order of the product's options. */
  optionValues: z.array(Text.min(1)).max(3).default([]),
  /** At most one price per currency, and one at least unless a bundle's components say what it costs. */
  prices: z
    .array(Money.extend({ compareAt: z.int().min(0).nullable().optional() }))
    .max(50)
    .default([])
    .refine(
      (prices) => new Set(prices.map((p) => p.currency)).size === prices.length,
      'has a currency twice',
    ),
  barcode: Text.nullable().optional(),
  weightGrams: z.number().min(0).max(10_000_000).nullable().optional(),
  requiresShipping: z.boolean().default(true),
  taxable: z.boolean().default(true),
  inventoryPolicy: z.enum(['deny', 'continue']).default('deny'),
  /** Stock to begin with; later changes belong to orders. */
  inventoryQuantity: z.int().min(0).max(100_000_000).default(0),
  /** What it is made of: it has no stock of its own then. */
  bundle: Bundle.optional(),
});
export type VariantInput = z.infer<typeof VariantInput>;

export const ProductInput = z.strictObject({
  handle: Handle.optional(),
  title: Text.trim().min(1),
  descriptionHtml: Html.default(''),
  vendor: Text.default(''),
  type: Text.default(''),
  category: z.string().max(1000).default(''),
  tags: z.array(Text.min(1)).max(250).default([]),
  status: z.enum(['active', 'draft', 'archived']).default('active'),
  published: z.boolean().default(true),
  options: z.array(Text.min(1)).max(3).default([]),
  variants: z.array(VariantInput).min(1).max(2048),
  images: z
    .array(z.object({ src: z.string().max(2048), alt: z.string().max(512).default('') }))
    .max(250)
    .default([]),
  seo: z
    .object({
      title: Text.nullable().default(null),
      description: z.string().max(1000).nullable().default(null),
    })
    .optional(),
});
export type ProductInput = z.infer<typeof ProductInput>;

/** `version` is what the merchant last saw: a newer one answers 409. */
export const ProductUpdate = ProductInput.extend({ version: z.int().min(1) });
export type ProductUpdate = z.infer<typeof ProductUpdate>;

export const VariantPrice = Money.extend({ compareAt: z.int().nullable() });

export const AdminVariant = z.object({
  id: z.string(),
  sku: z.string().nullable(),
  title: z.string(),
  position: z.int(),
  optionValues: z.array(z.string()),
  prices: z.array(VariantPrice),
  barcode: z.string().nullable(),
  weightGrams: z.number().nullable(),
  requiresShipping: z.boolean(),
  taxable: z.boolean(),
  inventoryPolicy: z.enum(['deny', 'continue']),
  inventoryQuantity: z.int(),
  bundle: Bundle.optional(),
});
export type AdminVariant = z.infer<typeof AdminVariant>;

export const AdminProduct = z.object({
  id: z.string(),
  version: z.int(),
  handle: z.string(),
  title: z.string(),
  descriptionHtml: z.string(),
  vendor: z.string(),
  type: z.string(),
  category: z.string(),
  tags: z.array(z.string()),
  status: z.enum(['active', 'draft', 'archived']),
  published: z.boolean(),
  options: z.array(z.string()),
  variants: z.array(AdminVariant),
  images: z.array(Image),
  collections: z.array(z.string()),
  seo: Seo,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type AdminProduct = z.infer<typeof AdminProduct>;

export const AdminProductsQuery = z.object({
  q: z.string().trim().max(200).optional(),
  status: z.enum(['active', 'draft', 'archived']).optional(),
  limit: Limit.default(50),
  cursor: Cursor.optional(),
});

export const AdminProductsPage = z.object({
  products: z.array(AdminProduct),
  nextCursor: z.string().nullable(),
});

export const CollectionInput = z.strictObject({
  handle: Handle.optional(),
  title: Text.trim().min(1),
  descriptionHtml: Html.default(''),
  imageSrc: z.string().max(2048).nullable().optional(),
  /** Handles of products, in the order shown. Absent: left as it is. */
  products: z.array(Handle).max(10_000).optional(),
  published: z.boolean().default(true),
  seo: z
    .object({
      title: Text.nullable().default(null),
      description: z.string().max(1000).nullable().default(null),
    })
    .optional(),
});
export type CollectionInput = z.infer<typeof CollectionInput>;
export const CollectionUpdate = CollectionInput.extend({ version: z.int().min(1) });
export type CollectionUpdate = z.infer<typeof CollectionUpdate>;

export const AdminCollection = CollectionCard.extend({
  version: z.int(),
  published: z.boolean(),
  products: z.array(z.string()),
});
export type AdminCollection = z.infer<typeof AdminCollection>;

export const VersionQuery = z.object({ version: z.coerce.number().int().min(1).optional() });

// ── imports ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Either a JSON body naming where the file lies, or the file itself: `text/csv`, `application/x-ndjson` with a product a line, or
 * `application/json` with an array of products.
 */
export const ImportSource = z.strictObject({ source: z.string().min(1).max(2048) });

/** `force=true` imports again what was imported before, for example to undo edits. */
export const ImportQuery = z.object({ force: z.enum(['true', 'false']).default('false') });

/** `json`: a product a line. */
export const ExportQuery = z.object({ format: z.enum(['csv', 'json']).default('csv') });
export type ExportQuery = z.infer<typeof ExportQuery>;

export const ImportProblem = z.object({
  line: z.int(),
  column: z.string().nullable(),
  handle: z.string().nullable(),
  what: z.string(),
  remedy: z.string(),
});
export type ImportProblem = z.infer<typeof ImportProblem>;

export const ImportReport = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'running', 'succeeded', 'failed']),
  source: z.string().nullable(),
  contentHash: z.string().nullable(),
  rows: z.int(),
  products: z.object({ created: z.int(), updated: z.int(), unchanged: z.int(), rejected: z.int() }),
  images: z.object({ stored: z.int(), failed: z.int() }),
  problems: z.array(ImportProblem),
  /** Problems beyond the first thousand are counted, not kept. */
  problemCount: z.int(),
  error: z.string().nullable(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type ImportReport = z.infer<typeof ImportReport>;

/** What the catalogue reads of `orders.stock.changed`. */
export const StockChanged = z.object({ variantId: z.string(), availability: z.string() });

/** Of a shop. */
export const MOST_SYNONYMS = 500;
const Phrase = z.string().trim().min(1).max(60);
export const SynonymRule = z.strictObject({
  /** `couch`, `sofa`; each may be several words. */
  words: z.array(Phrase).min(1).max(10),
  /** Who searches one of `words` finds these as well, and not the other way round. Absent: each of `words` means every other. */
  means: z.array(Phrase).min(1).max(10).optional(),
});
export type SynonymRule = z.infer<typeof SynonymRule>;
export const Synonyms = z.object({
  /** 0: none were ever written. */
  version: z.int(),
  synonyms: z.array(SynonymRule),
});
export type Synonyms = z.infer<typeof Synonyms>;
export const SynonymsUpdate = z.strictObject({
  version: z.int().min(0),
  synonyms: z.array(SynonymRule).max(MOST_SYNONYMS),
});
export type SynonymsUpdate = z.infer<typeof SynonymsUpdate>;

/** What another domain asks for a customer: the groups they are in say what they pay, and `Accept-Language` what they read. */
export const SearchAsked = ProductsQuery.extend({
  groups: z.array(z.string()).default([]),
  language: z.string().max(1_000).optional(),
  // Whoever says that it is what was asked for wants nothing behind what has the words.
  wordsAlone: z.boolean().optional(),
});

/** As above, of products by their ids. */
export const CardsAsked = ProductsByIdsQuery.extend({
  groups: z.array(z.string()).default([]),
  language: z.string().max(1_000).optional(),
});

/** Whose products another domain asks for: a collection's handle. */
export const MembersAsked = z.object({ collection: z.string() });

// ── events ───────────────────────────────────────────────────────────────────────────────────────

/** The whole product as others need it; always complete, so the newest event of a key is enough. */
export const ProductUpserted = z.object({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  vendor: z.string(),
  type: z.string(),
  /** Whether shoppers may see and buy it. */
  published: z.boolean(),
  version: z.int(),
  image: z.string().nullable(),
  variants: z.array(
    z.object({
      id: z.string(),
      sku: z.string().nullable(),
      title: z.string(),
      options: z.record(z.string(), z.string()),
      prices: z.array(Money),
      image: z.string().nullable(),
      requiresShipping: z.boolean(),
      taxable: z.boolean(),
      weightGrams: z.number().nullable(),
      inventoryPolicy: z.enum(['deny', 'continue']),
      /** Stock to begin with; consumers that already know the variant leave their count alone. */
      inventoryQuantity: z.int(),
      /** What one of it is made of; absent: it is goods of its own. */
      components: z.array(Component).optional(),
    }),
  ),
});
export type ProductUpserted = z.infer<typeof ProductUpserted>;

export const ProductDeleted = z.object({
  id: z.string(),
  handle: z.string(),
  variantIds: z.array(z.string()),
});
export type ProductDeleted = z.infer<typeof ProductDeleted>;
