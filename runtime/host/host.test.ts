import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { until } from '../../tests/support/wait.ts';
import { accounts } from '../domains/accounts/definition.ts';
import { newCustomer } from '../domains/accounts/testing/customers.ts';
import { catalog } from '../domains/catalog/definition.ts';
import type { DomainDefinition } from '../platform/definition.ts';
import type { CreateService, DomainService } from '../platform/domain.ts';
import { ShopError } from '../platform/errors.ts';
import type { Tenant } from '../platform/ports.ts';
import { readConfig } from './config.ts';
import { createHost } from './host.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send, startTestHost, type TestHost } from './testing.ts';

/** A domain as small as can be, whose handler the tests steer. */
const echo: DomainDefinition = {
  name: 'echo',
  summary: 'For tests.',
  tables: [],
  migrations: new URL('./', import.meta.url),
  topics: [],
  consumes: [],
  tasks: [],
  buckets: [],
  routes: [
    {
      id: 'pay',
      method: 'POST',
      path: '/api/echo/pay',
      summary: 'Counts.',
      audience: 'shopper',
      body: z.strictObject({ amount: z.int().min(1), note: z.string().max(5).optional() }),
      response: z.object({ n: z.int() }),
      status: 201,
      idempotent: true,
    },
    {
      id: 'slow',
      method: 'GET',
      path: '/api/echo/slow/{id}',
      summary: 'Waits.',
      audience: 'shopper',
      params: z.object({ id: z.string().max(3) }),
      query: z.object({ size: z.coerce.number().max(9) }),
    },
    { id: 'bug', method: 'GET', path: '/api/echo/bug', summary: 'Throws.', audience: 'shopper' },
    { id: 'fixed', method: 'GET', path: '/api/echo/slow/fixed', summary: 'Fixed.', audience: 'shopper' },
    {
      id: 'secret',
      method: 'GET',
      path: '/api/admin/echo/secret',
      summary: 'For the merchant.',
      audience: 'merchant',
    },
    { id: 'ask', method: 'GET', path: '/api/echo/ask', summary: 'Asks a peer.', audience: 'shopper' },
  ],
  scaling: { min: 1, max: 1, cpuPercent: 50 },
  slo: { availability: 0.9, p99Milliseconds: 100 },
};

let database: TestDatabase;
let shop: TestHost;
let count = 0;
let gate: PromiseWithResolvers<void> | undefined;
let failure: unknown;

const service: CreateService = (platform): DomainService => ({
  definition: echo,
  consumers: {},
  tasks: {},
  operations: {
    double: (tenant, input) => Promise.resolve({ tenant: tenant.id, doubled: Number(input) * 2 }),
  },
  routes: {
    async pay() {
      count++;
      await gate?.promise;
      if (failure) throw failure;
      return { json: { n: count } };
    },
    slow: ({ params, query }) => Promise.resolve({ json: { params, query } }),
    fixed: () => Promise.resolve({ json: 'fixed' }),
    bug: () => Promise.reject(new TypeError('the password is hunter2')),
    secret: () => Promise.resolve({ json: 'for your eyes' }),
    ask: async ({ tenant }) => ({ json: await platform.call(tenant.id, 'other', 'double', 21) }),
  },
});
const services = { echo: () => Promise.resolve({ createService: service }) };
const other: CreateService = () => ({
  ...service(NOTHING),
  definition: { ...echo, name: 'other', routes: [] },
  routes: {},
});
const NOTHING = undefined as never; // the operations used here need no platform

