/** A list of products as its address says it: filters, order, page. */
import type { Answer } from '../../api-client/client.ts';
import { minorDigits } from './money.ts';

export type Page = Answer<'catalog.listProducts'>;
export type Sort = 'featured' | 'price-asc' | 'price-desc' | 'title-asc' | 'newest' | 'rating' | 'relevance';
export type SearchParams = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Listing {
  readonly q: string | undefined;
  readonly type: string | undefined;
  readonly tag: string | undefined;
  /** Major units, as the visitor typed them. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** Only what can be bought now. */
  readonly stock: boolean;
  readonly sort: Sort;
  readonly cursor: string | undefined;
}

export const PAGE_SIZE = 24;
const SORTS: readonly Sort[] = [
  'featured',
  'price-asc',
  'price-desc',
  'title-asc',
  'newest',
  'rating',
  'relevance',
];

/** As the API takes it: by title it holds a whole title. */
const LONGEST_CURSOR = 2_400;

/** Reads an address; what makes no sense is left out. */
export function listingOf(params: SearchParams): Listing {
  const one = (name: string, longest = 255): string | undefined => {
    const value = params[name];
    const text = (typeof value === 'string' ? value : value?.[0])?.trim().slice(0, longest);
    return text === '' ? undefined : text;
  };
  const amount = (name: string): number | undefined => {
    const value = Number(one(name)?.replace(',', '.') ?? Number.NaN);
    return Number.isFinite(value) && value >= 0 && value <= 1e9 ? value : undefined;
  };
  const q = one('q')?.slice(0, 200);
  const sort = SORTS.find((each) => each === one('sort'));
  return {
    q,
    type: one('type'),
    tag: one('tag'),
    min: amount('min'),
    max: amount('max'),
    stock: one('stock') === '1',
    sort: sort ?? (q === undefined ? 'featured' : 'relevance'),
    cursor: one('cursor', LONGEST_CURSOR),
  };
}

/** The query that asks the API for it. */
export function queryOf(listing: Listing, currency: string, collection: string | undefined) {
  const unit = 10 ** minorDigits(currency);
  return {
    currency,
    collection,
    q: listing.q,
    type: listing.type,
    tag: listing.tag,
    minPrice: listing.min === undefined ? undefined : Math.round(listing.min * unit),
    maxPrice: listing.max === undefined ? undefined : Math.round(listing.max * unit),
    available: listing.stock ? ('true' as const) : undefined,
    sort: listing.sort,
    limit: PAGE_SIZE,
    cursor: listing.cursor,
  };
}

/** The address of a listing with some of it changed; a change of anything but the page begins at its first page. */
export function addressOf(path: string, listing: Listing, change: Partial<Listing>): string {
  const next = { ...listing, cursor: undefined, ...change };
  const natural: Sort = next.q === undefined ? 'featured' : 'relevance';
  const params = new URLSearchParams();
  for (const name of ['q', 'type', 'tag', 'min', 'max', 'cursor'] as const) {
    const value = next[name];
    if (value !== undefined) params.set(name, String(value));
  }
  if (next.stock) params.set('stock', '1');
  if (next.sort !== natural) params.set('sort', next.sort);
  const query = params.toString();
  return query === '' ? path : `${path}?${query}`;
}
