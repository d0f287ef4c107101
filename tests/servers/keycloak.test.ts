/**
 * The provisioner for Keycloak on a real one: realms made, mended, moved and removed, and people who sign in to a shop; and the identity
 * port's contract with the tokens they get.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createAdminApi } from '../../operator/provisioners/keycloak/api.ts';
import type { AdminApi } from '../../operator/provisioners/keycloak/api.ts';
import { createKeycloak } from '../../operator/provisioners/keycloak/keycloak.ts';
import { SystemError } from '../../operator/provisioners/system.ts';
import type { Scope, System, Tenancy } from '../../operator/provisioners/system.ts';
import { accounts } from '../../runtime/domains/accounts/definition.ts';
import type { AdminProvider } from '../../runtime/domains/accounts/providers/definition.ts';
import type { Customer } from '../../runtime/domains/accounts/shapes.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer } from '../../runtime/host/testing.ts';
import { identityContract } from '../../runtime/platform/contract/identity.ts';
import { createOpenIdentity } from '../../runtime/platform/identity/openid.ts';
import { startTestDatabase } from '../support/database.ts';
import { startKeycloak, type KeycloakServer } from './keycloak.ts';

const scope = (name: string): Scope => ({ name, domains: [], login: { user: 'u', password: 'p' } });
const tenant = (name: string): Tenancy => ({
  name,
  locales: ['en', 'de'],
  quotas: {},
  hosts: [`${name}.example.com`],
});

let server: KeycloakServer;
let system: System;
let api: AdminApi;

before(async () => {
  server = await startKeycloak();
  system = createKeycloak(server.adminAddress);
  api = createAdminApi(server.adminAddress, 30_000);
});
after(() => server.stop());

test('a plan tells what is done, two operators at once do it once, and nothing is left to do', async () => {
  const planned = await system.plan(scope('pool'), tenant('acme'));
  assert.equal(planned.length, 5);
  const other = createKeycloak(server.adminAddress);
  const done = await Promise.all(
    [system, other].map((one) => one.ensureTenant(scope('pool'), tenant('acme'))),
  );
  assert.deepEqual(done.flat().toSorted(), planned.toSorted());
  assert.deepEqual(await system.plan(scope('pool'), tenant('acme')), []);
  assert.deepEqual(await system.ensureTenant(scope('pool'), tenant('acme')), []);
});

test('what somebody changed by hand is put right, and what is theirs stays', async () => {
  await system.ensureTenant(scope('pool'), tenant('acme'));
  const [client] = await api.list('/shop-acme/clients?clientId=storefront');
  await api.send('PUT', `/shop-acme/clients/${String(client?.['id'])}`, {
    ...client,
    redirectUris: ['*'],
    directAccessGrantsEnabled: true,
  });
  await api.send('PUT', '/shop-acme', { accessTokenLifespan: 86_400, displayNameHtml: 'theirs' });
  await api.send('DELETE', '/shop-acme/roles/merchant');
  assert.deepEqual(await system.ensureTenant(scope('pool'), tenant('acme')), [
    'ALTER REALM shop-acme (accessTokenLifespan)',
    'CREATE ROLE merchant IN shop-acme',
    'ALTER CLIENT storefront IN shop-acme (directAccessGrantsEnabled, redirectUris)',
  ]);
  assert.equal((await api.get('/shop-acme'))?.['displayNameHtml'], 'theirs');
  assert.deepEqual(await system.plan(scope('pool'), tenant('acme')), []);
});

test('a provider is brokered, its new secret is sent, and it goes when it is named no more', async () => {
  const other = `${server.origin}/realms/master/protocol/openid-connect`;
  const corp = {
    alias: 'corp',
    issuer: `${server.origin}/realms/master`,
    authorizationUrl: `${other}/auth`,
    tokenUrl: `${other}/token`,
    jwksUrl: `${other}/certs`,
    clientId: 'shop',
    clientSecret: 'one',
  };
  const having = (...identityProviders: (typeof corp)[]): Tenancy => ({
    ...tenant('acme'),
    identityProviders,
  });
  await system.ensureTenant(scope('pool'), having());
  assert.deepEqual(await system.ensureTenant(scope('pool'), having(corp)), [
    'CREATE IDENTITY PROVIDER corp IN shop-acme',
  ]);
  assert.deepEqual(await system.ensureTenant(scope('pool'), having(corp)), []);
  const page = await fetch(authorization('acme', challenge()), { redirect: 'manual' });
  assert.match(await page.text(), /broker\/corp\/login/, 'the sign-in page offers it');
  assert.deepEqual(await system.ensureTenant(scope('pool'), having({ ...corp, clientSecret: 'two' })), [
    'ALTER IDENTITY PROVIDER corp IN shop-acme (shopmind.secret)',
  ]);
  assert.deepEqual(await system.ensureTenant(scope('pool'), having()), [
    'DROP IDENTITY PROVIDER corp IN shop-acme',
  ]);
});

test('a person signs in to the shop in a browser’s way, and in no other', async () => {
  await person('acme');
  const proof = challenge();
  const stolen = await exchange('acme', await signIn('acme', proof), 'x'.repeat(43));
  assert.equal(stolen.status, 400, 'a code without its verifier is worth nothing');
  const { access_token: token } = await tokens('acme');
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    iss: string;
    exp: number;
    iat: number;
  };
  assert.equal(claims.iss, `${server.origin}/realms/shop-acme`);
  assert.equal(claims.exp - claims.iat, 300);

  const elsewhere = new URL(authorization('acme', proof));
  elsewhere.searchParams.set('redirect_uri', 'https://evil.example.com/');
  assert.equal((await fetch(elsewhere, { redirect: 'manual' })).status, 400);
  const direct = await fetch(`${server.origin}/realms/shop-acme/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'storefront', ...ANN }),
  });
  assert.equal(direct.status, 400, 'the storefront never takes a password itself');
});

identityContract('identity by Keycloak', async () => {
  for (const name of ['acme', 'other']) await person(name);
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };
  return {
    identity: createOpenIdentity({ address: system.address(scope('pool')), clock }),
    token: async (name, what) => {
      const { access_token: access, id_token: id } = await tokens(name);
      return what === 'id' ? id : access;
    },
    async rotate(name) {
      const realm = await api.get(`/shop-${name}`);
      // Of those that are active the one of highest priority signs.
      await api.send('POST', `/shop-${name}/components`, {
        name: 'newer',
        providerId: 'rsa-generated',
        providerType: 'org.keycloak.keys.KeyProvider',
        parentId: realm?.['id'],
        config: { priority: ['200'], enabled: ['true'], active: ['true'], algorithm: ['RS256'] },
      });
    },
    advance: (milliseconds) => void (ahead += milliseconds),
  };
});

test('a shop that has accounts of its own lets in whoever has one at a Keycloak, and knows them again', async () => {
  const database = await startTestDatabase([accounts]);
  await database.addTenant({ id: 'own', domains: ['accounts'] }, ADMIN_SECRETS);
  const { url: databaseUrl, secretsKey } = database;
  const shop = await startTestHost({
    databaseUrl,
    secretsKey,
    domains: ['accounts'],
    publicPort: 8080,
    outsideLoopback: true,
  });
  try {
    const client = { clientId: 'shop', clientSecret: randomBytes(18).toString('base64url') };
    const issuer = `${server.origin}/realms/people`;
    await api.send('POST', '', { realm: 'people', enabled: true, sslRequired: 'none' });
    const { callbacks } = await shop.managed<AdminProvider>(
      'own',
      'PUT',
      '/api/admin/accounts/providers/corp',
      {
        name: 'Corp',
        issuer,
        ...client,
      },
    );
    await api.send('POST', '/people/clients', {
      clientId: client.clientId,
      secret: client.clientSecret,
      redirectUris: callbacks,
      // Without a challenge nobody is let in, so that it is seen to be sent.
      attributes: { 'pkce.code.challenge.method': 'S256' },
    });
    await addPerson('people', { emailVerified: true });
    const ids = [];
    for (let time = 0; time < 2; time += 1) {
      const begun = await shop.call('own', 'GET', '/api/accounts/providers/corp/sign-in');
      const back = new URL(await signedIn(String(begun.headers['location'])));
      const cookie = cookieIn(begun);
      const ended = await shop.call('own', 'GET', `${back.pathname}${back.search}`, { headers: { cookie } });
      assert.equal(ended.headers['location'], '/account');
      const me = await shop.call('own', 'GET', '/api/accounts/me', { headers: { cookie: cookieIn(ended) } });
      const { id, email, firstName } = me.json<Customer>();
      assert.deepEqual([email, firstName], ['ann@example.com', 'Ann']);
      ids.push(id);
    }
    assert.equal(new Set(ids).size, 1);
  } finally {
    await shop.stop();
    await database.stop();
    await api.send('DELETE', '/people');
  }
});

function cookieIn({ headers }: TestAnswer): string {
  return [headers['set-cookie'] ?? ''].flat().join().split(';')[0] ?? '';
}

test('a realm moves with its tenant, and goes with it and nobody else’s', async () => {
  for (const name of ['acme', 'acme-two']) await system.ensureTenant(scope('pool'), tenant(name));
  assert.deepEqual(await system.ensureTenant(scope('acme'), tenant('acme')), [
    'ALTER REALM shop-acme (shopmind.scope)',
  ]);
  assert.deepEqual(await system.removeTenant('pool', 'acme'), [], 'it is not the pool’s any more');
  assert.deepEqual(await system.close('acme'), []);
  assert.ok(await api.get('/shop-acme'));
  assert.deepEqual(await system.remove('acme'), ['DROP REALM shop-acme']);
  assert.deepEqual(await system.remove('acme'), []);
  assert.deepEqual(await system.removeTenant('pool', 'acme-two'), ['DROP REALM shop-acme-two']);
  assert.equal(await api.get('/shop-acme-two'), undefined);
  assert.ok(await api.get('/master'));
});

test('a realm that somebody else made is neither taken nor removed', async () => {
  await api.send('POST', '', { realm: 'shop-theirs', enabled: true });
  await assert.rejects(system.ensureTenant(scope('pool'), tenant('theirs')), (error) => {
    assert.ok(error instanceof SystemError);
    assert.equal(error.transient, false);
    assert.match(error.remedy, /shopmind\.scope/);
    return true;
  });
  assert.deepEqual(await system.removeTenant('pool', 'theirs'), []);
  await api.send('DELETE', '/shop-theirs');
});

test('a server that is frozen is told of with system, action and remedy, and goes on when it is back', async () => {
  const impatient = createKeycloak(server.adminAddress, { answerTimeoutMs: 500 });
  await server.pause();
  try {
    await assert.rejects(impatient.ensureTenant(scope('pool'), tenant('late')), (error) => {
      assert.ok(error instanceof SystemError);
      assert.deepEqual([error.action, error.transient], ['READ REALM shop-late', true]);
      return true;
    });
  } finally {
    server.resume();
  }
  assert.equal((await system.ensureTenant(scope('pool'), tenant('late'))).length, 5);
  assert.deepEqual((await system.remove('pool')).toSorted(), [
    'DROP REALM shop-late',
    'DROP REALM shop-other',
  ]);
});

interface Proof {
  readonly verifier: string;
  readonly challenge: string;
}

function challenge(): Proof {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

const ANN = { username: 'ann', password: 'a long enough passphrase' };

/** Somebody who may sign in to the shop, and buy there. */
async function person(name: string): Promise<void> {
  await system.ensureTenant(scope('pool'), tenant(name));
  await addPerson(`shop-${name}`);
  const [ann] = await api.list(`/shop-${name}/users?username=${ANN.username}&exact=true`);
  const role = await api.get(`/shop-${name}/roles/customer`);
  const answer = await fetch(
    `${server.origin}/admin/realms/shop-${name}/users/${String(ann?.['id'])}/role-mappings/realm`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${await adminToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify([role]),
    },
  );
  assert.equal(answer.status, 204);
}

