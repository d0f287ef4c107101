/** The shapes that enter and leave the analytics domain: what pages tell, what merchants ask, what they are answered. */
import { z } from 'zod';
import { flag } from '../../platform/flag.ts';
import { FACTS, PAGE_KINDS } from './facts.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MAX_DAYS = 1_100;
const QUARTER_MS = 15 * 60 * 1_000;

const kinds = FACTS.map(({ name }) => name) as [string, ...string[]]; // there are some
const pseudonym = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/, '8 to 64 of A–Z, a–z, 0–9, _ and -');
const text = (max: number) => z.string().max(max);
const productId = z.string().regex(/^[A-Za-z0-9_.:-]{1,80}$/, 'a product’s id');

/** How long ago it happened: of clocks that are set wrong, the difference is still right. */
const ageMs = z.int().min(0).max(DAY_MS).default(0);

const pageEvent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('view'),
    ageMs,
    /** Path and query of the page; of the query only `utm_…` is read. */
    path: text(2_000),
    referrer: text(2_000).optional(),
    productId: productId.optional(),
  }),
  z.strictObject({
    kind: z.literal('search'),
    ageMs,
    query: text(500),
    results: z.int().min(0).max(10_000_000),
  }),
  z.strictObject({
    kind: z.literal('click'),
    ageMs,
    /** What was searched, and what of it was chosen: the first has place 1. */
    query: text(500),
    productId,
    place: z.int().min(1).max(10_000),
  }),
  z.strictObject({
    kind: z.literal('cart'),
    ageMs,
    productId,
    quantity: z.int().min(1).max(999).default(1),
  }),
  z.strictObject({ kind: z.literal('checkout'), ageMs }),
  z.strictObject({ kind: z.literal('purchase'), ageMs }),
]);

export const pageMessage = z.strictObject({
  /** Made by the page by chance: the same message twice counts once. */
  id: pseudonym,
  /** The visit: made by chance, and anew after half an hour without anything. */
  session: pseudonym,
  /** The browser, where its owner agreed to be known again. */
  visitor: pseudonym.optional(),
  events: z.array(pageEvent).min(1).max(50),
});

/** Products that a page told of. Which visit and whose is said where they agreed to be known again, and of nobody else. */
export const visitSeen = z.object({
  /** As `platform/visits.ts` calls it. */
  visit: z.string().nullable(),
  customerId: z.string().optional(),
  seen: z.array(z.object({ productId, kind: z.enum(['view', 'cart']), at: z.string() })),
});

export const accepted = z.object({ accepted: z.int() });

/** Days and months are rounded up to: what ends in the year 10000 no database reads. */
const MOST_MOMENT = Date.UTC(9_000, 0, 1);
const moment = z.iso
  .datetime({ offset: true })
  .refine((value) => Date.parse(value) < MOST_MOMENT, 'must be before the year 9000')
  .transform((value) => new Date(value));
const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR');
const zone = z.string().max(64).default('UTC');
const format = z.enum(['json', 'csv']).default('json');
const bucket = z.enum(['quarter', 'hour', 'day', 'week', 'month']).default('day');

/** Times are taken outwards to whole quarters of an hour. Absent: the last 30 days. */
const span = { from: moment.optional(), to: moment.optional(), zone };
/** Absent: the shop’s first. */
const money = { currency: currency.optional() };

export const overviewQuery = z.object({ ...span, ...money, format });
export const revenueQuery = z.object({ ...span, ...money, bucket, format });
export const seriesQuery = z.object({
  ...span,
  ...money,
  kind: z.enum(kinds),
  bucket,
  dimension: z.string().max(40).optional(),
  value: text(200).optional(),
  /** Whether different visitors and customers are counted too. */
  subjects: flag().default(false),
  format,
});
export const topQuery = z.object({
  ...span,
  ...money,
  kind: z.enum(kinds),
  dimension: z.string().max(40),
  by: z.string().max(40).default('count'),
  limit: z.coerce.number().int().min(1).max(100).default(10),
  format,
});
export const funnelQuery = z.object({
  ...span,
  steps: z
    .string()
    .max(200)
    .default('view,cart,checkout,purchase')
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(PAGE_KINDS)).min(2).max(5)),
  /** From the first step to the last. */
  withinMinutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(30 * 24 * 60)
    .default(24 * 60),
  format,
});
export const sessionsQuery = z.object({ ...span, bucket, format });
export const cohortsQuery = z.object({
  ...span,
  ...money,
  bucket: z.enum(['day', 'week', 'month']).default('month'),
  periods: z.coerce.number().int().min(1).max(24).default(12),
  format,
});
export const liveQuery = z.object({ ...money });
export const factsQuery = z.object({
  ...span,
  ...money,
  kind: z.enum(kinds),
  format: z.enum(['csv', 'ndjson']).default('csv'),
});

