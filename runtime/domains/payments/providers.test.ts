/** A shop that takes cards and PayPal: the shopper chooses, changes their mind, and pays once. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { approveAsPayer, type PayerChoice } from '../../platform/payments/testing/paypal.ts';
import type { Payments } from '../../platform/ports.ts';
import { ADDRESS, startTestShop, type Placed, type TestShop } from '../orders/testing/shop.ts';
import type { Cart, MerchantOrder } from '../orders/schemas.ts';
import type { PaymentStart } from './schemas.ts';

const PAYPAL = 'paypal:acme';

describe('a shop with two providers', () => {
  let shop: TestShop;
  let keys = 0;
  /** What is done before money is reserved at PayPal. */
  let meanwhile: (() => Promise<void>) | undefined;

  before(async () => {
    shop = await startTestShop({
      paypal: true,
      between: (payments): Payments => ({
        ...payments,
        async confirm(...args) {
          await meanwhile?.();
          return payments.confirm(...args);
        },
      }),
    });
    await shop.sell('mug', 1500, 1_000);
  });
  after(() => shop.stop());
  beforeEach(async () => {
    meanwhile = undefined;
    await shop.knobs({});
    await shop.knobs({}, PAYPAL);
  });

  async function place(): Promise<Placed> {
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body: { currency: 'EUR' } });
    await shop.call('POST', `/api/orders/carts/${cart.id}/lines`, {
      body: { variantId: 'mug', quantity: 1 },
    });
    const answer = await shop.call<Placed>('POST', '/api/orders/checkout', {
      headers: { 'idempotency-key': `place-order-${(keys += 1)}` },
      body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  }

  const start = async ({ order, token }: Placed, provider?: string): Promise<PaymentStart> => {
    const query = provider === undefined ? '' : `&provider=${provider}`;
    const { status, body } = await shop.call<PaymentStart>(
      'POST',
      `/api/orders/${order.id}/payment?token=${token}${query}`,
    );
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };

  async function agree(placed: Placed, choice: PayerChoice = 'approve'): Promise<PaymentStart> {
    const started = await start(placed, 'paypal');
    await approveAsPayer(started.approveUrl ?? '', choice);
    return started;
  }

  const becomes = ({ order: { id } }: Placed, status: string): Promise<MerchantOrder> =>
    shop.order(id, (order) => order.status === status, `the order is ${status}`);

  const at = (intentId: string) => shop.host.platform.payments.retrieve(shop.tenant, intentId);

  const isCancelled = (intentId: string) =>
    shop.until(
      () => at(intentId),
      ({ status }) => status === 'canceled',
      'the intent is cancelled',
    );

  const isHeardThatThePayerAgreed = ({ order: { id } }: Placed) =>
    shop.until(
      () =>
        shop.rows(
          `select from shop.payments_webhooks where type = 'CHECKOUT.ORDER.APPROVED' and order_id = $1`,
          [id],
        ),
      (heard) => heard.length === 1,
      'PayPal has told that the payer agreed',
    );

  it('says what it takes, and begins with cards', async () => {
    const { payment } = await place();
    assert.equal(payment.provider, 'stripe');
    assert.deepEqual(payment.providers, ['stripe', 'paypal']);
    assert.equal(payment.approveUrl, undefined);
  });

  it('takes a payment by PayPal as it takes one by card', async () => {
    const placed = await place();
    const started = await agree(placed);
    assert.equal(started.provider, 'paypal');
    assert.equal(started.clientSecret, '');
    const order = await becomes(placed, 'confirmed');
    assert.equal(order.payment.intentId, started.intentId);
    const held = await at(started.intentId);
    assert.deepEqual([held.status, held.amountCaptured], ['succeeded', placed.order.totals.total]);
    // The card intent that was left can be paid by nobody, once a task has seen to that.
    await isCancelled(placed.payment.intentId);
    const refund = await shop.merchant('POST', `/api/admin/orders/orders/${placed.order.id}/refund`, {
      headers: { 'idempotency-key': `refund-${placed.order.id}` },
      body: { amount: 500, reason: 'damaged' },
    });
    assert.ok(refund.status < 300, JSON.stringify(refund.body));
    await shop.until(
      () => at(started.intentId),
      ({ amountRefunded }) => amountRefunded === 500,
      'it is refunded',
    );
    await becomes(placed, 'partially_refunded');
  });

  it('captures once, although every webhook of both comes four times and out of order', async () => {
    await shop.knobs({ duplicates: 3, shuffleMs: 100 });
    await shop.knobs({ duplicates: 3, shuffleMs: 100 }, PAYPAL);
    const placed = await place();
    await agree(placed);
    await becomes(placed, 'confirmed');
    await shop.host.events.settled();
    const told = await shop.rows<{ type: string; times: number }>(
      `select type, count(*)::int as times from shop.event_log where key = $1 and type like 'payments.payment.%' group by 1 order by 1`,
      [placed.order.id],
    );
    assert.deepEqual(told, [
      { type: 'payments.payment.authorized', times: 1 },
      { type: 'payments.payment.captured', times: 1 },
    ]);
  });

  it('hears of the consent from the shopper who comes back, when no webhook comes', async () => {
    await shop.knobs({ dropWebhooks: 100 }, PAYPAL);
    const placed = await place();
    await agree(placed);
    assert.equal((await start(placed)).status, 'requires_capture');
    await becomes(placed, 'confirmed');
  });

  it('hears of it from the task, when neither comes', async () => {
    await shop.knobs({ dropWebhooks: 100 }, PAYPAL);
    const placed = await place();
    await agree(placed);
    await becomes(placed, 'confirmed');
  });

  it('lets a shopper change their mind as often as they like, and pay by the last', async () => {
    const placed = await place();
    const intents = [placed.payment.intentId];
    for (const provider of ['paypal', 'stripe', 'paypal', 'stripe'])
      intents.push((await start(placed, provider)).intentId);
    assert.equal(new Set(intents).size, 5);
    const last = await start(placed);
    assert.equal(last.intentId, intents.at(-1));
    assert.equal(await shop.pay(last), 'requires_capture');
    await becomes(placed, 'confirmed');
    await shop.host.tasks.settled();
    const open = await Promise.all(intents.slice(0, -1).map(at));
    assert.ok(
      open.every(({ amountCaptured, status }) => amountCaptured === 0 && status !== 'requires_capture'),
    );
  });

  it('asks no other provider once the money is reserved', async () => {
    const placed = await place();
    await shop.pay(placed.payment);
    const { provider, intentId } = await start(placed, 'paypal').catch(() => start(placed));
    assert.deepEqual([provider, intentId], ['stripe', placed.payment.intentId]);
    await becomes(placed, 'confirmed');
  });

  it('releases what is paid by an intent that was left, and takes nothing of it', async () => {
    const placed = await place();
    const paypal = await start(placed, 'paypal');
    await start(placed, 'stripe');
    await approveAsPayer(paypal.approveUrl ?? '');
    // In another window the shopper agrees to what is none of this payment's any more: nobody takes it up.
    await isHeardThatThePayerAgreed(placed);
    assert.equal((await at(paypal.intentId)).status, 'requires_confirmation');
    assert.equal(await shop.pay(await start(placed)), 'requires_capture');
    await becomes(placed, 'confirmed');
  });

  it('releases what was reserved while the shopper went over to the other', async () => {
    const placed = await place();
    const paypal = await start(placed, 'paypal');
    let went = false;
    meanwhile = async () => {
      if (went) return;
      went = true;
      // Just before the money is reserved the payment leaves the intent.
      await shop.rows(
        `update shop.payments_payments set intent_id = null, attempt = attempt + 1 where order_id = $1`,
        [placed.order.id],
      );
    };
    await approveAsPayer(paypal.approveUrl ?? '');
    await isCancelled(paypal.intentId);
    const [row] = await shop.rows<{ status: string }>(
      'select status from shop.payments_payments where order_id = $1',
      [placed.order.id],
    );
    assert.equal(row?.status, 'pending');
    assert.equal(await shop.pay(await start(placed, 'stripe')), 'requires_capture');
    await becomes(placed, 'confirmed');
  });

  it('makes one payment of two windows that choose differently at once', async () => {
    const placed = await place();
    await Promise.all(
      ['paypal', 'stripe', 'paypal', 'stripe'].map((provider) =>
        start(placed, provider).catch(() => undefined),
      ),
    );
    const last = await start(placed);
    if (last.approveUrl === undefined) assert.equal(await shop.pay(last), 'requires_capture');
    else await approveAsPayer(last.approveUrl);
    const order = await becomes(placed, 'confirmed');
    assert.equal(order.payment.intentId, last.intentId);
  });

  it('tells a shopper whose payment is declined there, who may agree again', async () => {
    const placed = await place();
    const started = await agree(placed, 'decline');
    await shop.until(
      () => start(placed),
      ({ status }) => status === 'requires_payment_method',
      'the payment may be tried again',
    );
    const path = `/api/payments/orders/${placed.order.id}?token=${placed.token}`;
    await shop.until(
      () => shop.call<{ problem?: string }>('GET', path),
      ({ body: { problem } }) => problem?.includes('declined') === true,
      'the shopper is told why',
    );
    const again = await start(placed);
    assert.equal(again.intentId, started.intentId);
    await approveAsPayer(again.approveUrl ?? '');
    await becomes(placed, 'confirmed');
  });

  it('reserves nothing for an order that was given up while the shopper was at PayPal', async () => {
    const placed = await place();
    const started = await start(placed, 'paypal');
    const gone = await shop.call('POST', `/api/orders/${placed.order.id}/cancel?token=${placed.token}`);
    assert.equal(gone.status, 200);
    await becomes(placed, 'cancelled');
    await shop.until(
      () =>
        shop.rows<{ status: string }>('select status from shop.payments_payments where order_id = $1', [
          placed.order.id,
        ]),
      ([payment]) => payment?.status === 'cancelled',
      'the payment is cancelled',
    );
    await approveAsPayer(started.approveUrl ?? '');
    await isHeardThatThePayerAgreed(placed);
    assert.equal((await at(started.intentId)).status, 'requires_confirmation');
  });

  it('believes no message that PayPal has not signed, and keeps nothing of it', async () => {
    const placed = await place();
    const started = await start(placed, 'paypal');
    const body = {
      id: 'WH-FORGED',
      event_type: 'CHECKOUT.ORDER.APPROVED',
      create_time: new Date().toISOString(),
      resource: { id: started.intentId.slice(7) },
    };
    const answer = await shop.call('POST', '/api/payments/webhooks/paypal', {
      raw: Buffer.from(JSON.stringify(body)),
      headers: {
        'content-type': 'application/json',
        'paypal-transmission-id': 'x',
        'paypal-transmission-time': new Date().toISOString(),
        'paypal-transmission-sig': 'eA==',
        'paypal-auth-algo': 'SHA256withRSA',
        'paypal-cert-url': 'https://evil.example/v1/notifications/certs/CERT-1',
      },
    });
    assert.equal(answer.status, 401);
    assert.deepEqual(
      await shop.rows(`select 1 from shop.payments_webhooks where event_id = 'WH-FORGED'`),
      [],
    );
  });

  it('refuses a provider that it does not have', async () => {
    const placed = await place();
    const { status } = await shop.call(
      'POST',
      `/api/orders/${placed.order.id}/payment?token=${placed.token}&provider=cash`,
    );
    assert.equal(status, 400);
  });
});
