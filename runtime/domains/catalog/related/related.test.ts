/** What goes with a product, by the routes: as the merchant chose it, from either side where it is mutual, and nothing that is hidden or gone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { catalog } from '../definition.ts';
import type { AdminProduct } from '../schemas.ts';
import { MOST_RELATED, type AdminRelated, type Related } from './schemas.ts';

let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([catalog]);
  for (const id of ['acme', 'other']) await database.addTenant({ id }, ADMIN_SECRETS);
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

const product = (title: string, tenant = 'acme') =>
  shop.managed<AdminProduct>(
    tenant,
    'POST',
    '/api/admin/catalog/products',
    { title, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] },
    201,
  );
const pathOf = (id: string) => `/api/admin/catalog/products/${id}/related`;
const chosen = (id: string) => shop.managed<AdminRelated>('acme', 'GET', pathOf(id));
const NONE = { crossSell: [], upSell: [], accessories: [] };
const put = async (id: string, kinds: object, tenant = 'acme', version?: number) =>
  shop.merchant(tenant, 'PUT', pathOf(id), {
    json: { version: version ?? (await chosen(id)).version, ...NONE, ...kinds },
  });
const shown = async (handle: string): Promise<Related> =>
  (await shop.call('acme', 'GET', `/api/catalog/products/${handle}/related`)).json<Related>();
const titles = (cards: readonly { readonly title: string }[]) => cards.map(({ title }) => title);

test('what the merchant chose is shown in that order, and nothing that is hidden or gone', async () => {
  const [tent, mat, lamp, peg] = [
    await product('Tent'),
    await product('Mat'),
    await product('Lamp'),
    await product('Peg'),
  ];
  assert.deepEqual(await shown(tent.handle), NONE);
  const answer = await put(tent.id, {
    crossSell: [{ productId: lamp.id }, { productId: mat.id }],
    accessories: [{ productId: peg.id }],
  });
  assert.equal(answer.status, 200, answer.text);
  const { crossSell, accessories, upSell } = await shown(tent.handle);
  assert.deepEqual([titles(crossSell), titles(accessories), titles(upSell)], [['Lamp', 'Mat'], ['Peg'], []]);
  assert.deepEqual(titles((await shown(lamp.handle)).crossSell), [], 'not the other way round');

  await shop.managed('acme', 'PUT', `/api/admin/catalog/products/${lamp.id}`, {
    version: lamp.version,
    title: 'Lamp',
    published: false,
    variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }],
  });
  assert.deepEqual(titles((await shown(tent.handle)).crossSell), ['Mat']);
  assert.deepEqual(titles((await chosen(tent.id)).crossSell), ['Lamp', 'Mat'], 'the merchant sees it');
  await shop.managed('acme', 'DELETE', `/api/admin/catalog/products/${mat.id}`, undefined, 204);
  assert.deepEqual(titles((await chosen(tent.id)).crossSell), ['Lamp']);
});

test('itself, what is not there, the same twice and too many are refused, and a newer version is kept', async () => {
  const [tent, mat] = [await product('Shelter'), await product('Rug')];
  const elsewhere = await product('Theirs', 'other');
  const refused = await put(tent.id, {
    upSell: [{ productId: tent.id }, { productId: elsewhere.id }, { productId: 'prd_x' }],
  });
  assert.equal(refused.status, 400);
  assert.deepEqual(refused.json<{ problems: { where: string; what: string }[] }>().problems, [
    { where: 'body/upSell/0', what: 'is the product itself' },
    { where: 'body/upSell/1', what: 'is no product of this shop' },
    { where: 'body/upSell/2', what: 'is no product of this shop' },
  ]);
  assert.equal((await put(tent.id, { upSell: [{ productId: mat.id }, { productId: mat.id }] })).status, 400);
  const many = Array.from({ length: MOST_RELATED + 1 }, (_, n) => ({ productId: `prd_${n}` }));
  assert.equal((await put(tent.id, { upSell: many })).status, 400);
  assert.equal((await put(tent.id, {}, 'other', 0)).status, 404, 'nobody changes another shop’s');
  const { version } = await chosen(tent.id);
  const both = await Promise.all(
    [1, 2].map(() => put(tent.id, { upSell: [{ productId: mat.id }] }, 'acme', version)),
  );
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409]);
});

test('what is mutual is said from both sides or from neither, whoever changes what at once', async () => {
  const all = await Promise.all(['A', 'B', 'C', 'D'].map((title) => product(title)));
  const at = (n: number): AdminProduct => all[n] as AdminProduct; // n is an index of `all`
  const index = fc.integer({ min: 0, max: all.length - 1 });
  const choice = fc.record({
    of: index,
    others: fc.uniqueArray(index, { maxLength: 3 }),
    mutual: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(choice, { minLength: 2, maxLength: 4 }), async (choices) => {
      const answers = await Promise.all(
        choices.map(({ of, others, mutual }) =>
          put(at(of).id, {
            crossSell: others.filter((n) => n !== of).map((n) => ({ productId: at(n).id, mutual })),
          }),
        ),
      );
      for (const { status, text } of answers) assert.ok(status === 200 || status === 409, text);
      const lists = await Promise.all(all.map(({ id }) => chosen(id)));
      for (const [n, { crossSell }] of lists.entries()) {
        const seen = titles((await shown(at(n).handle)).crossSell);
        assert.equal(new Set(seen).size, seen.length, 'nothing twice');
        for (const { productId, mutual } of crossSell) {
          const other = all.findIndex(({ id }) => id === productId);
          assert.ok(seen.includes(at(other).title));
          if (mutual) assert.ok(titles((await shown(at(other).handle)).crossSell).includes(at(n).title));
        }
        for (const title of seen) {
          const other = all.findIndex((each) => each.title === title);
          const isOwn = crossSell.some(({ productId }) => productId === at(other).id);
          const isTheirs = lists[other]?.crossSell.some(
            ({ productId, mutual }) => mutual && productId === at(n).id,
          );
          assert.ok(isOwn || isTheirs, `${at(n).title} shows ${title}`);
        }
      }
    }),
    { numRuns: 10 },
  );
});
