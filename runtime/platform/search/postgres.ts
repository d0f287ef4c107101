/** The search port on PostgreSQL: full text in the language's configuration, and trigrams for words that are misspelt. */
import type {
  Search,
  SearchBoost,
  SearchDocument,
  SearchIndex,
  SearchPage,
  SearchQuery,
  Sql,
  SqlValue,
} from '../ports.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { searchLanguageOf } from './languages.ts';
import { askedLocale, checkedName, textsIn } from './query.ts';
import { segmentedQuery, segmentedText } from './segments.ts';

/** How texts are written down; documents of another form are written anew. */
const FORM = 2;
/** Documents written with one statement. */
const BATCH = 500;

export function createPostgresSearch(sql: Sql): Search {
  let trigrams: boolean | undefined;

  async function put(
    tenant: string,
    index: SearchIndex,
    documents: readonly SearchDocument[],
  ): Promise<void> {
    for (const locale of index.locales)
      for (let n = 0; n < documents.length; n += BATCH)
        await sql.query(tenant, UPSERT, [
          tenant,
          rowsIn(index, locale),
          searchLanguageOf(locale),
          JSON.stringify(documents.slice(n, n + BATCH).map((document) => rowOf(document, locale))),
        ]);
  }

  async function hasTrigrams(tenant: string): Promise<boolean> {
    trigrams ??= (
      await sql.query<{ yes: boolean }>(
        tenant,
        `SELECT to_regprocedure('word_similarity(text, text)') IS NOT NULL AS yes`,
      )
    ).rows[0]?.yes;
    return trigrams ?? false;
  }

  async function similar(tenant: string, index: SearchIndex, query: SearchQuery): Promise<SearchPage> {
    const { text = '', sort: _, ...others } = query;
    const found = conditionsOf(tenant, index, others);
    const words = [...new Set(wordsIn(text.toLowerCase()) ?? [])];
    if (words.length === 0) return { ids: [], total: 0, facets: {}, similar: true };
    const near = words.map((word) => `word_similarity(${found.bind(word)}::text, d.search_text)`);
    const resembles = near.map((one) => `${one} > 0.4`).join(query.match === 'some' ? ' OR ' : ' AND ');
    const { rows } = await sql.query<{ id: string }>(
      tenant,
      `SELECT d.id FROM search_documents d WHERE ${found.where.join(' AND ')} AND (${resembles})
       ORDER BY (${near.join(' + ')}) * ${found.lift()} DESC, d.id LIMIT ${found.bind(query.limit)}::int`,
      found.values,
    );
    return { ids: rows.map(({ id }) => id), total: rows.length, facets: {}, similar: true };
  }

  return {
    async origin(_tenant, index) {
      const [first = '', ...others] = index.locales;
      const languages = [
        searchLanguageOf(first),
        ...others.map((locale) => `${locale}:${searchLanguageOf(locale)}`),
      ];
      const here = `postgresql/${FORM}/${languages.join()}`;
      return { serving: here, wanted: here };
    },

    write: put,

    async remove(tenant, index, gone) {
      await sql.query(tenant, BURY, [
        tenant,
        index.locales.map((locale) => rowsIn(index, locale)),
        gone.map(({ id }) => id),
        gone.map(({ version }) => version),
      ]);
    },

    async search(tenant, index, query) {
      const found = conditionsOf(tenant, index, query);
      const counted = [...found.values];
      const facets = (query.facets ?? []).map(checkedName);
      const { key, type, descending } = orderOf(query, found);
      const paging = [...found.where];
      if (query.after !== undefined) {
        const from = decodeCursor(query, query.after);
        const end = from.key === null ? null : String(from.key);
        paging.push(
          `(${key}, d.id) ${descending ? '<' : '>'} (${found.bind(end)}::text::${type}, ${found.bind(from.id)}::text)`,
        );
      }
      const direction = descending ? 'DESC' : 'ASC';
      const [page, summary] = await Promise.all([
        sql.query<{ id: string; key: string }>(
          tenant,
          `SELECT d.id, (${key})::text AS key FROM search_documents d WHERE ${paging.join(' AND ')}
           ORDER BY ${key} ${direction}, d.id ${direction} LIMIT ${found.bind(query.limit + 1)}::int`,
          found.values,
        ),
        sql.query<{ total: number; facets: SearchPage['facets'] }>(
          tenant,
          summaryOf(found.where, facets),
          counted,
        ),
      ]);
      const total = summary.rows[0]?.total ?? 0;
      if (total === 0 && query.text !== undefined && query.after === undefined && (await hasTrigrams(tenant)))
        return similar(tenant, index, query);
      const shown = page.rows.slice(0, query.limit);
      const last = shown.at(-1);
      return {
        ids: shown.map(({ id }) => id),
        total,
        facets: summary.rows[0]?.facets ?? {},
        similar: false,
        ...(page.rows.length > query.limit && last ? { next: encodeCursor(query, last.key, last.id) } : {}),
      };
    },

    async rebuild(tenant, index, all) {
      const name = checkedName(index.name);
      const { rows } = await sql.query<{ now: string }>(tenant, 'SELECT clock_timestamp()::text AS now');
      let count = 0;
      for await (const documents of all) {
        await put(tenant, index, documents);
        count += documents.length;
      }
      await sql.query(
        tenant,
        `DELETE FROM search_documents WHERE tenant_id = $1 AND (index_name = $2 OR starts_with(index_name, $2 || '/'))
           AND seen_at < $3::text::timestamptz`,
        [tenant, name, rows[0]?.now ?? ''],
      );
      return count;
    },

    // The connections are the database's.
    close: () => Promise.resolve(),
  };
}

