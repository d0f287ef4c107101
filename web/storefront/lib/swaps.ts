/** What a shopper may have instead of goods that they send back: another of the same product. The shop decides; this only offers what is there. */
import type { Answer } from '../../api-client/client.ts';
import { returnableOf } from './returnable.ts';
import type { Shop } from './shop.ts';

type Order = Answer<'orders.getOrder'>;

export interface Swap {
  readonly variantId: string;
  readonly title: string;
}

/** Products that are asked for; who sends back goods of more of them writes what they would have. */
const MOST_PRODUCTS = 6;
/** As many as one question about stock may name. */
const MOST_VARIANTS = 100;

/** By the variant that would come back; not for parts of bundles, which were not sold by themselves. */
export async function swapsOf(
  shop: Asking,
  order: Pick<Order, 'lines' | 'returns'>,
): Promise<ReadonlyMap<string, readonly Swap[]>> {
  const back = returnableOf(order).filter(({ bundle }) => bundle === undefined);
  const handles = new Map<string, string[]>();
  for (const { variantId } of back) {
    const handle = order.lines.find((line) => line.variantId === variantId)?.handle;
    if (handle !== undefined) handles.set(handle, [...(handles.get(handle) ?? []), variantId]);
  }
  if (handles.size === 0) return new Map();
  try {
    return await lookUp(shop, handles);
  } catch {
    // Slow, or away: whoever runs the shop sees that in the service's own figures, and shoppers ask for their money, or write what they would have.
    return new Map();
  }
}

type Asking = Pick<Shop, 'hurried' | 'currency'>;

/** @param handles of products, each with the variants of it that would come back */
async function lookUp(
  { hurried, currency }: Asking,
  handles: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlyMap<string, readonly Swap[]>> {
  const asked = [...handles].slice(0, MOST_PRODUCTS).map(async ([handle, variantIds]) => {
    const input = { params: { handle }, query: { currency } };
    const { variants } = await hurried.call('catalog.getProduct', input);
    return { variants, variantIds };
  });
  // A product may not be sold any more.
  const answers = await Promise.allSettled(asked);
  const products = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const ids = products.flatMap(({ variants }) => variants.map(({ id }) => id)).slice(0, MOST_VARIANTS);
  if (ids.length === 0) return new Map();
  const { stock } = await hurried.call('orders.getAvailability', { query: { variantIds: ids.join(',') } });
  const there = new Set(
    stock.filter(({ availability }) => availability !== 'out').map(({ variantId }) => variantId),
  );
  return new Map(
    products.flatMap(({ variants, variantIds }) => {
      const offered = variants.filter(({ id }) => there.has(id));
      return variantIds.flatMap((variantId) => {
        // What costs more does not go out for what this was paid with.
        const most = variants.find(({ id }) => id === variantId)?.price?.amount ?? 0;
        const swaps = offered
          .filter(({ id, price }) => id === variantId || (price !== null && price.amount <= most))
          .map(({ id, title }) => ({ variantId: id, title }));
        return swaps.length === 0 ? [] : [[variantId, swaps] as const];
      });
    }),
  );
}
