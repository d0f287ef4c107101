/** Money that is to go back while a bank contests it: it waits for the bank, goes back once, and is not asked about until then. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../../../tests/support/wait.ts';
import { approveAsPayer } from '../../../platform/payments/testing/paypal.ts';
import type { Cart, MerchantOrder } from '../../orders/schemas.ts';
import {
  ADDRESS,
  confirmedOrder,
  startTestShop,
  type Placed,
  type TestShop,
  type TestShopOptions,
} from '../../orders/testing/shop.ts';
import { paymentOfCheckout, type PaymentStart, type Refunded } from '../schemas.ts';
import type { Dispute } from './schemas.ts';

const DISPUTED_CARD = '4000000000000259';
const LONG = { withinMs: 30_000 };
type By = 'card' | 'paypal';

/** Behind each request a task goes on with what it could not finish; by then it has. */
const BEHIND_REQUEST_MS = 10_000;

/** A shop that counts what it asks the processor to return, and for which time passes when a test says so. */
async function shopThatCounts(options: TestShopOptions = {}) {
  const asked: string[] = [];
  let aheadMs = 0;
  const shop = await startTestShop({
    paypal: true,
    clock: { now: () => new Date(Date.now() + aheadMs) },
    ...options,
    between: (payments) => ({
      ...payments,
      refund: (tenant, intentId, ...rest) => {
        asked.push(intentId);
        return payments.refund(tenant, intentId, ...rest);
      },
    }),
  });
  await shop.sell('mug', 1500, 1_000);
  let keys = 0;

  async function paid(by: By, card = DISPUTED_CARD): Promise<MerchantOrder> {
    const lines = [{ variantId: 'mug', quantity: 1 }];
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } });
    const { body: placed } = await shop.call<Placed>('POST', '/api/orders/checkout', {
      headers: { 'idempotency-key': `contested-${(keys += 1)}` },
      body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
    });
    if (by === 'card') await shop.pay(placed.payment, card);
    else {
      const path = `/api/orders/${placed.order.id}/payment?token=${placed.token}&provider=paypal`;
      const { body: started } = await shop.call<PaymentStart>('POST', path);
      await approveAsPayer(started.approveUrl ?? '', 'dispute');
    }
    return confirmedOrder(shop, placed.order.id);
  }

  const one = <T>(what: string, text: string, values: unknown[]): Promise<T> =>
    until(async () => (await shop.rows<T>(text, values))[0], { ...LONG, what });

  return {
    shop,
    asked,
    paid,
    one,
    disputeOf: ({ id }: { readonly id: string }) =>
      one<{ id: string; reference: string }>(
        'the dispute is heard of',
        'select id, reference from shop.payments_disputes where order_id = $1',
        [id],
      ),
    async cancel({ id }: { readonly id: string }): Promise<void> {
      const { status } = await shop.merchant('POST', `/api/admin/orders/orders/${id}/cancel`, { body: {} });
      assert.equal(status, 200);
      aheadMs += BEHIND_REQUEST_MS;
    },
    decide: (id: string, how: 'evidence' | 'accept', text?: string) =>
      shop.merchant<Dispute>('POST', `/api/admin/payments/disputes/${id}/${how}`, {
        headers: { 'idempotency-key': `decided-${(keys += 1)}` },
        ...(text === undefined ? {} : { body: { text } }),
      }),
    /** Cancelled, and nobody will look at it for minutes. */
    waits: (order: { readonly id: string }) =>
      one<{ refunded: number }>(
        'the order waits for the bank',
        `select o.refunded::int from shop.orders_orders o
         join shop.tasks t on t.name = 'orders.look-again' and t.key = o.id and t.run_at > now() + interval '5 minutes'
         where o.id = $1 and o.status = 'cancelled' and o.settled
           and not exists (select from shop.tasks where name = 'orders.advance-order' and key = $1)`,
        [order.id],
      ),
    isReturned: (order: { readonly id: string }) =>
      one<{ refunded: number; lost: number }>(
        'the money is with the shopper',
        `select o.refunded::int, sum(p.lost)::int as lost from shop.orders_orders o
         join shop.payments_payments p on p.order_id = o.id where o.id = $1 and o.refunded = o.captured group by o.refunded`,
        [order.id],
      ),
  };
}

type CountingShop = Awaited<ReturnType<typeof shopThatCounts>>;