before(async () => {
  database = await startTestDatabase([accounts, catalog]);
  const domains = ['echo', 'accounts', 'catalog'];
  await database.addTenant({ id: 'one', domains, currencies: ['EUR', 'USD'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'two', domains });
  await database.addTenant({ id: 'bare', domains: [] });
  await database.addTenant({ id: 'closed', domains, suspended: true });
  await database.addTenant({ id: 'own', domains, placement: 'dedicated' });
  await database.addTenant({ id: 'moving', domains, frozen: true });
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['echo'] },
    // Whoever changes the directory tells of it.
    { services, directoryMilliseconds: 3_600_000 },
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const pay = (key: string | undefined, json: unknown = { amount: 1 }, tenant = 'one') =>
  shop.call(tenant, 'POST', '/api/echo/pay', {
    json,
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });

test('every problem of a request is told at once, as problem+json', async () => {
  const answer = await pay(randomUUID(), { amount: 0, note: 'too long', more: 1 });
  assert.equal(answer.status, 400);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  const problem = answer.json<{
    code: string;
    problems: { where: string }[];
    requestId: string;
    remedy: string;
    type: string;
    title: string;
  }>();
  assert.deepEqual(problem.problems.map(({ where }) => where).toSorted(), [
    'body',
    'body/amount',
    'body/note',
  ]);
  assert.equal(problem.code, 'invalid_input');
  assert.equal(problem.requestId, answer.headers['x-request-id']);
  const both = await shop.call('one', 'GET', '/api/echo/slow/toolong?size=10');
  assert.deepEqual(
    both.json<{ problems: { where: string }[] }>().problems.map(({ where }) => where),
    ['path/id', 'query/size'],
  );
});

const BAD: readonly (readonly [
  what: string,
  status: number,
  said: RegExp,
  call: () => ReturnType<TestHost['call']>,
])[] = [
  [
    'broken JSON',
    400,
    /JSON/,
    () =>
      shop.call('one', 'POST', '/api/echo/pay', {
        body: '{"a":',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      }),
  ],
  [
    'JSON of another name',
    415,
    /application\/json/,
    () =>
      shop.call('one', 'POST', '/api/echo/pay', {
        body: '{}',
        headers: { 'content-type': 'text/plain', 'idempotency-key': randomUUID() },
      }),
  ],
  [
    'a compressed body',
    415,
    /gzip/,
    () =>
      shop.call('one', 'POST', '/api/echo/pay', {
        body: '{}',
        headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
      }),
  ],
  [
    'a body too large',
    413,
    /larger/,
    () =>
      shop.call('one', 'POST', '/api/echo/pay', {
        json: { note: 'x'.repeat(300_000) },
        headers: { 'idempotency-key': randomUUID() },
      }),
  ],
  [
    'JSON nested deeply',
    400,
    /nested/,
    () =>
      shop.call('one', 'POST', '/api/echo/pay', {
        body: '['.repeat(200) + ']'.repeat(200),
        headers: { 'content-type': 'application/json' },
      }),
  ],
  ['no idempotency key', 400, /Idempotency-Key/, () => pay(undefined)],
  ['an idempotency key of three letters', 400, /Idempotency-Key/, () => pay('abc')],
  ['a path that is not there', 404, /nothing/, () => shop.call('one', 'GET', '/api/echo/none')],
  ['a method that is not there', 405, /GET/, () => shop.call('one', 'DELETE', '/api/echo/bug')],
  ['a host that is no shop', 404, /no shop/, () => shop.call('nobody', 'GET', '/api/store')],
  ['a shop that is closed', 503, /closed/, () => shop.call('closed', 'GET', '/api/store')],
  ['a shop of another process', 503, /another runtime/, () => shop.call('own', 'GET', '/api/store')],
  [
    'a change to a shop that moves',
    503,
    /takes no changes for the moment/,
    () => shop.call('moving', 'POST', '/api/echo/pay', { json: {} }),
  ],
  ['a domain that is switched off', 404, /no echo/, () => shop.call('bare', 'GET', '/api/echo/slow/fixed')],
  [
    'a parameter given twice',
    400,
    /query\/size/,
    () => shop.call('one', 'GET', '/api/echo/slow/1?size=1&size=2'),
  ],
  ['a malformed escape', 404, /nothing/, () => shop.call('one', 'GET', '/api/echo/slow/%E0%A4%A')],
  [
    'a merchant route without a key',
    401,
    /unauthenticated/,
    () => shop.call('one', 'GET', '/api/admin/echo/secret'),
  ],
  [
    'a merchant route with a wrong key',
    401,
    /unauthenticated/,
    () => shop.call('one', 'GET', '/api/admin/echo/secret', { headers: { authorization: 'Bearer wrong' } }),
  ],
  [
    'a merchant route with the key of another shop',
    401,
    /unauthenticated/,
    () =>
      shop.call('two', 'GET', '/api/admin/echo/secret', {
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      }),
  ],
  [
    'a session token of another shop',
    403,
    /another shop/,
    () => shop.call('two', 'GET', '/api/echo/bug', { headers: { authorization: 'Bearer sms_one.abc' } }),
  ],
  [
    'an internal call from outside',
    404,
    /nothing/,
    () =>
      shop.call('one', 'POST', '/internal/echo/double', {
        json: { input: 1 },
        headers: { authorization: `Bearer ${Date.now()}.${'x'.repeat(43)}`, 'x-shopmind-tenant': 'one' },
      }),
  ],
];
for (const [what, status, said, call] of BAD) {
  test(`a request with ${what} is answered ${status}, with the reason and a remedy`, async () => {
    const before = count;
    const answer = await call();
    assert.equal(answer.status, status, answer.text);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    assert.match(answer.text, said);
    assert.equal(answer.json<{ status: number }>().status, status);
    assert.equal(count, before, 'no handler ran');
  });
}

test('a text that no database keeps is refused where it comes in', async () => {
  const body = (note: string): string => `{"amount":1,"note":${note}}`;
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  for (const note of ['"\\u0000"', '"\\ud800"', '"x\\udfff"', '{"a\\u0000":1}']) {
    const answer = await shop.call('one', 'POST', '/api/echo/pay', { body: body(note), headers });
    assert.equal(answer.status, 400, note);
    assert.match(answer.text, /half a surrogate pair/);
  }
  assert.equal((await shop.call('one', 'GET', '/api/echo/slow/%00?size=1')).status, 400);
});

test('a bug answers 500 and tells nothing of itself', async () => {
  const answer = await shop.call('one', 'GET', '/api/echo/bug');
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /hunter2|TypeError/);
});

test('a fixed segment wins over a parameter', async () => {
  assert.equal((await shop.call('one', 'GET', '/api/echo/slow/fixed')).text, '"fixed"');
  assert.deepEqual((await shop.call('one', 'GET', '/api/echo/slow/%C3%A4b?size=3')).json(), {
    params: { id: 'äb' },
    query: { size: 3 },
  });
});

test('the first answer to an idempotency key is replayed, per tenant and caller', async () => {
  const key = randomUUID();
  const first = await pay(key);
  assert.equal(first.status, 201);
  const again = await pay(key);
  assert.equal(again.text, first.text);
  assert.equal(again.status, 201);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  const elsewhere = await pay(key, { amount: 1 }, 'two');
  assert.notEqual(elsewhere.text, first.text);
  const mismatch = await pay(key, { amount: 2 });
  assert.equal(mismatch.status, 422);
  assert.match(mismatch.text, /idempotency_mismatch/);
});

test('of many requests with one key at once, one runs and the others are told so', async () => {
  const key = randomUUID();
  const before = count;
  gate = Promise.withResolvers();
  const requests = Array.from({ length: 8 }, () => pay(key));
  const early = await Promise.race(requests);
  assert.equal(early.status, 409);
  assert.match(early.text, /idempotency_in_flight/);
  assert.equal(early.headers['retry-after'], '1');
  gate.resolve();
  const answers = await Promise.all(requests);
  gate = undefined;
  assert.equal(count, before + 1);
  assert.equal(
    answers.filter(({ status, headers }) => status === 201 && headers['idempotency-replayed'] === undefined)
      .length,
    1,
  );
  assert.equal((await pay(key)).status, 201);
});

test('a refusal is kept with its key, a breakdown is not', async () => {
  const refused = randomUUID();
  failure = new ShopError('out_of_stock', 'None left.');
  assert.equal((await pay(refused)).status, 409);
  const broken = randomUUID();
  failure = new ShopError('unavailable', 'Away.');
  assert.equal((await pay(broken)).status, 503);
  failure = undefined;
  assert.equal((await pay(broken)).status, 201);
});

test('a key whose holder died is free again when its lease has ended', async () => {
  const key = randomUUID();
  const first = await pay(key);
  assert.equal(first.status, 201);
  await database.admin.query(
    `UPDATE shop.idempotency_keys SET status = NULL, holder = 'dead' WHERE key = $1`,
    [key],
  );
  assert.equal((await pay(key)).status, 409);
  await database.admin.query(
    `UPDATE shop.idempotency_keys SET locked_until = now() - interval '1 second' WHERE key = $1`,
    [key],
  );
  assert.equal((await pay(key)).status, 201);
});

test('a new tenant, a changed one and a removed one are known at once', async () => {
  const settled = (expected: number): Promise<true> =>
    until(
      async () => {
        const { status } = await shop.call('late', 'GET', '/api/store');
        return status === expected ? true : undefined;
      },
      { withinMs: 30_000, everyMs: 5, what: `the shop answers ${expected}` },
    );
  await settled(404);
  await database.addTenant({ id: 'late' });
  await settled(200);
  await database.addTenant({ id: 'late', suspended: true });
  await settled(503);
  await database.admin.query(`DELETE FROM platform.tenants WHERE id = 'late'`);
  await database.admin.query(`SELECT pg_notify('tenants', 'late')`);
  await settled(404);
});

test('the store tells what visitors may know, with an ETag', async () => {
  const answer = await shop.call('one', 'GET', '/api/store');
  assert.deepEqual(answer.json(), {
    id: 'one',
    displayName: 'one',
    branding: {},
    locales: ['en'],
    currencies: ['EUR', 'USD'],
    domains: ['echo', 'accounts', 'catalog'],
  });
  const same = await shop.call('one', 'GET', '/api/store', {
    headers: { 'if-none-match': String(answer.headers['etag']) },
  });
  assert.equal(same.status, 304);
  assert.equal(same.text, '');
  for (const header of ['x-content-type-options', 'referrer-policy', 'x-frame-options', 'x-request-id'])
    assert.ok(answer.headers[header], header);
  assert.equal(answer.headers['x-powered-by'], undefined);
});

test('domains call each other the same way in one process and across two', async () => {
  const far = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['other'] },
    { services: { other: () => Promise.resolve({ createService: other }) } },
  );
  const near = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['echo', 'other'] },
    { services: { ...services, other: () => Promise.resolve({ createService: other }) } },
  );
  const apart = await startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: ['echo'],
      peers: new Map([['other', `http://127.0.0.1:${far.port}`]]),
    },
    { services },
  );
  for (const host of [near, apart]) {
    assert.deepEqual((await host.call('one', 'GET', '/api/echo/ask')).json(), { tenant: 'one', doubled: 42 });
  }
  await far.stop();
  assert.equal(
    (await apart.call('one', 'GET', '/api/echo/ask')).status,
    503,
    'a peer that is away is no bug',
  );
  await near.stop();
  await apart.stop();
});

