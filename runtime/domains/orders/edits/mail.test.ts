/** Who is told of an edit, and by which link it is paid: orders, payments and notifications in one runtime. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { soldDesk, startMailingShop, type MailingShop } from '../testing/mails.ts';
import type { Order } from '../schemas.ts';
import type { Edit } from './schemas.ts';

const TENANT = 'acme';
let mailing: MailingShop;

before(async () => {
  mailing = await startMailingShop(TENANT);
});
after(() => mailing.stop());

test('the shopper is told what the order is now, with a link that opens it and says what is to be paid', async () => {
  const { database, shop, mailTo } = mailing;
  const { id, number } = await soldDesk(mailing, TENANT);
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
