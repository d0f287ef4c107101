/** Asking for reviews in a whole runtime: who is asked, when, once, and who is not; and the merchant's digest of what waits to be read. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import type { MailMessage } from '../../../platform/ports.ts';
import type { Session } from '../../accounts/definition.ts';
import { newCustomer } from '../../accounts/testing/customers.ts';
import type { AdminProduct } from '../schemas.ts';
import { createService } from '../service.ts';
import { startTellingShops, type TellingShops } from '../testing/telling.ts';
import { ASK } from './asking.ts';
import type { OwnReview, ReviewSettings } from './schemas.ts';

const DAY_MS = 24 * 60 * 60_000;
/** A little ahead of the server's clock, which dates events. */
const clock = manualClock(new Date(Date.now() + 60_000));
let shops: TellingShops;
let database: TestDatabase;
let shop: TestHost;
let people = 0;

before(async () => {
  shops = await startTellingShops(clock, 8);
  ({ database, shop } = shops);
});
after(() => shops.stop());

async function newShop(askAfterDays: number | null = 7): Promise<string> {
  const tenant = shops.next();
  await settings(tenant, askAfterDays);
  return tenant;
}

async function settings(tenant: string, askAfterDays: number | null): Promise<void> {
  const path = '/api/admin/catalog/review-settings';
  const present = await shop.managed<ReviewSettings>(tenant, 'GET', path);
  await shop.managed(tenant, 'PUT', path, { ...present, askAfterDays });
}

const product = (tenant: string, title: string) =>
  shop.managed<AdminProduct>(
    tenant,
    'POST',
    '/api/admin/catalog/products',
    { title, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] },
    201,
  );
const person = (tenant: string, acceptsMarketing = true): Promise<Session> =>
  newCustomer(shop, tenant, `person-${(people += 1)}@example.com`, { acceptsMarketing });

const orderOf = (who: Session | undefined, products: readonly AdminProduct[], orderId = randomUUID()) => ({
  orderId,
  number: `A-${orderId.slice(0, 4)}`,
  ...(who === undefined ? {} : { customerId: who.customer.id }),
  email: 'somebody@example.com',
  total: { amount: 100, currency: 'EUR' },
  refunded: 0,
  lines: products.map(({ id, title, variants }) => ({
    variantId: variants[0]?.id ?? '',
    productId: id,
    title,
    quantity: 1,
    unitPrice: 100,
  })),
  at: clock.now().toISOString(),
});

/** As orders tell it, at this clock's time. */
async function tell(tenant: string, type: string, order: ReturnType<typeof orderOf>): Promise<void> {
  const hear = createService(shop.host.platform).consumers['orders.order'];
  assert.ok(hear);
  const told = { tenant, topic: 'orders.order', type: `orders.order.${type}`, key: order.orderId };
  const event = { ...told, id: randomUUID(), payload: order, occurredAt: clock.now() };
  await shop.host.sql.transaction(tenant, (tx) => hear(event, tx));
  await shop.settled(2);
}

/** As many days on, everything that was due by then is done. */
async function passing(days: number): Promise<void> {
  clock.advance(days * DAY_MS);
  await shop.settled(4);
}

async function asked(tenant: string): Promise<MailMessage[]> {
  const sent = await shop.host.platform.outbox.list(tenant, { limit: 100 });
  return sent.flatMap(({ channel, message }) => {
    const mail = message as MailMessage; // where the channel says so
    return channel === 'mail' && mail.subject === 'Wie gefällt es dir?' ? [mail] : [];
  });
}
const addresses = async (tenant: string) => (await asked(tenant)).map(({ to }) => to).toSorted();

