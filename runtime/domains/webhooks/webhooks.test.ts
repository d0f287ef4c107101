/** Webhooks as a merchant's developer meets them: over HTTP, on a real database, told to a real server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import type { Clock } from '../../platform/ports.ts';
import { DOMAINS } from '../index.ts';
import { NOT_TOLD, TOPICS } from './events.ts';
import { startReceiver, verify, type Heard, type Receiver } from './testing/receiver.ts';

const PATIENCE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SHOPS = 20;
const BASE = '/api/admin/webhooks';
let database: TestDatabase;
let receiver: Receiver;
let app: TestHost;
let shops = 0;
/** Time that goes on, and that tests push forward. */
let ahead = 0;
const clock: Clock = { now: () => new Date(Date.now() + ahead) };

before(async () => {
  database = await startTestDatabase(DOMAINS);
  for (let n = 1; n <= SHOPS; n++) await database.addTenant({ id: `hooks-${n}` }, ADMIN_SECRETS);
  receiver = await startReceiver();
  app = await startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: ['webhooks', 'notifications'],
      outsideLoopback: true,
    },
    { clock },
  );
});
after(async () => {
  await app.stop();
  await receiver.stop();
  await database.stop();
});

interface Subscription {
  readonly id: string;
  readonly secret: string;
  readonly enabled: boolean;
  readonly disabledBecause?: string;
  readonly failures: number;
}
interface Delivery {
  readonly id: string;
  readonly messageId: string;
  readonly type: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastAttempt?: { status?: number; answer?: string; problem?: string; milliseconds: number };
  readonly nextAttemptAt?: string;
  readonly endedAt?: string;
}

/** One that no other test has. They are there before the host is: it hears of later ones a little later. */
function newShop(): string {
  assert.ok(shops < SHOPS);
  return `hooks-${++shops}`;
}

const subscribe = (
  shop: string,
  path: string,
  answer: Parameters<Receiver['at']>[1] = () => 204,
  more: object = {},
): Promise<Subscription> =>
  app.managed(
    shop,
    'POST',
    `${BASE}/subscriptions`,
    { url: receiver.at(path, answer), events: ['*'], ...more },
    201,
  );

/** A product that was changed, as the catalogue tells it. */
const tell = (shop: string, productId: string, n = 0): Promise<void> =>
  app.emit(shop, 'catalog.product', 'upserted', productId, { productId, n });

const deliveriesOf = async (shop: string, query = ''): Promise<readonly Delivery[]> =>
  (await app.managed<{ deliveries: Delivery[] }>(shop, 'GET', `${BASE}/deliveries${query}`)).deliveries;
const stateOf = async (shop: string, id: string): Promise<Subscription> =>
  app.managed<Subscription>(shop, 'GET', `${BASE}/subscriptions/${id}`);

const heardAt = (path: string, count: number): Promise<readonly Heard[]> =>
  until(
    () => {
      const heard = receiver.heardAt(path);
      return heard.length >= count ? heard : undefined;
    },
    {
      withinMs: PATIENCE_MS,
      what: `${path} hears ${count}`,
      tell: () => Promise.resolve(`${receiver.heardAt(path).length}`),
    },
  );

/** Waits until every delivery of the shop is in one of these states. */
const allAre = (shop: string, count: number, ...states: string[]): Promise<readonly Delivery[]> =>
  until(
    async () => {
      const found = await deliveriesOf(shop, '?limit=100');
      return found.length === count && found.every(({ state }) => states.includes(state)) ? found : undefined;
    },
    {
      withinMs: PATIENCE_MS,
      what: `${count} deliveries are ${states.join(' or ')}`,
      tell: async () =>
        JSON.stringify((await deliveriesOf(shop)).map(({ state, attempts }) => [state, attempts])),
    },
  );

/** Until a failed attempt is written down, and then past its pause. */
async function pass(shop: string, attempts: number): Promise<void> {
  await until(async () => ((await deliveriesOf(shop))[0]?.attempts === attempts ? true : undefined), {
    withinMs: PATIENCE_MS,
    what: `attempt ${attempts}`,
  });
  const waiting = await allAre(shop, 1, 'waiting', 'failed', 'held');
  const at = waiting[0]?.nextAttemptAt;
  if (at !== undefined) ahead = Math.max(ahead, new Date(at).getTime() - Date.now() + 6_000);
}

