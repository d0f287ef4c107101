/**
 * A product list that is searched: the index says which products, in which order, and counts; the database says what they are, so that
 * nothing is shown that is hidden or gone, at the prices of a list without words. While the index is away the database alone answers, plainly.
 */
import { createCircuit, guarded, type Guarded } from '../../../platform/circuit/circuit.ts';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SearchPage, SearchQuery, Sql, Tenant } from '../../../platform/ports.ts';
import { CARD_COLUMNS, toCard, type CardRow } from '../document.ts';
import { BROWSING } from '../freshness.ts';
import { decodeCursor, encodeCursor } from '../../../platform/search/cursor.ts';
import { segmentedQuery } from '../../../platform/search/segments.ts';
import { currencyOf, listProducts } from '../listing.ts';
import { fused } from '../meaning/fusion.ts';
import { NEAR, RELATED, type Near } from '../meaning/near.ts';
import { arrangementOf, AS_IT_IS, toSearchBoost, type Arrangement } from '../ranking/lifts.ts';
import { isOwnOrder, rankingOf } from '../ranking/rules.ts';
import type { ProductsPage, ProductsQuery, SuggestQuery, Suggestions } from '../schemas.ts';
import { textIn } from '../translations/words.ts';
import { AVAILABLE, highestIn, indexOf, lowestIn } from './documents.ts';
import { isAway, type SearchKeeping } from './keep.ts';
import type { KeptSettings } from './settings.ts';
import { meantBy } from './spelling.ts';
import { alsoOf } from './synonyms.ts';
import { wordsOf } from './words.ts';

export type AskedQuery = ProductsQuery & {
  readonly q: string;
  /** Where something has the words nothing else follows it. */
  readonly wordsAlone?: boolean | undefined;
};

export interface ProductSearch {
  /** Looks whether the index is built, which is kept for some seconds. Nothing is thrown while it is away: the list itself hears of it. */
  ready(tenant: Tenant): Promise<void>;
  /**
   * One page; total and facets come with the first.
   * @throws ShopError `invalid_input` for a cursor of another search; `unavailable` for a further page while the index is away
   */
  list(tenant: Tenant, query: AskedQuery, arranged: Arrangement): Promise<ProductsPage>;
  /** What somebody who types this may want, the best first. */
  suggest(tenant: Tenant, asked: SuggestQuery): Promise<Suggestions>;
}

/** How a search was served. */
type FoundBy = Exclude<NonNullable<ProductsPage['search']>, 'plain'>;

/** Begins the cursor of a search that is served by some of its words. */
const SOME = 's.';
/** Begins the cursor of a search that is served in the language everything is written in, though it was asked in another. */
const WRITTEN = 'w.';
/** Begins the cursor of a search where what means the same follows what has the words. */
const FOLLOWED = 'f.';
/** Where fewer have all the words, what means the same follows them. Of more, nobody looks for what has not. */
const FEW = 8;
/** Products of a shop from which its words tell so much that what they mean may stand beside what has them, or some of them. */
const LEARNED_FROM = 30;
/** Words count twice: whatever has them stands before what does not, and what also means the same before what only has them. */
const WORDS_FIRST = [2, 1];
/** Products of each ranking that are put together; a list has at most a hundred. */
const MOST_FUSED = 50;
/** Products that are shown where nothing was found. */
const INSTEAD = 8;
/** After an index did not answer, nobody waits for it for so long. */
const REST_MS = 2_000;

