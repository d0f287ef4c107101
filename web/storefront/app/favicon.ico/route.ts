/** Where a browser looks that has not read the page's own link to the mark yet: a slow page would log an error for it. */
import { logoAddress } from '../../components/logo.tsx';
import { findShop } from '../../lib/shop.ts';

export async function GET(): Promise<Response> {
  const shop = await findShop();
  const mark = shop === undefined ? undefined : logoAddress(shop.store.branding);
  const headers = { 'cache-control': 'public, max-age=300' };
  return mark === undefined
    ? new Response(null, { status: 204, headers })
    : new Response(null, { status: 307, headers: { ...headers, location: mark } });
}
