/**
 * `kill -9` between any two steps of a dispute and of a payout's comparison: what was told, taken back, answered, found and healed comes to
 * the same as if nobody had died, and everybody is told once.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { kill } from '../../../tests/support/ended.ts';
import { approveAsPayer } from '../../platform/payments/testing/paypal.ts';
import {
  MERCHANT,
  patiently,
  startKilledShop,
  TENANT,
  type KilledShop,
  type Rounds,
} from '../orders/testing/killed-shop.ts';
import { ask, KEYS, payAsBrowser, type Placed } from '../orders/testing/shop.ts';
import type { Dispute, DisputeStatus } from './disputes/schemas.ts';
import type { PaymentStart } from './schemas.ts';

const GOOD_CARD = '4242424242424242';
const DISPUTED_CARD = '4000000000000259';

describe('killed at any moment of a dispute or a payout', () => {
  let shop: KilledShop;
  let keys = 0;

  before(async () => {
    shop = await startKilledShop();
  });
  after(() => shop.stop());

  /** ALL_PLACES=1 sees every place. */
  const places = (step: number, most: number) =>
    process.env['ALL_PLACES'] === '1' ? { step: 1 } : { step, most };

  function say(test: TestContext, { crashes }: Rounds): void {
    test.diagnostic(`killed after each of ${crashes.join(', ')}`);
    assert.ok(crashes.length > 0, 'it was never killed');
  }

  /** @returns the first row, once there is one and `is` says so */
  const rowsOnce = <T>(text: string, values: unknown[], is: (row: T) => boolean): Promise<T> =>
    patiently(async () => {
      const { rows } = await shop.database.admin.query(text, values);
      const [row] = rows as T[]; // the test names the row's type
      return row !== undefined && is(row) ? row : undefined;
    });

  async function placed(variantId: string): Promise<Placed> {
    await shop.stock(variantId, 5);
    const order = await shop.checkOut(await shop.newCart(variantId));
    assert.ok(order !== 'out_of_stock');
    return order;
  }

  async function payBy(
    by: 'card' | 'paypal',
    { order, token, payment }: Placed,
    card: string,
  ): Promise<void> {
    if (by === 'paypal') {
      const path = `/api/orders/${order.id}/payment?token=${token}&provider=paypal`;
      const started = await patiently(async () => {
        const { status, body } = await ask<PaymentStart>(shop.port, 'POST', path, {});
        return status === 200 && body.provider === 'paypal' ? body : undefined;
      });
      await approveAsPayer(started.approveUrl ?? '', card === DISPUTED_CARD ? 'dispute' : 'approve');
      return;
    }
    await patiently(async () => {
      const status = await payAsBrowser(shop.origin, payment, card);
      return ['requires_capture', 'payment_intent_unexpected_state'].includes(status) ? status : undefined;
    });
  }

  const confirmed = (orderId: string) =>
    rowsOnce<{ status: string }>(
      'select status from shop.orders_orders where id = $1',
      [orderId],
      ({ status }) => status === 'confirmed',
    );

  const disputeOf = (orderId: string, status: DisputeStatus) =>
    rowsOnce<{ id: string; reference: string; status: string }>(
      'select id, reference, status from shop.payments_disputes where order_id = $1',
      [orderId],
      (row) => row.status === status,
    );

  const post = <T>(path: string, body: object, wanted = 200): Promise<T> => {
    const headers = { ...MERCHANT, 'idempotency-key': `killed-dispute-${(keys += 1)}` };
    return patiently(async () => {
      const answer = await ask<T>(shop.port, 'POST', `/api/admin/payments/${path}`, { body, headers });
      return answer.status === wanted ? answer.body : undefined;
    });
  };

  /** What was lost is returned once, in the payment's books as in the order's, and everybody was told of each thing once. */
  async function assertLostOnce(orderId: string): Promise<void> {
    const books = await rowsOnce<Record<string, number | string>>(
      `select o.status, o.total::int, o.refunded::int, p.refunded::int as known, p.lost::int,
         (select count(*)::int from shop.payments_disputes d where d.order_id = o.id) as disputes
       from shop.orders_orders o join shop.payments_payments p on p.order_id = o.id and p.captured > 0 where o.id = $1`,
      [orderId],
      ({ status }) => status === 'refunded',
    );
    const { total } = books;
    assert.deepEqual(books, {
      status: 'refunded',
      total,
      refunded: total,
      known: total,
      lost: total,
      disputes: 1,
    });
    const { rows: told } = await shop.database.admin.query(
      `select type, count(*)::int as times from shop.event_log where key = $1 and type like 'payments.dispute.%' group by 1 having count(*) > 1`,
      [orderId],
    );
    assert.deepEqual(told, []);
  }

  it('a payout is compared to its end and healed once, wherever the runtime that compares was killed', async (test) => {
    const rounds = await shop.inTurn(places(4, 6), async (number, arm) => {
      const orders = [await placed(`payout-${number}-a`), await placed(`payout-${number}-b`)];
      for (const each of orders) {
        await payBy('card', each, GOOD_CARD);
        await confirmed(each.order.id);
      }
      const [lost, changed] = orders.map(({ order }) => order.id);
      const heard = `select count(*)::int as heard from shop.payments_webhooks where order_id = any ($1) and type = 'payment_intent.succeeded'`;
      await rowsOnce<{ heard: number }>(heard, [[lost, changed]], (row) => row.heard === 2);
      // As after a restore of the database from before one was paid, and from before the other was taken.
      await shop.database.admin.query('delete from shop.payments_payments where order_id = $1', [lost]);
      await shop.database.admin.query(
        `update shop.payments_payments set status = 'authorized', captured = 0, updated_at = now() + interval '1 hour' where order_id = $1`,
        [changed],
      );
      arm();
      const answer = await fetch(`${shop.origin}/_admin/payouts`, {
        method: 'POST',
        headers: { authorization: 'Bearer processor-admin' },
        body: JSON.stringify({ account: TENANT }),
      });
      const { payouts } = (await answer.json()) as { payouts: { id: string; amount: number }[] };
      const [payout] = payouts;
      assert.ok(payout, 'there was something to pay out');
      await post('payouts/compare', {});
      const row = await rowsOnce<Record<string, number | string>>(
        `select state, amount::int, (charges + refunds + disputes + others - fees)::int as parts,
           (select count(*)::int from shop.payments_differences where payout_id = $1 and healed) as healed,
           (select count(*)::int from shop.payments_differences where payout_id = $1 and not healed) as open,
           (select count(*)::int from shop.payments_payments where payout_id = $1 and order_id = any ($2) and captured = amount) as paid
         from shop.payments_payouts where id = $1`,
        [payout.id, [lost, changed]],
        ({ state }) => state === 'compared',
      );
      const { amount } = payout;
      assert.equal(row['parts'], amount, 'each page counts once');
      assert.equal(row['open'], 0, JSON.stringify(row));
      assert.equal(row['paid'], 2, JSON.stringify(row));
      await rowsOnce<{ times: number }>(
        `select count(*)::int as times from shop.event_log where type = 'payments.payout.compared' and key = $1`,
        [payout.id],
        ({ times }) => {
          assert.ok(times <= 1);
          return times === 1;
        },
      );
    });
    say(test, rounds);
  });

  for (const by of ['card', 'paypal'] as const)
    it(`a dispute of a payment by ${by} is heard of, answered and lost once, wherever its runtime was killed`, async (test) => {
      const rounds = await shop.inTurn(places(5, 6), async (number, arm) => {
        const order = await placed(`${by}-disputed-${number}`);
        arm();
        await payBy(by, order, DISPUTED_CARD);
        const { id: orderId } = order.order;
        const { id } = await disputeOf(orderId, 'needs_response');
        // One is answered, the other conceded.
        const answered =
          number % 2 === 0
            ? await post<Dispute>(`disputes/${id}/evidence`, { text: 'losing_evidence' })
            : await post<Dispute>(`disputes/${id}/accept`, {});
        assert.equal(answered.status, 'lost');
        await assertLostOnce(orderId);
      });
      say(test, rounds);
    });

  it('what a cancelled order kept for the bank goes back once, by the shop or by the bank, wherever its runtime was killed', async (test) => {
    const rounds = await shop.inTurn(places(2, 8), async (number, arm) => {
      const order = await placed(`kept-${number}`);
      await payBy('card', order, DISPUTED_CARD);
      const { id: orderId } = order.order;
      await confirmed(orderId);
      const { id } = await disputeOf(orderId, 'needs_response');
      await patiently(async () => {
        const path = `/api/admin/orders/orders/${orderId}/cancel`;
        const { status } = await ask(shop.port, 'POST', path, { body: {}, headers: MERCHANT });
        return status === 200 ? true : undefined;
      });
      // As if the seconds had passed after which a task does what the request could not finish.
      await shop.database.admin.query(
        `update shop.tasks set run_at = now() where name = 'orders.advance-order' and key = $1 and state = 'waiting'`,
        [orderId],
      );
      // It waits for the bank, and for nothing else.
      await rowsOnce<{ waits: boolean }>(
        `select settled and status = 'cancelled' and not exists (
           select from shop.tasks where name = 'orders.advance-order' and key = $1) as waits from shop.orders_orders where id = $1`,
        [orderId],
        ({ waits }) => waits,
      );
      arm();
      const isWon = number % 3 !== 0;
      await post<Dispute>(`disputes/${id}/evidence`, {
        text: isWon ? 'winning_evidence' : 'losing_evidence',
      });
      const books = await rowsOnce<{ refunded: number; total: number; lost: number; intent: string }>(
        `select o.refunded::int, o.total::int, p.lost::int, p.intent_id as intent
         from shop.orders_orders o join shop.payments_payments p on p.order_id = o.id where o.id = $1`,
        [orderId],
        ({ refunded, total }) => refunded === total,
      );
      assert.equal(books.lost, isWon ? 0 : books.total);
      const answer = await fetch(`${shop.origin}/v1/refunds?payment_intent=${books.intent}`, {
        headers: { authorization: `Bearer ${KEYS.secretKey}` },
      });
      const { data } = (await answer.json()) as { data: { amount: number }[] };
      assert.deepEqual(
        data.map(({ amount }) => amount),
        isWon ? [books.total] : [],
      );
    });
    say(test, rounds);
  });

  it('what nobody told us of is found once, wherever the runtime that looks was killed', async (test) => {
    const rounds = await shop.inTurn(places(3, 6), async (number, arm) => {
      const order = await placed(`untold-${number}`);
      await payBy('card', order, DISPUTED_CARD);
      const { id: orderId } = order.order;
      await confirmed(orderId);
      const { reference } = await disputeOf(orderId, 'needs_response');
      // As if its message had never come.
      await shop.database.admin.query('delete from shop.payments_disputes where reference = $1', [reference]);
      arm();
      await post('payouts/compare', {});
      const { id } = await disputeOf(orderId, 'needs_response');
      await post(`disputes/${id}/accept`, {});
      const { rows } = await shop.database.admin.query(
        'select count(*)::int as times from shop.payments_disputes where order_id = $1',
        [orderId],
      );
      assert.deepEqual(rows, [{ times: 1 }]);
      await rowsOnce<{ status: string }>(
        'select status from shop.orders_orders where id = $1',
        [orderId],
        ({ status }) => status === 'refunded',
      );
    });
    say(test, rounds);
  });

  it('leaves nothing open behind', async () => {
    const runtime = await shop.startRuntime();
    await rowsOnce<{ open: number }>(
      'select count(*)::int as open from shop.orders_orders where not settled',
      [],
      ({ open }) => open === 0,
    );
    await kill(runtime);
  });
});
