/** Passkeys against a whole runtime, by an authenticator in software: customers and staff sign in by them, and by nothing like them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestAnswer, TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import type { Session } from '../definition.ts';
import type { StaffSession } from '../staff/definition.ts';
import { createAuthenticator, type Authenticator, type Bent } from '../testing/authenticator.ts';
import { newCustomer } from '../testing/customers.ts';
import { as, join, STAFF_PASSWORD } from '../testing/staff.ts';
import type { CreationOptions, Passkey, RequestOptions } from './definition.ts';
import { startAccounts, WITH_MAILS } from '../testing/rooms.ts';

let database: TestDatabase;
let shop: TestHost;
const clock = manualClock(new Date());
const PASSWORD = 'correct horse battery';
const ORIGIN = 'http://one.localhost:8080';

before(async () => {
  ({ database, shop } = await startAccounts(
    { one: WITH_MAILS, two: WITH_MAILS },
    { clock },
    { publicPort: 8080 },
  ));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

/** Where the two kinds of accounts have their routes. */
interface Side {
  readonly own: string;
  readonly signIn: string;
  readonly me: string;
  readonly password: string;
  readonly enter: (email: string) => Promise<string>;
}
const CUSTOMERS: Side = {
  own: '/api/accounts/me',
  signIn: '/api/accounts',
  me: '/api/accounts/me',
  password: PASSWORD,
  async enter(email) {
    return (await newCustomer(shop, 'one', email, { password: PASSWORD })).token;
  },
};
const STAFF: Side = {
  own: '/api/admin/accounts/me',
  signIn: '/api/accounts/staff',
  me: '/api/admin/accounts/me',
  password: STAFF_PASSWORD,
  enter: async (email) => (await join(shop, 'one', email, ['viewer'])).token,
};

const post = (path: string, json?: object, token?: string, tenant = 'one'): Promise<TestAnswer> =>
  shop.call(tenant, 'POST', path, {
    ...(json === undefined ? {} : { json }),
    ...(token === undefined ? {} : { headers: as(token) }),
  });

async function prepare({ own, password }: Side, token: string): Promise<CreationOptions> {
  const answer = await post(`${own}/passkeys/options`, { password }, token);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<CreationOptions>();
}

async function add(
  side: Side,
  token: string,
  device: Authenticator,
  attestation: 'none' | 'packed' = 'none',
  bent: Bent = {},
): Promise<TestAnswer> {
  const credential = device.create(await prepare(side, token), attestation, bent);
  return post(`${side.own}/passkeys`, { name: 'Phone', credential }, token);
}

const options = async ({ signIn }: Side, tenant = 'one'): Promise<RequestOptions> =>
  (await post(`${signIn}/passkeys/options`, undefined, undefined, tenant)).json<RequestOptions>();

async function signIn(side: Side, device: Authenticator, bent: Bent = {}): Promise<TestAnswer> {
  return post(`${side.signIn}/passkeys/login`, { credential: device.get(await options(side), bent) });
}

for (const [who, side] of Object.entries({ customer: CUSTOMERS, 'member of the staff': STAFF }))
  for (const [algorithm, attestation] of [
    ['ES256', 'none'],
    ['ES256', 'packed'],
    ['EdDSA', 'none'],
    ['EdDSA', 'packed'],
  ] as const)
    test(`a ${who} adds a passkey (${algorithm}, attestation ${attestation}) and signs in by it alone`, async () => {
      const email = `${who.length}${algorithm}${attestation}@example.org`.toLowerCase();
      const token = await side.enter(email);
      const device = createAuthenticator(algorithm, ORIGIN);
      const added = await add(side, token, device, attestation);
      assert.equal(added.status, 201, added.text);
      const answer = await signIn(side, device);
      assert.equal(answer.status, 200, answer.text);
      const session = answer.json<(Session | StaffSession) & Record<string, unknown>>();
      const me = await shop.call('one', 'GET', side.me, { headers: as(session.token) });
      assert.equal(me.json()['email'], email);
    });

