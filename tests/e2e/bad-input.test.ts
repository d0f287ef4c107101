/**
 * Bad input of every kind gets one precise error and changes nothing: tenants at the API server, requests, catalogue rows
 * and webhooks at a shop. Each row names what must be said.
 */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { KubeError } from '../../operator/kube/errors.ts';
import type { Client } from '../../operator/kube/client.ts';
import { tenants, type TenantObject } from '../../operator/controllers/kinds.ts';
import { adminToken, clusterOf, withDatabase } from '../support/cluster.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import type { Shop, ShopRequest } from '../support/shop.ts';
import { until } from '../support/wait.ts';

let installation: Installation;
let client: Client;
let shop: Shop;
let token: string;

before(async () => {
  installation = await startInstallation({ storefront: false });
  await installation.event('tenants', 120_000);
  client = await clusterOf(installation);
  shop = installation.shop('acme.localhost');
  token = await adminToken(client, 'acme');
});

after(async () => {
  client?.close();
  await removeInstallation(installation);
});

// ── tenants ──────────────────────────────────────────────────────────────────────────────────────

const GOOD_SPEC = { displayName: 'Bad', hosts: ['bad.localhost'] };

const TENANTS: readonly (readonly [what: string, object: { name?: string; spec: object }, said: RegExp])[] = [
  ['no display name', { spec: { hosts: ['bad.localhost'] } }, /spec\.displayName: Required value/],
  ['an empty list of hosts', { spec: { ...GOOD_SPEC, hosts: [] } }, /spec\.hosts: Invalid value.*at least 1/],
  [
    'a host in capitals',
    { spec: { ...GOOD_SPEC, hosts: ['Bad.Localhost'] } },
    /spec\.hosts\[0\]: Invalid value/,
  ],
  [
    'a host twice',
    { spec: { ...GOOD_SPEC, hosts: ['a.example', 'a.example'] } },
    /spec\.hosts: Invalid value.*listed once/,
  ],
  ['a host of another shop', { spec: { ...GOOD_SPEC, hosts: ['acme.localhost'] } }, /acme/],
  ['an unknown plan', { spec: { ...GOOD_SPEC, plan: 'gold' } }, /spec\.plan: Unsupported value: "gold"/],
  [
    'a number for a name',
    { spec: { ...GOOD_SPEC, displayName: 7 } },
    /spec\.displayName: Invalid value.*string/,
  ],
  [
    'an unknown currency',
    { spec: { ...GOOD_SPEC, currencies: ['EURO'] } },
    /spec\.currencies\[0\]: Unsupported value/,
  ],
  [
    'a locale with an underscore',
    { spec: { ...GOOD_SPEC, locales: ['en_GB'] } },
    /spec\.locales\[0\]: Invalid value/,
  ],
  ['an unknown domain', { spec: { ...GOOD_SPEC, domains: [{ name: 'chatt' }] } }, /supported values/],
  [
    'min above max',
    { spec: { ...GOOD_SPEC, placement: 'dedicated', autoscaling: { min: 3, max: 2 } } },
    /min must not be greater than max/,
  ],
  [
    'autoscaling of a pooled tenant',
    { spec: { ...GOOD_SPEC, autoscaling: { min: 1, max: 2 } } },
    /needs placement: dedicated/,
  ],
  [
    'a path that climbs out',
    { spec: { ...GOOD_SPEC, catalog: { source: { url: 'a/../../etc/passwd' } } } },
    /\.\./,
  ],
  [
    'a catalogue over plain http',
    { spec: { ...GOOD_SPEC, catalog: { source: { url: 'http://x.example/a.csv' } } } },
    /spec\.catalog\.source\.url: Invalid value/,
  ],
  [
    'a colour by name',
    { spec: { ...GOOD_SPEC, branding: { colors: { primary: 'red' } } } },
    /spec\.branding\.colors\.primary: Invalid value/,
  ],
  [
    'a palette nobody can read',
    {
      spec: {
        ...GOOD_SPEC,
        branding: { colors: { primary: '#000000', background: '#ffffff', text: '#eeeeee' } },
      },
    },
    /contrast/,
  ],
  [
    'a quota of zero',
    { spec: { ...GOOD_SPEC, quotas: { requestsPerMinute: 0 } } },
    /requestsPerMinute: Invalid value/,
  ],
  ['a reserved name', { name: 'platform', spec: GOOD_SPEC }, /reserved/],
  ['a name of 41 letters', { name: 'b'.repeat(41), spec: GOOD_SPEC }, /at most 40/],
];

