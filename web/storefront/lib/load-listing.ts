/** Reads a listing's page, and its first page where that is another one. */
import { listingOf, queryOf } from './listing.ts';
import type { Listing, Page, SearchParams } from './listing.ts';
import { orNothing } from './shop.ts';
import type { Shop } from './shop.ts';

export async function loadListing(
  { read, currency }: Shop,
  params: SearchParams,
  collection: string | undefined,
): Promise<{ listing: Listing; page: Page; first: Page }> {
  const listing = listingOf(params);
  const start = { ...listing, cursor: undefined };
  const [first, page] = await Promise.all([
    read('catalog.listProducts', { query: queryOf(start, currency, collection) }),
    listing.cursor === undefined
      ? undefined
      : orNothing(read('catalog.listProducts', { query: queryOf(listing, currency, collection) })),
  ]);
  // A cursor that is no longer understood shows the first page instead of an error.
  return page === undefined ? { listing: start, page: first, first } : { listing, page, first };
}
