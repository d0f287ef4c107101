/** What is counted from events is what one counts who has them all before them, in whatever order they were heard. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { startTestHost, type TestHost } from '../../host/testing.ts';
import { systemClock } from '../../platform/clock.ts';
import type { EventHandler, StoredEvent } from '../../platform/ports.ts';
import { recommendations } from './definition.ts';
import { BASKET, hearOfOrder, hearOfProduct, hearOfStock, hearOfVisit, PAIRS, VISIT } from './hearing.ts';
import { weightOf } from './popularity.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const CATALOGUE = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'];

let database: TestDatabase;
let shop: TestHost;
let tenants = 0;
before(async () => {
  database = await startTestDatabase([recommendations]);
  shop = await startTestHost({ databaseUrl: database.url, secretsKey: database.secretsKey, domains: [] });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const HANDLERS: Readonly<Record<string, EventHandler>> = {
  'analytics.visit': hearOfVisit(systemClock),
  'catalog.product': hearOfProduct(systemClock),
  'orders.order': hearOfOrder(systemClock),
  'orders.stock': hearOfStock,
};

type Told = Pick<StoredEvent, 'topic' | 'type' | 'payload' | 'occurredAt'>;

async function hear(tenant: string, events: readonly Told[]): Promise<void> {
  for (const [at, event] of events.entries())
    await shop.host.sql.transaction(tenant, async (tx) => {
      await HANDLERS[event.topic]?.({ ...event, id: `e${at}`, key: 'k', tenant }, tx);
    });
}

const upserted = (id: string, version: number, published = true): Told => ({
  topic: 'catalog.product',
  type: 'catalog.product.upserted',
  payload: { id, version, published, type: '', vendor: '', variants: [{ id: `${id}.v` }] },
  occurredAt: new Date(START),
});
const deleted = (id: string): Told => ({
  topic: 'catalog.product',
  type: 'catalog.product.deleted',
  payload: { id, handle: id, variantIds: [`${id}.v`] },
  occurredAt: new Date(START),
});
const paid = (lines: readonly (readonly [string, number])[], minute: number): Told => ({
  topic: 'orders.order',
  type: 'orders.order.confirmed',
  payload: { lines: lines.map(([productId, quantity]) => ({ productId, quantity })) },
  occurredAt: new Date(START + minute * MINUTE_MS),
});
interface Seen {
  readonly productId: string;
  readonly kind: 'view' | 'cart';
  readonly at: string;
}
const visited = (visit: string | null, seen: readonly Seen[]): Told => ({
  topic: 'analytics.visit',
  type: 'analytics.visit.seen',
  payload: { visit, seen },
  occurredAt: new Date(START),
});

const product = fc.constantFrom(...CATALOGUE);
const minute = fc.integer({ min: 0, max: 60 * 24 * 300 });
const order = fc
  .tuple(fc.array(fc.tuple(product, fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 5 }), minute)
  .map(([lines, at]) => ({ lines, at }));
const look = fc.record({
  productId: fc.oneof(product, fc.constant('nobody-knows-it')),
  kind: fc.constantFrom('view' as const, 'cart' as const),
  at: minute.map((at) => new Date(START + at * MINUTE_MS).toISOString()),
});
const page = fc.record({
  visit: fc.constantFrom('one', 'two', null),
  seen: fc.array(look, { minLength: 1, maxLength: 4 }),
});

interface Row {
  views: number;
  carts: number;
  sold: number;
  orders: number;
  score: number;
}

/** By hand, from the whole log. */
function counted(
  orders: readonly { lines: readonly (readonly [string, number])[]; at: number }[],
  pages: readonly { visit: string | null; seen: readonly Seen[] }[],
) {
  const rows = new Map<string, Row>(
    CATALOGUE.map((id) => [id, { views: 0, carts: 0, sold: 0, orders: 0, score: 0 }]),
  );
  const pairs = new Map<string, number>();
  for (const { lines, at } of orders) {
    const ids = [...new Set(lines.map(([id]) => id))];
    for (const id of ids) {
      const row = rows.get(id);
      assert.ok(row);
      const units = lines.reduce((sum, [other, quantity]) => sum + (other === id ? quantity : 0), 0);
      row.orders += 1;
      row.sold += units;
      row.score += weightOf('sale', new Date(START + at * MINUTE_MS), units);
      for (const other of ids)
        if (other !== id) pairs.set(`${id} ${other}`, (pairs.get(`${id} ${other}`) ?? 0) + 1);
    }
  }
  const seen = new Map<string, string>();
  for (const { visit, seen: looks } of pages)
    for (const { productId, kind, at } of looks) {
      const row = rows.get(productId);
      if (row === undefined) continue;
      row[kind === 'view' ? 'views' : 'carts'] += 1;
      row.score += weightOf(kind, new Date(at));
      if (visit === null) continue;
      const key = `${visit} ${productId}`;
      if ((seen.get(key) ?? '') < at) seen.set(key, at);
    }
  return { rows, pairs, seen };
}

