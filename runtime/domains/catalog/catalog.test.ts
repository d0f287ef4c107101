import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { ownFolder } from '../../../tests/support/owned.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import { catalog } from './definition.ts';
import { encodeCursor } from './listing.ts';
import { until, untilSeen } from '../../../tests/support/wait.ts';
import type {
  AdminCollection,
  AdminProduct,
  ImportReport,
  ProductDetail,
  ProductsPage,
  SearchState,
} from './schemas.ts';

let database: TestDatabase;
let shop: TestHost;
const sources = ownFolder('sources');

before(async () => {
  cpSync(fileURLToPath(new URL('../../../tenants/', import.meta.url)), sources, { recursive: true });
  database = await startTestDatabase([catalog]);
  await database.addTenant({ id: 'acme', currencies: ['EUR', 'USD'], locales: ['en', 'de'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'sakura', currencies: ['JPY', 'USD'], locales: ['ja'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'other' }, ADMIN_SECRETS);
  await database.addTenant({ id: 'edits', currencies: ['EUR', 'JPY'] }, ADMIN_SECRETS);
  shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['catalog'],
    sourcesUrl: pathToFileURL(`${sources}/`).href,
  });
});
after(async () => {
  await shop.stop();
  await database.stop();
  rmSync(sources, { recursive: true, force: true });
});

async function imported(
  tenant: string,
  options: Parameters<TestHost['merchant']>[3],
  query = '',
): Promise<ImportReport> {
  const begun = await shop.merchant(tenant, 'POST', `/api/admin/catalog/imports${query}`, options);
  assert.equal(begun.status, 202, begun.text);
  const { id } = begun.json<ImportReport>();
  return untilSeen(
    async () => (await shop.merchant(tenant, 'GET', `/api/admin/catalog/imports/${id}`)).json<ImportReport>(),
    ({ finishedAt }) => finishedAt !== null,
    { withinMs: 120_000, everyMs: 20, what: 'the import ends' },
  );
}
const csv = (body: string) => ({ body, headers: { 'content-type': 'text/csv' } });
const page = async (tenant: string, query = '') =>
  (await shop.call(tenant, 'GET', `/api/catalog/products${query}`)).json<ProductsPage>();

test('the sample catalogues import whole, with pictures', async () => {
  for (const tenant of ['acme', 'sakura']) {
    const started = performance.now();
    const report = await imported(tenant, { json: { source: `${tenant}/catalog.csv` } });
    const milliseconds = Math.round(performance.now() - started);
    assert.deepEqual(report.problems, []);
    assert.equal(report.state, 'succeeded');
    assert.ok(report.products.created >= 60, `${report.products.created} products`);
    assert.ok(report.images.stored >= 60);
    process.stdout.write(
      `# ${tenant}: ${report.products.created} products, ${report.images.stored} pictures in ${milliseconds} ms\n`,
    );
  }
});

test('importing the same source again changes nothing, and an edited product only when forced', async () => {
  const again = await imported('acme', { json: { source: 'acme/catalog.csv' } });
  assert.equal(again.products.created + again.products.updated, 0);
  const forced = await imported('acme', { json: { source: 'acme/catalog.csv' } }, '?force=true');
  assert.equal(forced.products.created, 0);
  assert.ok(forced.products.updated >= 60);
  const total = (await page('acme', '?limit=1')).total;
  assert.equal(total, again.products.unchanged);
});