test('a message to listeners reaches every process of the scope and no other; a limit is each one’s own where nothing is shared', async () => {
  const start = (tenant?: string) =>
    startTestHost(
      {
        databaseUrl: database.url,
        secretsKey: database.secretsKey,
        domains: ['echo'],
        ...(tenant === undefined ? {} : { tenant }),
      },
      { services },
    );
  const [second, own] = [await start(), await start('own')];
  const heard: string[] = [];
  const listen = async (host: TestHost, who: string): Promise<void> => {
    await host.host.platform.pubsub.subscribe('one', 'news', (message) => heard.push(`${who} ${message}`));
  };
  await listen(shop, 'first');
  await listen(second, 'second');
  await listen(own, 'own');
  await second.host.sql.notify('pubsub_pool', 'neither JSON nor ours');
  await second.host.platform.pubsub.publish('one', 'news', 'hello');
  await own.host.platform.pubsub.publish('one', 'news', 'elsewhere');
  await until(() => (heard.length === 3 ? true : undefined), {
    withinMs: 30_000,
    what: 'all who listen have heard',
  });
  assert.deepEqual(heard.toSorted(), ['first hello', 'own elsewhere', 'second hello']);
  const { limits } = shop.host.platform;
  assert.equal(await limits.take('one', 'letters', 1), 0);
  assert.ok((await limits.take('one', 'letters', 1)) > 0);
  assert.equal(await second.host.platform.limits.take('one', 'letters', 1), 0);
  await second.stop();
  await own.stop();
});

