/** The shop as an OpenID provider: by a client library that others use, and by whoever tries what it must refuse. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as openid from 'openid-client';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import { whileHeld } from '../../../../tests/support/locks.ts';
import { HOST_ROUTES } from '../../../host/definition.ts';
import type { TestAnswer, TestHost } from '../../../host/testing.ts';
import { manualClock } from '../../../platform/clock.ts';
import { accounts } from '../definition.ts';
import { createLinks } from '../links.ts';
import { CUSTOMER_PASSWORD, newCustomer } from '../testing/customers.ts';
import { SILENT, startAccounts } from '../testing/rooms.ts';
import type { AppWithSecret, ConnectedApp, Connection } from './definition.ts';
import {
  BACK,
  beginning,
  browserOf,
  locationOf,
  registerApp,
  type Browser,
  type Said,
} from './testing/browser.ts';

const ISSUER = 'http://one.localhost:8080';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const clock = manualClock(new Date());
let database: TestDatabase;
let shop: TestHost;
let forum: AppWithSecret;
let made = 0;

before(async () => {
  ({ database, shop } = await startAccounts({ one: SILENT, two: SILENT }, { clock }, { publicPort: 8080 }));
  forum = await registerApp(shop, 'one');
});
after(async () => {
  await shop.stop();
  await database.stop();
});

/** Somebody new, who is signed in. */
async function shopper(tenant = 'one'): Promise<{ browser: Browser; id: string; email: string }> {
  const email = `ada${(made += 1)}@example.com`;
  const { customer, token } = await newCustomer(shop, tenant, email, { lastName: 'Lovelace' });
  return { browser: browserOf(shop, tenant, token), id: customer.id, email };
}

type Tokens = Readonly<Record<'access_token' | 'refresh_token' | 'id_token' | 'scope', string>>;

