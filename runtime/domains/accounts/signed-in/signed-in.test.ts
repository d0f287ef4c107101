/** Where somebody is signed in against a whole runtime: seen, ended one by one and all at once, by whose they are alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/wait.ts';
import type { TestAnswer, TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import { createGrants } from '../apps/grants.ts';
import { registerApp } from '../apps/testing/browser.ts';
import { createSessions } from '../sessions.ts';
import type { Session } from '../definition.ts';
import type { StaffSession } from '../staff/definition.ts';
import { CUSTOMER_PASSWORD, newCustomer } from '../testing/customers.ts';
import { SILENT, startAccounts, WITH_MAILS } from '../testing/rooms.ts';
import { as, join, STAFF_PASSWORD, subjectsTo } from '../testing/staff.ts';
import type { OpenSession } from './definition.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0';
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const clock = manualClock(new Date());
let database: TestDatabase;
let shop: TestHost;

before(async () => {
  ({ database, shop } = await startAccounts({ one: WITH_MAILS, two: WITH_MAILS, mute: SILENT }, { clock }));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

interface Side {
  readonly who: string;
  readonly own: string;
  readonly me: string;
  /** Somebody new. @returns their first token */
  enter(email: string): Promise<string>;
  /** Signs in once more. */
  again(email: string, agent: string): Promise<string>;
  /** @returns the next token */
  renew(token: string): Promise<string>;
  readonly subject: RegExp;
}

const SIDES: readonly Side[] = [
  {
    who: 'customer',
    own: '/api/accounts/me/sessions',
    me: '/api/accounts/me',
    enter: async (email) => (await newCustomer(shop, 'one', email)).token,
    async again(email, agent) {
      const json = { email, password: CUSTOMER_PASSWORD };
      const headers = { 'user-agent': agent };
      const answer = await shop.call('one', 'POST', '/api/accounts/login', { json, headers });
      assert.equal(answer.status, 200, answer.text);
      return answer.json<Session>().token;
    },
    renew: async (token) =>
      (await shop.call('one', 'POST', '/api/accounts/session', { headers: as(token) })).json<Session>().token,
    subject: /You are logged out everywhere/,
  },
  {
    who: 'member of the staff',
    own: '/api/admin/accounts/me/sessions',
    me: '/api/admin/accounts/me',
    enter: async (email) => (await join(shop, 'one', email, ['viewer'])).token,
    async again(email, agent) {
      const json = { email, password: STAFF_PASSWORD };
      const headers = { 'user-agent': agent };
      const answer = await shop.call('one', 'POST', '/api/accounts/staff/login', { json, headers });
      assert.equal(answer.status, 200, answer.text);
      return answer.json<StaffSession>().token;
    },
    renew: async (token) =>
      (
        await shop.call('one', 'POST', '/api/accounts/staff/renew', { headers: as(token) })
      ).json<StaffSession>().token,
    subject: /You are signed out everywhere/,
  },
];

const ask = (method: string, path: string, token: string): Promise<TestAnswer> =>
  shop.call('one', method, path, { headers: as(token) });

async function listed({ own }: Side, token: string): Promise<readonly OpenSession[]> {
  const answer = await ask('GET', own, token);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<{ sessions: OpenSession[] }>().sessions;
}

const isIn = async ({ me }: Side, token: string): Promise<boolean> =>
  (await ask('GET', me, token)).status === 200;