test('a product shows its variants, prices in the asked currency, pictures and collections', async () => {
  const answer = await shop.call('acme', 'GET', '/api/catalog/products/ridge-dome-tent?currency=USD');
  const product = answer.json<ProductDetail>();
  assert.equal(product.variants[0]?.sku, 'AC-001-01');
  assert.deepEqual(product.variants[0]?.price, { amount: 39_100, currency: 'USD' });
  assert.deepEqual(product.variants[0]?.options, { Colour: 'Moss', Size: '2 person' });
  assert.deepEqual(
    product.collections.map(({ title }) => title),
    ['Tents & Shelters'],
  );
  const picture = await shop.call('acme', 'GET', product.images[0]?.url ?? '');
  assert.equal(picture.headers['content-type'], 'image/svg+xml');
  assert.match(String(picture.headers['content-security-policy']), /sandbox/);
  assert.match(String(picture.headers['cache-control']), /immutable/);
  const same = await shop.call('acme', 'GET', product.images[0]?.url ?? '', {
    headers: { 'if-none-match': String(picture.headers['etag']) },
  });
  assert.equal(same.status, 304);
  assert.equal(
    (await shop.call('other', 'GET', product.images[0]?.url ?? '')).status,
    404,
    'no picture of another tenant',
  );
});

test('yen have no decimals', async () => {
  const { products } = await page('sakura', '?limit=1');
  assert.deepEqual(products[0]?.priceRange?.min.currency, 'JPY');
  assert.ok((products[0]?.priceRange?.min.amount ?? 0) < 100_000);
});

test('paging by cursor shows every product once, whatever the order', async () => {
  for (const sort of ['featured', 'title-asc', 'title-desc', 'price-asc', 'price-desc', 'newest']) {
    const seen: string[] = [];
    let cursor = '';
    do {
      const next = await page('acme', `?limit=25&sort=${sort}${cursor && `&cursor=${cursor}`}`);
      seen.push(...next.products.map(({ id }) => id));
      cursor = next.nextCursor ?? '';
    } while (cursor !== '');
    const total = (await page('acme', '?limit=1')).total;
    assert.equal(seen.length, total, sort);
    assert.equal(new Set(seen).size, total, sort);
  }
  const prices = (await page('acme', '?limit=100&sort=price-asc')).products.map(
    ({ priceRange }) => priceRange?.min.amount ?? 0,
  );
  assert.deepEqual(
    prices,
    prices.toSorted((a, b) => a - b),
  );
  const foreign = (await page('acme', '?limit=2&sort=newest')).nextCursor;
  assert.equal(
    (await shop.call('acme', 'GET', `/api/catalog/products?sort=price-asc&cursor=${foreign}`)).status,
    400,
  );
});

test('a made-up place in a list is refused, whatever the list is sorted by', async () => {
  for (const [sort, key] of [
    ['featured', 'x'],
    ['title-asc', 'a\0'],
    ['price-asc', 1e300],
    ['newest', 'soon'],
  ]) {
    const cursor = Buffer.from(JSON.stringify([sort, key, 'x'])).toString('base64url');
    const answer = await shop.call('acme', 'GET', `/api/catalog/products?sort=${sort}&cursor=${cursor}`);
    assert.equal(answer.status, 400, answer.text);
  }
});

test('a list by title goes on however long titles are, in whatever script', async () => {
  const long = '長'.repeat(255);
  const cursor = encodeCursor({ sort: 'title-asc', type: 'text' }, long, `prod_${'0'.repeat(32)}`);
  const path = `/api/catalog/products?sort=title-asc&cursor=${cursor}`;
  assert.equal((await shop.call('acme', 'GET', path)).status, 200);
});

test('filters narrow the list, and facets say by what', async () => {
  const all = await page('acme', '?limit=1');
  const [type] = all.facets?.types ?? [];
  assert.ok(type);
  const tents = await page('acme', `?type=${encodeURIComponent(type.value)}&limit=100`);
  assert.equal(tents.total, type.count);
  assert.equal(tents.products.length, type.count);
  const range = await page('acme', '?minPrice=10000&maxPrice=20000&limit=100');
  assert.ok(range.products.length > 0);
  for (const { priceRange } of range.products)
    assert.ok(priceRange && priceRange.min.amount <= 20_000 && priceRange.max.amount >= 10_000);
  const { collections } = (await shop.call('acme', 'GET', '/api/catalog/collections')).json<{
    collections: { handle: string; productCount: number }[];
  }>();
  assert.ok(collections.length >= 3);
  for (const { handle, productCount } of collections) {
    assert.equal(
      (await page('acme', `?collection=${encodeURIComponent(handle)}&limit=1`)).total,
      productCount,
      handle,
    );
  }
});