export function createProductSearch(
  { sql, search, clock, log }: Platform,
  near: Pick<Near, 'near'>,
  keeping: Pick<SearchKeeping, 'isBuilt'>,
  settings: KeptSettings,
): ProductSearch {
  const circuit = createCircuit({
    failures: 1,
    restMilliseconds: REST_MS,
    now: () => clock.now().getTime(),
    watch: {
      opened: (cause) => log.warn({ err: cause }, 'the search index does not answer; the database does'),
      closed: () => log.info('the search index answers again'),
    },
  });
  const guard: Guarded = {
    circuit,
    isAway,
    refusal: () => new ShopError('unavailable', 'The search index did not answer a moment ago.'),
  };

  /** @returns undefined while the index is away */
  async function unlessAway<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await guarded(guard, work);
    } catch (error) {
      if (isAway(error)) return undefined;
      throw error;
    }
  }

  /** @returns undefined while the index cannot answer: away, or not built yet */
  async function ask(tenant: Tenant, query: SearchQuery): Promise<SearchPage | undefined> {
    return unlessAway(async () => {
      if (!(await keeping.isBuilt(tenant))) return undefined;
      const { synonyms } = await settings.read(tenant.id);
      const also = alsoOf(query.text ?? '', synonyms);
      return search.search(tenant.id, indexOf(tenant), also.length === 0 ? query : { ...query, also });
    });
  }

  /** All words: in the language that is asked in or, where nothing has them, as products are written. What resembles them comes last. */
  async function worded(tenant: Tenant, query: SearchQuery): Promise<SearchPage | undefined> {
    const begun = resumed(WRITTEN, query);
    if (begun !== undefined) return marked(WRITTEN, await ask(tenant, asWritten(begun)));
    const page = await ask(tenant, query);
    const isFound = page === undefined || query.after !== undefined || (page.ids.length > 0 && !page.similar);
    if (isFound || query.locale === undefined) return page;
    const written = await ask(tenant, asWritten(query));
    if (written === undefined || written.ids.length === 0) return page;
    return written.similar && page.ids.length > 0 ? page : marked(WRITTEN, written);
  }

  /**
   * Step by step less is asked for, until something is found: all words; what resembles them, which the index does by itself; one of the words.
   * A later page stays at the step that served the first.
   */
  async function relaxed(
    tenant: Tenant,
    query: SearchQuery,
  ): Promise<{ readonly page: SearchPage; readonly step: FoundBy } | undefined> {
    const begun = resumed(SOME, query);
    if (begun === undefined) {
      const page = await worded(tenant, query);
      if (page === undefined) return undefined;
      if (page.ids.length > 0 || query.after !== undefined)
        return { page, step: page.similar ? 'similar' : 'words' };
      // Of one word, some is all.
      if (wordsOf(segmentedQuery(query.text ?? '')).length < 2) return { page, step: 'nothing' };
    }
    const page = marked(SOME, await ask(tenant, { ...(begun ?? query), match: 'some' }));
    if (page === undefined) return undefined;
    return { page, step: page.ids.length === 0 && begun === undefined ? 'nothing' : 'some' };
  }

  /**
   * Where few products have all the words: those, and behind them what means the same; undefined where nothing does. Each page works it out
   * anew, and its cursor says how many were shown before.
   * @param known what has the words, where that has been asked already
   */
  async function followed(
    tenant: Tenant,
    query: AskedQuery,
    arranged: Arrangement,
    { after, ...searched }: SearchQuery,
    known?: readonly string[],
  ): Promise<SearchPage | undefined> {
    const shown = after === undefined ? 0 : Number(decodeCursor(searched, after).key);
    const [having, meaning] = await Promise.all([
      known ?? worded(tenant, { ...searched, limit: FEW }).then((page) => page?.ids),
      near.near(tenant.id, query.q, MOST_FUSED, RELATED, LEARNED_FROM),
    ]);
    if (having === undefined || (meaning.length === 0 && shown === 0)) return undefined;
    const all = await filtered(tenant, query, arranged, fused([having, meaning], WORDS_FIRST));
    const end = shown + query.limit;
    return {
      ...onePage(all),
      ids: all.ids.slice(shown, end),
      ...(end < all.ids.length ? { next: FOLLOWED + encodeCursor(searched, end, '') } : {}),
    };
  }

  /** What the list's filters let through of these, in their order. */
  async function filtered(
    tenant: Tenant,
    query: AskedQuery,
    { without }: Arrangement,
    ids: readonly string[],
  ): Promise<{ readonly ids: readonly string[]; readonly facets: ProductsPage['facets'] }> {
    if (ids.length === 0) return { ids, facets: null };
    const { q: _q, cursor: _cursor, sort: _sort, ...filters } = query;
    const { products, facets } = await listProducts(
      sql,
      tenant,
      { ...filters, limit: ids.length },
      { ...AS_IT_IS, without, only: ids },
    );
    const shown = new Set(products.map(({ id }) => id));
    return { ids: ids.filter((id) => shown.has(id)), facets };
  }

  /** By words, and by what they mean where few products have them or none. */
  async function foundOf(
    tenant: Tenant,
    query: AskedQuery,
    arranged: Arrangement,
    currency: string,
  ): Promise<{ readonly page: SearchPage; readonly step: FoundBy } | undefined> {
    const searched = arrangedBy(arranged, toSearchQuery(query, currency));
    const further = resumed(FOLLOWED, searched);
    if (further !== undefined) {
      const page = await followed(tenant, query, arranged, further);
      return page && { page, step: 'words' };
    }
    const found = await relaxed(tenant, searched);
    if (found === undefined || query.cursor !== undefined || !isOwnOrder(query)) return found;
    if (found.step === 'words') {
      // What a merchant's rules raise or bury stands where they say, and who asks for a number wants that one.
      const isEnough = found.page.total >= FEW || query.wordsAlone === true;
      if (isEnough || arranged.lifts.length > 0 || isCode(query.q)) return found;
      const known = found.page.next === undefined ? found.page.ids : undefined;
      const page = await followed(tenant, query, arranged, searched, known);
      return page === undefined ? found : { page, step: 'words' };
    }
    const byMeaning = await meant(tenant, query, arranged, found.page.ids);
    if (byMeaning === undefined) return found;
    return { page: onePage(byMeaning), step: found.step === 'similar' ? found.step : 'meaning' };
  }

  /** What a search is answered beside that nothing was found. */
  async function insteadOf(
    tenant: Tenant,
    { currency, locale }: AskedQuery,
    { without }: Arrangement,
  ): Promise<ProductsPage['instead']> {
    const { products } = await listProducts(
      sql,
      tenant,
      { currency, locale, limit: INSTEAD },
      { ...AS_IT_IS, without },
    );
    return products;
  }

  /**
   * Where nothing has all the words, what means the same and what has words or letters of them are put together: one page. Of what is near,
   * the list's filters decide.
   */
  async function meant(
    tenant: Tenant,
    query: AskedQuery,
    arranged: Arrangement,
    others: readonly string[],
  ): Promise<{ readonly ids: readonly string[]; readonly facets: ProductsPage['facets'] } | undefined> {
    // With nothing else that speaks for it, or few products to learn from, it has to be nearer.
    const related =
      others.length === 0 ? [] : await near.near(tenant.id, query.q, MOST_FUSED, RELATED, LEARNED_FROM);
    const ids = related.length > 0 ? related : await near.near(tenant.id, query.q, MOST_FUSED, NEAR);
    if (ids.length === 0) return undefined;
    const found = await filtered(tenant, query, arranged, fused([others.slice(0, MOST_FUSED), ids]));
    return found.ids.length === 0 ? undefined : { ...found, ids: found.ids.slice(0, query.limit) };
  }

  return {
    async ready(tenant) {
      await unlessAway(() => keeping.isBuilt(tenant));
    },

    async list(tenant, query, arranged) {
      const currency = currencyOf(tenant, query);
      const found = await foundOf(tenant, query, arranged, currency);
      if (found === undefined) {
        if (query.cursor === undefined)
          return { ...(await listProducts(sql, tenant, query, arranged)), search: 'plain' };
        throw new ShopError('unavailable', 'The search does not answer at the moment.', {
          retryAfterSeconds: 5,
        });
      }
      const { page, step } = found;
      const first = query.cursor === undefined;
      const cards = await cardsOf(sql, tenant, page.ids);
      return {
        products: cards.map((row) => toCard(row, currency, query.locale)),
        nextCursor: page.next ?? null,
        total: first ? page.total : null,
        currency,
        facets: first
          ? {
              types: [...(page.facets['type'] ?? [])],
              vendors: [...(page.facets['vendor'] ?? [])],
              tags: [...(page.facets['tags'] ?? [])],
            }
          : null,
        search: step,
        didYouMean: first && step !== 'words' ? meantBy(query.q, cards.flatMap(wordedBy)) : null,
        instead: step === 'nothing' ? await insteadOf(tenant, query, arranged) : [],
        placed: [],
      };
    },

    async suggest(tenant, { q, limit, locale }) {
      const { rules } = await settings.read(tenant.id);
      const now = clock.now();
      // What is still being typed is pinned nowhere.
      const { hidden, buried, boosts } = rankingOf(rules, { q }, now);
      const arranged = arrangementOf({ rules: [], pins: [], hidden, buried, boosts }, now);
      const typed = { text: q, limit, ...(locale === undefined ? {} : { locale }) };
      const page = await worded(tenant, arrangedBy(arranged, typed));
      const cards = page === undefined ? [] : await cardsOf(sql, tenant, page.ids);
      return {
        products: cards.map(({ handle, card: { title, image, translations } }) => ({
          handle,
          title: textIn(translations, locale)?.title ?? title,
          image,
        })),
      };
    },
  };
}

