/** API keys against a whole runtime: each opens what its scopes say, over every protocol, and nothing else. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { DOMAINS } from '../../domains/index.ts';
import type { RouteDefinition } from '../../platform/definition.ts';
import { HOST_ROUTES } from '../definition.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../testing.ts';
import { isApiKey, MOST_KEYS } from './keys.ts';
import { SCOPES, scopeOf } from './scopes.ts';

let database: TestDatabase;
let shop: TestHost;
let now = new Date('2026-03-01T10:00:00Z');
/** As the operator makes one. */
const OPERATORS_KEY = `smk_${randomBytes(32).toString('base64url')}`;

before(async () => {
  const domains = DOMAINS.map(({ name }) => name);
  database = await startTestDatabase(DOMAINS);
  await database.addTenant({ id: 'one', domains }, ADMIN_SECRETS);
  await database.addTenant({ id: 'two', domains }, ADMIN_SECRETS);
  await database.addTenant(
    { id: 'three', domains },
    { 'admin-key-hash': createHash('sha256').update(OPERATORS_KEY).digest('hex') },
  );
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains },
    { clock: { now: () => now } },
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

interface Made {
  readonly id: string;
  readonly key: string;
}

async function make(scopes: readonly string[], more: object = {}, tenant = 'one'): Promise<Made> {
  const answer = await shop.merchant(tenant, 'POST', '/api/admin/keys', {
    json: { name: 'A program', scopes, ...more },
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<Made & Record<string, unknown>>();
}

function as(key: string, method: string, path: string, json?: object, tenant = 'one') {
  return shop.call(tenant, method, path, {
    ...(json === undefined ? {} : { json }),
    headers: { authorization: `Bearer ${key}`, 'idempotency-key': 'k' },
  });
}

const code = async (answer: ReturnType<typeof as>): Promise<unknown> => (await answer).json()['code'];

test('the key that comes with a shop, which the operator makes, is no API key', async () => {
  assert.equal(isApiKey(OPERATORS_KEY), false);
  const answer = await as(OPERATORS_KEY, 'GET', '/api/admin/keys', undefined, 'three');
  assert.equal(answer.status, 200, answer.text);
});

test('a key is shown once, kept as a hash, listed without itself, and dead the moment it is revoked', async () => {
  const { id, key } = await make(['catalog:read']);
  assert.match(key, /^smk_one\.[\w-]{43}$/);
  assert.equal((await as(key, 'GET', '/api/admin/catalog/products')).status, 200);
  const list = await shop.merchant('one', 'GET', '/api/admin/keys');
  assert.doesNotMatch(list.text, new RegExp(key.slice(8)));
  const [listed] = list.json<{ keys: Record<string, unknown>[] }>().keys;
  assert.deepEqual(listed, {
    id,
    name: 'A program',
    hint: key.slice(-4),
    scopes: ['catalog:read'],
    createdAt: now.toISOString(),
    expiresAt: null,
    usedAt: now.toISOString(),
    revokedAt: null,
  });
  const { rows } = await shop.host.sql.query<{ hash: Buffer }>(
    'one',
    'SELECT hash FROM api_keys WHERE tenant_id = $1',
    ['one'],
  );
  assert.deepEqual(
    rows.map(({ hash }) => hash.toString('hex')),
    [createHash('sha256').update(key).digest('hex')],
  );
  assert.equal((await shop.merchant('one', 'DELETE', `/api/admin/keys/${id}`)).status, 204);
  assert.equal((await shop.merchant('one', 'DELETE', `/api/admin/keys/${id}`)).status, 204);
  assert.equal(await code(as(key, 'GET', '/api/admin/catalog/products')), 'unauthenticated');
  assert.equal((await shop.merchant('one', 'DELETE', '/api/admin/keys/none')).status, 404);
});

test('each merchant’s route of each domain refuses a key that has every scope but its own', async () => {
  const routes: { domain: string; route: RouteDefinition }[] = [
    ...HOST_ROUTES.map((route) => ({ domain: 'store', route })),
    ...DOMAINS.flatMap(({ name: domain, routes: own }) => own.map((route) => ({ domain, route }))),
  ].filter(({ route }) => route.audience === 'merchant');
  assert.ok(routes.length > 40);
  const keys = new Map<string | undefined, string>();
  for (const scope of [...SCOPES, undefined])
    keys.set(scope, (await make(SCOPES.filter((one) => one !== scope))).key);
  for (const { domain, route } of routes) {
    const key = keys.get(scopeOf(domain, route));
    assert.ok(key, `${domain}.${route.id} asks for a scope that nobody can have`);
    const answer = await as(key, route.method, route.path.replaceAll(/\{\w+\}/g, 'x'));
    assert.equal(answer.status, 403, `${domain}.${route.id}: ${answer.text}`);
    assert.match(answer.text, /This key has no scope|No API key opens this|about a member of the staff/);
  }
});

test('over GraphQL a key opens the same, field by field', async () => {
  const { key } = await make(['catalog:read']);
  const query = '{ adminProducts { products { id } } orders { orders { id } } apiKeys { keys { id } } }';
  const { data, errors } = (await as(key, 'POST', '/api/graphql', { query })).json<{
    data: Record<string, unknown>;
    errors: { path: string[]; extensions: { code: string } }[];
  }>();
  assert.deepEqual(data, { adminProducts: { products: [] }, orders: null, apiKeys: null });
  assert.deepEqual(errors.map(({ path, extensions }) => `${path.join()} ${extensions.code}`).toSorted(), [
    'apiKeys forbidden',
    'orders forbidden',
  ]);
});

test('a key opens one shop, is no session of a customer, and ends with its time', async () => {
  const { key } = await make(SCOPES);
  assert.equal(await code(as(key, 'GET', '/api/admin/catalog/products', undefined, 'two')), 'forbidden');
  const other = key.replace('smk_one', 'smk_two');
  assert.equal(
    await code(as(other, 'GET', '/api/admin/catalog/products', undefined, 'two')),
    'unauthenticated',
  );
  assert.equal(await code(as(key, 'GET', '/api/accounts/me')), 'unauthenticated');
  assert.equal((await as(key, 'GET', '/api/catalog/products')).status, 200);
  const brief = await make(['catalog:read'], { expiresAt: '2026-03-01T11:00:00Z' });
  assert.equal((await as(brief.key, 'GET', '/api/admin/catalog/products')).status, 200);
  now = new Date('2026-03-01T11:00:00Z');
  assert.equal(await code(as(brief.key, 'GET', '/api/admin/catalog/products')), 'unauthenticated');
});

test('what is no scope is refused by name, and a shop has so many keys and no more', async () => {
  const wrong = await shop.merchant('two', 'POST', '/api/admin/keys', {
    json: { name: 'x', scopes: ['everything'] },
  });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /catalog:read/);
  for (let count = 0; count < MOST_KEYS; count += 1) await make(['catalog:read'], {}, 'two');
  const answer = await shop.merchant('two', 'POST', '/api/admin/keys', {
    json: { name: 'x', scopes: ['catalog:read'] },
  });
  assert.equal(answer.status, 409);
});