test('what orders say is sold out leaves the list of what is available, and comes back', async () => {
  const { products } = await page('acme', '?limit=1');
  const [product] = products;
  assert.ok(product);
  const say = async (availability: string) => {
    await shop.host.sql.transaction('acme', (tx) =>
      tx.emit(
        ...product.variantIds.map((variantId) => ({
          topic: 'orders.stock',
          type: 'orders.stock.changed',
          key: variantId,
          payload: { variantId, availability },
        })),
      ),
    );
    await shop.host.events.settled();
  };
  // A different parameter each time: lists are kept for a moment.
  const listed = async (limit: number) =>
    (await page('acme', `?available=true&limit=${limit}`)).products.some(({ id }) => id === product.id);
  assert.equal(await listed(3), true);
  await say('out');
  assert.equal(await listed(4), false);
  await say('in_stock');
  assert.equal(await listed(5), true);
});

/** Resolves when searches know everything that has been written, and its words are learned. */
async function searched(tenant: string): Promise<void> {
  await until(
    async () => {
      const { json } = await shop.merchant(tenant, 'GET', '/api/admin/catalog/search');
      const { builtAt, pending, building } = json<SearchState>();
      return builtAt !== null && pending === 0 && !building ? true : undefined;
    },
    { withinMs: 30_000, what: `searches of ${tenant} know everything` },
  );
  await shop.host.tasks.settled();
}

test('search finds words, beginnings of words, parts in any script, and misspelt words', async () => {
  await searched('acme');
  await searched('sakura');
  const first = async (tenant: string, q: string) =>
    (await page(tenant, `?q=${encodeURIComponent(q)}`)).products[0]?.title;
  assert.equal(await first('acme', 'ridge dome'), 'Ridge Dome Tent');
  assert.equal(await first('acme', 'ridg'), 'Ridge Dome Tent');
  assert.equal((await first('acme', 'tents')) !== undefined, true, 'stemmed');
  assert.equal(await first('acme', 'AC-001-01'), 'Ridge Dome Tent');
  assert.equal(await first('acme', 'longhuse tunel'), 'Longhouse Tunnel Tent');
  assert.equal(await first('sakura', 'あさつゆ'), '煎茶「あさつゆ」');
  for (const odd of ['%', '"', "'", '\\', '& | !', ':*', '(((', '<->', '   ', '🙂']) {
    const answer = await shop.call('acme', 'GET', `/api/catalog/products?q=${encodeURIComponent(odd)}`);
    assert.equal(answer.status, 200, `${odd}: ${answer.text}`);
  }
});

test('an export imported into another shop gives the same products', async () => {
  const exported = await shop.merchant('sakura', 'GET', '/api/admin/catalog/export');
  assert.match(String(exported.headers['content-type']), /text\/csv/);
  const back = await imported('sakura', csv(exported.text));
  assert.deepEqual(back.problems, []);
  const again = await shop.merchant('sakura', 'GET', '/api/admin/catalog/export');
  assert.equal(again.text, exported.text);
});