function ask(form: Said, { app = forum, tenant = 'one', path = 'token' } = {}): Promise<TestAnswer> {
  const own = { client_id: app.id, ...(app.secret === null ? {} : { client_secret: app.secret }) };
  return shop.call(tenant, 'POST', `/api/accounts/oauth/${path}`, {
    body: new URLSearchParams({ ...own, ...form }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

const exchange = (code: string, verifier: string, changed: Said = {}): Promise<TestAnswer> =>
  ask({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: BACK, ...changed });
const refresh = (token: string, changed: Said = {}): Promise<TestAnswer> =>
  ask({ grant_type: 'refresh_token', refresh_token: token, ...changed });
const userInfo = (token: string, tenant = 'one'): Promise<TestAnswer> =>
  shop.call(tenant, 'GET', '/api/accounts/oauth/userinfo', { headers: { authorization: `Bearer ${token}` } });

/** A code that nobody has come for yet. */
async function codeFor(browser: Browser, changed: Said = {}) {
  const { query, verifier } = beginning(forum, changed);
  const back = await browser.agree(query);
  const code = back.searchParams.get('code');
  assert.ok(code, back.href);
  return { code, verifier };
}

async function tokensFor(browser: Browser, changed: Said = {}): Promise<Tokens> {
  const { code, verifier } = await codeFor(browser, changed);
  const answer = await exchange(code, verifier);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Tokens>();
}

function claimsIn({ id_token }: Pick<Tokens, 'id_token'>): Record<string, unknown> {
  return JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

function refused(answer: TestAnswer, error: string, status = 400): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json<{ error: string }>()['error'], error);
}

/** The library that others use, led to this shop. */
async function clientOf(
  app: AppWithSecret,
  authentication?: openid.ClientAuth,
): Promise<openid.Configuration> {
  const config = await openid.discovery(new URL(ISSUER), app.id, app.secret ?? undefined, authentication, {
    execute: [openid.allowInsecureRequests],
    [openid.customFetch]: async (address, { method, headers, body }) => {
      const { pathname, search, hostname } = new URL(address);
      assert.equal(hostname, 'one.localhost');
      const asked = { ...headers, ...(body instanceof URLSearchParams ? FORM : {}) };
      const answer = await shop.call('one', method, `${pathname}${search}`, {
        headers: asked,
        ...(body === undefined || body === null ? {} : { body: String(body) }),
      });
      const told = Object.entries(answer.headers).map(
        ([name, value]) => [name, String(value)] as [string, string],
      );
      return new Response(answer.text === '' ? null : answer.text, { status: answer.status, headers: told });
    },
  });
  // Its signature, too, by the keys that the shop publishes.
  openid.enableNonRepudiationChecks(config);
  return config;
}
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

for (const [how, of] of [
  ['by a header', (app: AppWithSecret) => openid.ClientSecretBasic(app.secret ?? '')],
  ['in its form', (app: AppWithSecret) => openid.ClientSecretPost(app.secret ?? '')],
  ['by PKCE alone', () => openid.None()],
] as const)
  test(`a client library signs somebody in, proving who it is ${how}`, async () => {
    const app = await registerApp(shop, 'one', how === 'by PKCE alone' ? { kind: 'public' } : {});
    const config = await clientOf(app, of(app));
    const { browser, id, email } = await shopper();
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [openid.randomState(), openid.randomNonce()];
    const address = openid.buildAuthorizationUrl(config, {
      redirect_uri: BACK,
      scope: 'openid profile email offline_access',
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      max_age: '3600',
    });
    assert.equal(address.origin, ISSUER);
    const back = await browser.agree(Object.fromEntries(address.searchParams));
    assert.equal(back.searchParams.get('iss'), ISSUER);
    const tokens = await openid.authorizationCodeGrant(config, back, {
      pkceCodeVerifier,
      expectedState,
      expectedNonce,
      maxAge: 3_600,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    assert.deepEqual(
      [claims?.sub, claims?.['email'], claims?.['email_verified'], claims?.['name'], claims?.['given_name']],
      [id, email, true, 'Ada Lovelace', 'Ada'],
    );
    const info = await openid.fetchUserInfo(config, tokens.access_token, id);
    assert.deepEqual([info.email, info.family_name], [email, 'Lovelace']);
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
    assert.equal(next.claims()?.sub, id);
    assert.equal((await userInfo(tokens.access_token)).status, 401, 'the one before is over');
    await openid.tokenRevocation(config, next.refresh_token ?? '');
    assert.equal((await userInfo(next.access_token)).status, 401);
    await assert.rejects(openid.refreshTokenGrant(config, next.refresh_token ?? ''), {
      error: 'invalid_grant',
    });
  });

test('an app learns what was agreed to, and no more', async () => {
  const { browser, id } = await shopper();
  const tokens = await tokensFor(browser, { scope: 'openid unheard-of' });
  assert.deepEqual((await userInfo(tokens.access_token)).json(), { sub: id });
  const { email, name } = claimsIn(tokens);
  assert.deepEqual(
    [tokens.scope, tokens.refresh_token, email, name],
    ['openid', undefined, undefined, undefined],
  );
});

test('the shopper is asked once for what an app learns, and again for what more it wants', async () => {
  const { browser } = await shopper();
  const { query } = beginning(forum, { scope: 'openid email' });
  const page = await browser.authorize(query);
  const id = page.searchParams.get('id') ?? '';
  assert.equal(page.pathname, '/connect');
  const shown = await shop.call(
    'one',
    'GET',
    `/api/accounts/oauth/connection?${new URLSearchParams({ id, ticket: browser.ticket })}`,
    {
      headers: { authorization: `Bearer ${browser.session}` },
    },
  );
  assert.deepEqual(shown.json<Connection>(), {
    app: 'Forum',
    scopes: ['openid', 'email'],
    lacking: 'consent',
  });
  await browser.agree(query);
  assert.equal((await browser.authorize(query)).host, 'forum.example', 'not asked again');
  assert.equal((await browser.authorize({ ...query, prompt: 'none' })).searchParams.get('error'), null);
  assert.equal((await browser.authorize(beginning(forum).query)).pathname, '/connect');
  clock.advance(1_000);
  assert.equal((await browser.authorize({ ...query, prompt: 'consent' })).pathname, '/connect');
});

test('an app on a device is asked about each time: its name there could be taken', async () => {
  const app = await registerApp(shop, 'one', {
    kind: 'public',
    redirectUris: ['com.example.club:/in', 'http://127.0.0.1/in'],
  });
  const { browser } = await shopper();
  for (const redirect_uri of ['com.example.club:/in', 'http://127.0.0.1:51234/in']) {
    const { query } = beginning(app, { redirect_uri });
    assert.ok((await browser.agree(query)).href.startsWith(`${redirect_uri}?code=`));
    clock.advance(1_000);
    assert.equal((await browser.authorize(query)).pathname, '/connect');
    assert.equal(
      (await browser.authorize({ ...query, prompt: 'none' })).searchParams.get('error'),
      'consent_required',
    );
  }
});

test('whoever says no is led back with that', async () => {
  const { browser } = await shopper();
  const page = await browser.authorize(beginning(forum).query);
  const back = locationOf(await browser.get(`/api/accounts/oauth/decline${page.search}`));
  assert.equal(`${back.origin}${back.pathname}`, BACK);
  const { error, state, iss } = Object.fromEntries(back.searchParams);
  assert.deepEqual([error, state, iss], ['access_denied', 'the-state', ISSUER]);
});

for (const [what, changed, problem] of [
  ['an app that nobody knows', { client_id: `app_${'0'.repeat(32)}` }, 'app'],
  ['no app', { client_id: '' }, 'app'],
  ['another site', { redirect_uri: 'https://evil.example/' }, 'return'],
  ['another page of its site', { redirect_uri: `${BACK}/../open` }, 'return'],
  ['its site by another name', { redirect_uri: BACK.replace('forum', 'FORUM') }, 'return'],
  ['nowhere', { redirect_uri: '' }, 'return'],
  ['a script', { redirect_uri: 'javascript:alert(1)' }, 'return'],
] as const)
  test(`a browser that comes for ${what} is sent nowhere`, async () => {
    const { browser } = await shopper();
    const page = await browser.authorize({ ...beginning(forum).query, ...changed });
    assert.equal(`${page.host}${page.pathname}${page.search}`, `shop/connect?problem=${problem}`);
  });

for (const [what, changed, error] of [
  ['a token at once', { response_type: 'token' }, 'unsupported_response_type'],
  ['a token and a code', { response_type: 'code id_token' }, 'unsupported_response_type'],
  ['no PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
  ['PKCE that proves nothing', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['a challenge that is none', { code_challenge: 'short' }, 'invalid_request'],
  ['its answer behind the #', { response_mode: 'fragment' }, 'invalid_request'],
  ['nothing that it may know', { scope: 'email' }, 'invalid_scope'],
  ['a request by reference', { request_uri: 'https://forum.example/r' }, 'request_uri_not_supported'],
  ['a request of its own', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
  ['silence and a page', { prompt: 'none login' }, 'invalid_request'],
  ['what there is not', { prompt: 'create' }, 'invalid_request'],
  ['an age that is none', { max_age: '-1' }, 'invalid_request'],
  [
    'more to be kept than a browser keeps',
    { state: '€'.repeat(1_000), nonce: 'x'.repeat(300) },
    'invalid_request',
  ],
  ['to go on without consent', { prompt: 'none' }, 'consent_required'],
] as const)
  test(`an app that asks for ${what} is told ${error}`, async () => {
    const { browser } = await shopper();
    const back = await browser.authorize({ ...beginning(forum).query, ...changed });
    assert.equal(`${back.origin}${back.pathname}`, BACK);
    const { error: told, state, iss, code } = Object.fromEntries(back.searchParams);
    const mine = 'state' in changed ? changed.state : 'the-state';
    assert.deepEqual([told, state, iss, code], [error, mine, ISSUER, undefined]);
  });

test('an app is not given what its merchant did not allow', async () => {
  const app = await registerApp(shop, 'one', { scopes: ['openid'] });
  const { browser } = await shopper();
  const back = await browser.authorize(beginning(app).query);
  assert.equal(back.searchParams.get('error'), 'invalid_scope');
});

test('whoever is not signed in has to, and silently cannot', async () => {
  const browser = browserOf(shop, 'one', undefined);
  const { query } = beginning(forum);
  assert.equal(
    (await browser.authorize({ ...query, prompt: 'none' })).searchParams.get('error'),
    'login_required',
  );
  const page = await browser.authorize(query);
  assert.equal(page.pathname, '/connect');
  assert.equal(
    locationOf(await browser.get(`/api/accounts/oauth/continue${page.search}`)).pathname,
    '/connect',
  );
  browser.session = (await shopper()).browser.session;
  assert.equal((await browser.agree(query)).host, 'forum.example');
});

test('who signed in too long ago does so again, and the app is told when that was', async () => {
  const { browser, email } = await shopper();
  const { query } = beginning(forum, { scope: 'openid' });
  await browser.agree(query);
  clock.advance(10 * MINUTE);
  const since = (changed: Said): Promise<URL> => browser.authorize({ ...query, ...changed });
  assert.equal((await since({ max_age: '900' })).host, 'forum.example');
  for (const anew of [
    { max_age: '300' },
    { max_age: '0' },
    { prompt: 'login' },
    { prompt: 'select_account' },
  ])
    assert.equal((await since(anew)).pathname, '/connect', JSON.stringify(anew));
  assert.equal((await since({ max_age: '300', prompt: 'none' })).searchParams.get('error'), 'login_required');

  const page = await since({ prompt: 'login' });
  const goOn = async (): Promise<URL> =>
    locationOf(await browser.get(`/api/accounts/oauth/continue${page.search}`));
  assert.equal((await goOn()).pathname, '/connect', 'as it was signed in before');
  const login = await shop.call('one', 'POST', '/api/accounts/login', {
    json: { email, password: CUSTOMER_PASSWORD },
  });
  browser.session = login.json<{ token: string }>().token;
  assert.equal((await goOn()).host, 'forum.example');
  const told = claimsIn(await tokensFor(browser, { scope: 'openid' }));
  assert.equal(told['auth_time'], Math.floor(clock.now().getTime() / 1_000));
});

test('a page agrees to the app that it shows, of the browser that began, for ten minutes, and only if the shop’s own page says so', async () => {
  const { browser } = await shopper();
  const other = (await shopper()).browser;
  const page = await browser.authorize(beginning(forum).query);
  const id = page.searchParams.get('id') ?? '';
  const another = await other.authorize(beginning(forum).query);
  const say = (json: object, headers: Said): Promise<TestAnswer> =>
    shop.call('one', 'POST', '/api/accounts/oauth/connection', { json, headers });
  const mine = { authorization: `Bearer ${browser.session}` };
  assert.equal((await say({ id, ticket: other.ticket }, mine)).status, 410);
  assert.equal((await say({ id: another.searchParams.get('id'), ticket: browser.ticket }, mine)).status, 410);
  assert.equal((await say({ id, ticket: `${browser.ticket.slice(0, -4)}AAAA` }, mine)).status, 410);
  assert.equal((await say({ id, ticket: browser.ticket }, {})).status, 401);
  const cookie = `shopmind_session=${browser.session}`;
  assert.equal(
    (await say({ id, ticket: browser.ticket }, { cookie, origin: 'https://evil.example' })).status,
    403,
  );
  const stranger = locationOf(await other.get(`/api/accounts/oauth/continue?id=${id}`));
  assert.equal(stranger.search, '?problem=over');
  clock.advance(10 * MINUTE);
  assert.equal((await say({ id, ticket: browser.ticket }, mine)).status, 410);
  assert.equal(
    locationOf(await browser.get(`/api/accounts/oauth/continue?id=${id}`)).search,
    '?problem=over',
  );
});

for (const [what, changed, error, status] of [
  ['another verifier', { code_verifier: 'x'.repeat(43) }, 'invalid_grant', 400],
  ['a verifier that is none', { code_verifier: 'short' }, 'invalid_request', 400],
  ['another way back', { redirect_uri: 'https://forum.example/other' }, 'invalid_grant', 400],
  ['another secret', { client_secret: 'x' }, 'invalid_client', 401],
  ['a code that is none', { code: 'x' }, 'invalid_grant', 400],
  ['a password', { grant_type: 'password' }, 'unsupported_grant_type', 400],
  ['nothing', { grant_type: '' }, 'unsupported_grant_type', 400],
] as const)
  test(`a code is worth nothing with ${what}, and is as good as before`, async () => {
    const { code, verifier } = await codeFor((await shopper()).browser);
    refused(await exchange(code, verifier, changed), error, status);
    assert.equal((await exchange(code, verifier)).status, 200);
  });

test('a code is good for its app, at its shop, for a minute', async () => {
  const { browser } = await shopper();
  const { code, verifier } = await codeFor(browser);
  const app = await registerApp(shop, 'one');
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: BACK };
  refused(await ask(form, { app }), 'invalid_grant');
  refused(await ask(form, { tenant: 'two' }), 'invalid_client', 401);
  refused(await ask(form, { tenant: 'two', app: await registerApp(shop, 'two') }), 'invalid_grant');
  clock.advance(MINUTE);
  refused(await exchange(code, verifier), 'invalid_grant');
});

test('of those who come with one code at once one is given tokens, and as it came twice these are over', async () => {
  const { code, verifier } = await codeFor((await shopper()).browser);
  const answers = await Promise.all(Array.from({ length: 6 }, () => exchange(code, verifier)));
  const good = answers.filter(({ status }) => status === 200);
  assert.equal(good.length, 1);
  for (const answer of answers) if (answer.status !== 200) refused(answer, 'invalid_grant');
  const tokens = good[0]?.json<Tokens>();
  assert.equal((await userInfo(tokens?.access_token ?? '')).status, 401);
  refused(await refresh(tokens?.refresh_token ?? ''), 'invalid_grant');
});

test('a refresh token is exchanged; whoever comes with an old one ends it for both', async () => {
  const { browser } = await shopper();
  const first = await tokensFor(browser);
  const second = (await refresh(first.refresh_token)).json<Tokens>();
  const again = (await refresh(first.refresh_token)).json<Tokens>();
  assert.ok(again.refresh_token, 'its answer may have been lost');
  clock.advance(3 * MINUTE);
  assert.equal((await userInfo(again.access_token)).status, 200);
  refused(await refresh(first.refresh_token), 'invalid_grant');
  assert.equal((await userInfo(again.access_token)).status, 401);
  for (const { refresh_token } of [second, again]) refused(await refresh(refresh_token), 'invalid_grant');
});

test('a refresh token gives less where less is asked for, and never more', async () => {
  const tokens = await tokensFor((await shopper()).browser, { scope: 'openid email offline_access' });
  refused(await refresh(tokens.refresh_token, { scope: 'openid profile' }), 'invalid_scope');
  refused(await refresh(tokens.refresh_token, { scope: 'everything' }), 'invalid_scope');
  const less = (await refresh(tokens.refresh_token, { scope: 'openid' })).json<Tokens>();
  assert.deepEqual(Object.keys((await userInfo(less.access_token)).json()), ['sub']);
  const all = (await refresh(less.refresh_token)).json<Tokens>();
  assert.equal(all.scope, 'openid email offline_access');
});

test('tokens last as long as they say', async () => {
  const tokens = await tokensFor((await shopper()).browser);
  clock.advance(60 * MINUTE);
  assert.equal((await userInfo(tokens.access_token)).status, 401);
  clock.advance(29 * DAY);
  const next = (await refresh(tokens.refresh_token)).json<Tokens>();
  clock.advance(30 * DAY);
  refused(await refresh(next.refresh_token), 'invalid_grant');
});

test('what an app holds opens nothing else: no route of the shop, and no other shop', async () => {
  const { browser } = await shopper();
  const tokens = await tokensFor(browser);
  const guarded = [...accounts.routes, ...HOST_ROUTES].filter(
    ({ audience }) => audience === 'customer' || audience === 'merchant',
  );
  assert.ok(guarded.length > 60);
  for (const token of [tokens.access_token, tokens.refresh_token, tokens.id_token])
    for (const { method, path } of guarded) {
      const asked = path.replaceAll(/\{\w+\}/g, 'x');
      for (const headers of [{ authorization: `Bearer ${token}` }, { cookie: `shopmind_session=${token}` }]) {
        const { status } = await shop.call('one', method, asked, { headers });
        assert.equal(status, 401, `${method} ${asked}`);
      }
    }
  assert.equal((await userInfo(tokens.access_token, 'two')).status, 401);
  for (const token of [tokens.refresh_token, tokens.id_token, browser.session ?? ''])
    assert.equal((await userInfo(token)).status, 401);
});

for (const [what, end] of [
  [
    'changes their password',
    async (browser: Browser) =>
      shop.call('one', 'PATCH', '/api/accounts/me', {
        headers: { authorization: `Bearer ${browser.session}` },
        json: { password: { present: CUSTOMER_PASSWORD, next: 'another long password' } },
      }),
  ],
  [
    'chooses a new password by the link of a mail',
    async (_browser: Browser, id: string) => {
      const token = await createLinks(shop.host.platform.sql, clock).make('one', 'reset', id);
      const json = { token, password: 'another long password' };
      return shop.call('one', 'POST', '/api/accounts/password/reset', { json });
    },
  ],
  [
    'signs out everywhere',
    async (browser: Browser) =>
      shop.call('one', 'DELETE', '/api/accounts/me/sessions', {
        headers: { authorization: `Bearer ${browser.session}` },
      }),
  ],
  [
    'is erased',
    async (_browser: Browser, id: string) => {
      await database.admin.query(`DELETE FROM shop.customers WHERE tenant_id = 'one' AND id = $1`, [id]);
      return { status: 204 };
    },
  ],
  [
    'disconnects the app',
    async (browser: Browser) =>
      shop.call('one', 'DELETE', `/api/accounts/me/apps/${forum.id}`, {
        headers: { authorization: `Bearer ${browser.session}` },
      }),
  ],
] as const)
  test(`what an app holds is over once the shopper ${what}`, async () => {
    const { browser, id } = await shopper();
    const bystander = await tokensFor((await shopper()).browser);
    const tokens = await tokensFor(browser);
    const { code, verifier } = await codeFor(browser);
    assert.ok((await end(browser, id)).status < 300);
    assert.equal((await userInfo(tokens.access_token)).status, 401);
    refused(await refresh(tokens.refresh_token), 'invalid_grant');
    refused(await exchange(code, verifier), 'invalid_grant');
    assert.equal((await userInfo(bystander.access_token)).status, 200);
  });

test('a shopper sees the apps that they are connected with, and nobody else’s', async () => {
  const { browser } = await shopper();
  const mine = async ({ session }: Browser): Promise<readonly ConnectedApp[]> =>
    (
      await shop.call('one', 'GET', '/api/accounts/me/apps', {
        headers: { authorization: `Bearer ${session}` },
      })
    ).json<{ apps: ConnectedApp[] }>().apps;
  await tokensFor(browser, { scope: 'openid email' });
  const [one, ...others] = await mine(browser);
  assert.deepEqual(others, []);
  assert.deepEqual([one?.id, one?.name, one?.scopes], [forum.id, 'Forum', ['openid', 'email']]);
  const stranger = (await shopper()).browser;
  assert.deepEqual(await mine(stranger), []);
  const headers = { authorization: `Bearer ${stranger.session}` };
  assert.equal(
    (await shop.call('one', 'DELETE', `/api/accounts/me/apps/${forum.id}`, { headers })).status,
    404,
  );
  const data = await shop.call('one', 'GET', '/api/accounts/me/data', {
    headers: { authorization: `Bearer ${browser.session}` },
  });
  assert.match(data.text, /"app_consents"/);
  assert.doesNotMatch(data.text, /_hash"|code_challenge"/);
});

test('an app that is switched off, or loses a scope, learns nothing more of it', async () => {
  const app = await registerApp(shop, 'one');
  const { browser, id } = await shopper();
  const { query, verifier } = beginning(app);
  const code = (await browser.agree(query)).searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: BACK };
  const tokens = (await ask(form, { app })).json<Tokens>();
  const change = (changed: object) =>
    shop.managed('one', 'PUT', `/api/admin/accounts/apps/${app.id}`, {
      name: 'Forum',
      redirectUris: [BACK],
      ...changed,
    });
  await change({ scopes: ['openid'] });
  assert.deepEqual((await userInfo(tokens.access_token)).json(), { sub: id });
  const next = (
    await ask({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }, { app })
  ).json<Tokens>();
  assert.equal(claimsIn(next)['email'], undefined);
  await change({ enabled: false });
  assert.equal((await userInfo(next.access_token)).status, 401);
  refused(
    await ask({ grant_type: 'refresh_token', refresh_token: next.refresh_token }, { app }),
    'invalid_client',
    401,
  );
  assert.equal((await browser.authorize(query)).search, '?problem=app');
});

test('an app that comes with a session while it is being ended is given nothing that would outlast it', async () => {
  const { browser, id } = await shopper();
  await tokensFor(browser);
  const { query } = beginning(forum);
  const end = ['delete from shop.customer_sessions where customer_id = $1', [id]] as const;
  const place = await whileHeld(database, end, () => browser.authorize(query));
  assert.equal(`${place.pathname}${place.search}`, '/connect?problem=over');
});

test('a token is taken back by the app that has it, and by no other', async () => {
  const tokens = await tokensFor((await shopper()).browser);
  const app = await registerApp(shop, 'one');
  for (const token of [tokens.access_token, tokens.refresh_token, 'x'])
    assert.equal((await ask({ token }, { app, path: 'revoke' })).status, 200);
  assert.equal((await userInfo(tokens.access_token)).status, 200);
  assert.equal((await ask({ token: tokens.access_token }, { path: 'revoke' })).status, 200);
  assert.equal((await userInfo(tokens.access_token)).status, 401);
  const next = (await refresh(tokens.refresh_token)).json<Tokens>();
  assert.equal((await ask({ token: next.refresh_token }, { path: 'revoke' })).status, 200);
  assert.equal((await userInfo(next.access_token)).status, 401);
});

test('an app signs out of the shop whom it has a token of, and nobody else', async () => {
  const { browser } = await shopper();
  const { id_token } = await tokensFor(browser);
  const end = async (of: Browser, query: Said): Promise<string> => {
    const { pathname, host, search } = locationOf(
      await of.get(`/api/accounts/oauth/end-session?${new URLSearchParams(query)}`),
    );
    return `${host}${pathname}${search}`;
  };
  const isIn = async ({ session }: Browser): Promise<boolean> =>
    (await shop.call('one', 'GET', '/api/accounts/me', { headers: { authorization: `Bearer ${session}` } }))
      .status === 200;
  const back = 'https://forum.example/signed-out';
  assert.equal(await end(browser, { client_id: forum.id, post_logout_redirect_uri: back }), 'shop/account');
  const forged = `${id_token.split('.').slice(0, 2).join('.')}.AAAA`;
  assert.equal(await end(browser, { id_token_hint: forged, post_logout_redirect_uri: back }), 'shop/account');
  assert.ok(await isIn(browser));
  const stranger = (await shopper()).browser;
  const hint = { id_token_hint: id_token };
  assert.equal(await end(stranger, hint), 'shop/');
  assert.ok(await isIn(stranger));
  assert.equal(await end(browser, { ...hint, post_logout_redirect_uri: 'https://evil.example/' }), 'shop/');
  assert.ok(!(await isIn(browser)));
  const again = await end(browser, { ...hint, post_logout_redirect_uri: back, state: 'x' });
  assert.equal(again, 'forum.example/signed-out?state=x');
});

test('the token of somebody else is no hint at who is meant', async () => {
  const { browser } = await shopper();
  const { query } = beginning(forum, { scope: 'openid', prompt: 'none' });
  const mine = await tokensFor(browser, { scope: 'openid' });
  const theirs = await tokensFor((await shopper()).browser, { scope: 'openid' });
  const silently = async (id_token_hint: string): Promise<string | null> =>
    (await browser.authorize({ ...query, id_token_hint })).searchParams.get('error');
  assert.equal(await silently(mine.id_token), null);
  assert.equal(await silently(theirs.id_token), 'login_required');
});

test('a page of another site may ask for tokens, by no cookie', async () => {
  const path = '/api/accounts/oauth/userinfo';
  const headers = { origin: 'https://spa.example', 'access-control-request-method': 'GET' };
  const asked = await shop.call('one', 'OPTIONS', path, { headers });
  assert.equal(asked.status, 204);
  assert.equal(asked.headers['access-control-allow-origin'], '*');
  assert.equal(asked.headers['access-control-allow-credentials'], undefined);
  const { headers: told } = await userInfo('x');
  assert.equal(told['access-control-allow-origin'], '*');
  assert.match(String(told['www-authenticate']), /^Bearer error="invalid_token"$/);
  const closed = await shop.call('one', 'OPTIONS', '/api/accounts/me', { headers });
  assert.equal(closed.headers['access-control-allow-origin'], undefined);
});

test('a form that says something twice, or is none, is refused', async () => {
  const send = (body: string, type: string): Promise<TestAnswer> =>
    shop.call('one', 'POST', '/api/accounts/oauth/token', { body, headers: { 'content-type': type } });
  const twice = `grant_type=refresh_token&grant_type=authorization_code&client_id=${forum.id}`;
  refused(await send(twice, FORM['content-type']), 'invalid_request');
  refused(await send('{}', 'application/json'), 'invalid_request');
  refused(await send('client_id=%00', FORM['content-type']), 'invalid_request');
  const hidden = await shop.call('one', 'POST', '/api/accounts/oauth/token', {
    body: 'grant_type=refresh_token&refresh_token=x',
    headers: { ...FORM, authorization: `Basic ${Buffer.from('a%00b:x').toString('base64')}` },
  });
  refused(hidden, 'invalid_client', 401);
  const both = await shop.call('one', 'POST', '/api/accounts/oauth/token', {
    body: `client_id=${forum.id}&client_secret=x`,
    headers: { ...FORM, authorization: `Basic ${Buffer.from(`${forum.id}:x`).toString('base64')}` },
  });
  refused(both, 'invalid_request');
});

test('of one shopper’s devices at an app twenty are signed in', async () => {
  const { browser } = await shopper();
  const all: Tokens[] = [];
  for (let n = 0; n < 21; n += 1) {
    all.push(await tokensFor(browser));
    clock.advance(1_000);
  }
  assert.equal((await userInfo(all[0]?.access_token ?? '')).status, 401);
  assert.equal((await userInfo(all[1]?.access_token ?? '')).status, 200);
});
