import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { ADDRESS, startTestShop, type Answer, type Placed, type TestShop } from '../testing/shop.ts';
import type { Cart, CheckoutResult, MerchantOrder } from '../schemas.ts';
import type { GiftCardPage, GiftCardWithEntries, IssuedGiftCard } from './schemas.ts';

describe('gift cards, in a shop', () => {
  let shop: TestShop;
  let keys = 0;
  /** A hold ends when a test pushes time forward, and not while a slow machine pays. */
  let ahead = 0;

  before(async () => {
    shop = await startTestShop({
      orders: { holdSeconds: 60 },
      clock: { now: () => new Date(Date.now() + ahead) },
    });
    await shop.sell('mug', 1500, 10_000);
  });
  after(() => shop.stop());

  afterEach(async () => {
    const wrong = await shop.rows(
      `select c.id, c.balance, sum(e.amount) as entries, c.initial - coalesce((
         select sum(u.amount - u.returned) from shop.orders_gift_uses u where u.card_id = c.id), 0) as unspent
       from shop.orders_gift_cards c join shop.orders_gift_card_entries e on e.card_id = c.id
       group by c.id, c.balance, c.initial
       having c.balance <> sum(e.amount) or c.balance <> c.initial - coalesce((
         select sum(u.amount - u.returned) from shop.orders_gift_uses u where u.card_id = c.id), 0)`,
    );
    assert.deepEqual(
      wrong,
      [],
      'a balance is the sum of its entries, and what was issued less what is spent',
    );
  });

  const key = (): Record<string, string> => ({ 'idempotency-key': `gift-cards-${(keys += 1)}` });

  async function issue(amount: number, currency = 'EUR'): Promise<IssuedGiftCard> {
    const answer = await shop.merchant<IssuedGiftCard>('POST', '/api/admin/orders/gift-cards', {
      body: { amount, currency },
      headers: key(),
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }

  async function cardOf(id: string): Promise<GiftCardWithEntries> {
    return (await shop.merchant<GiftCardWithEntries>('GET', `/api/admin/orders/gift-cards/${id}`)).body;
  }

  async function cartWith(...codes: readonly string[]): Promise<Cart> {
    const body = { lines: [{ variantId: 'mug', quantity: 1 }] };
    let { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body });
    for (const code of codes) {
      const entered = await enter(cart, code);
      assert.equal(entered.status, 200, JSON.stringify(entered.body));
      cart = entered.body;
    }
    return cart;
  }

  function enter(cart: Cart, code: string): Promise<Answer<Cart>> {
    return shop.call<Cart>('POST', `/api/orders/carts/${cart.id}/gift-cards`, { body: { code } });
  }

  function checkOut<T = Placed>(cart: Pick<Cart, 'id'>): Promise<Answer<T>> {
    return shop.call<T>('POST', '/api/orders/checkout', {
      body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
      headers: key(),
    });
  }

  const until = (id: string, ...statuses: readonly string[]): Promise<MerchantOrder> =>
    shop.order(id, ({ status }) => statuses.includes(status), `the order is ${statuses.join(' or ')}`);

  async function refund(id: string, amount?: number): Promise<Answer<MerchantOrder>> {
    return shop.merchant<MerchantOrder>('POST', `/api/admin/orders/orders/${id}/refund`, {
      body: amount === undefined ? {} : { amount },
      headers: key(),
    });
  }

  it('pay as far as they go; the card pays the rest, and refunds go back the other way round', async () => {
    const card = await issue(1000);
    const cart = await cartWith(card.code.toLowerCase());
    assert.deepEqual(cart.giftCards, [{ id: card.id, ending: card.ending, amount: 1000 }]);
    assert.deepEqual([cart.totals.total, cart.totals.gift, cart.totals.due], [1990, 1000, 990]);
    const { body: placed } = await checkOut(cart);
    assert.equal((await cardOf(card.id)).balance, 0);
    assert.equal(await shop.pay(placed.payment), 'requires_capture');
    const paid = await until(placed.order.id, 'confirmed');
    assert.equal(paid.captured, 990);

    const first = await refund(paid.id, 500);
    assert.deepEqual(
      [first.body.status, first.body.refunded, first.body.giftRefunded],
      ['partially_refunded', 500, 0],
    );
    const second = await refund(paid.id, 600);
    assert.deepEqual([second.body.refunded, second.body.giftRefunded], [990, 110]);
    assert.equal((await refund(paid.id, 891)).status, 409);
    const rest = await refund(paid.id);
    assert.deepEqual([rest.body.status, rest.body.refunded, rest.body.giftRefunded], ['refunded', 990, 1000]);
    assert.equal((await refund(paid.id)).status, 409);
    const { balance, entries } = await cardOf(card.id);
    assert.equal(balance, 1000);
    assert.deepEqual(
      entries.map(({ kind, amount }) => [kind, amount]),
      [
        ['returned', 890],
        ['returned', 110],
        ['spent', -1000],
        ['issued', 1000],
      ],
    );
  });

  it('pay for all of it, without any other payment, and get it back', async () => {
    const [one, two] = [await issue(1500), await issue(5000)];
    const { status, body } = await checkOut<CheckoutResult>(await cartWith(one.code, two.code));
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual([body.order.status, body.payment, body.order.totals.due], ['confirmed', undefined, 0]);
    assert.equal((await cardOf(two.id)).balance, 5000 - 490);
    const partly = await refund(body.order.id, 490);
    assert.deepEqual([partly.body.status, partly.body.giftRefunded], ['partially_refunded', 490]);
    const ended = await shop.merchant<MerchantOrder>(
      'POST',
      `/api/admin/orders/orders/${body.order.id}/cancel`,
      { body: {} },
    );
    assert.deepEqual([ended.body.status, ended.body.giftRefunded], ['cancelled', 1990]);
    assert.deepEqual([(await cardOf(one.id)).balance, (await cardOf(two.id)).balance], [1500, 5000]);
  });

  it('are never spent twice, however many try at once', async () => {
    const card = await issue(1990 * 3);
    const carts = await Promise.all(Array.from({ length: 40 }, () => cartWith(card.code)));
    const answers = await Promise.all(carts.map((cart) => checkOut<CheckoutResult & { code: string }>(cart)));
    const paidFor = answers.filter(({ status, body }) => status === 201 && body.payment === undefined);
    assert.equal(paidFor.length, 3);
    for (const { status, body } of answers)
      assert.ok(status === 201 || (status === 409 && body.code === 'conflict'), JSON.stringify(body));
    assert.equal((await cardOf(card.id)).balance, 0);
  });

  it('have it back when no payment comes', async () => {
    const card = await issue(1000);
    const { body: placed } = await checkOut(await cartWith(card.code));
    ahead += 61_000;
    await until(placed.order.id, 'expired');
    assert.equal((await cardOf(card.id)).balance, 1000);
    assert.equal((await cardOf(card.id)).entries.length, 3);
  });

  it('are of one currency, known by their code only, and can be switched off', async () => {
    const cart = await cartWith();
    const dollars = await issue(1000, 'USD');
    assert.equal((await enter(cart, dollars.code)).status, 404);
    assert.equal((await enter(cart, 'AAAA-BBBB-CCCC-DDDD')).status, 404);
    assert.equal((await enter(cart, 'short')).status, 400);
    const card = await issue(1000);
    const with_ = await cartWith(card.code);
    const off = await shop.merchant<GiftCardWithEntries>('PATCH', `/api/admin/orders/gift-cards/${card.id}`, {
      body: { enabled: false },
    });
    assert.equal(off.body.enabled, false);
    assert.equal((await enter(cart, card.code)).status, 404);
    const { body } = await shop.call<Cart>('GET', `/api/orders/carts/${with_.id}`);
    assert.deepEqual([body.giftCards, body.totals.gift], [[], 0]);
    const page = await shop.merchant<GiftCardPage>('GET', '/api/admin/orders/gift-cards?limit=1');
    assert.deepEqual(
      page.body.giftCards.map(({ id }) => id),
      [card.id],
    );
    assert.ok(!JSON.stringify(page.body).includes(card.code.replaceAll('-', '')));
    assert.equal((await shop.call('GET', '/api/admin/orders/gift-cards')).status, 401);
    const [stored] = await shop.rows<{ n: number }>(
      `select count(*)::int as n from shop.orders_gift_cards c where c::text like '%' || $1 || '%'`,
      [card.code.replaceAll('-', '')],
    );
    assert.equal(stored?.n, 0);
  });
});
