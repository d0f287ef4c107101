/** Who is told of an offer, and by which link: orders and notifications in one runtime. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMailingShop, type MailingShop } from '../testing/mails.ts';
import { ADDRESS } from '../testing/shop.ts';
import type { Cart } from '../schemas.ts';
import type { Draft, Offer } from './schemas.ts';

const TENANT = 'acme';
let mailing: MailingShop;

before(async () => {
  mailing = await startMailingShop(TENANT);
});
after(() => mailing.stop());

test('a quote is told to the merchant, and its answer to whoever asked, with a link that opens it', async () => {
  const { database, shop, mailTo } = mailing;
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
