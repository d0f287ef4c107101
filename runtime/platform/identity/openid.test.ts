/** The identity adapter against an issuer of this test's own, which signs with each kind of key; and one that is away, slow or flooded. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { manualClock } from '../clock.ts';
import { identityContract, type IdentityUnderTest } from '../contract/identity.ts';
import { createOpenIdentity } from './openid.ts';

interface SigningKey {
  readonly id: string;
  readonly algorithm: 'RS256' | 'ES256' | 'EdDSA';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

let made = 0;
function newKey(algorithm: SigningKey['algorithm']): SigningKey {
  const id = `key-${made++}`;
  const pair =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  return { id, algorithm, ...pair };
}

/** Realms `shop-acme` and `shop-other`, as Keycloak serves them. */
const issuer = { keys: new Map<string, SigningKey[]>(), requests: 0, status: 200 };
const server = createServer((request, response) => {
  issuer.requests += 1;
  const [, realm = '', rest = ''] = /^\/realms\/shop-([^/]+)\/(.*)$/.exec(request.url ?? '') ?? [];
  const keys = issuer.keys.get(realm);
  const body = rest.startsWith('.well-known')
    ? { issuer: nameOf(realm), jwks_uri: `${origin()}/realms/shop-${realm}/certs` }
    : { keys: [...(keys ?? []).map(published), ...UNUSABLE] };
  response.writeHead(keys === undefined ? 404 : issuer.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
});
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => {
  server.close();
  server.closeAllConnections();
});

const UNUSABLE = [
  { kty: 'RSA', kid: 'for-encryption', use: 'enc', alg: 'RSA-OAEP', n: 'x', e: 'AQAB' },
  { kty: 'oct', kid: 'shared', k: 'x' },
];

function published({ id, algorithm, publicKey }: SigningKey): object {
  return { ...publicKey.export({ format: 'jwk' }), kid: id, use: 'sig', alg: algorithm };
}

function origin(): string {
  // A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

function nameOf(realm: string): string {
  return `https://id.example.com/realms/shop-${realm}`;
}

function tokenOf(realm: string, at: Date, changed: Readonly<Record<string, unknown>> = {}): string {
  const { id, algorithm, privateKey } = issuer.keys.get(realm)?.at(-1) ?? assert.fail();
  const seconds = Math.floor(at.getTime() / 1_000);
  const claims = {
    iss: nameOf(realm),
    sub: 'person-1',
    typ: 'Bearer',
    azp: 'storefront',
    iat: seconds,
    exp: seconds + 300,
    realm_access: { roles: ['customer'] },
    ...changed,
  };
  const signed = [{ alg: algorithm, kid: id, typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const hash = algorithm === 'EdDSA' ? null : 'sha256';
  const signature = sign(hash, Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const open = () => {
  const clock = manualClock();
  const address = origin().replace('http:', 'keycloak+http:');
  return { clock, identity: createOpenIdentity({ address, clock, answerTimeoutMs: 30_000 }) };
};

for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
  identityContract(`identity by ${algorithm} of a test’s issuer`, (): Promise<IdentityUnderTest> => {
    for (const realm of ['acme', 'other']) issuer.keys.set(realm, [newKey(algorithm)]);
    const { clock, identity } = open();
    return Promise.resolve({
      identity,
      token: (tenant, what) =>
        Promise.resolve(tokenOf(tenant, clock.now(), what === 'id' ? { typ: 'ID' } : {})),
      rotate: (tenant) => Promise.resolve(void issuer.keys.get(tenant)?.push(newKey(algorithm))),
      advance: (milliseconds) => clock.advance(milliseconds),
    });
  });
}

test('what is signed rightly and meant for somebody else, or another time, is not believed', async () => {
  issuer.keys.set('acme', [newKey('ES256')]);
  const { clock, identity } = open();
  const seconds = clock.now().getTime() / 1_000;
  for (const changed of [
    { iss: 'https://id.example.com/realms/shop-other' },
    { azp: 'another-client' },
    { nbf: seconds + 60 },
    { exp: seconds - 31 },
    { exp: 'never' },
    { sub: '' },
  ]) {
    const token = tokenOf('acme', clock.now(), changed);
    assert.equal(await identity.verify('acme', token), undefined, JSON.stringify(changed));
  }
});

test('keys are asked for once for many tokens at once, and rarely for keys that nobody has', async () => {
  issuer.keys.set('acme', [newKey('ES256')]);
  const { clock, identity } = open();
  const token = tokenOf('acme', clock.now());
  issuer.requests = 0;
  await Promise.all(Array.from({ length: 50 }, () => identity.verify('acme', token)));
  assert.equal(issuer.requests, 2);
  const [, body, signature] = token.split('.');
  for (let n = 0; n < 50; n++) {
    const head = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `invented-${n}` })).toString('base64url');
    assert.equal(await identity.verify('acme', `${head}.${body}.${signature}`), undefined);
  }
  assert.equal(issuer.requests, 2);
});

test('a provider that is away signs nobody out for an hour, and lets nobody in whose key it alone knows', async () => {
  issuer.keys.set('acme', [newKey('ES256')]);
  const { clock, identity } = open();
  const long = { exp: clock.now().getTime() / 1_000 + 86_400 };
  const token = tokenOf('acme', clock.now(), long);
  assert.ok(await identity.verify('acme', token));
  issuer.status = 503;
  try {
    clock.advance(30 * 60_000);
    assert.ok(await identity.verify('acme', token));
    issuer.keys.get('acme')?.push(newKey('ES256'));
    await assert.rejects(identity.verify('acme', tokenOf('acme', clock.now(), long)), {
      code: 'unavailable',
    });
    clock.advance(31 * 60_000);
    await assert.rejects(identity.verify('acme', token), { code: 'unavailable' });
  } finally {
    issuer.status = 200;
  }
  clock.advance(5_001);
  assert.ok(await identity.verify('acme', token));
});

test('a key that was taken back is not believed for longer than ten minutes', async () => {
  issuer.keys.set('acme', [newKey('ES256')]);
  const { clock, identity } = open();
  const token = tokenOf('acme', clock.now(), { exp: clock.now().getTime() / 1_000 + 86_400 });
  assert.ok(await identity.verify('acme', token));
  issuer.keys.set('acme', [newKey('ES256')]);
  clock.advance(10 * 60_000);
  assert.equal(await identity.verify('acme', token), undefined);
});