for (const [what, { name = 'bad', spec }, said] of TENANTS) {
  test(`a tenant with ${what} is refused`, async () => {
    const object = { apiVersion: 'shopmind.ai/v1beta1', kind: 'ShopMindTenant', metadata: { name }, spec };
    await assert.rejects(
      // Malformed on purpose: the compiler would refuse it too.
      client.create<TenantObject>(tenants, object as unknown as TenantObject),
      (error) =>
        error instanceof KubeError && error.code >= 400 && error.code < 500 && said.test(error.message),
    );
    assert.equal(await client.find(tenants, { name }), undefined);
  });
}

test('a tenant that names no host is no mistake: it gets one of the platform', async () => {
  const object = {
    apiVersion: 'shopmind.ai/v1beta1',
    kind: 'ShopMindTenant',
    metadata: { name: 'bad' },
    spec: { displayName: 'Not bad' },
  };
  // What a person writes: defaults are the server's.
  const made = await client.create<TenantObject>(tenants, object as TenantObject, { dryRun: true });
  assert.deepEqual(made.spec.hosts, ['bad.localhost']);
});

// ── requests ─────────────────────────────────────────────────────────────────────────────────────

const CART = 'cart_0192f0c4000070008000000000000000';
const REQUESTS: readonly (readonly [
  what: string,
  method: string,
  path: string,
  options: ShopRequest,
  status: number,
  said: RegExp,
])[] = [
  [
    'broken JSON',
    'POST',
    '/api/orders/carts',
    { body: '{"lines":', headers: { 'content-type': 'application/json' } },
    400,
    /JSON/,
  ],
  [
    'a line of no variant',
    'POST',
    '/api/orders/carts',
    { json: { lines: [{ quantity: 1 }] } },
    400,
    /variantId/,
  ],
  [
    'a negative quantity',
    'POST',
    '/api/orders/carts',
    { json: { lines: [{ variantId: 'x', quantity: -1 }] } },
    400,
    /quantity/,
  ],
  ['a field nobody knows', 'POST', '/api/orders/carts', { json: { line: [] } }, 400, /line/],
  ['a cart that is not there', 'GET', `/api/orders/carts/${CART}`, {}, 404, /not_found/],
  ['a cart id that is none', 'GET', '/api/orders/carts/7', {}, 400, /cart id/],
  [
    'a checkout without a key',
    'POST',
    '/api/orders/checkout',
    { json: { cartId: CART } },
    400,
    /Idempotency-Key/i,
  ],
  [
    'a checkout of no cart',
    'POST',
    '/api/orders/checkout',
    { json: { cartId: CART, email: 'a@b.example' }, headers: { 'idempotency-key': randomUUID() } },
    404,
    /not_found/,
  ],
  [
    'an address that is no e-mail',
    'POST',
    '/api/accounts/register',
    {
      json: { email: 'nobody' },
      headers: { 'idempotency-key': randomUUID() },
    },
    400,
    /email/,
  ],
  ['a page of a thousand', 'GET', '/api/catalog/products?limit=1000', {}, 400, /limit/],
  ['a product that is not there', 'GET', '/api/catalog/products/no-such-thing', {}, 404, /not_found/],
  ['a merchant route without a key', 'GET', '/api/admin/orders/orders', {}, 401, /unauthenticated/],
  [
    'a merchant route with a wrong key',
    'GET',
    '/api/admin/orders/orders',
    { headers: { authorization: 'Bearer nonsense' } },
    401,
    /unauthenticated/,
  ],
  ['a route that is not there', 'GET', '/api/orders/nothing/here', {}, 404, /not_found/],
  ['a verb that is not there', 'DELETE', '/api/catalog/products', {}, 405, /DELETE|method/i],
];

