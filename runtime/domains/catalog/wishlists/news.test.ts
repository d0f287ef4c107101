/** Telling of what was wished for, in a whole runtime: once a change, whoever tells of it and how often; by consent; and not what is no longer so. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import type { MailMessage, StoredEvent } from '../../../platform/ports.ts';
import type { Session } from '../../accounts/definition.ts';
import { newCustomer } from '../../accounts/testing/customers.ts';
import type { AdminProduct } from '../schemas.ts';
import { createService } from '../service.ts';
import { startTellingShops, type TellingShops } from '../testing/telling.ts';
import { MOST_UNANSWERED } from './alerts.ts';
import { dropsOf, SETTLE_MS, TELL } from './news.ts';
import type { LinkedAlert, StockAlerts, Wishlist } from './schemas.ts';

const DAY_MS = 24 * 60 * 60_000;
const clock = manualClock(new Date(Date.now() + 60_000));
let shops: TellingShops;
let database: TestDatabase;
let shop: TestHost;
let people = 0;

before(async () => {
  shops = await startTellingShops(clock, 9, ['EUR', 'USD']);
  ({ database, shop } = shops);
});
after(() => shops.stop());

const newShop = (): string => shops.next();

const input = (title: string, amount: number) => ({
  title,
  variants: [{ prices: [{ amount, currency: 'EUR' }] }],
});
const product = (tenant: string, title = 'Boots', amount = 10_000) =>
  shop.managed<AdminProduct>(tenant, 'POST', '/api/admin/catalog/products', input(title, amount), 201);
async function reprice(tenant: string, { id, title }: AdminProduct, amount: number): Promise<void> {
  const path = `/api/admin/catalog/products/${id}`;
  const { version, variants } = await shop.managed<AdminProduct>(tenant, 'GET', path);
  const json = { ...input(title, amount), version };
  await shop.managed(tenant, 'PUT', path, {
    ...json,
    variants: json.variants.map((each) => ({ ...each, id: variants[0]?.id })),
  });
}
const variantOf = ({ variants }: AdminProduct): string => variants[0]?.id ?? '';
const person = (tenant: string, acceptsMarketing = true): Promise<Session> =>
  newCustomer(shop, tenant, `wisher-${(people += 1)}@example.com`, { acceptsMarketing });

const as = (who: Session | undefined, tenant: string, method: string, path: string, json?: object) =>
  shop.call(tenant, method, `/api/catalog${path}`, {
    headers: who === undefined ? {} : { authorization: `Bearer ${who.token}` },
    ...(json === undefined ? {} : { json }),
  });
async function wish(who: Session, tenant: string, thing: AdminProduct): Promise<void> {
  const answer = await as(who, tenant, 'PUT', `/wishlists/default/items/${variantOf(thing)}`);
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.json<Wishlist>().items.length > 0);
}

const stockEvent = (tenant: string, thing: AdminProduct, availability: string): StoredEvent => ({
  id: randomUUID(),
  tenant,
  topic: 'orders.stock',
  type: 'orders.stock.changed',
  key: variantOf(thing),
  payload: { variantId: variantOf(thing), availability },
  occurredAt: clock.now(),
});
/** A consumer hears it, in a transaction of its own. */
async function hear(event: StoredEvent): Promise<void> {
  const consumer = createService(shop.host.platform).consumers['orders.stock'];
  assert.ok(consumer);
  await shop.host.sql.transaction(event.tenant, (tx) => consumer(event, tx));
}
const stock = (tenant: string, thing: AdminProduct, availability: string) =>
  hear(stockEvent(tenant, thing, availability));

/** What has happened has settled, and all of it is told. */
async function told(): Promise<void> {
  await shop.settled(1);
  clock.advance(SETTLE_MS + 1_000);
  await shop.settled(8);
}
async function mails(tenant: string): Promise<MailMessage[]> {
  const sent = await shop.host.platform.outbox.list(tenant, { limit: 100 });
  // The channel says which it is.
  return sent.flatMap(({ channel, message }) => (channel === 'mail' ? [message as MailMessage] : []));
}
const heard = async (tenant: string, subject: RegExp): Promise<string[]> =>
  (await mails(tenant)).filter((mail) => subject.test(mail.subject)).map(({ to }) => to);
const BACK = /^Wieder da/;
const CHEAPER = /^Jetzt günstiger/;
const ASKED = /^Sollen wir dir sagen/;
const ALERTED = /ist wieder da$/;

