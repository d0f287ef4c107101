/** Which location sends which units of an order. Pure. */
import type { Units } from '../fulfilment/schemas.ts';
import type { Allocation } from './schemas.ts';

export interface Place {
  readonly id: string;
  /** By variant; what is not named is not there. */
  readonly free: ReadonlyMap<string, number>;
}

/** More places than this are not tried in every combination: that would be more than a thousand. */
const MOST_TRIED = 10;

/**
 * As few parcels as can be, from the places that come first. Every set of places is tried, the small ones first; of one size, the
 * set with the earlier places. Beyond ten places with stock, the one that has most of what is missing is added until there is enough.
 * @param places in the order in which they are asked
 * @returns what each sends; undefined when all together have not enough
 */
export function allocate(wanted: readonly Units[], places: readonly Place[]): Allocation[] | undefined {
  const useful = places.filter((place) => wanted.some(({ variantId }) => freeAt(place, variantId) > 0));
  if (!suffices(useful, wanted)) return undefined;
  const chosen =
    useful.length <= MOST_TRIED
      ? subsets(useful).find((some) => suffices(some, wanted))
      : greedily(useful, wanted);
  return assign(wanted, chosen ?? useful);
}

function freeAt({ free }: Place, variantId: string): number {
  return Math.max(free.get(variantId) ?? 0, 0);
}

function suffices(places: readonly Place[], wanted: readonly Units[]): boolean {
  return wanted.every(
    ({ variantId, quantity }) => places.reduce((sum, place) => sum + freeAt(place, variantId), 0) >= quantity,
  );
}

/** All of them by size; of one size in the order of their places. */
function subsets(places: readonly Place[]): Place[][] {
  const sized = (size: number, from: number): Place[][] => {
    if (size === 0) return [[]];
    return places
      .slice(from)
      .flatMap((place, offset) => sized(size - 1, from + offset + 1).map((rest) => [place, ...rest]));
  };
  return Array.from({ length: places.length }, (_, index) => sized(index + 1, 0)).flat();
}

function greedily(places: readonly Place[], wanted: readonly Units[]): Place[] {
  const chosen: Place[] = [];
  while (!suffices(chosen, wanted)) {
    const missing = wanted.map(({ variantId, quantity }) => ({
      variantId,
      quantity: quantity - chosen.reduce((sum, place) => sum + freeAt(place, variantId), 0),
    }));
    const gain = (place: Place): number =>
      missing.reduce(
        (sum, { variantId, quantity }) => sum + Math.min(Math.max(quantity, 0), freeAt(place, variantId)),
        0,
      );
    const [best] = places.filter((place) => !chosen.includes(place)).toSorted((a, b) => gain(b) - gain(a));
    if (best === undefined) return chosen;
    chosen.push(best);
  }
  return places.filter((place) => chosen.includes(place));
}

function assign(wanted: readonly Units[], places: readonly Place[]): Allocation[] {
  return wanted.flatMap(({ variantId, quantity }) => {
    let left = quantity;
    return places.flatMap((place) => {
      const given = Math.min(left, freeAt(place, variantId));
      left -= given;
      return given > 0 ? [{ variantId, locationId: place.id, quantity: given }] : [];
    });
  });
}
