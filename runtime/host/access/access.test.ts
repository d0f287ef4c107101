/** What the staff of a shop may do, against a whole runtime: by their roles, over every protocol, at once and nowhere else. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { as, join } from '../../domains/accounts/testing/staff.ts';
import { PRESETS } from '../../domains/accounts/staff/roles.ts';
import type { StaffSelf } from '../../domains/accounts/staff/definition.ts';
import { DOMAINS } from '../../domains/index.ts';
import type { RouteDefinition } from '../../platform/definition.ts';
import type { AuditPage } from '../definition.ts';
import { HOST_ROUTES } from '../definition.ts';
import { SCOPES, scopeOf } from '../keys/scopes.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer, type TestHost } from '../testing.ts';

let database: TestDatabase;
let shop: TestHost;
/** A second process of the same shops. */
let other: TestHost;

before(async () => {
  const domains = DOMAINS.map(({ name }) => name);
  database = await startTestDatabase(DOMAINS);
  for (const id of ['one', 'two']) await database.addTenant({ id, domains }, ADMIN_SECRETS);
  const config = { databaseUrl: database.url, secretsKey: database.secretsKey, domains };
  [shop, other] = await Promise.all([startTestHost(config), startTestHost(config)]);
});
after(async () => {
  await Promise.all([shop.stop(), other.stop()]);
  await database.stop();
});

const ROUTES: readonly { readonly domain: string; readonly route: RouteDefinition }[] = [
  ...HOST_ROUTES.map((route) => ({ domain: 'store', route })),
  ...DOMAINS.flatMap(({ name: domain, routes }) => routes.map((route) => ({ domain, route }))),
].filter(({ route }) => route.audience === 'merchant');

const ask = (token: string, method: string, path: string, json?: object, at = shop): Promise<TestAnswer> =>
  at.call('one', method, path, {
    ...(json === undefined ? {} : { json }),
    headers: { ...as(token), 'idempotency-key': randomUUID() },
  });

test('each merchant’s route refuses a member of the staff whose roles have every scope but its own', async () => {
  const { id: roleId } = await shop.managed<{ id: string }>(
    'one',
    'POST',
    '/api/admin/accounts/roles',
    { name: 'All but one', scopes: SCOPES },
    201,
  );
  const { token } = await join(shop, 'one', 'all@shop.example', [roleId]);
  const asked = Map.groupBy(
    ROUTES.filter(({ route }) => route.self !== true),
    ({ domain, route }) => scopeOf(domain, route),
  );
  assert.ok(asked.size > 10);
  for (const [scope, routes] of asked) {
    await shop.managed('one', 'PUT', `/api/admin/accounts/roles/${roleId}`, {
      name: 'All but one',
      scopes: SCOPES.filter((one) => one !== scope),
    });
    for (const { domain, route } of routes) {
      const answer = await ask(token, route.method, route.path.replaceAll(/\{\w+\}/g, 'x'));
      assert.equal(answer.status, 403, `${domain}.${route.id}: ${answer.text}`);
      assert.match(answer.text, /None of your roles has the scope|Only an owner of the shop/);
    }
  }
});

test('a route about oneself is open to each member of the staff, and to neither keys nor the admin key', async () => {
  const { token, staff } = await join(shop, 'one', 'self@shop.example', ['support']);
  const self = (await ask(token, 'GET', '/api/admin/accounts/me')).json<
    StaffSelf & Record<string, unknown>
  >();
  assert.deepEqual([self.id, self.scopes.includes('chat:write')], [staff.id, true]);
  assert.equal((await shop.merchant('one', 'GET', '/api/admin/accounts/me')).status, 403);
});