test('what was wished for is told to be back, once, to whoever asked for news and had wished for it before', async () => {
  const tenant = newShop();
  const boots = await product(tenant);
  const [ada, silent, late] = [await person(tenant), await person(tenant, false), await person(tenant)];
  await stock(tenant, boots, 'out');
  await wish(ada, tenant, boots);
  await wish(silent, tenant, boots);
  clock.advance(1_000);
  await stock(tenant, boots, 'in_stock');
  clock.advance(1_000);
  await wish(late, tenant, boots);
  await told();
  assert.deepEqual(await heard(tenant, BACK), [ada.customer.email]);
  const mail = (await mails(tenant)).find(({ subject }) => BACK.test(subject));
  assert.ok(mail);
  assert.ok(mail.html.includes(`/products/${boots.handle}?variant=${variantOf(boots)}`), mail.html);
  assert.match(mail.unsubscribe ?? '', /\.wishes\./);
  await stock(tenant, boots, 'low');
  await told();
  assert.equal((await heard(tenant, BACK)).length, 1, 'it was there already');
  await stock(tenant, boots, 'out');
  await stock(tenant, boots, 'in_stock');
  await told();
  assert.equal((await heard(tenant, BACK)).length, 3, 'another time, and now to who came later too');
});

test('two consumers that tell the same change, and rounds that run at once, tell each wisher once', async () => {
  const tenant = newShop();
  const things = [await product(tenant, 'Boots'), await product(tenant, 'Socks')];
  const wishers = [await person(tenant), await person(tenant), await person(tenant)];
  for (const thing of things) {
    await stock(tenant, thing, 'out');
    for (const who of wishers) await wish(who, tenant, thing);
  }
  clock.advance(1_000);
  const events = things.map((thing) => stockEvent(tenant, thing, 'in_stock'));
  await Promise.all([...events, ...events, ...events].map(hear));
  clock.advance(SETTLE_MS + 1_000);
  const tell = createService(shop.host.platform).tasks[TELL];
  assert.ok(tell);
  const run = { tenant, payload: {}, attempt: 1, fence: 1, signal: new AbortController().signal };
  await Promise.all([tell(run), tell(run), tell(run)]);
  await shop.settled(8);
  assert.deepEqual(
    (await heard(tenant, BACK)).toSorted(),
    wishers.map(({ customer }) => customer.email).toSorted(),
  );
  const mailed = (await mails(tenant)).filter(({ subject }) => BACK.test(subject));
  const items = mailed.map(({ text }) => text.match(/^- /gm)?.length);
  assert.deepEqual(items, [2, 2, 2], 'one mail of both');
});

test('a step that is done again, by a task that was killed after it, tells nobody twice', async () => {
  const tenant = newShop();
  const [boots, ada] = [await product(tenant), await person(tenant)];
  await stock(tenant, boots, 'out');
  await wish(ada, tenant, boots);
  clock.advance(1_000);
  await stock(tenant, boots, 'in_stock');
  await shop.settled(1);
  await database.admin.query(`update shop.catalog_wish_news set round = 'rnd_1' where tenant_id = $1`, [
    tenant,
  ]);
  const tell = createService(shop.host.platform).tasks[TELL];
  assert.ok(tell);
  const page = {
    tenant,
    payload: { round: 'rnd_1' },
    attempt: 1,
    fence: 1,
    signal: new AbortController().signal,
  };
  await tell(page);
  await tell(page);
  await shop.settled(4);
  await tell(page);
  await shop.settled(4);
  assert.deepEqual(await heard(tenant, BACK), [ada.customer.email]);
});

test('what costs less is told, at what it costs; what has gone up again by then is not', async () => {
  const tenant = newShop();
  const [boots, socks, tent] = [
    await product(tenant, 'Boots'),
    await product(tenant, 'Socks'),
    await product(tenant, 'Tent'),
  ];
  const ada = await person(tenant);
  for (const thing of [boots, socks, tent]) await wish(ada, tenant, thing);
  clock.advance(1_000);
  await reprice(tenant, boots, 8_000);
  await reprice(tenant, boots, 7_500);
  await reprice(tenant, socks, 5_000);
  await reprice(tenant, socks, 10_000);
  await reprice(tenant, tent, 9_900);
  await told();
  assert.deepEqual(await heard(tenant, CHEAPER), [ada.customer.email]);
  const text = (await mails(tenant)).find(({ subject }) => CHEAPER.test(subject))?.text ?? '';
  assert.match(text, /Boots: 75,00/);
  assert.doesNotMatch(text, /Socks|Tent/);
  await reprice(tenant, boots, 20_000);
  await reprice(tenant, boots, 12_000);
  await told();
  assert.equal((await heard(tenant, CHEAPER)).length, 1, 'it cost less when it was put there');
});