async function review(who: Session, tenant: string, productId: string): Promise<OwnReview> {
  const answer = await shop.call(tenant, 'POST', '/api/catalog/reviews', {
    headers: { authorization: `Bearer ${who.token}`, 'idempotency-key': randomUUID() },
    json: { productId, rating: 4, title: '', body: 'Good.', name: 'Ada' },
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<OwnReview>();
}

// The first of all: what happened a day before the clock is no news, and the others turn it.
test('the merchant hears of reviews that wait to be read once a day, in one mail, or not at all', async () => {
  const tenant = await newShop();
  const to = 'merchant@example.com';
  const merchant = (reviews: string) =>
    shop.managed(tenant, 'PUT', '/api/admin/notifications/settings', {
      merchant: { emails: [to], orders: 'off', reviews },
    });
  const boots = await product(tenant, 'Boots');
  const unread = async (): Promise<void> => {
    const who = await person(tenant);
    await tell(tenant, 'confirmed', orderOf(who, [boots]));
    await review(who, tenant, boots.id);
  };
  await merchant('off');
  await unread();
  await shop.settled(2);
  await merchant('daily');
  for (let n = 0; n < 3; n++) await unread();
  await shop.settled(2);
  const heard = async () =>
    (await shop.host.platform.outbox.list(tenant, { limit: 100 })).filter(
      ({ recipient }) => recipient === to,
    );
  assert.deepEqual(await heard(), []);
  await passing(1);
  const [digest, ...more] = await heard();
  assert.deepEqual(more, []);
  assert.ok(digest);
  const { text } = digest.message as MailMessage; // the merchant is reached by mail alone
  assert.equal(text.match(/Neue Bewertung zu Boots: 4 von 5/g)?.length, 3, text);
});

test('who bought is asked once, some days after the goods arrived, about what they have not reviewed', async () => {
  const tenant = await newShop();
  const [boots, socks] = [await product(tenant, 'Boots <b>'), await product(tenant, 'Socks')];
  const ada = await person(tenant);
  const order = orderOf(ada, [boots, socks]);
  await tell(tenant, 'confirmed', order);
  await tell(tenant, 'fulfilled', order);
  await review(ada, tenant, socks.id);
  await passing(6);
  assert.deepEqual(await asked(tenant), []);
  await passing(2);
  const [mail, ...more] = await asked(tenant);
  assert.ok(mail);
  assert.deepEqual([mail.to, more], [ada.customer.email, []]);
  assert.ok(mail.html.includes(`/products/${boots.handle}#reviews`), mail.html);
  assert.ok(mail.html.includes('Boots &lt;b&gt;') && !mail.html.includes('Socks'), mail.html);
  assert.match(mail.unsubscribe ?? '', /\.reviews\./);
  // Told again, as after an edit of the order.
  await tell(tenant, 'fulfilled', order);
  await passing(30);
  assert.equal((await asked(tenant)).length, 1);
});

test('goods that are told to have arrived are asked about so much later', async () => {
  const tenant = await newShop();
  const order = orderOf(await person(tenant), [await product(tenant, 'Boots')]);
  await tell(tenant, 'fulfilled', order);
  await passing(5);
  await tell(tenant, 'fulfilment_delivered', order);
  await passing(4);
  assert.deepEqual(await asked(tenant), []);
  await passing(4);
  assert.equal((await asked(tenant)).length, 1);
});

test('nobody is asked whose money or goods come back, whichever is told first', async () => {
  const tenant = await newShop();
  const boots = await product(tenant, 'Boots');
  const [late, early, back, gladly] = await Promise.all([1, 2, 3, 4].map(() => person(tenant)));
  assert.ok(late && early && back && gladly);
  const orders = [late, early, back, gladly].map((who) => orderOf(who, [boots]));
  const [of, before_, returned, fine] = orders;
  assert.ok(of && before_ && returned && fine);
  await tell(tenant, 'fulfilled', of);
  await tell(tenant, 'refunded', { ...of, refunded: 10 });
  await tell(tenant, 'refunded', { ...before_, refunded: 10 });
  await tell(tenant, 'fulfilled', { ...before_, refunded: 10 });
  await tell(tenant, 'fulfilled', returned);
  await tell(tenant, 'return_requested', returned);
  await tell(tenant, 'fulfilled', fine);
  await passing(8);
  assert.deepEqual(await addresses(tenant), [gladly.customer.email]);
});

test('who did not ask for news, has reviewed everything or bought as a guest hears nothing', async () => {
  const tenant = await newShop();
  const boots = await product(tenant, 'Boots');
  const [silent, done] = [await person(tenant, false), await person(tenant)];
  const order = orderOf(done, [boots]);
  await tell(tenant, 'confirmed', order);
  for (const each of [order, orderOf(silent, [boots]), orderOf(undefined, [boots])])
    await tell(tenant, 'fulfilled', each);
  await review(done, tenant, boots.id);
  await passing(8);
  assert.deepEqual(await asked(tenant), []);
  const { rows } = await database.admin.query<{ state: string }>(
    'select state from shop.catalog_review_asks where tenant_id = $1 order by state',
    [tenant],
  );
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['asked', 'dropped'],
  );
});

test('who wants no such mail, and news all the same, ends just these by the link', async () => {
  const tenant = await newShop();
  const [boots, ada] = [await product(tenant, 'Boots'), await person(tenant)];
  await tell(tenant, 'fulfilled', orderOf(ada, [boots]));
  await passing(8);
  const [first] = await asked(tenant);
  assert.ok(first?.unsubscribe);
  const { pathname, search } = new URL(first.unsubscribe);
  const ended = await shop.call(tenant, 'POST', `${pathname}${search}`, {
    body: 'List-Unsubscribe=One-Click',
  });
  assert.equal(ended.status, 200, ended.text);
  await tell(tenant, 'fulfilled', orderOf(ada, [boots]));
  await passing(8);
  assert.equal((await asked(tenant)).length, 1);
  const preferences = await shop.call(tenant, 'GET', '/api/notifications/preferences', {
    headers: { authorization: `Bearer ${ada.token}` },
  });
  assert.deepEqual(preferences.json<{ contacts: { preferences: object }[] }>().contacts[0]?.preferences, {
    orders: 'on',
    marketing: 'on',
    wishes: 'on',
    reviews: 'off',
  });
});

test('what went out while it was off, or waited when it was switched off, is not asked about', async () => {
  const tenant = await newShop(null);
  const [boots, ada] = [await product(tenant, 'Boots'), await person(tenant)];
  await tell(tenant, 'fulfilled', orderOf(ada, [boots]));
  await settings(tenant, 3);
  await tell(tenant, 'fulfilled', orderOf(ada, [boots]));
  await settings(tenant, null);
  await settings(tenant, 3);
  await passing(8);
  assert.deepEqual(await asked(tenant), []);
  const refused = await shop.merchant('mute', 'PUT', '/api/admin/catalog/review-settings', {
    json: { version: 0, writers: 'buyers', publication: 'checked', heldWords: [], askAfterDays: 3 },
  });
  assert.equal(refused.status, 409, refused.text);
});

test('rounds that run at once, and pages of many orders, ask each customer once', async () => {
  const tenant = await newShop();
  const boots = await product(tenant, 'Boots');
  const buyers = Array.from({ length: 60 }, (_, n) => ({ id: `cus_${n}`, email: `buyer-${n}@example.com` }));
  for (const { id, email } of buyers) {
    const names = { firstName: '', lastName: '', locale: null };
    await shop.emit(tenant, 'accounts.customer', 'updated', id, {
      id,
      email,
      ...names,
      acceptsMarketing: true,
    });
    await tell(tenant, 'fulfilled', { ...orderOf(undefined, [boots]), customerId: id });
  }
  clock.advance(8 * DAY_MS);
  const round = createService(shop.host.platform).tasks[ASK];
  assert.ok(round);
  const run = { tenant, payload: {}, attempt: 1, fence: 1, signal: new AbortController().signal };
  await Promise.all([round(run), round(run), round(run)]);
  await shop.settled(4);
  assert.deepEqual(await addresses(tenant), buyers.map(({ email }) => email).toSorted());
});
