import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { PostgresSql } from '../../../platform/sql/postgres.ts';
import { orders } from '../definition.ts';
import { adjust, move, moveUnits, take } from '../inventory.ts';
import { MAIN } from './schemas.ts';
import { adjustAt, isSpread, levelsOf, putLocation, transferUnits } from './store.ts';

const TENANT = 'acme';
const VARIANTS = ['a', 'b'];
const NORTH = `loc_${'1'.repeat(32)}`;
const SOUTH = `loc_${'2'.repeat(32)}`;
const PLACES = [MAIN, NORTH, SOUTH];

const variant = fc.constantFrom(...VARIANTS);
const place = fc.constantFrom(...PLACES);
const few = fc.integer({ min: 1, max: 4 });

/** What people do to the shelves, many at the same time. */
const deed = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('take' as const),
      wants: fc
        .uniqueArray(variant, { minLength: 1 })
        .chain((ids) =>
          fc.tuple(
            ...ids.map((variantId) => fc.record({ variantId: fc.constant(variantId), quantity: few })),
          ),
        ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('end' as const),
      how: fc.constantFrom('released' as const, 'shipped' as const, 'one' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('adjust' as const),
      variantId: variant,
      place,
      delta: fc.integer({ min: -4, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('transfer' as const),
      variantId: variant,
      from: place,
      to: place,
      quantity: few,
    }),
  },
);
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