test('an event comes signed, once, with the form that Standard Webhooks asks for, and the log tells of it', async () => {
  const shop = newShop();
  const { id, secret } = await subscribe(shop, '/signed', () => ({ status: 201, body: 'thank you' }));
  await tell(shop, 'p1');
  const [heard] = await heardAt('/signed', 1);
  assert.ok(heard !== undefined);
  const body = verify(secret, heard, clock.now());
  assert.deepEqual(
    [body['type'], body['shop'], body['data']],
    ['catalog.product.upserted', shop, { productId: 'p1', n: 0 }],
  );
  assert.match(String(body['timestamp']), /^\d{4}-.*Z$/);
  assert.equal(heard.headers['content-type'], 'application/json');
  const [delivery] = await allAre(shop, 1, 'delivered');
  assert.ok(delivery !== undefined);
  assert.deepEqual(
    [delivery.messageId, delivery.attempts, delivery.lastAttempt?.status, delivery.lastAttempt?.answer],
    [heard.id, 1, 201, 'thank you'],
  );
  const detail = await app.managed<{ body: string; history: object[] }>(
    shop,
    'GET',
    `${BASE}/deliveries/${delivery.id}`,
  );
  assert.deepEqual([detail.body, detail.history.length], [heard.body, 1]);
  assert.equal(JSON.stringify(await stateOf(shop, id)).includes('whsec_'), false);
  const { rows } = await database.admin.query<{ text: string }>(
    'select s::text as text from shop.webhooks_subscriptions s where id = $1',
    [id],
  );
  assert.equal(rows[0]?.text.includes(Buffer.from(secret).toString('hex')), false);
});

test('only what was asked for comes, only from then on, and to each who asked under one id', async () => {
  const shop = newShop();
  await tell(shop, 'before');
  await app.settled(1);
  await subscribe(shop, '/all');
  await subscribe(shop, '/beginning', undefined, { events: ['catalog.*'] });
  await subscribe(shop, '/others', undefined, { events: ['orders.*', 'catalog.product.deleted'] });
  await tell(shop, 'after');
  await allAre(shop, 2, 'delivered');
  assert.deepEqual(
    ['/all', '/beginning', '/others'].map((path) => receiver.heardAt(path).length),
    [1, 1, 0],
  );
  assert.equal(receiver.heardAt('/all')[0]?.id, receiver.heardAt('/beginning')[0]?.id);
});

test('whoever answers 410 is asked no more, and the merchant has a mail', async () => {
  const shop = newShop();
  await app.managed(shop, 'PUT', '/api/admin/notifications/settings', {
    merchant: { emails: ['owner@example.com'] },
  });
  const { id } = await subscribe(shop, '/gone', () => 410, { description: 'stock keeping' });
  await tell(shop, 'p1');
  await until(async () => ((await stateOf(shop, id)).disabledBecause === 'gone' ? true : undefined), {
    withinMs: PATIENCE_MS,
    what: 'it is off',
  });
  const mail = await until(
    async () => {
      const { rows } = await database.admin.query<{ text: string }>(
        'select message::text as text from shop.sent_messages where tenant_id = $1',
        [shop],
      );
      return rows[0]?.text;
    },
    { withinMs: PATIENCE_MS, what: 'the merchant has a mail' },
  );
  assert.match(mail, /127\.0\.0\.1:\d+ \(stock keeping\)/);
  await tell(shop, 'p2');
  await allAre(shop, 2, 'held');
  assert.equal(receiver.heardAt('/gone').length, 1);
});

test('what fails is sent again under the same id, later each time, and Retry-After is waited for', async () => {
  const shop = newShop();
  const { secret } = await subscribe(shop, '/shaky', (_, n) =>
    n === 1 ? 500 : n === 2 ? { status: 503, headers: { 'retry-after': '7200' } } : n === 3 ? 302 : 200,
  );
  await tell(shop, 'p1');
  await pass(shop, 1);
  await heardAt('/shaky', 2);
  await until(async () => ((await deliveriesOf(shop))[0]?.state === 'waiting' ? true : undefined), {
    withinMs: PATIENCE_MS,
    what: 'the second attempt ends',
  });
  const [second] = await deliveriesOf(shop);
  const next = new Date(second?.nextAttemptAt ?? 0).getTime();
  const sent = Number(receiver.heardAt('/shaky')[1]?.headers['webhook-timestamp']) * 1_000;
  assert.ok(next - sent >= 2 * HOUR_MS, `${next - sent} ms after it was sent`);
  assert.ok(next - clock.now().getTime() <= 2 * HOUR_MS, 'no longer than was asked for');
  await pass(shop, 2);
  await heardAt('/shaky', 3);
  await pass(shop, 3);
  await allAre(shop, 1, 'delivered');
  const heard = receiver.heardAt('/shaky');
  assert.deepEqual([heard.length, new Set(heard.map(({ id }) => id)).size], [4, 1]);
  const stamps = heard.map((one) => Number(one.headers['webhook-timestamp']));
  assert.deepEqual(
    stamps,
    [...new Set(stamps)].toSorted((a, b) => a - b),
  );
  const last = heard.at(-1);
  assert.ok(last !== undefined && verify(secret, last, clock.now()));
});

