/** How many units of an order can still be asked to be taken back. The shop decides; this only keeps forms from asking in vain. */
import type { Answer } from '../../api-client/client.ts';

type Order = Answer<'orders.getOrder'>;

export interface Returnable {
  readonly variantId: string;
  /** The bundle's variant, where it was bought as a part of one. */
  readonly bundle: string | undefined;
  readonly quantity: number;
}

/** Of what has been shipped, what is neither back nor on its way back; of bundles, of each of their parts. */
export function returnableOf({ lines, returns }: Pick<Order, 'lines' | 'returns'>): readonly Returnable[] {
  const away = returns
    .filter(({ state }) => state !== 'declined' && state !== 'withdrawn')
    .flatMap((each) => each.lines);
  return lines
    .flatMap(
      ({ variantId, shipped, parts }): { variantId: string; bundle: string | undefined; shipped: number }[] =>
        parts === undefined
          ? [{ variantId, bundle: undefined, shipped }]
          : parts.map((part) => ({ variantId: part.variantId, bundle: variantId, shipped: part.shipped })),
    )
    .map(({ variantId, bundle, shipped }) => ({
      variantId,
      bundle,
      quantity: away
        .filter((line) => line.variantId === variantId && line.bundle === bundle)
        .reduce((left, { quantity, accepted }) => left - (accepted ?? quantity), shipped),
    }))
    .filter(({ quantity }) => quantity > 0);
}