test('a merchant creates, changes and deletes a product; a stale version is refused', async () => {
  const made = await shop.merchant('edits', 'POST', '/api/admin/catalog/products', {
    json: {
      title: 'Blaue Größe',
      descriptionHtml: '<p onclick="x()">Hi<script>alert(1)</script> <a href="javascript:alert(1)">x</a></p>',
      options: ['Size'],
      variants: [
        {
          optionValues: ['S'],
          prices: [
            { amount: 1_000, currency: 'EUR' },
            { amount: 1_500, currency: 'JPY' },
          ],
          sku: 'B-S',
        },
        { optionValues: ['M'], prices: [{ amount: 1_200, currency: 'EUR', compareAt: 1_400 }] },
      ],
    },
  });
  assert.equal(made.status, 201, made.text);
  const product = made.json<AdminProduct>();
  assert.equal(product.handle, 'blaue-grosse');
  assert.equal(product.descriptionHtml, '<p>Hi <a>x</a></p>');
  assert.equal((await shop.call('edits', 'GET', '/api/catalog/products/blaue-grosse')).status, 200);

  const { collections: _, createdAt: __, updatedAt: ___, id, images: ____, ...rest } = product;
  const change = {
    ...rest,
    title: 'Rot',
    variants: rest.variants.map(({ title: _t, position: _p, ...variant }) => variant),
  };
  const changed = await shop.merchant('edits', 'PUT', `/api/admin/catalog/products/${id}`, { json: change });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(changed.json<AdminProduct>().version, 2);
  assert.deepEqual(
    changed.json<AdminProduct>().variants.map((variant) => variant.id),
    product.variants.map((variant) => variant.id),
  );
  const stale = await shop.merchant('edits', 'PUT', `/api/admin/catalog/products/${id}`, { json: change });
  assert.equal(stale.status, 409);
  assert.equal(
    (await shop.call('edits', 'GET', '/api/catalog/products/blaue-grosse')).json<ProductDetail>().title,
    'Rot',
  );

  const twin = await shop.merchant('edits', 'POST', '/api/admin/catalog/products', {
    json: { ...change, version: undefined },
  });
  assert.equal(twin.status, 409, twin.text);
  const draft = await shop.merchant('edits', 'PUT', `/api/admin/catalog/products/${id}`, {
    json: { ...change, version: 2, status: 'draft' },
  });
  assert.equal(draft.status, 200);
  assert.equal(
    (await shop.call('edits', 'GET', '/api/catalog/products/blaue-grosse')).status,
    404,
    'drafts are not shown',
  );
  assert.equal(
    (await shop.merchant('edits', 'DELETE', `/api/admin/catalog/products/${id}?version=1`)).status,
    409,
  );
  assert.equal((await shop.merchant('edits', 'DELETE', `/api/admin/catalog/products/${id}`)).status, 204);
  assert.equal((await shop.merchant('edits', 'GET', `/api/admin/catalog/products/${id}`)).status, 404);
});

test('a collection keeps the merchant’s order and names products that do not exist', async () => {
  const make = (handle: string) =>
    shop.merchant('edits', 'POST', '/api/admin/catalog/products', {
      json: { title: handle, handle, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] },
    });
  for (const handle of ['one', 'two', 'three']) assert.equal((await make(handle)).status, 201);
  const bad = await shop.merchant('edits', 'POST', '/api/admin/catalog/collections', {
    json: { title: 'Best', products: ['one', 'nine'] },
  });
  assert.equal(bad.status, 400);
  assert.match(bad.text, /body\/products\/1/);
  const made = await shop.merchant('edits', 'POST', '/api/admin/catalog/collections', {
    json: { title: 'Best', products: ['three', 'one'] },
  });
  assert.equal(made.status, 201, made.text);
  const collection = made.json<AdminCollection>();
  assert.deepEqual(
    (await page('edits', '?collection=best')).products.map(({ handle }) => handle),
    ['three', 'one'],
  );
  const updated = await shop.merchant('edits', 'PUT', `/api/admin/catalog/collections/${collection.id}`, {
    json: { title: 'Best', version: 1, products: ['two'] },
  });
  assert.equal(updated.status, 200, updated.text);
  assert.deepEqual(
    (await page('edits', '?collection=best')).products.map(({ handle }) => handle),
    ['two'],
  );
  assert.equal(
    (await shop.merchant('edits', 'DELETE', `/api/admin/catalog/collections/${collection.id}`)).status,
    204,
  );
});

