/** Disputes of both providers as a merchant lives them: heard of, answered or conceded, and what each does to order and books. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { until } from '../../../../tests/support/wait.ts';
import { approveAsPayer } from '../../../platform/payments/testing/paypal.ts';
import {
  ADDRESS,
  confirmedOrder,
  startTestShop,
  type Placed,
  type TestShop,
} from '../../orders/testing/shop.ts';
import type { Cart, MerchantOrder } from '../../orders/schemas.ts';
import type { PaymentStart } from '../schemas.ts';
import type { Dispute } from './schemas.ts';

const ROUTE = '/api/admin/payments/disputes';
const DISPUTED_CARD = '4000000000000259';

describe('disputes', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop({ paypal: true });
    await shop.sell('mug', 1500, 1_000);
  });
  after(() => shop.stop());
  beforeEach(async () => {
    await shop.knobs({});
    await shop.knobs({}, 'paypal:acme');
  });

  async function sold(by: 'card' | 'paypal'): Promise<MerchantOrder> {
    const lines = [{ variantId: 'mug', quantity: 1 }];
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } });
    const { body: placed } = await shop.call<Placed>('POST', '/api/orders/checkout', {
      headers: { 'idempotency-key': `disputed-${(keys += 1)}` },
      body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
    });
    if (by === 'card') await shop.pay(placed.payment, DISPUTED_CARD);
    else {
      const path = `/api/orders/${placed.order.id}/payment?token=${placed.token}&provider=paypal`;
      const { body: started } = await shop.call<PaymentStart>('POST', path);
      await approveAsPayer(started.approveUrl ?? '', 'dispute');
    }
    return confirmedOrder(shop, placed.order.id);
  }

  /** The dispute of an order, once it is heard of. */
  async function disputeOf({ id }: MerchantOrder, status?: string): Promise<Dispute> {
    const found = await shop.until(
      async () => {
        const { body } = await shop.merchant<{ disputes: Dispute[] }>('GET', `${ROUTE}?limit=100`);
        return body.disputes.find(({ orderId }) => orderId === id);
      },
      (dispute) => dispute !== undefined && (status === undefined || dispute.status === status),
      `the dispute is ${status ?? 'heard of'}`,
    );
    return found ?? assert.fail();
  }

  const say = <T = Dispute>(
    id: string,
    action: 'evidence' | 'accept',
    text?: string,
    key = `say-it-${(keys += 1)}`,
  ) =>
    shop.merchant<T>('POST', `${ROUTE}/${id}/${action}`, {
      headers: { 'idempotency-key': key },
      ...(text === undefined ? {} : { body: { text } }),
    });

  async function lookAgain(): Promise<void> {
    const { status } = await shop.merchant('POST', '/api/admin/payments/payouts/compare');
    assert.equal(status, 200);
  }

  const told = ({ id }: MerchantOrder) =>
    shop.rows<{ type: string; times: number }>(
      `select type, count(*)::int as times from shop.event_log where key = $1 and type like 'payments.dispute.%' group by 1 order by 1`,
      [id],
    );

  const becomes = ({ id }: MerchantOrder, status: string): Promise<MerchantOrder> =>
    shop.order(id, (order) => order.status === status, `the order is ${status}`);

  for (const by of ['card', 'paypal'] as const) {
    describe(`of a payment by ${by}`, () => {
      it('are shown with reason, amount and the day until which an answer counts', async () => {
        const order = await sold(by);
        const dispute = await disputeOf(order);
        assert.equal(dispute.provider, by === 'card' ? 'stripe' : 'paypal');
        assert.equal(dispute.status, 'needs_response');
        assert.equal(dispute.amount, order.totals.total);
        assert.equal(dispute.currency, 'EUR');
        assert.equal(dispute.reason, by === 'card' ? 'fraudulent' : 'merchandise_or_service_not_received');
        assert.ok(Date.parse(dispute.dueAt ?? '') > Date.now());
        assert.deepEqual((await shop.merchant('GET', `${ROUTE}/${dispute.id}`)).body, dispute);
        const { body } = await shop.merchant<{ disputes: Dispute[] }>('GET', `${ROUTE}?status=lost`);
        assert.ok(body.disputes.every(({ status }) => status === 'lost'));
      });

      it('are told of once, although every message comes four times and out of order', async () => {
        const account = by === 'card' ? 'acme' : 'paypal:acme';
        await shop.knobs({ duplicates: 3, shuffleMs: 80 }, account);
        const order = await sold(by);
        const { id } = await disputeOf(order);
        assert.equal((await say(id, 'evidence', 'losing_evidence')).body.status, 'lost');
        await becomes(order, 'refunded');
        await shop.host.events.settled();
        assert.deepEqual(await told(order), [
          { type: 'payments.dispute.lost', times: 1 },
          { type: 'payments.dispute.opened', times: 1 },
        ]);
      });

      it('that are won leave the money where it is', async () => {
        const order = await sold(by);
        const { id } = await disputeOf(order);
        const { body } = await say(id, 'evidence', 'winning_evidence');
        assert.deepEqual([body.status, body.evidence], ['won', 'winning_evidence']);
        await shop.host.events.settled();
        assert.equal((await becomes(order, 'confirmed')).refunded, 0);
      });

      it('wait under review for what the bank decides, and nothing is added', async () => {
        const order = await sold(by);
        const { id } = await disputeOf(order);
        const first = await say(id, 'evidence', 'It was delivered on Monday.');
        assert.deepEqual([first.status, first.body.status], [200, 'under_review']);
        assert.ok(first.body.answeredAt);
        assert.equal((await say(id, 'evidence', 'And another thing.')).status, 409);
        assert.equal(
          (await say(id, 'evidence', 'It was delivered on Monday.')).status,
          200,
          'the same again',
        );
        // It is promised with the answer, and relayed afterwards.
        await until(
          async () =>
            (await told(order)).some(({ type }) => type === 'payments.dispute.answered') ? true : undefined,
          { withinMs: 30_000, what: 'others are told that it was answered' },
        );
      });

      it('that are conceded count as returned: nobody returns that money again', async () => {
        const order = await sold(by);
        const { id } = await disputeOf(order);
        assert.equal((await say(id, 'accept')).body.status, 'lost');
        assert.equal((await say(id, 'accept')).body.status, 'lost', 'again');
        const after = await becomes(order, 'refunded');
        assert.equal(after.refunded, order.totals.total);
        const [payment] = await shop.rows<{ refunded: number; lost: number; disputed: boolean }>(
          'select refunded::int, lost::int, disputed from shop.payments_payments where order_id = $1 and captured > 0',
          [order.id],
        );
        assert.deepEqual(payment, { refunded: order.totals.total, lost: order.totals.total, disputed: true });
        await assert.rejects(
          shop.host.platform.call(shop.tenant, 'payments', 'refund', {
            orderId: order.id,
            amount: 1,
            key: 'more',
          }),
          { code: 'conflict' },
        );
      });

      it('are found although nobody told us of them, and so is how they ended', async () => {
        const order = await sold(by);
        const { reference } = await disputeOf(order);
        // As if its message had never come.
        await shop.rows('delete from shop.payments_disputes where reference = $1', [reference]);
        await lookAgain();
        assert.equal((await disputeOf(order)).status, 'needs_response');
        await shop.knobs({ dropWebhooks: 100 }, by === 'card' ? 'acme' : 'paypal:acme');
        const { payments } = shop.host.platform;
        await payments.contestDispute(shop.tenant, reference, 'losing_evidence', `elsewhere-${reference}`);
        await lookAgain();
        await disputeOf(order, 'lost');
        assert.equal((await becomes(order, 'refunded')).refunded, order.totals.total);
        await lookAgain();
        await shop.host.tasks.settled();
        await shop.host.events.settled();
        const lost = (await told(order)).find(({ type }) => type === 'payments.dispute.lost');
        assert.equal(lost?.times, 1, 'looked at again it is no news');
      });

      it('are answered once, although the provider’s answer was lost', async () => {
        const order = await sold(by);
        const { id } = await disputeOf(order);
        await shop.knobs({ loseReplies: 1 }, by === 'card' ? 'acme' : 'paypal:acme');
        assert.equal((await say(id, 'evidence', 'winning_evidence')).body.status, 'won');
      });
    });
  }

  it('are the merchant’s business only, and answered within bounds', async () => {
    const { id } = await disputeOf(await sold('card'));
    assert.equal((await shop.call('GET', ROUTE)).status, 401);
    assert.equal((await shop.call('GET', `${ROUTE}/${id}`)).status, 401);
    assert.equal((await say(id, 'evidence', '')).status, 400);
    assert.equal((await say(id, 'evidence', 'x'.repeat(2_001))).status, 400);
    assert.equal((await say(`dsp_${'0'.repeat(32)}`, 'accept')).status, 404);
  });

  it('come in pages', async () => {
    await disputeOf(await sold('card'));
    const first = await shop.merchant<{ disputes: Dispute[]; nextCursor: string }>('GET', `${ROUTE}?limit=2`);
    assert.equal(first.body.disputes.length, 2);
    const next = await shop.merchant<{ disputes: Dispute[] }>(
      'GET',
      `${ROUTE}?limit=2&cursor=${first.body.nextCursor}`,
    );
    const ids = [...first.body.disputes, ...next.body.disputes].map(({ id }) => id);
    assert.equal(new Set(ids).size, 4);
    assert.deepEqual(ids, ids.toSorted().toReversed());
  });
});
