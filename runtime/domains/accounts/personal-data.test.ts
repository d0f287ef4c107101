/** A customer's data, for the customer: from every domain, none of another's, and no secret of the shop's. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import type { AdminProduct } from '../catalog/schemas.ts';
import { catalog } from '../catalog/definition.ts';
import { accounts } from './definition.ts';
import type { Session } from './definition.ts';
import { newCustomer } from './testing/customers.ts';

let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([accounts, catalog]);
  for (const id of ['acme', 'other'])
    await database.addTenant({ id, domains: ['accounts', 'catalog'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'apart', domains: ['accounts', 'orders'] }, ADMIN_SECRETS);
  shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['accounts', 'catalog'],
  });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

interface Given {
  readonly customer: string;
  readonly domains: readonly {
    readonly domain: string;
    readonly tables: readonly { readonly table: string; readonly rows: readonly Record<string, unknown>[] }[];
  }[];
}

const ask = (who: Session, tenant = 'acme') =>
  shop.call(tenant, 'GET', '/api/accounts/me/data', { headers: { authorization: `Bearer ${who.token}` } });

async function wishes(who: Session, tenant: string): Promise<void> {
  const { variants } = await shop.managed<AdminProduct>(
    tenant,
    'POST',
    '/api/admin/catalog/products',
    { title: `Thing ${randomUUID()}`, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] },
    201,
  );
  const put = await shop.call(tenant, 'PUT', `/api/catalog/wishlists/default/items/${variants[0]?.id}`, {
    headers: { authorization: `Bearer ${who.token}` },
  });
  assert.equal(put.status, 200, put.text);
}

test('a customer is given what every domain has of them, nothing of another, and no secret', async () => {
  const [ada, eve] = [
    await newCustomer(shop, 'acme', 'Ada@example.com'),
    await newCustomer(shop, 'acme', 'eve@example.com'),
  ];
  const namesake = await newCustomer(shop, 'other', 'ada@example.com');
  for (const [who, tenant] of [
    [ada, 'acme'],
    [eve, 'acme'],
    [namesake, 'other'],
  ] as const)
    await wishes(who, tenant);
  const answer = await ask(ada);
  assert.equal(answer.status, 200, answer.text);
  assert.match(String(answer.headers['content-disposition']), /attachment/);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const { customer, domains } = answer.json<Given>();
  assert.equal(customer, ada.customer.id);
  const counts = Object.fromEntries(
    domains.flatMap(({ tables }) => tables.map(({ table, rows }) => [table, rows.length])),
  );
  assert.deepEqual(counts, {
    customers: 1,
    customer_sessions: 1,
    catalog_wishlists: 1,
    catalog_wishlist_items: 1,
  });
  const { rows } = await database.admin.query<{ hash: string }>(
    'select password_hash as hash from shop.customers',
  );
  for (const { hash } of rows) assert.equal(answer.text.includes(hash), false, 'no password’s hash');
  for (const other of [eve, namesake]) assert.equal(answer.text.includes(other.customer.id), false);
  assert.doesNotMatch(answer.text, /_hash|tenant_id/);
});

test('it is given to nobody else, not twice in a moment, and not by half', async () => {
  const ada = await newCustomer(shop, 'acme', 'again@example.com');
  assert.equal((await shop.call('acme', 'GET', '/api/accounts/me/data')).status, 401);
  assert.equal((await ask(ada, 'other')).status, 403);
  const answers = [await ask(ada), await ask(ada), await ask(ada)];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 429],
  );
  const apart = await ask(await newCustomer(shop, 'apart', 'ada@example.com'), 'apart');
  assert.equal(apart.status, 503, 'a domain of the shop that is not there');
});
