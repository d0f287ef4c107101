/** What products mean, kept in step by tasks that may overlap, and asked by a process that keeps what it read. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import type { Clock } from '../../../platform/ports.ts';
import { catalog } from '../definition.ts';
import type { ProductDocument } from '../document.ts';
import { createMeaningKeeping, type Meant } from './keep.ts';
import { createNear, NEAR } from './near.ts';

let database: TestDatabase;
let shop: TestHost;
const SHOP = 'one';
const GROWING = 'two';
/** Time stands still: what is kept for a moment is kept for ever. */
const clock: Clock = { now: () => new Date('2026-11-26T12:00:00Z') };

before(async () => {
  database = await startTestDatabase([catalog]);
  await database.addTenant({ id: SHOP });
  await database.addTenant({ id: GROWING, locales: ['en'] }, ADMIN_SECRETS);
  const { url: databaseUrl, secretsKey } = database;
  shop = await startTestHost({ databaseUrl, secretsKey, domains: ['catalog'] });
  await shop.host.sql.query(
    SHOP,
    `INSERT INTO catalog_meaning_models (tenant_id, version, changes, products, words, contexts, learned_at)
     VALUES ($1, 1, 1, 1, '[]', '', $2)`,
    [SHOP, clock.now()],
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const keeping = (mostProducts?: number) =>
  createMeaningKeeping({ sql: shop.host.sql, clock, log: pino({ level: 'silent' }) }, mostProducts);

function called(title: string, version: number): Meant {
  const document: ProductDocument = {
    id: 'it',
    handle: 'it',
    title,
    descriptionHtml: '',
    vendor: '',
    type: '',
    category: '',
    tags: [],
    status: 'active',
    published: true,
    giftCard: false,
    options: [],
    variants: [],
    images: [],
    seo: { title: null, description: null },
    extra: {},
  };
  return { id: 'it', version, document };
}

test('a product that is called something else is not found by what it was called, as soon as that is told', async () => {
  const near = createNear({ sql: shop.host.sql, clock });
  const found = (text: string) => near.near(SHOP, text, 10, NEAR);
  assert.equal(await keeping().tell(SHOP, [called('Lantern', 1)], []), true);
  assert.deepEqual(await found('lantern'), ['it']);
  await keeping().tell(SHOP, [called('Headlamp', 2)], []);
  near.forget(SHOP);
  assert.deepEqual(await found('lantern'), []);
  assert.deepEqual(await found('headlamp'), ['it']);
});

test('who was held up with what a product was called does not bring it back', async () => {
  await keeping().tell(SHOP, [called('Kettle', 4)], []);
  await keeping().tell(SHOP, [called('Anvil', 3)], []);
  const near = createNear({ sql: shop.host.sql, clock });
  assert.deepEqual(await near.near(SHOP, 'anvil', 10, NEAR), []);
  assert.deepEqual(await near.near(SHOP, 'kettle', 10, NEAR), ['it']);
});

test('of a shop that has too few products for its words to tell anything, nothing is read but how few', async () => {
  await keeping().tell(SHOP, [called('Kettle', 5)], []);
  const asked: string[] = [];
  const sql = {
    ...shop.host.sql,
    query: ((tenant, text, ...rest) => {
      asked.push(text);
      return shop.host.sql.query(tenant, text, ...rest);
    }) as typeof shop.host.sql.query, // a generic of the row, which is the caller's
  };
  const near = createNear({ sql, clock });
  const found = (learnedFrom: number) => near.near(SHOP, 'kettle', 10, NEAR, learnedFrom);
  assert.deepEqual(await found(2), []);
  assert.deepEqual(await found(2), [], 'remembered');
  assert.equal(asked.length, 1);
  assert.match(asked[0] ?? '', /^SELECT FROM catalog_meanings/);
  await keeping().tell(SHOP, [{ ...called('Copper kettle', 1), id: 'other' }], []);
  near.forget(SHOP);
  assert.deepEqual((await found(2)).toSorted(), ['it', 'other']);
});

test('while a catalogue is imported beyond the bound, its words are forgotten at the next batch and never read again', async () => {
  const kept = async () => {
    const { rows } = await shop.host.sql.query<{ models: number; meanings: number }>(
      GROWING,
      `SELECT (SELECT count(*)::int FROM catalog_meaning_models WHERE tenant_id = $1) AS models,
         (SELECT count(*)::int FROM catalog_meanings WHERE tenant_id = $1) AS meanings`,
      [GROWING],
    );
    return rows[0];
  };
  for (const [n, title] of ['Tent', 'Stove', 'Lamp'].entries()) {
    const json = { title, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] };
    await shop.managed(GROWING, 'POST', '/api/admin/catalog/products', json, 201);
    await until(async () => ((await kept())?.meanings === n + 1 ? true : undefined), {
      withinMs: 30_000,
      what: `${title} has a meaning`,
      tell: async () => JSON.stringify(await kept()),
    });
  }
  // The shop's own task may have told of the last one, and still be about to look whether words are to be learned.
  await shop.host.tasks.settled();
  const small = keeping(2);
  assert.equal(await small.tell(GROWING, [called('Boots', 1)], []), true);
  assert.deepEqual(await kept(), { models: 0, meanings: 0 });
  await small.tell(GROWING, [called('Boots', 2)], []);
  await small.keep(GROWING, new AbortController().signal);
  assert.deepEqual(await kept(), { models: 0, meanings: 0 }, 'nothing is learned of so many');
  await keeping(3).keep(GROWING, new AbortController().signal);
  assert.deepEqual(await kept(), { models: 1, meanings: 3 }, 'it is learned again where the bound allows it');
});
