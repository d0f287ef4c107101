/**
 * How long units stay promised to somebody who does not pay: whatever shoppers do meanwhile, whether or not the processor answers, and
 * though workers die with the job in their hands.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { manualClock } from '../../platform/clock.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Payments } from '../../platform/ports.ts';
import type { Cart } from './schemas.ts';
import { ADDRESS, startTestShop, type Placed, type TestShop } from './testing/shop.ts';

type Step =
  | { readonly do: 'place'; readonly quantity: number }
  /** The shopper comes back to the payment, which holds longer. */
  | { readonly do: 'resume'; readonly which: number }
  | { readonly do: 'pay'; readonly which: number }
  | { readonly do: 'outage'; readonly begins: boolean }
  /** Whoever has just taken the job up, and the one that looks for what stands still, is killed. */
  | { readonly do: 'die' }
  | { readonly do: 'pass'; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('place' as const), quantity: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resume' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pay' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('outage' as const), begins: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('die' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      seconds: fc.constantFrom(1, 5, 11, 20, 31, 60),
    }),
  },
);

/** What looks for orders that stand still does so as seldom as in a shop: it must not be what ends holds. */
const SETTINGS = {
  holdSeconds: 60,
  extendSeconds: 30,
  longestHoldSeconds: 120,
  sweepSeconds: 30,
  stuckSeconds: 20,
};
/** A killed worker's lease, and the pause before what could not be ended is tried again. */
const BOUND_SECONDS = 12;
const STOCK = 1_000;

const clock = manualClock(new Date());
let shop: TestShop;
let outage = false;
let number = 0;
const refuse = (): Promise<void> =>
  outage ? Promise.reject(new ShopError('unavailable', 'The processor is away.')) : Promise.resolve();

before(async () => {
  shop = await startTestShop({
    orders: SETTINGS,
    clock,
    between: (payments: Payments) => ({
      ...payments,
      retrieve: (...args) => refuse().then(() => payments.retrieve(...args)),
      cancel: (...args) => refuse().then(() => payments.cancel(...args)),
    }),
  });
});
after(() => shop.stop());

test(`no unit is promised for longer than ${BOUND_SECONDS} s after its hold has ended, and all that was promised is there again`, async () => {
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (plan) => {
      const variantId = `thing-${(number += 1)}`;
      outage = false;
      await shop.sell(variantId, 3_000, STOCK);
      const placed: Placed[] = [];
      for (const each of plan) await take(each, variantId, placed);
      outage = false;
      // No hold lasts longer than that.
      for (let passed = 0; passed < SETTINGS.longestHoldSeconds + BOUND_SECONDS; passed += 20)
        await take({ do: 'pass', seconds: 20 }, variantId, placed);
      const [row] = await stockOf(variantId);
      assert.equal(row?.held, 0, 'nothing is promised any more');
      assert.equal(row.on_hand, STOCK);
      ended += placed.length;
    }),
    { numRuns: 12 },
  );
  assert.ok(ended > 10, `only ${ended} orders: this shows nothing`);
});

async function take(each: Step, variantId: string, placed: Placed[]): Promise<void> {
  const chosen = 'which' in each ? placed[each.which % Math.max(1, placed.length)] : undefined;
  switch (each.do) {
    case 'place':
      placed.push(await place(variantId, each.quantity));
      break;
    case 'resume':
      if (chosen !== undefined)
        await shop.call('POST', `/api/orders/${chosen.order.id}/payment?token=${chosen.token}`);
      break;
    case 'pay':
      if (chosen !== undefined) await shop.pay(chosen.payment);
      break;
    case 'outage':
      outage = each.begins;
      break;
    case 'die':
      await shop.rows(
        `update shop.tasks set state = 'running', fence = fence + 1, attempts = attempts + 1, lease_until = $1::timestamptz + interval '10 s'
         where tenant_id = $2 and name in ('orders.expire-due', 'orders.sweep') and state = 'waiting'`,
        [clock.now(), shop.tenant],
      );
      break;
    case 'pass':
      clock.advance(each.seconds * 1_000);
  }
  await shop.host.events.settled();
  await shop.host.tasks.settled();
  await looked(variantId);
}

async function place(variantId: string, quantity: number): Promise<Placed> {
  const cart = await shop.call<Cart>('POST', '/api/orders/carts', {
    body: { lines: [{ variantId, quantity }] },
  });
  const answer = await shop.call<Placed>('POST', '/api/orders/checkout', {
    body: { cartId: cart.body.id, email: 'ada@example.com', shippingAddress: ADDRESS },
    headers: { 'idempotency-key': `holds-${cart.body.id}` },
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** What has to be so at every moment at which nothing is under way. */
async function looked(variantId: string): Promise<void> {
  const now = clock.now().getTime();
  // The orders and the shelf of one moment: what a shopper has paid may be told between two.
  const [seen] = await shop.rows<{
    shelf: number;
    orders: readonly { status: string; quantity: number; until: string }[];
  }>(
    `select s.held as shelf, coalesce((
       select json_agg(json_build_object('status', o.status, 'quantity', h.quantity, 'until', o.hold_expires_at))
       from shop.orders_holds h join shop.orders_orders o on o.tenant_id = h.tenant_id and o.id = h.order_id
       where h.variant_id = s.variant_id and h.state = 'held'), '[]') as orders
     from shop.orders_stock s where s.variant_id = $1`,
    [variantId],
  );
  assert.ok(seen !== undefined);
  for (const { status, until } of seen.orders) {
    assert.equal(status, 'pending_payment', 'only who may still pay is promised anything');
    const late = (now - Date.parse(until)) / 1_000;
    assert.ok(late <= BOUND_SECONDS, `units are promised ${late} s after their hold has ended`);
  }
  const promised = seen.orders.reduce((sum, { quantity }) => sum + quantity, 0);
  assert.equal(seen.shelf, promised, 'the shelf says what the orders say');
}

function stockOf(variantId: string): Promise<{ held: number; on_hand: number }[]> {
  return shop.rows('select held, on_hand from shop.orders_stock where variant_id = $1', [variantId]);
}
