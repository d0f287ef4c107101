/** The analytics domain in a whole runtime: pages and events in, reports out, and a store that is away for a while. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { whileHeld } from '../../../tests/support/locks.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import { manualClock } from '../../platform/clock.ts';
import type { Searches } from './schemas.ts';
import { analytics } from './definition.ts';
import { subjectOf } from './people.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MINUTE_MS = 60_000;

let database: TestDatabase;
let shop: TestHost;
/** Each test takes one. */
const tenants = Array.from({ length: 12 }, (_, n) => `shop-${n}`);
/** Ahead of the server's clock, at noon, so that what happened a moment ago was today. */
const clock = manualClock(new Date(Math.ceil(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2));

before(async () => {
  database = await startTestDatabase([analytics]);
  for (const id of tenants)
    await database.addTenant({ id, domains: ['analytics'], currencies: ['EUR', 'USD'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['analytics'] },
    { clock },
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

function newTenant(): string {
  const id = tenants.pop();
  assert.ok(id);
  return id;
}

async function shipped(): Promise<void> {
  await shop.host.events.flush();
  await shop.host.events.settled();
  await shop.host.tasks.settled();
}

const told = (tenant: string, body: object, headers: Record<string, string> = {}) =>
  shop.call(tenant, 'POST', '/api/analytics/events', {
    json: { id: randomUUID(), session: 'session-1', ...body },
    headers,
  });

async function report<T>(tenant: string, path: string): Promise<T> {
  const answer = await shop.merchant(tenant, 'GET', `/api/admin/analytics/${path}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<T>();
}

const emit: TestHost['emit'] = (...event) => shop.emit(...event);

const orderOf = (id: string, email: string, amount: number, productId = 'prod_1', more = {}) => ({
  orderId: id,
  number: 'A-1',
  status: 'confirmed',
  email,
  total: { amount: amount + 500, currency: 'EUR' },
  refunded: 0,
  lines: [{ variantId: 'v', productId, title: 'Boots', quantity: 2, unitPrice: amount / 2 }],
  at: new Date().toISOString(),
  ...more,
});

const paid = (id: string, captured: number, refunded: number) => ({
  orderId: id,
  status: 'captured',
  amount: captured,
  currency: 'EUR',
  captured,
  refunded,
  disputed: false,
  at: new Date().toISOString(),
});

/** A point, whenever it was. */
const untimed = (point: object): object =>
  Object.fromEntries(Object.entries(point).filter(([name]) => name !== 'at'));

/** Events are of the database's time. */
const AROUND = (): string => {
  const at = (ms: number): string => encodeURIComponent(new Date(ms).toISOString());
  return `from=${at(Date.now() - DAY_MS)}&to=${at(Date.now() + 3 * DAY_MS)}`;
};

test('what pages tell comes back as visits, a funnel and searches, without anybody’s name', async () => {
  const tenant = newTenant();
  const view = {
    kind: 'view',
    path: '/products/boots?utm_source=news&token=x',
    productId: 'prod_1',
    ageMs: 5 * MINUTE_MS,
  };
  const first = await told(tenant, {
    visitor: 'browser-1',
    events: [
      view,
      { kind: 'search', query: 'annabelle@example.com boots', results: 0, ageMs: 4 * MINUTE_MS },
      { kind: 'cart', productId: 'prod_1', quantity: 2, ageMs: 3 * MINUTE_MS },
      { kind: 'checkout', ageMs: 2 * MINUTE_MS },
      { kind: 'view', path: '/checkout', ageMs: MINUTE_MS },
    ],
  });
  assert.equal(first.status, 202, first.text);
  assert.deepEqual(first.json(), { accepted: 5 });
  await told(tenant, { session: 'session-2', visitor: 'browser-1', events: [view] });
  await shipped();

  const sessions = await report<{ points: object[] }>(tenant, 'sessions');
  assert.deepEqual(sessions.points.map(untimed), [
    { sessions: 2, visitors: 1, views: 3, bounces: 1, seconds: 240 },
  ]);
  const funnel = await report<{ steps: object[] }>(tenant, 'funnel');
  assert.deepEqual(funnel.steps, [
    { step: 'view', sessions: 2, share: 1 },
    { step: 'cart', sessions: 1, share: 0.5 },
    { step: 'checkout', sessions: 1, share: 0.5 },
    { step: 'purchase', sessions: 0, share: 0 },
  ]);
  const searched = await report<{ values: { value: string }[] }>(tenant, 'top?kind=search&dimension=query');
  assert.deepEqual(searched.values, [{ value: '… boots', count: 1, sums: { results: 0, empty: 1 } }]);
  const sources = await report<{ values: object[] }>(tenant, 'top?kind=view&dimension=source');
  assert.deepEqual(sources.values, [{ value: 'news', count: 2, sums: {} }]);
  const live = await report<{ minutes: { views: number; visitors: number }[] }>(tenant, 'live');
  assert.deepEqual(
    live.minutes.map(({ views, visitors }) => [views, visitors]),
    [
      [2, 1],
      [1, 1],
    ],
  );
  const { rows } = await database.admin.query<{ all: string }>(
    'SELECT (SELECT jsonb_agg(f)::text FROM shop.facts f) || (SELECT jsonb_agg(r)::text FROM shop.fact_rollups r) AS all',
  );
  assert.doesNotMatch(rows[0]?.all ?? '', /annabelle|browser-1|session-1|token/);
});

test('searches are reported by day and by what was typed: how often, in vain, and whether something was chosen', async () => {
  const tenant = newTenant();
  const search = (query: string, results: number) => ({ kind: 'search', query, results });
  const click = (query: string, place: number) => ({ kind: 'click', query, productId: 'prod_1', place });
  const events = [
    search('Red Tent', 4),
    search('red  tent', 6),
    search('yurt', 0),
    search('yurt', 0),
    search('tarp', 2),
    click('red tent', 1),
    click('Red tent', 4),
    click('tarp', 2),
  ];
  assert.equal((await told(tenant, { events })).status, 202);
  await shipped();
  const all = await report<Searches>(tenant, 'searches');
  assert.deepEqual(all.totals, { searches: 5, withoutResults: 2, clicks: 3, clickThrough: 1 });
  assert.deepEqual(all.points.map(untimed), [all.totals]);
  assert.deepEqual(all.queries, [
    {
      query: 'red tent',
      searches: 2,
      withoutResults: 0,
      clicks: 2,
      clickThrough: 1,
      results: 5,
      averagePlace: 2.5,
    },
    {
      query: 'yurt',
      searches: 2,
      withoutResults: 2,
      clicks: 0,
      clickThrough: null,
      results: 0,
      averagePlace: null,
    },
    {
      query: 'tarp',
      searches: 1,
      withoutResults: 0,
      clicks: 1,
      clickThrough: 1,
      results: 2,
      averagePlace: 2,
    },
  ]);
  assert.deepEqual(
    all.unanswered.map(({ query }) => query),
    ['yurt'],
  );
  const one = await report<Searches>(tenant, 'searches?query=RED%20tent');
  assert.deepEqual(one.totals, { searches: 2, withoutResults: 0, clicks: 2, clickThrough: 1 });
  const nobody = await report<Searches>(newTenant(), 'searches');
  assert.deepEqual([nobody.totals.searches, nobody.queries, nobody.points], [0, [], []]);
});

test('a message that comes twice counts once; robots do not count; who asks not to be followed is nobody', async () => {
  const tenant = newTenant();
  const message = { id: randomUUID(), visitor: 'browser-1', events: [{ kind: 'view', path: '/' }] };
  assert.equal((await told(tenant, message)).status, 202);
  await shipped();
  assert.equal((await told(tenant, message)).status, 202);
  assert.deepEqual(
    (await told(tenant, { events: message.events }, { 'user-agent': 'Examplebot/1.0' })).json(),
    {
      accepted: 0,
    },
  );
  await told(tenant, { visitor: 'browser-2', events: message.events }, { 'sec-gpc': '1' });
  await shipped();
  const { points } = await report<{ points: { count: number; subjects: number }[] }>(
    tenant,
    'series?kind=view&subjects=true',
  );
  assert.deepEqual(
    points.map(({ count, subjects }) => [count, subjects]),
    [[2, 1]],
  );
});

test('orders and payments come back as revenue, by product, and in cohorts; an event that comes twice counts once', async () => {
  const tenant = newTenant();
  const upserted = {
    id: 'prod_1',
    version: 2,
    title: 'Boots',
    vendor: 'Fjell',
    type: 'Shoes',
    handle: 'boots',
  };
  await emit(tenant, 'catalog.product', 'upserted', 'prod_1', upserted);
  await emit(tenant, 'catalog.product', 'upserted', 'prod_1', {
    ...upserted,
    version: 1,
    title: 'Old boots',
  });
  await shipped();
  await emit(tenant, 'orders.order', 'placed', 'o1', orderOf('o1', 'Ann@example.com', 10_000));
  await emit(tenant, 'orders.order', 'confirmed', 'o1', orderOf('o1', 'Ann@example.com', 10_000));
  await emit(tenant, 'orders.order', 'confirmed', 'o2', orderOf('o2', 'ann@example.com', 4_000));
  await emit(tenant, 'orders.order', 'confirmed', 'o3', orderOf('o3', 'bob@example.com', 2_000, 'prod_2'));
  await emit(tenant, 'payments.payment', 'captured', 'o1', paid('o1', 10_500, 0));
  await emit(tenant, 'payments.payment', 'refunded', 'o1', paid('o1', 10_500, 500));
  await emit(tenant, 'payments.payment', 'refunded', 'o1', paid('o1', 10_500, 700));
  // The same again, as a broker may bring it.
  await emit(tenant, 'payments.payment', 'refunded', 'o1', paid('o1', 10_500, 700));
  // Another payment of the same order has sums of its own.
  await emit(tenant, 'payments.payment', 'refunded', 'o1', { ...paid('o1', 300, 100), paymentId: 'pay_2' });
  await shipped();

  const revenue = await report<{ currency: string; points: object[] }>(
    tenant,
    `revenue?bucket=month&${AROUND()}`,
  );
  assert.equal(revenue.currency, 'EUR');
  assert.deepEqual(revenue.points.map(untimed), [
    { orders: 3, items: 6, gross: 17_500, refunds: 800, net: 16_700 },
  ]);
  assert.deepEqual(
    (await report<{ points: object[] }>(tenant, `revenue?currency=USD&${AROUND()}`)).points,
    [],
  );
  const top = await report<{ values: object[] }>(
    tenant,
    `top?kind=sale&dimension=product&by=amount&${AROUND()}`,
  );
  assert.deepEqual(top.values, [
    { value: 'prod_1', title: 'Boots', count: 2, sums: { amount: 14_000, quantity: 4 } },
    { value: 'prod_2', count: 1, sums: { amount: 2_000, quantity: 2 } },
  ]);
  const vendors = await report<{ values: { value: string }[] }>(
    tenant,
    `top?kind=sale&dimension=vendor&${AROUND()}`,
  );
  assert.deepEqual(
    vendors.values.map(({ value }) => value),
    ['Fjell'],
  );
  const cohorts = await report<{ cohorts: { customers: number; periods: object[] }[] }>(
    tenant,
    `cohorts?${AROUND()}`,
  );
  assert.deepEqual(
    cohorts.cohorts.map(({ customers, periods }) => ({ customers, periods })),
    [{ customers: 2, periods: [{ offset: 0, customers: 2, share: 1, orders: 3, amount: 17_500 }] }],
  );
  const overview = await report<{ current: object; previous: { orders: number } }>(
    tenant,
    `overview?${AROUND()}`,
  );
  assert.deepEqual(overview.current, {
    orders: 3,
    items: 6,
    gross: 17_500,
    refunds: 800,
    net: 16_700,
    averageOrder: 5_833,
    sessions: 0,
    visitors: 0,
    views: 0,
    conversion: null,
  });
  assert.equal(overview.previous.orders, 0);
});

test('what is said in the chat is counted by side, and nobody is named', async () => {
  const tenant = newTenant();
  const said = (
    roomId: string,
    messages: readonly (readonly [from: string, kind: string, letters: number])[],
  ) =>
    emit(tenant, 'chat.message', 'written', roomId, {
      roomId,
      kind: 'assistant',
      messages: messages.map(([from, kind, letters], seq) => ({ seq, from, kind, letters, attachments: 0 })),
    });
  await said('room_1', [
    ['ada', 'text', 10],
    ['assistant', 'text', 200],
    ['ada', 'text', 5],
    ['ada', 'removal', 0],
    ['house', 'notice', 30],
  ]);
  await said('room_2', [['bob', 'text', 7]]);
  await shipped();
  const top = await report<{ values: object[] }>(
    tenant,
    `top?kind=message&dimension=from&by=messages&${AROUND()}`,
  );
  assert.deepEqual(top.values, [
    { value: 'shopper', count: 2, sums: { messages: 3, letters: 22 } },
    { value: 'assistant', count: 1, sums: { messages: 1, letters: 200 } },
  ]);
  const { rows } = await database.admin.query<{ subject: string; session: string }>(
    `select distinct subject, session from shop.facts where tenant_id = $1`,
    [tenant],
  );
  assert.equal(rows.length, 2, 'two conversations');
  assert.ok(rows.every(({ subject, session }) => subject === '' && session.startsWith('r.')));
});

test('reports and facts are given out as tables', async () => {
  const tenant = newTenant();
  await emit(
    tenant,
    'orders.order',
    'confirmed',
    'o1',
    orderOf('o1', 'ann@example.com', 1_000, '=HYPERLINK(1)'),
  );
  await shipped();
  const csv = async (path: string): Promise<string[]> => {
    const answer = await shop.merchant(tenant, 'GET', `/api/admin/analytics/${path}&${AROUND()}`);
    assert.match(String(answer.headers['content-type']), /^text\/csv/);
    return answer.text.split('\r\n');
  };
  assert.equal((await csv('revenue?format=csv'))[0], 'at,orders,items,gross,refunds,net');
  assert.deepEqual(await csv('top?kind=sale&dimension=product&format=csv'), [
    'value,count,amount,quantity',
    "'=HYPERLINK(1),1,1000,2",
    '',
  ]);
  const backwards = 'kind=sale&from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z';
  const refused = await shop.merchant(tenant, 'GET', `/api/admin/analytics/facts?${backwards}`);
  assert.equal(refused.status, 400, 'an export says what is wrong before it begins');
  const facts = await csv('facts?kind=sale');
  assert.equal(facts[0], 'at,subject,session,unit,product,vendor,type,amount,quantity');
  assert.match(facts[1] ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z,c\.[\w-]{22},,EUR,'=HYPERLINK\(1\),,,1000,2$/);
  assert.equal(facts.length, 3);
  const lines = await shop.merchant(
    tenant,
    'GET',
    `/api/admin/analytics/facts?kind=order&format=ndjson&${AROUND()}`,
  );
  assert.equal(lines.json<{ amount: number }>().amount, 1_500);
});

test('a person who is erased is nobody in what was counted, and a stranger if they come again', async () => {
  const tenant = newTenant();
  const first = await shop.host.sql.transaction(tenant, (tx) => subjectOf(tx, tenant, 'Ann@Example.com'));
  const again = await shop.host.sql.transaction(tenant, (tx) => subjectOf(tx, tenant, 'ann@example.com'));
  assert.equal(first, again);
  await shop.host.sql.query(
    tenant,
    "delete from analytics_people where tenant_id = $1 and person = 'ann@example.com'",
    [tenant],
  );
  const later = await shop.host.sql.transaction(tenant, (tx) => subjectOf(tx, tenant, 'ann@example.com'));
  assert.notEqual(first, later);
});

test('while the store is away everything is taken in; when it is back, everything is counted once', async (context) => {
  const tenant = newTenant();
  const { analytics: store } = shop.host.platform;
  const append = store.append.bind(store);
  let calls = 0;
  const mocked = context.mock.method(store, 'append', async (...batch: Parameters<typeof append>) => {
    // Written, and the answer lost: the worst that can happen to whoever writes.
    if (++calls % 2 === 1) await append(...batch);
    if (calls < 4) throw new Error('the store does not answer');
    await append(...batch);
  });
  for (let n = 0; n < 5; n++)
    await told(tenant, { session: `session-${n}`, events: [{ kind: 'view', path: `/${n}` }] });
  await until(
    async () => {
      clock.advance(10 * MINUTE_MS);
      await shop.host.tasks.settled();
      const { rows } = await database.admin.query(
        'SELECT 1 FROM shop.analytics_intake WHERE tenant_id = $1 AND shipped_at IS NULL',
        [tenant],
      );
      return rows.length === 0 || undefined;
    },
    { withinMs: 30_000, what: 'everything is shipped' },
  );
  assert.ok(mocked.mock.callCount() >= 4);
  const { points } = await report<{ points: { count: number }[] }>(tenant, 'series?kind=view&bucket=month');
  assert.equal(
    points.reduce((sum, { count }) => sum + count, 0),
    5,
  );
});

test('a batch that another worker is just beginning is shipped by whoever has taken its task, too', async (context) => {
  const tenant = newTenant();
  const mocked = context.mock.method(shop.host.platform.analytics, 'append', async () => {
    throw new Error('the store does not answer');
  });
  await told(tenant, { session: 'session-1', events: [{ kind: 'view', path: '/' }] });
  await shop.host.tasks.settled();
  mocked.mock.restore();
  const mine = 'where tenant_id = $1 and shipped_at is null';
  await database.admin.query(`update shop.analytics_intake set batch = null ${mine}`, [tenant]);
  await whileHeld(
    database,
    [`update shop.analytics_intake set batch = 'fb_of_another' ${mine}`, [tenant]],
    async () => {
      clock.advance(10 * MINUTE_MS);
      await shop.host.tasks.settled();
    },
  );
  const { rows } = await database.admin.query(`select 1 from shop.analytics_intake ${mine}`, [tenant]);
  assert.deepEqual(rows, []);
});

test('merchants only may ask, and nothing out of bounds', async () => {
  const tenant = newTenant();
  assert.equal((await shop.call(tenant, 'GET', '/api/admin/analytics/overview')).status, 401);
  for (const path of [
    'series?kind=visit',
    'series?kind=view&zone=Nowhere/Land',
    'top?kind=view&dimension=colour',
    'funnel?steps=view',
    'series?kind=view&bucket=quarter&from=2020-01-01T00:00:00Z',
    'overview?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z',
    'sessions?to=9999-12-31T23:59:59Z',
    'overview?to=9999-12-31T23:59:59Z',
  ])
    assert.equal((await shop.merchant(tenant, 'GET', `/api/admin/analytics/${path}`)).status, 400, path);
  const many = Array.from({ length: 51 }, () => ({ kind: 'checkout' }));
  assert.equal((await told(tenant, { events: many })).status, 400);
  assert.equal((await told(tenant, { events: [{ kind: 'view', path: '/', email: 'a@b.no' }] })).status, 400);
});
