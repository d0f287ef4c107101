/** Signing in with Apple against a whole runtime and a stand-in that behaves as Apple's documents say. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestAnswer, TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import { newCustomer } from '../testing/customers.ts';
import { SILENT, startAccounts } from '../testing/rooms.ts';
import { namesIn } from './apple.ts';
import type { AdminProvider } from './definition.ts';
import { cookieOf, headerOf, me, refused } from './testing/answers.ts';
import { startTestApple, type AppleUser, type TestApple } from './testing/apple.ts';
import { startTestProvider } from './testing/provider.ts';

const clock = manualClock(new Date());
const PLACE = '/api/admin/accounts/providers/apple';
const CALLBACK = '/api/accounts/providers/apple/callback';
let database: TestDatabase;
let shop: TestHost;
let apple: TestApple;

before(async () => {
  [{ database, shop }, apple] = await Promise.all([
    startAccounts({ one: SILENT, two: SILENT }, { clock }, { publicPort: 8080, outsideLoopback: true }),
    startTestApple(clock.now),
  ]);
  await offer();
});
after(async () => {
  await shop.stop();
  await apple.stop();
  await database.stop();
});

const offer = (changed: object = {}): Promise<AdminProvider> =>
  shop.managed<AdminProvider>('one', 'PUT', PLACE, {
    name: 'Apple',
    issuer: apple.issuer,
    clientId: apple.clientId,
    apple: apple.signer,
    ...changed,
  });

async function begin(headers: Readonly<Record<string, string>> = {}) {
  const answer = await shop.call('one', 'GET', '/api/accounts/providers/apple/sign-in', { headers });
  assert.equal(answer.status, 303, answer.text);
  return { leads: headerOf(answer, 'location'), cookie: cookieOf(answer), answer };
}

/** As a page of Apple's has a browser do: from another site, with what may go along from there. */
const post = (form: Readonly<Record<string, string>>, cookie: string, tenant = 'one'): Promise<TestAnswer> =>
  shop.call(tenant, 'POST', CALLBACK, {
    body: new URLSearchParams(form).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: apple.issuer,
      'sec-fetch-site': 'cross-site',
      cookie,
    },
  });

/** All of it. */
async function signIn(user: AppleUser, changed: Readonly<Record<string, string>> = {}): Promise<TestAnswer> {
  apple.user = user;
  const { leads, cookie } = await begin();
  const { to, form } = apple.visit(leads);
  assert.equal(to.pathname, CALLBACK);
  return post({ ...form, ...changed }, cookie);
}

const somebody = (subject: string, email = `${subject}@example.com`): AppleUser => ({
  subject,
  email,
  firstName: 'Ada',
  lastName: 'Lovelace',
});

test('whoever agrees at Apple is a customer by the name that is told once, and the same one ever after', async () => {
  const answer = await signIn(somebody('first'));
  assert.equal(headerOf(answer, 'location'), '/account');
  const customer = await me(shop, answer);
  assert.deepEqual(
    [customer.email, customer.firstName, customer.lastName],
    ['first@example.com', 'Ada', 'Lovelace'],
  );
  const again = await me(shop, await signIn({ ...somebody('first'), firstName: 'Eve' }));
  assert.deepEqual([again.id, again.firstName], [customer.id, 'Ada']);
});

test('an address of Apple’s relay is as good as another, and stays theirs', async () => {
  const relayed = somebody('hidden', 'x7k2@privaterelay.appleid.com');
  const customer = await me(shop, await signIn(relayed));
  assert.equal(customer.email, 'x7k2@privaterelay.appleid.com');
  assert.equal((await me(shop, await signIn(relayed))).id, customer.id);
});

test('who has an account of the address already has one more way into it, and is called there as before', async () => {
  const { customer } = await newCustomer(shop, 'one', 'grace@example.com', { firstName: 'Grace' });
  const known = await me(shop, await signIn(somebody('grace')));
  assert.deepEqual([known.id, known.firstName], [customer.id, 'Grace']);
});

test('no address is taken from what the browser brings beside the code', async () => {
  const { customer } = await newCustomer(shop, 'one', 'victim@example.com');
  const user = JSON.stringify({ name: { firstName: 'Eve' }, email: 'victim@example.com' });
  const attacker = await me(shop, await signIn(somebody('attacker'), { user }));
  assert.notEqual(attacker.id, customer.id);
  assert.equal(attacker.email, 'attacker@example.com');
});

for (const [what, user] of [
  ['no JSON', 'Ada'],
  ['another shape', '{"name":"Ada"}'],
  ['nothing', 'null'],
] as const)
  test(`whose name is ${what} has none`, async () => {
    const customer = await me(
      shop,
      await signIn(somebody(`nameless-${what.replaceAll(' ', '-')}`), { user }),
    );
    assert.deepEqual([customer.firstName, customer.lastName], ['', '']);
  });

test('whoever says no at Apple is led back', async () => {
  const { leads, cookie } = await begin();
  refused(await post(apple.visit(leads, false).form, cookie), 'declined');
});

