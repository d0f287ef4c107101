/** The merchant's view of customers against a whole runtime, and what customers agreed to. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestAnswer, TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import type { Session } from '../definition.ts';
import { newCustomer, type NewCustomer } from '../testing/customers.ts';
import type { Consent, CustomerDetail, CustomerGroup, ListedCustomer } from './definition.ts';
import { SILENT, startAccounts } from '../testing/rooms.ts';

let database: TestDatabase;
let shop: TestHost;
const clock = manualClock(new Date());

before(async () => {
  ({ database, shop } = await startAccounts({ one: SILENT, two: SILENT, three: SILENT }, { clock }));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const CUSTOMERS = '/api/admin/accounts/customers';
const GROUPS = '/api/admin/accounts/groups';

async function register(tenant: string, email: string, more: NewCustomer = {}): Promise<Session> {
  const session = await newCustomer(shop, tenant, email, { firstName: '', ...more });
  clock.advance(1_000);
  return session;
}
const as = (token: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
});
const group = (tenant: string, name: string): Promise<CustomerGroup> =>
  shop.managed<CustomerGroup>(tenant, 'POST', GROUPS, { name }, 201);
const find = async (tenant: string, query = ''): Promise<string[]> =>
  (await shop.managed<{ customers: ListedCustomer[] }>(tenant, 'GET', `${CUSTOMERS}${query}`)).customers.map(
    ({ email }) => email,
  );

test('customers are listed youngest first, page by page, and found by address, name and group', async () => {
  const names = ['Ada Lovelace', 'Grace Hopper', 'Adam 100%', 'Mary Jackson'];
  const ids: string[] = [];
  for (const [index, name] of names.entries()) {
    const [firstName = '', lastName = ''] = name.split(' ');
    ids.push((await register('one', `${index}@example.org`, { firstName, lastName })).customer.id);
  }
  await register('two', 'elsewhere@example.org');
  const path = (cursor?: string): string => `?limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`;
  const first = await shop.managed<{ nextCursor: string }>('one', 'GET', `${CUSTOMERS}${path()}`);
  assert.deepEqual(await find('one', path()), ['3@example.org', '2@example.org', '1@example.org']);
  assert.deepEqual(await find('one', path(first.nextCursor)), ['0@example.org']);
  assert.deepEqual(await find('one', '?q=ADA'), ['2@example.org', '0@example.org']);
  assert.deepEqual(await find('one', '?q=1@EX'), ['1@example.org']);
  assert.deepEqual(await find('one', '?q=0%25'), ['2@example.org'], 'a sign that is no pattern');
  assert.deepEqual(await find('one', '?q=_'), []);
  const { id } = await group('one', 'Trade');
  await shop.managed('one', 'PUT', `${CUSTOMERS}/${ids[1]}/groups`, { groupIds: [id] });
  assert.deepEqual(await find('one', `?group=${id}`), ['1@example.org']);
});

test('a customer is put in groups and taken out; a group that goes leaves its customers', async () => {
  const { customer } = await register('two', 'grouped@example.org');
  const [trade, press] = [await group('two', 'Trade'), await group('two', 'Press')];
  const put = (groupIds: readonly string[]): Promise<TestAnswer> =>
    shop.merchant('two', 'PUT', `${CUSTOMERS}/${customer.id}/groups`, { json: { groupIds } });
  const found = async (): Promise<string[]> =>
    (await shop.managed<CustomerDetail>('two', 'GET', `${CUSTOMERS}/${customer.id}`)).groupIds;
  assert.equal((await put([trade.id, press.id, trade.id])).status, 200);
  assert.deepEqual(await found(), [trade.id, press.id].toSorted());
  assert.equal((await put([press.id])).status, 200);
  assert.deepEqual(await found(), [press.id]);
  assert.equal((await put(['grp_none'])).status, 400);
  assert.deepEqual(await found(), [press.id], 'nothing was done by halves');
  await shop.managed('two', 'DELETE', `${GROUPS}/${press.id}`, undefined, 204);
  assert.deepEqual(await found(), []);
  assert.equal((await shop.merchant('two', 'DELETE', `${GROUPS}/${press.id}`)).status, 404);
  assert.equal(
    (await shop.merchant('two', 'PUT', `${CUSTOMERS}/cus_none/groups`, { json: { groupIds: [] } })).status,
    404,
  );
});

test('a group’s name is its own, also for two who choose it at the same moment, and another shop’s is out of reach', async () => {
  const trade = await group('three', 'Trade');
  const both = await Promise.all(
    [1, 2].map(() => shop.merchant('three', 'POST', GROUPS, { json: { name: 'Press' } })),
  );
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 409]);
  const rename = (tenant: string, id: string, name: string): Promise<TestAnswer> =>
    shop.merchant(tenant, 'PUT', `${GROUPS}/${id}`, { json: { name } });
  assert.equal((await rename('three', trade.id, 'Press')).status, 409);
  assert.equal((await rename('three', trade.id, 'Trade')).status, 200);
  assert.equal((await rename('three', trade.id, 'Dealers')).json()['name'], 'Dealers');
  assert.equal((await rename('one', trade.id, 'x')).status, 404);
  const { groups } = await shop.managed<{ groups: CustomerGroup[] }>('three', 'GET', GROUPS);
  assert.deepEqual(
    groups.map(({ name, customers }) => [name, customers]),
    [
      ['Dealers', 0],
      ['Press', 0],
    ],
  );
});

test('what a customer agreed to and took back stays on record, and only that', async () => {
  const { token, customer } = await register('one', 'consent@example.org', { acceptsMarketing: true });
  await register('one', 'silent@example.org');
  const patch = (json: object): Promise<TestAnswer> =>
    shop.call('one', 'PATCH', '/api/accounts/me', { json, ...as(token) });
  await patch({ firstName: 'Ada' });
  clock.advance(1_000);
  await Promise.all([patch({ acceptsMarketing: false }), patch({ acceptsMarketing: false })]);
  clock.advance(1_000);
  await patch({ acceptsMarketing: true });
  const mine = await shop.call('one', 'GET', '/api/accounts/me/consents', as(token));
  const { consents } = mine.json<{ consents: Consent[] }>();
  assert.deepEqual(
    consents.map(({ granted, source }) => `${granted} ${source}`),
    ['true profile', 'false profile', 'true registration'],
  );
  const seen = await shop.managed<CustomerDetail>('one', 'GET', `${CUSTOMERS}/${customer.id}`);
  assert.deepEqual(seen.consents, consents);
  const { rows } = await database.admin.query(
    `SELECT 1 FROM shop.customer_consents c JOIN shop.customers p ON p.tenant_id = c.tenant_id AND p.id = c.customer_id
     WHERE p.email = 'silent@example.org'`,
  );
  assert.equal(rows.length, 0);
});
