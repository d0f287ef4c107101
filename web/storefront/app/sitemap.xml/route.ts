/** Every page of the shop that a search engine should know. */
import { findShop } from '../../lib/shop.ts';
import type { Shop } from '../../lib/shop.ts';

/** The protocol's own limit. */
const MOST = 50_000;

export async function GET(): Promise<Response> {
  const shop = await findShop();
  if (shop === undefined) return new Response('', { status: 404 });
  const { collections } = await shop.read('catalog.listCollections', {});
  const paths = [
    '/',
    '/products',
    ...collections.map(({ handle }) => `/collections/${encodeURIComponent(handle)}`),
  ];
  const urls = [...paths.map((path) => entry(shop, path)), ...(await products(shop))];
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${urls.slice(0, MOST).join('\n')}\n</urlset>\n`;
  return new Response(body, {
    headers: { 'content-type': 'application/xml; charset=utf-8', 'cache-control': 'public, max-age=300' },
  });
}

async function products(shop: Shop): Promise<string[]> {
  const entries: string[] = [];
  for (let cursor: string | undefined; entries.length < MOST;) {
    const page = await shop.read('catalog.listProducts', {
      query: { limit: 100, sort: 'title-asc', cursor },
    });
    entries.push(
      ...page.products.map(({ handle }) => entry(shop, `/products/${encodeURIComponent(handle)}`)),
    );
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return entries;
}

const entry = ({ origin }: Shop, path: string): string =>
  `  <url><loc>${origin.replaceAll('&', '&amp;')}${path}</loc></url>`;
