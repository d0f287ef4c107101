/** Campaigns and reminders in a whole runtime with accounts, orders and notifications: who hears of what, and that nobody does twice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { MailMessage } from '../../../platform/ports.ts';
import { notifications } from '../../notifications/definition.ts';
import { orders } from '../../orders/definition.ts';
import { payments } from '../../payments/definition.ts';
import { marketing } from '../definition.ts';
import type { Campaign, Segment } from './schemas.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const DOMAINS = ['marketing', 'notifications', 'orders'];
/** A little ahead of the server's clock, which dates events. */
const clock = manualClock(new Date(Date.now() + MINUTE_MS));
const tenants = Array.from({ length: 6 }, (_, n) => `shop-${n}`);
let database: TestDatabase;
let shop: TestHost;
/** What meets the next requests to tell somebody something. */
let weather: ((key: string) => void) | undefined;

before(async () => {
  database = await startTestDatabase([marketing, notifications, orders, payments]);
  for (const id of tenants) await database.addTenant({ id, domains: DOMAINS }, ADMIN_SECRETS);
  await database.addTenant({ id: 'mute', domains: ['marketing'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: DOMAINS },
    {
      clock,
      services: {
        marketing: () => import('../service.ts'),
        orders: () => import('../../orders/service.ts'),
        notifications: async () => {
          const { createService } = await import('../../notifications/service.ts');
          return {
            createService: (platform) => {
              const service = createService(platform);
              return {
                ...service,
                operations: {
                  async notify(tenant, input) {
                    weather?.((input as { key: string }).key);
                    return service.operations['notify']?.(tenant, input);
                  },
                },
              };
            },
          };
        },
      },
    },
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

// A task makes the next one.
const settled = (): Promise<void> => shop.settled(3);

const emit: TestHost['emit'] = (...event) => shop.emit(...event);

const registered = (tenant: string, id: string, acceptsMarketing: boolean, locale = 'en-GB'): Promise<void> =>
  emit(tenant, 'accounts.customer', 'registered', id, {
    id,
    email: `${id}@example.com`,
    firstName: id,
    lastName: '',
    locale,
    acceptsMarketing,
  });

const bought = (
  tenant: string,
  type: string,
  orderId: string,
  customerId: string,
  amount: number,
  more: object = {},
): Promise<void> =>
  emit(tenant, 'orders.order', type, orderId, {
    orderId,
    number: orderId,
    status: type,
    email: `${customerId}@example.com`,
    customerId,
    total: { amount, currency: 'EUR' },
    refunded: 0,
    lines: [],
    at: clock.now().toISOString(),
    ...more,
  });

const admin = <T>(tenant: string, method: string, path: string, json?: object, status?: number): Promise<T> =>
  shop.managed<T>(tenant, method, `/api/admin/marketing/${path}`, json, status);

/** Whom mails with such a subject went to. */
async function told(tenant: string, subject: RegExp): Promise<readonly string[]> {
  await settled();
  const found = await shop.host.platform.outbox.list(tenant, { limit: 100 });
  // Only mails are asked for.
  const mails = found
    .filter(({ channel }) => channel === 'mail')
    .map(({ message }) => message as MailMessage);
  return mails
    .filter((mail) => subject.test(mail.subject))
    .map(({ to }) => to)
    .toSorted();
}

const CONTENT = {
  title: 'Spring is here',
  paragraphs: ['New jackets have come in.'],
  label: 'Have a look',
  path: '/collections/spring',
};
const campaignOf = (segment: Segment, more: object = {}): object => ({
  name: 'Spring',
  segment,
  channels: ['mail'],
  content: CONTENT,
  ...more,
});

test('a segment is who bought so often, so much, so lately, as orders and refunds have it', async () => {
  const tenant = newTenant();
  await registered(tenant, 'ada', true);
  await registered(tenant, 'bob', true, 'de');
  await registered(tenant, 'eve', false);
  await bought(tenant, 'confirmed', 'o1', 'ada', 10_000);
  await bought(tenant, 'confirmed', 'o2', 'ada', 5_000);
  await bought(tenant, 'refunded', 'o2', 'ada', 5_000, { refunded: 2_000 });
  await bought(tenant, 'confirmed', 'o3', 'bob', 4_000);
  await bought(tenant, 'cancelled', 'o3', 'bob', 4_000);
  await settled();
  const count = async (segment: Segment): Promise<number> =>
    (await admin<{ customers: number }>(tenant, 'POST', 'segments/count', segment)).customers;
  assert.equal(await count({}), 3);
  assert.equal(await count({ orders: { atLeast: 1 } }), 1, 'what was called off is no order');
  assert.equal(await count({ orders: { atLeast: 2, atMost: 2 } }), 1);
  assert.equal(await count({ orders: { atMost: 0 } }), 2);
  assert.equal(await count({ spent: { currency: 'EUR', atLeast: 13_000, atMost: 13_000 } }), 1);
  assert.equal(await count({ spent: { currency: 'USD', atLeast: 1 } }), 0);
  assert.equal(await count({ languages: ['de'] }), 1);
  assert.equal(await count({ lastOrderDays: { within: 7 }, registeredDays: { within: 7 } }), 1);
  clock.advance(8 * DAY_MS);
  assert.equal(await count({ lastOrderDays: { within: 7 } }), 0);
  assert.equal(await count({ lastOrderDays: { notWithin: 7 }, registeredDays: { notWithin: 7 } }), 3);
  const answer = await shop.merchant(tenant, 'POST', '/api/admin/marketing/segments/count', {
    json: { orders: {} },
  });
  assert.equal(answer.status, 400);
});

test('a campaign goes out at its time, to those of its segment who asked for news, once each although its task failed halfway', async () => {
  const tenant = newTenant();
  for (const [id, accepts] of [
    ['ada', true],
    ['bob', true],
    ['eve', false],
  ] as const)
    await registered(tenant, id, accepts);
  await registered(tenant, 'zoe', true, 'nb');
  await settled();
  const sendAt = new Date(clock.now().getTime() + 60 * MINUTE_MS).toISOString();
  const { id } = await admin<Campaign>(
    tenant,
    'POST',
    'campaigns',
    campaignOf({ languages: ['en'] }, { sendAt }),
    201,
  );
  assert.deepEqual(await told(tenant, /Spring/), []);
  let asked = 0;
  weather = () => {
    asked += 1;
    if (asked === 2) throw new ShopError('unavailable', 'nobody hosts notifications');
  };
  clock.advance(61 * MINUTE_MS);
  await settled();
  weather = undefined;
  assert.notEqual((await admin<Campaign>(tenant, 'GET', `campaigns/${id}`)).state, 'sent');
  clock.advance(10 * MINUTE_MS);
  assert.deepEqual(await told(tenant, /Spring is here/), ['ada@example.com', 'bob@example.com']);
  const campaign = await admin<Campaign>(tenant, 'GET', `campaigns/${id}`);
  assert.deepEqual([campaign.state, campaign.reached], ['sent', 3]);
  const [mail] = await shop.host.platform.outbox.list(tenant, { limit: 1 });
  assert.match(JSON.stringify(mail?.message), /https:\/\/shop-\d\.localhost\/collections\/spring/);
  assert.match(JSON.stringify(mail?.message), /"unsubscribe":"https/);
  await admin(tenant, 'POST', `campaigns/${id}/cancel`, undefined, 409);
});

test('a large segment is told page by page, and what was called off tells nobody more', async () => {
  const tenant = newTenant();
  await database.admin.query(
    `insert into shop.marketing_people (tenant_id, customer_id, email, since)
     select $1, 'c' || lpad(n::text, 3, '0'), 'c' || n || '@example.com', now() from generate_series(1, 120) n`,
    [tenant],
  );
  const all = await admin<Campaign>(tenant, 'POST', 'campaigns', campaignOf({}), 201);
  await settled();
  const { state, reached } = await admin<Campaign>(tenant, 'GET', `campaigns/${all.id}`);
  assert.deepEqual([state, reached], ['sent', 120]);
  const sendAt = new Date(clock.now().getTime() + MINUTE_MS).toISOString();
  const later = await admin<Campaign>(tenant, 'POST', 'campaigns', campaignOf({}, { sendAt }), 201);
  const called = await admin<Campaign>(tenant, 'POST', `campaigns/${later.id}/cancel`);
  assert.equal(called.state, 'cancelled');
  clock.advance(2 * MINUTE_MS);
  await settled();
  assert.equal((await admin<Campaign>(tenant, 'GET', `campaigns/${later.id}`)).reached, 0);
  const elsewhere = await shop.merchant(newTenant(), 'GET', `/api/admin/marketing/campaigns/${all.id}`);
  assert.equal(elsewhere.status, 404, 'it is the tenant’s own');
});

test('a shop without messages is told so, and has no campaign that waits for ever', async () => {
  await admin('mute', 'POST', 'campaigns', campaignOf({}), 409);
  await admin('mute', 'PUT', 'settings', { abandonedCarts: { enabled: true } }, 409);
});

test('a link leads to the shop and nowhere else', async () => {
  const tenant = newTenant();
  for (const path of ['https://evil.example', '//evil.example', '/\\evil.example', 'x'])
    await admin(tenant, 'POST', 'campaigns', campaignOf({}, { content: { ...CONTENT, path } }), 400);
});

test('whoever left a cart and asked for news is reminded once; who bought since, or never asked, is not', async () => {
  const tenant = newTenant();
  await registered(tenant, 'ada', true);
  await registered(tenant, 'bob', false);
  await registered(tenant, 'cleo', true);
  await database.admin.query(
    `insert into shop.orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
     values ($1, 'boots', 'boots', 1, 'Trail boots', '{}', '{"EUR": 12900}', true, true)`,
    [tenant],
  );
  await settled();
  const fill = async (email: string): Promise<string> => {
    const made = await shop.call(tenant, 'POST', '/api/orders/carts', {
      json: { currency: 'EUR', lines: [{ variantId: 'boots', quantity: 2 }] },
    });
    assert.equal(made.status, 201, made.text);
    const { id } = made.json<{ id: string }>();
    const named = await shop.call(tenant, 'PATCH', `/api/orders/carts/${id}`, { json: { email } });
    assert.equal(named.status, 200, named.text);
    return id;
  };
  await fill('cleo@example.com');
  clock.advance(MINUTE_MS);
  await admin(tenant, 'PUT', 'settings', { abandonedCarts: { enabled: true, afterMinutes: 60 } });
  clock.advance(MINUTE_MS);
  const cart = await fill('ada@example.com');
  await fill('bob@example.com');
  await fill('never@example.com');
  // A customer's own cart, and an order of theirs after it.
  const bought1 = await fill('cleo@example.com');
  await database.admin.query(
    `update shop.orders_carts set customer_id = 'cleo', email = null where tenant_id = $1 and id = $2`,
    [tenant, bought1],
  );
  clock.advance(30 * MINUTE_MS);
  await bought(tenant, 'confirmed', 'o1', 'cleo', 25_800);
  assert.deepEqual(await told(tenant, /cart|left/i), []);
  clock.advance(60 * MINUTE_MS);
  await settled();
  const reminded = await shop.host.platform.outbox.list(tenant, { limit: 100 });
  const reminders = reminded.filter(({ message }) => JSON.stringify(message).includes('/cart'));
  assert.deepEqual(
    reminders.map(({ recipient }) => recipient),
    ['ada@example.com'],
    'and nobody of a cart that was left before reminders were switched on',
  );
  assert.match(JSON.stringify(reminders[0]?.message), /2 × Trail boots/);
  await shop.call(tenant, 'PATCH', `/api/orders/carts/${cart}`, { json: { email: 'ada@example.com' } });
  clock.advance(2 * DAY_MS);
  await settled();
  const again = await shop.host.platform.outbox.list(tenant, { limit: 100 });
  assert.equal(again.filter(({ message }) => JSON.stringify(message).includes('/cart')).length, 1);
});
