/** PayPal's ledger against our payments: the days that are closed, what of them agrees, what is healed, and what is kept of empty ones. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../../../tests/support/wait.ts';
import { approveAsPayer, type PayerChoice } from '../../../platform/payments/testing/paypal.ts';
import {
  ADDRESS,
  confirmedOrder,
  startTestShop,
  type Placed,
  type TestShop,
} from '../../orders/testing/shop.ts';
import type { Cart, MerchantOrder } from '../../orders/schemas.ts';
import type { PaymentStart } from '../schemas.ts';
import type { Clock } from '../../../platform/ports.ts';
import type { Difference, Payout } from './schemas.ts';

const ROUTE = '/api/admin/payments';
const DAY_MS = 86_400_000;

describe('the ledger of PayPal', () => {
  let shop: TestShop;
  let keys = 0;
  /** Days by which PayPal's clock is behind ours: three at most, for older messages it does not expect to be believed. */
  let ago = 2;
  /** An hour back where a day is about to end: what a test begins on one day ends on it. */
  const back = new Date().getUTCHours() === 23 ? 3_600_000 : 0;
  const clock: Clock = { now: () => new Date(Date.now() - back) };
  const there = (): Date => new Date(clock.now().getTime() - ago * DAY_MS);

  before(async () => {
    shop = await startTestShop({
      paypal: true,
      processorNow: there,
      clock,
      payments: { payouts: { findSeconds: 3_600, overdueSeconds: 0, pages: 1 } },
    });
    await shop.sell('mug', 1500, 1_000);
  });
  after(() => shop.stop());

  async function sold(choice: PayerChoice = 'approve'): Promise<MerchantOrder> {
    const lines = [{ variantId: 'mug', quantity: 1 }];
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } });
    const { body: placed } = await shop.call<Placed>('POST', '/api/orders/checkout', {
      headers: { 'idempotency-key': `ledger-${(keys += 1)}` },
      body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
    });
    const path = `/api/orders/${placed.order.id}/payment?token=${placed.token}&provider=paypal`;
    const { body: started } = await shop.call<PaymentStart>('POST', path);
    await approveAsPayer(started.approveUrl ?? '', choice);
    const order = await confirmedOrder(shop, placed.order.id);
    // Our clock is ahead of PayPal's.
    await shop.rows('update shop.payments_payments set created_at = $2 where order_id = $1', [
      order.id,
      there(),
    ]);
    return order;
  }

  const today = (): string => `paypal_${there().toISOString().slice(0, 10)}_EUR`;

  /** A day later at PayPal: what was its day is compared. */
  async function compared(id: string): Promise<Payout> {
    ago -= 1;
    await shop.merchant('POST', `${ROUTE}/payouts/compare`);
    const found = await shop.until(
      async () => (await payouts()).find((each) => each.id === id),
      (payout) => payout?.state === 'compared',
      `${id} is compared`,
    );
    return found ?? assert.fail();
  }

  const payouts = async (): Promise<Payout[]> =>
    (await shop.merchant<{ payouts: Payout[] }>('GET', `${ROUTE}/payouts`)).body.payouts;

  const differences = async (id: string): Promise<Difference[]> =>
    (await shop.merchant<{ differences: Difference[] }>('GET', `${ROUTE}/differences?payoutId=${id}`)).body
      .differences;

  const refund = ({ id: orderId }: MerchantOrder, amount: number) =>
    shop.host.platform.call(shop.tenant, 'payments', 'refund', { orderId, amount, key: `back-${orderId}` });

  it('is compared by the day, and agrees with what was taken, returned and lost', async () => {
    const day = today();
    const [kept, returned, contested] = [await sold(), await sold(), await sold('dispute')];
    await refund(returned, 700);
    // PayPal tells of it after it has told of the payment.
    const dispute = await until(
      async () => {
        const { body } = await shop.merchant<{ disputes: { id: string; orderId: string }[] }>(
          'GET',
          `${ROUTE}/disputes`,
        );
        return body.disputes.find(({ orderId }) => orderId === contested.id);
      },
      { withinMs: 30_000, what: 'the dispute is heard of' },
    );
    const { status } = await shop.merchant('POST', `${ROUTE}/disputes/${dispute.id}/accept`, {
      headers: { 'idempotency-key': 'concede-it' },
    });
    assert.equal(status, 200);
    const { total } = kept.totals;
    const payout = await compared(day);
    const { kind, entries, charges, refunds, disputes, differences: open } = payout;
    assert.deepEqual(
      { kind, entries, charges, refunds, disputes, open },
      { kind: 'day', entries: 5, charges: 3 * total, refunds: -700, disputes: -total, open: 0 },
    );
    assert.ok(payout.fees > 0);
    assert.equal(payout.amount, charges + refunds + disputes - payout.fees, 'it comes to its entries');
    assert.deepEqual(await differences(day), []);
    const paid = await shop.rows<{ payout_id: string }>(
      'select payout_id from shop.payments_payments where captured > 0',
    );
    assert.deepEqual(
      paid.map(({ payout_id }) => payout_id),
      [day, day, day],
    );
  });

  it('teaches us of what we had lost, and says so', async () => {
    const day = today();
    const [lost, returned] = [await sold(), await sold()];
    await refund(returned, 500);
    await shop.host.events.settled();
    await shop.host.tasks.settled();
    // As after a restore of the database from before one was paid and the other refunded.
    await shop.rows('delete from shop.payments_payments where order_id = $1', [lost.id]);
    await shop.rows('update shop.payments_payments set refunded = 0 where order_id = $1', [returned.id]);
    const payout = await compared(day);
    assert.equal(payout.differences, 0, 'all healed');
    assert.deepEqual(
      (await differences(day)).map(({ kind, what, healed }) => [kind, what, healed]).toSorted(),
      [
        ['amount_differs', 'refund', true],
        ['missing_here', 'charge', true],
      ],
    );
    const rows = await shop.rows(
      `select status, captured::int, refunded::int from shop.payments_payments where order_id = any ($1) and captured > 0 order by refunded`,
      [[lost.id, returned.id]],
    );
    const { total: captured } = lost.totals;
    assert.deepEqual(rows, [
      { status: 'captured', captured, refunded: 0 },
      { status: 'captured', captured, refunded: 500 },
    ]);
  });

  it('keeps of days on which nothing happened the last one of each currency', async () => {
    await shop.until(payouts, (all) => all.every(({ state }) => state === 'compared'), 'all are compared');
    const yesterday = new Date(clock.now().getTime() - DAY_MS).toISOString().slice(0, 10);
    const empty = (await payouts()).filter(({ entries }) => entries === 0);
    assert.deepEqual(
      empty.map(({ id }) => id),
      [`paypal_${yesterday}_USD`],
    );
    const told = await shop.rows<{ key: string }>(
      `select distinct key from shop.event_log where type = 'payments.payout.compared' and key like '%USD'`,
    );
    assert.deepEqual(told, [], 'nobody is told of them');
  });
});
