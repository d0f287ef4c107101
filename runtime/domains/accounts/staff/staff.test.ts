/** A shop's staff against a whole runtime: invited by mail, signed in, with roles, and never without an owner. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestAnswer, TestCall, TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import { as, invite, join, linksTo, STAFF_PASSWORD as PASSWORD } from '../testing/staff.ts';
import type { StaffMember, StaffRole, StaffSession } from './definition.ts';
import { SILENT, startAccounts, WITH_MAILS } from '../testing/rooms.ts';

let database: TestDatabase;
let shop: TestHost;
const clock = manualClock(new Date());
const MINUTE = 60 * 1_000;
const DAY = 24 * 60 * MINUTE;

before(async () => {
  ({ database, shop } = await startAccounts(
    { one: WITH_MAILS, two: WITH_MAILS, three: WITH_MAILS, four: WITH_MAILS, mute: SILENT },
    { clock },
  ));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const call = (method: string, path: string, options?: TestCall, tenant = 'one'): Promise<TestAnswer> =>
  shop.call(tenant, method, path, options);
const accept = (token: string, password = PASSWORD): Promise<TestAnswer> =>
  call('POST', '/api/accounts/staff/accept', { json: { token, password } });
const signIn = (email: string, password = PASSWORD): Promise<TestAnswer> =>
  call('POST', '/api/accounts/staff/login', { json: { email, password } });
const renew = (token: string): Promise<TestAnswer> =>
  call('POST', '/api/accounts/staff/renew', { headers: as(token) });
const me = (token: string): Promise<TestAnswer> =>
  call('GET', '/api/admin/accounts/me', { headers: as(token) });
const status = async (answer: Promise<TestAnswer>): Promise<number> => (await answer).status;

test('who is invited joins by the link of the mail, once, and signs in afterwards', async () => {
  const invited = await invite(shop, 'one', 'Grace@Shop.example', ['viewer']);
  assert.deepEqual([invited.state, invited.roles], ['invited', ['viewer']]);
  assert.equal(await status(signIn('grace@shop.example')), 401);
  const [token = ''] = await linksTo(shop, 'one', 'grace@shop.example', 'join');
  const joined = await accept(token);
  assert.equal(joined.status, 200, joined.text);
  assert.equal(joined.json<StaffSession & Record<string, unknown>>().staff.state, 'active');
  assert.equal(await status(accept(token, 'another long password')), 410);
  const session = (await signIn(' GRACE@shop.example ')).json<StaffSession & Record<string, unknown>>();
  assert.equal((await me(session.token)).json()['id'], invited.id);
});

test('an invitation ends after a week; another one is sent to who asks again, with the roles it names', async () => {
  await invite(shop, 'one', 'late@shop.example', ['viewer']);
  const [first = ''] = await linksTo(shop, 'one', 'late@shop.example', 'join');
  clock.advance(7 * DAY);
  assert.equal(await status(accept(first)), 410);
  assert.deepEqual((await invite(shop, 'one', 'late@shop.example', ['support'])).roles, ['support']);
  const sent = await linksTo(shop, 'one', 'late@shop.example', 'join');
  const second = sent.find((token) => token !== first) ?? '';
  assert.equal(await status(accept(second)), 200);
  const again = await shop.merchant('one', 'POST', '/api/admin/accounts/staff', {
    json: { email: 'late@shop.example', roles: ['owner'] },
  });
  assert.equal(again.status, 409);
});

test('the page of the link uses nothing up, and runs its own script alone', async () => {
  const page = await call('GET', '/api/accounts/pages/join');
  assert.equal(page.status, 200);
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'; .*script-src 'sha256-/);
  assert.equal(page.headers['referrer-policy'], 'no-referrer');
  assert.equal(await status(call('GET', '/api/accounts/pages/other')), 400);
});

test('neither password, nor token, nor link is in the database', async () => {
  const { token } = await join(shop, 'one', 'secret@shop.example', ['viewer']);
  await invite(shop, 'one', 'pending@shop.example', ['viewer']);
  const [link = ''] = await linksTo(shop, 'one', 'pending@shop.example', 'join');
  const { rows } = await database.admin.query<{ all: string }>(
    `SELECT (SELECT jsonb_agg(m)::text FROM shop.staff_members m) || (SELECT jsonb_agg(s)::text FROM shop.staff_sessions s)
       || (SELECT jsonb_agg(l)::text FROM shop.account_links l) || (SELECT jsonb_agg(t)::text FROM shop.tasks t)
       || (SELECT jsonb_agg(d)::text FROM shop.notifications_deliveries d) AS all`,
  );
  const all = rows[0]?.all ?? '';
  for (const secret of [PASSWORD, token.split('.')[1] ?? '', link]) assert.ok(!all.includes(secret));
  assert.match(all, /\$argon2id\$v=19\$/);
});

test('a wrong password and an unknown address get the same answer, and guessing is stopped', async () => {
  await join(shop, 'one', 'known@shop.example', ['viewer']);
  const plain = (answer: TestAnswer): object => ({ ...answer.json(), requestId: '' });
  assert.deepEqual(
    plain(await signIn('known@shop.example', 'wrong')),
    plain(await signIn('nobody@shop.example', 'wrong')),
  );
  const statuses = new Set<number>();
  for (let n = 0; n < 12; n++) statuses.add(await status(signIn('known@shop.example', 'guess')));
  assert.deepEqual([...statuses], [401, 429]);
  clock.advance(16 * MINUTE);
  assert.equal(await status(signIn('known@shop.example')), 200);
});

test('a token is good for an hour of work, then for the next token, and after a night for nothing', async () => {
  const { token } = await join(shop, 'one', 'hours@shop.example', ['viewer']);
  clock.advance(59 * MINUTE);
  assert.equal(await status(me(token)), 200);
  clock.advance(2 * MINUTE);
  assert.equal(await status(me(token)), 401);
  const next = (await renew(token)).json<StaffSession & Record<string, unknown>>();
  assert.equal(await status(me(next.token)), 200);
  clock.advance(12 * 60 * MINUTE);
  assert.equal(await status(renew(next.token)), 401);
});

test('a session ends after two weeks, however often it was renewed', async () => {
  let { token } = await join(shop, 'one', 'weeks@shop.example', ['viewer']);
  let answer = await renew(token);
  for (let halfDays = 0; answer.status === 200; halfDays++) {
    assert.ok(halfDays < 60, 'it never ends');
    ({ token } = answer.json<StaffSession & Record<string, unknown>>());
    clock.advance(11 * 60 * MINUTE);
    answer = await renew(token);
  }
  assert.equal(answer.status, 401);
});

test('a token that is exchanged a second time ends the session; at once it is a lost answer asked for again', async () => {
  const { token: first } = await join(shop, 'one', 'stolen@shop.example', ['viewer']);
  const second = (await renew(first)).json<StaffSession & Record<string, unknown>>().token;
  assert.equal(await status(me(first)), 200, 'requests on their way are answered');
  const third = (await renew(first)).json<StaffSession & Record<string, unknown>>().token;
  assert.equal(await status(me(third)), 200);
  assert.equal(await status(me(second)), 401);
  clock.advance(MINUTE);
  assert.equal(await status(me(first)), 401);
  assert.equal(await status(renew(first)), 401);
  assert.equal(await status(me(third)), 401);
});

test('two who exchange one token at the same moment leave one session', async () => {
  const { token } = await join(shop, 'one', 'race@shop.example', ['viewer']);
  const answers = await Promise.all([renew(token), renew(token)]);
  const found = await Promise.all(
    answers.map((answer) => status(me(answer.json<StaffSession & Record<string, unknown>>().token))),
  );
  assert.deepEqual(found.toSorted(), [200, 401]);
});

test('signing out ends the session; a new password ends all but the one it is changed in', async () => {
  const first = await join(shop, 'one', 'password@shop.example', ['viewer']);
  const second = (await signIn('password@shop.example')).json<StaffSession & Record<string, unknown>>();
  const third = (await signIn('password@shop.example')).json<StaffSession & Record<string, unknown>>();
  assert.equal(await status(call('POST', '/api/accounts/staff/logout', { headers: as(third.token) })), 204);
  assert.equal(await status(me(third.token)), 401);
  const change = (present: string): Promise<TestAnswer> =>
    call('PATCH', '/api/admin/accounts/me', {
      headers: as(second.token),
      json: { name: 'Grace', password: { present, next: 'another long password' } },
    });
  assert.equal(await status(change('wrong')), 400);
  const changed = await change(PASSWORD);
  assert.equal(changed.json<StaffMember & Record<string, unknown>>().name, 'Grace');
  assert.deepEqual([await status(me(first.token)), await status(me(second.token))], [401, 200]);
});

test('the last owner can be neither removed nor demoted; an owner who has not accepted is none', async () => {
  const { staff } = await join(shop, 'two', 'last@shop.example', ['owner', 'viewer']);
  await invite(shop, 'two', 'notyet@shop.example', ['owner']);
  const path = `/api/admin/accounts/staff/${staff.id}`;
  assert.equal((await shop.merchant('two', 'DELETE', path)).status, 409);
  const demoted = await shop.merchant('two', 'PATCH', path, { json: { roles: ['viewer'] } });
  assert.equal(demoted.status, 409);
  await join(shop, 'two', 'next@shop.example', ['owner']);
  assert.equal((await shop.merchant('two', 'PATCH', path, { json: { roles: ['viewer'] } })).status, 200);
  assert.equal((await shop.merchant('two', 'DELETE', path)).status, 204);
});

test('of owners who remove or demote each other at the same moment one stays', async () => {
  const owners = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => join(shop, 'three', `${name}@shop.example`, ['owner'])),
  );
  const answers = await Promise.all(
    owners.map(({ staff: { id } }, index) => {
      const by = owners[(index + 1) % owners.length]?.token ?? '';
      const path = `/api/admin/accounts/staff/${id}`;
      return index % 2 === 0
        ? call('DELETE', path, { headers: as(by) }, 'three')
        : call('PATCH', path, { headers: as(by), json: { roles: ['viewer'] } }, 'three');
    }),
  );
  for (const { status: code, text } of answers) assert.ok([200, 204, 401, 403, 409].includes(code), text);
  const { staff } = await shop.managed<{ staff: StaffMember[] }>('three', 'GET', '/api/admin/accounts/staff');
  assert.ok(staff.some(({ roles }) => roles.includes('owner')));
});

test('a role of the shop’s own is made of scopes of what the shop has, and stays while somebody has it', async () => {
  const make = (json: object): Promise<TestAnswer> =>
    shop.merchant('four', 'POST', '/api/admin/accounts/roles', { json });
  const wrong = await make({ name: 'x', scopes: ['notifications:read', 'catalog:read'] });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /body\/scopes\/1/);
  assert.equal((await make({ name: 'x', scopes: ['*:*'] })).status, 400);
  const made = (await make({ name: 'Writer', scopes: ['notifications:read'] })).json<
    StaffRole & Record<string, unknown>
  >();
  const path = `/api/admin/accounts/roles/${made.id}`;
  const { staff } = await join(shop, 'four', 'writer@shop.example', [made.id]);
  assert.equal((await shop.merchant('four', 'DELETE', path)).status, 409);
  await shop.managed('four', 'PATCH', `/api/admin/accounts/staff/${staff.id}`, { roles: ['viewer'] });
  assert.equal((await shop.merchant('four', 'DELETE', path)).status, 204);
  assert.equal((await shop.merchant('four', 'DELETE', '/api/admin/accounts/roles/owner')).status, 409);
  const unknown = await shop.merchant('four', 'PATCH', `/api/admin/accounts/staff/${staff.id}`, {
    json: { roles: [made.id] },
  });
  assert.equal(unknown.status, 400);
});

test('the words of an invitation are no merchant’s to change, and a shop that sends no mail invites nobody', async () => {
  const put = await shop.merchant(
    'one',
    'PUT',
    '/api/admin/notifications/templates/staff.invitation/mail/en',
    { json: { subject: 'x', html: '<a href="https://evil.example/?{{link}}">x</a>', text: 'x' } },
  );
  assert.equal(put.status, 403, put.text);
  const refused = await shop.merchant('mute', 'POST', '/api/admin/accounts/staff', {
    json: { email: 'a@shop.example', roles: ['owner'] },
  });
  assert.equal(refused.status, 409);
});