for (const side of SIDES) {
  const mail = (name: string): string => `${name}@${side.who.split(' ')[0]}.example`;

  test(`a ${side.who} sees where they are signed in, this session first, and keeps its id when its token is exchanged`, async () => {
    const first = await side.enter(mail('seen'));
    clock.advance(MINUTE);
    const phone = await side.again(mail('seen'), PHONE);
    clock.advance(MINUTE);
    const firefox = await side.again(mail('seen'), FIREFOX);
    const before = await listed(side, phone);
    assert.deepEqual(
      before.map(({ browser, system, isCurrent }) => [browser, system, isCurrent]),
      [
        ['Safari', 'iPhone', true],
        ['Firefox', 'Linux', false],
        [null, null, false],
      ],
    );
    assert.equal(new Set(before.map(({ id }) => id)).size, 3);
    assert.equal(Date.parse(before[1]?.startedAt ?? ''), clock.now().getTime());
    const next = await side.renew(phone);
    for (const token of [next, phone])
      assert.deepEqual((await listed(side, token)).find(({ isCurrent }) => isCurrent)?.id, before[0]?.id);
    assert.deepEqual(
      (await listed(side, firefox)).map(({ id }) => id).toSorted(),
      before.map(({ id }) => id).toSorted(),
    );
    assert.ok(await isIn(side, first));
  });

  test(`a ${side.who} ends one session, and only their own`, async () => {
    const here = await side.enter(mail('one'));
    const there = await side.again(mail('one'), PHONE);
    const stranger = await side.enter(mail('stranger'));
    const other = (await listed(side, here)).find(({ isCurrent }) => !isCurrent)?.id ?? '';
    assert.equal((await ask('DELETE', `${side.own}/${other}`, stranger)).status, 404);
    assert.ok(await isIn(side, there));
    assert.equal((await ask('DELETE', `${side.own}/${other}`, here)).status, 204);
    assert.deepEqual([await isIn(side, here), await isIn(side, there)], [true, false]);
    assert.equal((await ask('DELETE', `${side.own}/${other}`, here)).status, 404);
    const [mine] = await listed(side, here);
    assert.equal((await ask('DELETE', `${side.own}/${mine?.id}`, here)).status, 204);
    assert.ok(!(await isIn(side, here)));
  });

  test(`a ${side.who} signs out everywhere at once, and is told so by one mail; nobody else is`, async () => {
    const first = await side.enter(mail('all'));
    const second = await side.again(mail('all'), FIREFOX);
    const next = await side.renew(second);
    const bystander = await side.enter(mail('bystander'));
    const answer = await ask('DELETE', side.own, first);
    assert.equal(answer.status, 204, answer.text);
    for (const token of [first, second, next]) assert.ok(!(await isIn(side, token)));
    assert.ok(await isIn(side, bystander));
    assert.equal((await ask('DELETE', side.own, first)).status, 401);
    const subjects = (await subjectsTo(shop, 'one', mail('all'))).filter((subject) =>
      side.subject.test(subject),
    );
    assert.equal(subjects.length, 1);
    assert.ok(
      !(await subjectsTo(shop, 'one', mail('bystander'))).some((subject) => side.subject.test(subject)),
    );
    assert.ok(await isIn(side, await side.again(mail('all'), PHONE)));
  });

  test(`a ${side.who}’s token of another shop shows and ends nothing here`, async () => {
    const token = await side.enter(mail('foreign'));
    for (const method of ['GET', 'DELETE'])
      assert.equal((await shop.call('two', method, side.own, { headers: as(token) })).status, 403);
    assert.ok(await isIn(side, token));
  });
}

test('a browser forgets the session that it ended, by its id or with all others', async () => {
  for (const path of ['', '/mine'] as const) {
    const { token } = await newCustomer(shop, 'one', `cookie${path.length}@example.com`);
    const headers = { cookie: `shopmind_session=${token}`, origin: 'http://one.localhost:8080' };
    const { sessions } = (await shop.call('one', 'GET', '/api/accounts/me/sessions', { headers })).json<{
      sessions: OpenSession[];
    }>();
    const place = `/api/accounts/me/sessions${path === '' ? '' : `/${sessions[0]?.id}`}`;
    const evil = { ...headers, origin: 'https://evil.example' };
    assert.equal((await shop.call('one', 'DELETE', place, { headers: evil })).status, 403);
    const answer = await shop.call('one', 'DELETE', place, { headers });
    assert.equal(answer.status, 204, answer.text);
    assert.match(String(answer.headers['set-cookie']), /^shopmind_session=; .*Max-Age=0/);
  }
});

