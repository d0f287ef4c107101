/**
 * What price lists say and hear: bodies, answers, events. A list has one currency; what it says holds for everybody, or for customers
 * of some groups, always or for a time.
 */
import { z } from 'zod';
import { Currency, ImportProblem } from '../schemas.ts';

/** Steps of one variant in one list: more would be a table nobody reads. */
const MOST_STEPS = 20;
/** Variants in one call, and in one event. */
export const MOST_PRICES = 500;
/** Groups that one list names. */
const MOST_GROUPS = 50;
/** As many units as a cart's line may have. */
const MOST_UNITS = 999;

export const Step = z.object({
  /** From so many units in one line. */
  from: z.int().min(1).max(MOST_UNITS),
  /** Of one unit, in minor units of the list's currency. */
  amount: z.int().min(0).max(99_999_999_999),
});
export type Step = z.infer<typeof Step>;

/** More units never cost more each. */
export const Steps = z
  .array(Step)
  .max(MOST_STEPS)
  .refine(
    (steps) => steps.every(({ from }, index) => index === 0 || from > (steps[index - 1]?.from ?? 0)),
    'must go from few units to many, each number once',
  )
  .refine(
    (steps) => steps.every(({ amount }, index) => index === 0 || amount < (steps[index - 1]?.amount ?? 0)),
    'must cost less with every step',
  );

const Id = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[A-Za-z0-9_-]+$/);

const listed = {
  title: z.string().trim().min(1).max(255),
  currency: Currency,
  /** Ids of groups of customers, or of companies. Empty: for everybody. */
  groups: z.array(z.string().min(1).max(80)).max(MOST_GROUPS),
  startsAt: z.iso.datetime().nullable(),
  endsAt: z.iso.datetime().nullable(),
  /** Off the price of every variant, in hundredths of a percent; 0: nothing, only the prices in the list count. */
  offBasisPoints: z.int().min(0).max(10_000),
  enabled: z.boolean(),
};

export const PriceListInput = z
  .strictObject({
    ...listed,
    groups: listed.groups.default([]),
    startsAt: listed.startsAt.default(null),
    endsAt: listed.endsAt.default(null),
    offBasisPoints: listed.offBasisPoints.default(0),
    enabled: listed.enabled.default(true),
  })
  .refine(
    ({ startsAt, endsAt }) => startsAt === null || endsAt === null || startsAt < endsAt,
    'must end after it starts',
  );
export type PriceListInput = z.infer<typeof PriceListInput>;

/** `version` is what the merchant last saw: a newer one answers 409. The currency stays what it was. */
export const PriceListUpdate = PriceListInput.safeExtend({ version: z.int().min(1) });
export type PriceListUpdate = z.infer<typeof PriceListUpdate>;

export const PriceList = z.object({
  id: z.string(),
  version: z.int(),
  ...listed,
  /** Variants that have a price in it. */
  variants: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type PriceList = z.infer<typeof PriceList>;

export const PriceLists = z.object({ priceLists: z.array(PriceList) });

export const ListedPrice = z.object({ variantId: Id, steps: Steps });
export type ListedPrice = z.infer<typeof ListedPrice>;

/** Prices of these variants are replaced, those of others stay. No steps: it has no price in the list any more. */
export const PricesInput = z.strictObject({
  prices: z
    .array(ListedPrice)
    .min(1)
    .max(MOST_PRICES)
    .refine(
      (prices) => new Set(prices.map(({ variantId }) => variantId)).size === prices.length,
      'names a variant twice',
    ),
});
export type PricesInput = z.infer<typeof PricesInput>;

export const PricesQuery = z.object({
  /** `nextCursor` of the page before. */
  cursor: z.string().max(80).optional(),
  limit: z.coerce.number().int().min(1).max(MOST_PRICES).default(100),
});
export type PricesQuery = z.infer<typeof PricesQuery>;

export const PricesPage = z.object({
  prices: z.array(
    ListedPrice.extend({
      productId: z.string(),
      handle: z.string(),
      sku: z.string().nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
export type PricesPage = z.infer<typeof PricesPage>;

/** `replace=true`: variants that the file does not name have no price in the list afterwards. */
export const PricesImportQuery = z.object({ replace: z.enum(['true', 'false']).default('false') });

export const PricesImport = z.object({
  rows: z.int(),
  /** Variants whose prices are now what the file says. */
  variants: z.int(),
  /** Variants whose prices were taken out, by `replace`. */
  removed: z.int(),
  problems: z.array(ImportProblem),
  /** Problems beyond the first thousand are counted, not kept. */
  problemCount: z.int(),
});
export type PricesImport = z.infer<typeof PricesImport>;

// ── events: those of a list keep their order ─────────────────────────────────────────────────────

export const PriceListUpserted = z.object({
  id: z.string(),
  version: z.int(),
  currency: Currency,
  groups: z.array(z.string()),
  startsAt: z.iso.datetime().nullable(),
  endsAt: z.iso.datetime().nullable(),
  offBasisPoints: z.int(),
  enabled: z.boolean(),
});
export type PriceListUpserted = z.infer<typeof PriceListUpserted>;

/** These variants' prices in the list, as wholes; no steps: none. */
export const PriceListPriced = z.object({
  id: z.string(),
  prices: z.array(z.object({ variantId: z.string(), steps: z.array(Step) })),
});
export type PriceListPriced = z.infer<typeof PriceListPriced>;

export const PriceListDeleted = z.object({ id: z.string() });