for (const [what, method, path, options, status, said] of REQUESTS) {
  test(`a request with ${what} is answered ${status} as problem+json`, async () => {
    const answer = await shop(method, path, options);
    assert.equal(answer.status, status, answer.text);
    assert.match(String(answer.headers['content-type']), /application\/problem\+json/);
    assert.match(answer.text, said);
    const problem = answer.json<{ title: string; status: number; detail: string; requestId: string }>();
    assert.equal(problem.status, status);
    assert.ok(problem.requestId.length > 0);
  });
}

test('a host that is no shop is told so and learns of no other', async () => {
  const answer = await installation.shop('nobody.localhost')('GET', '/api/store', {
    headers: { accept: 'application/json' },
  });
  assert.equal(answer.status, 404);
  assert.doesNotMatch(answer.text, /acme|sakura|fjord/);
});

// ── catalogue rows ───────────────────────────────────────────────────────────────────────────────

const HEAD =
  'Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Status';
const ROWS: readonly (readonly [what: string, row: string, said: RegExp])[] = [
  ['no handle', ',Bad,true,Size,S,BAD-1,1,10.00,active', /Handle/],
  ['a price in words', 'bad-a,Bad,true,Size,S,BAD-2,1,ten,active', /Variant Price/],
  ['a negative price', 'bad-b,Bad,true,Size,S,BAD-3,1,-1.00,active', /Variant Price/],
  ['half a cent', 'bad-c,Bad,true,Size,S,BAD-4,1,10.005,active', /Variant Price/],
  ['half a unit', 'bad-d,Bad,true,Size,S,BAD-5,0.5,10.00,active', /Variant Inventory Qty/],
  ['an unknown status', 'bad-e,Bad,true,Size,S,BAD-6,1,10.00,sold', /Status/],
  ['no title', 'bad-f,,true,Size,S,BAD-7,1,10.00,active', /Title/],
];

for (const [what, row, said] of ROWS) {
  test(`a catalogue row with ${what} is named by line and column, and is not imported`, async () => {
    const begun = await shop('POST', '/api/admin/catalog/imports', {
      body: `${HEAD}\n${row}\n`,
      headers: {
        'content-type': 'text/csv',
        authorization: `Bearer ${token}`,
        'idempotency-key': randomUUID(),
      },
    });
    assert.ok(begun.status < 300, begun.text);
    const { id } = begun.json<{ id: string }>();
    const finished = await until(
      async () => {
        const answer = await shop('GET', `/api/admin/catalog/imports/${id}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        return /"(?:running|pending|queued)"/i.test(answer.text) ? undefined : answer;
      },
      { withinMs: 60_000, what: 'the import has ended' },
    );
    assert.match(finished.text, said);
    assert.match(finished.text, /"line":2/);
    const handle = row.split(',')[0] ?? '';
    if (handle !== '') assert.equal((await shop('GET', `/api/catalog/products/${handle}`)).status, 404);
  });
}

// ── webhooks ─────────────────────────────────────────────────────────────────────────────────────

const EVENT = JSON.stringify({
  id: 'evt_1',
  object: 'event',
  type: 'payment_intent.succeeded',
  data: { object: { id: 'pi_1' } },
});
const stamp = (secret: string, seconds: number): string =>
  `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${EVENT}`).digest('hex')}`;
const now = Math.floor(Date.now() / 1000);

const WEBHOOKS: readonly (readonly [what: string, signature: string | undefined])[] = [
  ['no signature', undefined],
  ['a signature that is none', 'nonsense'],
  ["a stranger's signature", stamp('whsec_wrong', now)],
  ['an old signature', stamp('whsec_wrong', now - 3600)],
];

for (const [what, signature] of WEBHOOKS) {
  test(`a webhook with ${what} is refused and leaves no trace`, async () => {
    const answer = await shop('POST', '/api/payments/webhooks/stripe', {
      body: EVENT,
      headers: {
        'content-type': 'application/json',
        ...(signature === undefined ? {} : { 'stripe-signature': signature }),
      },
    });
    assert.ok(answer.status === 400 || answer.status === 401, answer.text);
    assert.match(answer.text, /signature/i);
    await withDatabase(client, async (db) => {
      const { rows } = await db.query(`select 1 from shop.payments_webhooks where tenant_id = 'acme'`);
      assert.equal(rows.length, 0);
    });
  });
}
