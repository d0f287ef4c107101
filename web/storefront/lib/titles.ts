/** What lines of carts, orders and offers are called in the language of the page: they keep the name that the goods had in the shop's first one. */
import { cache } from 'react';
import { currentCart, shop, unlessAway } from './shop.ts';
import type { Cart, Shop } from './shop.ts';

interface Line {
  readonly productId: string;
  readonly title: string;
}

/** As many as the catalogue tells at once. */
const MOST = 50;

/** The same lines under other names; as they are where the shop has no others, or nobody answers. */
export async function named<Held extends { readonly lines: readonly Line[] }>(
  held: Held,
  { store, locale, currency, read }: Shop,
): Promise<Held> {
  const ids = [...new Set(held.lines.map(({ productId }) => productId))].slice(0, MOST);
  if (locale === store.locales[0] || ids.length === 0) return held;
  const found = await unlessAway(read('catalog.listProductsByIds', { query: { ids: ids.join(), currency } }));
  const titles = new Map(found?.products.map(({ id, title }) => [id, title]));
  const lines = held.lines.map((line) => ({ ...line, title: titles.get(line.productId) ?? line.title }));
  return { ...held, lines };
}

/** The visitor's cart as pages show it. */
export const shownCart = cache(async (): Promise<Cart | undefined> => {
  const [current, cart] = await Promise.all([shop(), currentCart()]);
  return cart === undefined ? undefined : named(cart, current);
});