describe('stock at several locations', () => {
  let database: TestDatabase;
  let sql: PostgresSql;
  let runs = 0;

  before(async () => {
    database = await startTestDatabase([orders]);
    sql = database.open({ connections: 10 });
  });
  after(() => database.stop());

  async function fill(onHand: readonly number[]): Promise<void> {
    await database.admin.query(
      `delete from shop.orders_holds; delete from shop.orders_stock; delete from shop.orders_levels;
       delete from shop.orders_allocations; delete from shop.orders_locations`,
    );
    for (const [index, id] of [NORTH, SOUTH].entries()) {
      const input = { name: `Place ${index}`, priority: index + 1, enabled: true };
      await sql.transaction(TENANT, (tx) => putLocation(tx, TENANT, id, input, 'create', new Date()));
    }
    for (const variantId of VARIANTS) {
      await database.admin.query(
        `insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) values ($1, $2, $3, now())`,
        [TENANT, variantId, onHand.reduce((sum, each) => sum + each, 0)],
      );
      for (const [index, to] of PLACES.entries()) {
        const quantity = onHand[index] ?? 0;
        if (to !== MAIN && quantity > 0)
          await sql.transaction(TENANT, (tx) =>
            transferUnits(tx, TENANT, variantId, { from: MAIN, to, quantity }, new Date()),
          );
      }
    }
  }

  /** A refusal is an answer; anything else that is thrown is not. */
  function refusable(work: Promise<unknown>): Promise<void> {
    return work.then(
      () => undefined,
      (error: unknown) => assert.ok(error instanceof ShopError && error.code === 'conflict', String(error)),
    );
  }

  async function perform(each: Deed, open: Set<string>): Promise<void> {
    switch (each.what) {
      case 'take': {
        const id = `ord_${(runs += 1)}`;
        const { lacking } = await sql.transaction(TENANT, (tx) =>
          take(tx, TENANT, id, each.wants, 'committed', new Date()),
        );
        if (lacking.length === 0) open.add(id);
        return;
      }
      case 'end': {
        const [id] = open;
        if (id === undefined) return;
        if (each.how === 'one') return moveOne(id);
        open.delete(id);
        const to = each.how;
        await sql.transaction(TENANT, (tx) => move(tx, TENANT, id, 'committed', to, new Date()));
        return;
      }
      case 'adjust':
        return refusable(
          sql.transaction(TENANT, async (tx) => {
            const byPlace = (await isSpread(tx, TENANT, each.variantId)) || each.place !== MAIN;
            await adjust(tx, TENANT, each.variantId, { delta: each.delta }, new Date());
            if (byPlace) await adjustAt(tx, TENANT, each.variantId, each.place, each.delta, new Date());
          }),
        );
      case 'transfer':
        if (each.from === each.to) return;
        return refusable(
          sql.transaction(TENANT, (tx) => transferUnits(tx, TENANT, each.variantId, each, new Date())),
        );
    }
  }

  /** Others of the same order wait for its promises' rows, as they do for the order's. */
  function moveOne(id: string): Promise<void> {
    return sql.transaction(TENANT, async (tx) => {
      const { rows } = await tx.query<{ variant_id: string; waiting: number }>(
        `select variant_id, quantity - shipped - cancelled as waiting from orders_holds
         where tenant_id = $1 and order_id = $2 and state = 'committed' order by variant_id for update`,
        [TENANT, id],
      );
      const hold = rows.find(({ waiting }) => waiting > 0);
      if (hold === undefined) return;
      const units = [{ variantId: hold.variant_id, quantity: 1, waiting: hold.waiting }];
      await moveUnits(tx, TENANT, id, units, 'shipped', new Date());
    });
  }

  async function check(): Promise<void> {
    const { rows } = await database.admin.query(`
      select s.variant_id, s.on_hand, s.held + s.sold as promised,
        (select coalesce(sum(quantity - shipped - cancelled), 0)::int from shop.orders_holds h
           where h.variant_id = s.variant_id and h.state = 'committed') as waiting,
        s.on_hand - coalesce(l.on_hand, 0) as main_on_hand, s.held + s.sold - coalesce(l.promised, 0) as main_promised,
        coalesce(l.wrong, false) as wrong
      from shop.orders_stock s left join (
        select l.variant_id, sum(l.on_hand)::int as on_hand, sum(l.promised)::int as promised,
          bool_or(l.promised > l.on_hand or l.promised <> (
            select coalesce(sum(a.quantity), 0) from shop.orders_allocations a
            where a.variant_id = l.variant_id and a.location_id = l.location_id)) as wrong
        from shop.orders_levels l group by l.variant_id) l on l.variant_id = s.variant_id`);
    for (const row of rows) {
      const what = JSON.stringify(row);
      assert.equal(row.promised, row.waiting, what);
      assert.equal(row.wrong, false, what);
      assert.ok(row.main_promised >= 0 && row.main_on_hand >= row.main_promised, what);
    }
  }

  it('is promised once, everywhere, whoever does what at the same time', async () => {
    const stocks = fc.tuple(...PLACES.map(() => fc.integer({ min: 0, max: 5 })));
    const plans = fc.array(fc.array(deed, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(stocks, plans, async (onHand, plan) => {
        await fill(onHand);
        const open = new Set<string>();
        for (const moment of plan) {
          await Promise.all(moment.map((each) => perform(each, open)));
          await check();
        }
      }),
      { numRuns: 30 },
    );
  });

  it('cannot be taken away from where it is promised, nor brought where it is closed', async () => {
    await fill([0, 3, 0]);
    await sql.transaction(TENANT, (tx) =>
      take(tx, TENANT, 'ord_x', [{ variantId: 'a', quantity: 2 }], 'committed', new Date()),
    );
    const transfer = (from: string, to: string, quantity: number) =>
      sql.transaction(TENANT, (tx) => transferUnits(tx, TENANT, 'a', { from, to, quantity }, new Date()));
    await assert.rejects(transfer(NORTH, MAIN, 2), /Only 1 units/);
    await transfer(NORTH, MAIN, 1);
    const closed = { name: 'South', priority: 2, enabled: false };
    await sql.transaction(TENANT, (tx) => putLocation(tx, TENANT, SOUTH, closed, 'change', new Date()));
    await assert.rejects(transfer(MAIN, SOUTH, 1), /disabled/);
    await assert.rejects(
      sql.transaction(TENANT, (tx) => putLocation(tx, TENANT, NORTH, closed, 'change', new Date())),
      /stock at this location/,
    );
    const units = [{ variantId: 'a', quantity: 1, waiting: 2 }];
    await assert.rejects(
      sql.transaction(TENANT, (tx) => moveUnits(tx, TENANT, 'ord_x', units, 'shipped', new Date(), MAIN)),
      /Only 0 units/,
    );
    await sql.transaction(TENANT, (tx) =>
      moveUnits(tx, TENANT, 'ord_x', units, 'shipped', new Date(), NORTH),
    );
    assert.deepEqual(await sql.transaction(TENANT, (tx) => levelsOf(tx, TENANT, 'a')), [
      { locationId: MAIN, onHand: 1, promised: 0, available: 1 },
      { locationId: NORTH, onHand: 1, promised: 1, available: 0 },
    ]);
    await check();
  });
});
