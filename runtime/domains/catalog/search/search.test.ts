import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { catalog } from '../definition.ts';
import type { ImportReport, ProductsPage } from '../schemas.ts';
import { createSearchFault, productSearchSuite } from '../testing/search.ts';
import { toSearchQuery } from './ask.ts';
import { until } from '../../../../tests/support/wait.ts';

let database: TestDatabase;
let shop: TestHost;
const fault = createSearchFault();

before(async () => {
  database = await startTestDatabase([catalog]);
  await database.addTenant({ id: 'one', locales: ['en'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'two', locales: ['en', 'de', 'fr'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'acme', locales: ['en', 'de'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'few', locales: ['en'] }, ADMIN_SECRETS);
  const { url: databaseUrl, secretsKey } = database;
  shop = await startTestHost({ databaseUrl, secretsKey, domains: ['catalog'] }, { search: fault.around });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

productSearchSuite('search in the database', () => ({ shop, tenants: ['one', 'two'], fault }));

test('a learning of words that was broken off is done again, and what is deleted is forgotten', async () => {
  const meanings = async () => {
    const { rows } = await database.admin.query<{ kept: number; visible: number }>(
      `SELECT (SELECT count(*)::int FROM shop.catalog_meanings v JOIN shop.catalog_meaning_models m USING (tenant_id)
         WHERE tenant_id = 'two' AND v.model_version = m.version) AS kept,
         (SELECT count(*)::int FROM shop.products WHERE tenant_id = 'two' AND visible) AS visible`,
    );
    return rows[0];
  };
  const inStep = (visible: number) =>
    until(
      async () => {
        const found = await meanings();
        return found?.visible === visible && found.kept === visible ? true : undefined;
      },
      {
        withinMs: 30_000,
        what: 'every product has a meaning',
        tell: async () => JSON.stringify(await meanings()),
      },
    );
  const make = async (title: string): Promise<string> => {
    const json = { title, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] };
    const answer = await shop.merchant('two', 'POST', '/api/admin/catalog/products', { json });
    assert.equal(answer.status, 201, answer.text);
    return answer.json<{ id: string }>().id;
  };
  const before = (await meanings())?.visible ?? 0;
  const id = await make('Whetstone');
  await inStep(before + 1);
  // As if it had been killed between the vectors of the next version and its words.
  await database.admin.query(
    `UPDATE shop.catalog_meanings SET model_version = model_version + 1 WHERE tenant_id = 'two'`,
  );
  await make('Strop');
  await inStep(before + 2);
  await shop.merchant('two', 'DELETE', `/api/admin/catalog/products/${id}`);
  await inStep(before + 1);
});

test('where few products have all the words, those that mean the same follow, on pages of any length', async () => {
  const path = '/api/admin/catalog/imports';
  const begun = await shop.merchant('acme', 'POST', path, {
    body: readFileSync(new URL('../../../../tenants/acme/catalog.csv', import.meta.url)),
    headers: { 'content-type': 'text/csv' },
  });
  await until(
    async () => {
      const { id } = begun.json<ImportReport>();
      return (await shop.managed<ImportReport>('acme', 'GET', `${path}/${id}`)).finishedAt ?? undefined;
    },
    { withinMs: 30_000, what: 'the import is over' },
  );
  // Whoever ends an import has its words learned: all that is asked below is asked of one and the same index.
  await shop.settled(3);
  const asked = (query: string) => shop.call('acme', 'GET', `/api/catalog/products?${query}`);
  const list = async (query: string) => {
    const page = (await asked(query)).json<ProductsPage>();
    return { ...page, handles: page.products.map(({ handle }) => handle) };
  };
  const whole = await list('q=family+tent&limit=50');
  const byWords = await list('q=family+tent&sort=title-asc');
  assert.equal(whole.search, 'words');
  assert.equal(whole.handles[0], 'longhouse-tunnel-tent');
  assert.deepEqual(
    new Set(whole.handles.slice(0, byWords.total ?? 0)),
    new Set(byWords.handles),
    'what has the words stands first, and another order has nothing else',
  );
  assert.ok(whole.handles.includes('hearth-tipi'), 'it never says “family tent”');
  assert.deepEqual([whole.total, whole.nextCursor], [whole.handles.length, null]);
  const types = whole.facets?.types.reduce((sum, { count }) => sum + count, 0);
  assert.equal(types, whole.total, 'facets count all of them');
  for (const limit of [1, 3, 7]) {
    const handles: string[] = [];
    for (let cursor = ''; handles.length <= whole.handles.length;) {
      const page = await list(`q=family+tent&limit=${limit}${cursor}`);
      handles.push(...page.handles);
      if (page.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    assert.deepEqual(handles, whole.handles, `pages of ${limit}`);
  }
  const { nextCursor } = await list('q=family+tent&limit=3');
  const another = await asked(`q=rain+jacket&limit=3&cursor=${encodeURIComponent(nextCursor ?? '')}`);
  assert.equal(another.status, 400, 'of another search');
  assert.ok((await list('q=family+tent&type=Tent')).products.every(({ type }) => type === 'Tent'));
  const alone = await shop.host.platform.call<ProductsPage>('acme', 'catalog', 'search', {
    q: 'family tent',
    limit: 50,
    wordsAlone: true,
  });
  assert.deepEqual(
    new Set(alone.products.map(({ handle }) => handle)),
    new Set(byWords.handles),
    'for another domain that says what it found',
  );
  assert.deepEqual((await list('q=AC-002-01')).handles, ['longhouse-tunnel-tent'], 'a number is that one');
});

test('of a few products, what shares but some letters with a search does not stand beside what has a word of it', async () => {
  for (const title of ['Bright headlamp', 'Red tent']) {
    const json = { title, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] };
    const answer = await shop.merchant('few', 'POST', '/api/admin/catalog/products', { json });
    assert.equal(answer.status, 201, answer.text);
    // The words are learned of the first one, by which the letters of the search are 0.19 near to it.
    await shop.settled(3);
  }
  const answer = await shop.call('few', 'GET', '/api/catalog/products?q=tent+with+500');
  assert.deepEqual(
    answer.json<ProductsPage>().products.map(({ handle }) => handle),
    ['red-tent'],
  );
});

test('what a shopper narrows a list by is asked of the index', () => {
  assert.deepEqual(
    toSearchQuery(
      {
        q: 'boot',
        tag: 'sale',
        collection: 'best',
        available: 'true',
        maxPrice: 900,
        sort: 'price-desc',
        limit: 7,
      },
      'EUR',
    ),
    {
      text: 'boot',
      keywords: { tags: 'sale', collections: 'best', available: 'yes' },
      ranges: { maxEUR: { atLeast: 0 }, minEUR: { atMost: 900 } },
      sort: { number: 'minEUR', descending: true },
      facets: ['type', 'vendor', 'tags'],
      limit: 7,
    },
  );
});