test('after ten attempts it is given up; once nothing got through for days the subscription is off, and what happens is kept for it', async () => {
  const shop = newShop();
  const { id } = await subscribe(shop, '/never', () => ({ status: 500, body: 'oh no' }));
  await tell(shop, 'p1');
  for (let attempt = 1; attempt <= 10; attempt++) {
    await heardAt('/never', attempt);
    await pass(shop, attempt);
  }
  const [given] = await allAre(shop, 1, 'failed');
  assert.deepEqual([given?.attempts, given?.lastAttempt?.answer], [10, 'oh no']);
  assert.equal((await stateOf(shop, id)).enabled, true);
  // With the pauses, whatever chance made of them, more than five days.
  ahead += 60 * HOUR_MS;
  await tell(shop, 'p2');
  await heardAt('/never', 11);
  const off = await until(
    async () => {
      const found = await stateOf(shop, id);
      return found.enabled ? undefined : found;
    },
    { withinMs: PATIENCE_MS, what: 'it is switched off' },
  );
  assert.deepEqual([off.disabledBecause, off.failures], ['failing', 11]);
  // What happens meanwhile is kept, and sent when it is on again.
  await tell(shop, 'p3');
  await until(async () => ((await deliveriesOf(shop, '?state=held')).length === 2 ? true : undefined), {
    withinMs: PATIENCE_MS,
    what: 'two are held',
  });
  receiver.at('/never', () => 200);
  await app.managed(shop, 'PATCH', `${BASE}/subscriptions/${id}`, { enabled: true });
  // The one that failed once waits for its pause, the other one for nothing.
  await until(async () => ((await deliveriesOf(shop, '?state=delivered')).length >= 1 ? true : undefined), {
    withinMs: PATIENCE_MS,
    what: 'what was kept is sent',
  });
});

test('one delivery, or what failed within a span of time, is replayed under the ids that it had', async () => {
  const shop = newShop();
  let well = true;
  const { id } = await subscribe(shop, '/replayed', () => (well ? 200 : 410));
  await tell(shop, 'p1');
  const [first] = await allAre(shop, 1, 'delivered');
  const again = await app.managed<Delivery>(
    shop,
    'POST',
    `${BASE}/deliveries/${first?.id}/replay`,
    undefined,
    202,
  );
  assert.equal(again.id, first?.id);
  await heardAt('/replayed', 2);
  await allAre(shop, 1, 'delivered');
  const from = clock.now().toISOString();
  const body = { from: new Date(clock.now().getTime() - 60_000).toISOString() };
  const only = await app.managed<{ deliveries: number }>(
    shop,
    'POST',
    `${BASE}/subscriptions/${id}/replay`,
    body,
    202,
  );
  assert.equal(only.deliveries, 0, 'nothing failed');
  const all = await app.managed<{ deliveries: number }>(
    shop,
    'POST',
    `${BASE}/subscriptions/${id}/replay`,
    { ...body, delivered: true },
    202,
  );
  assert.equal(all.deliveries, 1);
  await heardAt('/replayed', 3);
  await allAre(shop, 1, 'delivered');
  assert.equal(new Set(receiver.heardAt('/replayed').map((one) => one.id)).size, 1);
  // Given up, as after three days.
  well = false;
  await tell(shop, 'p2');
  await allAre(shop, 2, 'delivered', 'held');
  await database.admin.query(
    `update shop.webhooks_deliveries set state = 'failed', ended_at = next_at - interval '1 hour' where tenant_id = $1 and state = 'waiting'`,
    [shop],
  );
  well = true;
  await app.managed(shop, 'PATCH', `${BASE}/subscriptions/${id}`, { enabled: true });
  ahead += HOUR_MS;
  const failed = await app.managed<{ deliveries: number }>(
    shop,
    'POST',
    `${BASE}/subscriptions/${id}/replay`,
    { from },
    202,
  );
  assert.equal(failed.deliveries, 1);
  await allAre(shop, 2, 'delivered');
});