test('content sent twice in a row is imported once; after other content it is imported again', async () => {
  const text = (price: string) =>
    csv(`Handle,Title,Variant Price,Price / JPY\nrepeat,Repeat,${price},\nyen-only,Yen only,,500\n`);
  const first = await imported('other', text('1.00'));
  assert.deepEqual(first.problems, []);
  assert.equal((await imported('other', text('1.00'))).id, first.id);
  const second = await imported('other', text('2.00'));
  assert.equal(second.products.updated, 1);
  const third = await imported('other', text('1.00'));
  assert.notEqual(third.id, first.id);
  assert.equal(third.products.updated, 1);
  const { text: exported } = await shop.merchant('other', 'GET', '/api/admin/catalog/export');
  assert.deepEqual(
    (await imported('other', csv(exported))).problems,
    [],
    'also what has a price in another currency only',
  );
});

const HEAD =
  'Handle,Title,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price,Price / JPY,Status,Image Src';
const BAD: readonly (readonly [
  what: string,
  rows: string,
  line: number,
  column: string | null,
  said: RegExp,
])[] = [
  ['no handle', ',Bad,true,Size,S,,,X,1,1.00,,active,', 2, 'Handle', /missing/],
  ['a handle with blanks', 'a b,Bad,true,Size,S,,,X,1,1.00,,active,', 2, 'Handle', /letters/],
  ['no title', 'x,,true,Size,S,,,X,1,1.00,,active,', 2, 'Title', /missing/],
  ['a title too long', `x,${'t'.repeat(256)},true,Size,S,,,X,1,1.00,,active,`, 2, 'Title', /256/],
  ['a price in words', 'x,Bad,true,Size,S,,,X,1,ten,,active,', 2, 'Variant Price', /ten/],
  ['a negative price', 'x,Bad,true,Size,S,,,X,1,-1.00,,active,', 2, 'Variant Price', /-1/],
  ['half a cent', 'x,Bad,true,Size,S,,,X,1,1.005,,active,', 2, 'Variant Price', /1\.005/],
  ['a price with a comma', 'x,Bad,true,Size,S,,,X,1,"1,00",,active,', 2, 'Variant Price', /1,00/],
  ['a price with a sign', 'x,Bad,true,Size,S,,,X,1,€1.00,,active,', 2, 'Variant Price', /€/],
  ['no price', 'x,Bad,true,Size,S,,,X,1,,,active,', 2, 'Variant Price', /missing/],
  ['half a yen', 'x,Bad,true,Size,S,,,X,1,1.00,10.5,active,', 2, 'Price / JPY', /10\.5/],
  ['half a unit', 'x,Bad,true,Size,S,,,X,0.5,1.00,,active,', 2, 'Variant Inventory Qty', /0\.5/],
  ['a negative stock', 'x,Bad,true,Size,S,,,X,-1,1.00,,active,', 2, 'Variant Inventory Qty', /-1/],
  ['an unknown status', 'x,Bad,true,Size,S,,,X,1,1.00,,sold,', 2, 'Status', /sold/],
  ['published perhaps', 'x,Bad,perhaps,Size,S,,,X,1,1.00,,active,', 2, 'Published', /perhaps/],
  ['an option without a value', 'x,Bad,true,Size,,,,X,1,1.00,,active,', 2, 'Option1 Value', /missing/],
  ['a value without an option', 'x,Bad,true,,S,,,X,1,1.00,,active,', 2, 'Option1 Value', /Option1 Name/],
  [
    'a second option without the first',
    'x,Bad,true,,,Size,S,X,1,1.00,,active,',
    2,
    'Option1 Name',
    /missing/,
  ],
  ['the same option twice', 'x,Bad,true,Size,S,size,M,X,1,1.00,,active,', 2, 'Option1 Name', /another/],
  [
    'the same variant twice',
    'x,Bad,true,Size,S,,,X,1,1.00,,active,\nx,,,,S,,,Y,1,1.00,,,',
    3,
    'Option1 Value',
    /line 2/,
  ],
  [
    'two variants without options',
    'x,Bad,true,,,,,X,1,1.00,,active,\nx,,,,,,,Y,1,1.00,,,',
    3,
    'Option1 Value',
    /same variant/,
  ],
  [
    'rows that do not stand together',
    'x,Good,true,Size,S,,,X,1,1.00,,active,\ny,Good,true,Size,S,,,Y,1,1.00,,active,\nx,,,,M,,,Z,1,1.00,,,',
    4,
    'Handle',
    /together/,
  ],
  ['a value too many', 'x,Bad,true,Size,S,,,X,1,1.00,,active,,,,', 2, 'Handle', /more or fewer/],
  [
    'a picture over http',
    'x,Good,true,Size,S,,,X,1,1.00,,active,http://example.org/a.png',
    2,
    'Image Src',
    /outside/,
  ],
  [
    'a picture that climbs out',
    'x,Good,true,Size,S,,,X,1,1.00,,active,../../etc/passwd',
    2,
    'Image Src',
    /outside|relative|read|place/,
  ],
  [
    'a picture of our own network',
    'x,Good,true,Size,S,,,X,1,1.00,,active,https://127.0.0.1/a.png',
    2,
    'Image Src',
    /public/,
  ],
];
for (const [what, rows, line, column, said] of BAD) {
  test(`a catalogue row with ${what} is told by line and column`, async () => {
    const report = await imported(
      'other',
      csv(`${HEAD}\n${rows}\nfine,Fine,true,Size,S,,,F,1,1.00,,active,\n`),
    );
    assert.equal(report.state, 'succeeded', report.error ?? '');
    assert.equal(report.problemCount, 1, JSON.stringify(report.problems));
    const [problem] = report.problems;
    assert.equal(problem?.line, line);
    assert.equal(problem?.column, column);
    assert.match(problem?.what ?? '', said);
    assert.ok((problem?.remedy.length ?? 0) > 5);
    assert.equal(
      (await shop.call('other', 'GET', '/api/catalog/products/fine')).status,
      200,
      'the good ones are imported',
    );
  });
}