test('drops: only what falls in a currency by a twentieth or more', () => {
  const price = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(
    fc.property(price, price, (was, now) => {
      const of = (amount: number) => ({
        variants: [{ id: 'v', prices: [{ amount, currency: 'EUR', compareAt: null }] }],
      });
      const drops = dropsOf(of(was), of(now));
      assert.deepEqual(drops, now <= was * 0.95 ? [{ variantId: 'v', before: { EUR: was } }] : []);
      assert.deepEqual(dropsOf(undefined, of(now)), []);
    }),
  );
});

test('thousands who wait are told in pages', async () => {
  const tenant = newShop();
  const boots = await product(tenant);
  const wishers = Array.from({ length: 120 }, (_, n) => ({
    id: `cus_${String(n).padStart(3, '0')}`,
    email: `many-${n}@example.com`,
  }));
  for (const { id, email } of wishers) {
    const names = { firstName: '', lastName: '', locale: null };
    await shop.emit(tenant, 'accounts.customer', 'updated', id, {
      id,
      email,
      ...names,
      acceptsMarketing: true,
    });
  }
  await database.admin.query(
    `insert into shop.catalog_wishlists (tenant_id, id, customer_id, name, is_default, created_at, updated_at)
     select $1, 'wsh_' || c, c, '', true, $3, $3 from unnest($2::text[]) c`,
    [tenant, wishers.map(({ id }) => id), clock.now()],
  );
  await database.admin.query(
    `insert into shop.catalog_wishlist_items (tenant_id, wishlist_id, variant_id, added_at)
     select $1, 'wsh_' || c, $3, $4 from unnest($2::text[]) c`,
    [tenant, wishers.map(({ id }) => id), variantOf(boots), clock.now()],
  );
  await stock(tenant, boots, 'out');
  clock.advance(1_000);
  await stock(tenant, boots, 'in_stock');
  await told();
  const { rows } = await database.admin.query<{ told: number }>(
    `select count(*)::int as told from shop.notifications_deliveries where tenant_id = $1 and kind = 'wishes.back' and state = 'sent'`,
    [tenant],
  );
  assert.equal(rows[0]?.told, wishers.length);
  const left = await database.admin.query('select 1 from shop.catalog_wish_news where tenant_id = $1', [
    tenant,
  ]);
  assert.equal(left.rowCount, 0);
});

test('a customer asks to be told of one thing, hears of it once, and may think better of it', async () => {
  const tenant = newShop();
  const [boots, tent] = [await product(tenant), await product(tenant, 'Tent')];
  const [ada, eve] = [await person(tenant, false), await person(tenant)];
  const ask = (who: Session, thing: AdminProduct) =>
    as(who, tenant, 'POST', '/stock-alerts', { variantId: variantOf(thing) });
  assert.equal((await ask(ada, boots)).status, 409, 'it is there');
  for (const thing of [boots, tent]) await stock(tenant, thing, 'out');
  for (const who of [ada, ada, eve]) assert.equal((await ask(who, boots)).status, 202);
  await wish(eve, tenant, boots);
  assert.equal((await ask(ada, tent)).status, 202);
  assert.deepEqual((await as(ada, tenant, 'GET', '/stock-alerts')).json<StockAlerts>().variantIds.length, 2);
  assert.equal((await as(ada, tenant, 'DELETE', `/stock-alerts/${variantOf(tent)}`)).status, 204);
  clock.advance(1_000);
  for (const thing of [boots, tent]) await stock(tenant, thing, 'in_stock');
  await told();
  assert.deepEqual(new Set(await heard(tenant, ALERTED)), new Set([ada.customer.email, eve.customer.email]));
  assert.deepEqual(await heard(tenant, BACK), [], 'who asked by name is not told of the wish as well');
  assert.deepEqual((await as(ada, tenant, 'GET', '/stock-alerts')).json<StockAlerts>().variantIds, []);
  await stock(tenant, boots, 'out');
  await stock(tenant, boots, 'in_stock');
  await told();
  assert.equal((await heard(tenant, ALERTED)).length, 2, 'once');
  assert.equal((await as(ada, 'mute', 'POST', '/stock-alerts', { variantId: 'v' })).status >= 400, true);
});