test('a new secret signs beside the one before, for as long as was asked; a ping comes without any event', async () => {
  const shop = newShop();
  const { id, secret: former } = await subscribe(shop, '/rotated', undefined, {
    events: ['orders.order.placed'],
  });
  const { secret } = await app.managed<{ secret: string }>(
    shop,
    'POST',
    `${BASE}/subscriptions/${id}/secret`,
    {
      overlapHours: 1,
    },
  );
  const ping = await app.managed<Delivery>(shop, 'POST', `${BASE}/subscriptions/${id}/ping`, undefined, 202);
  const [both] = await heardAt('/rotated', 1);
  assert.ok(both !== undefined);
  assert.deepEqual([both.id, ping.type], [ping.messageId, 'webhooks.ping']);
  for (const one of [former, secret]) assert.equal(verify(one, both, clock.now())['type'], 'webhooks.ping');
  ahead += 2 * HOUR_MS;
  await app.managed(shop, 'POST', `${BASE}/subscriptions/${id}/ping`, undefined, 202);
  const [, alone] = await heardAt('/rotated', 2);
  assert.ok(alone !== undefined && verify(secret, alone, clock.now()));
  assert.throws(() => verify(former, alone, clock.now()), /no signature/);
});

test('what is of one product comes in order; a receiver that is slow with one keeps no others waiting', async () => {
  const shop = newShop();
  let release = (): void => undefined;
  const slow = new Promise<void>((resolve) => (release = resolve));
  await subscribe(shop, '/ordered', async ({ body }) => {
    if (body.includes('"slow"')) await slow;
    return 200;
  });
  await tell(shop, 'slow', 0);
  await heardAt('/ordered', 1);
  await tell(shop, 'slow', 1);
  for (let n = 0; n < 5; n++) await tell(shop, 'quick', n);
  await heardAt('/ordered', 6);
  const quick = receiver.heardAt('/ordered').filter(({ body }) => body.includes('"quick"'));
  assert.deepEqual(
    quick.map(({ body }) => (JSON.parse(body) as { data: { n: number } }).data.n), // as told
    [0, 1, 2, 3, 4],
  );
  release();
  await allAre(shop, 7, 'delivered');
});

test('a receiver that says nothing holds up neither its shop’s others nor other shops', async () => {
  const [silent, other] = [newShop(), newShop()];
  await subscribe(silent, '/silent', () => 'silence');
  await subscribe(silent, '/beside');
  await subscribe(other, '/elsewhere');
  for (let n = 0; n < 12; n++) await tell(silent, `p${n}`);
  await tell(other, 'p');
  await heardAt('/beside', 12);
  await heardAt('/elsewhere', 1);
  assert.ok(receiver.heardAt('/silent').length <= 4, 'no more than four are in the air');
});

test('keys and roles hear by a webhook what they may read, and see no more in its log', async () => {
  const shop = newShop();
  const keyWith = async (...scopes: string[]): Promise<{ authorization: string }> => {
    const { key } = await app.managed<{ key: string }>(
      shop,
      'POST',
      '/api/admin/keys',
      { name: 'k', scopes },
      201,
    );
    return { authorization: `Bearer ${key}` };
  };
  const url = receiver.at('/keyed', () => 200);
  const asKey = async (headers: Record<string, string>, events: string[]): Promise<number> =>
    (await app.call(shop, 'POST', `${BASE}/subscriptions`, { json: { url, events }, headers })).status;
  const blind = await keyWith('webhooks:write', 'webhooks:read');
  const seeing = await keyWith('webhooks:write', 'webhooks:read', 'catalog:read');
  assert.equal(await asKey(blind, ['catalog.product.upserted']), 403);
  assert.equal(await asKey(seeing, ['catalog.*']), 201);
  assert.equal(await asKey(seeing, ['*']), 403);
  assert.equal(await asKey(await keyWith('catalog:read'), ['catalog.*']), 403);
  await tell(shop, 'p1');
  const [delivery] = await allAre(shop, 1, 'delivered');
  const look = async (headers: Record<string, string>): Promise<number> =>
    (await app.call(shop, 'GET', `${BASE}/deliveries/${delivery?.id}`, { headers })).status;
  assert.deepEqual([await look(blind), await look(seeing)], [403, 200]);
  // Nor does it lead elsewhere what it may not read.
  const [{ id } = { id: '' }] = (
    await app.managed<{ subscriptions: Subscription[] }>(shop, 'GET', `${BASE}/subscriptions`)
  ).subscriptions;
  const moved = await app.call(shop, 'PATCH', `${BASE}/subscriptions/${id}`, {
    json: { url },
    headers: blind,
  });
  assert.equal(moved.status, 403);
});

