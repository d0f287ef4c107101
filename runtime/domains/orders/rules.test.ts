import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADDRESS, startTestShop, type Placed, type TestShop } from './testing/shop.ts';
import type { Cart, ShippingMethod } from './schemas.ts';

const SHIPPING = {
  zones: [
    {
      name: 'Britain',
      places: [{ country: 'GB' }],
      methods: [
        {
          id: 'parcel',
          title: 'Parcel',
          rate: { by: 'price', bands: [{ from: { EUR: 0 }, price: { EUR: 700 } }] },
          freeFrom: { EUR: 9_000 },
          minDays: 2,
          maxDays: 3,
        },
        {
          id: 'shop',
          title: 'Collect in London',
          rate: { by: 'order', price: { EUR: 0 } },
          minDays: 0,
          maxDays: 1,
          pickup: true,
        },
      ],
    },
  ],
};
const TAXES = {
  pricesInclude: false,
  shippingClass: 'standard',
  rates: [
    { country: 'GB', basisPoints: 2000, name: 'VAT 20 %' },
    { country: 'GB', class: 'zero', basisPoints: 0, name: 'VAT 0 %' },
  ],
  classes: [{ class: 'zero', of: { products: ['prd_book'] } }],
};

describe('a shop’s own shipping and taxes', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1500, 100);
    await shop.sell('book', 1000, 100);
  });
  after(() => shop.stop());

  async function cartOf(...lines: [string, number][]): Promise<Cart> {
    const body = { lines: lines.map(([variantId, quantity]) => ({ variantId, quantity })) };
    return (await shop.call<Cart>('POST', '/api/orders/carts', { body })).body;
  }

  function checkOut(cart: Cart, more: object = {}) {
    return shop.call<Placed & { problems?: readonly { where: string }[] }>('POST', '/api/orders/checkout', {
      body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS, ...more },
      headers: { 'idempotency-key': `rules-key-${(keys += 1)}` },
    });
  }

  it('are set as a whole, in the version that was read', async () => {
    const put = (path: string, version: number, rules: object) =>
      shop.merchant<{ version: number }>('PUT', path, { body: { version, rules } });
    const shipping = '/api/admin/orders/shipping';
    assert.deepEqual((await shop.merchant('GET', shipping)).body, { version: 0 });
    const answers = await Promise.all([put(shipping, 0, SHIPPING), put(shipping, 0, SHIPPING)]);
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409]);
    assert.equal((await put(shipping, 1, SHIPPING)).body.version, 2);
    assert.equal((await put('/api/admin/orders/taxes', 0, TAXES)).status, 200);
    assert.equal((await put('/api/admin/orders/taxes', 5, TAXES)).status, 409);
    assert.equal((await shop.call('GET', shipping)).status, 401);
  });

  it('decide what shoppers are offered and pay', async () => {
    const cart = await cartOf(['mug', 1], ['book', 1]);
    const offered = await shop.call<{ methods: ShippingMethod[] }>(
      'GET',
      `/api/orders/shipping-methods?cartId=${cart.id}`,
    );
    assert.deepEqual(
      offered.body.methods.map(({ id, price, pickup }) => [id, price.amount, pickup]),
      [
        ['parcel', 700, false],
        ['shop', 0, true],
      ],
    );
    const { body: placed } = await checkOut(cart);
    assert.equal(placed.order.shippingMethod, 'parcel');
    assert.equal(placed.order.shippingTitle, 'Parcel');
    // VAT on the mug and on the parcel, none on the book.
    assert.deepEqual(placed.order.totals.tax, {
      amount: 440,
      included: false,
      rateBasisPoints: 2000,
      parts: [{ name: 'VAT 20 %', rateBasisPoints: 2000, base: 2200, amount: 440 }],
    });
    assert.equal(placed.order.totals.total, 2500 + 700 + 440);
    assert.deepEqual(
      Object.fromEntries(placed.order.lines.map(({ variantId, tax }) => [variantId, tax.amount])),
      { book: 0, mug: 300 },
    );
    await shop.pay(placed.payment);
  });

  it('lets the shopper collect', async () => {
    const cart = await cartOf(['mug', 1]);
    const { body } = await shop.call<Cart>('PATCH', `/api/orders/carts/${cart.id}`, {
      body: { shippingMethod: 'shop', shippingAddress: ADDRESS },
    });
    assert.deepEqual([body.totals.shipping, body.totals.total], [0, 1800]);
    const { body: placed } = await checkOut(cart, { expectedTotal: 1800 });
    assert.equal(placed.order.shippingMethod, 'shop');
  });

  it('refuse what is not offered, and places where nothing goes', async () => {
    const cart = await cartOf(['mug', 1]);
    const express = await checkOut(cart, { shippingMethod: 'express' });
    assert.deepEqual([express.status, express.body.problems?.[0]?.where], [400, '/shippingMethod']);
    const shippingAddress = { ...ADDRESS, country: 'FR' };
    const abroad = await checkOut(cart, { shippingAddress });
    assert.deepEqual([abroad.status, abroad.body.problems?.[0]?.where], [400, '/shippingAddress/country']);
    const { body } = await shop.call<Cart>('PATCH', `/api/orders/carts/${cart.id}`, {
      body: { shippingAddress },
    });
    assert.equal(body.undeliverable, true);
  });
});
