/** A search as Elasticsearch is asked it. Pure. */
import type { SearchBoost, SearchQuery } from '../ports.ts';
import { decodeCursor } from './cursor.ts';
import { checkedName } from './query.ts';
import { segmentedQuery } from './segments.ts';

type Clause = Readonly<Record<string, unknown>>;

/** Words of one question beyond which it is not a shopper's. */
const MOST_WORDS = 16;

/** Body of `_search`. @param at the field of the texts that are searched @param slips true: words that resemble, instead of those that are there */
export function searchBody(query: SearchQuery, at: string, slips: boolean): Clause {
  const { sort, limit, after, facets = [] } = query;
  const direction = sort === undefined || sort.descending ? 'desc' : 'asc';
  const first = sort === undefined ? { _score: 'desc' } : orderOf(sort, direction);
  const cursor = after === undefined ? undefined : decodeCursor(query, after);
  return {
    query: boosted(
      {
        bool: {
          must: query.text === undefined ? [{ match_all: {} }] : textsOf(query, query.text, at, slips),
          filter: filtersOf(query),
          ...(query.without === undefined ? {} : { must_not: [{ terms: { key: query.without } }] }),
        },
      },
      query.boosts ?? [],
    ),
    sort: [first, { key: direction }],
    // One more, to know whether there is another page.
    size: limit + 1,
    track_total_hits: true,
    _source: false,
    docvalue_fields: ['key'],
    ...(cursor === undefined ? {} : { search_after: [cursor.key, cursor.id] }),
    ...(slips || facets.length === 0 ? {} : { aggs: countsOf(facets) }),
  };
}

/** The factors of all that fit multiply, and so does the score. */
function boosted(query: Clause, boosts: readonly SearchBoost[]): Clause {
  if (boosts.length === 0) return query;
  const functions = boosts.map((boost) => ({ filter: fitting(boost), weight: boost.factor }));
  return { function_score: { query, functions, score_mode: 'multiply', boost_mode: 'multiply' } };
}

function fitting(boost: SearchBoost): Clause {
  if ('ids' in boost) return { terms: { key: boost.ids } };
  if ('keyword' in boost) return { term: { [`keywords.${checkedName(boost.keyword)}`]: boost.value } };
  return { range: { [`numbers.${checkedName(boost.number)}`]: { gte: boost.atLeast } } };
}

function orderOf(sort: NonNullable<SearchQuery['sort']>, order: string): Clause {
  const [field, type] =
    'number' in sort
      ? [`numbers.${checkedName(sort.number)}`, 'double']
      : [`keywords.${checkedName(sort.keyword)}`, 'keyword'];
  return { [field]: { order, missing: '_last', unmapped_type: type } };
}

/** What fits one of several texts is as good as its best. */
function textsOf(
  { match, also = [] }: SearchQuery,
  text: string,
  at: string,
  slips: boolean,
): readonly Clause[] {
  const whole = (one: string): Clause => {
    // Of scripts without spaces each pair of letters may be the one that is enough.
    const words = wordsOf(match === 'some' ? segmentedQuery(one) : one, at, slips, match);
    return match === 'some'
      ? { bool: { should: words, minimum_should_match: 1 } }
      : { bool: { must: words } };
  };
  if (slips || also.length === 0) return [whole(text)];
  return [{ dis_max: { queries: [text, ...also].map(whole) } }];
}

/** Each word somewhere: in a form of its language, or as the beginning of a word. */
function wordsOf(text: string, at: string, slips: boolean, match: SearchQuery['match']): readonly Clause[] {
  const words = (text.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, MOST_WORDS);
  if (words.length === 0) return [{ match_none: {} }];
  return words.map((word) =>
    slips ? resembling(word, at) : { bool: { should: [form(word, at, match), beginning(word, at)] } },
  );
}

function form(word: string, at: string, match: SearchQuery['match']): Clause {
  return {
    multi_match: {
      query: word,
      fields: [`${at}.title^8`, `${at}.terms^3`, `${at}.description`],
      operator: 'and',
      // A word that says nothing in its language keeps nothing from being found, and finds nothing by itself.
      zero_terms_query: match === 'some' ? 'none' : 'all',
    },
  };
}

function beginning(word: string, at: string): Clause {
  const fields = [`${at}.title.plain^4`, `${at}.terms.plain^2`, `${at}.description.plain`];
  return { multi_match: { query: word, type: 'phrase_prefix', fields, max_expansions: 50 } };
}

function resembling(word: string, at: string): Clause {
  const fields = [`${at}.title.plain^4`, `${at}.terms.plain^2`];
  // Hardly anybody mistakes the first letter, and it makes the search cheap.
  const slip = { multi_match: { query: word, fields, fuzziness: 'AUTO', prefix_length: 1 } };
  if (word.length < SHORTEST_PART) return slip;
  const value = `*${word}*`;
  const parts = [`${at}.title.plain`, `${at}.terms.plain`].map((field) => ({
    wildcard: { [field]: { value, case_insensitive: true } },
  }));
  return { bool: { should: [slip, ...parts] } };
}

/** Letters of a part by which a longer word is found: `schuh` finds `Wanderschuhe`. */
const SHORTEST_PART = 3;

function filtersOf({ keywords = {}, ranges = {} }: SearchQuery): readonly Clause[] {
  return [
    ...Object.entries(keywords).map(([name, value]) => ({
      term: { [`keywords.${checkedName(name)}`]: value },
    })),
    ...Object.entries(ranges).map(([name, { atLeast, atMost }]) => ({
      range: {
        [`numbers.${checkedName(name)}`]: {
          ...(atLeast === undefined ? {} : { gte: atLeast }),
          ...(atMost === undefined ? {} : { lte: atMost }),
        },
      },
    })),
  ];
}

function countsOf(facets: readonly string[]): Clause {
  return Object.fromEntries(
    facets.map((name) => [
      checkedName(name),
      { terms: { field: `keywords.${name}`, size: 50, order: [{ _count: 'desc' }, { _key: 'asc' }] } },
    ]),
  );
}
