import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { startTestHost, type TestAnswer, type TestCall, type TestHost } from '../../host/testing.ts';
import { manualClock } from '../../platform/clock.ts';
import { accounts, type Session } from './definition.ts';
import { createSessions } from './sessions.ts';
import type { Address, Customer } from './shapes.ts';
import { newCustomer } from './testing/customers.ts';

let database: TestDatabase;
let shop: TestHost;
// Ahead of the server's clock, which only `created_at` of the outbox follows.
const clock = manualClock(new Date());
const PASSWORD = 'correct horse battery';

before(async () => {
  database = await startTestDatabase([accounts]);
  await database.addTenant({ id: 'one', domains: ['accounts'] });
  await database.addTenant({ id: 'two', domains: ['accounts'] });
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['accounts'] },
    { clock },
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const call = (method: string, path: string, options?: TestCall) =>
  shop.call('one', method, `/api/accounts${path}`, options);
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const register = (email: string): Promise<Session> => newCustomer(shop, 'one', email, { password: PASSWORD });
const cookieOf = (answer: TestAnswer) => String(answer.headers['set-cookie']).split(';')[0] ?? '';

test('a customer logs in, is known by token and by cookie, and logs out', async () => {
  await register('Ada@Example.org');
  const answer = await call('POST', '/login', { json: { email: 'ada@example.org', password: PASSWORD } });
  assert.equal(answer.status, 200, answer.text);
  assert.match(
    String(answer.headers['set-cookie']),
    /^shopmind_session=sms_one\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Expires=/,
  );
  assert.doesNotMatch(String(answer.headers['set-cookie']), /Domain=/);
  const { token, customer } = answer.json<Session>();
  assert.equal(customer.email, 'Ada@Example.org');
  assert.equal((await call('GET', '/me', { headers: as(token) })).json<Customer>().id, customer.id);
  const cookie = cookieOf(answer);
  assert.equal((await call('GET', '/me', { headers: { cookie } })).status, 200);
  const out = await call('POST', '/logout', { headers: as(token) });
  assert.equal(out.status, 204);
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/);
  assert.equal((await call('GET', '/me', { headers: { cookie } })).status, 401);
});

test('neither password nor token is in the database', async () => {
  const { token } = await register('secret@example.org');
  const { rows } = await database.admin.query<{ all: string }>(
    `SELECT (SELECT jsonb_agg(c)::text FROM shop.customers c) || (SELECT jsonb_agg(s)::text FROM shop.customer_sessions s) || coalesce((SELECT jsonb_agg(o)::text FROM shop.event_log o), '') AS all`,
  );
  assert.doesNotMatch(rows[0]?.all ?? '', new RegExp(`${PASSWORD}|${token.split('.')[1]}`));
  assert.match(rows[0]?.all ?? '', /\$argon2id\$v=19\$/);
});

test('a wrong password and an unknown address get the same answer', async () => {
  await register('known@example.org');
  const wrong = await call('POST', '/login', { json: { email: 'known@example.org', password: 'wrong' } });
  const unknown = await call('POST', '/login', { json: { email: 'nobody@example.org', password: 'wrong' } });
  const plain = (answer: TestAnswer) => ({ ...answer.json(), requestId: '' });
  assert.equal(wrong.status, 401);
  assert.deepEqual(plain(wrong), plain(unknown));
  const right = await call('POST', '/login', { json: { email: ' KNOWN@example.org ', password: PASSWORD } });
  assert.equal(right.status, 200, right.text);
});

test('guessing is stopped, per address, also of addresses nobody has; a right password clears the count', async () => {
  for (const email of ['known@example.org', 'no.one@example.org']) {
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++)
      statuses.push((await call('POST', '/login', { json: { email, password: 'guess' } })).status);
    assert.deepEqual([...new Set(statuses)], [401, 429], email);
  }
  const locked = await call('POST', '/login', { json: { email: 'known@example.org', password: PASSWORD } });
  assert.equal(locked.status, 429);
  assert.ok(Number(locked.headers['retry-after']) > 0);
  clock.advance(16 * 60 * 1_000);
  assert.equal(
    (await call('POST', '/login', { json: { email: 'known@example.org', password: PASSWORD } })).status,
    200,
  );
});

test('a new password ends every other session and needs the present one', async () => {
  const first = await register('change@example.org');
  const second = (
    await call('POST', '/login', { json: { email: 'change@example.org', password: PASSWORD } })
  ).json<Session>();
  const refused = await call('PATCH', '/me', {
    headers: as(first.token),
    json: { password: { present: 'wrong', next: 'another long one' } },
  });
  assert.equal(refused.status, 400);
  const changed = await call('PATCH', '/me', {
    headers: as(first.token),
    json: { password: { present: PASSWORD, next: 'another long one' } },
  });
  assert.equal(changed.status, 200, changed.text);
  for (const { token } of [first, second])
    assert.equal((await call('GET', '/me', { headers: as(token) })).status, 401);
  assert.equal((await call('GET', '/me', { headers: { cookie: cookieOf(changed) } })).status, 200);
  assert.equal(
    (await call('POST', '/login', { json: { email: 'change@example.org', password: PASSWORD } })).status,
    401,
  );
});