test('a shop that moves can be looked at; a worker takes nothing from it, and a late writer is refused by the server', async () => {
  assert.equal((await shop.call('moving', 'GET', '/api/store')).status, 200);
  const { sql } = shop.host;
  const write = (text: string) => sql.query('moving', text, ['moving', 'k', new Date()]);
  await assert.rejects(
    write(`INSERT INTO idempotency_keys (tenant_id, scope, key, request_hash, holder, locked_until, created_at, expires_at)
      VALUES ($1, 's', $2, '', '', $3, $3, $3)`),
    (error) => error instanceof ShopError && error.code === 'unavailable' && error.retryAfterSeconds === 1,
  );
  await assert.rejects(
    sql.transaction('moving', async (tx) => {
      await tx.query('SELECT 1');
      await tx.enqueue({ name: 'echo.work', payload: {} });
    }),
    /takes no changes/,
  );
});

test('a dedicated process serves its tenant only', async () => {
  const own = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['echo'], tenant: 'own' },
    { services },
  );
  assert.equal((await own.call('own', 'GET', '/api/store')).status, 200);
  assert.equal((await own.call('one', 'GET', '/api/store')).status, 404);
  await own.stop();
});

test('an incomplete domain, or one nobody knows, is refused with everything that is missing', async () => {
  const incomplete: CreateService = (platform) => ({
    ...service(platform),
    routes: {},
    tasks: { 'echo.more': () => Promise.resolve() },
  });
  const config = readConfig({
    SHOPMIND_DOMAINS: 'echo,nothing',
    DATABASE_URL: database.url,
    SECRETS_KEY: database.secretsKey,
    BLOBS_URL: 'file:///nowhere/',
  });
  await assert.rejects(
    createHost(config, shop.host.platform.log, {
      services: { echo: () => Promise.resolve({ createService: incomplete }) },
    }),
    (error) => error instanceof ShopError && error.problems.length === echo.routes.length + 2,
  );
});

