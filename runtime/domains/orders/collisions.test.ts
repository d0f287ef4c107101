/** Two things that happen to one order at once, or in an order that nobody thinks of: what becomes of its money and its units. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../../tests/support/wait.ts';
import { ShopError } from '../../platform/errors.ts';
import { paymentOfCheckout } from '../payments/schemas.ts';
import type { Cart, MerchantOrder, PaymentStart } from './schemas.ts';
import { ADDRESS, confirmedOrder, paidOrder, startTestShop, type TestShop } from './testing/shop.ts';

type Said = MerchantOrder & { readonly code?: string; readonly detail?: string };

const DISPUTED_CARD = '4000000000000259';
const LONG = 30_000;

describe('an order to which two things happen', () => {
  let shop: TestShop;
  let keys = 0;
  /** What the processor says to a refund. */
  let refusal: ShopError | undefined;
  /** What happens once the processor has taken money, of which nobody has told yet. */
  let meanwhile: (() => Promise<void>) | undefined;

  before(async () => {
    shop = await startTestShop({
      // What is not told is not found either: the moments are the tests' own.
      payments: { quietSeconds: 3_600 },
      between: (payments) => ({
        ...payments,
        refund: (...args) => (refusal === undefined ? payments.refund(...args) : Promise.reject(refusal)),
        async capture(...args) {
          const happens = meanwhile;
          if (happens === undefined) return payments.capture(...args);
          meanwhile = undefined;
          await shop.knobs({ dropWebhooks: 100 });
          const taken = await payments.capture(...args);
          await happens();
          return taken;
        },
      }),
    });
    await shop.sell('mug', 1500, 1_000);
    await shop.sell('bowl', 2500, 1_000);
    await shop.sell('yacht', 60_000_000_000, 10);
    await shop.sell('island', 60_000_000_000, 10);
  });
  after(() => shop.stop());

  const key = (name = `collision-${(keys += 1)}`): Record<string, string> => ({ 'idempotency-key': name });

  function post(id: string, path: string, body: object = {}, headers = key()) {
    return shop.merchant<Said>('POST', `/api/admin/orders/orders/${id}/${path}`, { body, headers });
  }

  async function done(id: string, path: string, body?: object): Promise<MerchantOrder> {
    const answer = await post(id, path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  function becomes(id: string, what: string, is: (order: MerchantOrder) => boolean): Promise<MerchantOrder> {
    return until(
      async () => {
        const { body } = await shop.merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${id}`);
        return is(body) ? body : undefined;
      },
      { withinMs: LONG, what, tell: () => seen(id) },
    );
  }

  async function seen(id: string): Promise<string> {
    const { body } = await shop.merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${id}`);
    const { status, stock, captured, refunded, surcharges } = body;
    return JSON.stringify({ status, stock, captured, refunded, surcharges });
  }

  async function promised(variantId: string): Promise<number> {
    const [row] = await shop.rows<{ promised: number }>(
      'select held + sold as promised from shop.orders_stock where variant_id = $1',
      [variantId],
    );
    return row?.promised ?? Number.NaN;
  }

  it('has all of its money back when it is cancelled after a refund that did not get through', async () => {
    const { id, captured } = await paidOrder(shop, { mug: 2 });
    refusal = new ShopError('unavailable', 'The payment processor cannot be reached.');
    assert.equal((await done(id, 'refund', { amount: 500 })).refunded, 0);
    const cancelled = await done(id, 'cancel');
    assert.deepEqual([cancelled.status, cancelled.refunded], ['cancelled', 0]);
    refusal = undefined;
    await becomes(id, 'all of it is back', ({ refunded }) => refunded === captured);
    const open = await shop.rows(
      `select from shop.orders_refunds where order_id = $1 and state = 'requested'`,
      [id],
    );
    assert.equal(open.length, 0);
  });

  it('keeps nothing of a surcharge that was taken while all the rest went back', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    const lines = [{ variantId: 'bowl', quantity: 1 }];
    const { body: edit } = await shop.merchant<{ id: string; version: number }>(
      'POST',
      `/api/admin/orders/orders/${order.id}/edits`,
      { body: { lines }, headers: key() },
    );
    await done(order.id, `edits/${edit.id}/commit`, { version: edit.version });
    const path = `/api/orders/${order.id}/payment?token=${order.token}`;
    const { body: surcharge } = await shop.call<PaymentStart>('POST', path);
    meanwhile = async () => {
      const { payments } = shop.host.platform;
      const intentId = order.payment.intentId ?? '';
      await payments.refund(shop.tenant, intentId, order.captured, 'at-the-processor');
      // The processor tells of nothing now: it is asked about the first payment, and about no other.
      const which = { paymentId: paymentOfCheckout(order.id), orderId: order.id };
      await shop.host.platform.call(shop.tenant, 'payments', 'sync', which);
      await becomes(order.id, 'the first payment is back', ({ status }) => status === 'refunded');
    };
    assert.equal(await shop.pay(surcharge), 'requires_capture');
    const after = await becomes(order.id, 'the surcharge is back', ({ captured, refunded }) => {
      return captured === order.captured + 2500 && refunded === captured;
    });
    assert.equal(after.status, 'refunded');
    await shop.knobs({});
  });

  it('holds no units that nobody ships, once all of its money has gone back', async () => {
    const [mugs, bowls] = [await promised('mug'), await promised('bowl')];
    const { id } = await paidOrder(shop, { mug: 2, bowl: 3 });
    await done(id, 'fulfilments', { lines: [{ variantId: 'bowl', quantity: 1 }] });
    assert.deepEqual([await promised('mug'), await promised('bowl')], [mugs + 2, bowls + 2]);
    await done(id, 'refund', { amount: 100 });
    assert.deepEqual([await promised('mug'), await promised('bowl')], [mugs + 2, bowls + 2]);
    assert.equal((await done(id, 'refund')).status, 'refunded');
    const after = await becomes(id, 'the rest is let go', ({ stock }) => stock === 'shipped');
    assert.deepEqual([await promised('mug'), await promised('bowl')], [mugs, bowls]);
    assert.deepEqual(
      after.lines.map(({ variantId, shipped, cancelled }) => [variantId, shipped, cancelled]).toSorted(),
      [
        ['bowl', 1, 2],
        ['mug', 0, 2],
      ],
    );
    assert.equal((await post(id, 'fulfilments')).body.code, 'illegal_transition');
  });

  it('is not made where it comes to more than can be paid, and holds nothing', async () => {
    const lines = ['yacht', 'island'].map((variantId) => ({ variantId, quantity: 1 }));
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } });
    const { status, body } = await shop.call<Said>('POST', '/api/orders/checkout', {
      body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
      headers: key(),
    });
    assert.deepEqual([status, body.code], [400, 'invalid_input'], JSON.stringify(body));
    assert.equal(await promised('yacht'), 0);
  });

  it('tells the merchant that a bank keeps a refund from going back', async () => {
    const lines = [{ variantId: 'mug', quantity: 1 }];
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } });
    const { body: placed } = await shop.call<{ order: { id: string }; payment: PaymentStart }>(
      'POST',
      '/api/orders/checkout',
      { body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS }, headers: key() },
    );
    await shop.pay(placed.payment, DISPUTED_CARD);
    const { id } = await confirmedOrder(shop, placed.order.id);
    const { status, body } = await post(id, 'refund', { amount: 500 });
    assert.deepEqual([status, body.code], [409, 'conflict'], JSON.stringify(body));
    assert.match(body.detail ?? '', /A bank contests/);
  });

  it('pays for no unit twice: what was paid back is given up for nothing, and is not edited out', async () => {
    const before = await promised('mug');
    const { id } = await paidOrder(shop, { mug: 1, bowl: 1 });
    const lines = [{ variantId: 'mug', quantity: 1 }];
    assert.equal((await done(id, 'refund', { lines })).refunded, 1500);
    const edit = await post(id, 'edits', { lines: [{ variantId: 'mug', quantity: 0 }] });
    assert.deepEqual([edit.status, edit.body.code], [400, 'invalid_input'], JSON.stringify(edit.body));
    const same = key();
    for (const _ of [1, 2])
      assert.equal((await post(id, 'cancel-units', { lines }, same)).body.refunded, 1500);
    assert.equal(await promised('mug'), before);
  });

  it('ends a return whose units were paid back otherwise meanwhile', async () => {
    const { id } = await paidOrder(shop, { mug: 2 });
    await done(id, 'fulfilments');
    const asked = { lines: [{ variantId: 'mug', quantity: 2, reason: 'damaged' }] };
    const path = `returns/${(await done(id, 'returns', asked)).returns[0]?.id}`;
    await done(id, `${path}/receive`);
    await done(id, `${path}/inspect`, { lines: [{ variantId: 'mug', accepted: 2, restock: 2 }] });
    const one = { lines: [{ variantId: 'mug', quantity: 1 }] };
    assert.equal((await done(id, 'refund', one)).refunded, 1500);
    const ended = await done(id, `${path}/refund`);
    assert.deepEqual([ended.refunded, ended.returns[0]?.state], [3000, 'refunded']);
  });

  it('is not grown without end by who asks for returns and withdraws them', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    await done(order.id, 'fulfilments');
    await shop.rows(
      `insert into shop.orders_returns (tenant_id, order_id, id, state, asked_by, lines, asked_at, updated_at)
       select 'acme', $1, 'ret_' || n, 'withdrawn', 'shopper', '[]', now(), now() from generate_series(1, 199) as n`,
      [order.id],
    );
    const ask = () =>
      shop.call<Said>('POST', `/api/orders/${order.id}/returns?token=${order.token}`, {
        body: { lines: [{ variantId: 'mug', quantity: 1, reason: 'other' }] },
        headers: key(),
      });
    const { body } = await ask();
    const last = body.returns.at(-1)?.id;
    await shop.call('POST', `/api/orders/${order.id}/returns/${last}/withdraw?token=${order.token}`);
    assert.deepEqual([(await ask()).status, (await ask()).body.code], [409, 'conflict']);
  });

  it('takes a key for what it was used for: units that are given up, and a refund, are two wishes', async () => {
    const { id } = await paidOrder(shop, { mug: 3 });
    const same = key('one-key-for-both');
    const lines = [{ variantId: 'mug', quantity: 1 }];
    const first = await post(id, 'cancel-units', { lines }, same);
    assert.equal(first.body.refunded, 1500);
    const second = await post(id, 'refund', { amount: 700 }, same);
    assert.equal(second.body.refunded, 2200);
  });
});
