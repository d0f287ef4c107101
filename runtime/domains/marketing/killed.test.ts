/** `kill -9` in the middle of campaigns and of earning: everybody hears once, and a balance is what its orders and grants make of it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createMortals, type Mortal } from '../../../tests/support/mortal.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send, type TestAnswer } from '../../host/testing.ts';
import type { PostgresSql } from '../../platform/sql/postgres.ts';
import { DOMAINS } from '../index.ts';
import type { Campaign } from './campaigns/schemas.ts';
import type { Account } from './loyalty/schemas.ts';

/** Shops, by the moment at which a campaign of theirs is killed. */
const CAMPAIGNS = ['asked', 'told', 'noted'] as const;
const PATIENCE_MS = 60_000;
/** A page and a part of the next one. */
const PEOPLE = 60;
const CAMPAIGN = {
  name: 'Spring',
  segment: {},
  channels: ['mail'],
  content: { title: 'Spring is here', paragraphs: ['New jackets.'], label: 'Look', path: '/' },
};
const mortals = createMortals(new URL('./testing/runtime.child.ts', import.meta.url), () => database);
let database: TestDatabase;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase(DOMAINS);
  for (const id of [...CAMPAIGNS, 'points'])
    await database.addTenant({ id, domains: ['marketing', 'notifications'] }, ADMIN_SECRETS);
  sql = database.open();
  const runtime = await mortals.start();
  await Promise.all(CAMPAIGNS.map(haveRegistered));
  await runtime.kill();
});
after(async () => {
  mortals.stop();
  await database.stop();
});

const merchant = (
  { port }: Mortal,
  shop: string,
  method: string,
  path: string,
  json?: object,
  key: string = randomUUID(),
): Promise<TestAnswer> =>
  send(port, `${shop}.localhost`, method, `/api/admin/marketing/${path}`, {
    ...(json === undefined ? {} : { json }),
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'idempotency-key': key },
  });

/** All of them ask for news. */
async function haveRegistered(shop: string): Promise<void> {
  for (let n = 0; n < PEOPLE; n++) {
    const id = `c${n}`;
    await sql.transaction(shop, (tx) =>
      tx.emit({
        topic: 'accounts.customer',
        type: 'accounts.customer.registered',
        key: id,
        payload: {
          id,
          email: `${id}@example.com`,
          firstName: id,
          lastName: '',
          locale: 'en',
          acceptsMarketing: true,
        },
      }),
    );
  }
  await until(
    async () => {
      const { rows } = await database.admin.query<{ here: number; there: number }>(
        `select (select count(*)::int from shop.marketing_people where tenant_id = $1) as here,
           (select count(*)::int from shop.notifications_contacts where tenant_id = $1) as there`,
        [shop],
      );
      return (rows[0]?.here === PEOPLE && rows[0].there === PEOPLE) || undefined;
    },
    { withinMs: PATIENCE_MS, what: 'both have heard of everybody' },
  );
}

for (const [moment, when] of [
  ['asked', 'before a message is asked for'],
  ['told', 'once a message is asked for'],
  ['noted', 'once a page is noted'],
] as const)
  test(`a campaign that is killed ${when} reaches everybody, and nobody twice`, async () => {
    const dying = await mortals.start({ CRASH: moment });
    const key = randomUUID();
    // It may die before it has answered.
    await merchant(dying, moment, 'POST', 'campaigns', CAMPAIGN, key).catch(() => undefined);
    await dying.gone();
    const next = await mortals.start();
    const made = await merchant(next, moment, 'POST', 'campaigns', CAMPAIGN, key);
    assert.equal(made.status, 201, made.text);
    const { id } = made.json<Campaign>();
    const campaign = await until(
      async () => {
        const seen = (await merchant(next, moment, 'GET', `campaigns/${id}`)).json<Campaign>();
        return seen.state === 'sent' ? seen : undefined;
      },
      { withinMs: PATIENCE_MS, what: 'the campaign has gone out' },
    );
    assert.equal(campaign.reached, PEOPLE);
    const { rows } = await database.admin.query<{ campaigns: number; told: number; people: number }>(
      `select (select count(*)::int from shop.marketing_campaigns where tenant_id = $1) as campaigns,
         count(*)::int as told, count(distinct source)::int as people
       from shop.notifications_deliveries where tenant_id = $1 and kind = 'marketing.campaign'`,
      [moment],
    );
    assert.deepEqual(rows, [{ campaigns: 1, told: PEOPLE, people: PEOPLE }]);
    await next.kill();
  });

test('killed anywhere while orders earn, are refunded, and points are granted, each counts once', async () => {
  const CUSTOMER = 'ada';
  const ORDERS = 8;
  const sale = (type: string, orderId: string, refunded: number): Promise<void> =>
    sql.transaction('points', (tx) =>
      tx.emit({
        topic: 'orders.order',
        type: `orders.order.${type}`,
        key: orderId,
        payload: {
          orderId,
          customerId: CUSTOMER,
          total: { amount: 10_000, currency: 'EUR' },
          refunded,
          at: new Date().toISOString(),
        },
      }),
    );
  const loyalty = { enabled: true, currency: 'EUR', perPoint: 100, worth: 5, least: 10 };
  let runtime = await mortals.start();
  assert.equal((await merchant(runtime, 'points', 'PUT', 'settings', { loyalty })).status, 200);
  const grants = Array.from({ length: 2 }, () => randomUUID());
  const grant = (key: string): Promise<TestAnswer> =>
    merchant(runtime, 'points', 'POST', `points/${CUSTOMER}/grants`, { points: 7, note: 'sorry' }, key);
  const account = async (): Promise<Account> =>
    (await merchant(runtime, 'points', 'GET', `points/${CUSTOMER}`)).json<Account>();
  for (const [life, key] of grants.entries()) {
    const asked = grant(key).catch(() => undefined);
    for (let n = 0; n < ORDERS; n++) {
      await sale('confirmed', `o${life}-${n}`, 0);
      if (n % 2 === 0) await sale('refunded', `o${life}-${n}`, 2_500);
    }
    // Somewhere between the first and the last.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
    await runtime.kill();
    await asked;
    runtime = await mortals.start();
  }
  for (const key of grants)
    assert.equal((await grant(key)).status, 201, 'asked again, it is answered as before');
  const due = grants.length * (ORDERS * 100 - (ORDERS / 2) * 25 + 7);
  await until(async () => (await account()).balance === due || undefined, {
    withinMs: PATIENCE_MS,
    what: `the balance is ${due}`,
    tell: async () => `${(await account()).balance}`,
  });
  const { rows } = await database.admin.query<{ entries: number; sum: number }>(
    `select count(*)::int as entries, sum(points)::int as sum from shop.marketing_point_entries where tenant_id = 'points'`,
  );
  assert.deepEqual(rows, [{ entries: grants.length * (ORDERS + ORDERS / 2 + 1), sum: due }]);
  await runtime.kill();
});
