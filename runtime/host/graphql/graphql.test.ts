import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { accounts } from '../../domains/accounts/definition.ts';
import { createService as createAccounts } from '../../domains/accounts/service.ts';
import { newCustomer } from '../../domains/accounts/testing/customers.ts';
import { catalog } from '../../domains/catalog/definition.ts';
import { createService as createCatalog } from '../../domains/catalog/service.ts';
import { orders } from '../../domains/orders/definition.ts';
import { createService as createOrders } from '../../domains/orders/service.ts';
import { payments } from '../../domains/payments/definition.ts';
import { createService as createPayments } from '../../domains/payments/service.ts';
import type { CreateService } from '../../platform/domain.ts';
import { ADMIN_KEY, ADMIN_SECRETS, startTestHost, type TestHost } from '../testing.ts';

let database: TestDatabase;
let shop: TestHost;
/** Statements that domains ran. */
let statements: string[] = [];
/** Names of the products of shop one. */
const titles = ['Kettle', 'Mug', 'Plate', 'Spoon', 'Teapot', 'Tray'];

interface Result {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    message: string;
    path?: readonly string[];
    extensions: Readonly<Record<string, unknown>>;
  }[];
  readonly extensions?: { cost: { asked: number; most: number } };
}

before(async () => {
  database = await startTestDatabase([accounts, catalog, orders, payments]);
  const domains = ['accounts', 'catalog', 'orders', 'payments'];
  await database.addTenant({ id: 'one', domains, currencies: ['EUR'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'two', domains: ['catalog'], currencies: ['EUR'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains },
    {
      services: {
        accounts: counted(createAccounts),
        catalog: counted(createCatalog),
        orders: counted(createOrders),
        payments: counted(createPayments),
      },
    },
  );
  for (const title of titles) await addProduct('one', title);
  await addProduct('two', 'Secret of two');
  await shop.host.events.settled();
});
after(async () => {
  await shop.stop();
  await database.stop();
});

/** The same domain, each of whose statements is written down. */
function counted(create: CreateService) {
  const createService: CreateService = (platform) =>
    create({
      ...platform,
      sql: {
        ...platform.sql,
        query: (tenant, text, values, options) => {
          statements.push(text);
          return platform.sql.query(tenant, text, values, options);
        },
      },
    });
  return () => Promise.resolve({ createService });
}

async function ask(
  query: string,
  { tenant = 'one', variables = {}, headers = {}, ...rest }: Asking = {},
): Promise<Result> {
  const answer = await shop.call(tenant, 'POST', '/api/graphql', {
    json: { query, variables, ...rest },
    headers,
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Result>();
}

interface Asking {
  readonly tenant?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly operationName?: string;
}

/** One answer, of the type that the query asked for. */
function valueOf<T>(data: Result['data'], field: string): T {
  const value = data?.[field];
  assert.ok(value !== undefined && value !== null, field);
  return value as T; // see above
}

const asMerchant = { authorization: `Bearer ${ADMIN_KEY}` };
const ADD_PRODUCT =
  'mutation($input: ProductInput!) { adminCreateProduct(input: $input) { id handle variants { id } } }';

async function addProduct(tenant: string, title: string) {
  const input = {
    title,
    variants: [{ prices: [{ amount: 3_000_000_000, currency: 'EUR' }], inventoryPolicy: 'CONTINUE' }],
  };
  const headers = { ...asMerchant, 'idempotency-key': randomUUID() };
  const { data, errors } = await ask(ADD_PRODUCT, { tenant, variables: { input }, headers });
  assert.equal(errors, undefined, JSON.stringify(errors));
  return valueOf<{ id: string; handle: string; variants: { id: string }[] }>(data, 'adminCreateProduct');
}

async function cartWith(count: number): Promise<string> {
  const { data } = await ask('{ products(sort: TITLE_ASC) { products { variantIds } } }');
  const page = valueOf<{ products: { variantIds: string[] }[] }>(data, 'products');
  const lines = page.products
    .slice(0, count)
    .map(({ variantIds }) => ({ variantId: variantIds[0], quantity: 1 }));
  const made = await ask('mutation($input: NewCartInput) { createCart(input: $input) { id } }', {
    variables: { input: { lines } },
  });
  return valueOf<{ id: string }>(made.data, 'createCart').id;
}

test('a query asks the routes, with enums, money beyond 32 bits and maps as lists', async () => {
  const { data, errors } = await ask(`{
    store { id displayName }
    products(sort: TITLE_ASC, limit: 1) { total products { title handle priceRange { min { amount currency } } } }
    product(handle: "mug") { variants { inventoryPolicy options { key value } price { amount } } }
  }`);
  assert.equal(errors, undefined, JSON.stringify(errors));
  assert.deepEqual(data?.['store'], { id: 'one', displayName: 'one' });
  assert.deepEqual(data?.['products'], {
    total: 6,
    products: [
      { title: 'Kettle', handle: 'kettle', priceRange: { min: { amount: 3_000_000_000, currency: 'EUR' } } },
    ],
  });
  assert.deepEqual(data?.['product'], {
    variants: [{ inventoryPolicy: 'CONTINUE', options: [], price: { amount: 3_000_000_000 } }],
  });
});

test('what one route refuses leaves the others’ answers, and is told as that route tells it', async () => {
  const { data, errors } = await ask('{ me { id } store { id } product(handle: "nothing") { id } }');
  assert.deepEqual(data, { me: null, store: { id: 'one' }, product: null });
  assert.deepEqual(
    errors
      ?.map(({ path, extensions }) => [path?.join('/'), extensions['code'], extensions['status']])
      .toSorted(),
    [
      ['me', 'unauthenticated', 401],
      ['product', 'not_found', 404],
    ],
  );
  assert.ok(errors?.every(({ extensions }) => typeof extensions['requestId'] === 'string'));
});

test('the merchant’s fields are for the merchant, and a tenant sees its own rows only', async () => {
  const query = '{ adminProducts { products { title } } }';
  const refused = await ask(query);
  assert.equal(refused.errors?.[0]?.extensions['code'], 'unauthenticated');
  const foreign = await ask(query, { tenant: 'two', headers: asMerchant });
  assert.deepEqual(foreign.data, { adminProducts: { products: [{ title: 'Secret of two' }] } });
  const own = await ask(query, { headers: asMerchant });
  assert.doesNotMatch(JSON.stringify(own), /Secret of two/);
  const absent = await ask('{ shippingMethods { methods { id } } }', { tenant: 'two' });
  assert.equal(absent.errors?.[0]?.extensions['code'], 'not_found');
});

test('lines of carts lead to their products by one question for all of them', async () => {
  const [small, large] = [await cartWith(2), await cartWith(6)];
  const query = (ids: readonly string[]) =>
    `{ ${ids.map((id, index) => `c${index}: cart(cartId: "${id}") { lines { title product { title handle } } }`).join(' ')} }`;
  const countOf = async (ids: readonly string[]): Promise<number> => {
    statements = [];
    const { data, errors } = await ask(query(ids));
    assert.equal(errors, undefined, JSON.stringify(errors));
    for (const cart of Object.values(data ?? {}) as {
      lines: { title: string; product: { title: string } }[];
    }[])
      for (const line of cart.lines) assert.equal(line.product.title, line.title);
    return statements.filter((text) => /FROM products p/.test(text)).length;
  };
  assert.equal(await countOf([small]), 1);
  assert.equal(await countOf([large, small]), 1);
});

test('a repetition with the same key changes nothing, and each field of one request has its own', async () => {
  const key = randomUUID();
  const mutation = `mutation {
    a: adminCreateCollection(input: { title: "Twice" }) { id }
    b: adminCreateCollection(input: { title: "Thrice" }) { id }
  }`;
  const headers = { ...asMerchant, 'idempotency-key': key };
  const first = await ask(mutation, { headers });
  assert.equal(first.errors, undefined, JSON.stringify(first.errors));
  assert.deepEqual((await ask(mutation, { headers })).data, first.data);
  const { data } = await ask('{ adminCollections { collections { title } } }', { headers: asMerchant });
  assert.deepEqual(data, { adminCollections: { collections: [{ title: 'Twice' }, { title: 'Thrice' }] } });
  const keyless = await ask(mutation, { headers: asMerchant });
  assert.deepEqual(
    keyless.errors?.map(({ message }) => message),
    ['This request needs an Idempotency-Key.', 'This request needs an Idempotency-Key.'],
  );
});

test('logging in by a mutation sets the cookie, and the session is the customer’s', async () => {
  await newCustomer(shop, 'one', 'ada@example.com', { password: 'correct horse' });
  const login = `mutation { login(input: { email: "ada@example.com", password: "correct horse" }) { token customer { email } } }`;
  const answer = await shop.call('one', 'POST', '/api/graphql', { json: { query: login } });
  const cookie = String(answer.headers['set-cookie']);
  assert.match(cookie, /^shopmind_session=.*HttpOnly/);
  const me = await ask('{ me { email } }', { headers: { cookie: cookie.split(';')[0] ?? '' } });
  assert.deepEqual(me.data, { me: { email: 'ada@example.com' } });
});

test('wrong input is told by its place, by GraphQL or by the route’s schema', async () => {
  const wrongType = await ask('{ products(limit: "many") { total } }');
  assert.equal(wrongType.errors?.[0]?.extensions['code'], 'invalid_input');
  const tooMany = await ask('{ products(limit: 1000) { total } }');
  assert.deepEqual(tooMany.errors?.[0]?.extensions['problems'], [
    { where: 'query/limit', what: 'Too big: expected number to be <=100' },
  ]);
  const unknown = await ask('{ products { nothing } }');
  assert.match(unknown.errors?.[0]?.message ?? '', /Cannot query field "nothing"/);
  assert.equal((await ask('{ a')).errors?.[0]?.extensions['code'], 'invalid_input');
  assert.equal((await ask('')).errors?.[0]?.message, 'There is no query.');
});

test('what costs too much, goes too deep or is too long is refused before anything is asked', async () => {
  const money = 'min { amount currency } max { amount currency }';
  const one = `products(limit: 100) { products { id title handle tags priceRange { ${money} } options { name values } } }`;
  const fine = await ask(`{ ${one} }`);
  assert.equal(fine.errors, undefined, JSON.stringify(fine.errors));
  assert.ok((fine.extensions?.cost.asked ?? 0) > 1_000);
  statements = [];
  const dear = await ask(`{ ${['a', 'b', 'c', 'd', 'e'].map((alias) => `${alias}: ${one}`).join(' ')} }`);
  assert.equal(dear.data, undefined);
  assert.match(dear.errors?.[0]?.message ?? '', /^query\/\w: costs \d+ of \d+; 10000 are allowed at once$/);
  const bomb = [
    ...Array.from(
      { length: 60 },
      (_, level) => `fragment F${level} on Query { ...F${level + 1} ...F${level + 1} }`,
    ),
    'fragment F60 on Query { store { id } }',
  ].join('\n');
  const exploded = await ask(`{ ...F0 }\n${bomb}`);
  assert.match(exploded.errors?.[0]?.message ?? '', /costs more than the 10000/);
  const long = await ask(`{ ${'store { id } '.repeat(2_000)} }`);
  assert.match(long.errors?.[0]?.message ?? '', /more that 3000 tokens/);
  assert.deepEqual(statements, []);
});

test('a persisted query is sent once, by POST or GET, and found by its hash', async () => {
  const query = '{ store { id } }';
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash } });
  const get = async (more = '') =>
    (
      await shop.call('one', 'GET', `/api/graphql?extensions=${encodeURIComponent(extensions)}${more}`)
    ).json<Result>();
  assert.equal((await get()).errors?.[0]?.extensions['code'], 'PERSISTED_QUERY_NOT_FOUND');
  assert.deepEqual((await get(`&query=${encodeURIComponent(query)}`)).data, { store: { id: 'one' } });
  assert.deepEqual((await get()).data, { store: { id: 'one' } });
  const wrong = await get(`&query=${encodeURIComponent('{ store { displayName } }')}`);
  assert.match(wrong.errors?.[0]?.message ?? '', /not the one that sha256Hash names/);
  const changing = await shop.call(
    'one',
    'GET',
    `/api/graphql?query=${encodeURIComponent('mutation { logout }')}`,
  );
  assert.match(changing.json<Result>().errors?.[0]?.message ?? '', /may only ask/);
});

test('the schema is for merchants, and a router that has their key resolves entities by it', async () => {
  const query = '{ _service { sdl } __schema { queryType { name } } }';
  assert.equal((await ask(query)).errors?.[0]?.extensions['code'], 'forbidden');
  const { data } = await ask(query, { headers: asMerchant });
  assert.match(valueOf<{ sdl: string }>(data, '_service').sdl, /type ProductCard @key\(fields: "id"\)/);
  const products = await ask('{ products { products { id title } } }');
  const [known] = valueOf<{ products: { id: string; title: string }[] }>(products.data, 'products').products;
  const entities = await ask(
    'query($all: [_Any!]!) { _entities(representations: $all) { ... on ProductCard { title } ... on ProductDetail { title } } }',
    {
      variables: {
        all: [
          { __typename: 'ProductCard', id: known?.id },
          { __typename: 'ProductCard', id: 'none' },
          { __typename: 'ProductDetail', handle: 'mug' },
        ],
      },
    },
  );
  assert.deepEqual(entities.data, { _entities: [{ title: known?.title }, null, { title: 'Mug' }] });
});

test('who knows the type of GraphQL’s answers gets the status too', async () => {
  const headers = { accept: 'application/graphql-response+json' };
  const bad = await shop.call('one', 'POST', '/api/graphql', { json: { query: '{ nothing }' }, headers });
  assert.equal(bad.status, 400);
  assert.match(String(bad.headers['content-type']), /^application\/graphql-response\+json/);
  const good = await shop.call('one', 'POST', '/api/graphql', {
    json: { query: '{ store { id } }' },
    headers,
  });
  assert.equal(good.status, 200);
});

test('a process that hosts no domain answers the same by asking the one that does', async () => {
  const url = `http://127.0.0.1:${shop.port}`;
  const front = await startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: [],
      peers: new Map(['accounts', 'catalog', 'orders', 'payments'].map((domain) => [domain, url])),
    },
    { services: {} },
  );
  try {
    const query = `{ cart(cartId: "${await cartWith(2)}") { lines { product { title } } } me { id } adminProduct(id: "none") { id } }`;
    const here = await ask(query, { headers: asMerchant });
    const there = await front.call('one', 'POST', '/api/graphql', { json: { query }, headers: asMerchant });
    const { data, errors } = there.json<Result>();
    assert.deepEqual(data, here.data);
    assert.deepEqual(
      errors?.map(({ path, extensions }) => [path?.[0], extensions['code']]),
      here.errors?.map(({ path, extensions }) => [path?.[0], extensions['code']]),
    );
  } finally {
    await front.stop();
  }
});