test('a mailbox is asked first, and whoever asks learns nothing of it; nobody fills it with questions', async () => {
  const tenant = newShop();
  const things: AdminProduct[] = [];
  for (let n = 0; n < 6; n++) things.push(await product(tenant, `Thing ${n}`));
  for (const thing of things) await stock(tenant, thing, 'out');
  const known = await person(tenant);
  const ask = (email: string, thing: AdminProduct | undefined) =>
    as(undefined, tenant, 'POST', '/stock-alerts', { variantId: thing && variantOf(thing), email });
  assert.equal(
    (await as(undefined, tenant, 'POST', '/stock-alerts', { variantId: variantOf(things[0] ?? never()) }))
      .status,
    400,
  );
  const answers = await Promise.all([
    ask(known.customer.email, things[0]),
    ask('nobody@example.com', things[0]),
    ...things.map((thing) => ask('Victim@example.com', thing)),
  ]);
  assert.deepEqual([...new Set(answers.map(({ status, text }) => `${status} ${text}`))], ['202 ']);
  // Those that were at the same place at once come again.
  for (let n = 0; n < 4; n++) {
    await shop.settled(2);
    clock.advance(60_000);
  }
  const asked = await heard(tenant, ASKED);
  assert.equal(asked.filter((to) => to === 'victim@example.com').length, MOST_UNANSWERED);
  assert.equal(asked.length, MOST_UNANSWERED + 2);

  const question = (await mails(tenant)).find(({ to }) => to === 'nobody@example.com');
  const token = /alerts\?token=([\w-]{24})/.exec(question?.text ?? '')?.[1] ?? '';
  const linked = await as(undefined, tenant, 'GET', `/linked-stock-alerts/${token}`);
  assert.deepEqual(linked.json<LinkedAlert>(), {
    product: 'Thing 0',
    handle: things[0]?.handle,
    confirmed: false,
  });
  for (let n = 0; n < 2; n++) {
    const confirmed = await as(undefined, tenant, 'POST', `/linked-stock-alerts/${token}/confirm`);
    assert.equal(confirmed.json<LinkedAlert>().confirmed, true, confirmed.text);
  }
  clock.advance(1_000);
  await stock(tenant, things[0] ?? never(), 'in_stock');
  await told();
  assert.deepEqual(await heard(tenant, ALERTED), ['nobody@example.com']);
  assert.equal((await as(undefined, tenant, 'GET', `/linked-stock-alerts/${token}`)).status, 404);

  clock.advance(3 * DAY_MS);
  assert.equal((await ask('victim@example.com', things[5])).status, 202);
  await shop.settled(3);
  assert.equal(
    (await heard(tenant, ASKED)).filter((to) => to === 'victim@example.com').length,
    MOST_UNANSWERED + 1,
    'what nobody answered is forgotten',
  );
});

test('who confirms when it is back already is told at once; who takes it back is not', async () => {
  const tenant = newShop();
  const boots = await product(tenant);
  await stock(tenant, boots, 'out');
  const token = async (email: string): Promise<string> => {
    await as(undefined, tenant, 'POST', '/stock-alerts', { variantId: variantOf(boots), email });
    await shop.settled(3);
    const question = (await mails(tenant)).find(({ to }) => to === email);
    return /token=([\w-]{24})/.exec(question?.text ?? '')?.[1] ?? '';
  };
  const [late, never_] = [await token('late@example.com'), await token('never@example.com')];
  await as(undefined, tenant, 'POST', `/linked-stock-alerts/${never_}/confirm`);
  assert.equal((await as(undefined, tenant, 'DELETE', `/linked-stock-alerts/${never_}`)).status, 204);
  await stock(tenant, boots, 'in_stock');
  await told();
  assert.deepEqual(await heard(tenant, ALERTED), []);
  await as(undefined, tenant, 'POST', `/linked-stock-alerts/${late}/confirm`);
  await told();
  assert.deepEqual(await heard(tenant, ALERTED), ['late@example.com']);
});

test('told and taken back at once: it is the one or the other, and nothing waits on', async () => {
  const tenant = newShop();
  const boots = await product(tenant);
  const askers = [];
  for (let n = 0; n < 12; n++) askers.push(await person(tenant));
  await stock(tenant, boots, 'out');
  for (const who of askers) await as(who, tenant, 'POST', '/stock-alerts', { variantId: variantOf(boots) });
  clock.advance(1_000);
  await stock(tenant, boots, 'in_stock');
  await shop.settled(1);
  await database.admin.query(`update shop.catalog_wish_news set round = 'rnd_2' where tenant_id = $1`, [
    tenant,
  ]);
  const tell = createService(shop.host.platform).tasks[TELL];
  assert.ok(tell);
  const run = { tenant, attempt: 1, fence: 1, signal: new AbortController().signal };
  await Promise.all([
    tell({ ...run, payload: { round: 'rnd_2', alerts: true } }),
    tell({ ...run, payload: { round: 'rnd_2', alerts: true } }),
    ...askers.map((who) => as(who, tenant, 'DELETE', `/stock-alerts/${variantOf(boots)}`)),
  ]);
  await shop.settled(8);
  const addresses = await heard(tenant, ALERTED);
  assert.equal(new Set(addresses).size, addresses.length, 'nobody twice');
  const { rows } = await database.admin.query(
    'select 1 from shop.catalog_stock_alerts where tenant_id = $1',
    [tenant],
  );
  assert.deepEqual(rows, []);
});

function never(): never {
  throw new Error('there is no such thing');
}