test('a code is good for the browser that began, once, at this shop, and for ten minutes', async () => {
  apple.user = somebody('careful');
  const [mine, theirs] = [await begin(), await begin()];
  const { form } = apple.visit(mine.leads);
  refused(await post(form, ''), 'failed');
  refused(await post(form, theirs.cookie), 'failed');
  refused(await post(form, mine.cookie, 'two'), 'failed');
  refused(await post({ ...form, state: '' }, mine.cookie), 'failed');
  await me(shop, await post(form, mine.cookie));
  refused(await post(form, mine.cookie), 'failed');
  assert.equal(apple.refusals.at(-1), 'invalid_grant');
  const late = await begin();
  const posted = apple.visit(late.leads).form;
  clock.advance(10 * 60_000);
  refused(await post(posted, late.cookie), 'failed');
});

test('what is posted and is no form, or more than one, signs nobody in', async () => {
  const { cookie } = await begin();
  for (const body of ['', '{}', '\u0000', `state=${'x'.repeat(1_000)}`])
    refused(await shop.call('one', 'POST', CALLBACK, { body, headers: { cookie } }), 'failed');
  const long = await shop.call('one', 'POST', CALLBACK, { body: 'x'.repeat(20_000), headers: { cookie } });
  assert.equal(long.status, 413);
});

test('over TLS the browser brings back what it keeps although Apple’s page posts; to others it does not', async () => {
  const tls = { 'x-forwarded-proto': 'https' };
  const { answer } = await begin(tls);
  assert.match(headerOf(answer, 'set-cookie'), /; HttpOnly; SameSite=None; .*Secure$/);
  assert.match(headerOf((await begin()).answer, 'set-cookie'), /; HttpOnly; SameSite=Lax; /);
  const other = await startTestProvider(clock.now);
  try {
    const json = { name: 'There', issuer: other.issuer, ...other.client };
    await shop.managed('one', 'PUT', '/api/admin/accounts/providers/there', json);
    const path = '/api/accounts/providers/there/sign-in';
    const begun = await shop.call('one', 'GET', path, { headers: tls });
    assert.match(headerOf(begun, 'set-cookie'), /; HttpOnly; SameSite=Lax; .*Secure$/);
  } finally {
    await other.stop();
  }
});

for (const [what, changed] of [
  ['another team', { teamId: 'TEAM000000' }],
  ['another key’s name', { keyId: 'KEY0000000' }],
  [
    'another key',
    {
      privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
    },
  ],
] as const)
  test(`Apple gives nothing for a secret of ${what}`, async () => {
    await offer({ apple: { ...apple.signer, ...changed } });
    refused(await signIn(somebody('secretive')), 'failed');
    assert.equal(apple.refusals.at(-1), 'invalid_client');
    await offer();
    await me(shop, await signIn(somebody('secretive')));
  });

test('the merchant sees team and key’s name, and never the key; what is changed without it keeps it', async () => {
  const { issuer, clientId } = apple;
  const changed = { name: 'Apple ID', issuer, clientId };
  const kept = await shop.managed<AdminProvider>('one', 'PUT', PLACE, changed);
  const { teamId, keyId, privateKey } = apple.signer;
  assert.deepEqual([kept.hasSecret, kept.apple], [true, { teamId, keyId }]);
  await me(shop, await signIn(somebody('kept')));
  const listed = await shop.merchant('one', 'GET', '/api/admin/accounts/providers');
  const inside = privateKey.split('\n')[1] ?? '';
  assert.ok(inside.length > 20 && !listed.text.includes(inside));
  const { rows } = await database.admin.query<{ client_secret: Buffer | null }>(
    'SELECT client_secret FROM shop.sign_in_providers',
  );
  for (const { client_secret: sealed } of rows) assert.ok(sealed === null || !sealed.includes(inside));
});

test('a key that cannot sign, or a secret beside it, is refused without a word of it', async () => {
  const put = (changed: object): Promise<TestAnswer> =>
    shop.merchant('one', 'PUT', PLACE, {
      json: {
        name: 'Apple',
        issuer: apple.issuer,
        clientId: apple.clientId,
        apple: apple.signer,
        ...changed,
      },
    });
  const pemOf = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): string =>
    key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const wrong = [
    'not a key',
    apple.signer.privateKey.slice(0, 80),
    pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
    pemOf(generateKeyPairSync('ed25519').privateKey),
  ];
  for (const privateKey of wrong) {
    const answer = await put({ apple: { ...apple.signer, privateKey } });
    assert.equal(answer.status, 400, privateKey);
    assert.match(answer.text, /must be the \.p8 file/);
    assert.ok(!answer.text.includes(privateKey.slice(30, 60) || privateKey));
  }
  assert.equal((await put({ clientSecret: 'x' })).status, 400);
  assert.equal((await put({ apple: { ...apple.signer, teamId: 'short' } })).status, 400);
});

test('with a secret in the key’s place it is Apple no more', async () => {
  const plain = await offer({ apple: undefined, clientSecret: 'x' });
  assert.equal(plain.apple, null);
  assert.match((await begin()).leads, /scope=openid\+email\+profile/);
  assert.deepEqual((await offer()).apple?.teamId, apple.signer.teamId);
});

test('a name is read as far as it is one', () => {
  assert.deepEqual(namesIn('{"name":{"firstName":"Ada"}}'), { first: 'Ada', last: '' });
  for (const said of [undefined, '', '[]', '{"name":{"firstName":1}}'])
    assert.deepEqual(namesIn(said), { first: '', last: '' });
});
