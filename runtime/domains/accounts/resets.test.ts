/** A forgotten password is set anew by the link of a mail; whoever asks for one learns nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../tests/support/database.ts';
import { whileHeld } from '../../../tests/support/locks.ts';
import type { TestAnswer, TestHost } from '../../host/testing.ts';
import { manualClock } from '../../platform/clock.ts';
import type { Session } from './definition.ts';
import type { StaffSession } from './staff/definition.ts';
import { newCustomer } from './testing/customers.ts';
import { as, invite, join, linksTo, STAFF_PASSWORD, subjectsTo } from './testing/staff.ts';
import { startAccounts, WITH_MAILS } from './testing/rooms.ts';

let database: TestDatabase;
let shop: TestHost;
const clock = manualClock(new Date());
const PASSWORD = 'correct horse battery';
const NEXT = 'another horse entirely';
const HOUR = 60 * 60 * 1_000;
const CHANGED = /^Your password for .* was changed$/;

before(async () => {
  ({ database, shop } = await startAccounts({ one: WITH_MAILS, two: WITH_MAILS }, { clock }));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const post = (path: string, json: object, tenant = 'one'): Promise<TestAnswer> =>
  shop.call(tenant, 'POST', `/api/accounts${path}`, { json });
const register = (email: string, tenant = 'one'): Promise<Session> =>
  newCustomer(shop, tenant, email, { password: PASSWORD });
const login = async (email: string, password: string): Promise<number> =>
  (await post('/login', { email, password })).status;
const plain = (answer: TestAnswer): object => ({
  status: answer.status,
  text: answer.text,
  headers: Object.keys(answer.headers).toSorted(),
});

test('a forgotten password is set anew by the link, once; every session ends', async () => {
  const { token: session } = await register('ada@example.org');
  assert.equal((await post('/password/forgot', { email: ' ADA@example.org' })).status, 202);
  const [token = ''] = await linksTo(shop, 'one', 'ada@example.org', 'reset');
  assert.equal((await post('/password/reset', { token, password: 'short' })).status, 400);
  const set = await post('/password/reset', { token, password: NEXT });
  assert.equal(set.status, 204, set.text);
  assert.equal((await shop.call('one', 'GET', '/api/accounts/me', { headers: as(session) })).status, 401);
  assert.deepEqual(
    [await login('ada@example.org', PASSWORD), await login('ada@example.org', NEXT)],
    [401, 200],
  );
  assert.equal((await post('/password/reset', { token, password: PASSWORD })).status, 410);
  assert.equal(
    (await subjectsTo(shop, 'one', 'ada@example.org')).filter((one) => CHANGED.test(one)).length,
    1,
  );
});

test('who asks for a link is answered the same, and in time the same, whether there is an account', async () => {
  await register('known@example.org');
  const known = await post('/password/forgot', { email: 'known@example.org' });
  const unknown = await post('/password/forgot', { email: 'nobody@example.org' });
  assert.deepEqual(plain(known), plain(unknown));
  assert.equal((await linksTo(shop, 'one', 'known@example.org', 'reset')).length, 1);
  assert.equal((await linksTo(shop, 'one', 'nobody@example.org', 'reset')).length, 0);
  // The same work was left to the same task: what it found stays with it.
  const { rows } = await database.admin.query<{ payload: { purpose: string } }>(
    `SELECT payload FROM shop.tasks WHERE tenant_id = 'one' AND key LIKE 'reset/%' AND key <> 'reset/ada@example.org'`,
  );
  for (const { payload } of rows) assert.deepEqual(Object.keys(payload).toSorted(), ['email', 'purpose']);
});

test('a link ends after an hour, is good in its own shop and for its own purpose alone', async () => {
  await register('hour@example.org');
  await register('hour@example.org', 'two');
  await post('/password/forgot', { email: 'hour@example.org' });
  const [token = ''] = await linksTo(shop, 'one', 'hour@example.org', 'reset');
  assert.equal((await post('/password/reset', { token, password: NEXT }, 'two')).status, 410);
  assert.equal((await post('/staff/password/reset', { token, password: NEXT })).status, 410);
  assert.equal((await post('/staff/accept', { token, password: NEXT })).status, 410);
  clock.advance(HOUR);
  assert.equal((await post('/password/reset', { token, password: NEXT })).status, 410);
});

test('of two who use one link at the same moment one does', async () => {
  await register('twice@example.org');
  await post('/password/forgot', { email: 'twice@example.org' });
  const [token = ''] = await linksTo(shop, 'one', 'twice@example.org', 'reset');
  const answers = await Promise.all(
    [PASSWORD, NEXT].map((password) => post('/password/reset', { token, password })),
  );
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [204, 410]);
});

test('whoever comes with the former password while another is being set is too late, with whatever', async () => {
  const { token: session } = await register('race@example.org');
  await join(shop, 'one', 'race@example.org', ['viewer']);
  const credentials = { email: 'race@example.org', password: PASSWORD };
  const change = { password: { present: PASSWORD, next: NEXT } };
  const headers = as(session);
  const patch = () => shop.call('one', 'PATCH', '/api/accounts/me', { headers, json: change });
  const signIn = () => post('/staff/login', { ...credentials, password: STAFF_PASSWORD });
  assert.equal((await whileAnotherIsSet('customers', () => post('/login', credentials))).status, 401);
  assert.equal((await whileAnotherIsSet('customers', patch)).status, 400);
  assert.equal((await whileAnotherIsSet('staff_members', signIn)).status, 401);
  assert.equal(await login('race@example.org', PASSWORD), 200, 'nothing of it was done');
});

/** Of race@example.org: another password is set, and the former one again once whoever came meanwhile has their answer. */
async function whileAnotherIsSet(
  table: 'customers' | 'staff_members',
  come: () => Promise<TestAnswer>,
): Promise<TestAnswer> {
  const { rows } = await database.admin.query<{ id: string; hash: string }>(
    `select id, password_hash as hash from shop.${table} where tenant_id = 'one' and email_key = 'race@example.org'`,
  );
  const set = `update shop.${table} set password_hash = $2 where tenant_id = 'one' and id = $1`;
  const answer = await whileHeld(database, [set, [rows[0]?.id, 'another']], come);
  await database.admin.query(set, [rows[0]?.id, rows[0]?.hash]);
  return answer;
}

