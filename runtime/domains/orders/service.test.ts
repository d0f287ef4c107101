import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADDRESS, startTestShop, type TestShop } from './testing/shop.ts';
import type { Cart, CheckoutResult, MerchantOrder, Order } from './schemas.ts';

describe('orders and payments, hosted', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1500, 100);
  });
  after(() => shop.stop());

  async function cartOf(...lines: [string, number][]): Promise<Cart> {
    const body = { lines: lines.map(([variantId, quantity]) => ({ variantId, quantity })) };
    const { status, body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body });
    assert.equal(status, 201);
    return cart;
  }

  async function checkOut(cart: Cart): Promise<CheckoutResult> {
    const answer = await tryCheckout(cart);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }

  function tryCheckout(cart: Pick<Cart, 'id'>, more: object = {}, key = `checkout-key-${(keys += 1)}`) {
    const body = { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS, ...more };
    return shop.call<CheckoutResult>('POST', '/api/orders/checkout', {
      body,
      headers: { 'idempotency-key': key },
    });
  }

  async function settled(id: string): Promise<MerchantOrder> {
    for (;;) {
      await shop.host.events.settled();
      await shop.host.tasks.settled();
      const { body } = await shop.merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${id}`);
      if (body.status !== 'pending_payment' && body.status !== 'authorized') return body;
    }
  }

  it('carries an order from cart to delivery', async () => {
    const cart = await cartOf(['mug', 2]);
    assert.equal(cart.totals.total, 3000 + 490);
    const placed = await checkOut(cart);
    assert.equal(placed.order.status, 'pending_payment');
    assert.match(placed.order.number, /^[2-9A-Z]{4}-[2-9A-Z]{4}$/);
    assert.equal(await shop.pay(placed.payment), 'requires_capture');
    const confirmed = await settled(placed.order.id);
    assert.equal(confirmed.status, 'confirmed');
    assert.equal(confirmed.captured, 3490);
    assert.equal(confirmed.stock, 'committed');
    assert.deepEqual(
      confirmed.history.map((entry) => entry.to),
      ['pending_payment', 'authorized', 'confirmed'],
    );
    const seen = await shop.call<Order>('GET', `/api/orders/${placed.order.id}?token=${placed.token}`);
    assert.equal(seen.body.status, 'confirmed');
    const shipped = await shop.merchant<MerchantOrder>(
      'POST',
      `/api/admin/orders/orders/${placed.order.id}/fulfil`,
      { body: { tracking: 'DHL 1' } },
    );
    assert.equal(shipped.body.status, 'fulfilled');
    const [level] = await shop.rows<object>(
      `select on_hand, held, sold from shop.orders_stock where variant_id = 'mug'`,
    );
    assert.deepEqual(level, { on_hand: 98, held: 0, sold: 0 });
  });
});
