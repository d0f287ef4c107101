/** Signing in by an OpenID provider against a whole runtime: who is let in, and by what nobody is. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer, type TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import { accounts } from '../definition.ts';
import { newCustomer } from '../testing/customers.ts';
import { as } from '../testing/staff.ts';
import type { AdminProvider, Identity, SignInProvider } from './definition.ts';
import { cookieOf, headerOf, me, refused } from './testing/answers.ts';
import { startTestProvider, type TestProvider } from './testing/provider.ts';

let database: TestDatabase;
let shop: TestHost;
let provider: TestProvider;
const clock = manualClock(new Date());
const ADA = {
  sub: 'ada-there',
  email: 'Ada@example.com',
  email_verified: true,
  given_name: 'Ada',
  family_name: 'Lovelace',
};

before(async () => {
  [database, provider] = await Promise.all([startTestDatabase([accounts]), startTestProvider(clock.now)]);
  const domains = ['accounts'];
  for (const id of ['one', 'two']) await database.addTenant({ id, domains }, ADMIN_SECRETS);
  const { url: databaseUrl, secretsKey } = database;
  shop = await startTestHost(
    { databaseUrl, secretsKey, domains, publicPort: 8080, outsideLoopback: true },
    { clock },
  );
  for (const tenant of ['one', 'two']) await offer(tenant);
});
after(async () => {
  await shop.stop();
  await provider.stop();
  await database.stop();
});
beforeEach(() => {
  provider.forged = {};
  provider.signsFalsely = false;
});

const PLACE = '/api/admin/accounts/providers/there';
const offer = (tenant: string, changed: object = {}): Promise<AdminProvider> =>
  shop.managed<AdminProvider>(tenant, 'PUT', PLACE, {
    name: 'There',
    issuer: provider.issuer,
    ...provider.client,
    ...changed,
  });

/** A browser that begins: where it is led to, and the cookie it keeps. */
async function begin(tenant = 'one', query = ''): Promise<{ leads: string; cookie: string }> {
  const answer = await shop.call(tenant, 'GET', `/api/accounts/providers/there/sign-in${query}`);
  assert.equal(answer.status, 303, answer.text);
  return { leads: headerOf(answer, 'location'), cookie: cookieOf(answer) };
}

const comeBack = (back: URL, cookie: string, tenant = 'one'): Promise<TestAnswer> =>
  shop.call(tenant, 'GET', `${back.pathname}${back.search}`, { headers: { cookie } });

/** All of it. */
async function signIn(person: Readonly<Record<string, unknown>>, query = ''): Promise<TestAnswer> {
  provider.person = person;
  const { leads, cookie } = await begin('one', query);
  return comeBack(await provider.visit(leads), cookie);
}

const identitiesOf = async (answer: TestAnswer): Promise<Identity[]> =>
  (
    await shop.call('one', 'GET', '/api/accounts/me/identities', { headers: { cookie: cookieOf(answer) } })
  ).json<{ identities: Identity[] }>().identities;

test('whoever comes back for the first time is a customer, and the same one the next time, whatever they are called by then', async () => {
  const first = await signIn(ADA, '?onwards=/cart');
  assert.equal(headerOf(first, 'location'), '/cart');
  assert.match(headerOf(first, 'set-cookie'), /^shopmind_session=[^;]+; Path=\/; HttpOnly; SameSite=Lax/);
  const customer = await me(shop, first);
  assert.deepEqual(
    [customer.email, customer.firstName, customer.lastName, customer.acceptsMarketing],
    ['Ada@example.com', 'Ada', 'Lovelace', false],
  );
  const second = await signIn({ ...ADA, email: 'ada@elsewhere.example', email_verified: false });
  assert.equal((await me(shop, second)).id, customer.id);
  const [identity, ...others] = await identitiesOf(second);
  assert.deepEqual(others, []);
  assert.deepEqual(identity?.provider, { id: 'there', name: 'There' });
});

test('who has an account of the address already has one more way into it', async () => {
  const { customer } = await newCustomer(shop, 'one', 'grace@example.com');
  const answer = await signIn({ sub: 'grace-there', email: 'GRACE@example.com', email_verified: 'true' });
  assert.equal((await me(shop, answer)).id, customer.id);
});

test('an address that the provider does not vouch for is nobody’s', async () => {
  await newCustomer(shop, 'one', 'victim@example.com');
  for (const email_verified of [false, 'false', undefined])
    refused(await signIn({ sub: 'attacker', email: 'victim@example.com', email_verified }), 'unverified');
  refused(await signIn({ sub: 'nameless', email_verified: true }), 'unverified');
});

test('two browsers of one person who come back at once are one customer', async () => {
  provider.person = { sub: 'twice', email: 'twice@example.com', email_verified: true };
  const begun = await Promise.all([begin(), begin(), begin(), begin()]);
  const answers = await Promise.all(
    begun.map(async ({ leads, cookie }) => comeBack(await provider.visit(leads), cookie)),
  );
  const ids = await Promise.all(answers.map(async (answer) => (await me(shop, answer)).id));
  assert.equal(new Set(ids).size, 1);
});

for (const [what, changed] of [
  ['of another issuer', { iss: 'https://elsewhere.example' }],
  ['for another client', { aud: 'somebody-else' }],
  ['for several, on behalf of another', { aud: ['shop', 'other'], azp: 'other' }],
  ['of another sign-in', { nonce: 'x' }],
  ['that is over', { exp: 1_000 }],
  ['of long ago', { iat: 1_000 }],
  ['of nobody', { sub: undefined }],
] as const)
  test(`a token ${what} lets nobody in`, async () => {
    provider.forged = changed;
    refused(await signIn(ADA), 'failed');
  });