test('what a subscription was told, or was to be told, is led nowhere else by whoever may not read it', async () => {
  const shop = newShop();
  const { id } = await subscribe(shop, '/narrowed', () => 200);
  await tell(shop, 'p1');
  await allAre(shop, 1, 'delivered');
  const url = receiver.at('/elsewhere-instead', () => 200);
  const lead = async (scope: string, patch: object): Promise<number> => {
    const made = { name: 'k', scopes: ['webhooks:write', scope] };
    const { key } = await app.managed<{ key: string }>(shop, 'POST', '/api/admin/keys', made, 201);
    const headers = { authorization: `Bearer ${key}` };
    return (
      await app.call(shop, 'PATCH', `${BASE}/subscriptions/${id}`, { json: { url, ...patch }, headers })
    ).status;
  };
  assert.equal(await lead('catalog:read', { events: ['catalog.*'] }), 403, 'orders may wait for it');
  await app.managed(shop, 'PATCH', `${BASE}/subscriptions/${id}`, { events: ['orders.*'] });
  assert.equal(await lead('orders:read', {}), 403, 'a product can be sent again');
  await app.managed(shop, 'PATCH', `${BASE}/subscriptions/${id}`, { events: ['catalog.*'] });
  assert.equal(await lead('catalog:read', {}), 200);
});

test('what cannot be is refused: addresses inside, types that nobody tells, more than twenty', async () => {
  const shop = newShop();
  const ask = async (json: object): Promise<number> =>
    (await app.merchant(shop, 'POST', `${BASE}/subscriptions`, { json })).status;
  for (const url of [
    'https://10.0.0.1/',
    'http://example.com/',
    'https://169.254.169.254/',
    'ftp://a.b/',
    'x',
  ])
    assert.equal(await ask({ url, events: ['*'] }), 400, url);
  const url = 'https://example.com/hooks';
  for (const events of [[], ['orders.order.invented'], ['invented.*'], ['*.order'], ['orders'], ['Orders.*']])
    assert.equal(await ask({ url, events }), 400, String(events));
  for (let n = 0; n < 20; n++) assert.equal(await ask({ url, events: ['*'], enabled: false }), 201);
  assert.equal(await ask({ url, events: ['*'] }), 409);
  for (const path of ['subscriptions/whk_' + '0'.repeat(32), 'deliveries/dlv_' + '0'.repeat(32)])
    assert.equal((await app.merchant(shop, 'GET', `${BASE}/${path}`)).status, 404);
});

test('what a subscription was told goes with it, and after a month all goes', async () => {
  const shop = newShop();
  const { id } = await subscribe(shop, '/deleted');
  const kept = await subscribe(shop, '/kept');
  await tell(shop, 'p1');
  await allAre(shop, 2, 'delivered');
  await app.managed(shop, 'DELETE', `${BASE}/subscriptions/${id}`, undefined, 204);
  assert.equal((await deliveriesOf(shop)).length, 1);
  const rows = async (table: string): Promise<number> =>
    (await database.admin.query(`select from shop.${table} where tenant_id = $1`, [shop])).rowCount ?? 0;
  const goes = (table: string, left: number): Promise<true> =>
    until(async () => ((await rows(table)) === left ? true : undefined), {
      withinMs: PATIENCE_MS,
      what: `${table} has ${left}`,
    });
  await goes('webhooks_deliveries', 1);
  ahead += 31 * 24 * HOUR_MS;
  await goes('webhooks_messages', 0);
  assert.equal(await rows('webhooks_deliveries'), 0);
  assert.equal((await stateOf(shop, kept.id)).enabled, true);
});

test('every topic is told, or it is written why not', () => {
  const all = DOMAINS.flatMap(({ topics }) => topics.map(({ name }) => name)).toSorted();
  assert.deepEqual([...TOPICS.map(({ name }) => name), ...Object.keys(NOT_TOLD)].toSorted(), all);
});
