/**
 * Lists of products as a shop shows them: from the index or the database, in the order that its merchant's rules make of it. Pins stand
 * where they are put on every page, and a list goes on by the rules it began with or not at all.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant } from '../../../platform/ports.ts';
import { listProducts } from '../listing.ts';
import type { ProductCard, ProductsPage, ProductsQuery } from '../schemas.ts';
import { inOwnPrices, type Applying } from '../price-lists/shown.ts';
import { isSearched, type ProductSearch } from '../search/ask.ts';
import type { KeptSettings } from '../search/settings.ts';
import { mergedFacets } from './facets.ts';
import { AS_IT_IS, arrangementOf, type Arrangement } from './lifts.ts';
import { BEGINNING, filled, wantedOf, type Reading } from './pins.ts';
import { isPlain, rankingOf, type Ranking } from './rules.ts';

export interface ProductLists {
  /**
   * Reads what a list has to know of its shop, all at once: one way to the database where one after the other would be three. It is
   * kept for the moment in which the list is asked for.
   */
  ready(tenant: Tenant, query: ProductsQuery): Promise<void>;
  /**
   * One page; total and facets come with the first. Filtered and sorted by what price lists make of prices, where the database alone
   * answers; the index knows variants' own prices, and what is off all of them.
   * @param lists that apply to whoever asks; absent: none
   * @throws ShopError `invalid_input` for a cursor of another list, or of one whose rules have changed since
   */
  list(tenant: Tenant, query: ProductsQuery, lists?: Applying): Promise<ProductsPage>;
  /** The first page as a ranking makes it, which may be none of the shop's. */
  ranked(tenant: Tenant, query: ProductsQuery, ranking: Ranking, at: Date): Promise<ProductsPage>;
}

const NO_LISTS: Applying = { ids: [], offBasisPoints: 0, listed: false };

/** A list that was begun so long ago is begun anew. */
const LONGEST_READING_MS = 86_400_000;