test('counts are what a naive count of the whole log gives, in whatever order it was heard', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(order, { maxLength: 6 }),
      fc.array(page, { maxLength: 6 }),
      fc.array(fc.tuple(product, fc.integer({ min: 2, max: 5 }), fc.boolean()), { maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      async (orders, pages, changes, chance) => {
        const tenant = `law-${tenants++}`;
        const versions = new Map(CATALOGUE.map((id) => [id, { version: 1, published: true }]));
        // Two changes of one version do not exist.
        const different = new Map(
          changes.map(([id, version, published]) => [`${id} ${version}`, { id, version, published }]),
        );
        for (const { id, version, published } of different.values())
          if (version > (versions.get(id)?.version ?? 0)) versions.set(id, { version, published });
        const log = [
          ...orders.map(({ lines, at }) => paid(lines, at)),
          ...pages.map(({ visit, seen }) => visited(visit, seen)),
          ...[...different.values()].map(({ id, version, published }) => upserted(id, version, published)),
        ]
          .map((event) => ({ event, place: chance.next().value as number }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ event }) => event);
        await hear(tenant, [...CATALOGUE.map((id) => upserted(id, 1)), ...log]);

        const wanted = counted(orders, pages);
        const { rows } = await database.admin.query<
          Row & { product_id: string; version: number; published: boolean }
        >(
          `select product_id, version::int, published, views::int, carts::int, sold::int, orders::int, score
           from shop.recommendations_products where tenant_id = $1 order by product_id`,
          [tenant],
        );
        assert.deepEqual(
          rows.map(({ score: _score, ...row }) => row),
          CATALOGUE.map((id) => {
            const { score: _score, ...row } = wanted.rows.get(id) ?? { score: 0 };
            return { product_id: id, ...versions.get(id), ...row };
          }),
        );
        for (const { product_id: id, score } of rows) {
          const right = wanted.rows.get(id)?.score ?? 0;
          // Sums of doubles differ in their last digits by the order of what is summed.
          assert.ok(Math.abs(score - right) <= 1e-9 * Math.max(1, right), `${id}: ${score} and ${right}`);
        }
        const pairs = await database.admin.query<{ pair: string; orders: number }>(
          `select product_id || ' ' || other_id as pair, orders::int from shop.recommendations_pairs where tenant_id = $1`,
          [tenant],
        );
        assert.deepEqual(
          new Map(pairs.rows.map(({ pair, orders: count }) => [pair, count] as const).toSorted()),
          new Map([...wanted.pairs].toSorted()),
        );
        const seen = await database.admin.query<{ seen: string; seen_at: Date }>(
          `select visit || ' ' || product_id as seen, seen_at from shop.recommendations_seen where tenant_id = $1`,
          [tenant],
        );
        assert.deepEqual(
          new Map(seen.rows.map((row) => [row.seen, row.seen_at.toISOString()] as const).toSorted()),
          new Map([...wanted.seen].toSorted()),
        );
      },
    ),
    { numRuns: 12 },
  );
});

test('a product that was deleted stays so, whatever is heard of it later', async () => {
  const tenant = `law-${tenants++}`;
  await hear(tenant, [upserted('p0', 3), deleted('p0'), upserted('p0', 4), visited('one', [look0('p0')])]);
  const { rows } = await database.admin.query(
    'select published, views::int from shop.recommendations_products where tenant_id = $1',
    [tenant],
  );
  assert.deepEqual(rows, [{ published: false, views: 0 }]);
});

const look0 = (productId: string, minutes = 0): Seen => ({
  productId,
  kind: 'view',
  at: new Date(START + minutes * MINUTE_MS).toISOString(),
});

test('orders of a thousand lines, visits of a thousand pages and products that go with everything stay within their bounds', async () => {
  const tenant = `law-${tenants++}`;
  const ids = Array.from({ length: PAIRS + 60 }, (_, n) => `q${String(n).padStart(4, '0')}`);
  await hear(tenant, [
    ...ids.slice(0, VISIT + 20).map((id) => upserted(id, 1)),
    paid(
      ids.map((id) => [id, 1]),
      1,
    ),
    ...ids.slice(1).map((id, at) =>
      paid(
        [
          ['q0000', 1],
          [id, 1],
        ],
        2 + at,
      ),
    ),
    ...ids.slice(0, VISIT + 20).map((id, at) => visited('one', [look0(id, at)])),
  ]);
  const { rows } = await database.admin.query<{ orders: number; others: number; most: number; last: string }>(
    `select count(*)::int as others, max(orders)::int as most, max(other_id) as last
     from shop.recommendations_pairs where tenant_id = $1 and product_id = 'q0000'`,
    [tenant],
  );
  // Those of the large order that were bought with it again, and of the others the latest.
  assert.deepEqual(rows, [{ others: PAIRS, most: 2, last: ids.at(-1) }]);
  const basket = await database.admin.query<{ count: number }>(
    `select count(*)::int from shop.recommendations_pairs where tenant_id = $1 and product_id = 'q0001'`,
    [tenant],
  );
  assert.equal(basket.rows[0]?.count, BASKET - 1);
  const seen = await database.admin.query<{ product_id: string }>(
    'select product_id from shop.recommendations_seen where tenant_id = $1 order by seen_at',
    [tenant],
  );
  assert.deepEqual(
    seen.rows.map(({ product_id }) => product_id),
    ids.slice(20, VISIT + 20),
  );
});
