/** What goods of an order are called: a line's own, or those of a bundle's part with the bundle's beside it. */
import type { Answer } from '../../api-client/client.ts';

type Order = Answer<'orders.getOrder'>;

export interface Goods {
  readonly variantId: string;
  /** The bundle's variant, where it was bought as a part of one. */
  readonly bundle?: string | undefined;
}

export function titleOfGoods({ lines }: Pick<Order, 'lines'>, { variantId, bundle }: Goods): string {
  const line = lines.find((each) => each.variantId === (bundle ?? variantId));
  const part = bundle === undefined ? line : line?.parts?.find((each) => each.variantId === variantId);
  const title = [part?.title ?? variantId, part?.variantTitle]
    .filter((word) => word !== undefined)
    .join(' · ');
  return bundle === undefined ? title : `${title} (${line?.title ?? bundle})`;
}
