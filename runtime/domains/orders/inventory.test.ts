import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { ShopError } from '../../platform/errors.ts';
import type { PostgresSql } from '../../platform/sql/postgres.ts';
import { orders } from './definition.ts';
import { adjust, availabilityOf, levels, move, moveUnits, take, type Want } from './inventory.ts';
import type { StockState } from './machine.ts';

const TENANT = 'acme';
const VARIANTS = ['a', 'b', 'c'];

/** What people do to the shelf, many at the same time. */
type Deed =
  | { readonly what: 'take'; readonly wants: readonly Want[]; readonly as: 'held' | 'committed' }
  | { readonly what: 'move'; readonly to: StockState }
  | { readonly what: 'moveOne'; readonly to: 'shipped' | 'released' }
  | { readonly what: 'adjust'; readonly variantId: string; readonly delta: number };

const wants = fc
  .uniqueArray(fc.constantFrom(...VARIANTS), { minLength: 1, maxLength: 3 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((variantId) =>
        fc.record({ variantId: fc.constant(variantId), quantity: fc.integer({ min: 1, max: 4 }) }),
      ),
    ),
  );

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('take' as const),
      wants,
      as: fc.constantFrom('held' as const, 'committed' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('move' as const),
      to: fc.constantFrom<StockState>('committed', 'released', 'shipped'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('moveOne' as const),
      to: fc.constantFrom('shipped' as const, 'released' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('adjust' as const),
      variantId: fc.constantFrom(...VARIANTS),
      delta: fc.integer({ min: -5, max: 5 }),
    }),
  },
);

