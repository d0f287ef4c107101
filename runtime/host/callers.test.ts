/** Who counts as a merchant: who has the key, or whom the shop's identity provider calls one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Identity, Tenant } from '../platform/ports.ts';
import { createCallers, type Identify } from './callers.ts';

const tenant: Tenant = {
  id: 'acme',
  displayName: 'Acme',
  plan: 'starter',
  placement: 'pooled',
  hosts: ['acme.localhost'],
  locales: ['en'],
  currencies: ['EUR'],
  branding: {},
  domains: [],
  quotas: {},
  suspended: false,
  frozen: false,
};
const KEY = 'sma_acme.secret';
/** As long as real ones are. */
const tokenOf = (who: string): string => `eyJhbGciOiJSUzI1NiJ9.${who.padEnd(1_200, '_')}.c2lnbmF0dXJl`;

const roles: Readonly<Record<string, readonly string[]>> = {
  [tokenOf('owner')]: ['merchant'],
  [tokenOf('buyer')]: ['customer'],
};
const identity: Identity = {
  verify(shop, token) {
    assert.equal(shop, 'acme');
    const known = roles[token];
    return Promise.resolve(known && { subject: 'x', roles: known });
  },
};

const asMerchant = (identify: Identify, token: string) =>
  identify(tenant, 'merchant', {
    method: 'GET',
    host: 'acme.localhost',
    authorization: `Bearer ${token}`,
    cookie: undefined,
    origin: undefined,
    fetchSite: undefined,
  });
const callers = (provider?: Identity): Identify =>
  createCallers({
    secrets: { get: () => Promise.resolve(createHash('sha256').update(KEY).digest('hex')) },
    identity: provider,
    apiKey: () => Promise.resolve(undefined),
    staff: () => Promise.resolve(undefined),
    authenticate: () => Promise.resolve(undefined),
  });

test('a merchant is who has the key, or the role by the shop’s identity provider', async () => {
  const merchant = { kind: 'merchant', customerId: undefined };
  assert.deepEqual(await asMerchant(callers(identity), KEY), merchant);
  assert.deepEqual(await asMerchant(callers(identity), tokenOf('owner')), { ...merchant, subject: 'x' });
  assert.deepEqual(await asMerchant(callers(), KEY), merchant);
});

test('without the role one is forbidden, with a token that is not believed one is nobody', async () => {
  await assert.rejects(asMerchant(callers(identity), tokenOf('buyer')), { code: 'forbidden' });
  await assert.rejects(asMerchant(callers(identity), tokenOf('stranger')), { code: 'unauthenticated' });
});

test('where no provider stands behind the shop its tokens are worth nothing', async () => {
  await assert.rejects(asMerchant(callers(), tokenOf('owner')), { code: 'unauthenticated' });
});