const BROKEN: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  ['is no CSV', `${HEAD}\nx,"Bad`, /Quote/i],
  ['has no Handle column', 'Name,Price\nx,1\n', /Handle/],
  ['has a column twice', `${HEAD},Title\nx\n`, /Title twice/],
  ['holds the head only', '\n', /empty/],
];
for (const [what, text, said] of BROKEN) {
  test(`a file that ${what} is refused as a whole, with the reason`, async () => {
    const report = await imported('other', csv(text));
    assert.equal(report.state, 'failed');
    assert.match(report.error ?? '', said);
  });
}

test('a source that is missing, climbs out or is not allowed is refused', async () => {
  for (const source of [
    'no/such.csv',
    '../secret.csv',
    'a/%2e%2e/%2e%2e/x.csv',
    '/etc/passwd',
    'file:///etc/passwd',
    'sakura/catalog.csv',
    'http://example.org/x.csv',
    'https://169.254.169.254/latest',
  ]) {
    const begun = await shop.merchant('other', 'POST', '/api/admin/catalog/imports', { json: { source } });
    if (begun.status === 400) continue;
    const report = await imported('other', { json: { source } });
    assert.equal(report.state, 'failed', source);
  }
});

test('a multi-line description does not shift the lines that problems name', async () => {
  const report = await imported(
    'other',
    csv('Handle,Title,Body (HTML),Variant Price\nlong,Long,"a\nb\nc",1.00\nbad,Bad,x,ten\n'),
  );
  assert.deepEqual(
    report.problems.map(({ line, handle }) => [line, handle]),
    [[5, 'bad']],
  );
});
