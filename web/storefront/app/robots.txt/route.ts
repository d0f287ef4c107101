/** What crawlers may read: the shop, not its carts and checkouts. */
import { findShop } from '../../lib/shop.ts';

export async function GET(): Promise<Response> {
  const shop = await findShop();
  const lines =
    shop === undefined
      ? ['User-agent: *', 'Disallow: /']
      : [
          'User-agent: *',
          'Disallow: /cart',
          'Disallow: /checkout',
          'Disallow: /orders',
          'Disallow: /offers',
          'Disallow: /account',
          'Disallow: /search',
          'Disallow: /chat',
          'Disallow: /api/',
          'Allow: /api/catalog/media/',
          `Sitemap: ${shop.origin}/sitemap.xml`,
        ];
  return new Response(`${lines.join('\n')}\n`, {
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=300' },
  });
}