test('a token that is signed by whoever lets nobody in', async () => {
  provider.signsFalsely = true;
  refused(await signIn(ADA), 'failed');
});

test('a code is good for the browser that began, once, at this shop, with this provider, and for ten minutes', async () => {
  provider.person = ADA;
  const mine = await begin();
  const theirs = await begin();
  const back = await provider.visit(mine.leads);
  refused(await comeBack(back, ''), 'failed');
  refused(await comeBack(back, theirs.cookie), 'failed');
  refused(await comeBack(back, mine.cookie, 'two'), 'failed');
  assert.equal(headerOf(await comeBack(back, mine.cookie), 'location'), '/account');
  refused(await comeBack(back, mine.cookie), 'failed');

  const late = await begin();
  const lateBack = await provider.visit(late.leads);
  clock.advance(10 * 60_000);
  refused(await comeBack(lateBack, late.cookie), 'failed');
  clock.advance(-10 * 60_000);
});

test('whoever says no at the provider is led back', async () => {
  const { leads, cookie } = await begin();
  const back = await provider.visit(leads);
  back.searchParams.delete('code');
  back.searchParams.set('error', 'access_denied');
  refused(await comeBack(back, cookie), 'declined');
});

test('nobody is led to another site than the shop by a link that begins with its name', async () => {
  for (const onwards of ['https://evil.example', '//evil.example', '/\\evil.example', 'evil', '/a\nb']) {
    const path = `/api/accounts/providers/there/sign-in?onwards=${encodeURIComponent(onwards)}`;
    assert.equal((await shop.call('one', 'GET', path)).status, 400, onwards);
  }
});

test('the merchant sees everything but the secret, and what to tell the provider', async () => {
  const listed = await shop.managed<{ providers: AdminProvider[] }>(
    'one',
    'GET',
    '/api/admin/accounts/providers',
  );
  const [one] = listed.providers;
  assert.equal(one?.hasSecret, true);
  assert.deepEqual(one.callbacks, ['http://one.localhost:8080/api/accounts/providers/there/callback']);
  assert.ok(!JSON.stringify(listed).includes(provider.client.clientSecret));
  const { rows } = await database.admin.query<{ client_secret: Buffer }>(
    'SELECT client_secret FROM shop.sign_in_providers',
  );
  assert.ok(rows.every(({ client_secret }) => !client_secret.includes(provider.client.clientSecret)));
});

test('what is changed without its secret keeps it; switched off it is not offered, and leads nowhere', async () => {
  const { clientSecret: _, ...rest } = provider.client;
  const off = await offer('one', { clientSecret: undefined, enabled: false });
  assert.equal(off.hasSecret, true);
  const offered = async () =>
    (await shop.call('one', 'GET', '/api/accounts/providers')).json<{ providers: SignInProvider[] }>()
      .providers;
  assert.deepEqual(await offered(), []);
  assert.equal((await shop.call('one', 'GET', '/api/accounts/providers/there/sign-in')).status, 404);
  await shop.managed('one', 'PUT', PLACE, { name: 'There', issuer: provider.issuer, ...rest });
  assert.deepEqual(await offered(), [{ id: 'there', name: 'There' }]);
  assert.equal((await me(shop, await signIn(ADA))).firstName, 'Ada');
});

test('with another issuer or client nobody is whom the last one said', async () => {
  await signIn({ sub: 'moved', email: 'moved@example.com', email_verified: true });
  await offer('one', { clientId: 'other' });
  await offer('one');
  refused(await signIn({ sub: 'moved' }), 'unverified');
});

test('an issuer that is another than it says, is away, or is inside, is refused when it is written down', async () => {
  const put = (issuer: string) =>
    shop.merchant('one', 'PUT', '/api/admin/accounts/providers/new', {
      json: { name: 'New', issuer, clientId: 'x' },
    });
  assert.equal((await put(`${provider.issuer}/`)).status, 400);
  assert.equal((await put('http://127.0.0.1:1')).status, 400);
  assert.equal((await put('http://169.254.169.254')).status, 400);
  assert.equal((await put('nothing')).status, 400);
});

test('the provider is asked for its document and its keys once, however many sign in', async () => {
  const before = new Map(provider.asked);
  for (let n = 0; n < 3; n += 1) await signIn(ADA);
  for (const path of ['/.well-known/openid-configuration', '/keys'])
    assert.equal(provider.asked.get(path), before.get(path), path);
});

test('a customer sees and removes their own, and nobody else’s', async () => {
  const answer = await signIn({ sub: 'own', email: 'own@example.com', email_verified: true });
  const [identity] = await identitiesOf(answer);
  const { token } = await newCustomer(shop, 'one', 'other@example.com');
  const path = `/api/accounts/me/identities/${identity?.id}`;
  assert.equal((await shop.call('one', 'DELETE', path, { headers: as(token) })).status, 404);
  const mine = { headers: { cookie: cookieOf(answer), origin: 'http://one.localhost:8080' } };
  assert.equal((await shop.call('one', 'DELETE', path, mine)).status, 204);
  assert.deepEqual(await identitiesOf(answer), []);
  assert.equal((await me(shop, answer)).email, 'own@example.com', 'and stays signed in');
});

test('a shop has ten of them', async () => {
  const put = (id: string) =>
    shop.merchant('two', 'PUT', `/api/admin/accounts/providers/${id}`, {
      json: { name: id, issuer: provider.issuer, clientId: 'x' },
    });
  const statuses = [];
  for (let n = 0; n < 10; n += 1) statuses.push((await put(`p${n}`)).status);
  assert.deepEqual(statuses, [...Array.from({ length: 9 }, () => 200), 409]);
  assert.equal((await put('there')).status, 200);
});
