/** A catalogue in and out as JSON, against a whole runtime. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { catalog } from '../definition.ts';
import type { AdminProduct, ImportReport } from '../schemas.ts';

let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([catalog]);
  for (const id of ['one', 'two'])
    await database.addTenant({ id, currencies: ['EUR', 'JPY'], locales: ['en', 'de'] }, ADMIN_SECRETS);
  const { url: databaseUrl, secretsKey } = database;
  shop = await startTestHost({ databaseUrl, secretsKey, domains: ['catalog'] });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const LINES = 'application/x-ndjson';

async function begun(tenant: string, body: string, type: string): Promise<string> {
  const answer = await shop.merchant(tenant, 'POST', '/api/admin/catalog/imports', {
    body,
    headers: { 'content-type': type },
  });
  assert.equal(answer.status, 202, answer.text);
  return answer.json<ImportReport>().id;
}

const reportOf = (tenant: string, id: string): Promise<ImportReport> =>
  shop.managed<ImportReport>(tenant, 'GET', `/api/admin/catalog/imports/${id}`);

async function imported(tenant: string, body: string, type = LINES): Promise<ImportReport> {
  const id = await begun(tenant, body, type);
  return until(
    async () => {
      const report = await reportOf(tenant, id);
      return report.finishedAt === null ? undefined : report;
    },
    { withinMs: 60_000, what: 'the import is over' },
  );
}

async function exported(tenant: string): Promise<string> {
  const answer = await shop.merchant(tenant, 'GET', '/api/admin/catalog/export?format=json');
  assert.equal(answer.headers['content-type'], LINES);
  assert.match(String(answer.headers['content-disposition']), /filename="\w+-products\.jsonl"/);
  return answer.text;
}

const price = (amount: number, currency = 'EUR') => ({ amount, currency });
const TENT = {
  handle: 'tent',
  title: 'Tent',
  descriptionHtml: '<p>Dry<script>alert(1)</script></p>',
  vendor: 'Acme',
  tags: ['new', 'new', 'sale'],
  options: ['Size'],
  variants: [
    {
      sku: 'T-2',
      optionValues: ['2'],
      prices: [{ ...price(19_900), compareAt: 25_000 }, price(30_000, 'JPY')],
      inventoryQuantity: 7,
      weightGrams: 2_100.5,
      extra: { 'Variant Tax Code': 'P1' },
    },
    { sku: 'T-3', optionValues: ['3'], prices: [price(24_900)], inventoryPolicy: 'continue', taxable: false },
  ],
  seo: { title: 'A tent', description: null },
  collections: ['Camping'],
  extra: { 'Google Shopping / MPN': '1' },
  translations: { de: { title: 'Zelt', options: [{ of: 'Size', as: 'Größe', values: [] }] } },
};
const KIT = {
  handle: 'kit',
  title: 'Kit',
  variants: [{ bundle: { components: [{ variant: 'T-2', quantity: 2 }], offBasisPoints: 1_000 } }],
};

test('what one shop exports another imports and exports the same, bundles and translations too', async () => {
  const lines = [KIT, TENT].map((product) => JSON.stringify(product)).join('\n');
  const report = await imported('one', lines);
  assert.deepEqual([report.error, report.problems], [null, []]);
  assert.deepEqual([report.rows, report.products.created], [2, 2]);
  const text = await exported('one');
  const [tent] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ handle }) => handle === 'tent');
  assert.deepEqual(tent?.['collections'], ['Camping']);
  assert.deepEqual(tent['tags'], ['new', 'sale']);
  assert.equal(tent['descriptionHtml'], '<p>Dry</p>');
  assert.match(JSON.stringify(tent['translations']), /Größe/);
  assert.doesNotMatch(text, /"id"/, 'ids are this shop’s own');

  assert.deepEqual((await imported('two', text)).problems, []);
  const there = (await exported('two')).trim().split('\n').toSorted();
  assert.deepEqual(there, text.trim().split('\n').toSorted());
  const again = await imported('two', `${text}\n`);
  assert.deepEqual(again.products, { created: 0, updated: 0, unchanged: 2, rejected: 0 });
});

test('each product that is wrong is told with its line and the place in it, the others are imported', async () => {
  const array = JSON.stringify(
    [
      { handle: 'good', title: 'Good', variants: [{ prices: [price(1)] }] },
      { handle: 'Not a handle', title: 'x', variants: [{ prices: [price(1)] }] },
      { handle: 'twins', title: 'x', variants: [{ prices: [price(1)] }, { prices: [price(1)] }] },
      { handle: 'extra', title: 'x', variants: [{ prices: [price(1.5)] }], colour: 'red' },
      { handle: 'free', title: 'x', variants: [{}] },
      {
        handle: 'lost',
        title: 'x',
        variants: [{ bundle: { components: [{ variant: 'NOBODY', quantity: 1 }], offBasisPoints: 0 } }],
      },
      'text',
    ],
    null,
    0,
  ).replaceAll('},{"handle"', '},\n{"handle"');
  const report = await imported('one', array, 'application/json');
  assert.deepEqual(report.products, { created: 1, updated: 0, unchanged: 0, rejected: 6 });
  assert.deepEqual(
    report.problems.map(({ line, column, handle }) => [line, column, handle]),
    [
      [2, 'handle', null],
      [3, 'variants/1/optionValues', 'twins'],
      [4, 'variants/0/prices/0/amount', 'extra'],
      [4, null, 'extra'],
      [5, 'variants/0/prices', 'free'],
      [6, null, null],
      [6, 'variants/bundle', 'lost'],
    ],
  );
  assert.ok(report.problems.every(({ what, remedy }) => what !== '' && remedy !== ''));
});

test('what no database keeps is told of the product that has it, and what is quoted of it is kept', async () => {
  const variants = [{ prices: [price(1)] }];
  const lines = [
    JSON.stringify({ handle: 'nul', title: 'a\u0000b', variants }),
    String.raw`{"handle":"half","title":"\ud83d","variants":[{"prices":[{"amount":1,"currency":"EUR"}]}]}`,
    `{"handle":"cut","${'x'.repeat(950)}${'😀'.repeat(40)}":1}`,
    '\u0000',
    JSON.stringify({ handle: 'whole', title: '😀', variants }),
  ];
  const report = await imported('one', lines.join('\n'));
  assert.equal(report.state, 'succeeded');
  assert.equal(report.products.created, 1);
  assert.deepEqual([...new Set(report.problems.map(({ line }) => line))], [1, 2, 3, 4]);
});

test('what is no JSON from some point on fails as a whole, and says where', async () => {
  const report = await imported('one', '[{"handle":"a"},\n{"handle":', 'application/json');
  assert.equal(report.state, 'failed');
  assert.match(report.error ?? '', /breaks off in line 2/);
});

test('an import is watched: rows and products are counted while it goes on', async () => {
  // What it says of itself, each time it says it: whoever asks now and then may see only the end of a quick one.
  await database.admin.query(`
    CREATE TABLE shop.said (n bigint GENERATED ALWAYS AS IDENTITY, state text, report jsonb);
    GRANT INSERT ON shop.said TO PUBLIC;
    CREATE FUNCTION shop.say() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO shop.said (state, report) VALUES (new.state, new.report); RETURN new; END $$;
    CREATE TRIGGER say AFTER UPDATE ON shop.catalog_imports FOR EACH ROW EXECUTE FUNCTION shop.say()`);
  const many = Array.from({ length: 1_000 }, (_, n) =>
    JSON.stringify({ handle: `many-${n}`, title: `Many ${n}`, variants: [{ prices: [price(100)] }] }),
  );
  const report = await imported('two', many.join('\n'), LINES);
  assert.equal(report.products.created, 1_000);
  const { rows } = await database.admin.query<{ state: string; report: ImportReport }>(
    'SELECT state, report FROM shop.said ORDER BY n',
  );
  const going = rows.filter(({ state }) => state === 'running').map(({ report: { rows: seen } }) => seen);
  assert.deepEqual(going, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
});

test('a type that is none of these is refused, and nothing is imported', async () => {
  const send = (type: string, body: string) =>
    shop.merchant('one', 'POST', '/api/admin/catalog/imports', { body, headers: { 'content-type': type } });
  assert.equal((await send('text/plain', '{}')).status, 415);
  assert.equal((await send(LINES, '')).status, 400);
  assert.equal((await send('application/json', '{"title":"x"}')).status, 400);
  const { products } = await shop.managed<{ products: AdminProduct[] }>(
    'one',
    'GET',
    '/api/admin/catalog/products?q=many',
  );
  assert.deepEqual(products, []);
});
