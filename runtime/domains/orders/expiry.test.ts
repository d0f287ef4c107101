import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ShopError } from '../../platform/errors.ts';
import type { Payments } from '../../platform/ports.ts';
import { paymentOfCheckout } from '../payments/schemas.ts';
import { ADDRESS, startTestShop, type TestShop, type Placed } from './testing/shop.ts';
import type { Cart, MerchantOrder, OrderStatus } from './schemas.ts';

describe('holds that end', () => {
  let shop: TestShop;
  let outage = false;
  let keys = 0;
  /** While it is set, time stands still: a hold of a second lasts however slow the machine is. */
  let still: Date | undefined;

  /** While there is an outage the shop cannot ask the processor; shoppers and webhooks still get through. */
  function unreachable(payments: Payments): Payments {
    const refuse = async (): Promise<void> => {
      if (outage) throw new ShopError('unavailable', 'The processor is away.');
    };
    return {
      ...payments,
      retrieve: (...args) => refuse().then(() => payments.retrieve(...args)),
      cancel: (...args) => refuse().then(() => payments.cancel(...args)),
      list: (...args) => refuse().then(() => payments.list(...args)),
    };
  }

  before(async () => {
    const orders = {
      holdSeconds: 1,
      extendSeconds: 2,
      longestHoldSeconds: 60,
      sweepSeconds: 1,
      stuckSeconds: 1,
    };
    shop = await startTestShop({
      orders,
      between: unreachable,
      clock: { now: () => still ?? new Date() },
    });
  });
  after(() => shop.stop());

  async function place(
    variantId: string,
    { code, gift }: { readonly code?: string; readonly gift?: string } = {},
  ): Promise<Placed & { cartId: string }> {
    const cart = await shop.call<Cart>('POST', '/api/orders/carts', {
      body: { lines: [{ variantId, quantity: 1 }] },
    });
    const path = `/api/orders/carts/${cart.body.id}`;
    if (code !== undefined) await shop.call('POST', `${path}/codes`, { body: { code } });
    if (gift !== undefined) await shop.call('POST', `${path}/gift-cards`, { body: { code: gift } });
    const answer = await shop.call<Placed>('POST', '/api/orders/checkout', {
      body: { cartId: cart.body.id, email: 'ada@example.com', shippingAddress: ADDRESS },
      headers: { 'idempotency-key': `expiry-key-${(keys += 1)}` },
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return { ...answer.body, cartId: cart.body.id };
  }

  const becomes = (id: string, ...wanted: OrderStatus[]): Promise<MerchantOrder> =>
    shop.order(id, ({ status }) => wanted.includes(status), `the order is ${wanted.join(' or ')}`);

  async function intentOf(id: string): Promise<string> {
    const response = await fetch(`${shop.processor.origin}/v1/payment_intents/${id}`, {
      headers: { authorization: 'Bearer sk_test_acme00000001' },
    });
    return ((await response.json()) as { status: string }).status;
  }

  const isCancelled = (intent: string): Promise<string> =>
    shop.until(
      () => intentOf(intent),
      (status) => status === 'canceled',
      'the intent is cancelled',
    );

  async function stockOf(variantId: string): Promise<object | undefined> {
    return (
      await shop.rows<object>('select on_hand, held, sold from shop.orders_stock where variant_id = $1', [
        variantId,
      ])
    )[0];
  }

  it('gives the units back, cancels the intent and reopens the cart when no payment comes', async () => {
    await shop.sell('kettle', 3000, 1);
    const placed = await place('kettle');
    const expired = await becomes(placed.order.id, 'expired');
    assert.equal(expired.stock, 'released');
    assert.deepEqual(await stockOf('kettle'), { on_hand: 1, held: 0, sold: 0 });
    await isCancelled(placed.payment.intentId);
    const cart = await shop.call<Cart>('GET', `/api/orders/carts/${placed.cartId}`);
    assert.equal(cart.body.status, 'open');
    assert.equal(cart.body.lines[0]?.problem, undefined);
  });

  it('holds longer while the shopper goes on paying', async () => {
    await shop.sell('lamp', 3000, 1);
    still = new Date();
    const placed = await place('lamp');
    const resumed = await shop.call('POST', `/api/orders/${placed.order.id}/payment?token=${placed.token}`);
    assert.equal(resumed.status, 200);
    assert.equal(resumed.body['clientSecret'], placed.payment.clientSecret);
    const { body } = await shop.merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${placed.order.id}`);
    assert.ok(new Date(body.holdExpiresAt ?? 0) > new Date(placed.order.holdExpiresAt ?? 0));
    await shop.pay(placed.payment);
    assert.notEqual((await becomes(placed.order.id, 'authorized', 'confirmed', 'expired')).status, 'expired');
    still = undefined;
    assert.equal((await becomes(placed.order.id, 'confirmed', 'expired')).status, 'confirmed');
  });

  it('takes the units again for a payment that comes late, while they are free', async () => {
    await shop.sell('clock', 3000, 1);
    outage = true;
    const placed = await place('clock');
    await becomes(placed.order.id, 'expired');
    assert.deepEqual(await stockOf('clock'), { on_hand: 1, held: 0, sold: 0 });
    assert.equal(await shop.pay(placed.payment), 'requires_capture');
    // Before that, the shop would cancel what it has not yet heard is paid.
    const done = await becomes(placed.order.id, 'confirmed', 'cancelled');
    outage = false;
    assert.equal(done.status, 'confirmed');
    assert.deepEqual(
      done.history.map((entry) => entry.to),
      ['pending_payment', 'expired', 'authorized', 'confirmed'],
    );
    assert.deepEqual(await stockOf('clock'), { on_hand: 1, held: 0, sold: 1 });
  });

  it('returns by itself the money of a payment that comes too late', async () => {
    await shop.sell('vase', 3000, 1);
    outage = true;
    const late = await place('vase');
    await becomes(late.order.id, 'expired');
    const next = await place('vase');
    assert.equal(await shop.pay(next.payment), 'requires_capture');
    await becomes(next.order.id, 'confirmed');
    assert.equal(await shop.pay(late.payment), 'requires_capture');
    const over = await becomes(late.order.id, 'cancelled');
    assert.match(over.reason ?? '', /Nothing is charged/);
    outage = false;
    await isCancelled(late.payment.intentId);
    assert.deepEqual(await stockOf('vase'), { on_hand: 1, held: 0, sold: 1 });
  });

  describe('with a discount and a gift card in the price', () => {
    const headers = (): Record<string, string> => ({ 'idempotency-key': `expiry-key-${(keys += 1)}` });

    async function prices(code: string) {
      await shop.sell(code, 3000, 5);
      await shop.merchant('POST', '/api/admin/orders/promotions', {
        body: { title: code, code, usageLimit: 1, benefit: { kind: 'fixed', amount: { EUR: 500 } } },
        headers: headers(),
      });
      const { body: card } = await shop.merchant<{ id: string; code: string }>(
        'POST',
        '/api/admin/orders/gift-cards',
        { body: { amount: 1000, currency: 'EUR' }, headers: headers() },
      );
      const left = async () => {
        const [row] = await shop.rows<object>(
          `select p.used, g.balance::int from shop.orders_promotions p, shop.orders_gift_cards g where p.code = $1 and g.id = $2`,
          [code.toUpperCase(), card.id],
        );
        return row;
      };
      return { price: { code, gift: card.code }, left };
    }

    it('takes these again too for a payment that comes late', async () => {
      const { price, left } = await prices('torch');
      outage = true;
      const placed = await place('torch', price);
      assert.deepEqual([placed.order.totals.total, placed.order.totals.due], [2990, 1990]);
      assert.deepEqual(await left(), { used: 1, balance: 0 });
      await becomes(placed.order.id, 'expired');
      assert.deepEqual(await left(), { used: 0, balance: 1000 });
      await shop.pay(placed.payment);
      const done = await becomes(placed.order.id, 'confirmed', 'cancelled');
      outage = false;
      assert.deepEqual([done.status, done.captured, done.giftRefunded], ['confirmed', 1990, 0]);
      assert.deepEqual(await left(), { used: 1, balance: 0 });
    });

    it('charges nothing when others have used them up meanwhile, and keeps no units', async () => {
      const { price, left } = await prices('desk');
      outage = true;
      const late = await place('desk', price);
      await becomes(late.order.id, 'expired');
      const next = await place('desk', price);
      await shop.pay(next.payment);
      await becomes(next.order.id, 'confirmed');
      await shop.pay(late.payment);
      const over = await becomes(late.order.id, 'cancelled');
      assert.match(over.reason ?? '', /used up meanwhile. Nothing is charged/);
      outage = false;
      await isCancelled(late.payment.intentId);
      assert.deepEqual(await stockOf('desk'), { on_hand: 5, held: 0, sold: 1 });
      assert.deepEqual(await left(), { used: 1, balance: 0 });
    });
  });

  it('cancels an intent that was made without our knowing', async () => {
    const { intent } = await orphan();
    const orderId = `ord_${'ab'.repeat(16)}`;
    const which = { paymentId: paymentOfCheckout(orderId), orderId };
    await shop.host.platform.call(shop.tenant, 'payments', 'cancel', which);
    await isCancelled(intent);
  });

  async function orphan(): Promise<{ intent: string }> {
    const answer = await fetch(`${shop.processor.origin}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_acme00000001' },
      body: new URLSearchParams({
        amount: '5',
        currency: 'eur',
        'metadata[order_id]': `ord_${'ab'.repeat(16)}`,
        'metadata[tenant]': shop.tenant,
      }),
    });
    return { intent: ((await answer.json()) as { id: string }).id };
  }
});
