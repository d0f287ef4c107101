import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { ADDRESS, startTestShop, type TestShop } from '../testing/shop.ts';
import type { Cart } from '../schemas.ts';

interface Shelf {
  readonly variant_id: string;
  readonly on_hand: number;
  readonly held: number;
  readonly sold: number;
}

/** What shoppers buy at the same time: bundles that share their parts, the parts by themselves, and both in one cart. */
const BASKETS = [
  { pair: 1 },
  { pair: 2 },
  { trio: 1 },
  { left: 1 },
  { right: 2 },
  { pair: 1, left: 1 },
  { trio: 1, pair: 1 },
] as const satisfies readonly Record<string, number>[];

const GOODS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  pair: { left: 1, right: 1 },
  trio: { left: 1, right: 2 },
  left: { left: 1 },
  right: { right: 1 },
};

describe('shoppers who buy bundles and their parts at once', () => {
  let shop: TestShop;
  let carts = 0;
  let version = 1;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('left', 1_000, 0);
    await shop.sell('right', 2_000, 0);
    await shop.sell('pair', 2_500, 0, { components: partsOf('pair') });
    await shop.sell('trio', 4_000, 0, { components: partsOf('trio') });
  });
  after(() => shop.stop());

  function partsOf(bundle: string) {
    return Object.entries(GOODS[bundle] ?? {}).map(([variantId, quantity]) => ({ variantId, quantity }));
  }

  const shelves = () =>
    shop.rows<Shelf & { promised: number }>(
      `select s.variant_id, s.on_hand, s.held, s.sold, (select coalesce(sum(quantity), 0)::int from shop.orders_holds h
         where h.variant_id = s.variant_id and h.state in ('held', 'committed')) as promised
       from shop.orders_stock s order by s.variant_id`,
    );

  async function buy(basket: Readonly<Record<string, number>>): Promise<string | undefined> {
    const lines = Object.entries(basket).map(([variantId, quantity]) => ({ variantId, quantity }));
    const created = await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const answer = await shop.call<{ code?: string; order: { id: string } }>('POST', '/api/orders/checkout', {
      body: { cartId: created.body.id, email: 'ada@example.com', shippingAddress: ADDRESS },
      headers: { 'idempotency-key': `bundle-rush-${(carts += 1)}` },
    });
    if (answer.status === 201) return answer.body.order.id;
    assert.equal(answer.body.code, 'out_of_stock', JSON.stringify(answer.body));
    return undefined;
  }

  /** Looks, as often as it can, for a moment at which more is promised than there is. */
  function watch(): () => Promise<void> {
    let stop = false;
    const watching = (async () => {
      while (!stop) {
        for (const row of await shelves())
          assert.ok(row.promised <= row.on_hand && row.held + row.sold === row.promised, JSON.stringify(row));
      }
    })();
    // Whoever waits for it hears of it; until then it is nobody's failure.
    watching.catch(() => undefined);
    return () => {
      stop = true;
      return watching;
    };
  }

  it('never get more than there is, hold all of their goods or none, and leave nothing that one of them could have had', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...BASKETS), { minLength: 8, maxLength: 24 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 14 }),
        async (baskets, left, right) => {
          await shop.rows('delete from shop.orders_holds');
          await shop.rows(
            `update shop.orders_stock set held = 0, sold = 0, on_hand = case variant_id when 'left' then $1::int else $2::int end`,
            [left, right],
          );
          const stop = watch();
          const placed = await Promise.all(baskets.map(buy));
          await stop();
          const holds = await shop.rows<{ order_id: string; variant_id: string; quantity: number }>(
            'select order_id, variant_id, quantity from shop.orders_holds',
          );
          const expected = baskets.flatMap((basket, index) => {
            const id = placed[index];
            return id === undefined ? [] : holdsOf(id, basket);
          });
          assert.deepEqual(new Set(holds.map(said)), new Set(expected));
          const free = new Map(
            (await shelves()).map((row) => [row.variant_id, row.on_hand - row.held - row.sold]),
          );
          // Nobody gives anything back in this rush: who was refused would be refused again.
          for (const [index, basket] of baskets.entries()) {
            if (placed[index] !== undefined) continue;
            assert.ok(
              Object.entries(goodsIn(basket)).some(([id, units]) => (free.get(id) ?? 0) < units),
              JSON.stringify({ basket, free: [...free] }),
            );
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it('are told that a bundle is out, and is to be had again, whichever of its parts were the last to go and come', async () => {
    await shop.rows('delete from shop.orders_holds');
    await shop.rows('update shop.orders_stock set held = 0, sold = 0, on_hand = 1');
    await shop.sell('pair', 2_500, 0, { components: partsOf('pair'), version: (version += 1) });
    await Promise.all([buy({ left: 1 }), buy({ right: 1 })]);
    assert.equal(await toldOf('pair'), 'out');
    const restock = (variantId: string) =>
      shop.merchant('POST', `/api/admin/orders/stock/${variantId}`, {
        body: { delta: 1 },
        headers: { 'idempotency-key': `bundle-restock-${variantId}` },
      });
    await Promise.all([restock('left'), restock('right')]);
    assert.equal(await toldOf('pair'), 'low');
  });

  async function toldOf(variantId: string): Promise<string | undefined> {
    await shop.host.events.settled();
    await shop.host.tasks.settled();
    // A task tells of bundles, and what it tells is relayed afterwards.
    await shop.host.events.settled();
    const [last] = await shop.rows<{ said: string }>(
      `select payload ->> 'availability' as said from shop.event_log where type = 'orders.stock.changed' and key = $1
       order by position desc limit 1`,
      [variantId],
    );
    return last?.said;
  }
});

function goodsIn(basket: Readonly<Record<string, number>>): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [variantId, units] of Object.entries(basket))
    for (const [id, quantity] of Object.entries(GOODS[variantId] ?? {}))
      all[id] = (all[id] ?? 0) + quantity * units;
  return all;
}

function holdsOf(orderId: string, basket: Readonly<Record<string, number>>): string[] {
  return Object.entries(goodsIn(basket)).map(([variantId, quantity]) =>
    said({ order_id: orderId, variant_id: variantId, quantity }),
  );
}

function said(hold: { order_id: string; variant_id: string; quantity: number }): string {
  return `${hold.order_id} ${hold.variant_id} ${hold.quantity}`;
}
