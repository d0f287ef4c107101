import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { ADDRESS, startTestShop, type TestShop, type Placed } from './testing/shop.ts';
import type { Cart } from './schemas.ts';

const UNITS = 50;
const SHOPPERS = 200;
const HOLD_SECONDS = 60;

describe('200 shoppers and the last 50 units', () => {
  let shop: TestShop;

  afterEach(() => shop.stop());

  /** Buys one unit; a shopper whose cards are refused gives up after the last one, and one whose hold ended meanwhile comes too late. */
  async function buy(
    variantId: string,
    name: string,
    cards: readonly string[],
  ): Promise<'paid' | 'out_of_stock' | 'too_late' | 'gave_up'> {
    const created = await shop.call<Cart>('POST', '/api/orders/carts', {
      body: { lines: [{ variantId, quantity: 1 }] },
    });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const answer = await shop.call<Placed & { code?: string }>('POST', '/api/orders/checkout', {
      body: { cartId: created.body.id, email: `${name}@example.com`, shippingAddress: ADDRESS },
      headers: { 'idempotency-key': `rush-${variantId}-${name}` },
    });
    if (answer.status === 409) {
      assert.equal(answer.body.code, 'out_of_stock');
      return 'out_of_stock';
    }
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    for (const card of cards) {
      const said = await shop.pay(answer.body.payment, card);
      if (said === 'requires_capture') return 'paid';
      if (said === 'payment_intent_unexpected_state') return 'too_late';
    }
    return 'gave_up';
  }

  /** Looks, as often as it can, for a moment at which more is promised than there is. */
  function watch(variantId: string): () => Promise<number> {
    let looks = 0;
    let stop = false;
    const watching = (async () => {
      while (!stop) {
        const [row] = await shop.rows<{ on_hand: number; held: number; sold: number; promised: number }>(
          `select s.on_hand, s.held, s.sold, (select coalesce(sum(quantity), 0)::int from shop.orders_holds h
             where h.variant_id = s.variant_id and h.state in ('held', 'committed')) as promised
           from shop.orders_stock s where s.variant_id = $1`,
          [variantId],
        );
        assert.ok(
          row !== undefined && row.promised <= row.on_hand && row.held + row.sold === row.promised,
          JSON.stringify(row),
        );
        looks += 1;
      }
      return looks;
    })();
    return () => {
      stop = true;
      return watching;
    };
  }

  async function unsoldOnceHoldsEnded(variantId: string): Promise<number> {
    const [row] = await shop.until(
      () =>
        shop.rows<{ held: number; unsold: number }>(
          'select held, on_hand - sold as unsold from shop.orders_stock where variant_id = $1',
          [variantId],
        ),
      ([stock]) => stock?.held === 0,
      'every hold has ended',
    );
    return row?.unsold ?? assert.fail();
  }

  /** Names of those whose order stands. */
  async function servedOf(variantId: string): Promise<ReadonlySet<string>> {
    await atRest(variantId);
    const rows = await shop.rows<{ name: string }>(
      `select split_part(o.email, '@', 1) as name from shop.orders_orders o
       join shop.orders_order_lines l on l.order_id = o.id where l.variant_id = $1 and o.status = 'confirmed'`,
      [variantId],
    );
    return new Set(rows.map(({ name }) => name));
  }

  async function atRest(variantId: string): Promise<Record<string, number>> {
    const rows = await shop.until(
      () =>
        shop.rows<{ status: string; count: string; settled: boolean }>(
          `select o.status, bool_and(o.settled) as settled, count(*) from shop.orders_orders o
           join shop.orders_order_lines l on l.order_id = o.id where l.variant_id = $1 group by o.status`,
          [variantId],
        ),
      (all) => all.every(({ settled }) => settled),
      'every order is settled',
    );
    return Object.fromEntries(rows.map((row) => [row.status, Number(row.count)]));
  }

  async function money(variantId: string): Promise<Record<string, number>> {
    // An order may know of its money before the event that tells of it is relayed.
    await shop.host.events.settled();
    const rows = await shop.rows<{ status: string; count: string; captures: string }>(
      `select p.status, count(*), coalesce(sum((select count(*) from shop.event_log e
           where e.key = p.order_id and e.type = 'payments.payment.captured')), 0) as captures
       from shop.payments_payments p join shop.orders_order_lines l on l.order_id = p.order_id where l.variant_id = $1 group by p.status`,
      [variantId],
    );
    for (const row of rows)
      if (row.status === 'captured') assert.equal(row.captures, row.count, 'one capture per order');
    return Object.fromEntries(rows.map((row) => [row.status, Number(row.count)]));
  }

  it('ends in exactly 50 confirmed orders, each captured once', async (test) => {
    shop = await startTestShop();
    await shop.sell('drop', 2000, UNITS);
    const stop = watch('drop');
    test.after(stop);
    const shoppers = Array.from({ length: SHOPPERS }, (_, index) =>
      buy('drop', `s${index}`, ['4242424242424242']),
    );
    const outcomes = await Promise.all(shoppers);
    assert.equal(outcomes.filter((each) => each === 'paid').length, UNITS);
    assert.deepEqual(await atRest('drop'), { confirmed: UNITS });
    assert.deepEqual(await money('drop'), { captured: UNITS });
    assert.ok((await stop()) > 0);
    const [stock] = await shop.rows<object>(
      `select on_hand, held, sold from shop.orders_stock where variant_id = 'drop'`,
    );
    assert.deepEqual(stock, { on_hand: UNITS, held: 0, sold: UNITS });
  });

  it('ends the same where the units lie at three locations, each of which sends what it has', async (test) => {
    shop = await startTestShop();
    await shop.sell('apart', 2000, UNITS);
    const key = (name: string) => ({ headers: { 'idempotency-key': `rush-apart-${name}` } });
    for (const [name, quantity] of [
      ['North', 15],
      ['South', 20],
    ] as const) {
      const made = await shop.merchant<{ id: string }>('POST', '/api/admin/orders/locations', {
        body: { name, priority: 1 },
        ...key(name),
      });
      const moved = await shop.merchant('POST', '/api/admin/orders/stock/apart/transfer', {
        body: { from: 'main', to: made.body.id, quantity },
        ...key(`to-${name}`),
      });
      assert.equal(moved.status, 200, JSON.stringify(moved.body));
    }
    const stop = watch('apart');
    test.after(stop);
    const outcomes = await Promise.all(
      Array.from({ length: SHOPPERS / 2 }, (_, index) => buy('apart', `a${index}`, ['4242424242424242'])),
    );
    assert.equal(outcomes.filter((each) => each === 'paid').length, UNITS);
    assert.deepEqual(await atRest('apart'), { confirmed: UNITS });
    assert.deepEqual(await money('apart'), { captured: UNITS });
    assert.ok((await stop()) > 0);
    const levels = await shop.rows<{ on_hand: number; promised: number; allocated: number }>(
      `select on_hand, promised, (select sum(quantity)::int from shop.orders_allocations a where a.location_id = l.location_id) as allocated
       from shop.orders_levels l order by on_hand`,
    );
    assert.deepEqual(levels, [
      { on_hand: 15, promised: 15, allocated: 15 },
      { on_hand: 20, promised: 20, allocated: 20 },
    ]);
  });

  it('sells every unit in the end although a sixth of the shoppers cannot pay and webhooks misbehave', async (test) => {
    let aheadMs = 0;
    shop = await startTestShop({
      orders: { holdSeconds: HOLD_SECONDS },
      clock: { now: () => new Date(Date.now() + aheadMs) },
    });
    const holdsEnd = (): void => void (aheadMs += HOLD_SECONDS * 1_000);
    await shop.sell('wild', 2000, UNITS);
    await shop.knobs({ duplicates: 1, shuffleMs: 100, dropWebhooks: 20, failRequests: 5, loseReplies: 5 });
    const stop = watch('wild');
    test.after(stop);
    const declined = '4000000000000002';
    const waiting = Array.from({ length: SHOPPERS }, (_, index) => ({
      name: `w${index}`,
      cards: index % 6 === 0 ? [declined, declined] : [declined, '4242424242424242'].slice(index % 2),
    }));
    // Who has nothing in the end, for want of units or of time, tries again when holds have ended, as people do; who cannot pay gives up.
    for (let round = 0; waiting.length > 0; round += 1) {
      const now = waiting.splice(0);
      let done = 0;
      const outcomes = await Promise.all(
        now.map(async ({ name, cards }) => {
          const outcome = await buy('wild', `${name}-${round}`, cards).catch(() => 'out_of_stock' as const);
          done += 1;
          // While others are still paying.
          if (round === 0 && done === UNITS) holdsEnd();
          return outcome;
        }),
      );
      holdsEnd();
      if ((await unsoldOnceHoldsEnded('wild')) === 0) break;
      const served = await servedOf('wild');
      waiting.push(
        ...now.filter(({ name }, index) => outcomes[index] !== 'gave_up' && !served.has(`${name}-${round}`)),
      );
    }
    const statuses = await atRest('wild');
    assert.equal(statuses['confirmed'], UNITS, JSON.stringify(statuses));
    const paid = await money('wild');
    assert.equal(paid['captured'], UNITS, JSON.stringify(paid));
    assert.equal(paid['authorized'], undefined);
    assert.ok((await stop()) > 0);
    await shop.knobs({});
  });
});