test('an environment that is wrong is refused with every variable that is', () => {
  assert.throws(
    () =>
      readConfig({
        SHOPMIND_DOMAINS: '',
        DATABASE_URL: 'mysql://x',
        SECRETS_KEY: 'short',
        PORT: 'eighty',
        PEERS: 'orders',
      }),
    (error) => {
      assert.ok(error instanceof ShopError);
      assert.deepEqual(error.problems.map(({ where }) => where).toSorted(), [
        'BLOBS_URL',
        'DATABASE_URL',
        'PEERS',
        'PORT',
        'SECRETS_KEY',
        'SHOPMIND_DOMAINS',
      ]);
      return true;
    },
  );
});

test('health and metrics stand on their own port', async () => {
  for (const path of ['/livez', '/readyz'])
    assert.equal((await send(shop.adminPort, 'x', 'GET', path)).status, 200);
  const { text } = await send(shop.adminPort, 'x', 'GET', '/metrics');
  assert.match(text, /http_request_duration_seconds_bucket\{[^}]*route="echo.pay"/);
  assert.match(text, /process_resident_memory_bytes/);
});

test('stopping finishes what runs and takes nothing new', async () => {
  const leaving = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['echo'] },
    { services },
  );
  gate = Promise.withResolvers();
  const before = count;
  const running = leaving.call('one', 'POST', '/api/echo/pay', {
    json: { amount: 1 },
    headers: { 'idempotency-key': randomUUID() },
  });
  await until(() => count !== before || undefined, { everyMs: 1, what: 'the payment has begun' });
  const stopped = leaving.stop();
  assert.equal(
    (await send(leaving.adminPort, 'x', 'GET', '/readyz').catch(() => ({ status: 503 }))).status,
    503,
  );
  gate.resolve();
  gate = undefined;
  assert.equal((await running).status, 201);
  await stopped;
  await assert.rejects(leaving.call('one', 'GET', '/api/store'), /ECONNREFUSED/);
});

