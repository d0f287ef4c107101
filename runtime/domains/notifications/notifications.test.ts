/** The notifications domain in a whole runtime: events in, messages out, once each; and what merchants and recipients may do about them. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { whileHeld } from '../../../tests/support/locks.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer, type TestHost } from '../../host/testing.ts';
import { manualClock } from '../../platform/clock.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Mail, MailMessage, OutboxMessage } from '../../platform/ports.ts';
import { accounts } from '../accounts/definition.ts';
import { newCustomer, type NewCustomer } from '../accounts/testing/customers.ts';
import { notifications } from './definition.ts';
import { nextHour } from './notify.ts';
import { createNotifications } from './service.ts';

const HOUR_MS = 60 * 60_000;
const REPORT_SECRET = 'report-secret';
/** A little ahead of the server's clock, which dates events. */
const clock = manualClock(new Date(Date.now() + 60_000));
let database: TestDatabase;
let shop: TestHost;
const tenants = Array.from({ length: 16 }, (_, n) => `shop-${n}`);
/** What the next mails meet instead of the outbox. */
let weather: ((message: MailMessage) => void) | undefined;

before(async () => {
  database = await startTestDatabase([accounts, notifications]);
  for (const id of tenants)
    await database.addTenant(
      {
        id,
        displayName: `Shop <${id}>`,
        domains: ['accounts', 'notifications'],
        locales: ['de-CH', 'en'],
        currencies: ['EUR'],
        branding: {
          colors: { primary: '#ffee00', text: 'red;} body{' },
          logo: 'https://cdn.example/logo.svg',
        },
      },
      { ...ADMIN_SECRETS, 'notifications-report-secret': REPORT_SECRET },
    );
  shop = await startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: ['accounts', 'notifications'],
      // A transaction that asked for another connection would wait for itself.
      databaseConnections: 1,
    },
    {
      clock,
      services: {
        accounts: () => import('../accounts/service.ts'),
        notifications: () =>
          Promise.resolve({
            createService: (platform) => {
              const mail: Mail = {
                send(tenant, message) {
                  weather?.(message);
                  return platform.mail.send(tenant, message);
                },
              };
              return createNotifications(
                { ...platform, mail },
                { allowsEndpoint: (url) => url.startsWith('https://push.example/') },
              );
            },
          }),
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

// A digest makes another task.
const settled = (): Promise<void> => shop.settled(2);

const emit: TestHost['emit'] = (...event) => shop.emit(...event);

const orderOf = (id: string, email = 'ada@example.com', more = {}) => ({
  orderId: id,
  number: 'A-1',
  status: 'confirmed',
  email,
  total: { amount: 15_300, currency: 'EUR' },
  refunded: 2_400,
  lines: [{ variantId: 'v', productId: 'p', title: 'Boots <script>', quantity: 2, unitPrice: 6_450 }],
  at: '2026-11-26T10:00:00.000Z',
  ...more,
});
const paymentOf = (orderId: string) => ({
  orderId,
  amount: 15_300,
  captured: 15_300,
  refunded: 0,
  currency: 'EUR',
  at: '2026-11-26T10:00:00.000Z',
});

async function outbox(tenant: string): Promise<OutboxMessage[]> {
  await settled();
  return [...(await shop.host.platform.outbox.list(tenant, { limit: 100 }))].toReversed();
}
// Only mails are asked for.
const mails = async (tenant: string): Promise<MailMessage[]> =>
  (await outbox(tenant))
    .filter(({ channel }) => channel === 'mail')
    .map(({ message }) => message as MailMessage);
const subjects = async (tenant: string): Promise<string[]> =>
  (await mails(tenant)).map(({ subject }) => subject).toSorted();

const admin = <T>(tenant: string, method: string, path: string, json?: object, status?: number): Promise<T> =>
  shop.managed<T>(tenant, method, `/api/admin/notifications/${path}`, json, status);
const deliveries = async (tenant: string, query = '') =>
  (
    await admin<{
      deliveries: {
        state: string;
        kind: string;
        problem?: string;
        attempts: number;
        recipient: string;
        id: string;
      }[];
    }>(tenant, 'GET', `deliveries?${query}`)
  ).deliveries;

async function register(
  tenant: string,
  email: string,
  more: NewCustomer = {},
): Promise<{ id: string; headers: Record<string, string> }> {
  const { customer, token } = await newCustomer(shop, tenant, email, more);
  await settled();
  return { id: customer.id, headers: { authorization: `Bearer ${token}` } };
}

test('an order is told of once, however often it is heard of, in the shop’s language and colours, and nothing in it is markup', async () => {
  const tenant = newTenant();
  await emit(tenant, 'orders.order', 'placed', 'o1', orderOf('o1'));
  await emit(tenant, 'orders.order', 'confirmed', 'o1', orderOf('o1'));
  await settled();
  // As a broker does that forgot how far we came.
  await database.admin.query(
    `update shop.consumer_positions set position = 0 where tenant_id = $1 and consumer = 'notifications'`,
    [tenant],
  );
  await emit(
    tenant,
    'orders.order',
    'fulfilment_shipped',
    'o1',
    orderOf('o1', undefined, {
      fulfilment: {
        lines: [{ variantId: 'v', quantity: 1 }],
        carrier: 'DHL',
        trackingNumber: '77',
        trackingUrl: 'https://carrier.example/77',
      },
    }),
  );
  assert.deepEqual(await subjects(tenant), ['Deine Bestellung A-1', 'Deine Bestellung A-1 ist unterwegs']);
  const sent = await mails(tenant);
  const parcel = sent.find(({ subject }) => subject.endsWith('unterwegs'));
  assert.match(parcel?.html ?? '', /DHL 77 https:\/\/carrier\.example\/77[^]*1 × Boots/);
  const mail = sent.find(({ subject }) => subject === 'Deine Bestellung A-1');
  assert.ok(mail);
  assert.equal(mail.to, 'ada@example.com');
  assert.match(mail.html, /lang="de"/);
  assert.match(mail.html, /#ffee00/);
  assert.match(mail.html, /color: #000000; text-decoration/, 'text that can be read on yellow');
  assert.match(mail.html, /2 × Boots &lt;script&gt;/);
  assert.match(mail.html.replaceAll(/[\u00a0\u202f]/g, ' '), /129,00 €/);
  assert.match(mail.text.replaceAll(/[\u00a0\u202f]/g, ' '), /Summe: 153,00 €/);
  assert.doesNotMatch(mail.html, /red;|<script>|Shop <shop/);
  assert.equal(mail.unsubscribe, undefined, 'nobody can end confirmations');
});

test('paid, refunded and cancelled are told, also when the payment is heard of before its order', async () => {
  const tenant = newTenant();
  await emit(tenant, 'payments.payment', 'captured', 'o1', paymentOf('o1'));
  assert.deepEqual(await subjects(tenant), []);
  await emit(tenant, 'orders.order', 'placed', 'o1', orderOf('o1'));
  await emit(tenant, 'payments.payment', 'captured', 'o2', paymentOf('o2'));
  await emit(tenant, 'orders.order', 'placed', 'o2', orderOf('o2', 'bob@example.com', { number: 'A-2' }));
  await emit(tenant, 'orders.order', 'refunded', 'o1', orderOf('o1'));
  await emit(
    tenant,
    'orders.order',
    'cancelled',
    'o2',
    orderOf('o2', 'bob@example.com', { number: 'A-2', reason: 'Ausverkauft & weg.' }),
  );
  assert.deepEqual(await subjects(tenant), [
    'Deine Bestellung A-2 ist storniert',
    'Deine Zahlung für Bestellung A-1 ist da',
    'Deine Zahlung für Bestellung A-2 ist da',
    'Eine Erstattung zu deiner Bestellung A-1',
  ]);
  const cancelled = (await mails(tenant)).find(({ subject }) => subject.includes('storniert'));
  assert.match(cancelled?.html ?? '', /Ausverkauft &amp; weg\./);
});

test('why an order ended stands in a mail where a person wrote it: what the shop says by itself is English', async () => {
  const tenant = newTenant();
  await emit(tenant, 'orders.order', 'placed', 'o1', orderOf('o1'));
  const ended = { reason: 'Cancelled by the shop.', ended: 'by_shop' };
  await emit(tenant, 'orders.order', 'cancelled', 'o1', orderOf('o1', undefined, ended));
  const cancelled = (await mails(tenant)).find(({ subject }) => subject.includes('storniert'));
  assert.match(cancelled?.text ?? '', /ist storniert\. Was du gezahlt hast/);
});

test('a new customer is welcomed in their own language, and by name', async () => {
  const tenant = newTenant();
  await register(tenant, 'Ada@Example.com', { locale: 'nb-NO' });
  const [mail] = await mails(tenant);
  assert.equal(mail?.subject, `Velkommen til Shop <${tenant}>`);
  assert.match(mail?.text ?? '', /^Hei Ada,/);
});

test('what happened long ago is no news: a shop that gets the domain later writes nobody', async () => {
  const tenant = newTenant();
  const { consumers } = createNotifications(shop.host.platform);
  const hear = (id: string, occurredAt: Date): Promise<void> =>
    shop.host.sql.transaction(tenant, async (tx) => {
      const payload = orderOf(id);
      const event = { topic: 'orders.order', type: 'orders.order.confirmed', key: id, payload };
      await consumers['orders.order']?.({ ...event, id: `evt-${id}`, tenant, occurredAt }, tx);
    });
  await hear('old', new Date(clock.now().getTime() - 25 * HOUR_MS));
  await hear('new', new Date(clock.now().getTime() - 23 * HOUR_MS));
  const { rows } = await database.admin.query<{ source: string }>(
    'select source from shop.notifications_deliveries where tenant_id = $1',
    [tenant],
  );
  assert.deepEqual(rows, [{ source: 'evt-new' }]);
  assert.equal((await mails(tenant)).length, 1);
});

test('a provider that is away is asked again until it is back; a recipient who is gone is asked no more', async () => {
  const tenant = newTenant();
  let asked = 0;
  weather = () => {
    asked += 1;
    if (asked === 1) throw new ShopError('forbidden', 'they do not like us');
    if (asked === 2) throw new ShopError('timeout', 'who knows');
  };
  await emit(tenant, 'orders.order', 'confirmed', 'o1', orderOf('o1'));
  await settled();
  assert.deepEqual(
    (await deliveries(tenant)).map(({ state, attempts, problem }) => [state, attempts, problem]),
    [['waiting', 1, 'they do not like us']],
  );
  for (let n = 0; n < 2; n++) {
    clock.advance(60_000);
    await settled();
  }
  assert.deepEqual(
    (await deliveries(tenant)).map(({ state, attempts }) => [state, attempts]),
    [['sent', 2]],
  );
  weather = () => {
    throw new ShopError('gone', 'nobody there');
  };
  await emit(tenant, 'orders.order', 'refunded', 'o1', orderOf('o1'));
  await settled();
  weather = undefined;
  await emit(tenant, 'orders.order', 'fulfilment_shipped', 'o1', orderOf('o1'));
  await settled();
  assert.deepEqual(
    (await deliveries(tenant)).map(({ state }) => state),
    ['suppressed', 'bounced', 'sent'],
  );
  const { suppressions } = await admin<{ suppressions: { id: string; address: string; reason: string }[] }>(
    tenant,
    'GET',
    'suppressions',
  );
  assert.deepEqual(
    suppressions.map(({ address, reason }) => [address, reason]),
    [['ada@example.com', 'gone']],
  );
  await admin(tenant, 'DELETE', `suppressions/${suppressions[0]?.id}`, undefined, 204);
  await emit(tenant, 'orders.order', 'refunded', 'o1', orderOf('o1'));
  await settled();
  assert.equal((await deliveries(tenant))[0]?.state, 'sent');
});

test('one click ends a category and nothing else; looking at the link does not, and nobody makes one up', async () => {
  const tenant = newTenant();
  await emit(tenant, 'orders.order', 'fulfilment_shipped', 'o1', orderOf('o1'));
  const [mail] = await mails(tenant);
  const link = new URL(mail?.unsubscribe ?? '');
  assert.equal(link.origin, `https://${tenant}.localhost`);
  const path = `${link.pathname}${link.search}`;
  const look = await shop.call(tenant, 'GET', path);
  assert.match(look.text, /<form method="post">.*Abbestellen/s);
  const preferences = `/preferences${link.search}`;
  assert.ok(look.text.includes(`<a href="${preferences}">`), 'the storefront’s page is one click away');
  assert.ok(mail?.html.includes(`href="${link.origin}${preferences}"`));
  assert.ok(mail?.text.includes(`${link.origin}${preferences}`));
  assert.match(String(look.headers['content-security-policy']), /default-src 'none'/);
  await emit(tenant, 'orders.order', 'fulfilment_shipped', 'o2', orderOf('o2', undefined, { number: 'A-2' }));
  assert.equal((await mails(tenant)).length, 2);
  for (let n = 0; n < 2; n++) {
    const click = await shop.call(tenant, 'POST', path, {
      body: 'List-Unsubscribe=One-Click',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.equal(click.status, 200, click.text);
  }
  await emit(tenant, 'orders.order', 'fulfilment_shipped', 'o3', orderOf('o3'));
  await emit(tenant, 'orders.order', 'confirmed', 'o4', orderOf('o4', undefined, { number: 'A-4' }));
  assert.deepEqual(await subjects(tenant), [
    'Deine Bestellung A-1 ist unterwegs',
    'Deine Bestellung A-2 ist unterwegs',
    'Deine Bestellung A-4',
  ]);
  const other = newTenant();
  for (const [where, token] of [
    [other, link.searchParams.get('token') ?? ''],
    [tenant, (link.searchParams.get('token') ?? '').replace('.orders.', '.marketing.')],
  ] as const) {
    const answer = await shop.call(where, 'POST', `${link.pathname}?token=${token}`, { body: 'x' });
    assert.equal(answer.status, 404, answer.text);
  }
  const shown = await shop.call(tenant, 'GET', `/api/notifications/preferences${link.search}`);
  assert.deepEqual(shown.json<{ contacts: object[] }>().contacts, [
    {
      id: (link.searchParams.get('token') ?? '').split('.')[0],
      channel: 'mail',
      address: 'a…@example.com',
      state: 'active',
      preferences: {
        orders: 'off',
        marketing: 'off',
        wishes: 'off',
        reviews: 'off',
      },
    },
  ]);
});

test('once a day: what was gathered comes as one mail, at the shop’s hour', async () => {
  const tenant = newTenant();
  // Within the hour, whenever this runs: a day later what the others tell would be no news.
  const digestHour = (clock.now().getUTCHours() + 9 + 1) % 24;
  await admin(tenant, 'PUT', 'settings', {
    merchant: { emails: ['Boss@Example.com'], orders: 'daily' },
    zone: 'Asia/Tokyo',
    digestHour,
  });
  for (const n of [1, 2, 3])
    await emit(
      tenant,
      'orders.order',
      'confirmed',
      `o${n}`,
      orderOf(`o${n}`, undefined, { number: `A-${n}` }),
    );
  await settled();
  const toBoss = async () => (await mails(tenant)).filter(({ to }) => to === 'boss@example.com');
  assert.deepEqual(await toBoss(), []);
  clock.advance(nextHour(clock.now(), digestHour, 'Asia/Tokyo').getTime() - clock.now().getTime());
  const [digest, ...more] = await toBoss();
  assert.ok(digest);
  assert.deepEqual(more, []);
  assert.match(digest.text.replaceAll(/[\u00a0\u202f]/g, ' '), /Neue Bestellung A-1: 153,00 €[^]*A-2[^]*A-3/);
  assert.deepEqual(
    (await deliveries(tenant, 'kind=merchant.order')).map(({ state }) => state),
    ['digested', 'digested', 'digested'],
  );
  // Its link ends the digest, whatever is gathered in it, until somebody wants one again.
  const { pathname, search } = new URL(digest.unsubscribe ?? '');
  const ended = await shop.call(tenant, 'POST', `${pathname}${search}`, {
    body: 'List-Unsubscribe=One-Click',
  });
  assert.equal(ended.status, 200, ended.text);
  const states = async () => (await deliveries(tenant, 'kind=merchant.order')).map(({ state }) => state);
  await emit(tenant, 'orders.order', 'confirmed', 'o4', orderOf('o4'));
  await settled();
  assert.equal((await states()).length, 3);
  await admin(tenant, 'PUT', 'settings', { merchant: { emails: ['boss@example.com'], orders: 'daily' } });
  await emit(tenant, 'orders.order', 'confirmed', 'o5', orderOf('o5'));
  await settled();
  assert.deepEqual(await states(), ['gathered', 'digested', 'digested', 'digested']);
});

test('nobody gets more in an hour than the shop allows; the rest comes later', async () => {
  const tenant = newTenant();
  await admin(tenant, 'PUT', 'settings', { perHour: 2 });
  for (const n of [1, 2, 3]) {
    await emit(tenant, 'orders.order', 'confirmed', `o${n}`, orderOf(`o${n}`));
    await settled();
  }
  assert.equal((await mails(tenant)).length, 2);
  clock.advance(HOUR_MS);
  assert.equal((await mails(tenant)).length, 3);
});

test('marketing goes to whoever agreed to it, and ends where they say so', async () => {
  const tenant = newTenant();
  const { headers, id } = await register(tenant, 'yes@example.com', { acceptsMarketing: true });
  await register(tenant, 'no@example.com');
  const campaign = (email: string, key: string, more = {}) =>
    shop.host.platform.call<{ deliveries: string[] }>(tenant, 'notifications', 'notify', {
      key,
      kind: 'marketing.campaign',
      to: { email, ...more },
      variables: { title: 'Spring', paragraphs: ['a'], label: 'Look', link: 'https://shop.example/' },
    });
  assert.equal((await campaign('no@example.com', 'c1')).deliveries.length, 0);
  assert.equal((await campaign('yes@example.com', 'c1', { customerId: id })).deliveries.length, 1);
  assert.equal((await campaign('yes@example.com', 'c1')).deliveries.length, 0, 'the same key is told once');
  const put = await shop.call(tenant, 'PUT', '/api/notifications/preferences', {
    headers,
    json: { preferences: { marketing: 'off' } },
  });
  assert.equal(put.status, 200, put.text);
  // The account says again what it said before: no new consent.
  await shop.call(tenant, 'PATCH', '/api/accounts/me', { headers, json: { firstName: 'Ada Maria' } });
  await settled();
  assert.equal((await campaign('yes@example.com', 'c2')).deliveries.length, 0);
  await shop.call(tenant, 'PATCH', '/api/accounts/me', { headers, json: { acceptsMarketing: false } });
  await shop.call(tenant, 'PATCH', '/api/accounts/me', { headers, json: { acceptsMarketing: true } });
  await settled();
  assert.equal((await campaign('yes@example.com', 'c3')).deliveries.length, 1);
  await assert.rejects(
    shop.host.platform.call(tenant, 'notifications', 'notify', {
      key: 'c4',
      kind: 'marketing.campaign',
      to: { email: 'yes@example.com' },
      variables: { title: 1 },
    }),
    { code: 'invalid_input' },
  );
});

test('a telephone is written to once its owner has proved it, a browser once it has subscribed', async () => {
  const tenant = newTenant();
  const { headers, id } = await register(tenant, 'ada@example.com');
  const phone = '+4915112345678';
  const post = (path: string, json: object): Promise<TestAnswer> =>
    shop.call(tenant, 'POST', `/api/notifications/${path}`, { headers, json });
  assert.equal((await post('phones', { phone })).status, 202);
  const texts = async () =>
    (await outbox(tenant))
      .filter(({ channel }) => channel === 'sms')
      .map(({ message }) => ('text' in message ? message.text : ''));
  const code = /\d{6}/.exec((await texts())[0] ?? '')?.[0] ?? '';
  const { rows } = await database.admin.query(
    `select variables::text as text from shop.notifications_deliveries where tenant_id = $1 and kind = 'contact.code'`,
    [tenant],
  );
  assert.doesNotMatch(
    String(rows[0]?.text),
    new RegExp(`\\b${code}\\b`),
    'a code that was sent is kept nowhere',
  );
  await emit(tenant, 'orders.order', 'confirmed', 'o1', orderOf('o1', 'ada@example.com', { customerId: id }));
  assert.equal((await texts()).length, 1, 'not before it is confirmed');
  const wrong = code === '000000' ? '000001' : '000000';
  assert.equal((await post('phones/confirm', { phone, code: wrong })).status, 400);
  assert.equal((await post('phones/confirm', { phone, code })).status, 204);
  assert.equal((await post('phones/confirm', { phone, code })).status, 400, 'once');
  const keys = {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  };
  assert.equal((await post('push/subscriptions', { endpoint: 'https://push.example/1', keys })).status, 204);
  assert.equal(
    (await post('push/subscriptions', { endpoint: 'https://169.254.169.254/', keys })).status,
    400,
  );
  await emit(
    tenant,
    'orders.order',
    'fulfilment_shipped',
    'o1',
    orderOf('o1', 'ada@example.com', { customerId: id }),
  );
  assert.deepEqual((await texts()).slice(1), [`Shop <${tenant}>: Deine Bestellung A-1 ist unterwegs.`]);
  const pushes = (await outbox(tenant)).filter(({ channel }) => channel === 'push');
  assert.deepEqual(
    pushes.map(({ message }) => ('content' in message ? message.content.body : '')),
    ['Deine Bestellung A-1 ist unterwegs.'],
  );
  assert.equal((await post('push/unsubscriptions', { endpoint: 'https://push.example/1' })).status, 204);
  for (let n = 0; n < 2; n++) assert.equal((await post('phones', { phone })).status, 202);
  assert.equal((await post('phones', { phone })).status, 429, 'nobody is made to get codes all day');
});

test('however many ask or guess at the same moment, a telephone gets a few codes, and each has a few tries', async () => {
  const tenant = newTenant();
  const { headers } = await register(tenant, 'ada@example.com');
  const phone = '+4915112345679';
  // A process that can do several things at once.
  const busy = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['accounts', 'notifications'] },
    { clock },
  );
  const post = (path: string, json: object): Promise<TestAnswer> =>
    busy.call(tenant, 'POST', `/api/notifications/${path}`, { headers, json });
  const statuses = (path: string, json: object): Promise<number[]> =>
    whileHeld(
      database,
      ['select 1 from shop.notifications_contacts where address = $1 for update', [phone]],
      () => Promise.all(Array.from({ length: 6 }, async () => (await post(path, json)).status)),
      5,
    );
  try {
    assert.equal((await post('phones', { phone })).status, 202);
    const asked = await statuses('phones', { phone });
    assert.deepEqual(asked.toSorted(), [202, 202, 429, 429, 429, 429]);
    const { rows } = await database.admin.query<{ hash: string; id: string }>(
      `select id, details -> 'code' ->> 'hash' as hash from shop.notifications_contacts where tenant_id = $1 and address = $2`,
      [tenant, phone],
    );
    const isLast = (code: string): boolean =>
      createHash('sha256').update(`${rows[0]?.id}/${code}`).digest('base64url') === rows[0]?.hash;
    // Either process may be at sending it.
    const code = await until(
      async () => {
        const texts = (await outbox(tenant)).flatMap(({ message }) =>
          'text' in message ? message.text : [],
        );
        return texts.flatMap((text) => /\b\d{6}\b/.exec(text)?.[0] ?? []).find(isLast);
      },
      { what: 'the code that counts is sent' },
    );
    const wrong = code === '000000' ? '000001' : '000000';
    assert.deepEqual(new Set(await statuses('phones/confirm', { phone, code: wrong })), new Set([400]));
    assert.equal((await post('phones/confirm', { phone, code })).status, 400, 'it was guessed at too often');
  } finally {
    await busy.stop();
  }
});

test('a merchant’s own template is checked, previewed, used and taken back', async () => {
  const tenant = newTenant();
  const path = 'templates/orders.shipped/mail/de';
  const view = await admin<{ version: number; html: string; variables: string[] }>(tenant, 'GET', path);
  assert.equal(view.version, 0);
  assert.ok(view.variables.includes('lines[].title: text'));
  const source = {
    subject: 'Los geht’s: {{number}}',
    html: '<p>{{recipient.name}}</p>',
    text: '{{shop.name}}',
  };
  const wrong = await shop.merchant(tenant, 'PUT', `/api/admin/notifications/${path}`, {
    json: { ...source, html: '<p>\n {{wrong}}</p>' },
  });
  assert.equal(wrong.status, 400);
  assert.equal(wrong.json<{ problems: { where: string }[] }>().problems[0]?.where, 'html:2:2');
  const seen = await admin<{ subject: string; html: string }>(tenant, 'POST', 'preview', {
    kind: 'orders.shipped',
    channel: 'mail',
    locale: 'de',
    source,
  });
  assert.equal(seen.subject, 'Los geht’s: 7K4M-92QX');
  assert.match(seen.html, /<p>Ada<\/p>/);
  assert.equal((await admin<{ version: number }>(tenant, 'PUT', path, { ...source, version: 0 })).version, 1);
  await admin(tenant, 'PUT', path, { ...source, version: 0 }, 409);
  assert.equal((await admin<{ version: number }>(tenant, 'PUT', path, { ...source, version: 1 })).version, 2);
  await emit(tenant, 'orders.order', 'fulfilment_shipped', 'o1', orderOf('o1'));
  assert.deepEqual(await subjects(tenant), ['Los geht’s: A-1']);
  const { id } = await admin<{ id: string }>(
    tenant,
    'POST',
    'test',
    { kind: 'orders.shipped', channel: 'mail', to: 'me@example.com', locale: 'en' },
    202,
  );
  const sent = await mails(tenant);
  assert.equal(sent.find((mail) => mail.id === id)?.subject, 'Your order 7K4M-92QX is on its way');
  await admin(tenant, 'DELETE', path, undefined, 204);
  await emit(tenant, 'orders.order', 'fulfilment_shipped', 'o2', orderOf('o2', undefined, { number: 'A-2' }));
  assert.ok((await subjects(tenant)).includes('Deine Bestellung A-2 ist unterwegs'));
});

test('a signed report of a bounce or a complaint ends mail to that address; an unsigned or old one does nothing', async () => {
  const tenant = newTenant();
  const report = (json: unknown, secret = REPORT_SECRET, age = 0): Promise<TestAnswer> => {
    const body = JSON.stringify(json);
    const seconds = Math.floor(clock.now().getTime() / 1_000) - age;
    const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    return shop.call(tenant, 'POST', '/api/notifications/reports', {
      body,
      headers: { 'content-type': 'application/json', 'x-signature': `t=${seconds},v1=${signature}` },
    });
  };
  const complaint = { event: 'complained', channel: 'mail', address: 'ADA@example.com' };
  assert.equal((await report(complaint, 'another')).status, 401);
  assert.equal((await report(complaint, REPORT_SECRET, 3_600)).status, 401);
  for (const nonsense of [null, [], 7, { event: 'bounced' }, { ...complaint, channel: 'pigeon' }])
    assert.equal((await report(nonsense)).status, 400, 'a signature makes no sense of it');
  await emit(tenant, 'orders.order', 'confirmed', 'o1', orderOf('o1'));
  assert.equal((await mails(tenant)).length, 1);
  assert.equal((await report(complaint)).status, 204);
  await emit(tenant, 'orders.order', 'refunded', 'o1', orderOf('o1'));
  assert.equal((await mails(tenant)).length, 1);
  assert.equal((await deliveries(tenant, 'state=suppressed')).length, 1);
});

test('the outbox is a page that anybody may load and that shows nothing without the key', async () => {
  const tenant = tenants[0] ?? '';
  const page = await shop.call(tenant, 'GET', '/api/notifications/outbox');
  assert.equal(page.status, 200);
  assert.match(page.text, /sandbox=""/);
  assert.equal((await shop.call(tenant, 'GET', '/api/admin/notifications/outbox')).status, 401);
  assert.deepEqual((await admin<{ messages: unknown[] }>(tenant, 'GET', 'outbox')).messages, []);
});

test('the next hour of a digest is in the shop’s zone, and a day later when it is that hour', () => {
  const at = (now: string, hour: number, zone: string): string =>
    nextHour(new Date(now), hour, zone).toISOString();
  assert.equal(at('2026-03-01T07:59:30Z', 8, 'UTC'), '2026-03-01T08:00:00.000Z');
  assert.equal(at('2026-03-01T08:00:00Z', 8, 'UTC'), '2026-03-02T08:00:00.000Z');
  assert.equal(at('2026-03-01T00:30:00Z', 9, 'Asia/Kolkata'), '2026-03-01T03:30:00.000Z');
});