test('a session that is over is not shown, and of very many those that were used last', async () => {
  const [{ token: old }, email] = [await newCustomer(shop, 'one', 'many@example.com'), 'many@example.com'];
  clock.advance(31 * DAY);
  assert.equal((await ask('GET', '/api/accounts/me/sessions', old)).status, 401);
  const [side] = SIDES;
  assert.ok(side);
  const token = await side.again(email, FIREFOX);
  await database.admin.query(
    `INSERT INTO shop.customer_sessions (tenant_id, token_hash, customer_id, created_at, seen_at, expires_at)
     SELECT tenant_id, 'h' || n, customer_id, created_at + n * interval '1 second', seen_at + n * interval '1 second', expires_at
     FROM shop.customer_sessions, generate_series(1, 60) AS n WHERE browser = 'Firefox' AND customer_id =
       (SELECT id FROM shop.customers WHERE tenant_id = 'one' AND email = $1)`,
    [email],
  );
  const shown = await listed(side, token);
  assert.equal(shown.length, 50);
  assert.ok(shown[0]?.isCurrent);
  assert.equal(Date.parse(shown[1]?.seenAt ?? ''), clock.now().getTime() + 60_000);
});

test('a session that was begun by the release before has an id, and is ended by it', async () => {
  const email = 'before@example.com';
  const { token } = await newCustomer(shop, 'one', email);
  await database.admin.query(
    `UPDATE shop.customer_sessions SET id = NULL WHERE tenant_id = 'one' AND customer_id =
       (SELECT id FROM shop.customers WHERE tenant_id = 'one' AND email = $1)`,
    [email],
  );
  const [side] = SIDES;
  assert.ok(side);
  const [shown] = await listed(side, token);
  assert.match(shown?.id ?? '', /^ses_[0-9a-f]{32}$/);
  const next = await side.renew(token);
  assert.equal((await listed(side, next))[0]?.id, shown?.id, 'also once its token was exchanged');
  assert.equal((await ask('DELETE', `${side.own}/${shown?.id}`, next)).status, 204);
  assert.ok(!(await isIn(side, next)));
});

test('where a shop sends no mail, everything ends as well', async () => {
  const { token } = await newCustomer(shop, 'mute', 'ada@example.com');
  const answer = await shop.call('mute', 'DELETE', '/api/accounts/me/sessions', { headers: as(token) });
  assert.equal(answer.status, 204, answer.text);
  await shop.settled(1);
  const { rows } = await database.admin.query(
    `SELECT state FROM shop.tasks WHERE tenant_id = 'mute' AND name = 'accounts.tell-security'`,
  );
  assert.deepEqual(rows, []);
});

test('an app that is just being signed in to holds nothing once everything has ended', async () => {
  const { platform } = shop.host;
  const sessions = createSessions(platform.sql, platform);
  const grants = createGrants(clock, platform.newId);
  const { customer, token } = await newCustomer(shop, 'one', 'race@example.com');
  const app = await registerApp(shop, 'one');
  let ended: Promise<void> | undefined;
  await platform.sql.transaction('one', async (tx) => {
    const held = await sessions.hold(tx, 'one', token);
    assert.equal(held?.customerId, customer.id);
    let isOver = false;
    ended = platform.sql
      .transaction('one', (other) => sessions.endAll(other, 'one', customer.id))
      .then(() => void (isOver = true));
    // It waits for this one; one that did not would end nothing of what comes now.
    await until(
      async () => {
        const { rows } = await database.admin.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%DELETE FROM customer_sessions%'`,
        );
        return isOver || rows.length > 0 || undefined;
      },
      { withinMs: 30_000, what: 'whoever signs out waits, or is through' },
    );
    await grants.begin(tx, 'one', {
      appId: app.id,
      customerId: customer.id,
      scopes: ['openid'],
      redirectUri: 'https://forum.example/signed-in',
      nonce: undefined,
      challenge: 'x'.repeat(43),
      signedInAt: clock.now(),
    });
  });
  await ended;
  const { rows } = await database.admin.query('SELECT 1 FROM shop.app_grants WHERE customer_id = $1', [
    customer.id,
  ]);
  assert.deepEqual(rows, []);
});
