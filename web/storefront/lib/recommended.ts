/** What the shop recommends at a place, and what it is told so that it can: a page is whole without either. */
import { createHash, randomUUID } from 'node:crypto';
import type { Answer, Input } from '../../api-client/client.ts';
import type { Shop } from './shop.ts';

export type Recommended = Pick<Answer<'recommendations.recommend'>, 'personal'> &
  Answer<'catalog.listProductsByIds'>;

/** Fewer look like a mistake. */
const LEAST = 2;

/** @returns nothing where too little is known, or whoever knows does not answer in time */
export async function recommended(
  { hurried, visitor, currency }: Pick<Shop, 'hurried' | 'visitor' | 'currency'>,
  query: Input<'recommendations.recommend'>['query'],
): Promise<Recommended | undefined> {
  try {
    const session = visitor === undefined ? undefined : sessionOf(visitor, new Date());
    const { personal, items } = await hurried.call('recommendations.recommend', {
      query: { context: 'home', limit: 4, ...query, session },
    });
    if (items.length < LEAST) return undefined;
    const ids = items.map(({ productId }) => productId).join();
    const { products } = await hurried.call('catalog.listProductsByIds', { query: { ids, currency } });
    return products.length < LEAST ? undefined : { personal, products };
  } catch {
    // Slow, away or switched off: whoever runs the shop sees that in the service's own figures, and shoppers see the rest of the page.
    return undefined;
  }
}

/** Says what is looked at, where the visitor has agreed to that. Nobody waits for it, and it may be lost. */
export async function tellSeen(
  { hurried, visitor }: Pick<Shop, 'hurried' | 'visitor'>,
  path: string,
  productId: string,
): Promise<void> {
  if (visitor === undefined) return;
  const session = sessionOf(visitor, new Date());
  try {
    await hurried.call('analytics.tell', {
      body: { id: randomUUID(), session, visitor, events: [{ kind: 'view', path, productId }] },
    });
  } catch {
    // One view less is counted.
  }
}

/** A visit is a day's: nothing has to be written into the browser to begin another. */
export function sessionOf(visitor: string, now: Date): string {
  return createHash('sha256')
    .update(`${visitor}/${now.toISOString().slice(0, 10)}`)
    .digest('base64url')
    .slice(0, 22);
}