export const searchesQuery = z.object({
  ...span,
  bucket,
  /** As it was typed: days and sums of this search only. */
  query: text(200).optional(),
  limit: z.coerce.number().int().min(1).max(50).default(20),
});

const sums = z.record(z.string(), z.number());
const spanned = { from: z.string(), to: z.string(), zone: z.string() };
const amounts = z.object({
  /** Orders that were paid, and what was in them. */
  orders: z.int(),
  items: z.int(),
  /** Minor units. */
  gross: z.int(),
  refunds: z.int(),
  net: z.int(),
});
export const totals = amounts.extend({
  averageOrder: z.int(),
  sessions: z.int(),
  /** Different ones in each month. */
  visitors: z.int(),
  views: z.int(),
  /** Orders for each session; null without sessions. */
  conversion: z.number().nullable(),
});

export const overview = z.object({
  ...spanned,
  currency,
  current: totals,
  /** As long a time just before. */
  previous: totals,
});
export const revenue = z.object({
  ...spanned,
  currency,
  points: z.array(amounts.extend({ at: z.string() })),
});
export const series = z.object({
  ...spanned,
  points: z.array(z.object({ at: z.string(), count: z.int(), sums, subjects: z.int().optional() })),
});
export const top = z.object({
  ...spanned,
  values: z.array(
    z.object({
      value: z.string(),
      /** Of a product, what the catalogue calls it. */
      title: z.string().optional(),
      count: z.int(),
      sums,
    }),
  ),
});
const searchCounts = z.object({
  searches: z.int(),
  withoutResults: z.int(),
  clicks: z.int(),
  /** Clicks for each search that found something; null without such. */
  clickThrough: z.number().nullable(),
});
const searched = searchCounts.extend({
  query: z.string(),
  /** What it found on average. */
  results: z.number(),
  /** Where what was chosen stood on average; null without clicks. */
  averagePlace: z.number().nullable(),
});
export const searches = z.object({
  ...spanned,
  totals: searchCounts,
  points: z.array(searchCounts.extend({ at: z.string() })),
  /** The most frequent searches. */
  queries: z.array(searched),
  /** Those that found nothing most often: each may deserve a synonym, a rule or a product. */
  unanswered: z.array(searched),
});
export type Searches = z.infer<typeof searches>;

export const funnel = z.object({
  ...spanned,
  steps: z.array(
    z.object({
      step: z.string(),
      sessions: z.int(),
      /** Of those who did the first step; null when nobody did. */
      share: z.number().nullable(),
    }),
  ),
});
export const sessions = z.object({
  ...spanned,
  points: z.array(
    z.object({
      at: z.string(),
      sessions: z.int(),
      visitors: z.int(),
      views: z.int(),
      bounces: z.int(),
      /** All sessions together, from their first view to their last. */
      seconds: z.int(),
    }),
  ),
});
export const cohorts = z.object({
  ...spanned,
  currency,
  cohorts: z.array(
    z.object({
      at: z.string(),
      customers: z.int(),
      periods: z.array(
        z.object({
          offset: z.int(),
          customers: z.int(),
          share: z.number(),
          orders: z.int(),
          amount: z.int(),
        }),
      ),
    }),
  ),
});
export const live = z.object({
  at: z.string(),
  currency,
  /** The last half hour, by minute; those in which nothing happened are left out. */
  minutes: z.array(
    z.object({ at: z.string(), views: z.int(), visitors: z.int(), orders: z.int(), amount: z.int() }),
  ),
});

export type VisitSeen = z.infer<typeof visitSeen>;
export type PageMessage = z.infer<typeof pageMessage>;
export type PageEvent = PageMessage['events'][number];
export type Totals = z.infer<typeof totals>;

export interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** Whole quarters of an hour around what was asked. */
export function spanOf(
  asked: { readonly from?: Date | undefined; readonly to?: Date | undefined },
  now: Date,
): Span {
  // What happens at this moment belongs to it.
  const last = asked.to?.getTime() ?? now.getTime() + 1;
  const to = new Date(Math.ceil(last / QUARTER_MS) * QUARTER_MS);
  const from = asked.from?.getTime() ?? to.getTime() - 30 * DAY_MS;
  return { from: new Date(Math.floor(from / QUARTER_MS) * QUARTER_MS), to };
}

/** As long as a time before it still is kept. */
export function before({ from, to }: Span): Span {
  const length = Math.min(to.getTime() - from.getTime(), MAX_DAYS * DAY_MS);
  return { from: new Date(from.getTime() - length), to: from };
}