test('a session ends after a month without use, and is prolonged by use', async () => {
  const { token } = await register('month@example.org');
  clock.advance(20 * 24 * 60 * 60 * 1_000);
  assert.equal((await call('GET', '/me', { headers: as(token) })).status, 200);
  clock.advance(20 * 24 * 60 * 60 * 1_000);
  assert.equal((await call('GET', '/me', { headers: as(token) })).status, 200);
  clock.advance(31 * 24 * 60 * 60 * 1_000);
  assert.equal((await call('GET', '/me', { headers: as(token) })).status, 401);
});

const MINUTE_MS = 60_000;
const mayEnter = async (token: string): Promise<boolean> =>
  (await call('GET', '/me', { headers: as(token) })).status === 200;
const renewed = (token: string) => call('POST', '/session', { headers: as(token) });

test('a token is exchanged for the next one, and the one before is good for a moment', async () => {
  const { token: first } = await register('renew@example.org');
  const answer = await renewed(first);
  assert.equal(answer.status, 200, answer.text);
  const second = answer.json<Session>().token;
  assert.notEqual(second, first);
  assert.match(cookieOf(answer), new RegExp(`^shopmind_session=${second}`));
  assert.deepEqual([await mayEnter(first), await mayEnter(second)], [true, true]);
  clock.advance(3 * MINUTE_MS);
  assert.ok(await mayEnter(second));
  const third = (await renewed(second)).json<Session>().token;
  assert.ok(await mayEnter(third));
});

test('a lost answer is asked for again; the last one counts', async () => {
  const { token } = await register('lost@example.org');
  const lost = (await renewed(token)).json<Session>().token;
  const heard = (await renewed(token)).json<Session>().token;
  clock.advance(3 * MINUTE_MS);
  assert.deepEqual([await mayEnter(heard), await mayEnter(lost)], [true, false]);
});

test('whoever came in by a token and has been here since is no thief when it is exchanged, and goes with the session', async () => {
  const sessions = createSessions(shop.host.sql, shop.host.platform);
  const { token: first, customer } = await register('stays@example.org');
  const second = (await renewed(first)).json<Session>().token;
  clock.advance(3 * MINUTE_MS);
  assert.equal((await sessions.find('one', first, true))?.customerId, customer.id);
  assert.ok(await mayEnter(second));
  await sessions.end('one', second);
  assert.equal(await sessions.find('one', first, true), undefined);
});

for (const [what, come] of [
  ['looks in', (token: string) => mayEnter(token)],
  ['exchanges it', async (token: string) => (await renewed(token)).status === 200],
] as const)
  test(`whoever ${what} with a token that was exchanged before ends the session, theirs and the thief’s`, async () => {
    const { token: stolen } = await register(`stolen-${what.length}@example.org`);
    const { token } = (await renewed(stolen)).json<Session>();
    clock.advance(3 * MINUTE_MS);
    assert.equal(await come(stolen), false);
    assert.equal(await mayEnter(token), false);
  });

test('who exchanges one token at once ends with one that is good', async () => {
  const { token } = await register('at-once@example.org');
  const answers = await Promise.all(Array.from({ length: 6 }, () => renewed(token)));
  assert.ok(answers.every(({ status }) => status === 200));
  clock.advance(MINUTE_MS);
  const good = await Promise.all(answers.map((answer) => mayEnter(answer.json<Session>().token)));
  assert.equal(good.filter(Boolean).length, 1);
});

test('who logs out by a token that was just exchanged is out', async () => {
  const { token } = await register('out@example.org');
  const next = (await renewed(token)).json<Session>().token;
  assert.equal((await call('POST', '/logout', { headers: as(token) })).status, 204);
  assert.equal(await mayEnter(next), false);
});

test('a page of another site cannot use the cookie to change anything', async () => {
  const answer = await call('POST', '/login', { json: { email: 'month@example.org', password: PASSWORD } });
  const cookie = cookieOf(answer);
  const patch = (headers: Record<string, string>) =>
    call('PATCH', '/me', { json: { firstName: 'Eve' }, headers: { cookie, ...headers } });
  assert.equal((await patch({ origin: 'https://evil.example' })).status, 403);
  assert.equal((await patch({ 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await patch({ origin: 'http://one.localhost:8080' })).status, 200);
});

test('addresses: the first is the default one, a new default replaces it, others’ are out of reach', async () => {
  const ada = await register('addresses@example.org');
  const eve = await register('eve@example.org');
  const address = { name: 'Ada Lovelace', line1: '12 St James’s Square', city: 'London', country: 'GB' };
  const make = async (json: object) =>
    (await call('POST', '/me/addresses', { json, headers: as(ada.token) })).json<Address>();
  const first = await make(address);
  const second = await make({ ...address, line1: '2' });
  assert.deepEqual([first.isDefault, second.isDefault], [true, false]);
  const changed = await call('PUT', `/me/addresses/${second.id}`, {
    json: { ...address, isDefault: true },
    headers: as(ada.token),
  });
  assert.equal(changed.status, 200, changed.text);
  const { addresses } = (await call('GET', '/me/addresses', { headers: as(ada.token) })).json<{
    addresses: Address[];
  }>();
  assert.deepEqual(
    addresses.map(({ id, isDefault }) => [id, isDefault]),
    [
      [second.id, true],
      [first.id, false],
    ],
  );
  assert.equal(
    (await call('PUT', `/me/addresses/${first.id}`, { json: address, headers: as(eve.token) })).status,
    404,
  );
  assert.equal((await call('DELETE', `/me/addresses/${first.id}`, { headers: as(eve.token) })).status, 404);
  assert.equal((await call('DELETE', `/me/addresses/${first.id}`, { headers: as(ada.token) })).status, 204);
});
