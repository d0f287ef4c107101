/** Bundles by the routes: what they may be made of, what they cost, what is shown of them, and that a CSV carries them there and back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { catalog } from '../definition.ts';
import type { AdminProduct, ImportReport, ProductDetail, ProductsPage } from '../schemas.ts';
import { bundleCells, readComponents, resolved } from './csv.ts';
import { pricesOfBundle } from './price.ts';
import { MOST_COMPONENTS, MOST_UNITS } from './schemas.ts';

let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([catalog]);
  for (const id of ['acme', 'copy', 'other'])
    await database.addTenant({ id, currencies: ['EUR', 'USD'], locales: ['en', 'de'] }, ADMIN_SECRETS);
  shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['catalog'],
  });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const PATH = '/api/admin/catalog/products';
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const make = (title: string, variant: object, tenant = 'acme') =>
  shop.managed<AdminProduct>(tenant, 'POST', PATH, { title, variants: [variant] }, 201);
const ofOne = async (title: string, amount: number, sku: string | null = null, tenant = 'acme') => {
  const product = await make(
    title,
    { sku, prices: [eur(amount), { amount: amount * 2, currency: 'USD' }] },
    tenant,
  );
  return { product, variantId: product.variants[0]?.id ?? '' };
};
const refused = async (variant: object, tenant = 'acme'): Promise<string[]> => {
  const answer = await shop.merchant(tenant, 'POST', PATH, {
    json: { title: 'Refused', variants: [variant] },
  });
  assert.equal(answer.status, 400, answer.text);
  return answer.json<{ problems: { what: string }[] }>().problems.map(({ what }) => what);
};
const shown = async (handle: string, tenant = 'acme', query = ''): Promise<ProductDetail> =>
  (await shop.call(tenant, 'GET', `/api/catalog/products/${handle}${query}`)).json<ProductDetail>();

test('a bundle shows what is in it, and costs what the merchant says', async () => {
  const tent = await ofOne('Plain tent', 20_000);
  const mat = await ofOne('Plain mat', 5_000);
  const components = [
    { variantId: tent.variantId, quantity: 1 },
    { variantId: mat.variantId, quantity: 2 },
  ];
  const kit = await make('Plain kit', { prices: [eur(27_000)], bundle: { components } });
  assert.deepEqual(kit.variants[0]?.bundle, { components });
  const [variant] = (await shown(kit.handle)).variants;
  assert.deepEqual(variant?.price, eur(27_000));
  assert.deepEqual(
    variant?.contents.map(({ title, variantTitle, quantity, price, handle }) => [
      title,
      variantTitle,
      quantity,
      price,
      handle,
    ]),
    [
      ['Plain tent', null, 1, eur(20_000), tent.product.handle],
      ['Plain mat', null, 2, eur(5_000), mat.product.handle],
    ],
  );
  await shop.managed('acme', 'PUT', `${PATH}/${mat.product.id}`, {
    ...inputOf(mat.product),
    published: false,
  });
  const after = (await shown(kit.handle, 'acme', '?currency=EUR&locale=de')).variants[0]?.contents;
  assert.deepEqual(
    after?.map(({ title }) => title),
    ['Plain tent'],
    'what shoppers may not see is not named',
  );
  assert.deepEqual((await shown(tent.product.handle)).variants[0]?.contents, []);
});

test('one that costs its parts less a share follows them, in every currency that all of them have', async () => {
  const [pot, lid] = [await ofOne('Priced pot', 1_999), await ofOne('Priced lid', 501)];
  const components = [pot, lid].map(({ variantId }) => ({ variantId, quantity: 1 }));
  const set = await make('Priced set', { bundle: { components, offBasisPoints: 1_000 } });
  assert.deepEqual(set.variants[0]?.prices, [
    { ...eur(2_250), compareAt: 2_500 },
    { amount: 4_500, currency: 'USD', compareAt: 5_000 },
  ]);
  await shop.managed('acme', 'PUT', `${PATH}/${lid.product.id}`, {
    ...inputOf(lid.product),
    variants: [{ id: lid.variantId, prices: [eur(1_001)] }],
  });
  await until(
    async () => {
      const { variants } = await shop.managed<AdminProduct>('acme', 'GET', `${PATH}/${set.id}`);
      const expected = [{ ...eur(2_700), compareAt: 3_000 }];
      return JSON.stringify(variants[0]?.prices) === JSON.stringify(expected) ? true : undefined;
    },
    { withinMs: 30_000, what: 'the set costs what its parts cost now' },
  );
  const listed = (await shop.call('acme', 'GET', '/api/catalog/products?q=priced+set')).json<ProductsPage>();
  assert.deepEqual(listed.products[0]?.priceRange?.min, eur(2_700));
});

test('nothing is made of what is no variant of the shop, of another bundle, or of itself', async () => {
  const [one, theirs] = [await ofOne('Nested one', 100), await ofOne('Theirs', 100, null, 'other')];
  const of = (...ids: string[]) => ({
    prices: [eur(100)],
    bundle: { components: ids.map((variantId) => ({ variantId, quantity: 1 })) },
  });
  const kit = await make('Nested kit', of(one.variantId));
  const kitId = kit.variants[0]?.id ?? '';
  assert.match((await refused(of(kitId)))[0] ?? '', /is a bundle itself/);
  assert.match((await refused(of(theirs.variantId)))[0] ?? '', /is no variant of this shop/);
  assert.match((await refused(of(one.variantId, one.variantId)))[0] ?? '', /twice/);
  assert.match((await refused({ bundle: of(one.variantId).bundle }))[0] ?? '', /missing/);
  const turned = await shop.merchant('acme', 'PUT', `${PATH}/${one.product.id}`, {
    json: { ...inputOf(one.product), variants: [{ id: one.variantId, ...of(theirs.variantId) }] },
  });
  assert.match(turned.text, /was no bundle before/);
  const back = await shop.merchant('acme', 'PUT', `${PATH}/${kit.id}`, {
    json: { ...inputOf(kit), variants: [{ id: kitId, prices: [eur(1)] }] },
  });
  assert.match(back.text, /was a bundle before/);
});

test('a set that is made while its part becomes dearer ends at the price of now', async () => {
  for (let round = 0; round < 8; round += 1) {
    const part = await ofOne(`Rising ${round}`, 100);
    const components = [{ variantId: part.variantId, quantity: 3 }];
    const variant = { prices: [eur(1_000)], id: part.variantId };
    const [, made] = await Promise.all([
      shop.managed('acme', 'PUT', `${PATH}/${part.product.id}`, {
        ...inputOf(part.product),
        variants: [variant],
      }),
      make(`Set of ${round}`, { bundle: { components, offBasisPoints: 0 } }),
    ]);
    await until(
      async () => {
        const { variants } = await shop.managed<AdminProduct>('acme', 'GET', `${PATH}/${made.id}`);
        return variants[0]?.prices[0]?.amount === 3_000 ? true : undefined;
      },
      { withinMs: 30_000, what: 'three of what costs 1,000 cost 3,000' },
    );
  }
});

test('a CSV brings bundles, wherever in it their parts are, and takes them away again', async () => {
  const head = 'Handle,Title,Variant SKU,Variant Price,Bundle Components,Bundle Discount Percent\n';
  const rows = [
    'csv-kit,Kit,KIT,,1 x CSV-A; 3 x CSV-B,12.5',
    'csv-pair,Pair,PAIR,9.00,CSV-A; CSV-B,',
    'csv-lost,Lost,LOST,9.00,2 x NOBODY,',
    'csv-a,A,CSV-A,10.00,,',
    'csv-b,B,CSV-B,2.00,,',
    'csv-bad,Bad,BAD,9.00,500 x CSV-A,',
  ];
  const report = await imported('acme', head + rows.join('\n'));
  assert.deepEqual(
    report.problems.map(({ line, column }) => [line, column]),
    [
      [7, 'Bundle Components'],
      [4, 'Bundle Components'],
    ],
  );
  assert.match(report.problems[1]?.what ?? '', /NOBODY/);
  assert.deepEqual([report.products.created, report.products.rejected], [4, 2]);
  const kit = await shown('csv-kit');
  assert.deepEqual(kit.variants[0]?.price, eur(1_400));
  assert.deepEqual(
    kit.variants[0]?.contents.map(({ title, quantity }) => [title, quantity]),
    [
      ['A', 1],
      ['B', 3],
    ],
  );
  assert.equal((await imported('acme', head + rows.join('\n'))).products.updated, 0);

  const exported = (await shop.merchant('acme', 'GET', '/api/admin/catalog/export')).text;
  const again = await imported('copy', exported);
  assert.deepEqual(again.problems, []);
  const [there, here] = [await shown('csv-kit', 'copy'), kit];
  assert.deepEqual(there.variants[0]?.price, here.variants[0]?.price);
  assert.deepEqual(
    there.variants[0]?.contents.map(({ title, quantity }) => [title, quantity]),
    here.variants[0]?.contents.map(({ title, quantity }) => [title, quantity]),
  );
});

test('what a CSV says of components is read back as it was written', () => {
  const components = fc.uniqueArray(
    fc.record(
      {
        variantId: fc.stringMatching(/^[A-Z0-9][A-Z0-9._-]{0,12}$/),
        quantity: fc.integer({ min: 1, max: MOST_UNITS }),
      },
      { noNullPrototype: true },
    ),
    { selector: ({ variantId }) => variantId, minLength: 1, maxLength: MOST_COMPONENTS },
  );
  fc.assert(
    fc.property(
      components,
      fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
      (given, off) => {
        const bundle = { components: given, ...(off === undefined ? {} : { offBasisPoints: off }) };
        const cells = bundleCells({ bundle }, new Map());
        const read = readComponents(cells['Bundle Components'] ?? '');
        assert.ok(read !== undefined);
        const known = new Map(given.map(({ variantId }) => [variantId, [variantId]]));
        assert.deepEqual(resolved({ line: 1, components: read, offBasisPoints: off }, known), bundle);
      },
    ),
  );
});

test('a bundle never costs more than its parts, and nothing off is their sum', () => {
  const parts = fc.array(
    fc.record({ amount: fc.nat({ max: 1_000_000 }), quantity: fc.integer({ min: 1, max: 99 }) }),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(parts, fc.integer({ min: 0, max: 10_000 }), (given, offBasisPoints) => {
      const components = given.map(({ quantity }, index) => ({ variantId: `v${index}`, quantity }));
      const pricesOf = (id: string) => [
        { amount: given[Number(id.slice(1))]?.amount ?? 0, currency: 'EUR', compareAt: null },
      ];
      const sum = given.reduce((all, { amount, quantity }) => all + amount * quantity, 0);
      const [price] = pricesOfBundle({ components, offBasisPoints }, pricesOf);
      assert.ok(price !== undefined && price.amount <= sum && price.amount >= 0);
      assert.equal(price.compareAt, price.amount < sum ? sum : null);
      assert.equal(pricesOfBundle({ components, offBasisPoints: 0 }, pricesOf)[0]?.amount, sum);
    }),
  );
});

async function imported(tenant: string, body: string): Promise<ImportReport> {
  const path = '/api/admin/catalog/imports';
  const begun = await shop.merchant(tenant, 'POST', path, { body, headers: { 'content-type': 'text/csv' } });
  assert.equal(begun.status, 202, begun.text);
  const { id } = begun.json<ImportReport>();
  return until(
    async () => {
      const report = (await shop.merchant(tenant, 'GET', `${path}/${id}`)).json<ImportReport>();
      return report.finishedAt === null ? undefined : report;
    },
    { withinMs: 30_000, what: 'the import is over' },
  );
}

/** As a merchant would send it back. */
function inputOf({ handle, title, version, variants }: AdminProduct) {
  return {
    handle,
    title,
    version,
    variants: variants.map(({ id, sku, prices, bundle }) => ({ id, sku, prices, ...(bundle && { bundle }) })),
  };
}
