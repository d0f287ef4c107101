/**
 * `kill -9` around the sending of a webhook: none is lost, and what the receiver had already comes a second time under the id by which it
 * knows that.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createMortals, type Mortal } from '../../../tests/support/mortal.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send } from '../../host/testing.ts';
import type { PostgresSql } from '../../platform/sql/postgres.ts';
import { DOMAINS } from '../index.ts';
import { startReceiver, type Receiver } from './testing/receiver.ts';

type Moment = 'taken' | 'told' | 'noted';

const PATIENCE_MS = 60_000;
let database: TestDatabase;
let receiver: Receiver;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase(DOMAINS);
  for (const shop of ['taken', 'told', 'noted', 'answered', 'silent', 'anywhere'])
    await database.addTenant({ id: shop, domains: ['webhooks'] }, ADMIN_SECRETS);
  receiver = await startReceiver();
  sql = database.open();
});
after(async () => {
  mortals.stop();
  await receiver.stop();
  await database.stop();
});

const mortals = createMortals(new URL('./testing/runtime.child.ts', import.meta.url), () => database);

async function start(crash?: Moment): Promise<Mortal> {
  // As if the minute of whoever was killed had passed: the test does not wait for that. What has no task is not found by this.
  await database.admin.query(
    `update shop.webhooks_deliveries set next_at = now() - interval '1 second' where sending`,
  );
  await database.admin.query(
    `update shop.tasks set run_at = now() where name = 'webhooks.send' and state = 'waiting'`,
  );
  return mortals.start(crash === undefined ? {} : { CRASH: crash });
}

async function subscribe({ port }: Mortal, shop: string): Promise<void> {
  const answer = await send(port, `${shop}.localhost`, 'POST', '/api/admin/webhooks/subscriptions', {
    json: { url: `${receiver.origin}/${shop}`, events: ['*'] },
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  assert.equal(answer.status, 201, answer.text);
}

const tell = (shop: string, key: string): Promise<void> =>
  sql.transaction(shop, (tx) =>
    tx.emit({ topic: 'catalog.product', type: 'catalog.product.deleted', key, payload: { key } }),
  );

async function states(shop: string): Promise<readonly string[]> {
  const { rows } = await database.admin.query<{ state: string }>(
    'select state from shop.webhooks_deliveries where tenant_id = $1',
    [shop],
  );
  return rows.map(({ state }) => state);
}

const allDelivered = (shop: string, count: number): Promise<true> =>
  until(
    async () => {
      const found = await states(shop);
      return (found.length === count && found.every((state) => state === 'delivered')) || undefined;
    },
    {
      withinMs: PATIENCE_MS,
      what: `${count} are delivered`,
      tell: async () => (await states(shop)).join(', '),
    },
  );

for (const [moment, arrivals] of [
  ['taken', 1],
  ['told', 2],
  ['noted', 1],
] as const)
  test(`killed ${{ taken: 'with a delivery in its hands', told: 'once the receiver had it', noted: 'once the log said so' }[moment]}, it arrives ${arrivals === 1 ? 'once' : 'twice, under one id'}`, async () => {
    const dying = await start(moment);
    await subscribe(dying, moment);
    await tell(moment, 'p1');
    await dying.gone();
    const next = await start();
    await allDelivered(moment, 1);
    await next.kill();
    const ids = receiver.heardAt(`/${moment}`).map(({ id }) => id);
    assert.equal(ids.length, arrivals);
    assert.equal(new Set(ids).size, 1);
  });

for (const [shop, answers] of [
  ['answered', true],
  ['silent', false],
] as const)
  test(`asked to stop with a delivery in the air, it ${answers ? 'waits for the answer' : 'gives back what is not answered in time, and the next one sends it'}`, async () => {
    const answer = Promise.withResolvers<number>();
    receiver.at(`/${shop}`, (_, n) => (n > 1 ? 204 : answers ? answer.promise : 'silence'));
    const runtime = await start();
    await subscribe(runtime, shop);
    await tell(shop, 'p1');
    await until(() => receiver.heardAt(`/${shop}`).length === 1 || undefined, {
      withinMs: PATIENCE_MS,
      what: 'it arrives',
    });
    const stopped = runtime.stop();
    answer.resolve(204);
    await stopped;
    assert.deepEqual(await states(shop), [answers ? 'delivered' : 'waiting']);
    if (answers) return;
    const next = await start();
    await allDelivered(shop, 1);
    await next.kill();
    const [first, second, ...more] = receiver.heardAt(`/${shop}`).map(({ id }) => id);
    assert.equal(first, second);
    assert.deepEqual(more, []);
  });

test('killed anywhere while events are told, each arrives, and none under two ids', async () => {
  const path = '/anywhere';
  let runtime = await start();
  await subscribe(runtime, 'anywhere');
  const told: string[] = [];
  for (let life = 0; life < 3; life++) {
    const before = receiver.heardAt(path).length;
    for (let n = 0; n < 8; n++) {
      told.push(`l${life}-${n}`);
      await tell('anywhere', `l${life}-${n}`);
    }
    await until(() => (receiver.heardAt(path).length > before ? true : undefined), {
      withinMs: PATIENCE_MS,
      everyMs: 5,
      what: 'the first of this life arrives',
    });
    // Somewhere between the first and the last.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
    await runtime.kill();
    runtime = await start();
  }
  await allDelivered('anywhere', told.length);
  await runtime.kill();
  const ids = new Map<string, Set<string>>();
  for (const { id, body } of receiver.heardAt(path)) {
    const { key } = (JSON.parse(body) as { data: { key: string } }).data; // as told
    ids.set(key, (ids.get(key) ?? new Set()).add(id));
  }
  assert.deepEqual([...ids.keys()].toSorted(), told.toSorted());
  assert.ok([...ids.values()].every(({ size }) => size === 1));
});