test('no route lets one tenant see, change or use what is another’s', async () => {
  const both = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['accounts', 'catalog'],
  });
  const victim = await furnish(both, 'one');
  await database.addTenant({ id: 'two', domains: ['accounts', 'catalog'] }, ADMIN_SECRETS);
  const snapshot = () =>
    database.admin.query(
      `SELECT (SELECT jsonb_agg(p ORDER BY id) FROM shop.products p WHERE tenant_id = 'one') AS products,
            (SELECT jsonb_agg(c ORDER BY id) FROM shop.collections c WHERE tenant_id = 'one') AS collections,
            (SELECT jsonb_agg(c ORDER BY id) FROM shop.customers c WHERE tenant_id = 'one') AS customers,
            (SELECT jsonb_agg(a ORDER BY id) FROM shop.customer_addresses a WHERE tenant_id = 'one') AS addresses`,
    );
  const before = (await snapshot()).rows;
  let tried = 0;
  for (const definition of [accounts, catalog]) {
    for (const route of definition.routes) {
      const path = route.path.replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) => victim.ids[`${route.id}.${name}`] ?? victim.ids[name] ?? victim.product,
      );
      for (const authorization of [undefined, `Bearer ${victim.token}`, `Bearer ${ADMIN_KEY}`]) {
        const answer = await both.call('two', route.method, path, {
          ...(route.method === 'GET' || route.method === 'DELETE'
            ? {}
            : { json: victim.bodies[route.id] ?? {} }),
          headers: {
            'idempotency-key': randomUUID(),
            ...(authorization === undefined ? {} : { authorization }),
          },
        });
        tried++;
        assert.ok(answer.status < 500, `${route.id}: ${answer.text}`);
        assert.doesNotMatch(answer.text, /victim|Geheim/i, `${route.method} ${path} shows what is another’s`);
        if (authorization?.includes('sms_'))
          assert.ok(
            answer.status === 403 ||
              route.cacheSeconds !== undefined ||
              // What no session is for refuses it in words of its own.
              (route.audience === 'provider' && answer.status >= 400),
            `${route.id} took a foreign token: ${answer.status}`,
          );
      }
    }
  }
  assert.ok(tried >= 3 * (accounts.routes.length + catalog.routes.length));
  assert.deepEqual((await snapshot()).rows, before);
  await both.stop();
});

interface Victim {
  readonly token: string;
  readonly product: string;
  readonly ids: Readonly<Record<string, string>>;
  readonly bodies: Readonly<Record<string, unknown>>;
}

async function furnish(host: TestHost, tenant: Tenant['id']): Promise<Victim> {
  const product = (
    await host.merchant(tenant, 'POST', '/api/admin/catalog/products', {
      json: { title: 'Geheim', handle: 'geheim', variants: [{ prices: [{ amount: 1, currency: 'EUR' }] }] },
    })
  ).json<{ id: string }>();
  const collection = (
    await host.merchant(tenant, 'POST', '/api/admin/catalog/collections', {
      json: { title: 'Geheimes', handle: 'geheimes', products: ['geheim'] },
    })
  ).json<{ id: string }>();
  const report = (
    await host.merchant(tenant, 'POST', '/api/admin/catalog/imports', {
      body: 'Handle,Title,Variant Price\ngeheim2,Geheim2,1\n',
      headers: { 'content-type': 'text/csv' },
    })
  ).json<{ id: string }>();
  const { token } = await newCustomer(host, tenant, 'victim@one.example', { firstName: 'victim' });
  const address = (
    await host.call(tenant, 'POST', '/api/accounts/me/addresses', {
      json: { name: 'victim', line1: 'x', city: 'x', country: 'DE' },
      headers: { authorization: `Bearer ${token}` },
    })
  ).json<{ id: string }>();
  return {
    token,
    product: product.id,
    ids: {
      id: product.id,
      'getProduct.handle': 'geheim',
      'getCollection.handle': 'geheimes',
      'adminGetCollection.id': collection.id,
      'adminUpdateCollection.id': collection.id,
      'adminDeleteCollection.id': collection.id,
      'adminGetImport.id': report.id,
      'updateAddress.id': address.id,
      'deleteAddress.id': address.id,
    },
    bodies: {
      login: { email: 'victim@one.example', password: 'a good long one' },
      adminUpdateProduct: {
        title: 'Taken',
        version: 1,
        variants: [{ prices: [{ amount: 1, currency: 'EUR' }] }],
      },
      adminUpdateCollection: { title: 'Taken', version: 1, products: ['geheim'] },
      updateAddress: { name: 'taken', line1: 'x', city: 'x', country: 'DE' },
    },
  };
}
