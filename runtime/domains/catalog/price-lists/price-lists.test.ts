import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { accounts } from '../../accounts/definition.ts';
import { newCustomer } from '../../accounts/testing/customers.ts';
import { orders } from '../../orders/definition.ts';
import type { Cart } from '../../orders/schemas.ts';
import { catalog } from '../definition.ts';
import type { AdminProduct, ProductDetail, ProductsPage } from '../schemas.ts';
import type { PriceList, PricesImport, PricesPage } from './schemas.ts';

const LISTS = '/api/admin/catalog/price-lists';

describe('price lists', () => {
  let database: TestDatabase;
  let shop: TestHost;
  /** A jacket in two sizes for 100 and 120 euros, 110 and 130 dollars. */
  let jacket: AdminProduct;
  let trade: { readonly group: string; readonly token: string };

  before(async () => {
    database = await startTestDatabase([accounts, catalog, orders]);
    await database.addTenant({ id: 'acme', currencies: ['EUR', 'USD'] }, ADMIN_SECRETS);
    await database.addTenant({ id: 'other' }, ADMIN_SECRETS);
    shop = await startTestHost({
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: ['accounts', 'catalog', 'orders'],
    });
    jacket = await made('jacket', [10_000, 12_000]);
    const { id: group } = await shop.managed<{ id: string }>(
      'acme',
      'POST',
      '/api/admin/accounts/groups',
      { name: 'Trade' },
      201,
    );
    const { customer, token } = await newCustomer(shop, 'acme', 'trade@example.com');
    await shop.managed('acme', 'PUT', `/api/admin/accounts/customers/${customer.id}/groups`, {
      groupIds: [group],
    });
    trade = { group, token };
    await shop.settled(1);
  });
  after(async () => {
    await shop.stop();
    await database.stop();
  });

  function made(handle: string, euros: readonly number[]): Promise<AdminProduct> {
    const variants = euros.map((amount, index) => ({
      sku: `${handle}-${index}`,
      optionValues: [`size ${index}`],
      prices: [
        { amount, currency: 'EUR' },
        { amount: amount + 1_000, currency: 'USD' },
      ],
      inventoryQuantity: 1_000,
    }));
    const product = { handle, title: handle, options: ['Size'], variants };
    return shop.managed('acme', 'POST', '/api/admin/catalog/products', product, 201);
  }

  const small = () => jacket.variants[0]?.id ?? '';
  const large = () => jacket.variants[1]?.id ?? '';
  const signed = (token: string | undefined) =>
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };

  async function detail(token?: string, query = ''): Promise<ProductDetail> {
    const answer = await shop.call('acme', 'GET', `/api/catalog/products/jacket${query}`, signed(token));
    assert.equal(answer.status, 200, answer.text);
    return answer.json<ProductDetail>();
  }

  /** What the catalogue says of one unit, when so many are bought. */
  async function shown(variantId: string, quantity: number, token?: string): Promise<number | undefined> {
    const variant = (await detail(token)).variants.find(({ id }) => id === variantId);
    return variant?.priceSteps.findLast(({ from }) => from <= quantity)?.price.amount;
  }

  async function cartOf(lines: Readonly<Record<string, number>>, token?: string): Promise<Cart> {
    const answer = await shop.call('acme', 'POST', '/api/orders/carts', {
      json: { lines: Object.entries(lines).map(([variantId, quantity]) => ({ variantId, quantity })) },
      ...signed(token),
    });
    assert.equal(answer.status, 201, answer.text);
    return answer.json<Cart>();
  }

  const unit = (cart: Cart, variantId: string) =>
    cart.lines.find((line) => line.variantId === variantId)?.unitPrice.amount;

  const priceList = (more: object) =>
    shop.managed<PriceList>('acme', 'POST', LISTS, { currency: 'EUR', ...more }, 201);

  async function removed(id: string): Promise<void> {
    await shop.managed('acme', 'DELETE', `${LISTS}/${id}`, undefined, 204);
    await shop.settled(1);
  }

  it('are for their groups: guests pay and see what they did, whatever is kept', async () => {
    const { id } = await priceList({ title: 'Trade', groups: [trade.group], offBasisPoints: 1_500 });
    await shop.settled(1);
    for (let round = 0; round < 2; round++) {
      assert.equal((await detail(trade.token)).variants[0]?.price?.amount, 8_500);
      assert.equal((await detail()).variants[0]?.price?.amount, 10_000);
    }
    const kept = await shop.call('acme', 'GET', '/api/catalog/products/jacket');
    assert.match(String(kept.headers['cache-control']), /^public/);
    assert.equal(kept.headers['vary'], 'authorization, cookie, accept-language');
    const own = await shop.call('acme', 'GET', '/api/catalog/products/jacket', signed(trade.token));
    assert.equal(own.headers['cache-control'], 'no-store');
    assert.equal(unit(await cartOf({ [small()]: 1 }), small()), 10_000);
    assert.equal(unit(await cartOf({ [small()]: 1 }, trade.token), small()), 8_500);
    const page = (token?: string) => shop.call('acme', 'GET', '/api/catalog/products', signed(token));
    const [forTrade, forGuests] = [
      (await page(trade.token)).json<ProductsPage>(),
      (await page()).json<ProductsPage>(),
    ];
    assert.deepEqual(forTrade.products[0]?.priceRange?.min, { amount: 8_500, currency: 'EUR' });
    assert.deepEqual(forTrade.products[0]?.priceRange?.max, { amount: 10_200, currency: 'EUR' });
    assert.deepEqual(forGuests.products[0]?.priceRange?.min, { amount: 10_000, currency: 'EUR' });
    await removed(id);
    assert.equal((await detail(trade.token)).variants[0]?.price?.amount, 10_000);
  });

  it('price a line by its units, as the product’s page says', async () => {
    const { id } = await priceList({ title: 'By quantity' });
    await shop.managed('acme', 'PUT', `${LISTS}/${id}/prices`, {
      prices: [
        {
          variantId: small(),
          steps: [
            { from: 5, amount: 9_000 },
            { from: 10, amount: 8_000 },
          ],
        },
      ],
    });
    await shop.settled(1);
    assert.deepEqual((await detail()).variants[0]?.priceSteps, [
      { from: 1, price: { amount: 10_000, currency: 'EUR' } },
      { from: 5, price: { amount: 9_000, currency: 'EUR' } },
      { from: 10, price: { amount: 8_000, currency: 'EUR' } },
    ]);
    const cart = await cartOf({ [small()]: 4, [large()]: 10 });
    assert.equal(unit(cart, small()), 10_000);
    assert.equal(unit(cart, large()), 12_000);
    for (const [quantity, price] of [
      [5, 9_000],
      [9, 9_000],
      [12, 8_000],
      [1, 10_000],
    ] as const) {
      const put = await shop.call('acme', 'PUT', `/api/orders/carts/${cart.id}/lines/${small()}`, {
        json: { quantity },
      });
      const now = put.json<Cart>();
      assert.equal(unit(now, small()), price);
      assert.equal(await shown(small(), quantity), price);
      assert.equal(now.lines.find(({ variantId }) => variantId === small())?.problem, undefined);
      assert.equal(now.totals.subtotal, price * quantity + 120_000);
    }
    const added = await shop.call('acme', 'POST', `/api/orders/carts/${cart.id}/lines`, {
      json: { variantId: small(), quantity: 9 },
    });
    assert.equal(unit(added.json<Cart>(), small()), 8_000);
    // In dollars the list says nothing.
    assert.equal((await detail(undefined, '?currency=USD')).variants[0]?.priceSteps.length, 1);
    await removed(id);
    const after = (await shop.call('acme', 'GET', `/api/orders/carts/${cart.id}`)).json<Cart>();
    assert.deepEqual(
      after.lines.map(({ variantId, problem }) => [variantId === small(), problem]).toSorted(),
      [
        [false, undefined],
        [true, 'price_changed'],
      ],
    );
  });

  it('hold for their time only, and not while they are switched off', async () => {
    const hour = 3_600_000;
    const at = (offset: number) => new Date(Date.now() + offset).toISOString();
    const now = { title: 'Sale', offBasisPoints: 5_000 };
    const off: object[] = [
      { startsAt: at(hour) },
      { startsAt: at(-2 * hour), endsAt: at(-hour) },
      { enabled: false },
      { groups: ['grp_nobody'] },
    ];
    for (const more of off) {
      const { id } = await priceList({ ...now, ...more });
      await shop.settled(1);
      assert.equal(await shown(small(), 1), 10_000, JSON.stringify(more));
      assert.equal(unit(await cartOf({ [small()]: 1 }), small()), 10_000, JSON.stringify(more));
      await removed(id);
    }
    const { id, version } = await priceList({ ...now, startsAt: at(-hour), endsAt: at(hour) });
    await shop.settled(1);
    assert.equal(await shown(small(), 1), 5_000);
    assert.equal(unit(await cartOf({ [small()]: 1 }), small()), 5_000);
    const update = { ...now, currency: 'EUR', enabled: false, version };
    await shop.managed('acme', 'PUT', `${LISTS}/${id}`, update);
    await shop.managed('acme', 'PUT', `${LISTS}/${id}`, update, 409);
    await shop.managed('acme', 'PUT', `${LISTS}/${id}`, { ...update, version: 2, currency: 'USD' }, 409);
    await shop.settled(1);
    assert.equal(unit(await cartOf({ [small()]: 1 }), small()), 10_000);
    await removed(id);
  });

  it('of several, the cheapest counts, whatever their order', async () => {
    const ids: string[] = [];
    for (const [title, amount] of [
      ['a', 7_000],
      ['b', 6_000],
      ['c', 11_000],
    ] as const) {
      const { id } = await priceList({ title, groups: title === 'b' ? [trade.group] : [] });
      ids.push(id);
      await shop.managed('acme', 'PUT', `${LISTS}/${id}/prices`, {
        prices: [{ variantId: small(), steps: [{ from: 1, amount }] }],
      });
    }
    await shop.settled(1);
    assert.equal(unit(await cartOf({ [small()]: 1 }), small()), 7_000);
    assert.equal(unit(await cartOf({ [small()]: 1 }, trade.token), small()), 6_000);
    assert.equal(await shown(small(), 1), 7_000);
    assert.equal(await shown(small(), 1, trade.token), 6_000);
    const { products } = (
      await shop.call('acme', 'GET', `/api/catalog/products-by-ids?ids=${jacket.id}`, signed(trade.token))
    ).json<ProductsPage>();
    assert.deepEqual(products[0]?.priceRange, {
      min: { amount: 6_000, currency: 'EUR' },
      max: { amount: 12_000, currency: 'EUR' },
    });
    for (const id of ids) await removed(id);
  });

  it('come from a CSV and go into one, with the rows that are wrong told', async () => {
    const { id } = await priceList({ title: 'From a file' });
    const bring = async (body: string, query = '') => {
      const answer = await shop.merchant('acme', 'POST', `${LISTS}/${id}/import${query}`, {
        body,
        headers: { 'content-type': 'text/csv' },
      });
      assert.equal(answer.status, 200, answer.text);
      return answer.json<PricesImport>();
    };
    const first = await bring(
      'Variant SKU,From,Price\njacket-0,1,95\njacket-0,10,90\njacket-1,1,110\nnone,1,1\n',
    );
    assert.deepEqual(
      { ...first, problems: first.problems.map(({ line }) => line) },
      { rows: 4, variants: 2, removed: 0, problems: [5], problemCount: 1 },
    );
    const csv = await shop.merchant('acme', 'GET', `${LISTS}/${id}/export`);
    assert.equal(csv.text.split('\n').length, 5, csv.text);
    assert.deepEqual((await bring(csv.text)).problems, []);
    await shop.settled(1);
    assert.equal(unit(await cartOf({ [large()]: 1 }), large()), 11_000);
    const second = await bring('Variant SKU,From,Price\njacket-0,1,95\n', '?replace=true');
    assert.equal(second.removed, 1);
    await shop.settled(1);
    assert.equal(unit(await cartOf({ [large()]: 1 }), large()), 12_000);
    assert.equal(unit(await cartOf({ [small()]: 10 }), small()), 9_500);
    const page = await shop.managed<PricesPage>('acme', 'GET', `${LISTS}/${id}/prices`);
    assert.deepEqual(page.prices, [
      {
        variantId: small(),
        productId: jacket.id,
        handle: 'jacket',
        sku: 'jacket-0',
        steps: [{ from: 1, amount: 9_500 }],
      },
    ]);
    await removed(id);
  });

  it('forget what has left the shop', async () => {
    const gone = await made('gone', [1_000]);
    const [variant] = gone.variants;
    const { id } = await priceList({ title: 'Of what goes' });
    await shop.managed('acme', 'PUT', `${LISTS}/${id}/prices`, {
      prices: [{ variantId: variant?.id, steps: [{ from: 1, amount: 1 }] }],
    });
    await shop.settled(1);
    await shop.managed('acme', 'DELETE', `/api/admin/catalog/products/${gone.id}`, undefined, 204);
    await shop.settled(1);
    const kept = await database.admin.query(
      `SELECT 1 FROM shop.price_list_prices WHERE list_id = $1 UNION ALL SELECT 1 FROM shop.orders_list_prices WHERE list_id = $1`,
      [id],
    );
    assert.equal(kept.rowCount, 0);
    await removed(id);
  });

  it('are of their shop, and of what is in it', async () => {
    const { id } = await priceList({ title: 'Mine' });
    await shop.managed('other', 'GET', `${LISTS}/${id}`, undefined, 404);
    await shop.managed('other', 'DELETE', `${LISTS}/${id}`, undefined, 404);
    const steps = [{ from: 1, amount: 1 }];
    await shop.managed(
      'acme',
      'PUT',
      `${LISTS}/${id}/prices`,
      { prices: [{ variantId: 'var_x', steps }] },
      400,
    );
    const rising = [
      { from: 1, amount: 1 },
      { from: 2, amount: 2 },
    ];
    await shop.managed(
      'acme',
      'PUT',
      `${LISTS}/${id}/prices`,
      { prices: [{ variantId: small(), steps: rising }] },
      400,
    );
    await shop.managed('acme', 'POST', LISTS, { title: 'x', currency: 'JPY' }, 400);
    await removed(id);
  });
});
