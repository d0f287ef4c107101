/** The second factor against a whole runtime: asked for once it is proven, each code good once, and a way back for who loses the app. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestAnswer, TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import { as, join, STAFF_PASSWORD as PASSWORD } from '../testing/staff.ts';
import type { TotpSetup } from './definition.ts';
import { codeAt, stepAt } from './totp.ts';
import { startAccounts, WITH_MAILS } from '../testing/rooms.ts';

let database: TestDatabase;
let shop: TestHost;
const clock = manualClock(new Date());
const HALF_MINUTE = 30_000;

before(async () => {
  ({ database, shop } = await startAccounts({ one: WITH_MAILS }, { clock }));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const own = (token: string, path: string, json: object): Promise<TestAnswer> =>
  shop.call('one', 'POST', `/api/admin/accounts/me/totp${path}`, { json, headers: as(token) });
const signIn = (email: string, code?: string): Promise<TestAnswer> =>
  shop.call('one', 'POST', '/api/accounts/staff/login', {
    json: { email, password: PASSWORD, ...(code === undefined ? {} : { code }) },
  });
const said = (answer: TestAnswer): unknown[] => [
  answer.status,
  answer
    .json<{ problems?: { where: string; what: string }[] }>()
    .problems?.map(({ what }) => what)
    .join(),
];

/** Time goes on until the codes of these minutes differ, which they nearly always do at once: each is then of one half minute. */
function pass(code: (by: number) => string): void {
  do clock.advance(HALF_MINUTE);
  while (new Set([-1, 0, 1].map(code)).size < 3);
}

/** A member with an app that was confirmed. */
async function withApp(email: string) {
  const { token, staff } = await join(shop, 'one', email, ['viewer']);
  const { secret } = (await own(token, '', { password: PASSWORD })).json<TotpSetup>();
  const code = (by = 0): string => codeAt(decode(secret), stepAt(clock.now()) + by);
  const confirmed = await own(token, '/confirm', { code: code() });
  assert.equal(confirmed.status, 200, confirmed.text);
  const { recoveryCodes } = confirmed.json<{ recoveryCodes: string[] }>();
  pass(code);
  return { token, staff, secret, code, recoveryCodes };
}

/** Codes that are not those of these minutes. */
const wrongCodes = (right: readonly string[]): string[] =>
  Array.from({ length: 20 }, (_, n) => String(n).padStart(6, '0')).filter((code) => !right.includes(code));

function decode(text: string): Buffer {
  const bits = [...text].map((one) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

test('a code is asked for once the app has proven that it makes the right ones', async () => {
  const email = 'prove@shop.example';
  const { token } = await join(shop, 'one', email, ['viewer']);
  assert.equal((await own(token, '', { password: 'wrong' })).status, 400);
  assert.equal((await own(token, '/confirm', { code: '123456' })).status, 409);
  const { secret, uri } = (await own(token, '', { password: PASSWORD })).json<TotpSetup>();
  assert.ok(uri.startsWith('otpauth://totp/one:prove%40shop.example?secret=') && uri.includes(secret));
  const right = [-1, 0, 1].map((by) => codeAt(decode(secret), stepAt(clock.now()) + by));
  const [wrong] = wrongCodes(right);
  assert.equal((await own(token, '/confirm', { code: wrong })).status, 400);
  assert.equal((await signIn(email)).status, 200, 'it is not on yet');
  const code = codeAt(decode(secret), stepAt(clock.now()));
  assert.equal((await own(token, '/confirm', { code })).status, 200);
  assert.deepEqual(said(await signIn(email)), [401, 'is needed']);
  assert.equal((await own(token, '', { password: PASSWORD })).status, 409, 'it is not replaced unasked');
});

test('each code is good once, also for two who come at the same moment; a wrong password learns nothing of it', async () => {
  const { code } = await withApp('once@shop.example');
  const present = code();
  const both = await Promise.all([
    signIn('once@shop.example', present),
    signIn('once@shop.example', present),
  ]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 401]);
  assert.deepEqual(said(await signIn('once@shop.example', present)), [401, 'is wrong']);
  assert.deepEqual(said(await signIn('once@shop.example', code(-1))), [401, 'is wrong'], 'nor one before it');
  pass(code);
  assert.equal((await signIn('once@shop.example', code())).status, 200);
  const guess = await shop.call('one', 'POST', '/api/accounts/staff/login', {
    json: { email: 'once@shop.example', password: 'wrong', code: code(1) },
  });
  assert.deepEqual(said(guess), [401, undefined]);
});

test('guessing codes is stopped', async () => {
  const { code } = await withApp('guess@shop.example');
  const statuses = new Set<number>();
  for (const guess of wrongCodes([-1, 0, 1].map(code)).slice(0, 7))
    statuses.add((await signIn('guess@shop.example', guess)).status);
  assert.deepEqual([...statuses], [401, 429]);
  assert.equal((await signIn('guess@shop.example', code())).status, 429);
  clock.advance(16 * 60_000);
  assert.equal((await signIn('guess@shop.example', code())).status, 200);
});

test('a recovery code lets in once, however it is typed', async () => {
  const { recoveryCodes } = await withApp('lost@shop.example');
  assert.equal(new Set(recoveryCodes).size, 10);
  const [first = '', second = ''] = recoveryCodes;
  assert.match(first, /^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/);
  assert.equal((await signIn('lost@shop.example', first)).status, 200);
  assert.equal((await signIn('lost@shop.example', first)).status, 401);
  assert.equal(
    (await signIn('lost@shop.example', ` ${second.toUpperCase().replaceAll('-', ' ')}`)).status,
    200,
  );
});

test('whoever has the password removes their own app, and an owner that of who has lost everything', async () => {
  const mine = await withApp('mine@shop.example');
  assert.equal((await own(mine.token, '/remove', { password: 'wrong' })).status, 400);
  assert.equal((await own(mine.token, '/remove', { password: PASSWORD })).status, 204);
  assert.equal((await signIn('mine@shop.example')).status, 200);
  const { staff } = await withApp('gone@shop.example');
  await shop.managed('one', 'DELETE', `/api/admin/accounts/staff/${staff.id}/totp`, undefined, 204);
  assert.equal((await signIn('gone@shop.example')).status, 200);
});

test('whoever reads the tables can make no codes', async () => {
  const { secret, recoveryCodes } = await withApp('sealed@shop.example');
  const { rows } = await database.admin.query<{ secret: Buffer; all: string }>(
    `SELECT f.secret, (SELECT jsonb_agg(r)::text FROM shop.staff_recovery_codes r) || (SELECT jsonb_agg(t)::text FROM shop.tasks t) AS all
     FROM shop.staff_factors f`,
  );
  for (const row of rows) {
    assert.ok(!row.secret.includes(decode(secret)));
    for (const code of recoveryCodes) assert.ok(!row.all.includes(code));
  }
  assert.ok(rows.length > 0);
});
