/** What is done to a realm, from what it is: tables of plans, and what the administrator's API is told and heard. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { SystemError, type Tenancy } from '../system.ts';
import { createKeycloak } from './keycloak.ts';
import { planRealm, scopeOfRealm } from './plan.ts';
import type { Action, ObservedRealm, Representation } from './plan.ts';

const corp = {
  alias: 'corp',
  issuer: 'https://corp.example.com',
  authorizationUrl: 'https://corp.example.com/authorize',
  tokenUrl: 'https://corp.example.com/token',
  jwksUrl: 'https://corp.example.com/keys',
  clientId: 'shop',
  clientSecret: 'very-secret',
};
const acme: Tenancy = {
  name: 'acme',
  locales: ['en', 'de'],
  quotas: {},
  hosts: ['acme.example.com'],
  identityProviders: [corp],
};
const texts = (planned: readonly Action[]): string[] => planned.map(({ text }) => text);

/** What Keycloak shows of a realm after the plan was carried out: more fields, ids of its own, stars for secrets. */
function carriedOut(planned: readonly Action[]): ObservedRealm {
  const bodies = (end: string): Representation[] =>
    planned
      .filter(({ method, path }) => method === 'POST' && path.endsWith(end))
      .map(({ body = {} }) => body);
  const [realm = {}] = planned.filter(({ path }) => path === '').map(({ body = {} }) => body);
  return {
    realm: { ...realm, id: 'r', supportedLocales: ['de', 'en'], theirs: 1 },
    clients: bodies('/clients').map((one) => ({ ...one, id: 'uuid', nodeReRegistrationTimeout: -1 })),
    roles: bodies('/roles').map((one) => ({ ...one, id: 'uuid', composite: false })),
    providers: bodies('/instances').map((one) => ({
      ...one,
      config: { ...(one['config'] as Representation), clientSecret: '**********' },
    })),
  };
}

const asItShouldBe = carriedOut(planRealm('pool', acme, undefined));

test('a tenant without a realm gets one with roles, the storefront and the providers, and no secret in words', () => {
  const planned = planRealm('pool', acme, undefined);
  assert.deepEqual(texts(planned), [
    'CREATE REALM shop-acme',
    'CREATE ROLE customer IN shop-acme',
    'CREATE ROLE merchant IN shop-acme',
    'CREATE ROLE support IN shop-acme',
    'CREATE CLIENT storefront IN shop-acme',
    'CREATE IDENTITY PROVIDER corp IN shop-acme',
  ]);
  assert.ok(!texts(planned).join().includes(corp.clientSecret));
  assert.equal(scopeOfRealm(asItShouldBe.realm), 'pool');
});

test('what is as it should be is left alone, lists in another order and fields of others included', () => {
  assert.deepEqual(planRealm('pool', acme, asItShouldBe), []);
});

for (const [what, change, expected] of [
  [
    'a realm that lets weak passwords in',
    { realm: { passwordPolicy: '' } },
    'ALTER REALM shop-acme (passwordPolicy)',
  ],
  [
    'a client that takes passwords',
    { clients: { directAccessGrantsEnabled: true } },
    'ALTER CLIENT storefront IN shop-acme (directAccessGrantsEnabled)',
  ],
  [
    'a client without proof of the code',
    { clients: { attributes: {} } },
    'ALTER CLIENT storefront IN shop-acme (pkce.code.challenge.method)',
  ],
  [
    'a client that sends people elsewhere',
    { clients: { redirectUris: ['*'] } },
    'ALTER CLIENT storefront IN shop-acme (redirectUris)',
  ],
  [
    'a provider that is believed unsigned',
    { providers: { config: { ...corp, validateSignature: 'false' } } },
    undefined,
  ],
] as const) {
  test(`drift is put right: ${what}`, () => {
    const changed: ObservedRealm = {
      ...asItShouldBe,
      realm: { ...asItShouldBe.realm, ...('realm' in change ? change.realm : {}) },
      clients: asItShouldBe.clients.map((one) => ({
        ...one,
        ...('clients' in change ? change.clients : {}),
      })),
      providers: asItShouldBe.providers.map((one) => ({
        ...one,
        ...('providers' in change ? change.providers : {}),
      })),
    };
    const planned = planRealm('pool', acme, changed);
    assert.equal(planned.length, 1);
    assert.equal(planned[0]?.method, 'PUT');
    if (expected === undefined)
      assert.match(planned[0].text, /^ALTER IDENTITY PROVIDER corp IN shop-acme .*validateSignature/);
    else assert.equal(planned[0].text, expected);
  });
}

test('a change sends what others set along, because Keycloak takes maps as a whole', () => {
  const realm = {
    ...asItShouldBe.realm,
    bruteForceProtected: false,
    attributes: { ...(asItShouldBe.realm['attributes'] as Representation), theirs: 'x' },
  };
  const [action] = planRealm('pool', acme, { ...asItShouldBe, realm });
  assert.deepEqual(action?.body?.['attributes'], { 'shopmind.scope': 'pool', theirs: 'x' });
  assert.equal(action?.body?.['theirs'], 1);
});

test('a new secret of a provider is sent, one that is not named any more goes, a stranger’s stays', () => {
  const rotated = { ...acme, identityProviders: [{ ...corp, clientSecret: 'another' }] };
  assert.deepEqual(texts(planRealm('pool', rotated, asItShouldBe)), [
    'ALTER IDENTITY PROVIDER corp IN shop-acme (shopmind.secret)',
  ]);
  const providers = [...asItShouldBe.providers, { alias: 'theirs', config: { clientId: 'x' } }];
  assert.deepEqual(
    texts(planRealm('pool', { ...acme, identityProviders: [] }, { ...asItShouldBe, providers })),
    ['DROP IDENTITY PROVIDER corp IN shop-acme'],
  );
});

test('a tenant that moved to a scope of its own keeps its realm, which is told so', () => {
  assert.deepEqual(texts(planRealm('acme', acme, asItShouldBe)), ['ALTER REALM shop-acme (shopmind.scope)']);
});

test('who only verifies tokens is given no login', () => {
  const system = createKeycloak('keycloak+https://admin:pw@id.example.com/auth');
  assert.equal(
    system.address({ name: 'pool', login: { user: 'u', password: 'p' } }),
    'keycloak+https://id.example.com:443/auth',
  );
});

test('refusals and troubles are told apart, by what a person can do about them', async () => {
  let status = 401;
  // Keycloak's answers, as this test wants them.
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  // A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo;
  const system = createKeycloak(`keycloak+http://admin:wrong@127.0.0.1:${port}/`);
  for (const [answer, transient, remedy] of [
    [401, false, /IDENTITY_ADMIN_URL/],
    [503, true, /IDENTITY_URL/],
  ] as const) {
    status = answer;
    await assert.rejects(system.ping(), (error) => {
      assert.ok(error instanceof SystemError);
      assert.deepEqual([error.system, error.action, error.transient], ['keycloak', 'PING', transient]);
      assert.match(error.remedy, remedy);
      assert.ok(!error.message.includes('wrong'));
      return true;
    });
  }
});