const BENT: readonly (readonly [what: string, bent: Bent])[] = [
  ['by another key', { forged: true }],
  ['on a page of another origin', { origin: 'https://evil.example' }],
  ['for another shop’s name', { rpId: 'two.localhost' }],
  ['by a device that did not look who it is', { verified: false }],
  ['to a question nobody asked', { challenge: 'A'.repeat(43) }],
  ['by a copy of the device, that counts what was counted', { counter: 1 }],
];
for (const [what, bent] of BENT) {
  test(`what was signed ${what} opens nothing, and says no more than that`, async () => {
    const token = await CUSTOMERS.enter(`bent${BENT.findIndex(([one]) => one === what)}@example.org`);
    const device = createAuthenticator('ES256', ORIGIN);
    await add(CUSTOMERS, token, device);
    assert.equal((await signIn(CUSTOMERS, device)).status, 200);
    const refused = await signIn(CUSTOMERS, device, bent);
    assert.deepEqual([refused.status, refused.json()['detail']], [401, 'This passkey opens nothing here.']);
  });
}

test('a key is added only if the device proves to have it, for this shop, and knows who it is', async () => {
  const token = await CUSTOMERS.enter('prove@example.org');
  for (const bent of [
    { forged: true },
    { origin: 'https://evil.example' },
    { rpId: 'two.localhost' },
    { verified: false },
    { challenge: 'A'.repeat(43) },
  ]) {
    const refused = await add(CUSTOMERS, token, createAuthenticator('ES256', ORIGIN), 'packed', bent);
    assert.equal(refused.status, 400, `${JSON.stringify(bent)} ${refused.text}`);
  }
  const list = await shop.call('one', 'GET', '/api/accounts/me/passkeys', { headers: as(token) });
  assert.deepEqual(list.json(), { passkeys: [] });
});

test('what was signed is good once, for a few minutes, in its shop, for its kind of account', async () => {
  const token = await CUSTOMERS.enter('once@example.org');
  const device = createAuthenticator('EdDSA', ORIGIN);
  await add(CUSTOMERS, token, device);
  const credential = device.get(await options(CUSTOMERS));
  const login = (path = '/api/accounts/passkeys/login', tenant = 'one', given = credential) =>
    post(path, { credential: given }, undefined, tenant);
  assert.equal((await login()).status, 200);
  assert.equal((await login()).status, 401);
  const late = device.get(await options(CUSTOMERS));
  clock.advance(5 * 60 * 1_000);
  assert.equal((await login(undefined, 'one', late)).status, 401);
  assert.equal((await login(undefined, 'two', device.get(await options(CUSTOMERS, 'two')))).status, 401);
  const asStaff = device.get(await options(STAFF));
  assert.equal((await login('/api/accounts/staff/passkeys/login', 'one', asStaff)).status, 401);
});

test('adding one wants the password; one that is removed opens nothing; nobody removes another’s', async () => {
  const token = await CUSTOMERS.enter('mine@example.org');
  const eve = await CUSTOMERS.enter('eves@example.org');
  assert.equal((await post('/api/accounts/me/passkeys/options', { password: 'wrong' }, token)).status, 400);
  const device = createAuthenticator('ES256', ORIGIN);
  const passkey = (await add(CUSTOMERS, token, device)).json<Passkey>();
  assert.equal((await add(CUSTOMERS, token, device)).status, 409);
  const { excludeCredentials } = await prepare(CUSTOMERS, token);
  assert.equal(excludeCredentials.length, 1);
  // A question that was put to one account is answered for no other.
  const borrowed = createAuthenticator('ES256', ORIGIN).create(await prepare(CUSTOMERS, token));
  const taken = await post('/api/accounts/me/passkeys', { name: 'x', credential: borrowed }, eve);
  assert.equal(taken.status, 400);
  const remove = (by: string) =>
    shop.call('one', 'DELETE', `/api/accounts/me/passkeys/${passkey.id}`, { headers: as(by) });
  assert.equal((await remove(eve)).status, 404);
  assert.equal((await remove(token)).status, 204);
  assert.equal((await signIn(CUSTOMERS, device)).status, 401);
});

test('a member of the staff who is removed takes their passkeys along', async () => {
  const { token, staff } = await join(shop, 'one', 'leaving@example.org', ['viewer']);
  const device = createAuthenticator('ES256', ORIGIN);
  assert.equal((await add(STAFF, token, device)).status, 201);
  await shop.managed('one', 'DELETE', `/api/admin/accounts/staff/${staff.id}`, undefined, 204);
  assert.equal((await signIn(STAFF, device)).status, 401);
});