test('what roles are good for is what their routes do, and an owner may do everything', async () => {
  const opens = async (token: string, method: string, path: string, json?: object): Promise<boolean> => {
    const { status, text } = await ask(token, method, path, json);
    assert.ok([200, 201, 400, 403, 404].includes(status), text);
    return status !== 403;
  };
  const asked = {
    'orders:read': ['GET', '/api/admin/orders/orders'],
    'catalog:read': ['GET', '/api/admin/catalog/products'],
    'catalog:write': ['POST', '/api/admin/catalog/collections', { title: '' }],
    'chat:read': ['GET', '/api/admin/chat/rooms'],
    people: ['GET', '/api/admin/keys'],
  } as const;
  const expected: Readonly<Record<string, readonly (keyof typeof asked)[]>> = {
    owner: ['orders:read', 'catalog:read', 'catalog:write', 'chat:read', 'people'],
    orders: ['orders:read', 'catalog:read'],
    catalogue: ['catalog:read', 'catalog:write'],
    marketing: ['catalog:read'],
    support: ['orders:read', 'catalog:read', 'chat:read'],
    viewer: ['orders:read', 'catalog:read', 'chat:read'],
  };
  assert.deepEqual(
    Object.keys(expected),
    PRESETS.map(({ id }) => id),
  );
  const { token, staff } = await join(shop, 'one', 'many@shop.example', ['viewer']);
  for (const [role, open] of Object.entries(expected)) {
    await shop.managed('one', 'PATCH', `/api/admin/accounts/staff/${staff.id}`, { roles: [role] });
    const found: string[] = [];
    for (const [name, [method, path, json]] of Object.entries(asked))
      if (await opens(token, method, path, json)) found.push(name);
    assert.deepEqual(found, open, role);
    // The shop has owners beside this one: it may be another next.
    if (role === 'owner') await join(shop, 'one', 'owner@shop.example', ['owner']);
  }
});

test('presets are of scopes that there are', () => {
  for (const { id, scopes } of PRESETS)
    for (const scope of scopes) assert.ok(scope.startsWith('*') || SCOPES.includes(scope), `${id}: ${scope}`);
});

test('another process goes by a change with the next request, and a removed member is nobody', async () => {
  const { token, staff } = await join(shop, 'one', 'elsewhere@shop.example', ['viewer']);
  const status = async (): Promise<number> =>
    (await ask(token, 'GET', '/api/admin/orders/orders', undefined, other)).status;
  assert.equal(await status(), 200);
  const path = `/api/admin/accounts/staff/${staff.id}`;
  await shop.managed('one', 'PATCH', path, { roles: ['catalogue'] });
  assert.equal(await status(), 403);
  await shop.managed('one', 'PATCH', path, { roles: ['catalogue', 'orders'] });
  assert.equal(await status(), 200);
  await shop.managed('one', 'DELETE', path, undefined, 204);
  assert.equal(await status(), 401);
});

test('over GraphQL roles open the same, field by field', async () => {
  const { token } = await join(shop, 'one', 'graph@shop.example', ['catalogue']);
  const query = '{ adminProducts { products { id } } orders { orders { id } } apiKeys { keys { id } } }';
  const { data, errors } = (await ask(token, 'POST', '/api/graphql', { query })).json<{
    data: Record<string, unknown>;
    errors: { path: string[]; extensions: { code: string } }[];
  }>();
  assert.deepEqual(data, { adminProducts: { products: [] }, orders: null, apiKeys: null });
  assert.deepEqual(errors.map(({ path, extensions }) => `${path.join()} ${extensions.code}`).toSorted(), [
    'apiKeys forbidden',
    'orders forbidden',
  ]);
});

test('a session of one shop’s staff is nothing in another, and no session of a customer', async () => {
  const { token } = await join(shop, 'one', 'apart@shop.example', ['owner']);
  const there = (given: string): Promise<TestAnswer> =>
    shop.call('two', 'GET', '/api/admin/orders/orders', { headers: as(given) });
  assert.equal((await there(token)).status, 403);
  assert.equal((await there(token.replace('smf_one', 'smf_two'))).status, 401);
  assert.equal((await ask(token, 'GET', '/api/accounts/me')).status, 401);
});

test('the audit log names the member of the staff', async () => {
  const { token, staff } = await join(shop, 'one', 'audited@shop.example', ['catalogue']);
  const made = await ask(token, 'POST', '/api/admin/catalog/collections', { title: 'By a member' });
  assert.equal(made.status, 201, made.text);
  const { entries } = await shop.managed<AuditPage>('one', 'GET', '/api/admin/audit?limit=2');
  assert.deepEqual(
    entries.map(({ actor, operation, outcome }) => [actor, operation, outcome]),
    [
      [undefined, undefined, '201'],
      [`staff:${staff.id}`, 'catalog.adminCreateCollection', undefined],
    ],
  );
});