test('a mailbox gets a few links and no more; who has one may sign in again however many guessed', async () => {
  await register('flooded@example.org');
  const statuses = new Set<number>();
  for (let n = 0; n < 5; n++)
    statuses.add((await post('/password/forgot', { email: 'flooded@example.org' })).status);
  assert.deepEqual([...statuses], [202, 429]);
  for (let n = 0; n < 12; n++) await login('flooded@example.org', 'guess');
  assert.equal(await login('flooded@example.org', PASSWORD), 429);
  const [token = ''] = await linksTo(shop, 'one', 'flooded@example.org', 'reset');
  await post('/password/reset', { token, password: NEXT });
  assert.equal(await login('flooded@example.org', NEXT), 200);
});

test('for the staff it is the same, apart from customers of the same address; an invitation stays one', async () => {
  await register('both@example.org');
  const { token: session } = await join(shop, 'one', 'both@example.org', ['viewer']);
  await post('/staff/password/forgot', { email: 'both@example.org' });
  const [token = ''] = await linksTo(shop, 'one', 'both@example.org', 'staff-reset');
  assert.equal((await post('/staff/password/reset', { token, password: NEXT })).status, 204);
  const me = await shop.call('one', 'GET', '/api/admin/accounts/me', { headers: as(session) });
  assert.equal(me.status, 401);
  assert.equal(await login('both@example.org', PASSWORD), 200);
  const signedIn = await post('/staff/login', { email: 'both@example.org', password: NEXT });
  assert.equal(signedIn.json<StaffSession & Record<string, unknown>>().staff.state, 'active');
  await invite(shop, 'one', 'invited@example.org', ['viewer']);
  await post('/staff/password/forgot', { email: 'invited@example.org' });
  assert.deepEqual(await linksTo(shop, 'one', 'invited@example.org', 'staff-reset'), []);
  assert.equal(
    (await post('/staff/login', { email: 'invited@example.org', password: STAFF_PASSWORD })).status,
    401,
  );
});