/** Each inner list happens at once. */
const plans = fc.array(fc.array(deed, { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 6 });

describe('stock', () => {
  let database: TestDatabase;
  let sql: PostgresSql;
  let runs = 0;

  before(async () => {
    database = await startTestDatabase([orders]);
    sql = database.open({ connections: 10 });
  });
  after(() => database.stop());

  async function fill(onHand: number): Promise<void> {
    await database.admin.query('delete from shop.orders_holds; delete from shop.orders_stock');
    for (const variant of VARIANTS) {
      await database.admin.query(
        `insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) values ($1, $2, $3, now())`,
        [TENANT, variant, onHand],
      );
    }
  }

  async function perform(each: Deed, open: Map<string, StockState>): Promise<void> {
    if (each.what === 'take') {
      const id = `ord_${(runs += 1)}`;
      const { lacking } = await sql.transaction(TENANT, (tx) =>
        take(tx, TENANT, id, each.wants, each.as, new Date()),
      );
      if (lacking.length === 0) open.set(id, each.as);
      return;
    }
    if (each.what === 'adjust') {
      const change = sql.transaction(TENANT, (tx) =>
        adjust(tx, TENANT, each.variantId, { delta: each.delta }, new Date()),
      );
      return change.then(
        () => undefined,
        (error: unknown) => assert.ok(error instanceof ShopError && error.code === 'conflict', String(error)),
      );
    }
    if (each.what === 'moveOne') {
      await moveOne(each.to, open);
      return;
    }
    const [found] = [...open].filter(([, state]) => MAY[state].includes(each.to));
    if (found === undefined) return;
    const [id, from] = found;
    open.set(id, each.to);
    await sql.transaction(TENANT, (tx) => move(tx, TENANT, id, from, each.to, new Date()));
  }

  /** One unit of some order that has one waiting; whoever moves units holds the order's lock, as this row's stands for it. */
  function moveOne(to: 'shipped' | 'released', open: ReadonlyMap<string, StockState>): Promise<void> {
    const ids = [...open].filter(([, state]) => state === 'committed').map(([id]) => id);
    return sql.transaction(TENANT, async (tx) => {
      const { rows } = await tx.query<{ order_id: string; variant_id: string; waiting: number }>(
        `select order_id, variant_id, quantity - shipped - cancelled as waiting from orders_holds where tenant_id = $1 and order_id = any ($2::text[]) and state = 'committed'
           and shipped + cancelled < quantity order by order_id, variant_id limit 1 for update`,
        [TENANT, ids],
      );
      const [hold] = rows;
      if (hold === undefined) return;
      await moveUnits(
        tx,
        TENANT,
        hold.order_id,
        [{ variantId: hold.variant_id, quantity: 1, waiting: hold.waiting }],
        to,
        new Date(),
      );
    });
  }

  async function check(): Promise<void> {
    const { rows } = await database.admin.query(`
      select s.variant_id, s.on_hand, s.held, s.sold,
        (select coalesce(sum(quantity), 0)::int from shop.orders_holds h where h.variant_id = s.variant_id and h.state = 'held') as promised,
        (select coalesce(sum(quantity - shipped - cancelled), 0)::int from shop.orders_holds h
           where h.variant_id = s.variant_id and h.state = 'committed') as paid
      from shop.orders_stock s`);
    for (const row of rows) {
      assert.ok(row.held + row.sold <= row.on_hand, JSON.stringify(row));
      assert.equal(row.held, row.promised, JSON.stringify(row));
      assert.equal(row.sold, row.paid, JSON.stringify(row));
    }
  }

  it('is never promised twice, whoever does what at the same time, and nobody waits for ever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), plans, async (onHand, plan) => {
        await fill(onHand);
        const open = new Map<string, StockState>();
        for (const moment of plan) {
          await Promise.all(moment.map((each) => perform(each, open)));
          await check();
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is taken whole or not at all, and says what lacks', async () => {
    await fill(2);
    const { lacking } = await sql.transaction(TENANT, (tx) =>
      take(
        tx,
        TENANT,
        'ord_x',
        [
          { variantId: 'a', quantity: 1 },
          { variantId: 'b', quantity: 3 },
          { variantId: 'nope', quantity: 1 },
        ],
        'held',
        new Date(),
      ),
    );
    assert.deepEqual(
      lacking.toSorted((x, y) => x.variantId.localeCompare(y.variantId)),
      [
        { variantId: 'b', quantity: 3, free: 2 },
        { variantId: 'nope', quantity: 1, free: 0 },
      ],
    );
    const [a] = await sql.transaction(TENANT, (tx) => levels(tx, TENANT, ['a']));
    assert.equal(a?.held, 0);
  });

  it('tells when shoppers would see a change, and only then', async () => {
    await fill(7);
    const sell = async (quantity: number, id: string) =>
      (
        await sql.transaction(TENANT, (tx) =>
          take(tx, TENANT, id, [{ variantId: 'a', quantity }], 'held', new Date()),
        )
      ).changes;
    assert.deepEqual(await sell(1, 'ord_1'), []);
    assert.deepEqual(await sell(1, 'ord_2'), [{ variantId: 'a', availability: 'low', bundled: false }]);
    assert.deepEqual(await sell(5, 'ord_3'), [{ variantId: 'a', availability: 'out', bundled: false }]);
    const back = await sql.transaction(TENANT, (tx) =>
      move(tx, TENANT, 'ord_3', 'held', 'released', new Date()),
    );
    assert.deepEqual(back, [{ variantId: 'a', availability: 'low', bundled: false }]);
    assert.equal(availabilityOf(-3, false, 0), 'in_stock');
  });

  it('cannot be read or changed by another tenant', async () => {
    await fill(5);
    assert.deepEqual(await sql.transaction('other', (tx) => levels(tx, TENANT, VARIANTS)), []);
    const { lacking } = await sql.transaction('other', (tx) =>
      take(tx, 'other', 'ord_9', [{ variantId: 'a', quantity: 1 }], 'held', new Date()),
    );
    assert.equal(lacking.length, 1);
    const foreign = await sql.transaction('other', (tx) =>
      take(tx, TENANT, 'ord_9', [{ variantId: 'a', quantity: 1 }], 'held', new Date()),
    );
    assert.equal(foreign.lacking.length, 1);
  });
});

const MAY: Readonly<Record<StockState, readonly StockState[]>> = {
  held: ['committed', 'released'],
  committed: ['released', 'shipped'],
  partly_shipped: [],
  shipped: [],
  released: [],
};