/** The step that a later page belongs to is in its cursor. */
function marked(step: string, page: SearchPage | undefined): SearchPage | undefined {
  return page?.next === undefined ? page : { ...page, next: step + page.next };
}

/** @returns undefined for a search that is not at this step */
function resumed(step: string, query: SearchQuery): SearchQuery | undefined {
  return query.after?.startsWith(step) === true
    ? { ...query, after: query.after.slice(step.length) }
    : undefined;
}

function asWritten(query: SearchQuery): SearchQuery {
  const { locale: _, ...inFirst } = query;
  return inFirst;
}

/** `AC-001-02`, `4006381333931`: of a variant, not of what it means. */
function isCode(text: string): boolean {
  return /\d{3,}/.test(text);
}

/** What somebody may have meant a word of. */
function wordedBy({ card: { title, vendor, type, tags } }: CardRow): readonly string[] {
  return [title, vendor, type, ...tags];
}

export function isSearched(asked: ProductsQuery): asked is AskedQuery {
  return asked.q !== undefined && asked.q !== '';
}

/** Of an order that a shopper chose, only what is left out counts. */
function arrangedBy({ without, lifts }: Arrangement, query: SearchQuery): SearchQuery {
  return {
    ...query,
    ...(without.length === 0 ? {} : { without }),
    ...(lifts.length === 0 ? {} : { boosts: lifts.map(toSearchBoost) }),
  };
}

