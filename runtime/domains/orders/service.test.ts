import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { untilSeen } from '../../../tests/support/wait.ts';
import { signature } from '../../platform/payments/processor/webhooks.ts';
import { ADDRESS, confirmedOrder, KEYS, startTestShop, type TestShop, type Placed } from './testing/shop.ts';
import type { Cart, MerchantOrder, Order, OrderPage } from './schemas.ts';

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

  async function checkOut(cart: Cart): Promise<Placed> {
    const answer = await tryCheckout(cart);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }

  function tryCheckout(cart: Pick<Cart, 'id'>, more: object = {}, key = `checkout-key-${(keys += 1)}`) {
    const body = { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS, ...more };
    return shop.call<Placed>('POST', '/api/orders/checkout', {
      body,
      headers: { 'idempotency-key': key },
    });
  }

  const settled = (id: string): Promise<MerchantOrder> => confirmedOrder(shop, id);

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
      `/api/admin/orders/orders/${placed.order.id}/fulfilments`,
      { body: { carrier: 'DHL', trackingNumber: '1' }, headers: { 'idempotency-key': 'all-of-it-1' } },
    );
    assert.equal(shipped.body.status, 'fulfilled');
    const [level] = await shop.rows<object>(
      `select on_hand, held, sold from shop.orders_stock where variant_id = 'mug'`,
    );
    assert.deepEqual(level, { on_hand: 98, held: 0, sold: 0 });
  });

  it('sends what the browser needs and nothing secret', async () => {
    const { payment, order } = await checkOut(await cartOf(['mug', 1]));
    assert.equal(payment.publishableKey, 'pk_test_acme00000001');
    assert.equal(payment.processorOrigin, shop.processor.origin);
    assert.ok(payment.clientSecret.startsWith(`${payment.intentId}_secret_`));
    assert.ok(!JSON.stringify(order).includes('token'));
  });

  it('tells a declined card, keeps the stock, and takes the next card', async () => {
    const placed = await checkOut(await cartOf(['mug', 1]));
    assert.equal(await shop.pay(placed.payment, '4000000000009995'), 'card_declined');
    await untilSeen(
      () => paymentStatus(placed),
      ({ problem }) => problem !== undefined,
      { what: 'the problem is told' },
    );
    assert.deepEqual(await paymentStatus(placed), {
      paymentId: placed.payment.paymentId,
      orderId: placed.order.id,
      status: 'pending',
      amount: placed.order.totals.total,
      currency: 'EUR',
      captured: 0,
      refunded: 0,
      problem: 'Your card has insufficient funds.',
    });
    assert.equal(await shop.pay(placed.payment), 'requires_capture');
    assert.equal((await settled(placed.order.id)).status, 'confirmed');
  });

  it('refunds in parts, once per idempotency key, and never more than was paid', async () => {
    const paid = await paidOrder(['mug', 2]);
    const refund = (amount: number, key: string) =>
      shop.merchant<MerchantOrder>('POST', `/api/admin/orders/orders/${paid.id}/refund`, {
        body: { amount, reason: 'A scratch' },
        headers: { 'idempotency-key': key },
      });
    const first = await refund(500, 'refund-one-1');
    assert.equal(first.body.status, 'partially_refunded');
    assert.equal(first.body.refunded, 500);
    assert.equal((await refund(500, 'refund-one-1')).body.refunded, 500);
    assert.equal((await refund(paid.captured, 'refund-two-2')).status, 409);
    const rest = await shop.merchant<MerchantOrder>('POST', `/api/admin/orders/orders/${paid.id}/refund`, {
      body: {},
      headers: { 'idempotency-key': 'refund-rest-3' },
    });
    assert.equal(rest.body.status, 'refunded');
    assert.equal(rest.body.refunded, paid.captured);
  });

  it('cancels a paid order for the merchant: units back, money back', async () => {
    const before = await stockOf('mug');
    const paid = await paidOrder(['mug', 3]);
    const { body } = await shop.merchant<MerchantOrder>(
      'POST',
      `/api/admin/orders/orders/${paid.id}/cancel`,
      { body: { reason: 'Broken' } },
    );
    assert.equal(body.status, 'cancelled');
    assert.equal(body.refunded, paid.captured);
    assert.deepEqual(await stockOf('mug'), before);
  });

  it('cancels an unpaid order for its shopper, who finds the cart as it was', async () => {
    const cart = await cartOf(['mug', 1]);
    const placed = await checkOut(cart);
    const { body } = await shop.call<Order>(
      'POST',
      `/api/orders/${placed.order.id}/cancel?token=${placed.token}`,
    );
    assert.equal(body.status, 'cancelled');
    assert.equal((await shop.call<Cart>('GET', `/api/orders/carts/${cart.id}`)).body.status, 'open');
    assert.equal(await shop.pay(placed.payment), 'payment_intent_unexpected_state');
    const again = await checkOut(cart);
    assert.notEqual(again.order.id, placed.order.id);
  });

  it('does not ship, refund or cancel what may not be', async () => {
    const { order } = await checkOut(await cartOf(['mug', 1]));
    const at = `/api/admin/orders/orders/${order.id}`;
    const fulfil = await shop.merchant('POST', `${at}/fulfilments`, {
      body: {},
      headers: { 'idempotency-key': 'not-paid-yet-0' },
    });
    const refund = await shop.merchant('POST', `${at}/refund`, {
      body: {},
      headers: { 'idempotency-key': 'not-paid-yet-1' },
    });
    for (const refused of [fulfil, refund]) {
      assert.equal(refused.status, 409);
      assert.equal(refused.body['code'], 'illegal_transition');
    }
  });

  it('answers a repeated checkout with the same order, even under another key', async () => {
    const cart = await cartOf(['mug', 1]);
    const first = await tryCheckout(cart, {}, 'same-key-0001');
    const replay = await tryCheckout(cart, {}, 'same-key-0001');
    assert.deepEqual(replay.body, first.body);
    const other = await tryCheckout(cart, {}, 'other-key-0002');
    assert.equal(other.body.order.id, first.body.order.id);
    assert.equal(other.body.payment.intentId, first.body.payment.intentId);
    for (const { token } of [first.body, other.body]) {
      assert.equal((await shop.call('GET', `/api/orders/${first.body.order.id}?token=${token}`)).status, 200);
    }
    const mismatch = await tryCheckout(cart, { email: 'eve@example.com' }, 'same-key-0001');
    assert.equal(mismatch.status, 422);
  });

  it('makes one order of ten simultaneous checkouts of one cart', async () => {
    const cart = await cartOf(['mug', 1]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => tryCheckout(cart)));
    const made = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.order.id));
    assert.equal(made.size, 1);
    const rows = await shop.rows<{ count: string }>(
      'select count(*) from shop.orders_orders where cart_id = $1',
      [cart.id],
    );
    assert.equal(Number(rows[0]?.count), 1);
  });

  it('adds up what several pages put into one cart at once', async () => {
    const cart = await cartOf();
    const add = () =>
      shop.call<Cart>('POST', `/api/orders/carts/${cart.id}/lines`, {
        body: { variantId: 'mug', quantity: 2 },
      });
    const answers = await Promise.all(Array.from({ length: 10 }, add));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    const { body } = await shop.call<Cart>('GET', `/api/orders/carts/${cart.id}`);
    assert.equal(body.lines[0]?.quantity, 20);
    const set = (quantity: number) =>
      shop.call<Cart>('PUT', `/api/orders/carts/${cart.id}/lines/mug`, { body: { quantity } });
    assert.equal((await set(7)).body.itemCount, 7);
    assert.equal((await set(0)).body.itemCount, 0);
    assert.equal((await tryCheckout(cart)).status, 400);
  });

  it('refuses a price that the shopper has not seen, and takes it once they have', async () => {
    await shop.sell('cup', 900, 10);
    const cart = await cartOf(['cup', 1]);
    await shop.sell('cup', 1100, 10, { version: 2 });
    const refused = await tryCheckout(cart);
    assert.equal(refused.status, 409);
    assert.match(JSON.stringify(refused.body), /price_changed/);
    const wrong = await tryCheckout(cart, { expectedTotal: 900 + 490 });
    assert.equal(wrong.status, 409);
    const agreed = await tryCheckout(cart, { expectedTotal: 1100 + 490 });
    assert.equal(agreed.body.order.totals.total, 1590);
  });

  it('sells nothing that is withdrawn, and counts initial stock once', async () => {
    await shop.sell('hat', 2000, 3);
    const cart = await cartOf(['hat', 1]);
    await shop.sell('hat', 2000, 99, { version: 2, published: false });
    const { body } = await shop.call<Cart>('GET', `/api/orders/carts/${cart.id}`);
    assert.equal(body.lines[0]?.problem, 'unavailable');
    assert.equal((await tryCheckout(cart)).status, 409);
    assert.deepEqual(await stockOf('hat'), { on_hand: 3, held: 0, sold: 0 });
  });

  it('sells beyond the shelf where the merchant allows it', async () => {
    await shop.sell('ebook', 500, 0, { inventoryPolicy: 'continue' });
    const paid = await paidOrder(['ebook', 5]);
    assert.equal(paid.status, 'confirmed');
  });

  it('tells shoppers whether, and merchants how much', async () => {
    await shop.sell('rare', 100, 2);
    await shop.sell('gone', 100, 0);
    const { body } = await shop.call('GET', '/api/orders/stock?variantIds=rare,gone,mug,nope');
    assert.deepEqual(body, {
      stock: [
        { variantId: 'gone', availability: 'out' },
        { variantId: 'mug', availability: 'in_stock' },
        { variantId: 'rare', availability: 'low' },
      ],
    });
    const adjust = (change: object, key: string) =>
      shop.merchant('POST', '/api/admin/orders/stock/rare', {
        body: change,
        headers: { 'idempotency-key': key },
      });
    assert.equal((await adjust({ delta: 10 }, 'adjust-rare-1')).body['available'], 12);
    assert.equal((await adjust({ delta: 10 }, 'adjust-rare-1')).body['available'], 12);
    await checkOut(await cartOf(['rare', 4]));
    assert.equal((await adjust({ onHand: 3 }, 'adjust-rare-2')).status, 409);
    const exact = await shop.merchant('GET', '/api/admin/orders/stock?variantIds=rare');
    assert.deepEqual(exact.body, {
      stock: [
        {
          variantId: 'rare',
          onHand: 12,
          held: 4,
          sold: 0,
          available: 8,
          tracked: true,
          backorder: { limit: 0 },
        },
      ],
    });
  });

  it('shows an order to its token only, and to the merchant', async () => {
    const { order, token } = await checkOut(await cartOf(['mug', 1]));
    const path = `/api/orders/${order.id}`;
    for (const query of [
      '',
      '?token=aaaaaaaaaaaaaaaaaaaaaaaa',
      `?token=${token.slice(0, -1)}${token.endsWith('x') ? 'y' : 'x'}`,
    ]) {
      assert.equal((await shop.call('GET', path + query)).status, 404);
    }
    assert.equal(
      (await shop.call('GET', `/api/payments/orders/${order.id}?token=aaaaaaaaaaaaaaaaaaaaaaaa`)).status,
      404,
    );
    assert.equal((await shop.call('GET', `/api/admin/orders/orders/${order.id}`)).status, 401);
    assert.equal((await shop.merchant('GET', `/api/admin/orders/orders/${order.id}`)).status, 200);
  });

  it('lists orders newest first, in pages', async () => {
    for (let made = 0; made < 3; made += 1) await checkOut(await cartOf(['mug', 1]));
    const first = await shop.merchant<OrderPage>('GET', '/api/admin/orders/orders?limit=2');
    const second = await shop.merchant<OrderPage>(
      'GET',
      `/api/admin/orders/orders?limit=2&cursor=${first.body.nextCursor}`,
    );
    const ids = [...first.body.orders, ...second.body.orders].map((each) => each.id);
    assert.deepEqual(ids, ids.toSorted().toReversed());
    assert.equal(new Set(ids).size, 4);
  });

  it('learns of a payment although every webhook is lost', async () => {
    await shop.knobs({ dropWebhooks: 1000 });
    const placed = await checkOut(await cartOf(['mug', 1]));
    await shop.pay(placed.payment);
    assert.equal((await settled(placed.order.id)).status, 'confirmed');
    await shop.knobs({});
  });

  it('learns of it at once when the shopper looks', async () => {
    await shop.knobs({ dropWebhooks: 1000 });
    const placed = await checkOut(await cartOf(['mug', 1]));
    await shop.pay(placed.payment);
    await untilSeen(
      () => paymentStatus(placed),
      ({ status }) => status !== 'pending',
      { what: 'it is heard of' },
    );
    assert.equal((await settled(placed.order.id)).status, 'confirmed');
    await shop.knobs({});
  });

  it('captures once although every webhook comes four times and out of order', async () => {
    await shop.knobs({ duplicates: 3, shuffleMs: 150 });
    const placed = await Promise.all(
      Array.from({ length: 5 }, async () => checkOut(await cartOf(['mug', 1]))),
    );
    await Promise.all(placed.map(({ payment }) => shop.pay(payment)));
    for (const { order } of placed) assert.equal((await settled(order.id)).status, 'confirmed');
    // An order may know of its money before the event that tells of it is relayed.
    await shop.host.events.settled();
    const told = await shop.rows<{ captures: string }>(
      `select count(*) as captures from shop.event_log where type = 'payments.payment.captured' and key = any($1) group by key`,
      [placed.map(({ order }) => order.id)],
    );
    assert.deepEqual(
      told.map((row) => Number(row.captures)),
      [1, 1, 1, 1, 1],
    );
    await shop.knobs({});
  });

  it('goes on when the processor fails and loses answers on the way', async () => {
    const cart = await cartOf(['mug', 1]);
    // What compares payments asks the processor as well, and uses up some of these.
    await shop.knobs({ failRequests: 1000 });
    assert.equal((await tryCheckout(cart)).status, 503);
    await shop.knobs({ failRequests: 1, loseReplies: 2 });
    const { body: placed } = await untilSeen(
      () => tryCheckout(cart),
      ({ status }) => status !== 503,
      { what: 'the checkout goes on' },
    );
    await shop.knobs({ failRequests: 4, failStatus: 503 });
    await untilSeen(
      () => shop.pay(placed.payment),
      (said) => ['requires_capture', 'payment_intent_unexpected_state'].includes(said),
      { what: 'it is paid' },
    );
    assert.equal((await settled(placed.order.id)).status, 'confirmed');
    await shop.knobs({});
  });

  it('notes a dispute without touching the order', async () => {
    const placed = await checkOut(await cartOf(['mug', 1]));
    await shop.pay(placed.payment, '4000000000000259');
    assert.equal((await settled(placed.order.id)).status, 'confirmed');
    await shop.until(
      () =>
        shop.rows<{ disputed: boolean }>('select disputed from shop.orders_orders where id = $1', [
          placed.order.id,
        ]),
      ([order]) => order?.disputed === true,
      'the dispute is noted',
    );
  });

  it('never oversells, whatever happened above', async () => {
    const broken = await shop.rows(`
      select s.variant_id from shop.orders_stock s left join (
        select variant_id, sum(quantity) filter (where state = 'held') as held, sum(quantity - shipped - cancelled) filter (where state = 'committed') as sold
        from shop.orders_holds group by variant_id) h on h.variant_id = s.variant_id
      where (s.tracked and s.held + s.sold > s.on_hand) or s.held <> coalesce(h.held, 0) or s.sold <> coalesce(h.sold, 0)`);
    assert.deepEqual(broken, []);
  });

  const cart32 = `cart_${'0'.repeat(32)}`;
  const order32 = `ord_${'0'.repeat(32)}`;
  const valid = { cartId: cart32, email: 'a@example.com', shippingAddress: ADDRESS };
  const malformed: [string, string, string, object, number, string][] = [
    ['a checkout of no cart', 'POST', '/api/orders/checkout', { body: {} }, 400, '/cartId'],
    [
      'a cart id that is none',
      'POST',
      '/api/orders/checkout',
      { body: { ...valid, cartId: '1 or 1=1' } },
      400,
      '/cartId',
    ],
    ['an unknown cart', 'POST', '/api/orders/checkout', { body: valid }, 404, 'no cart'],
    [
      'an e-mail that is none',
      'POST',
      '/api/orders/checkout',
      { body: { ...valid, email: 'ada' } },
      400,
      '/email',
    ],
    [
      'an address without a street',
      'POST',
      '/api/orders/checkout',
      { body: { ...valid, shippingAddress: { ...ADDRESS, line1: ' ' } } },
      400,
      '/shippingAddress/line1',
    ],
    [
      'a country that is none',
      'POST',
      '/api/orders/checkout',
      { body: { ...valid, shippingAddress: { ...ADDRESS, country: 'Utopia' } } },
      400,
      '/shippingAddress/country',
    ],
    [
      'control characters in a name',
      'POST',
      '/api/orders/checkout',
      { body: { ...valid, shippingAddress: { ...ADDRESS, name: 'A\u0000B' } } },
      400,
      '/shippingAddress/name',
    ],
    ['an unknown field', 'POST', '/api/orders/checkout', { body: { ...valid, total: 1 } }, 400, 'total'],
    [
      'a total that is no integer',
      'POST',
      '/api/orders/checkout',
      { body: { ...valid, expectedTotal: 1.5 } },
      400,
      '/expectedTotal',
    ],
    [
      'a checkout without a key',
      'POST',
      '/api/orders/checkout',
      { body: valid, headers: { 'idempotency-key': '' } },
      400,
      'Idempotency-Key',
    ],
    [
      'text where JSON belongs',
      'POST',
      '/api/orders/checkout',
      { raw: Buffer.from('{'), headers: { 'content-type': 'application/json' } },
      400,
      'JSON',
    ],
    [
      'a currency the shop does not sell in',
      'POST',
      '/api/orders/carts',
      { body: { currency: 'XAU' } },
      400,
      'EUR',
    ],
    [
      'a line of nothing',
      'POST',
      '/api/orders/carts',
      { body: { lines: [{ variantId: 'mug', quantity: 0 }] } },
      400,
      '/lines/0/quantity',
    ],
    [
      'a negative quantity',
      'POST',
      '/api/orders/carts',
      { body: { lines: [{ variantId: 'mug', quantity: -1 }] } },
      400,
      '/lines/0/quantity',
    ],
    [
      'a variant nobody sells',
      'POST',
      '/api/orders/carts',
      { body: { lines: [{ variantId: 'nope', quantity: 1 }] } },
      404,
      'nope',
    ],
    [
      'a line for a cart that is not there',
      'POST',
      `/api/orders/carts/${cart32}/lines`,
      { body: { variantId: 'mug', quantity: 1 } },
      410,
      'cart',
    ],
    [
      'a variant id with a quote',
      'POST',
      `/api/orders/carts/${cart32}/lines`,
      { body: { variantId: "x'--", quantity: 1 } },
      400,
      '/variantId',
    ],
    ['an order that is not there', 'GET', `/api/orders/${order32}`, {}, 404, 'no order'],
    ['a token that is none', 'GET', `/api/orders/${order32}?token=x`, {}, 400, 'token'],
    ['stock of nothing', 'GET', '/api/orders/stock?variantIds=', {}, 400, 'variantIds'],
    [
      'a webhook without a signature',
      'POST',
      '/api/payments/webhooks/stripe',
      { raw: Buffer.from('{}') },
      401,
      'signed',
    ],
    [
      'a webhook signed by somebody else',
      'POST',
      '/api/payments/webhooks/stripe',
      signed('{"id":"evt_1"}', 'whsec_other00000'),
      401,
      'signed',
    ],
    [
      'an old webhook',
      'POST',
      '/api/payments/webhooks/stripe',
      signed('{"id":"evt_1"}', KEYS.webhookSecret, 400),
      401,
      'signed',
    ],
    [
      'a signed webhook that is not JSON',
      'POST',
      '/api/payments/webhooks/stripe',
      signed('{', KEYS.webhookSecret),
      401,
      'signed',
    ],
    [
      'a webhook that was changed on its way',
      'POST',
      '/api/payments/webhooks/stripe',
      { ...signed('{"id":"evt_1"}', KEYS.webhookSecret), raw: Buffer.from('{"id":"evt_2"}') },
      401,
      'signed',
    ],
  ];
  for (const [what, method, path, options, status, says] of malformed) {
    it(`answers ${what} with ${status} and changes nothing`, async () => {
      const count = `select (select count(*) from shop.orders_orders) + (select count(*) from shop.orders_carts)
        + (select count(*) from shop.orders_cart_lines)
        + (select count(*) from shop.payments_webhooks where event_id in ('evt_1', 'evt_2')) as rows`;
      const [before] = await shop.rows<object>(count);
      const headers = {
        'idempotency-key': `malformed-key-${(keys += 1)}`,
        ...(options as { headers?: object }).headers,
      };
      const answer = await shop.call<object>(method, path, { ...options, headers });
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.ok(JSON.stringify(answer.body).includes(says), JSON.stringify(answer.body));
      assert.deepEqual((await shop.rows<object>(count))[0], before);
    });
  }

  async function paidOrder(...lines: [string, number][]): Promise<MerchantOrder> {
    const placed = await checkOut(await cartOf(...lines));
    await shop.pay(placed.payment);
    return settled(placed.order.id);
  }

  async function paymentStatus({ order, token }: Placed): Promise<{ status: string; problem?: string }> {
    return (
      await shop.call<{ status: string; problem?: string }>(
        'GET',
        `/api/payments/orders/${order.id}?token=${token}`,
      )
    ).body;
  }

  async function stockOf(variantId: string): Promise<object | undefined> {
    return (
      await shop.rows<object>('select on_hand, held, sold from shop.orders_stock where variant_id = $1', [
        variantId,
      ])
    )[0];
  }
});

function signed(
  body: string,
  secret: string,
  secondsAgo = 0,
): { raw: Buffer; headers: Record<string, string> } {
  const at = Math.floor(Date.now() / 1000) - secondsAgo;
  return {
    raw: Buffer.from(body),
    headers: { 'stripe-signature': signature(secret, at, body), 'content-type': 'application/json' },
  };
}
