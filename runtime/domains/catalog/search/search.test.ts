import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { catalog } from '../definition.ts';
import { createSearchFault, productSearchSuite } from '../testing/search.ts';
import { toSearchQuery } from './ask.ts';

let database: TestDatabase;
let shop: TestHost;
const fault = createSearchFault();

before(async () => {
  database = await startTestDatabase([catalog]);
  for (const id of ['one', 'two']) await database.addTenant({ id }, ADMIN_SECRETS);
  const { url: databaseUrl, secretsKey } = database;
  shop = await startTestHost({ databaseUrl, secretsKey, domains: ['catalog'] }, { search: fault.around });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

productSearchSuite('search in the database', () => ({ shop, tenants: ['one', 'two'], fault }));

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
