/** Wishlists by the routes: whose they are, what becomes of a guest's at log-in, and who reads one by its link. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { accounts } from '../../accounts/definition.ts';
import type { Session } from '../../accounts/definition.ts';
import { newCustomer } from '../../accounts/testing/customers.ts';
import { catalog } from '../definition.ts';
import type { AdminProduct } from '../schemas.ts';
import {
  MOST_ITEMS,
  MOST_LISTS,
  type Marks,
  type SharedWishlist,
  type Wanted,
  type Wishlist,
  type Wishlists,
} from './schemas.ts';
import { GUEST_KEPT_MS, TIDY, tidyWishlists } from './store.ts';

let database: TestDatabase;
let shop: TestHost;
/** Of acme: one variant each. */
const goods: AdminProduct[] = [];
let people = 0;
/** Time that tests turn. */
let later = 0;

before(async () => {
  database = await startTestDatabase([accounts, catalog]);
  for (const id of ['acme', 'other'])
    await database.addTenant({ id, currencies: ['EUR', 'USD'], locales: ['en', 'de'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['accounts', 'catalog'] },
    { clock: { now: () => new Date(Date.now() + later) } },
  );
  for (let n = 0; n < 6; n++) goods.push(await product(`Thing ${n}`));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const product = (title: string, amount = 100) =>
  shop.managed<AdminProduct>(
    'acme',
    'POST',
    '/api/admin/catalog/products',
    { title, variants: [{ prices: [{ amount, currency: 'EUR' }] }] },
    201,
  );
const variant = (n: number): string => goods[n]?.variants[0]?.id ?? '';
const person = (tenant = 'acme'): Promise<Session> =>
  newCustomer(shop, tenant, `wisher-${(people += 1)}@example.com`);

function as(who: Session | undefined, method: string, path: string, json?: object, tenant = 'acme') {
  return shop.call(tenant, method, `/api/catalog${path}`, {
    headers: {
      'idempotency-key': randomUUID(),
      ...(who === undefined ? {} : { authorization: `Bearer ${who.token}` }),
    },
    ...(json === undefined ? {} : { json }),
  });
}
async function asked<T>(...[who, method, path, json]: Parameters<typeof as>): Promise<T> {
  const answer = await as(who, method, path, json);
  assert.ok(answer.status < 300, answer.text);
  return answer.json<T>();
}
const put = (who: Session | undefined, list: string, n: number) =>
  asked<Wishlist>(who, 'PUT', `/wishlists/${list}/items/${variant(n)}`);
const namesOf = ({ items }: Pick<Wishlist, 'items'>) =>
  items.map(({ product: { title } }) => title).toSorted();
const guestList = () => asked<Wishlist>(undefined, 'POST', '/wishlists', {});

test('a customer’s own list is there when it is needed, and other lists have names', async () => {
  const ada = await person();
  assert.deepEqual((await asked<Wishlist>(ada, 'GET', '/wishlists/default')).items, []);
  assert.deepEqual((await asked<Wishlists>(ada, 'GET', '/wishlists')).wishlists, [], 'looking makes none');
  await put(ada, 'default', 0);
  const own = await put(ada, 'default', 0);
  assert.deepEqual([own.isDefault, namesOf(own)], [true, ['Thing 0']]);
  const summer = await asked<Wishlist>(ada, 'POST', '/wishlists', { name: 'Summer' });
  await put(ada, summer.id, 1);
  await asked(ada, 'PATCH', `/wishlists/${summer.id}`, { name: 'Winter' });
  assert.deepEqual(
    (await asked<Wishlists>(ada, 'GET', '/wishlists')).wishlists.map(({ name, count }) => [name, count]),
    [
      ['', 1],
      ['Winter', 1],
    ],
  );
  const { marks } = await asked<Marks>(ada, 'GET', '/wishlists/marks');
  assert.deepEqual(new Set(marks.map(({ variantId }) => variantId)), new Set([variant(0), variant(1)]));
  assert.deepEqual(
    namesOf(await asked<Wishlist>(ada, 'DELETE', `/wishlists/default/items/${variant(0)}`)),
    [],
  );
  assert.equal((await as(ada, 'DELETE', `/wishlists/${summer.id}`)).status, 204);
  assert.equal((await as(ada, 'GET', `/wishlists/${summer.id}`)).status, 404);
  assert.equal((await as(ada, 'PUT', '/wishlists/default/items/var_none')).status, 404);
  assert.equal((await as(undefined, 'PUT', `/wishlists/default/items/${variant(0)}`)).status, 404);
});

test('what was remembered says whether it costs less by now, and is not shown when it is gone', async () => {
  const [ada, lamp] = [await person(), await product('Lamp', 900)];
  const id = lamp.variants[0]?.id ?? '';
  await asked(ada, 'PUT', `/wishlists/default/items/${id}`);
  const cheaper = await shop.managed<AdminProduct>('acme', 'PUT', `/api/admin/catalog/products/${lamp.id}`, {
    version: lamp.version,
    title: 'Lamp',
    variants: [{ id, prices: [{ amount: 700, currency: 'EUR' }] }],
  });
  const [item] = (await asked<Wishlist>(ada, 'GET', '/wishlists/default')).items;
  assert.deepEqual(
    [item?.price?.amount, item?.priceWhenAdded?.amount, item?.available, item?.variantId],
    [700, 900, true, id],
  );
  const [dollars] = (await asked<Wishlist>(ada, 'GET', '/wishlists/default?currency=USD')).items;
  assert.deepEqual([dollars?.price, dollars?.priceWhenAdded], [null, null]);
  await shop.emit('acme', 'orders.stock', 'changed', id, { variantId: id, availability: 'out' });
  await shop.settled(1);
  assert.equal((await asked<Wishlist>(ada, 'GET', '/wishlists/default')).items[0]?.available, false);
  await shop.managed('acme', 'PUT', `/api/admin/catalog/products/${lamp.id}`, {
    version: cheaper.version,
    title: 'Lamp',
    published: false,
    variants: [{ id, prices: [{ amount: 700, currency: 'EUR' }] }],
  });
  assert.deepEqual((await asked<Wishlist>(ada, 'GET', '/wishlists/default')).items, []);
});

test('what a price list takes off stands in the list, and is what was paid when it was put there', async () => {
  const [ada, eve, lamp] = [await person(), await person(), await product('Torch', 1_000)];
  const id = lamp.variants[0]?.id ?? '';
  const put = (who: Session) => asked<Wishlist>(who, 'PUT', `/wishlists/default/items/${id}`);
  await put(ada);
  const { id: list, version } = await shop.managed<{ id: string; version: number }>(
    'acme',
    'POST',
    '/api/admin/catalog/price-lists',
    { title: 'Sale', currency: 'EUR', offBasisPoints: 2_000 },
    201,
  );
  const prices = async (who: Session) => {
    const [item] = (await asked<Wishlist>(who, 'GET', '/wishlists/default')).items;
    return [item?.price?.amount, item?.product.priceRange?.min.amount, item?.priceWhenAdded?.amount];
  };
  await put(eve);
  assert.deepEqual(await prices(ada), [800, 800, 1_000]);
  assert.deepEqual(await prices(eve), [800, 800, 800]);
  await shop.managed('acme', 'PUT', `/api/admin/catalog/price-lists/${list}`, {
    version,
    title: 'Sale',
    currency: 'EUR',
    enabled: false,
  });
  assert.deepEqual(await prices(eve), [1_000, 1_000, 800]);
});

test('a list is told in the language of who reads it', async () => {
  const [ada, lamp] = [await person(), await product('Lantern')];
  await asked(ada, 'PUT', `/wishlists/default/items/${lamp.variants[0]?.id}`);
  const path = `/api/admin/catalog/products/${lamp.id}/translations/de`;
  await shop.managed('acme', 'PUT', path, { version: lamp.version, title: 'Laterne' });
  const titleIn = async (language: string) => {
    const headers = { authorization: `Bearer ${ada.token}`, 'accept-language': language };
    const answer = await shop.call('acme', 'GET', '/api/catalog/wishlists/default', { headers });
    return answer.json<Wishlist>().items[0]?.product.title;
  };
  assert.deepEqual([await titleIn('de'), await titleIn('en')], ['Laterne', 'Lantern']);
});

test('a guest’s list is its holder’s until somebody claims it, and then theirs alone', async () => {
  const [ada, eve, guest] = [await person(), await person(), await guestList()];
  await put(undefined, guest.id, 0);
  await put(undefined, guest.id, 1);
  await put(ada, 'default', 1);
  const own = await asked<Wishlist>(ada, 'POST', '/wishlists/claim', { wishlistId: guest.id });
  assert.deepEqual(namesOf(own), ['Thing 0', 'Thing 1']);
  for (const who of [undefined, eve, ada])
    assert.equal((await as(who, 'GET', `/wishlists/${guest.id}`)).status, 404);
  for (const who of [undefined, eve])
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['PUT', '/share'],
      ['PUT', `/items/${variant(2)}`],
    ] as const)
      assert.equal((await as(who, method, `/wishlists/${own.id}${path}`)).status, 404, `${method} ${path}`);
  assert.deepEqual(
    namesOf(await asked<Wishlist>(eve, 'POST', '/wishlists/claim', { wishlistId: own.id })),
    [],
    'nobody claims what is somebody’s',
  );
  assert.deepEqual(namesOf(await asked<Wishlist>(ada, 'GET', '/wishlists/default')), ['Thing 0', 'Thing 1']);
});

test('claiming brings together what there was, in whatever order and however many windows', async () => {
  const some = fc.uniqueArray(fc.integer({ min: 0, max: goods.length - 1 }));
  await fc.assert(
    fc.asyncProperty(some, some, some, async (own, first, second) => {
      const [ada, one, other] = [await person(), await guestList(), await guestList()];
      for (const n of own) await put(ada, 'default', n);
      for (const n of first) await put(undefined, one.id, n);
      for (const n of second) await put(undefined, other.id, n);
      await Promise.all(
        [one.id, other.id, one.id, other.id].map((wishlistId) =>
          asked(ada, 'POST', '/wishlists/claim', { wishlistId }),
        ),
      );
      const wanted = new Set([...own, ...first, ...second]);
      assert.deepEqual(
        namesOf(await asked<Wishlist>(ada, 'GET', '/wishlists/default')),
        [...wanted].map((n) => `Thing ${n}`).toSorted(),
      );
    }),
    { numRuns: 8 },
  );
});

test('a link opens a list for reading, says nothing of whose it is, and nothing when it was taken back', async () => {
  const [ada, eve] = [await person(), await person()];
  await put(ada, 'default', 3);
  const { token } = await asked<{ token: string }>(ada, 'PUT', '/wishlists/default/share');
  assert.equal((await asked<{ token: string }>(ada, 'PUT', '/wishlists/default/share')).token, token);
  const seen = await as(eve, 'GET', `/shared-wishlists/${token}`);
  assert.deepEqual(namesOf(seen.json<SharedWishlist>()), ['Thing 3']);
  assert.equal(seen.text.includes(ada.customer.id), false);
  assert.equal((await as(undefined, 'GET', `/shared-wishlists/${token}`, undefined, 'other')).status, 404);
  assert.equal((await as(ada, 'DELETE', '/wishlists/default/share')).status, 204);
  assert.equal((await as(undefined, 'GET', `/shared-wishlists/${token}`)).status, 404);
  assert.notEqual((await asked<{ token: string }>(ada, 'PUT', '/wishlists/default/share')).token, token);
});

test('no shop opens another’s lists', async () => {
  const [guest, stranger] = [await guestList(), await person('other')];
  assert.equal((await as(undefined, 'GET', `/wishlists/${guest.id}`, undefined, 'other')).status, 404);
  const claimed = await as(stranger, 'POST', '/wishlists/claim', { wishlistId: guest.id }, 'other');
  assert.deepEqual(claimed.json<Wishlist>().items, []);
  assert.equal((await as(undefined, 'GET', `/wishlists/${guest.id}`)).status, 200);
});

test('there is an end to lists, also where they are begun at once, and to what is in one', async () => {
  const ada = await person();
  const begun = await Promise.all(
    Array.from({ length: MOST_LISTS + 3 }, (_, n) => as(ada, 'POST', '/wishlists', { name: `List ${n}` })),
  );
  assert.equal(begun.filter(({ status }) => status === 201).length, MOST_LISTS - 1, 'beside the own one');
  const [full] = (await asked<Wishlists>(ada, 'GET', '/wishlists')).wishlists;
  await database.admin.query(
    `insert into shop.catalog_wishlist_items select 'acme', $1, 'var_' || n, null, null, now() from generate_series(1, $2::int) n`,
    [full?.id, MOST_ITEMS - 1],
  );
  const added = await Promise.all(
    [0, 1, 2].map((n) => as(ada, 'PUT', `/wishlists/default/items/${variant(n)}`)),
  );
  assert.deepEqual(added.map(({ status }) => status).toSorted(), [200, 409, 409]);
});

test('the merchant sees what is wanted most', async () => {
  const wanted = await product('Wanted by all');
  const id = wanted.variants[0]?.id ?? '';
  for (let n = 0; n < 9; n++) await asked(await person(), 'PUT', `/wishlists/default/items/${id}`);
  const { variants } = await shop.managed<Wanted>('acme', 'GET', '/api/admin/catalog/wanted?limit=100');
  const found = variants.find(({ variantId }) => variantId === id);
  assert.deepEqual(found, { variantId: id, productId: wanted.id, lists: 9 });
  const lists = variants.map((each) => each.lists);
  assert.deepEqual(
    lists,
    lists.toSorted((a, b) => b - a),
  );
});

test('what guests leave behind is forgotten, and what they use is not', async () => {
  const [left, used, ada] = [await guestList(), await guestList(), await person()];
  await put(ada, 'default', 0);
  await put(undefined, left.id, 0);
  // Used in time: the shop may look by itself as soon as the time of the other is over.
  later += GUEST_KEPT_MS - 60_000;
  await put(undefined, used.id, 0);
  later += 120_000;
  await shop.host.sql.transaction('acme', (tx) => tx.enqueue({ name: TIDY, payload: {}, key: 'now' }));
  await shop.settled(1);
  assert.equal((await as(undefined, 'GET', `/wishlists/${left.id}`)).status, 404);
  assert.deepEqual(namesOf(await asked<Wishlist>(undefined, 'GET', `/wishlists/${used.id}`)), ['Thing 0']);
  assert.deepEqual(
    (
      await database.admin.query(`select 1 from shop.catalog_wishlist_items where wishlist_id = $1`, [
        left.id,
      ])
    ).rows,
    [],
  );
});

test('a guest’s list that is used while it is being forgotten stays, with what was put into it', async () => {
  const guest = await guestList();
  const run = { tenant: 'acme', payload: {}, attempt: 1, fence: 1, signal: new AbortController().signal };
  const clock = { now: () => new Date(Date.now() + later + GUEST_KEPT_MS + 60_000) };
  const holder = await database.admin.connect();
  try {
    await holder.query('begin');
    await holder.query('select 1 from shop.catalog_wishlists where id = $1 for update', [guest.id]);
    const forgetting = tidyWishlists({ sql: shop.host.sql, clock })(run);
    await until(
      async () => {
        const { rowCount } = await database.admin.query(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%delete from catalog_wishlists%'`,
        );
        return (rowCount ?? 0) > 0 || undefined;
      },
      { withinMs: 30_000, what: 'whoever forgets waits for whoever uses it' },
    );
    await holder.query('update shop.catalog_wishlists set updated_at = $2 where id = $1', [
      guest.id,
      clock.now(),
    ]);
    await holder.query('commit');
    await forgetting;
  } finally {
    holder.release();
  }
  assert.equal((await as(undefined, 'GET', `/wishlists/${guest.id}`)).status, 200);
});