/** Each locale has rows of its own, so that no word is found by what it means in another; those of the first have the index's own name. */
function rowsIn({ name, locales }: SearchIndex, locale: string): string {
  return locale === locales[0] ? checkedName(name) : `${checkedName(name)}/${locale}`;
}

function rowOf(document: SearchDocument, locale: string): object {
  const { id, version, keywords, numbers } = document;
  const [a, b, c] = textsIn(document, locale);
  const text = `${a} ${b}`.toLowerCase().slice(0, 4_000);
  const [title, terms, description] = [a, b, c].map(segmentedText);
  return { id, version, a: title, b: terms, c: description, text, keywords, numbers };
}

// The same version is written again too: a rebuilding may be for another language.
const UPSERT = `
  INSERT INTO search_documents (tenant_id, index_name, id, version, gone, search, search_text, keywords, numbers, seen_at)
  SELECT $1, $2, r.id, r.version, false,
    setweight(to_tsvector($3::text::regconfig, r.a), 'A') || setweight(to_tsvector($3::text::regconfig, r.b), 'B') || setweight(to_tsvector($3::text::regconfig, r.c), 'C'),
    r.text, r.keywords, r.numbers, clock_timestamp()
  FROM (SELECT DISTINCT ON (id) * FROM jsonb_to_recordset($4::jsonb) AS r (id text, version bigint, a text, b text, c text, text text, keywords jsonb, numbers jsonb)
    ORDER BY id, version DESC) r
  ON CONFLICT (tenant_id, index_name, id) DO UPDATE SET version = excluded.version, gone = excluded.gone, search = excluded.search,
    search_text = excluded.search_text, keywords = excluded.keywords, numbers = excluded.numbers, seen_at = excluded.seen_at
  WHERE search_documents.version < excluded.version OR (search_documents.version = excluded.version AND NOT search_documents.gone)`;

const BURY = `
  INSERT INTO search_documents (tenant_id, index_name, id, version, gone, search, search_text, keywords, numbers, seen_at)
  SELECT $1, i.name, r.id, max(r.version), true, ''::tsvector, '', '{}', '{}', clock_timestamp()
  FROM unnest($2::text[]) AS i (name), unnest($3::text[], $4::bigint[]) AS r (id, version) GROUP BY i.name, r.id
  ON CONFLICT (tenant_id, index_name, id) DO UPDATE SET version = excluded.version, gone = true, search = excluded.search,
    search_text = '', keywords = '{}', numbers = '{}', seen_at = excluded.seen_at
  WHERE search_documents.version <= excluded.version`;

interface Conditions {
  readonly where: string[];
  readonly values: SqlValue[];
  readonly bind: (value: SqlValue) => string;
  readonly rank: string;
  /** What boosts make of it. Binds its values when it is called: a statement must not be given values that it does not use. */
  readonly lift: () => string;
}

