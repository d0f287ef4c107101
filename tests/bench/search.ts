/**
 * How well searches find what was meant, and what one costs: the judged queries of `search/queries.ts` are put to the three sample shops on a real
 * PostgreSQL, by words alone, by meaning alone, by both put together always, and as the shop serves them.
 * `npm run bench:search`
 */
import { readFileSync } from 'node:fs';
import { catalog } from '../../runtime/domains/catalog/definition.ts';
import { fused } from '../../runtime/domains/catalog/meaning/fusion.ts';
import { createNear, RELATED } from '../../runtime/domains/catalog/meaning/near.ts';
import type { ProductsPage, SearchState } from '../../runtime/domains/catalog/schemas.ts';
import { ADMIN_SECRETS, startTestHost } from '../../runtime/host/testing.ts';
import { systemClock } from '../../runtime/platform/clock.ts';
import { createPostgresSearch } from '../../runtime/platform/search/postgres.ts';
import { startTestDatabase } from '../support/database.ts';
import { quantile } from '../support/quantile.ts';
import { until } from '../support/wait.ts';
import { machine } from './machine.ts';
import { QUERIES, type JudgedQuery } from './search/queries.ts';
import { table } from './table.ts';

const SHOPS = { acme: ['en', 'EUR'], fjord: ['nb', 'NOK'], sakura: ['ja', 'JPY'] } as const;
const SHOWN = 10;
/** Each query is asked so often; the first time counts for nothing. */
const TIMES = 6;

/** A way to search. @returns ids, the best first */
type Way = (query: JudgedQuery, time: number) => Promise<readonly string[]>;

const where = machine();
const database = await startTestDatabase([catalog]);
for (const [id, [locale, currency]] of Object.entries(SHOPS))
  await database.addTenant({ id, locales: [locale], currencies: [currency] }, ADMIN_SECRETS);
const host = await startTestHost({
  databaseUrl: database.url,
  secretsKey: database.secretsKey,
  domains: ['catalog'],
});
const { sql } = host.host;

for (const shop of Object.keys(SHOPS)) {
  const bytes = readFileSync(new URL(`../../tenants/${shop}/catalog.csv`, import.meta.url));
  await host.merchant(shop, 'POST', '/api/admin/catalog/imports', {
    body: bytes,
    headers: { 'content-type': 'text/csv' },
  });
  await until(
    async () => {
      await host.call(shop, 'GET', '/api/catalog/products?q=x');
      const state = (await host.merchant(shop, 'GET', '/api/admin/catalog/search')).json<SearchState>();
      const { rows } = await sql.query<{ learned: boolean }>(
        shop,
        'SELECT count(*) > 0 AS learned FROM catalog_meaning_models WHERE tenant_id = $1',
        [shop],
      );
      return state.builtAt !== null && state.pending === 0 && rows[0]?.learned === true ? true : undefined;
    },
    { withinMs: 120_000, what: `${shop} is imported, indexed and learned` },
  );
}

const handles = new Map<string, string>();
for (const shop of Object.keys(SHOPS)) {
  const { rows } = await sql.query<{ id: string; handle: string }>(
    shop,
    'SELECT id, handle FROM products WHERE tenant_id = $1',
    [shop],
  );
  for (const { id, handle } of rows) handles.set(id, handle);
}

const index = createPostgresSearch(sql);
const near = createNear({ sql, clock: systemClock });

const byWords: Way = async ({ shop, q }) => {
  const of = { name: 'products', locales: [SHOPS[shop][0]] };
  const all = await index.search(shop, of, { text: q, limit: 50 });
  return all.ids.length > 0
    ? all.ids
    : (await index.search(shop, of, { text: q, match: 'some', limit: 50 })).ids;
};
const byMeaning: Way = ({ shop, q }) => near.near(shop, q, 50, RELATED);
const byBoth: Way = async (query, time) =>
  fused(await Promise.all([byWords(query, time), byMeaning(query, time)]));
const asServed: Way = async ({ shop, q }, time) => {
  // Lists are kept for a moment: each time is another list to the cache.
  const asked = new URLSearchParams({ q, limit: String(24 + time) });
  return (await host.call(shop, 'GET', `/api/catalog/products?${asked}`))
    .json<ProductsPage>()
    .products.map(({ id }) => id);
};

/** Normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen 2002), with gains 2^grade - 1. */
function ndcg(ids: readonly string[], { judged }: JudgedQuery): number {
  const gain = (grade: number, at: number): number => (2 ** grade - 1) / Math.log2(at + 2);
  const sum = (grades: readonly number[]): number =>
    grades.slice(0, SHOWN).reduce((total, grade, at) => total + gain(grade, at), 0);
  const found = ids.map((id) => judged[handles.get(id) ?? ''] ?? 0);
  return sum(found) / sum(Object.values(judged).toSorted((a, b) => b - a));
}

const KINDS = ['words', 'slip', 'paraphrase', 'other language'] as const;
const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
const rows: string[][] = [];
for (const [name, way] of Object.entries({
  'words alone': byWords,
  'meaning alone': byMeaning,
  'both, fused always': byBoth,
  'as served': asServed,
})) {
  const scores = new Map<JudgedQuery, number>();
  const times: number[] = [];
  for (const query of QUERIES)
    for (let time = 0; time < TIMES; time++) {
      const started = performance.now();
      const ids = await way(query, time);
      if (time > 0) times.push(performance.now() - started);
      scores.set(query, ndcg(ids, query));
    }
  const of = (kind?: string): string =>
    mean(
      [...scores].filter(([query]) => kind === undefined || query.kind === kind).map(([, score]) => score),
    ).toFixed(3);
  rows.push([
    name,
    of(),
    ...KINDS.map(of),
    quantile(times, 0.5).toFixed(1),
    quantile(times, 0.99).toFixed(1),
  ]);
}
process.stdout.write(`${where}\n\n`);
const counts = KINDS.map((kind) => `${kind} (${QUERIES.filter((one) => one.kind === kind).length})`);
process.stdout.write(
  table(['searched by', `nDCG@10 (${QUERIES.length})`, ...counts, 'ms, p50', 'p99'], rows),
);

await host.stop();
await database.stop();
