/** Where whoever has signed in by a provider comes back to: what they put aside as a guest is theirs now, and they go on. */
import { redirect } from 'next/navigation';
import { claimCart } from '../../../lib/carts.ts';
import { localPath } from '../../../lib/forms.ts';
import { shop } from '../../../lib/shop.ts';
import { claimWishlist } from '../../../lib/wishes.ts';

export async function GET(request: Request): Promise<never> {
  const { api, loggedIn } = await shop();
  if (loggedIn) await Promise.all([claimCart(api), claimWishlist(api)]);
  redirect(localPath(new URL(request.url).searchParams.get('back'), '/account'));
}
