/** Ranking rules as merchants write them, and what a preview tells of them. */
import { z } from 'zod';

/** Rules of a shop. */
export const MOST_RULES = 200;
/** What a rule's factor may be. */
export const FACTORS = { least: 0.25, most: 4 } as const;

const ProductId = z.string().min(1).max(80);
const Text = z.string().trim().min(1).max(255);
const products = (most: number) => z.array(ProductId).max(most).default([]);

/** When a rule is in force. */
export const RuleCondition = z.discriminatedUnion('on', [
  z.strictObject({
    on: z.literal('query'),
    /** `exact`: the search is this text; `contains`: it has these words beside each other; `any`: whatever is searched. */
    match: z.enum(['exact', 'contains']),
    text: Text.max(200),
  }),
  z.strictObject({ on: z.literal('any-query') }),
  z.strictObject({ on: z.literal('collection'), collection: Text }),
]);

/** What a boost goes by. */
export const BoostBy = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('tag'), value: Text }),
  z.strictObject({ by: z.literal('type'), value: Text }),
  z.strictObject({ by: z.literal('vendor'), value: Text }),
  z.strictObject({ by: z.literal('available') }),
  /** Published at most so many days ago, counted by whole days in UTC. */
  z.strictObject({ by: z.literal('new'), days: z.int().min(1).max(365) }),
]);
export type BoostBy = z.infer<typeof BoostBy>;

export const Boost = z.strictObject({
  what: BoostBy,
  /** A score becomes so many times as much; less than 1 lowers it. */
  factor: z.number().min(FACTORS.least).max(FACTORS.most),
});

export const RankingRuleInput = z
  .strictObject({
    name: Text,
    enabled: z.boolean().default(true),
    when: RuleCondition,
    /** In force from here, and until before there; null: always. */
    from: z.iso.datetime().nullable().default(null),
    until: z.iso.datetime().nullable().default(null),
    /** Shown at this place, 1 being the first, whether or not they have the words; filters keep them out. */
    pins: z
      .array(z.strictObject({ productId: ProductId, place: z.int().min(1).max(100) }))
      .max(20)
      .default([]),
    /** Shown after everything else that is found. */
    buries: products(50),
    /** Not shown, whatever the order. */
    hides: products(50),
    boosts: z.array(Boost).max(8).default([]),
  })
  .refine(({ from, until }) => from === null || until === null || from < until, {
    path: ['until'],
    message: 'is not after `from`',
  })
  .refine(({ pins }) => new Set(pins.map(({ place }) => place)).size === pins.length, {
    path: ['pins'],
    message: 'has a place twice',
  })
  .refine(({ pins, buries, hides }) => {
    const named = [...pins.map(({ productId }) => productId), ...buries, ...hides];
    return new Set(named).size === named.length;
  }, 'names a product twice');
export type RankingRuleInput = z.infer<typeof RankingRuleInput>;

/** `version` is what the merchant last saw: a newer one answers 409. */
export const RankingRuleUpdate = z.strictObject({ version: z.int().min(1), rule: RankingRuleInput });
export type RankingRuleUpdate = z.infer<typeof RankingRuleUpdate>;

export const RankingRule = z.object({
  id: z.string(),
  version: z.int(),
  rule: RankingRuleInput,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type RankingRule = z.infer<typeof RankingRule>;

export const RankingRules = z.object({ rules: z.array(RankingRule) });
export type RankingRules = z.infer<typeof RankingRules>;

export const PreviewQuery = z.object({
  q: z.string().trim().max(200).optional(),
  collection: z.string().max(255).optional(),
  /** As if it were then; absent: now. */
  at: z.iso.datetime().optional(),
  /** As if this rule, which is switched off, were on. */
  with: z.string().max(80).optional(),
  limit: z.coerce.number().int().min(1).max(50).default(24),
});
export type PreviewQuery = z.infer<typeof PreviewQuery>;

const RuleName = z.object({ ruleId: z.string(), name: z.string() });

export const Preview = z.object({
  /** Rules in force for this list, the one that comes first first. */
  rules: z.array(RuleName),
  products: z.array(
    z.object({
      productId: z.string(),
      handle: z.string(),
      title: z.string(),
      place: z.int(),
      /** Where it would stand without rules; null: not among the first of `limit`. */
      placeWithout: z.int().nullable(),
      /** Which rules moved it, and how. */
      because: z.array(
        RuleName.extend({
          effect: z.enum(['pinned', 'buried', 'boosted']),
          /** Of a boost. */
          factor: z.number().nullable(),
        }),
      ),
    }),
  ),
  /** Would be among the first of `limit` without rules, and are hidden. */
  hidden: z.array(RuleName.extend({ productId: z.string(), title: z.string(), placeWithout: z.int() })),
});
export type Preview = z.infer<typeof Preview>;
