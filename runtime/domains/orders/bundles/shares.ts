/** How what was paid for a bundle is shared over its parts. Pure. */
import type { LineUnits } from '../fulfilment/units.ts';
import { shareOut } from '../shares.ts';
import { sum } from '../sums.ts';
import type { SoldPart } from './goods.ts';

/**
 * To the minor unit: by what the parts cost by themselves, and where none has a price by their units.
 * @param paid for the line as a whole
 * @returns what all units of each part were paid with, in their order
 */
export function sharesOfParts(
  paid: number,
  parts: readonly Pick<SoldPart, 'price' | 'quantity'>[],
): number[] {
  const worth = parts.map(({ price, quantity }) => price * quantity);
  const weights = sum(worth) > 0 ? worth : parts.map(({ quantity }) => quantity);
  // Of something that was dearer than what it weighs, so many times the weights are shared.
  const times = Math.max(1, Math.ceil(paid / sum(weights)));
  return shareOut(
    paid,
    weights.map((weight) => weight * times),
  );
}

/** Goods with what was paid for all of them. */
export interface PaidGoods extends Pick<LineUnits, 'variantId' | 'bundle' | 'quantity'> {
  readonly paid: number;
}
