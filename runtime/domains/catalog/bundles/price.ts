/** What a bundle costs that is sold for less than its components together. Pure. */
import type { Price } from '../document.ts';
import { lessShare } from '../price-lists/rule.ts';
import type { Bundle } from './schemas.ts';

/**
 * Of the currencies in which every component has a price: their sum less the share, rounded half up, with the sum as what it would have
 * cost otherwise.
 * @param pricesOf what a component costs by itself
 */
export function pricesOfBundle(
  { components, offBasisPoints = 0 }: Bundle,
  pricesOf: (variantId: string) => readonly Price[],
): Price[] {
  const priced = components.map(({ variantId, quantity }) => ({ quantity, prices: pricesOf(variantId) }));
  return (priced[0]?.prices ?? []).flatMap(({ currency }) => {
    let sum = 0;
    for (const { quantity, prices } of priced) {
      const price = prices.find((each) => each.currency === currency);
      if (price === undefined) return [];
      sum += price.amount * quantity;
    }
    const amount = lessShare(sum, offBasisPoints);
    return [{ amount, currency, compareAt: amount < sum ? sum : null }];
  });
}
