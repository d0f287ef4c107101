/**
 * A list that was found for everybody, in an order that suits one shopper: what is nearer to what they looked at rises, by a few places and no
 * more, so that what was searched for stays what is found.
 */
import type { Scored } from './visits.ts';

/** Places that the nearest rises at most. */
export const RISE = 6;

/** How much each sign of nearness is worth; together 1. */
const WEIGHTS = { visits: 0.5, type: 0.3, vendor: 0.2 } as const;

export interface Kind {
  readonly type: string;
  readonly vendor: string;
}

/**
 * Those that are equally near stay as they were to each other.
 * @param affinityOf from 0 to 1
 * @param isPlaced where the merchant put it there: it stays, and the others share the places between
 */
export function suited<Item>(
  listed: readonly Item[],
  affinityOf: (item: Item) => number,
  isPlaced: (item: Item) => boolean = () => false,
): readonly Item[] {
  const free = listed
    .map((item, at) => ({ item, at }))
    .filter(({ item }) => !isPlaced(item))
    .map(({ item, at }) => ({ item, place: at - RISE * Math.min(1, Math.max(0, affinityOf(item))) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
    .values();
  return listed.map((item) => (isPlaced(item) ? item : (free.next().value ?? item)));
}

/**
 * How near a product is to what was looked at: by what visits alike went on to, and by how much of what was looked at is of its kind and its maker.
 * @returns from 0 to 1
 */
export function affinity(
  alike: readonly Scored[],
  visited: readonly Kind[],
): (product: Kind & { readonly id: string }) => number {
  const best = alike[0]?.score ?? 0;
  const scores = new Map(alike.map(({ productId, score }) => [productId, score / best]));
  const share = (of: (kind: Kind) => string, value: string): number =>
    value === '' || visited.length === 0
      ? 0
      : visited.filter((kind) => of(kind) === value).length / visited.length;
  return ({ id, type, vendor }) =>
    WEIGHTS.visits * (scores.get(id) ?? 0) +
    WEIGHTS.type * share((kind) => kind.type, type) +
    WEIGHTS.vendor * share((kind) => kind.vendor, vendor);
}
