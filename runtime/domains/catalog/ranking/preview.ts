/** What rules make of a list, product by product, for the merchant who writes them. */
import { ShopError } from '../../../platform/errors.ts';
import type { Platform } from '../../../platform/domain.ts';
import type { Tenant } from '../../../platform/ports.ts';
import { listProducts } from '../listing.ts';
import type { ProductCard } from '../schemas.ts';
import { AS_IT_IS } from './lifts.ts';
import type { ProductLists } from './lists.ts';
import { newSince, rankingOf, type Ranking } from './rules.ts';
import type { BoostBy, Preview, PreviewQuery, RankingRule } from './schemas.ts';
import { listRules } from './store.ts';

/** @throws ShopError `not_found` for a rule `with` that is not there */
export async function previewOf(
  { sql, clock }: Pick<Platform, 'sql' | 'clock'>,
  lists: Pick<ProductLists, 'ranked'>,
  tenant: Tenant,
  { q, collection, at: asked, with: tried, limit }: PreviewQuery,
): Promise<Preview> {
  const at = asked === undefined ? clock.now() : new Date(asked);
  const rules = withOneMore(await listRules({ sql }, tenant.id), tried);
  const query = {
    limit,
    ...(q === undefined || q === '' ? {} : { q }),
    ...(collection === undefined ? {} : { collection }),
  };
  const ranking = rankingOf(rules, query, at);
  const [ranked, plain] = await Promise.all([
    lists.ranked(tenant, query, ranking, at),
    lists.ranked(tenant, query, rankingOf([], query, at), at),
  ]);
  const available = await availableOf(sql, tenant, ranked.products);
  const places = new Map(plain.products.map(({ id }, n) => [id, n + 1]));
  return {
    rules: ranking.rules.map(nameOf),
    products: ranked.products.map((card, n) => ({
      productId: card.id,
      handle: card.handle,
      title: card.title,
      place: n + 1,
      placeWithout: places.get(card.id) ?? null,
      because: reasonsFor(card, ranking, (by) => fits(by, card, available.has(card.id), at)),
    })),
    hidden: plain.products.flatMap(({ id, title }, n) => {
      const rule = ranking.hidden.get(id);
      return rule === undefined ? [] : [{ ...nameOf(rule), productId: id, title, placeWithout: n + 1 }];
    }),
  };
}

function withOneMore(rules: readonly RankingRule[], tried: string | undefined): readonly RankingRule[] {
  if (tried === undefined) return rules;
  if (!rules.some(({ id }) => id === tried))
    throw new ShopError('not_found', 'There is no such ranking rule.');
  return rules.map((one) => (one.id === tried ? { ...one, rule: { ...one.rule, enabled: true } } : one));
}

async function availableOf(
  sql: Platform['sql'],
  tenant: Tenant,
  cards: readonly ProductCard[],
): Promise<ReadonlySet<string>> {
  if (cards.length === 0) return new Set();
  const only = cards.map(({ id }) => id);
  const { products } = await listProducts(
    sql,
    tenant,
    { available: 'true', limit: only.length },
    { ...AS_IT_IS, only },
  );
  return new Set(products.map(({ id }) => id));
}

function reasonsFor(
  { id }: ProductCard,
  { pins, buried, boosts }: Ranking,
  isBoosted: (by: BoostBy) => boolean,
): Preview['products'][number]['because'] {
  const pin = pins.find((one) => one.id === id);
  // Where it is pinned, nothing else moves it.
  if (pin !== undefined) return [{ ...nameOf(pin.rule), effect: 'pinned', factor: null }];
  const bury = buried.get(id);
  return [
    ...(bury === undefined ? [] : [{ ...nameOf(bury), effect: 'buried' as const, factor: null }]),
    ...boosts
      .filter(({ what }) => isBoosted(what))
      .map(({ rule, factor }) => ({ ...nameOf(rule), effect: 'boosted' as const, factor })),
  ];
}

function fits(
  by: BoostBy,
  { tags, type, vendor, publishedAt }: ProductCard,
  available: boolean,
  at: Date,
): boolean {
  switch (by.by) {
    case 'tag':
      return tags.includes(by.value);
    case 'type':
      return type === by.value;
    case 'vendor':
      return vendor === by.value;
    case 'available':
      return available;
    case 'new':
      return publishedAt !== null && new Date(publishedAt) >= newSince(by.days, at);
  }
}

function nameOf({ id, rule: { name } }: RankingRule): { ruleId: string; name: string } {
  return { ruleId: id, name };
}
