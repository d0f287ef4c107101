/** Who is told of an offer, and by which link: orders and notifications in one runtime. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import type { MailMessage } from '../../../platform/ports.ts';
import { notifications } from '../../notifications/definition.ts';
import { orders } from '../definition.ts';
import { ADDRESS } from '../testing/shop.ts';
import type { Cart } from '../schemas.ts';
import type { Draft, Offer } from './schemas.ts';

const TENANT = 'acme';
let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([orders, notifications]);
  const domains = ['orders', 'notifications'];
  await database.addTenant({ id: TENANT, domains, locales: ['en'], currencies: ['EUR'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains },
    {
      services: {
        orders: () => import('../service.ts'),
        notifications: () => import('../../notifications/service.ts'),
      },
    },
  );
  await database.admin.query(
    `insert into shop.orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
     values ($1, 'desk', 'desk', 1, 'Desk', '{}', '{"EUR": 20000}', true, true)`,
    [TENANT],
  );
  await database.admin.query(
    `insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) values ($1, 'desk', 10, now())`,
    [TENANT],
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

/** Waits for the mail to somebody that says so in its subject. */
async function mailTo(address: string, subject: string): Promise<MailMessage & { readonly text: string }> {
  for (const giveUp = Date.now() + 60_000; ;) {
    await shop.settled(3);
    const sent = await shop.host.platform.outbox.list(TENANT, { limit: 100 });
    for (const { channel, message } of sent) {
      // What goes out by mail is a mail.
      const mail = message as unknown as MailMessage & { readonly text: string };
      if (channel === 'mail' && mail.to === address && mail.subject.includes(subject)) return mail;
    }
    assert.ok(Date.now() < giveUp, `no mail to ${address} about ${subject}`);
  }
}

test('a quote is told to the merchant, and its answer to whoever asked, with a link that opens it', async () => {
  await shop.managed(TENANT, 'PUT', '/api/admin/notifications/settings', {
    merchant: { emails: ['boss@example.com'] },
  });
  const cart = await shop.call(TENANT, 'POST', '/api/orders/carts', {
    json: { lines: [{ variantId: 'desk', quantity: 4 }] },
  });
  const asked = await shop.call(TENANT, 'POST', '/api/orders/quotes', {
    json: {
      cartId: cart.json<Cart>().id,
      email: 'grace@example.com',
      shippingAddress: ADDRESS,
      message: 'What would four cost?',
    },
    headers: { 'idempotency-key': 'ask-for-a-quote' },
  });
  assert.equal(asked.status, 201, asked.text);
  const { quote } = asked.json<{ quote: Offer }>();
  const told = await mailTo('boss@example.com', quote.number);
  assert.match(told.text, /grace@example\.com.*What would four cost\?/s);

  const path = `/api/admin/orders/drafts/${quote.id}`;
  const draft = await shop.managed<Draft>(TENANT, 'GET', path);
  await shop.managed(TENANT, 'POST', `${path}/messages`, { message: 'Would grey do?' });
  const word = await mailTo('grace@example.com', `About ${quote.number}`);
  assert.match(word.text, /Would grey do\?/);
  assert.equal((await shop.managed<Draft>(TENANT, 'GET', path)).version, draft.version + 1);

  await shop.managed(TENANT, 'POST', `${path}/offer`, { message: 'With pleasure.' });
  const offer = await mailTo('grace@example.com', `offer ${quote.number}`);
  assert.match(offer.text, /800\.00.*With pleasure\./s);
  const [, id = '', token = ''] = /\/offers\/(drf_[0-9a-f]{32})\?token=([\w-]+)/.exec(offer.text) ?? [];
  const opened = await shop.call(TENANT, 'GET', `/api/orders/offers/${id}?token=${token}`);
  assert.equal(opened.status, 200, opened.text);
  assert.equal(opened.json<Offer>().state, 'offered');
  // Nothing that is kept opens it.
  const { rows } = await database.admin.query<{ kept: string }>(
    `select coalesce(string_agg(e.payload::text, ' '), '') as kept from shop.event_log e`,
  );
  assert.ok(token.length > 20 && !rows[0]?.kept.includes(token));
});
