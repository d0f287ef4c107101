/** Loyalty points in a whole runtime with accounts and orders: the ledger's laws, and what customers and merchants may do. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer, type TestHost } from '../../../host/testing.ts';
import { accounts } from '../../accounts/definition.ts';
import { newCustomer } from '../../accounts/testing/customers.ts';
import { orders } from '../../orders/definition.ts';
import { payments } from '../../payments/definition.ts';
import { marketing } from '../definition.ts';
import { createLedger } from './ledger.ts';
import { program as programSchema, type Account, type Redemption } from './schemas.ts';

const DOMAINS = ['accounts', 'marketing', 'orders'];
const PROGRAM = { enabled: true, currency: 'EUR', perPoint: 100, worth: 5, least: 10 };
let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([accounts, marketing, orders, payments]);
  for (const id of ['acme', 'other']) await database.addTenant({ id, domains: DOMAINS }, ADMIN_SECRETS);
  shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: DOMAINS,
  });
  const answer = await shop.merchant('acme', 'PUT', '/api/admin/marketing/settings', {
    json: { loyalty: PROGRAM },
  });
  assert.equal(answer.status, 200, answer.text);
});
after(async () => {
  await shop.stop();
  await database.stop();
});

interface Customer {
  readonly id: string;
  call(method: string, path: string, json?: object): Promise<TestAnswer>;
  points(): Promise<Account>;
}

async function register(): Promise<Customer> {
  const { customer, token } = await newCustomer(shop, 'acme', `${randomUUID()}@example.com`);
  const call: Customer['call'] = (method, path, json) =>
    shop.call('acme', method, `/api/marketing/points${path}`, {
      ...(json === undefined ? {} : { json }),
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() },
    });
  return { id: customer.id, call, points: async () => (await call('GET', '')).json<Account>() };
}

async function heard(type: string, orderId: string, customerId: string, more: object = {}): Promise<void> {
  await shop.host.sql.transaction('acme', (tx) =>
    tx.emit({
      topic: 'orders.order',
      type: `orders.order.${type}`,
      key: orderId,
      payload: {
        orderId,
        customerId,
        total: { amount: 10_050, currency: 'EUR' },
        refunded: 0,
        at: new Date().toISOString(),
        ...more,
      },
    }),
  );
  await shop.host.events.flush();
  await shop.host.events.settled();
}

test('an order earns, what is given back takes its share, and what is called off takes the rest', async () => {
  const ada = await register();
  await heard('confirmed', 'o1', ada.id);
  await heard('confirmed', 'o2', ada.id, { total: { amount: 5_000, currency: 'USD' } });
  assert.equal((await ada.points()).balance, 100, 'a point for each whole euro, and for euros only');
  await heard('refunded', 'o1', ada.id, { refunded: 2_010 });
  assert.equal((await ada.points()).balance, 80);
  await heard('refunded', 'o1', ada.id, { refunded: 4_020 });
  await heard('cancelled', 'o1', ada.id);
  await heard('refunded', 'never-earned', ada.id, { refunded: 50 });
  const { balance, entries } = await ada.points();
  assert.equal(balance, 0);
  assert.deepEqual(
    entries.map(({ kind, points }) => [kind, points]),
    [
      ['taken', -60],
      ['taken', -20],
      ['taken', -20],
      ['earned', 100],
    ],
  );
});

test('points become a gift card whose code can be lost, but is not good twice; nobody spends what they have not, however many at once', async () => {
  const ada = await register();
  const granted = await shop.merchant('acme', 'POST', `/api/admin/marketing/points/${ada.id}/grants`, {
    json: { points: 100, note: 'a birthday' },
  });
  assert.equal(granted.status, 201, granted.text);
  assert.equal((await ada.call('POST', '/redemptions', { points: 9 })).status, 400);
  const many = await Promise.all(
    Array.from({ length: 6 }, () => ada.call('POST', '/redemptions', { points: 40 })),
  );
  assert.deepEqual(many.map(({ status }) => status).toSorted(), [201, 201, 409, 409, 409, 409]);
  const { balance, redemptions } = await ada.points();
  assert.deepEqual([balance, redemptions.length], [20, 2]);
  const made = many.find(({ status }) => status === 201)?.json<Redemption>();
  assert.ok(made);
  assert.deepEqual([made.amount, made.currency], [200, 'EUR']);
  const code = async (): Promise<string> => {
    const answer = await ada.call('POST', `/redemptions/${made.id}/card`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json<{ code: string }>().code;
  };
  const [first, second] = [await code(), await code()];
  assert.notEqual(first, second);
  const cart = (await shop.call('acme', 'POST', '/api/orders/carts', { json: { currency: 'EUR' } })).json<{
    id: string;
  }>();
  const put = async (card: string): Promise<number> =>
    (await shop.call('acme', 'POST', `/api/orders/carts/${cart.id}/gift-cards`, { json: { code: card } }))
      .status;
  assert.ok((await put(first)) >= 400, 'the code that was told before is void');
  assert.equal(await put(second), 200);
  const { rows } = await database.admin.query<{ cards: number; worth: number }>(
    `select count(*)::int as cards, sum(balance)::int as worth from shop.orders_gift_cards where tenant_id = 'acme'`,
  );
  assert.deepEqual(rows, [{ cards: 1, worth: 200 }]);
  await database.admin.query(
    `update shop.orders_gift_cards set version = 2 where tenant_id = 'acme' and id = $1`,
    [made.id],
  );
  assert.equal((await ada.call('POST', `/redemptions/${made.id}/card`)).status, 409, 'it is in use');
  const eve = await register();
  assert.equal((await eve.call('POST', `/redemptions/${made.id}/card`)).status, 404, 'it is Ada’s');
});

test('a shop without a program earns and redeems nothing', async () => {
  const answer = await shop.merchant('other', 'GET', '/api/admin/marketing/points/ada');
  assert.equal(answer.json<Account>().program.enabled, false);
  const ledger = createLedger(shop.host.platform);
  await assert.rejects(
    shop.host.sql.transaction('other', (tx) =>
      ledger.redeem(tx, 'other', programSchema.parse({}), 'ada', 1_000),
    ),
    { code: 'conflict' },
  );
});

const action = fc.oneof(
  fc.record({ do: fc.constant('sell' as const), order: fc.nat(3), total: fc.nat(90_000) }),
  fc.record({ do: fc.constant('give back' as const), order: fc.nat(3), left: fc.nat(90_000) }),
  fc.record({ do: fc.constant('redeem' as const), points: fc.integer({ min: 10, max: 400 }) }),
  fc.record({ do: fc.constant('grant' as const), points: fc.integer({ min: -50, max: 300 }) }),
);

test('whatever happens in whatever order, and twice: the balance is the sum of the entries, and no redemption makes it less than nothing', async () => {
  const ledger = createLedger(shop.host.platform);
  const { sql } = shop.host;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 12 }), async (actions) => {
      const customerId = randomUUID();
      const totals = new Map<number, number>();
      const work = actions.flatMap((one, n) => {
        if (one.do === 'sell') totals.set(one.order, one.total);
        const total = 'order' in one ? (totals.get(one.order) ?? 0) : 0;
        const run = (): Promise<unknown> =>
          sql.transaction('acme', async (tx) => {
            if (one.do === 'grant')
              return ledger.post(tx, 'acme', customerId, {
                kind: 'granted',
                points: one.points,
                source: `grant:${n}`,
              });
            if (one.do === 'redeem') return ledger.redeem(tx, 'acme', PROGRAM, customerId, one.points);
            return ledger.hear(tx, 'acme', PROGRAM, {
              orderId: `${customerId}/${one.order}`,
              customerId,
              currency: 'EUR',
              total,
              left: one.do === 'sell' ? total : Math.min(one.left, total),
              isNew: one.do === 'sell',
              source: `event:${n}`,
            });
          });
        // What is heard of may be heard of again; a redemption that is asked for twice is two.
        return one.do === 'redeem' ? [run] : [run, run];
      });
      // Two at a time, as two processes are.
      for (let n = 0; n < work.length; n += 2)
        await Promise.all(
          work
            .slice(n, n + 2)
            .map((run) =>
              run().catch((error: unknown) => assert.match(String(error), /There are -?\d+ points/)),
            ),
        );
      const { rows } = await database.admin.query<{
        kind: string;
        points: string;
        balance: string;
        n: number;
      }>(
        `select kind, points, balance, sequence as n from shop.marketing_point_entries
         where tenant_id = 'acme' and customer_id = $1 order by sequence`,
        [customerId],
      );
      let sum = 0;
      for (const [at, { kind, points, balance, n }] of rows.entries()) {
        sum += Number(points);
        assert.equal(n, at + 1, 'no entry is missing');
        assert.equal(Number(balance), sum);
        if (kind === 'spent') assert.ok(sum >= 0);
      }
      const { rows: accountsOf } = await database.admin.query<{ balance: string }>(
        `select balance from shop.marketing_point_accounts where tenant_id = 'acme' and customer_id = $1`,
        [customerId],
      );
      assert.equal(Number(accountsOf[0]?.balance ?? 0), sum);
      const { rows: perOrder } = await database.admin.query<{ kept: string }>(
        `select sum(points) as kept from shop.marketing_point_entries
         where tenant_id = 'acme' and customer_id = $1 and order_id is not null group by order_id`,
        [customerId],
      );
      for (const { kept } of perOrder) assert.ok(Number(kept) >= 0, 'an order takes no more than it gave');
    }),
    { seed: 41, numRuns: 20 },
  );
});