function conditionsOf(tenant: string, index: SearchIndex, query: SearchQuery): Conditions {
  const locale = askedLocale(index, query);
  const values: SqlValue[] = [tenant, rowsIn(index, locale)];
  const bind = (value: SqlValue): string => `$${values.push(value)}`;
  const where = ['d.tenant_id = $1', 'd.index_name = $2', 'NOT d.gone'];
  for (const [name, value] of Object.entries(query.keywords ?? {}))
    where.push(`d.keywords @> ${bind(JSON.stringify({ [checkedName(name)]: [value] }))}::jsonb`);
  for (const [name, { atLeast, atMost }] of Object.entries(query.ranges ?? {})) {
    const number = `(d.numbers ->> '${checkedName(name)}')::float8`;
    if (atLeast !== undefined) where.push(`${number} >= ${bind(atLeast)}::float8`);
    if (atMost !== undefined) where.push(`${number} <= ${bind(atMost)}::float8`);
  }
  if (query.without !== undefined && query.without.length > 0)
    where.push(`d.id <> ALL (${bind(query.without)}::text[])`);
  let rank = '1::float8';
  if (query.text !== undefined) {
    const language = bind(searchLanguageOf(locale));
    const asked = [query.text, ...(query.also ?? [])].map(segmentedQuery);
    const parts =
      query.match === 'some'
        ? [...new Set(asked.flatMap((text) => wordsIn(text) ?? [text]))].slice(0, MOST_PARTS)
        : asked;
    const texts = parts.map((text) => {
      const [words, prefixes] = [bind(text), bind(prefixesOf(text))];
      return `plainto_tsquery(${language}::text::regconfig, ${words}) || to_tsquery('simple', ${prefixes}) || to_tsquery(${language}::text::regconfig, ${prefixes})`;
    });
    // A question of its own is answered once; as a mere expression it would be worked out anew for every row.
    const wanted = `(SELECT ${texts.join(' || ')})`;
    where.push(`d.search @@ ${wanted}`);
    rank = `round(ts_rank_cd(d.search, ${wanted})::numeric, 6)::float8`;
  }
  return { where, values, bind, rank, lift: () => liftOf(query.boosts ?? [], bind) };
}

/** The product of all factors that fit. */
function liftOf(boosts: readonly SearchBoost[], bind: Conditions['bind']): string {
  const factors = boosts.map((boost) => {
    const fits =
      'ids' in boost
        ? `d.id = ANY (${bind(boost.ids)}::text[])`
        : 'keyword' in boost
          ? `d.keywords @> ${bind(JSON.stringify({ [checkedName(boost.keyword)]: [boost.value] }))}::jsonb`
          : `(d.numbers ->> '${checkedName(boost.number)}')::float8 >= ${bind(boost.atLeast)}::float8`;
    return `(CASE WHEN ${fits} THEN ${bind(boost.factor)}::float8 ELSE 1 END)`;
  });
  return ['1::float8', ...factors].join(' * ');
}

/** `red ten` → `red:* & ten:*`: what is still being typed finds its words. */
function prefixesOf(text: string): string {
  const words = wordsIn(text) ?? [];
  return words.map((word) => `${word}:*`).join(' & ');
}

/** Words of a question and of all that is said for it, where one is enough. */
const MOST_PARTS = 48;
/** Words of one question beyond which it is not a shopper's. */
const MOST_WORDS = 16;

function wordsIn(text: string): readonly string[] | undefined {
  return text.match(/[\p{L}\p{N}]+/gu)?.slice(0, MOST_WORDS);
}

interface Order {
  readonly key: string;
  readonly type: 'float8' | 'text';
  readonly descending: boolean;
}

function orderOf({ sort }: SearchQuery, { rank, lift }: Conditions): Order {
  if (sort === undefined) return { key: `(${rank} * ${lift()})`, type: 'float8', descending: true };
  const { descending } = sort;
  if ('number' in sort) {
    const last = descending ? '-Infinity' : 'Infinity';
    const number = `(d.numbers ->> '${checkedName(sort.number)}')::float8`;
    return { key: `coalesce(${number}, '${last}'::float8)`, type: 'float8', descending };
  }
  const last = descending ? "''" : LAST_TEXT;
  const keyword = `d.keywords -> '${checkedName(sort.keyword)}' ->> 0`;
  return { key: `(coalesce(${keyword}, ${last}) COLLATE "C")`, type: 'text', descending };
}

/** Behind every other text, by its bytes. */
const LAST_TEXT = 'chr(1114111)';

function summaryOf(where: readonly string[], facets: readonly string[]): string {
  const counts = facets.map(
    (name) => `'${name}', coalesce((SELECT jsonb_agg(f) FROM (SELECT value, count(*)::int AS count
      FROM hits, jsonb_array_elements_text(hits.keywords -> '${name}') AS value WHERE value <> ''
      GROUP BY value ORDER BY count(*) DESC, value LIMIT 50) f), '[]'::jsonb)`,
  );
  return `WITH hits AS MATERIALIZED (SELECT d.keywords FROM search_documents d WHERE ${where.join(' AND ')})
    SELECT (SELECT count(*)::int FROM hits) AS total, jsonb_build_object(${counts.join(', ')}) AS facets`;
}
