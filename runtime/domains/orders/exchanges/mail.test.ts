/** Who is told of an exchange, and by which link its difference is paid: orders, payments and notifications in one runtime. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { soldDesk, startMailingShop, type MailingShop } from '../testing/mails.ts';
import type { Order } from '../schemas.ts';

const TENANT = 'acme';
let mailing: MailingShop;

before(async () => {
  mailing = await startMailingShop(TENANT);
});
after(() => mailing.stop());

test('the shopper is told what they get, with a link that opens the order and says what is to be paid', async () => {
  const { database, shop, mailTo } = mailing;
  const { id, number } = await soldDesk(mailing, TENANT);
  const order = `/api/admin/orders/orders/${id}`;
  await shop.managed(TENANT, 'POST', `${order}/fulfilments`, {});
  await shop.managed(TENANT, 'POST', `${order}/returns`, {
    lines: [{ variantId: 'desk', quantity: 1, reason: 'damaged' }],
    exchange: { lines: [{ variantId: 'desk', quantity: 1 }], send: 'at_once', fee: 500 },
  });
  const mail = await mailTo('grace@example.com', `exchange for order ${number}`);
  assert.match(mail.text, /5\.00 is to be paid in addition.*Desk/s);
  const [, opened = '', token = ''] = /\/orders\/(ord_[0-9a-f]{32})\?token=([\w-]+)/.exec(mail.text) ?? [];
  assert.equal(opened, id);
  const seen = await shop.call(TENANT, 'GET', `/api/orders/${id}?token=${token}`);
  assert.equal(seen.status, 200, seen.text);
  assert.equal(seen.json<Order>().owed, 500);
  // Nothing that is kept opens it.
  const { rows } = await database.admin.query<{ kept: string }>(
    `select coalesce(string_agg(e.payload::text, ' '), '') as kept from shop.event_log e`,
  );
  assert.ok(token.length > 20 && !rows[0]?.kept.includes(token));
});