function addPerson(realm: string, about: object = {}): Promise<unknown> {
  return api.send('POST', `/${realm}/users`, {
    username: ANN.username,
    email: 'ann@example.com',
    firstName: 'Ann',
    lastName: 'Other',
    enabled: true,
    credentials: [{ type: 'password', value: ANN.password, temporary: false }],
    ...about,
  });
}

const returnTo = (name: string): string => `https://${name}.example.com/account`;

function authorization(name: string, { challenge: code_challenge }: Proof): string {
  const query = new URLSearchParams({
    client_id: 'storefront',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: returnTo(name),
    code_challenge,
    code_challenge_method: 'S256',
  });
  return `${server.origin}/realms/shop-${name}/protocol/openid-connect/auth?${query.toString()}`;
}

/** @returns the code they are sent back with */
async function signIn(name: string, proof: Proof): Promise<string> {
  const back = await signedIn(authorization(name, proof));
  assert.ok(back.startsWith(`${returnTo(name)}?`), back);
  return new URL(back).searchParams.get('code') ?? '';
}

/** As a browser does: the page, its cookies, the form. @returns where it is sent back to */
async function signedIn(address: string): Promise<string> {
  const page = await fetch(address, { redirect: 'manual' });
  const action = /action="([^"]+)"/.exec(await page.text())?.[1]?.replaceAll('&amp;', '&');
  assert.ok(action);
  const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
  const answer = await fetch(action, {
    method: 'POST',
    headers: { cookie: cookies.join('; ') },
    body: new URLSearchParams(ANN),
    redirect: 'manual',
  });
  assert.equal(answer.status, 302);
  return answer.headers.get('location') ?? '';
}

function exchange(name: string, code: string, verifier: string): Promise<Response> {
  return fetch(`${server.origin}/realms/shop-${name}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'storefront',
      redirect_uri: returnTo(name),
      code,
      code_verifier: verifier,
    }),
  });
}

async function tokens(name: string): Promise<{ access_token: string; id_token: string }> {
  const proof = challenge();
  const answer = await exchange(name, await signIn(name, proof), proof.verifier);
  assert.equal(answer.status, 200);
  return (await answer.json()) as { access_token: string; id_token: string };
}

async function adminToken(): Promise<string> {
  const { username, password } = new URL(server.adminAddress.replace('keycloak+', ''));
  const answer = await fetch(`${server.origin}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username, password }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}
