import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createNewId } from '../../../platform/ids.ts';
import type { Tenant } from '../../../platform/ports.ts';
import type { PostgresSql } from '../../../platform/sql/postgres.ts';
import { catalog } from '../definition.ts';
import { listProducts } from '../listing.ts';
import { createProductLists } from '../ranking/lists.ts';
import type { ProductCard, ProductsQuery } from '../schemas.ts';
import type { KeptSettings } from '../search/settings.ts';
import { writeProducts, type ProductDraft } from '../store.ts';
import { priceCards, type Applying } from './shown.ts';

const ACME = { id: 'acme', currencies: ['EUR'], locales: ['en'] } as unknown as Tenant; // as much of one as lists look at
const PRODUCTS = 14;

describe('lists of products', () => {
  let database: TestDatabase;
  let sql: PostgresSql;
  const variants: string[] = [];

  before(async () => {
    database = await startTestDatabase([catalog]);
    const newId = createNewId(systemClock);
    sql = database.open({ newId, connections: 4 });
    const drafts = Array.from({ length: PRODUCTS }, (_, at): ProductDraft => draft(at));
    const written = await sql.transaction('acme', (tx) =>
      writeProducts({ clock: systemClock, newId }, tx, 'acme', drafts, {}),
    );
    variants.push(...written.flatMap(({ document }) => document.variants.map(({ id }) => id)));
    await database.admin.query(
      `insert into shop.price_lists (tenant_id, id, version, title, currency, groups, off_basis_points, enabled, created_at, updated_at)
       values ('acme', 'one', 1, 'One', 'EUR', '{}', 0, true, now(), now()), ('acme', 'two', 1, 'Two', 'EUR', '{}', 0, true, now(), now())`,
    );
  });
  after(() => database.stop());

  /** One or two variants, of which the second costs more. */
  function draft(at: number): ProductDraft {
    const amounts = at % 3 === 0 ? [100 + 37 * at] : [100 + 37 * at, 150 + 71 * at];
    return {
      handle: `p${at}`,
      title: `P${at}`,
      descriptionHtml: '',
      vendor: '',
      type: '',
      category: '',
      tags: [],
      status: 'active',
      published: true,
      giftCard: false,
      options: ['Size'],
      images: [],
      seo: { title: null, description: null },
      extra: {},
      variants: amounts.map((amount, index) => ({
        sku: null,
        optionValues: [`${index}`],
        prices: [{ amount, currency: 'EUR', compareAt: null }],
        barcode: null,
        weightGrams: null,
        requiresShipping: true,
        taxable: true,
        inventoryPolicy: 'deny',
        inventoryQuantity: 0,
        image: null,
        extra: {},
      })),
    };
  }

  /** Of a shop without ranking rules, in which nobody searches. */
  const lists = () =>
    createProductLists(
      { sql, clock: systemClock },
      { read: () => Promise.resolve({ rules: [], rulesVersion: 0 }) } as unknown as KeptSettings, // as much of them as is looked at
      {
        ready: () => Promise.resolve(),
        list: () => Promise.reject(new Error('nobody searches')),
      },
    );

  async function all(query: Partial<ProductsQuery>, applying: Applying): Promise<ProductCard[]> {
    const found: ProductCard[] = [];
    let cursor: string | null = null;
    do {
      const asked: ProductsQuery = { limit: 5, ...query, ...(cursor === null ? {} : { cursor }) };
      const page = await lists().list(ACME, asked, applying);
      if (cursor === null) assert.ok(page.total !== null);
      found.push(...(await priceCards(sql, 'acme', page.products, { currency: 'EUR', lists: applying })));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }

  const listed = fc.array(
    fc.record({
      variant: fc.nat(),
      list: fc.constantFrom('one', 'two'),
      from: fc.constantFrom(1, 1, 1, 10),
      amount: fc.integer({ min: 0, max: 1_200 }),
    }),
    { maxLength: 8 },
  );

  it('are sorted and filtered by what their shopper pays', async () => {
    await fc.assert(
      fc.asyncProperty(
        listed,
        fc.constantFrom(0, 0, 1_500, 3_333, 10_000),
        fc.option(fc.nat({ max: 1_300 }), { nil: undefined }),
        fc.option(fc.nat({ max: 1_300 }), { nil: undefined }),
        fc.constantFrom('price-asc' as const, 'price-desc' as const),
        async (prices, offBasisPoints, minPrice, maxPrice, sort) => {
          await database.admin.query('delete from shop.price_list_prices');
          for (const { variant, list, from, amount } of prices) {
            await database.admin.query(
              `insert into shop.price_list_prices (tenant_id, variant_id, list_id, steps) values ('acme', $1, $2, $3) on conflict do nothing`,
              [variants[variant % variants.length], list, JSON.stringify([[from, amount]])],
            );
          }
          const applying: Applying = { ids: ['one', 'two'], offBasisPoints, listed: prices.length > 0 };
          const whole = await listProducts(sql, ACME, { limit: 100 });
          const priced = await priceCards(sql, 'acme', whole.products, { currency: 'EUR', lists: applying });
          const fits = priced.filter(
            ({ priceRange }) =>
              priceRange !== null &&
              (minPrice === undefined || priceRange.max.amount >= minPrice) &&
              (maxPrice === undefined || priceRange.min.amount <= maxPrice),
          );
          const found = await all(
            {
              sort,
              ...(minPrice === undefined ? {} : { minPrice }),
              ...(maxPrice === undefined ? {} : { maxPrice }),
            },
            applying,
          );
          const handles = (cards: readonly ProductCard[]) => cards.map(({ handle }) => handle).toSorted();
          assert.deepEqual(handles(found), handles(fits));
          const amounts = found.map(({ priceRange }) => priceRange?.min.amount ?? 0);
          const sorted = amounts.toSorted((a, b) => (sort === 'price-asc' ? a - b : b - a));
          assert.deepEqual(amounts, sorted);
        },
      ),
      { numRuns: 60 },
    );
  });
});
