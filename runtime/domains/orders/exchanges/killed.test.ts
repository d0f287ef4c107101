/** Exchanges whose runtime is killed between any two steps: one that is withdrawn, and one that is done. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kill } from '../../../../tests/support/ended.ts';
import type { MerchantOrder } from '../schemas.ts';
import { MERCHANT, patiently, startKilledShop, type KilledShop } from '../testing/killed-shop.ts';
import { ask, payAsBrowser, type Placed } from '../testing/shop.ts';

let shop: KilledShop;

before(async () => {
  shop = await startKilledShop();
});
after(() => shop.stop());

/** Resolves to nothing where it has to be tried again. */
async function paying(payment: Placed['payment']): Promise<true | undefined> {
  const paid = await payAsBrowser(shop.origin, payment, '4242424242424242');
  return paid === 'requires_capture' || paid === 'payment_intent_unexpected_state' ? true : undefined;
}

test('goods are exchanged, and the difference comes, wherever between two steps its runtime was killed', async (context) => {
  const [variantId, other] = ['exchanged', 'instead'];
  await shop.stock(variantId, 100);
  await shop.stock(other, 100);
  let runtime = await shop.startRuntime();
  const placed = await shop.checkOut(await shop.newCart(variantId, 5));
  assert.ok(placed !== 'out_of_stock');
  await patiently(() => paying(placed.payment));
  const { id } = placed.order;
  const { token } = placed;
  const insist = (path: string, body: object = {}, key = path): Promise<MerchantOrder> =>
    patiently(async () => {
      const answer = await ask<MerchantOrder>(shop.port, 'POST', `/api/admin/orders/orders/${id}/${path}`, {
        body,
        headers: { ...MERCHANT, 'idempotency-key': `killed-${key}` },
      });
      return answer.status === 200 ? answer.body : undefined;
    });
  const until = (is: (order: MerchantOrder) => boolean): Promise<MerchantOrder> =>
    patiently(async () => {
      const path = `/api/admin/orders/orders/${id}`;
      const { body } = await ask<MerchantOrder>(shop.port, 'GET', path, { headers: MERCHANT });
      return is(body) ? body : undefined;
    });
  await until(({ status }) => status === 'confirmed');
  await insist('fulfilments', {}, 'exchanged-parcel');
  await kill(runtime);
  const back = [{ variantId, quantity: 1, reason: 'too_small' }];

  /** For something dearer, which is paid and then withdrawn; and for another of the same, which is done. */
  async function round(number: number): Promise<void> {
    const dearer = { lines: [{ variantId: other, quantity: 2 }] };
    const agreed = await insist('returns', { lines: back, exchange: dearer }, `dearer-${number}`);
    await patiently(async () => {
      const path = `/api/orders/${id}/payment?token=${token}`;
      const { status, body } = await ask<Placed['payment']>(shop.port, 'POST', path, {});
      // Paid already, and the answer was lost.
      if (status === 409) return true;
      return status === 200 ? paying(body) : undefined;
    });
    const { refunded } = await until(({ owed }) => owed === 0);
    await insist(`returns/${agreed.returns.at(-1)?.id}/withdraw`);
    await until((order) => order.refunded > refunded);

    const same = { lines: [{ variantId, quantity: 1, insteadOf: variantId }] };
    const { returns } = await insist('returns', { lines: back, exchange: same }, `same-${number}`);
    const path = `returns/${returns.at(-1)?.id}`;
    await insist(`${path}/receive`);
    await insist(`${path}/inspect`, { lines: [{ variantId, accepted: 1, restock: 1 }] });
    await insist(`${path}/refund`);
    await insist('fulfilments', {}, `same-parcel-${number}`);
  }

  // Some places that are far apart, others each time. ALL_PLACES=1 sees them all.
  const everyOne = process.env['ALL_PLACES'] === '1';
  const places = everyOne ? { step: 1 } : { step: 12, most: 3 };
  const { rounds, crashes } = await shop.inTurn(places, async (number, arm) => {
    arm();
    await round(number);
  });
  context.diagnostic(`killed after each of ${crashes.join(', ')}`);
  assert.ok(crashes.length >= 1);

  runtime = await shop.startRuntime();
  const order = await until(({ surcharges }) => surcharges.every(({ status }) => status === 'captured'));
  const { totals, captured, credited, lowered, refunded, owed } = order;
  assert.equal(totals.total + lowered, totals.gift + captured + credited + owed, JSON.stringify(order));
  assert.deepEqual([owed, order.surcharges.length, order.fulfilment], [0, rounds, 'shipped']);
  assert.equal(refunded, lowered, 'what was paid for exchanges that were withdrawn has gone back, once');
  assert.deepEqual(
    order.lines.map((line) => [line.variantId, line.quantity, line.shipped]),
    [[variantId, 5 + rounds, 5 + rounds]],
  );
  const { rows } = await shop.database.admin.query(
    `select variant_id, on_hand, held, sold from shop.orders_stock where variant_id = any ($1) order by variant_id`,
    [[variantId, other]],
  );
  // Each that went out has come back for another.
  assert.deepEqual(rows, [
    { variant_id: variantId, on_hand: 95, held: 0, sold: 0 },
    { variant_id: other, on_hand: 100, held: 0, sold: 0 },
  ]);
  const { rows: credits } = await shop.database.admin.query(
    `select count(*)::int as units, sum(credit_amount)::int as credited,
       (select sum(refunded)::int from shop.payments_payments where order_id = $1) as refunded
     from shop.orders_refunds where order_id = $1 and state = 'done' and lines <> '[]'`,
    [id],
  );
  assert.deepEqual(credits, [{ units: rounds, credited, refunded }]);
  await kill(runtime);
});