export function createProductLists(
  { sql, clock }: Pick<Platform, 'sql' | 'clock'>,
  settings: KeptSettings,
  search: Pick<ProductSearch, 'list' | 'ready'>,
): ProductLists {
  const inDatabase = (
    tenant: Tenant,
    query: ProductsQuery,
    arranged: Arrangement,
    lists: Applying,
  ): Promise<ProductsPage> =>
    lists.listed
      ? listProducts(sql, tenant, query, arranged, lists)
      : listProducts(sql, tenant, inOwnPrices(query, lists), arranged);

  const page = (
    tenant: Tenant,
    query: ProductsQuery,
    arranged: Arrangement,
    lists: Applying,
  ): Promise<ProductsPage> =>
    isSearched(query)
      ? search.list(tenant, inOwnPrices(query, lists), arranged)
      : inDatabase(tenant, query, arranged, lists);

  /** Of what is pinned, what the list's filters let through; its words keep nothing out. */
  async function pinnedOf(
    tenant: Tenant,
    query: ProductsQuery,
    { pins }: Ranking,
    lists: Applying,
  ): Promise<ProductsPage | undefined> {
    if (pins.length === 0) return undefined;
    const { q: _q, cursor: _cursor, sort: _sort, ...filters } = query;
    const only = pins.map(({ id }) => id);
    return inDatabase(tenant, { ...filters, limit: only.length }, { ...AS_IT_IS, only }, lists);
  }

  /** Whether less was asked for only because all that has the words is pinned, and so was left out. */
  async function isAllPinned(
    tenant: Tenant,
    asked: ProductsQuery,
    { pins, hidden }: Ranking,
    { search: step }: ProductsPage,
    lists: Applying,
  ): Promise<boolean> {
    if (pins.length === 0 || step === null || step === 'words' || step === 'plain') return false;
    const without = [...hidden.keys()];
    const whole = await page(tenant, { ...asked, limit: 1 }, { ...AS_IT_IS, without }, lists);
    return whole.search === 'words';
  }

  async function readOn(
    tenant: Tenant,
    query: ProductsQuery,
    ranking: Ranking,
    { at, reading }: Place,
    lists: Applying,
  ): Promise<{ page: ProductsPage; reading: Reading | undefined }> {
    const arranged = arrangementOf(ranking, at);
    const pinned = await pinnedOf(tenant, query, ranking, lists);
    const cards = new Map<string, ProductCard>((pinned?.products ?? []).map((card) => [card.id, card]));
    const pins = ranking.pins.filter(({ id }) => cards.has(id));
    const wanted = wantedOf(pins, reading, query.limit);
    const { cursor: _, ...asked } = query;
    const after = reading.after === '' || reading.after === null ? {} : { cursor: reading.after };
    const asFound =
      reading.after === null
        ? undefined
        : await page(tenant, { ...asked, ...after, limit: Math.max(1, wanted) }, arranged, lists);
    const rest =
      asFound !== undefined && (await isAllPinned(tenant, asked, ranking, asFound, lists))
        ? onlyPinned(asFound)
        : asFound;
    for (const card of rest?.products ?? []) cards.set(card.id, card);
    const free = rest?.products.map(({ id }) => id) ?? [];
    // Where every place is pinned, one was asked for only to know whether the list goes on.
    const goesOn = rest !== undefined && wanted === 0 && (free.length > 0 || rest.nextCursor !== null);
    const found = filled(pins, reading, query.limit, {
      ids: wanted === 0 ? [] : free,
      next: goesOn ? reading.after : wanted === 0 ? null : (rest?.nextCursor ?? null),
    });
    const first = reading.shown === 0 && reading.after === '';
    const fixed = new Set([...pins.map(({ id }) => id), ...ranking.buried.keys()]);
    return {
      reading: found.reading,
      page: {
        products: found.ids.flatMap((id) => cards.get(id) ?? []),
        nextCursor: null,
        total: first ? (rest?.total ?? 0) + (pinned?.total ?? 0) : null,
        currency: rest?.currency ?? pinned?.currency ?? tenant.currencies[0] ?? 'EUR',
        facets: first ? mergedFacets(rest?.facets ?? null, pinned?.facets ?? null) : null,
        didYouMean: rest?.didYouMean ?? null,
        instead: found.ids.length === 0 ? (rest?.instead ?? []) : [],
        search: rest === undefined ? (isSearched(query) ? 'words' : null) : rest.search,
        placed: found.ids.filter((id) => fixed.has(id)),
      },
    };
  }

  return {
    async ready(tenant, query) {
      await Promise.all([settings.read(tenant.id), isSearched(query) ? search.ready(tenant) : undefined]);
    },

    async list(tenant, query, lists = NO_LISTS) {
      const { rules, rulesVersion } = await settings.read(tenant.id);
      if (rules.length === 0) return page(tenant, query, AS_IT_IS, lists);
      const now = clock.now();
      const place =
        query.cursor === undefined
          ? { at: now, reading: BEGINNING }
          : decodePlace(query.cursor, rulesVersion, now);
      const ranking = rankingOf(rules, query, place.at);
      const { page: found, reading } = await readOn(tenant, query, ranking, place, lists);
      return {
        ...found,
        nextCursor: reading === undefined ? null : encodePlace(rulesVersion, { at: place.at, reading }),
      };
    },

    async ranked(tenant, query, ranking, at) {
      if (isPlain(ranking)) return page(tenant, query, AS_IT_IS, NO_LISTS);
      return (await readOn(tenant, query, ranking, { at, reading: BEGINNING }, NO_LISTS)).page;
    },
  };
}

/** A list of which nothing is left beside the pins. */
function onlyPinned({ currency }: ProductsPage): ProductsPage {
  return {
    products: [],
    nextCursor: null,
    total: 0,
    currency,
    facets: null,
    search: 'words',
    placed: [],
    didYouMean: null,
    instead: [],
  };
}

/** Where a reader is in a list, and when it was begun: the rules of that moment hold to its end. */
interface Place {
  readonly at: Date;
  readonly reading: Reading;
}

const CURSOR = /^r\.([0-9a-z]{1,10})\.(\d{1,12})\.(\d{1,9})\.(\d{1,3})\.(.*)$/s;
const ENDED = '*';

function encodePlace(rulesVersion: number, { at, reading: { shown, pinned, after } }: Place): string {
  return ['r', at.getTime().toString(36), rulesVersion, shown, pinned, after ?? ENDED].join('.');
}

/** Throws ShopError `invalid_input`. */
function decodePlace(cursor: string, rulesVersion: number, now: Date): Place {
  const [, at = '', version, shown, pinned, after = ''] = CURSOR.exec(cursor) ?? [];
  const begun = parseInt(at, 36);
  const age = now.getTime() - begun;
  if (Number(version) !== rulesVersion || !(age >= 0 && age < LONGEST_READING_MS))
    throw new ShopError(
      'invalid_input',
      'The cursor does not belong to this list, or its order has become another.',
      {
        remedy: 'Begin again without a cursor, and keep everything else while paging.',
      },
    );
  return {
    at: new Date(begun),
    reading: { shown: Number(shown), pinned: Number(pinned), after: after === ENDED ? null : after },
  };
}