describe('the money of a cancelled order that a bank contests', () => {
  let money: CountingShop;
  let shop: TestShop;

  before(async () => {
    money = await shopThatCounts();
    shop = money.shop;
  });
  after(() => shop.stop());

  for (const by of ['card', 'paypal'] as const)
    for (const [end, how, text, isReturnedByUs] of [
      ['won', 'evidence', 'winning_evidence', true],
      ['lost', 'evidence', 'losing_evidence', false],
      ['conceded', 'accept', undefined, false],
    ] as const)
      it(`paid by ${by}, waits unasked until the dispute is ${end}, and goes back once`, async () => {
        const order = await money.paid(by);
        const { id } = await money.disputeOf(order);
        money.asked.length = 0;
        await money.cancel(order);
        assert.deepEqual(await money.waits(order), { refunded: 0 });
        assert.deepEqual(money.asked, [], 'nobody is asked for what cannot be had');
        assert.equal((await money.decide(id, how, text)).status, 200);
        const { total } = order.totals;
        assert.deepEqual(await money.isReturned(order), {
          refunded: total,
          lost: isReturnedByUs ? 0 : total,
        });
        await shop.host.events.settled();
        await shop.host.tasks.settled();
        assert.equal(money.asked.length, isReturnedByUs ? 1 : 0, 'never by the shop and by the bank');
      });

  it('waits as well where nobody told of the dispute, which is looked for then', async () => {
    await shop.knobs({ dropWebhooks: 100 });
    const order = await money.paid('card');
    assert.deepEqual(
      await shop.rows('select from shop.payments_disputes where order_id = $1', [order.id]),
      [],
    );
    await money.cancel(order);
    const { id } = await money.disputeOf(order);
    assert.deepEqual(await money.waits(order), { refunded: 0 });
    await shop.knobs({});
    await money.decide(id, 'evidence', 'winning_evidence');
    assert.deepEqual(await money.isReturned(order), { refunded: order.totals.total, lost: 0 });
  });

  it('does not keep what others paid from going back: of several payments only the contested one waits', async () => {
    const order = await money.paid('card');
    const { id } = await money.disputeOf(order);
    const refund = (amount: number, key: string, sparing: boolean) =>
      shop.host.platform.call<Refunded>(shop.tenant, 'payments', 'refund', {
        orderId: order.id,
        amount,
        key,
        sparing,
      });
    const second = await surcharge(order.id, 700);
    const all = order.totals.total + 700;
    await assert.rejects(refund(all, 'strict', false), { code: 'conflict', message: /A bank contests/ });
    const spared = await refund(all, 'sparing', true);
    assert.deepEqual(
      spared.payments.map(({ paymentId, refunded }) => [paymentId, refunded]),
      [[second, 700]],
    );
    assert.equal(spared.contested, order.totals.total);
    assert.deepEqual((await refund(all, 'sparing', true)).contested, order.totals.total, 'the same again');
    await money.decide(id, 'evidence', 'winning_evidence');
    const rest = await refund(order.totals.total, 'rest', false);
    assert.deepEqual(
      rest.payments.map(({ paymentId, refunded }) => [paymentId, refunded]),
      [[paymentOfCheckout(order.id), order.totals.total]],
      'what was contested once may go back as any other',
    );
  });

  async function surcharge(orderId: string, amount: number): Promise<string> {
    const { platform } = shop.host;
    const paymentId = platform.newId('pay');
    const wanted = { paymentId, orderId, amount, currency: 'EUR', tokenHash: 'ab'.repeat(32) };
    const started = await platform.call<PaymentStart>(shop.tenant, 'payments', 'createIntent', wanted);
    assert.equal(await shop.pay(started), 'requires_capture');
    await money.one(
      'it is authorised',
      `select from shop.payments_payments where id = $1 and status = 'authorized'`,
      [paymentId],
    );
    await platform.call(shop.tenant, 'payments', 'capture', { paymentId, orderId });
    return paymentId;
  }
});

describe('should nobody tell that a dispute is over', () => {
  let money: CountingShop;
  let now = new Date();

  before(async () => {
    money = await shopThatCounts({ clock: { now: () => now }, paypal: false });
  });
  after(() => money.shop.stop());

  it('the order is looked at by itself, each time after twice as long, and goes on', async () => {
    const { shop } = money;
    const order = await money.paid('card');
    const { id, reference } = await money.disputeOf(order);
    await shop.host.events.settled();
    await shop.host.tasks.settled();
    const next = async () =>
      (
        await shop.rows<{ looks: number; at: Date }>(
          `select (payload ->> 'looks')::int as looks, run_at as at from shop.tasks where name = 'orders.look-again' and key = $1`,
          [order.id],
        )
      )[0];
    /** As if so much time had passed; what was due by then has been done. */
    const passTo = async (moment: Date): Promise<void> => {
      now = moment;
      await shop.host.tasks.settled();
    };
    await money.cancel(order);
    await passTo(new Date(now.getTime() + BEHIND_REQUEST_MS));
    let waiting = await next();
    for (const [looks, pause] of [
      [2, 1200],
      [3, 2400],
    ] as const) {
      assert.equal(waiting?.looks, looks - 1);
      await passTo(waiting.at);
      waiting = await next();
      assert.equal(((waiting?.at.getTime() ?? 0) - now.getTime()) / 1000, pause);
    }
    assert.ok(waiting);
    // The bank has decided, and no event says so.
    await shop.knobs({ dropWebhooks: 100 });
    const { payments } = shop.host.platform;
    await payments.contestDispute(shop.tenant, reference, 'winning_evidence', `elsewhere-${reference}`);
    await shop.rows(`update shop.payments_disputes set status = 'won' where id = $1`, [id]);
    assert.equal(money.asked.length, 0);
    await passTo(waiting.at);
    assert.deepEqual(await money.isReturned(order), { refunded: order.totals.total, lost: 0 });
    assert.equal(money.asked.length, 1);
    assert.equal(await next(), undefined, 'and looked at no more');
  });
});
