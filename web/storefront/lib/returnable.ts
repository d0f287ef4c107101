/** How many units of an order can still be asked to be taken back. The shop decides; this only keeps forms from asking in vain. */
import type { Answer } from '../../api-client/client.ts';

type Order = Answer<'orders.getOrder'>;

export interface Returnable {
  readonly variantId: string;
  readonly quantity: number;
}

/** Of what has been shipped, what is neither back nor on its way back. */
export function returnableOf({ lines, returns }: Pick<Order, 'lines' | 'returns'>): readonly Returnable[] {
  const away = returns
    .filter(({ state }) => state !== 'declined' && state !== 'withdrawn')
    .flatMap((each) => each.lines);
  return lines
    .map(({ variantId, shipped }) => ({
      variantId,
      quantity: away
        .filter((line) => line.variantId === variantId)
        .reduce((left, { quantity, accepted }) => left - (accepted ?? quantity), shipped),
    }))
    .filter(({ quantity }) => quantity > 0);
}
