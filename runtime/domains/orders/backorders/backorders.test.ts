import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { PostgresSql } from '../../../platform/sql/postgres.ts';
import { orders } from '../definition.ts';
import { adjust, move, moveUnits, take } from '../inventory.ts';
import { ADDRESS, paidOrder, startTestShop, type TestShop } from '../testing/shop.ts';
import type { Cart, CheckoutResult, MerchantOrder, Order, StockLevel } from '../schemas.ts';
import { requirePresent, setBackorder } from './store.ts';

const TENANT = 'acme';

type Deed =
  | { readonly what: 'take'; readonly quantity: number; readonly as: 'held' | 'committed' }
  | { readonly what: 'pay' | 'release' | 'ship' }
  | { readonly what: 'come'; readonly delta: number }
  | { readonly what: 'limit'; readonly limit: number };

const quantity = fc.integer({ min: 1, max: 4 });
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('take' as const),
      quantity,
      as: fc.constantFrom('held' as const, 'committed' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('pay', 'release', 'ship') }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('come' as const), delta: fc.integer({ min: -4, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('limit' as const), limit: fc.nat({ max: 6 }) }) },
);

describe('units that are sold before they have come in', () => {
  let database: TestDatabase;
  let sql: PostgresSql;
  let ids = 0;

  before(async () => {
    database = await startTestDatabase([orders]);
    sql = database.open({ connections: 10 });
  });
  after(() => database.stop());

  async function fill(onHand: number, limit: number): Promise<void> {
    await database.admin.query('delete from shop.orders_holds; delete from shop.orders_stock');
    await database.admin.query(
      `insert into shop.orders_stock (tenant_id, variant_id, on_hand, backorder_limit, updated_at) values ($1, 'a', $2, $3, now())`,
      [TENANT, onHand, limit],
    );
  }

  interface Held {
    readonly id: string;
    state: 'held' | 'committed';
    waiting: number;
  }

  /** What the order's lock sees to: of one order, one thing at a time. */
  const oneOf = (open: Held[], state: Held['state']): Held | undefined => {
    const index = open.findIndex((each) => each.state === state);
    return index < 0 ? undefined : open.splice(index, 1)[0];
  };

  async function perform(each: Deed, open: Held[]): Promise<void> {
    const now = new Date();
    const refused = (error: unknown): void =>
      assert.ok(error instanceof ShopError && error.code === 'conflict', String(error));
    switch (each.what) {
      case 'take': {
        const id = `ord_${String((ids += 1)).padStart(8, '0')}`;
        const { lacking } = await sql.transaction(TENANT, (tx) =>
          take(tx, TENANT, id, [{ variantId: 'a', quantity: each.quantity }], each.as, now),
        );
        if (lacking.length === 0) open.push({ id, state: each.as, waiting: each.quantity });
        return;
      }
      case 'pay': {
        const order = oneOf(open, 'held');
        if (order === undefined) return;
        await sql.transaction(TENANT, (tx) => move(tx, TENANT, order.id, 'held', 'committed', now));
        open.push({ ...order, state: 'committed' });
        return;
      }
      case 'release': {
        const order = oneOf(open, 'held') ?? oneOf(open, 'committed');
        if (order === undefined) return;
        await sql.transaction(TENANT, (tx) => move(tx, TENANT, order.id, order.state, 'released', now));
        return;
      }
      case 'ship': {
        const order = oneOf(open, 'committed');
        if (order === undefined) return;
        const one = { variantId: 'a', quantity: 1 };
        const leave = sql.transaction(TENANT, async (tx) => {
          await requirePresent(tx, TENANT, order.id, [one], false);
          await moveUnits(tx, TENANT, order.id, [{ ...one, waiting: order.waiting }], 'shipped', now);
          order.waiting -= 1;
        });
        await leave.catch(refused);
        if (order.waiting > 0) open.push(order);
        return;
      }
      case 'come':
        await sql
          .transaction(TENANT, (tx) => adjust(tx, TENANT, 'a', { delta: each.delta }, now))
          .catch(refused);
        return;
      case 'limit':
        await sql.transaction(TENANT, (tx) => setBackorder(tx, TENANT, 'a', { limit: each.limit }, now));
    }
  }

  it('are never more than the limit allows, whoever does what at the same time, and leave only once they are there', async () => {
    const plans = fc.array(fc.array(deed, { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 6 }), fc.nat({ max: 6 }), plans, async (onHand, limit, plan) => {
        await fill(onHand, limit);
        const open: Held[] = [];
        let most = limit;
        for (const moment of plan) {
          // Of what happens at once, the highest limit may have been the one.
          for (const each of moment) if (each.what === 'limit') most = Math.max(most, each.limit);
          await Promise.all(moment.map((each) => perform(each, open)));
          const { rows } = await database.admin.query(`
            select s.on_hand, s.held, s.sold, (select coalesce(sum(quantity - shipped - cancelled), 0)::int from shop.orders_holds h
              where h.variant_id = s.variant_id and h.state in ('held', 'committed')) as promised
            from shop.orders_stock s`);
          const [row] = rows;
          assert.equal(row.held + row.sold, row.promised, JSON.stringify(row));
          assert.ok(row.on_hand >= 0 && row.promised <= row.on_hand + most, JSON.stringify({ ...row, most }));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('backorders, in a shop', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop({ orders: { holdSeconds: 3600 } });
  });
  after(() => shop.stop());

  type Failed = { readonly code?: string };
  const key = (): Record<string, string> => ({ 'idempotency-key': `backorder-key-${(keys += 1)}` });
  const limitTo = (variantId: string, limit: number, expectedAt?: string) =>
    shop.merchant<StockLevel & Failed>('PUT', `/api/admin/orders/stock/${variantId}/backorder`, {
      body: { limit, expectedAt },
    });
  const arrive = (variantId: string, delta: number) =>
    shop.merchant<StockLevel>('POST', `/api/admin/orders/stock/${variantId}`, {
      body: { delta },
      headers: key(),
    });
  const ship = (id: string, body: object = {}) =>
    shop.merchant<MerchantOrder & Failed>('POST', `/api/admin/orders/orders/${id}/fulfilments`, {
      body,
      headers: key(),
    });
  const availability = async (variantId: string) =>
    (
      await shop.call<{ stock: { availability: string; expectedAt?: string }[] }>(
        'GET',
        `/api/orders/stock?variantIds=${variantId}`,
      )
    ).body.stock[0];

  it('are told to shoppers, wait in the order in which they were placed, and leave as goods arrive', async () => {
    await shop.sell('boot', 9_000, 1);
    const expectedAt = new Date(Date.now() + 90 * 86_400_000).toISOString();
    assert.equal((await limitTo('boot', 3, expectedAt)).body.backorder.limit, 3);
    const first = await paidOrder(shop, { boot: 2 });
    assert.deepEqual(await availability('boot'), {
      variantId: 'boot',
      availability: 'backorder',
      expectedAt,
    });
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', {
      body: { lines: [{ variantId: 'boot', quantity: 3 }] },
    });
    assert.equal(cart.lines[0]?.problem, 'insufficient_stock');
    const { body: fits } = await shop.call<Cart>('PUT', `/api/orders/carts/${cart.id}/lines/boot`, {
      body: { quantity: 2 },
    });
    assert.deepEqual(fits.lines[0]?.later, { quantity: 2, expectedAt });
    const second = await paidOrder(shop, { boot: 2 });
    assert.equal((await availability('boot'))?.availability, 'out');

    const seen = await shop.call<Order>('GET', `/api/orders/${first.id}?token=${first.token}`);
    assert.deepEqual(seen.body.missing, [{ variantId: 'boot', quantity: 1, expectedAt }]);
    assert.equal((await ship(second.id)).body.code, 'conflict', 'none of it is theirs yet');
    assert.equal(
      (await ship(first.id, { lines: [{ variantId: 'boot', quantity: 2 }] })).body.code,
      'conflict',
    );
    const some = await ship(first.id);
    assert.deepEqual(some.body.fulfilments[0]?.lines, [{ variantId: 'boot', quantity: 1 }]);
    assert.equal(some.body.status, 'partially_fulfilled');

    await arrive('boot', 2);
    assert.deepEqual(
      (await shop.merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${second.id}`)).body.missing,
      [{ variantId: 'boot', quantity: 1, expectedAt }],
    );
    assert.equal(
      (await ship(second.id, { lines: [{ variantId: 'boot', quantity: 2 }] })).body.code,
      'conflict',
    );
    assert.equal((await ship(first.id)).body.status, 'fulfilled');
    // What an earlier order gives up is there for the next.
    await arrive('boot', 1);
    assert.equal((await ship(second.id)).body.status, 'fulfilled');
    assert.deepEqual((await limitTo('boot', 0)).body.available, 0);
  });

  it('may be ended while some are owed: then nothing more is sold, and what is owed stays owed', async () => {
    await shop.sell('hat', 2_000, 0);
    await limitTo('hat', 5);
    const order = await paidOrder(shop, { hat: 4 });
    const level = await limitTo('hat', 0);
    assert.deepEqual([level.body.available, level.body.backorder.limit], [-4, 0]);
    assert.equal((await availability('hat'))?.availability, 'out');
    await arrive('hat', 4);
    assert.equal((await ship(order.id)).body.status, 'fulfilled');
    const answer = await shop.merchant<Failed>('POST', '/api/admin/orders/stock/hat', {
      body: { delta: -1 },
      headers: key(),
    });
    assert.equal(answer.status, 409, 'a shelf has no fewer than none');
  });

  it('are sold to the last unit of the limit in a rush, and not one beyond', async () => {
    await shop.sell('drop', 1_000, 5);
    await limitTo('drop', 7);
    const buy = async (index: number): Promise<number> => {
      const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', {
        body: { lines: [{ variantId: 'drop', quantity: 1 }] },
      });
      const answer = await shop.call<CheckoutResult & Failed>('POST', '/api/orders/checkout', {
        body: { cartId: cart.id, email: `s${index}@example.com`, shippingAddress: ADDRESS },
        headers: key(),
      });
      if (answer.status !== 201) assert.equal(answer.body.code, 'out_of_stock');
      return answer.status;
    };
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => buy(index)));
    assert.equal(answers.filter((status) => status === 201).length, 12);
    const [row] = await shop.rows(
      `select on_hand, held, sold from shop.orders_stock where variant_id = 'drop'`,
    );
    assert.deepEqual(row, { on_hand: 5, held: 12, sold: 0 });
  });

  it('are of the main location: what lies elsewhere is sold when it is there', async () => {
    await shop.sell('mug', 500, 3);
    const place = await shop.merchant<{ id: string }>('POST', '/api/admin/orders/locations', {
      body: { name: 'Annex', priority: 1, enabled: true },
      headers: key(),
    });
    const transfer = (quantity: number) =>
      shop.merchant<Failed>('POST', '/api/admin/orders/stock/mug/transfer', {
        body: { from: 'main', to: place.body.id, quantity },
        headers: key(),
      });
    await limitTo('mug', 2);
    assert.equal((await transfer(1)).body.code, 'conflict');
    await limitTo('mug', 0);
    assert.equal((await transfer(1)).status, 200);
    assert.equal((await limitTo('mug', 2)).body.code, 'conflict');
  });
});
