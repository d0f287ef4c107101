import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  ADDRESS,
  confirmedOrder,
  startTestShop,
  type Answer,
  type Placed,
  type TestShop,
} from '../testing/shop.ts';
import type { Cart, CheckoutResult, MerchantOrder } from '../schemas.ts';
import type { Promotion, PromotionPage } from './schemas.ts';

interface Refusal {
  readonly code: string;
  readonly problems: readonly { readonly where: string; readonly what: string }[];
}

describe('promotions, in a shop', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1500, 10_000);
    await shop.sell('cap', 999, 10_000);
  });
  after(() => shop.stop());

  const key = (): Record<string, string> => ({ 'idempotency-key': `promotions-${(keys += 1)}` });

  async function promote(promotion: object): Promise<Promotion> {
    const answer = await shop.merchant<Promotion>('POST', '/api/admin/orders/promotions', {
      body: promotion,
      headers: key(),
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }

  async function cartOf(codes: readonly string[], ...lines: [string, number][]): Promise<Cart> {
    const body = { lines: lines.map(([variantId, quantity]) => ({ variantId, quantity })) };
    let { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body });
    for (const code of codes) {
      const entered = await shop.call<Cart>('POST', `/api/orders/carts/${cart.id}/codes`, { body: { code } });
      assert.equal(entered.status, 200, JSON.stringify(entered.body));
      cart = entered.body;
    }
    return cart;
  }

  function checkOut<T = Placed>(cart: Pick<Cart, 'id'>, email = 'ada@example.com'): Promise<Answer<T>> {
    return shop.call<T>('POST', '/api/orders/checkout', {
      body: { cartId: cart.id, email, shippingAddress: ADDRESS },
      headers: key(),
    });
  }

  async function used(id: string): Promise<number> {
    return (await shop.merchant<Promotion>('GET', `/api/admin/orders/promotions/${id}`)).body.used;
  }

  it('shows an empty cart as it is read afterwards, whatever goes by itself', async () => {
    const { id } = await promote({ title: 'No shipping', benefit: { kind: 'free_shipping' } });
    const made = await cartOf([]);
    const { body: read } = await shop.call<Cart>('GET', `/api/orders/carts/${made.id}`);
    assert.deepEqual(made, read);
    assert.equal(made.totals.due, 0);
    const gone = await shop.merchant('DELETE', `/api/admin/orders/promotions/${id}`);
    assert.ok(gone.status < 300, JSON.stringify(gone.body));
  });

  it('shows a code in the cart, and keeps what it took with the order', async () => {
    const made = await promote({
      title: 'Ten off',
      code: 'ten',
      benefit: { kind: 'percent', basisPoints: 1000 },
    });
    assert.equal(made.code, 'TEN');
    const cart = await cartOf(['Ten'], ['mug', 2], ['cap', 1]);
    assert.deepEqual(cart.codes, [{ code: 'TEN', applied: true }]);
    assert.equal(cart.totals.discount, 400);
    assert.equal(cart.totals.total, 3999 - 400 + 490);
    assert.deepEqual(
      cart.lines.map((line) => line.discount.amount),
      [100, 300],
    );
    const { body: placed } = await checkOut(cart);
    assert.deepEqual(placed.order.totals.discounts, [
      { promotionId: made.id, title: 'Ten off', code: 'TEN', class: 'order', amount: 400 },
    ]);
    assert.deepEqual(
      placed.order.lines.map((line) => line.discount.amount),
      [100, 300],
    );
    await shop.pay(placed.payment);
    const paid = await confirmedOrder(shop, placed.order.id);
    assert.equal(paid.captured, 3999 - 400 + 490);
    assert.equal(await used(made.id), 1);
  });

  it('refuses a code that nobody gave out, and takes one out again', async () => {
    const cart = await cartOf([], ['mug', 1]);
    const path = `/api/orders/carts/${cart.id}/codes`;
    assert.equal((await shop.call('POST', path, { body: { code: 'NOBODYS' } })).status, 404);
    await shop.call('POST', path, { body: { code: 'TEN' } });
    const { body } = await shop.call<Cart>('DELETE', `${path}/ten`);
    assert.deepEqual([body.codes, body.totals.discount], [[], 0]);
  });

  it('lets 200 shoppers at once use a code exactly as often as it may be used', async () => {
    const made = await promote({
      title: 'The first twenty',
      code: 'RUSH',
      usageLimit: 20,
      benefit: { kind: 'fixed', amount: { EUR: 500 } },
    });
    const carts = await Promise.all(Array.from({ length: 200 }, () => cartOf(['RUSH'], ['mug', 1])));
    const answers = await Promise.all(
      carts.map((cart, index) => checkOut<Placed & Refusal>(cart, `rush${index}@example.com`)),
    );
    const placed = answers.filter(({ status }) => status === 201);
    assert.equal(placed.length, 20);
    assert.ok(placed.every(({ body }) => body.order.totals.discount === 500));
    for (const { status, body } of answers.filter((each) => each.status !== 201)) {
      assert.equal(status, 409, JSON.stringify(body));
      assert.deepEqual(body.problems, [{ where: '/codes/RUSH', what: 'used_up' }]);
    }
    assert.equal(await used(made.id), 20);
    const [units] = await shop.rows<{ held: number }>(
      `select count(*)::int as held from shop.orders_redemptions where promotion_id = $1 and state = 'taken'`,
      [made.id],
    );
    assert.equal(units?.held, 20);
  });

  it('gives the use back when the order comes to nothing, once', async () => {
    const made = await promote({
      title: 'One only',
      code: 'ONCE',
      usageLimit: 1,
      benefit: { kind: 'fixed', amount: { EUR: 500 } },
    });
    const { body: placed } = await checkOut(await cartOf(['ONCE'], ['mug', 1]));
    assert.equal((await checkOut(await cartOf(['ONCE'], ['mug', 1]))).status, 409);
    const cancel = `/api/orders/${placed.order.id}/cancel?token=${placed.token}`;
    await shop.call('POST', cancel);
    await shop.call('POST', cancel);
    assert.equal(await used(made.id), 0);
    assert.equal((await checkOut(await cartOf(['ONCE'], ['mug', 1]))).status, 201);
    assert.equal(await used(made.id), 1);
  });

  it('counts each customer’s uses, however the address is written', async () => {
    await promote({
      title: 'Once each',
      code: 'EACH',
      perCustomerLimit: 1,
      benefit: { kind: 'percent', basisPoints: 500 },
    });
    const both = await Promise.all(
      ['grace@example.com', 'Grace@Example.com'].map(async (email) =>
        checkOut<Refusal>(await cartOf(['EACH'], ['mug', 1]), email),
      ),
    );
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 409]);
    assert.equal((await checkOut(await cartOf(['EACH'], ['mug', 1]), 'joan@example.com')).status, 201);
  });

  it('welcomes a first order by itself, and only the first', async () => {
    const made = await promote({
      title: 'Welcome',
      conditions: { customers: 'first_order', minimumQuantity: 7 },
      benefit: { kind: 'percent', basisPoints: 2000 },
    });
    const first = await checkOut(await cartOf([], ['mug', 7]), 'new@example.com');
    assert.equal(first.body.order.totals.discount, 2100);
    const second = await checkOut(await cartOf([], ['mug', 7]), 'new@example.com');
    assert.equal(second.body.order.totals.discount, 0);
    assert.equal(await used(made.id), 1);
    await shop.merchant('DELETE', `/api/admin/orders/promotions/${made.id}`);
  });

  it('confirms an order that costs nothing without a payment, and gives it up like any other', async () => {
    const made = await promote({
      title: 'A gift',
      code: 'GIFT',
      combinesWith: ['shipping'],
      benefit: { kind: 'percent', basisPoints: 10_000 },
    });
    await promote({
      title: 'Carried for nothing',
      code: 'CARRY',
      combinesWith: ['order'],
      benefit: { kind: 'free_shipping' },
    });
    const cart = await cartOf(['GIFT', 'CARRY'], ['cap', 1]);
    assert.equal(cart.totals.total, 0);
    const { status, body } = await checkOut<CheckoutResult>(cart);
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(body.payment, undefined);
    assert.equal(body.order.status, 'confirmed');
    const { body: ended } = await shop.merchant<MerchantOrder>(
      'POST',
      `/api/admin/orders/orders/${body.order.id}/cancel`,
      { body: {} },
    );
    assert.deepEqual([ended.status, ended.stock], ['cancelled', 'released']);
    assert.equal(await used(made.id), 0);
  });

  it('asks again where a code has come to nothing since, unless the shopper has seen the total', async () => {
    const made = await promote({
      title: 'Short',
      code: 'SHORT',
      benefit: { kind: 'percent', basisPoints: 1000 },
    });
    const cart = await cartOf(['SHORT'], ['cap', 1]);
    const change = {
      title: 'Short',
      code: 'SHORT',
      enabled: false,
      benefit: made.benefit,
      version: made.version,
    };
    const changed = await shop.merchant<Promotion>('PUT', `/api/admin/orders/promotions/${made.id}`, {
      body: change,
    });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    const refused = await checkOut<Refusal>(cart);
    assert.equal(refused.status, 409);
    assert.deepEqual(refused.body.problems, [{ where: '/codes/SHORT', what: 'ended' }]);
    const again = await shop.merchant('PUT', `/api/admin/orders/promotions/${made.id}`, { body: change });
    assert.equal(again.status, 409, 'of another version');
  });

  it('lists them for the merchant, and keeps a code for one promotion', async () => {
    const twice = { title: 'Twice', code: 'TEN', benefit: { kind: 'percent', basisPoints: 1 } };
    const refused = await shop.merchant('POST', '/api/admin/orders/promotions', {
      body: twice,
      headers: key(),
    });
    assert.equal(refused.status, 409);
    const { body } = await shop.merchant<PromotionPage>('GET', '/api/admin/orders/promotions?limit=2');
    assert.equal(body.promotions.length, 2);
    assert.ok(body.nextCursor !== undefined);
    assert.equal((await shop.call('GET', '/api/admin/orders/promotions')).status, 401);
  });
});
