/** Apps as their merchant registers them: what is taken, what is shown, and by which keys is signed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import { SILENT, startAccounts } from '../testing/rooms.ts';
import type { AdminApp, AppWithSecret } from './definition.ts';

const PLACE = '/api/admin/accounts/apps';
const DAY = 24 * 60 * 60 * 1_000;
const FORUM = { name: 'Forum', kind: 'confidential', redirectUris: ['https://forum.example/signed-in'] };
const clock = manualClock(new Date());
let database: TestDatabase;
let shop: TestHost;

before(async () => {
  ({ database, shop } = await startAccounts({ one: SILENT, two: SILENT, full: SILENT }, { clock }));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const listed = async (tenant: string): Promise<readonly AdminApp[]> =>
  (await shop.managed<{ apps: AdminApp[] }>(tenant, 'GET', PLACE)).apps;
const keysOf = async (tenant: string): Promise<readonly string[]> =>
  (await shop.call(tenant, 'GET', '/api/accounts/oauth/keys'))
    .json<{ keys: { kid: string }[] }>()
    .keys.map(({ kid }) => kid);

test('an app’s secret is shown once, and is kept as something that opens nothing', async () => {
  const { secret, ...app } = await shop.managed<AppWithSecret>('one', 'POST', PLACE, FORUM, 201);
  assert.match(secret ?? '', /^sme_one\.[\w-]{43}$/);
  assert.deepEqual(app.scopes, ['openid', 'profile', 'email']);
  assert.deepEqual(await listed('one'), [app]);
  assert.deepEqual(await listed('two'), []);
  const renewed = await shop.managed<AppWithSecret>('one', 'POST', `${PLACE}/${app.id}/secret`);
  assert.notEqual(renewed.secret, secret);
  const { rows } = await database.admin.query('SELECT * FROM shop.apps');
  for (const one of [secret, renewed.secret]) assert.ok(!JSON.stringify(rows).includes(one ?? 'none'));
});

test('an app is changed and forgotten, by its own shop', async () => {
  const { id } = await shop.managed<AppWithSecret>('one', 'POST', PLACE, FORUM, 201);
  const { kind: _, ...change } = { ...FORUM, name: 'Club', enabled: false };
  assert.equal((await shop.merchant('two', 'PUT', `${PLACE}/${id}`, { json: change })).status, 404);
  assert.equal((await shop.merchant('two', 'DELETE', `${PLACE}/${id}`)).status, 404);
  assert.equal((await shop.merchant('two', 'POST', `${PLACE}/${id}/secret`)).status, 404);
  const changed = await shop.managed<AdminApp>('one', 'PUT', `${PLACE}/${id}`, change);
  assert.deepEqual([changed.name, changed.enabled, changed.kind], ['Club', false, 'confidential']);
  await shop.managed('one', 'DELETE', `${PLACE}/${id}`, undefined, 204);
  assert.ok((await listed('one')).every((app) => app.id !== id));
});

test('a public app has no secret, and may be on somebody’s device; a confidential one not', async () => {
  const device = { ...FORUM, redirectUris: ['com.example.club:/signed-in', 'http://127.0.0.1/signed-in'] };
  assert.equal((await shop.merchant('one', 'POST', PLACE, { json: device })).status, 400);
  const { id, secret } = await shop.managed<AppWithSecret>(
    'one',
    'POST',
    PLACE,
    { ...device, kind: 'public' },
    201,
  );
  assert.equal(secret, null);
  assert.equal((await shop.merchant('one', 'POST', `${PLACE}/${id}/secret`)).status, 409);
});

for (const [what, changed] of [
  ['without a way back', { redirectUris: [] }],
  ['that is sent back over plain http', { redirectUris: ['http://forum.example/'] }],
  ['that is sent back to any page of a site', { redirectUris: ['https://*.forum.example/'] }],
  ['that would not know who it is', { scopes: ['email'] }],
  ['that would know more than there is', { scopes: ['openid', 'orders'] }],
  ['of no kind', { kind: 'secret' }],
  ['without a name', { name: ' ' }],
  ['with more than there is to it', { secret: 'mine' }],
] as const)
  test(`no app is registered ${what}`, async () => {
    const answer = await shop.merchant('one', 'POST', PLACE, { json: { ...FORUM, ...changed } });
    assert.equal(answer.status, 400, answer.text);
  });

test('a shop has fifty of them', async () => {
  const statuses = [];
  for (let n = 0; n < 51; n += 1)
    statuses.push((await shop.merchant('full', 'POST', PLACE, { json: FORUM })).status);
  assert.deepEqual(statuses.slice(-2), [201, 409]);
});

test('a shop has a key of its own once it has an app, and another is published after ninety days', async () => {
  assert.deepEqual(await keysOf('two'), []);
  await Promise.all([1, 2, 3].map(() => shop.managed('two', 'POST', PLACE, FORUM, 201)));
  const [first, ...others] = await keysOf('two');
  assert.deepEqual(others, [], 'however many come at once');
  assert.ok(!(await keysOf('one')).includes(first ?? ''));
  clock.advance(90 * DAY);
  await shop.host.tasks.settled();
  assert.equal((await keysOf('two')).length, 2);
  assert.equal((await keysOf('two'))[0], first);
  const { rows } = await database.admin.query<{ private_key: Buffer }>(
    'SELECT private_key FROM shop.signing_keys',
  );
  assert.ok(rows.length > 0);
  // A private key begins like this in DER, wherever it is from.
  for (const { private_key } of rows)
    assert.ok(!private_key.includes(Buffer.from('300d06092a864886', 'hex')));
});
