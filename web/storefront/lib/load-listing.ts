/** Reads a listing's page, and its first page where that is another one. */
import { listingOf, queryOf } from './listing.ts';
import type { Listing, Page, SearchParams } from './listing.ts';
import { orNothing } from './shop.ts';
import { sessionOf } from './recommended.ts';
import type { Shop } from './shop.ts';
import type { Input } from '../../api-client/client.ts';

export async function loadListing(
  current: Shop,
  params: SearchParams,
  collection: string | undefined,
): Promise<{ listing: Listing; page: Page; first: Page }> {
  const { read, currency } = current;
  const listing = listingOf(params);
  const start = { ...listing, cursor: undefined };
  const [first, page] = await Promise.all([
    firstOf(current, queryOf(start, currency, collection)),
    listing.cursor === undefined
      ? undefined
      : orNothing(read('catalog.listProducts', { query: queryOf(listing, currency, collection) })),
  ]);
  // A cursor that is no longer understood shows the first page instead of an error.
  return page === undefined ? { listing: start, page: first, first } : { listing, page, first };
}

/** What is searched, in the order that suits a visitor who agreed to be known; in everybody's where that takes too long. */
async function firstOf(
  { read, hurried, visitor }: Shop,
  query: NonNullable<Input<'catalog.listProducts'>['query']>,
): Promise<Page> {
  if (query.q !== undefined && visitor !== undefined) {
    try {
      const session = sessionOf(visitor, new Date());
      return await hurried.call('recommendations.search', { query: { ...query, session } });
    } catch {
      // As in `recommended.ts`: everybody's order is a good one.
    }
  }
  return read('catalog.listProducts', { query });
}
