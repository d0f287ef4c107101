import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADDRESS, confirmedOrder, startTestShop, type TestShop } from '../testing/shop.ts';
import type { Cart, CheckoutResult, MerchantOrder } from '../schemas.ts';
import type { Draft, DraftPage, Offer } from './schemas.ts';
import type { z } from 'zod';
import type { askedQuote, offered } from './schemas.ts';

type Failed = { readonly code?: string; readonly problems?: readonly { where: string; what: string }[] };
type Said = Draft & Failed;
type Seen = Offer & Failed;
type Bought = CheckoutResult & Failed;

describe('drafts and quotes, in a shop', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop({ orders: { holdSeconds: 3600 } });
    await shop.sell('desk', 20_000, 10);
    await shop.sell('lamp', 5_000, 3);
  });
  after(() => shop.stop());

  const key = (): Record<string, string> => ({ 'idempotency-key': `drafts-key-${(keys += 1)}` });
  const post = <T = Said>(path: string, body: object = {}) =>
    shop.merchant<T>('POST', `/api/admin/orders/drafts${path}`, { body, headers: key() });
  const put = (id: string, body: object) =>
    shop.merchant<Said>('PUT', `/api/admin/orders/drafts/${id}`, { body });
  const get = async (id: string) =>
    (await shop.merchant<Draft>('GET', `/api/admin/orders/drafts/${id}`)).body;
  const shopper = <T = Seen>(id: string, token: string, path = '', body?: object) =>
    shop.call<T>(path === '' ? 'GET' : 'POST', `/api/orders/offers/${id}${path}?token=${token}`, {
      ...(body === undefined ? {} : { body }),
      headers: key(),
    });
  const stock = async (variantId: string) =>
    (
      await shop.rows<{ on_hand: number; held: number; sold: number }>(
        'select on_hand, held, sold from shop.orders_stock where variant_id = $1',
        [variantId],
      )
    )[0];
  const tokenOf = (link: string): string => new URL(link).searchParams.get('token') ?? '';

  const content = (lines: object[], more: object = {}) => ({
    email: 'ada@example.com',
    shippingAddress: ADDRESS,
    lines,
    ...more,
  });

  async function offer(id: string, body: object = {}) {
    const answer = await post<z.infer<typeof offered> & Failed>(`/${id}/offer`, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return { draft: answer.body.draft, token: tokenOf(answer.body.link) };
  }

  it('are put together with prices, a discount and shipping of their own, offered, accepted and paid', async () => {
    const { status, body } = await post('', { lines: [{ variantId: 'desk', quantity: 2 }] });
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual([body.state, body.lacks], ['open', ['email', 'address']]);
    assert.equal((await post<Failed>(`/${body.id}/offer`)).status, 400);
    assert.equal(
      (await put(body.id, { version: 1, lines: [{ variantId: 'desk', quantity: 2, unitPrice: 18_000 }] }))
        .status,
      400,
      'another price wants a reason',
    );
    const dear = { variantId: 'desk', quantity: 2, unitPrice: 99_999_999_999, reason: 'made of gold' };
    assert.equal((await put(body.id, { version: 1, lines: [dear] })).body.code, 'invalid_input');
    const wish = content(
      [
        { variantId: 'desk', quantity: 2, unitPrice: 18_000, reason: 'agreed on the telephone' },
        { variantId: 'lamp', quantity: 1 },
      ],
      { discount: { basisPoints: 1_000, reason: 'Opening of the office' }, note: 'Call before noon.' },
    );
    const changed = await put(body.id, {
      version: 1,
      shipping: { title: 'By lorry', amount: 9_900 },
      ...wish,
    });
    assert.equal(changed.body.totals.subtotal, 2 * 18_000 + 5_000);
    assert.equal(changed.body.totals.discount, 4_100);
    assert.equal(changed.body.totals.shipping, 9_900);
    assert.equal(changed.body.totals.total, 41_000 - 4_100 + 9_900);
    assert.deepEqual(
      changed.body.lines.map((line) => line.listPrice?.amount),
      [20_000, 5_000],
    );
    assert.equal((await put(body.id, { version: 1, ...wish })).body.code, 'conflict');
    assert.deepEqual((await stock('desk'))?.held, 0, 'a draft holds nothing');

    const { draft, token } = await offer(body.id, { message: 'With pleasure.' });
    assert.equal(draft.state, 'offered');
    assert.equal((await shopper(body.id, 'x'.repeat(24))).status, 404);
    const seen = await shopper(body.id, token);
    assert.equal(seen.body.totals.total, 46_800);
    assert.equal('note' in seen.body, false);
    // The catalogue's price rises; the offer stands.
    await shop.sell('lamp', 7_000, 3, { version: 2 });
    assert.equal(
      (await shopper<Bought>(body.id, token, '/accept', { expectedTotal: 1 })).body.code,
      'conflict',
    );
    const taken = await shopper<Bought>(body.id, token, '/accept', { expectedTotal: 46_800 });
    assert.equal(taken.status, 201, JSON.stringify(taken.body));
    assert.deepEqual((await stock('desk'))?.held, 2);
    const again = await shopper<Bought>(body.id, token, '/accept', {});
    assert.equal(again.body.order.id, taken.body.order.id, 'accepted twice is one order');
    assert.ok(taken.body.payment);
    await shop.pay(taken.body.payment);
    const order = await confirmedOrder(shop, taken.body.order.id);
    assert.equal(order.status, 'confirmed');
    assert.equal(order.captured, 46_800);
    assert.deepEqual(
      order.totals.discounts.map(({ title, amount }) => [title, amount]),
      [['Opening of the office', 4_100]],
    );
    const ended = await get(body.id);
    assert.deepEqual([ended.state, ended.orderId], ['ordered', order.id]);
    assert.deepEqual(
      ended.entries.map(({ actor, to, message }) => [actor, to, message]),
      [
        ['merchant', 'open', undefined],
        ['merchant', 'open', undefined],
        ['merchant', 'offered', 'With pleasure.'],
        ['shopper', 'ordered', undefined],
      ],
    );
    const refund = await shop.merchant<MerchantOrder>('POST', `/api/admin/orders/orders/${order.id}/refund`, {
      body: { lines: [{ variantId: 'desk', quantity: 1 }] },
      headers: key(),
    });
    assert.equal(refund.body.refunded, Math.floor((2 * 18_000 - 3_600) / 2), 'a unit is worth what was paid');
    await shop.merchant('POST', `/api/admin/orders/orders/${order.id}/cancel`, { body: {} });
  });

  it('are marked paid by other means: confirmed at once, refunded by hand, and in the history', async () => {
    const { body } = await post('', content([{ variantId: 'desk', quantity: 1 }]));
    const done = await post<MerchantOrder & Failed>(`/${body.id}/complete`, {
      means: 'bank_transfer',
      reference: 'INV-7',
    });
    assert.equal(done.status, 200, JSON.stringify(done.body));
    assert.equal(done.body.status, 'confirmed');
    assert.deepEqual(
      [done.body.outside, done.body.totals.due, done.body.captured],
      [done.body.totals.total, 0, 0],
    );
    assert.equal(done.body.history[0]?.actor, 'merchant');
    const repeated = await post<MerchantOrder>(`/${body.id}/complete`, { means: 'cash' });
    assert.equal(repeated.body.id, done.body.id);
    assert.equal((await get(body.id)).entries.at(-1)?.message, 'Paid by other means: bank transfer INV-7');
    const refund = (amount: number) =>
      shop.merchant<MerchantOrder & Failed>('POST', `/api/admin/orders/orders/${done.body.id}/refund`, {
        body: { amount },
        headers: key(),
      });
    const half = await refund(5_000);
    assert.deepEqual([half.body.outsideRefunded, half.body.status], [5_000, 'partially_refunded']);
    assert.equal((await refund(done.body.totals.total)).body.code, 'conflict');
    assert.equal((await refund(done.body.totals.total - 5_000)).body.status, 'refunded');
  });

  it('hold units when asked, exactly, and let them go when that is over', async () => {
    const before = await stock('lamp');
    const { body } = await post('', content([{ variantId: 'lamp', quantity: 3 }]));
    assert.equal((await post(`/${body.id}/hold`, { hours: 1 })).status, 200);
    assert.deepEqual((await stock('lamp'))?.held, 3);
    const other = await post('', content([{ variantId: 'lamp', quantity: 1 }]));
    assert.equal(
      (await post<Failed>(`/${other.body.id}/complete`, { means: 'cash' })).body.code,
      'out_of_stock',
    );
    assert.equal((await post<Failed>(`/${other.body.id}/hold`, { hours: 1 })).body.code, 'out_of_stock');
    // Fewer lines, fewer units.
    const held = await get(body.id);
    await put(body.id, { version: held.version, ...content([{ variantId: 'lamp', quantity: 2 }]) });
    assert.deepEqual((await stock('lamp'))?.held, 2);
    assert.equal(
      (await post<MerchantOrder>(`/${body.id}/complete`, { means: 'cash' })).body.status,
      'confirmed',
    );
    assert.deepEqual(
      [(await stock('lamp'))?.held, (await stock('lamp'))?.sold],
      [0, (before?.sold ?? 0) + 2],
    );

    await post(`/${other.body.id}/hold`, { hours: 1 });
    assert.deepEqual((await stock('lamp'))?.held, 1);
    await shop.rows(`update shop.orders_drafts set hold_until = now() - interval '1 second' where id = $1`, [
      other.body.id,
    ]);
    await shop.rows(
      `update shop.tasks set run_at = now() where name = 'orders.draft-due' and payload ->> 'draftId' = $1`,
      [other.body.id],
    );
    for (const give_up = Date.now() + 60_000; (await stock('lamp'))?.held !== 0;) {
      assert.ok(Date.now() < give_up, 'the hold is over, and its units are still held');
      await shop.host.tasks.settled();
    }
    assert.equal((await get(other.body.id)).holdUntil, undefined);
    await post(`/${other.body.id}/cancel`);
  });

  it('are asked for by a shopper from a cart, talked about, answered and accepted', async () => {
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', {
      body: { lines: [{ variantId: 'desk', quantity: 4 }] },
    });
    const asked = await shop.call<z.infer<typeof askedQuote> & Failed>('POST', '/api/orders/quotes', {
      body: {
        cartId: cart.id,
        email: 'grace@example.com',
        shippingAddress: ADDRESS,
        message: 'What would four cost?',
      },
      headers: key(),
    });
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    const { quote, token } = asked.body;
    assert.equal(quote.state, 'requested');
    assert.equal((await shopper<Bought>(quote.id, token, '/accept', {})).body.code, 'illegal_transition');
    const open = await shop.merchant<DraftPage>('GET', '/api/admin/orders/drafts?state=requested');
    assert.deepEqual(
      open.body.drafts.map(({ id }) => id),
      [quote.id],
    );
    await post(`/${quote.id}/messages`, { message: 'Would grey do, too?' });
    await shopper(quote.id, token, '/messages', { message: 'It would.' });
    const draft = await get(quote.id);
    const lines = [{ variantId: 'desk', quantity: 4, unitPrice: 15_000, reason: 'four at once' }];
    await put(quote.id, { version: draft.version, ...content(lines, { email: 'grace@example.com' }) });
    assert.equal(
      (await shopper(quote.id, token)).body.totals.subtotal,
      80_000,
      'what the merchant has in mind is theirs until it is offered',
    );
    await offer(quote.id);
    assert.equal((await shopper(quote.id, token)).body.totals.subtotal, 60_000);
    await shopper(quote.id, token, '/decline', { message: 'Still too much.' });
    assert.equal((await shopper<Bought>(quote.id, token, '/accept', {})).body.code, 'illegal_transition');
    const declined = await get(quote.id);
    const better = [{ variantId: 'desk', quantity: 4, unitPrice: 14_000, reason: 'four at once' }];
    await put(quote.id, { version: declined.version, ...content(better, { email: 'grace@example.com' }) });
    await offer(quote.id);
    const taken = await shopper<Bought>(quote.id, token, '/accept', {});
    assert.equal(taken.body.order.totals.subtotal, 56_000);
    // Given up before it was paid: the offer is there again, and so are the units.
    const { held } = (await stock('desk')) ?? { held: Number.NaN };
    assert.equal(held, 4);
    await shop.call('POST', `/api/orders/${taken.body.order.id}/cancel?token=${taken.body.token}`);
    assert.equal((await shopper(quote.id, token)).body.state, 'offered');
    assert.equal((await stock('desk'))?.held, 0);
    const second = await shopper<Bought>(quote.id, token, '/accept', {});
    assert.notEqual(second.body.order.id, taken.body.order.id);
    assert.ok(second.body.payment);
    await shop.pay(second.body.payment);
    assert.equal((await confirmedOrder(shop, second.body.order.id)).totals.subtotal, 56_000);
    assert.deepEqual(
      (await get(quote.id)).entries.flatMap(({ message }) => message ?? []),
      ['What would four cost?', 'Would grey do, too?', 'It would.', 'Still too much.'],
    );
  });

  it('are over when they are, and may be renewed', async () => {
    const { body } = await post('', content([{ variantId: 'desk', quantity: 1 }]));
    assert.equal(
      (await post<Failed>(`/${body.id}/offer`, { validUntil: '2020-01-01T00:00:00.000Z' })).status,
      400,
    );
    const { token } = await offer(body.id);
    await shop.rows(`update shop.orders_drafts set valid_until = now() - interval '1 second' where id = $1`, [
      body.id,
    ]);
    assert.equal((await shopper<Bought>(body.id, token, '/accept', {})).body.code, 'gone');
    await shop.rows(
      `update shop.tasks set run_at = now() where name = 'orders.draft-due' and payload ->> 'draftId' = $1`,
      [body.id],
    );
    for (const give_up = Date.now() + 60_000; (await get(body.id)).state !== 'expired';) {
      assert.ok(Date.now() < give_up, 'the offer is over, and does not say so');
      await shop.host.tasks.settled();
    }
    await offer(body.id);
    const rush = await Promise.all(
      Array.from({ length: 6 }, () => shopper<Bought>(body.id, token, '/accept', {})),
    );
    const ids = rush.flatMap(({ status, body: { order } }) => (status === 201 ? [order.id] : []));
    assert.equal(new Set(ids).size, 1, 'six who accept at once get one order');
    const [orders] = await shop.rows<{ count: string }>(
      'select count(*) from shop.orders_orders where cart_id = $1',
      [body.id],
    );
    assert.equal(orders?.count, '1');
  });

  it('belong to their tenant, and to whoever was told of them', async () => {
    const { body } = await post('', content([{ variantId: 'desk', quantity: 1 }]));
    assert.equal((await shop.call('GET', `/api/orders/offers/${body.id}`)).status, 404);
    assert.equal((await shop.call('GET', `/api/admin/orders/drafts/${body.id}`)).status, 401);
    await shop.rows(`update shop.orders_drafts set tenant_id = 'other' where id = $1`, [body.id]);
    assert.equal((await shop.merchant('GET', `/api/admin/orders/drafts/${body.id}`)).status, 404);
    for (const path of ['offer', 'hold', 'complete', 'cancel'])
      assert.equal(
        (
          await post<Failed>(
            `/${body.id}/${path}`,
            { hold: { hours: 1 }, complete: { means: 'cash' } }[path] ?? {},
          )
        ).status,
        404,
        path,
      );
  });
});
