/** The visitor's wishlists: a customer's, or the one that a guest's browser knows. */
import { cookies } from 'next/headers';
import { cache } from 'react';
import { ApiError } from '../../api-client/client.ts';
import type { Answer } from '../../api-client/client.ts';
import { forget } from './cookies.ts';
import { COOKIES } from './shop.ts';
import type { Shop } from './shop.ts';

export type Marks = Answer<'catalog.getWishlistMarks'>['marks'];

export const guestList = async (): Promise<string | undefined> =>
  (await cookies()).get(COOKIES.wishlist)?.value;

/** What is in which of the visitor's lists. Nobody is asked about a visitor who has none, and a page is whole without it. */
export const wishMarks = cache(async ({ hurried, loggedIn }: Shop): Promise<Marks> => {
  const wishlistId = await guestList();
  if (!loggedIn && wishlistId === undefined) return [];
  try {
    return (await hurried.call('catalog.getWishlistMarks', { query: { wishlistId } })).marks;
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
});

/** Variants that the customer is to be told of; a page is whole without it. */
export async function stockAlerts({ hurried, loggedIn }: Shop): Promise<readonly string[]> {
  if (!loggedIn) return [];
  try {
    return (await hurried.call('catalog.listStockAlerts', {})).variantIds;
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}

/** What was remembered as a guest becomes the customer's. Who has logged in is in, also while that cannot be had. */
export async function claimWishlist(api: Shop['api']): Promise<void> {
  const wishlistId = await guestList();
  if (wishlistId === undefined) return;
  try {
    await api.call('catalog.claimWishlist', { body: { wishlistId } });
    await forget(COOKIES.wishlist);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
