/** The recommendations domain beside the catalogue and analytics in a whole runtime: pages and orders in, lists with reasons out. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import { manualClock } from '../../platform/clock.ts';
import { accounts } from '../accounts/definition.ts';
import { newCustomer } from '../accounts/testing/customers.ts';
import { analytics } from '../analytics/definition.ts';
import { catalog } from '../catalog/definition.ts';
import { recommendations } from './definition.ts';
import type { Recommendations } from './schemas.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const DOMAINS = ['accounts', 'analytics', 'catalog', 'recommendations'];

let database: TestDatabase;
let shop: TestHost;
const clock = manualClock(new Date());
/** Each test takes one. */
const tenants = Array.from({ length: 7 }, (_, n) => `shop-${n}`);

before(async () => {
  database = await startTestDatabase([accounts, analytics, catalog, recommendations]);
  for (const id of tenants) await database.addTenant({ id, domains: DOMAINS }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: DOMAINS },
    { clock },
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

/** A shop with these products, by their titles. */
async function newShop<Title extends string>(
  ...titles: Title[]
): Promise<{ tenant: string; id: Record<Title, string> }> {
  const tenant = tenants.pop();
  assert.ok(tenant);
  const ids: [Title, string][] = [];
  for (const title of titles) {
    const made = await shop.managed<{ id: string }>(
      tenant,
      'POST',
      '/api/admin/catalog/products',
      { title, variants: [{ optionValues: [], prices: [{ amount: 100, currency: 'EUR' }] }] },
      201,
    );
    ids.push([title, made.id]);
  }
  await shop.settled(1);
  return { tenant, id: Object.fromEntries(ids) as Record<Title, string> }; // each title has one
}

async function bought(tenant: string, ...products: string[]): Promise<void> {
  const id = randomUUID();
  const lines = products.map((productId) => ({
    variantId: 'v',
    productId,
    title: 'Thing',
    quantity: 1,
    unitPrice: 100,
  }));
  await shop.emit(tenant, 'orders.order', 'confirmed', id, {
    orderId: id,
    number: 'A-1',
    status: 'confirmed',
    email: 'ann@example.com',
    total: { amount: 100, currency: 'EUR' },
    refunded: 0,
    lines,
    at: clock.now().toISOString(),
  });
}

interface Visit {
  readonly session: string;
  readonly agreed?: boolean;
  readonly id?: string;
  readonly headers?: Record<string, string>;
}

async function viewed(
  tenant: string,
  { session, agreed = true, id, headers = {} }: Visit,
  ...products: string[]
) {
  const events = products.map((productId, at) => ({
    kind: 'view',
    path: '/products/x',
    productId,
    ageMs: (products.length - at) * 1_000,
  }));
  const visitor = agreed ? { visitor: `browser-of-${session}` } : {};
  const answer = await shop.call(tenant, 'POST', '/api/analytics/events', {
    json: { id: id ?? randomUUID(), session, ...visitor, events },
    headers,
  });
  assert.equal(answer.status, 202, answer.text);
}

async function shown(
  tenant: string,
  query: string,
  headers: Record<string, string> = {},
): Promise<Recommendations> {
  const answer = await shop.call(tenant, 'GET', `/api/recommendations/products?${query}`, { headers });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Recommendations>();
}
const idsOf = ({ items }: Recommendations) => items.map(({ productId }) => productId);

test('popular is what is bought and looked at, lately rather than long ago, and for sale', async () => {
  const { tenant, id } = await newShop('tent', 'stove', 'lamp', 'rope', 'mug');
  await bought(tenant, id.tent);
  await viewed(tenant, { session: 'session-1', agreed: false }, id.stove, id.stove, id.lamp, id.rope);
  await shop.settled(1);
  assert.deepEqual(idsOf(await shown(tenant, 'context=home')).slice(0, 2), [id.tent, id.stove]);
  assert.ok(!idsOf(await shown(tenant, 'context=home')).includes(id.mug), 'nobody looked at it');
  assert.deepEqual((await shown(tenant, 'context=home&limit=1')).items, [
    { productId: id.tent, reason: 'popular', source: 'popular', becauseOf: null },
  ]);
  // What comes so much later is worth more than a sale was.
  clock.advance(90 * DAY_MS);
  await viewed(tenant, { session: 'session-2', agreed: false }, id.lamp);
  await shop.settled(1);
  assert.equal(idsOf(await shown(tenant, 'context=home'))[0], id.lamp);

  const stove = await shop.managed<{ version: number; variants: { id: string }[] } & object>(
    tenant,
    'GET',
    `/api/admin/catalog/products/${id.stove}`,
  );
  await shop.emit(tenant, 'orders.stock', 'changed', 'v', {
    variantId: stove.variants[0]?.id,
    availability: 'out',
  });
  const lamp = await shop.managed<{ version: number }>(
    tenant,
    'GET',
    `/api/admin/catalog/products/${id.lamp}`,
  );
  await shop.merchant(tenant, 'DELETE', `/api/admin/catalog/products/${id.lamp}?version=${lamp.version}`);
  await shop.settled(1);
  assert.deepEqual(idsOf(await shown(tenant, 'context=home')).toSorted(), [id.tent, id.rope].toSorted());
  await shop.emit(tenant, 'orders.stock', 'changed', 'v', {
    variantId: stove.variants[0]?.id,
    availability: 'in',
  });
  await shop.settled(1);
  assert.ok(idsOf(await shown(tenant, 'context=home')).includes(id.stove), 'it is there again');
});

test('of a collection only its products are popular', async () => {
  const { tenant, id } = await newShop('tent', 'stove', 'lamp');
  const handle = (title: string): string => title;
  await shop.managed(
    tenant,
    'POST',
    '/api/admin/catalog/collections',
    { title: 'Warm', products: [handle('stove'), handle('lamp')] },
    201,
  );
  for (const product of [id.tent, id.tent, id.lamp, id.lamp, id.stove]) await bought(tenant, product);
  await shop.settled(1);
  assert.deepEqual(idsOf(await shown(tenant, 'context=home&collection=warm')), [id.lamp, id.stove]);
  assert.deepEqual(idsOf(await shown(tenant, 'context=home&collection=unknown')), []);
});

test('also bought is what is oftener in the same orders than chance would have it, and merchants see from what', async () => {
  const { tenant, id } = await newShop('tent', 'pegs', 'bag', 'boots');
  // Everybody buys a bag; pegs are bought by those who buy a tent.
  for (let n = 0; n < 4; n += 1) await bought(tenant, id.tent, id.pegs, id.bag);
  for (let n = 0; n < 12; n += 1) await bought(tenant, id.boots, id.bag);
  await shop.settled(1);
  const { items, personal } = await shown(tenant, `context=product&products=${id.tent}`);
  assert.deepEqual(items, [
    { productId: id.pegs, reason: 'bought_together', source: 'also-bought', becauseOf: id.tent },
    { productId: id.bag, reason: 'bought_together', source: 'also-bought', becauseOf: id.tent },
  ]);
  assert.equal(personal, false);
  const cart = await shown(tenant, `context=cart&products=${id.tent},${id.pegs}`);
  assert.deepEqual(
    idsOf(cart),
    [id.bag, id.boots],
    'what is in the cart is not proposed; what is popular fills it up',
  );

  const why = await shop.managed<{
    orders: number;
    together: { productId: string; together: number; orders: number; similarity: number }[];
  }>(tenant, 'GET', `/api/admin/recommendations/products/${id.tent}`);
  assert.equal(why.orders, 4);
  assert.deepEqual(
    why.together.map(({ productId, together, orders, similarity }) => [
      productId,
      together,
      orders,
      similarity.toFixed(4),
    ]),
    [
      [id.pegs, 4, 4, (1 * (4 / 9)).toFixed(4)],
      [id.bag, 4, 16, ((4 / 8) * (4 / 9)).toFixed(4)],
    ],
  );
  const popular = await shop.managed<{ products: { productId: string; sold: number }[] }>(
    tenant,
    'GET',
    '/api/admin/recommendations/popular?limit=1',
  );
  assert.deepEqual(
    popular.products.map(({ productId, sold }) => [productId, sold]),
    [[id.bag, 16]],
  );
  assert.equal((await shop.call(tenant, 'GET', '/api/admin/recommendations/popular')).status, 401);
});

test('who agreed is shown what visits like theirs went on to, and what they saw; who did not is shown what everybody is', async () => {
  const { tenant, id } = await newShop('tent', 'pegs', 'bag', 'boots', 'socks');
  for (let n = 0; n < 3; n += 1) await viewed(tenant, { session: `others-${n}` }, id.boots, id.socks);
  for (let n = 0; n < 5; n += 1)
    await viewed(tenant, { session: `unknown-${n}`, agreed: false }, id.tent, id.bag);
  await viewed(tenant, { session: 'my-visit' }, id.pegs, id.boots);
  await shop.settled(1);

  const mine = await shown(tenant, 'context=home&session=my-visit&limit=2');
  assert.equal(mine.personal, true);
  assert.deepEqual(mine.items[0], {
    productId: id.socks,
    reason: 'viewed_together',
    source: 'session-knn',
    becauseOf: id.boots,
  });
  assert.deepEqual(mine.items[1]?.reason, 'popular');
  const recent = await shown(tenant, `context=recent&session=my-visit`);
  assert.deepEqual(
    recent.items.map(({ productId, reason }) => [productId, reason]),
    [
      [id.boots, 'viewed_before'],
      [id.pegs, 'viewed_before'],
    ],
  );
  for (const answer of [
    await shown(tenant, 'context=home'),
    await shown(tenant, 'context=home&session=my-visit', { 'sec-gpc': '1' }),
    await shown(tenant, 'context=home&session=my-visit', { dnt: '1' }),
    await shown(tenant, 'context=home&session=unknown-1'),
  ]) {
    assert.equal(answer.personal, false);
    assert.deepEqual([...new Set(answer.items.map(({ source }) => source))], ['popular']);
  }
  assert.deepEqual(await shown(tenant, 'context=recent'), { personal: false, items: [] });
  assert.deepEqual(
    idsOf(await shown(tenant, `context=product&products=${id.socks}`)),
    [id.boots],
    'on its page, to everybody',
  );
  const { rows } = await database.admin.query<{ text: string }>(
    'select v::text as text from shop.recommendations_visits v where tenant_id = $1',
    [tenant],
  );
  assert.equal(rows.length, 4);
  assert.doesNotMatch(JSON.stringify(rows), /my-visit|others|unknown/);
});

test('a customer is known in their next visit, and gone when their rows are', async () => {
  const { tenant, id } = await newShop('boots', 'socks');
  const { token } = await newCustomer(shop, tenant, 'ann@example.com', {
    firstName: 'Ann',
    lastName: 'Berg',
  });
  const headers = { authorization: `Bearer ${token}` };
  await viewed(tenant, { session: 'on-phone', headers }, id.boots);
  await shop.settled(1);
  const later = await shown(tenant, 'context=recent&session=on-laptop', headers);
  assert.deepEqual(idsOf(later), [id.boots]);
  assert.deepEqual(
    idsOf(await shown(tenant, 'context=recent', headers)),
    [],
    'not without agreement, not even then',
  );
});

test('a message that comes twice counts once; products nobody knows and robots count nothing', async () => {
  const { tenant, id } = await newShop('boots');
  const twice = { session: 'my-visit', id: randomUUID() };
  await viewed(tenant, twice, id.boots);
  await viewed(tenant, twice, id.boots);
  await viewed(tenant, { session: 'my-visit' }, 'prod_of_nobody');
  await viewed(tenant, { session: 'my-visit', headers: { 'user-agent': 'Examplebot/1.0' } }, id.boots);
  await shop.settled(1);
  const { products } = await shop.managed<{ products: { productId: string; views: number }[] }>(
    tenant,
    'GET',
    '/api/admin/recommendations/popular',
  );
  assert.deepEqual(
    products.map(({ productId, views }) => [productId, views]),
    [[id.boots, 1]],
  );
});

test('a search is found once for everybody, and stands in an order that suits who agreed', async () => {
  const titles = ['lamp one', 'lamp two', 'lamp three', 'boots', 'oil'] as const;
  const { tenant, id } = await newShop(...titles);
  for (let n = 0; n < 3; n += 1) await viewed(tenant, { session: `others-${n}` }, id.oil, id['lamp three']);
  await viewed(tenant, { session: 'my-visit' }, id.oil);
  await shop.settled(2);
  interface Found {
    readonly products: { id: string }[];
    readonly personal?: boolean;
    readonly total: number;
    readonly instead: { id: string }[];
  }
  const found = async (path: string): Promise<Found> => {
    const answer = await shop.call(tenant, 'GET', path);
    assert.equal(answer.status, 200, answer.text);
    return answer.json<Found>();
  };
  const anybody = await found('/api/catalog/products?q=lamp');
  assert.equal(anybody.products.length, 3);
  const mine = await shop.call(tenant, 'GET', '/api/recommendations/search?q=lamp&session=my-visit');
  assert.equal(mine.headers['cache-control'], 'no-store');
  const { products, personal, total } = mine.json<Found>();
  assert.equal(personal, true);
  assert.equal(total, 3);
  assert.equal(products[0]?.id, id['lamp three'], 'visits that looked at oil went on to it');
  const others = anybody.products.filter((product) => product.id !== id['lamp three']);
  assert.deepEqual(
    products.slice(1).map((product) => product.id),
    others.map((product) => product.id),
    'what is equally near stays as it was found',
  );
  // What the shared cache holds is everybody's still.
  assert.deepEqual((await found('/api/catalog/products?q=lamp')).products, anybody.products);
  for (const query of ['q=lamp', 'q=lamp&session=who-is-new', 'q=lamp&sort=relevance']) {
    const unknown = await found(`/api/recommendations/search?${query}`);
    assert.equal(unknown.personal, false);
    assert.deepEqual(unknown.products, anybody.products);
  }
  const { products: none, instead } = await found('/api/recommendations/search?q=zzzzzz');
  assert.deepEqual([none, instead[0]?.id], [[], id.oil], 'where nothing is found, what is popular');
  const sorted = await found('/api/recommendations/search?q=lamp&sort=title-asc&session=my-visit');
  assert.deepEqual(
    sorted.products,
    (await found('/api/catalog/products?q=lamp&sort=title-asc')).products,
    'who asked for an order has it',
  );
});
