/** Which rules are in force for a list, and what they come to together. Pure. */
import { segmentedQuery } from '../../../platform/search/segments.ts';
import { wordsOf } from '../search/words.ts';
import type { ProductsQuery } from '../schemas.ts';
import type { Pin } from './pins.ts';
import type { BoostBy, RankingRule } from './schemas.ts';

/** Of all rules together; what is beyond is left out, the least specific rule's first. */
export const MOST = { pins: 20, boosts: 8, buries: 200, hides: 200 } as const;

/** Less than any score times all boosts: what is buried stands after everything else. */
export const BURIED = 1e-18;

export interface ForcedBoost {
  readonly what: BoostBy;
  readonly factor: number;
  readonly rule: RankingRule;
}

/** What is to become of a list, and by which rule. */
export interface Ranking {
  readonly rules: readonly RankingRule[];
  /** By place. */
  readonly pins: readonly (Pin & { readonly rule: RankingRule })[];
  readonly buried: ReadonlyMap<string, RankingRule>;
  readonly hidden: ReadonlyMap<string, RankingRule>;
  readonly boosts: readonly ForcedBoost[];
}

/** Of a list, what rules go by. */
export type Listed = Pick<ProductsQuery, 'q' | 'collection' | 'sort'>;

/**
 * The most specific rule comes first: an exact search, words in a search, a collection, any search; of equals the older one. What is hidden is
 * hidden whatever else is said of it; a pin beats a bury; the first rule that pins a product or takes a place has it. Boosts of all rules
 * multiply. Where a shopper chose another order than the list's own, only what is hidden counts.
 */
export function rankingOf(rules: readonly RankingRule[], listed: Listed, at: Date): Ranking {
  const inForce = rules
    .filter((one) => isOn(one, at) && isMeant(one, listed))
    .toSorted((a, b) => breadthOf(a) - breadthOf(b) || (a.id < b.id ? -1 : 1));
  const hidden = named(inForce, ({ hides }) => hides, MOST.hides);
  if (!isOwnOrder(listed)) return { rules: inForce, pins: [], buried: new Map(), hidden, boosts: [] };
  const pins = pinsOf(inForce, hidden);
  const pinned = new Set(pins.map(({ id }) => id));
  const buried = named(
    inForce,
    ({ buries }) => buries.filter((id) => !hidden.has(id) && !pinned.has(id)),
    MOST.buries,
  );
  const boosts = inForce
    .flatMap((rule) => rule.rule.boosts.map((boost) => ({ ...boost, rule })))
    .slice(0, MOST.boosts);
  return { rules: inForce, pins, buried, hidden, boosts };
}

/** Whether it changes nothing. */
export function isPlain({ pins, buried, hidden, boosts }: Ranking): boolean {
  return pins.length === 0 && buried.size === 0 && hidden.size === 0 && boosts.length === 0;
}

/** Midnight (UTC) so many days ago: the same for a whole day, so that pages fit each other. */
export function newSince(days: number, at: Date): Date {
  const day = 86_400_000;
  return new Date((Math.floor(at.getTime() / day) - days) * day);
}

function isOn({ rule: { enabled, from, until } }: RankingRule, at: Date): boolean {
  const now = at.toISOString();
  return enabled && (from === null || from <= now) && (until === null || now < until);
}

function isMeant({ rule: { when } }: RankingRule, { q, collection }: Listed): boolean {
  const searched = q !== undefined && q !== '';
  if (when.on === 'collection') return when.collection === collection;
  if (when.on === 'any-query') return searched;
  if (!searched) return false;
  const [said, meant] = [q, when.text].map((text) => wordsOf(segmentedQuery(text)).join(' '));
  return when.match === 'exact' ? said === meant : meant !== '' && ` ${said} `.includes(` ${meant} `);
}

function breadthOf({ rule: { when } }: RankingRule): number {
  if (when.on === 'query') return when.match === 'exact' ? 0 : 1;
  return when.on === 'collection' ? 2 : 3;
}

/** The order a list has where nobody chooses one. */
export function isOwnOrder({ q, sort }: Listed): boolean {
  const searched = q !== undefined && q !== '';
  return sort === undefined || sort === 'relevance' || (sort === 'featured' && !searched);
}

function named(
  rules: readonly RankingRule[],
  of: (rule: RankingRule['rule']) => readonly string[],
  most: number,
): ReadonlyMap<string, RankingRule> {
  const found = new Map<string, RankingRule>();
  for (const rule of rules)
    for (const id of of(rule.rule)) if (found.size < most && !found.has(id)) found.set(id, rule);
  return found;
}

function pinsOf(rules: readonly RankingRule[], hidden: ReadonlyMap<string, unknown>): Ranking['pins'] {
  const taken = new Map<number, Ranking['pins'][number]>();
  const pinned = new Set<string>();
  for (const rule of rules)
    for (const { productId: id, place: asked } of rule.rule.pins) {
      if (hidden.has(id) || pinned.has(id) || taken.size === MOST.pins) continue;
      let place = asked - 1;
      while (taken.has(place)) place += 1;
      taken.set(place, { id, place, rule });
      pinned.add(id);
    }
  return [...taken.values()].toSorted((a, b) => a.place - b.place);
}