/** All that there is of it. */
function onePage({
  ids,
  facets,
}: {
  readonly ids: readonly string[];
  readonly facets: ProductsPage['facets'];
}): SearchPage {
  const { types = [], vendors = [], tags = [] } = facets ?? {};
  return { ids, total: ids.length, facets: { type: types, vendor: vendors, tags }, similar: true };
}

/** The visible ones, in the order of their ids. */
async function cardsOf(sql: Sql, tenant: Tenant, ids: readonly string[]): Promise<readonly CardRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql.query<CardRow>(
    tenant.id,
    `SELECT ${CARD_COLUMNS} FROM products p
     WHERE p.tenant_id = $1 AND p.id = ANY ($2::text[]) AND p.visible ORDER BY array_position($2::text[], p.id)`,
    [tenant.id, ids],
    BROWSING,
  );
  return rows;
}

const SORTS: Readonly<Record<string, NonNullable<SearchQuery['sort']>>> = {
  featured: { number: 'position', descending: false },
  'title-asc': { keyword: 'title', descending: false },
  'title-desc': { keyword: 'title', descending: true },
  newest: { number: 'published', descending: true },
  rating: { number: 'rank', descending: true },
};

/** The same filters, sorts and facets as a list without words has. */
export function toSearchQuery(query: AskedQuery, currency: string): SearchQuery {
  const keywords = Object.entries({
    type: query.type,
    vendor: query.vendor,
    tags: query.tag,
    collections: query.collection,
    available: query.available === undefined ? undefined : AVAILABLE,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const sort = query.sort?.startsWith('price')
    ? { number: lowestIn(currency), descending: query.sort === 'price-desc' }
    : SORTS[query.sort ?? 'relevance'];
  const isPriced = query.sort?.startsWith('price') === true || query.minPrice !== undefined;
  return {
    text: query.q,
    ...(query.locale === undefined ? {} : { locale: query.locale }),
    keywords: Object.fromEntries(keywords),
    ranges: {
      ...(isPriced ? { [highestIn(currency)]: { atLeast: query.minPrice ?? 0 } } : {}),
      ...(query.maxPrice === undefined ? {} : { [lowestIn(currency)]: { atMost: query.maxPrice } }),
      ...(query.minRating === undefined ? {} : { rating: { atLeast: Math.round(query.minRating * 1_000) } }),
    },
    ...(sort === undefined ? {} : { sort }),
    ...(query.cursor === undefined ? { facets: ['type', 'vendor', 'tags'] } : { after: query.cursor }),
    limit: query.limit,
  };
}
