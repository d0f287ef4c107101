/** Who is told of an edit, and by which link it is paid: orders, payments and notifications in one runtime. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import type { MailMessage } from '../../../platform/ports.ts';
import { notifications } from '../../notifications/definition.ts';
import { orders } from '../definition.ts';
import { ADDRESS } from '../testing/shop.ts';
import type { MerchantOrder, Order } from '../schemas.ts';
import type { Edit } from './schemas.ts';

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

test('the shopper is told what the order is now, with a link that opens it and says what is to be paid', async () => {
  const draft = await shop.managed<{ id: string }>(
    TENANT,
    'POST',
    '/api/admin/orders/drafts',
    {
      email: 'grace@example.com',
      shippingAddress: ADDRESS,
      lines: [{ variantId: 'desk', quantity: 1 }],
    },
    201,
  );
  const path = `/api/admin/orders/drafts/${draft.id}/complete`;
  const { id, number } = await shop.managed<MerchantOrder>(TENANT, 'POST', path, { means: 'cash' });
  const edits = `/api/admin/orders/orders/${id}/edits`;
  const edit = await shop.managed<Edit>(
    TENANT,
    'POST',
    edits,
    {
      lines: [{ variantId: 'desk', quantity: 2 }],
      reason: 'A second one, as you asked.',
    },
    201,
  );
  await shop.managed(TENANT, 'POST', `${edits}/${edit.id}/commit`, { version: edit.version });
  const mail = await mailTo('grace@example.com', `${number} has changed`);
  assert.match(mail.text, /A second one, as you asked\..*400\.00.*200\.00 of it is still to be paid/s);
  const [, opened = '', token = ''] = /\/orders\/(ord_[0-9a-f]{32})\?token=([\w-]+)/.exec(mail.text) ?? [];
  assert.equal(opened, id);
  const seen = await shop.call(TENANT, 'GET', `/api/orders/${id}?token=${token}`);
  assert.equal(seen.status, 200, seen.text);
  assert.equal(seen.json<Order>().owed, 20_000);
  // Nothing that is kept opens it.
  const { rows } = await database.admin.query<{ kept: string }>(
    `select coalesce(string_agg(e.payload::text, ' '), '') as kept from shop.event_log e`,
  );
  assert.ok(token.length > 20 && !rows[0]?.kept.includes(token));
});
