import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { unitPrice as shownPrice } from '../../catalog/price-lists/rule.ts';
import { orders } from '../definition.ts';
import { listsApplying, unitPrice } from './offers.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const GROUPS = ['grp_trade', 'grp_press'];

interface List {
  readonly currency: string;
  readonly groups: readonly string[];
  /** Days from now. */
  readonly starts: number | null;
  readonly ends: number | null;
  readonly off: number;
  readonly enabled: boolean;
  readonly steps: readonly { readonly from: number; readonly amount: number }[];
}

const days = fc.option(fc.constantFrom(-1, 1), { nil: null });
const list: fc.Arbitrary<List> = fc.record({
  currency: fc.constantFrom('EUR', 'EUR', 'USD'),
  groups: fc.subarray([...GROUPS, 'grp_other']),
  starts: days,
  ends: days,
  off: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000 })),
  enabled: fc.boolean(),
  steps: fc.array(
    fc.record({ from: fc.integer({ min: 1, max: 20 }), amount: fc.nat({ max: 99_999_999_999 }) }),
    {
      maxLength: 4,
    },
  ),
});

describe('what a cart’s statement says of a unit', () => {
  let database: TestDatabase;
  let client: PoolClient;
  before(async () => {
    database = await startTestDatabase([orders]);
    client = await database.admin.connect();
    await client.query('set search_path = shop');
  });
  after(async () => {
    client.release();
    await database.stop();
  });

  it('is what the catalogue shows, whatever lists there are', async () => {
    const own = fc.option(fc.nat({ max: 99_999_999_999 }), { nil: undefined });
    const shopper = fc.subarray(GROUPS);
    const quantity = fc.integer({ min: 1, max: 25 });
    await fc.assert(
      fc.asyncProperty(
        own,
        fc.array(list, { maxLength: 5 }),
        shopper,
        quantity,
        async (price, lists, groups, count) => {
          await client.query('truncate orders_variants, orders_price_lists, orders_list_prices');
          await client.query(
            `insert into orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
           values ('acme', 'v', 'p', 1, '', '{}', $1, true, true)`,
            [JSON.stringify(price === undefined ? {} : { EUR: price })],
          );
          for (const [index, each] of lists.entries()) await insert(`prl_${index}`, each);
          const { rows } = await client.query<{ price: string | null }>(
            `select ${unitPrice('$2', '$3::int', 'd')} as price from orders_variants v
           cross join (${listsApplying('$2', '$4', '$5')}) d where v.tenant_id = $1`,
            ['acme', 'EUR', count, NOW, groups],
          );
          const on = lists.filter((each) => applies(each, groups));
          const offer = {
            offBasisPoints: Math.max(0, ...on.map(({ off }) => off)),
            steps: on.flatMap(({ steps }) => steps),
          };
          assert.equal(rows[0]?.price ?? undefined, shownPrice(price, offer, count)?.toString());
        },
      ),
      { numRuns: 150 },
    );
  });

  async function insert(id: string, { currency, groups, starts, ends, off, enabled, steps }: List) {
    await client.query(
      `insert into orders_price_lists (tenant_id, list_id, version, currency, groups, starts_at, ends_at, off_basis_points, enabled)
       values ('acme', $1, 1, $2, $3, $4, $5, $6, $7)`,
      [id, currency, groups, inDays(starts), inDays(ends), off, enabled],
    );
    await client.query(
      `insert into orders_list_prices (tenant_id, variant_id, list_id, steps) values ('acme', 'v', $1, $2)`,
      [id, JSON.stringify(steps.map(({ from, amount }) => [from, amount]))],
    );
  }
});

function applies({ currency, groups, starts, ends, enabled }: List, shopper: readonly string[]): boolean {
  const theirs = groups.length === 0 || groups.some((id) => shopper.includes(id));
  return currency === 'EUR' && enabled && theirs && starts !== 1 && ends !== -1;
}

function inDays(count: number | null): Date | null {
  return count === null ? null : new Date(NOW.getTime() + count * 86_400_000);
}
