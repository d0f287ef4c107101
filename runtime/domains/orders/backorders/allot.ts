/** What of a variant is there for whom, where more was promised than there is: first come, first served. Pure. */
import type { Units } from '../fulfilment/schemas.ts';

export interface Promised {
  readonly orderId: string;
  readonly waiting: number;
}

/**
 * @param promises in the order in which they were made
 * @returns by order, how many of its units are there; Σ ≤ onHand, and nobody gets any before all earlier ones have all of theirs
 */
export function allot(onHand: number, promises: readonly Promised[]): ReadonlyMap<string, number> {
  let left = onHand;
  return new Map(
    promises.map(({ orderId, waiting }) => {
      const given = Math.min(Math.max(left, 0), waiting);
      left -= given;
      return [orderId, given];
    }),
  );
}

/**
 * @param here by variant, how many of the order's units are there; a variant that is not named is there as a whole
 * @returns of the wanted units those that are there
 */
export function presentOf(wanted: readonly Units[], here: ReadonlyMap<string, number>): Units[] {
  const left = new Map(here);
  return wanted
    .map((units) => {
      const most = left.get(units.variantId);
      if (most === undefined) return units;
      const quantity = Math.min(units.quantity, most);
      left.set(units.variantId, most - quantity);
      return { ...units, quantity };
    })
    .filter(({ quantity }) => quantity > 0);
}
