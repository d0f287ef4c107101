/**
 * Admission over the wire: a certificate the API server can trust, precise refusals, and nothing that falls over.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { API_VERSION, contrast, convert, SCHEMAS, withDefaults } from '../../crds/index.ts';
import { testLog } from '../kube/testing/log.ts';
import { issueApart } from './certificate.ts';
import type { ConversionAnswer } from './conversion.ts';
import { advance, bundleOf } from './keyring.ts';
import type { Keyring } from './keyring.ts';
import { CONVERT_PATH, DEFAULT_PATH, serveAdmission, VALIDATE_PATH } from './server.ts';
import type { AdmissionServer } from './server.ts';

const NAME = 'operator.shopmind-system.svc';
let keyring: Keyring;
let server: AdmissionServer;
let synced = true;

const AROUND = {
  ownerOf: (host: string) => (host === 'taken.localhost' ? 'bolt' : undefined),
  platformHosts: () => ['pay.localhost'],
  baseDomain: () => 'shops.example',
  secretExists: async () => false,
};

before(async () => {
  keyring = await advance(undefined, [NAME], new Date(), issueApart);
  server = await serveAdmission({
    host: '127.0.0.1',
    port: 0,
    serving: keyring.serving,
    log: testLog().log,
    around: () => (synced ? AROUND : undefined),
  });
});

after(() => server.close());

const VALID = { displayName: 'Acme', hosts: ['acme.localhost'] };

function tenant(spec: object, status?: object): object {
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  assert.ok(schema);
  return {
    apiVersion: API_VERSION,
    kind: 'ShopMindTenant',
    metadata: { name: 'acme' },
    spec: withDefaults(schema, { ...VALID, ...spec }),
    ...(status === undefined ? {} : { status }),
  };
}

function post(body: unknown, path = VALIDATE_PATH): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: server.port,
      path,
      method: 'POST',
      agent: false as const,
      ca: bundleOf(keyring),
      servername: NAME,
    };
    const call = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on('error', reject);
    call.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

function reviewOf(object: object | null, oldObject: object | null = null, operation = 'CREATE'): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u1', operation, object, oldObject },
  };
}

function conversionOf(desiredAPIVersion: string, objects: readonly object[]): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'u1', desiredAPIVersion, objects },
  };
}

async function review(
  object: object | null,
  oldObject: object | null = null,
  operation = oldObject === null ? 'CREATE' : 'UPDATE',
) {
  const { status, text } = await post(reviewOf(object, oldObject, operation));
  assert.equal(status, 200, text);
  const { response } = JSON.parse(text) as {
    response: { uid: string; allowed: boolean; warnings?: string[]; status?: { message: string } };
  };
  assert.equal(response.uid, 'u1');
  return response;
}

test('a good tenant is let through without a word', async () => {
  assert.deepEqual(await review(tenant({})), { uid: 'u1', allowed: true });
});

for (const [what, spec, expected] of [
  [
    'a host of another tenant',
    { hosts: ['acme.localhost', 'taken.localhost'] },
    /^spec\.hosts\[1\]: taken\.localhost belongs to tenant bolt: choose another/,
  ],
  [
    "the processor's host",
    { hosts: ['pay.localhost'] },
    /^spec\.hosts\[0\]: pay\.localhost is the platform's own/,
  ],
  [
    'grey on white',
    { branding: { colors: { primary: '#000000', text: '#aaaaaa' } } },
    /^spec\.branding\.colors\.text: #aaaaaa on background #ffffff has a contrast of 2\.32, text needs 4\.5: choose a darker text/,
  ],
  [
    'white on yellow buttons',
    { branding: { colors: { primary: '#ffff00', onPrimary: '#ffffff' } } },
    /^spec\.branding\.colors\.onPrimary: .*darker onPrimary/,
  ],
  [
    'dark text on a dark page',
    { branding: { colors: { primary: '#ffffff', background: '#101010' } } },
    /choose a lighter text/,
  ],
] as const) {
  test(`${what} is refused with its place and its remedy`, async () => {
    const { allowed, status } = await review(tenant(spec));
    assert.equal(allowed, false);
    assert.match(status?.message ?? '', expected);
  });
}

test('every mistake is named at once', async () => {
  const { status } = await review(
    tenant({ hosts: ['taken.localhost'], branding: { colors: { primary: '#000000', text: '#cccccc' } } }),
  );
  assert.match(status?.message ?? '', /taken\.localhost.*; spec\.branding/);
});

test('another placement is a move: allowed, and said so', async () => {
  const dedicated = tenant({ placement: 'dedicated' });
  const dataRef = { placement: 'pooled', schema: 'shop' };
  const { allowed, warnings } = await review(dedicated, tenant({}, { dataRef }));
  assert.equal(allowed, true);
  assert.match(warnings?.[0] ?? '', /spec\.placement: moves the tenant from pooled to dedicated/);
  assert.equal((await review(dedicated, tenant({}))).warnings, undefined, 'there is nothing to move yet');
});

test('what was stored with a mistake can still lose its finalizers, and be deleted', async () => {
  const bad = tenant({ hosts: ['taken.localhost'] });
  assert.equal((await review({ ...bad, metadata: { name: 'acme', finalizers: [] } }, bad)).allowed, true);
  assert.equal((await review(null, bad, 'DELETE')).allowed, true);
});

test('a missing payment Secret and a deletion policy that destroys are warnings', async () => {
  const { allowed, warnings } = await review(
    tenant({ payments: { secretRef: { name: 'stripe' } }, deletionPolicy: 'Delete' }),
  );
  assert.equal(allowed, true);
  assert.equal(warnings?.length, 2);
  assert.match(warnings?.[0] ?? '', /Secret shopmind-system\/stripe does not exist yet/);
});

test('what is no review is answered, not crashed on', async () => {
  assert.equal((await post('{')).status, 400);
  assert.equal((await post({ kind: 'Pod' })).status, 400);
  assert.equal((await post({}, '/other')).status, 404);
  assert.equal((await post('x'.repeat(5 * 1024 * 1024)).catch(() => ({ status: 413 }))).status, 413);
  assert.equal((await review(tenant({}))).allowed, true);
});

test('a tenant of the old version is reviewed as well', async () => {
  const old = (spec: object) => convert(tenant(spec) as never, 'shopmind.ai/v1alpha1');
  assert.equal((await review(old({}))).allowed, true);
  assert.equal((await review(old({ hosts: ['taken.localhost'] }))).allowed, false);
});

test('a tenant that names no host gets one of the platform; what it names is never changed', async () => {
  const asked = async (spec: object) => {
    const { text } = await post(reviewOf({ ...tenant({}), spec }), DEFAULT_PATH);
    const { response } = JSON.parse(text) as { response: { patch?: string } };
    return response.patch === undefined
      ? undefined
      : JSON.parse(Buffer.from(response.patch, 'base64').toString());
  };
  assert.deepEqual(await asked({ displayName: 'Acme' }), [
    { op: 'add', path: '/spec/hosts', value: ['acme.shops.example'] },
  ]);
  assert.equal(await asked({ displayName: 'Acme', hosts: ['a.b'] }), undefined);
});

test('before the caches are filled reviews are not answered, and conversions are', async () => {
  synced = false;
  try {
    assert.equal((await post(reviewOf(tenant({})))).status, 503);
    const converted = await post(conversionOf('shopmind.ai/v1alpha1', [tenant({})]), CONVERT_PATH);
    assert.equal(converted.status, 200);
  } finally {
    synced = true;
  }
});

test('a conversion answers with every object in order, or with one reason for all', async () => {
  const asked = async (desired: string) => {
    const { text } = await post(
      conversionOf(desired, [tenant({}), tenant({ plan: 'growth' })]),
      CONVERT_PATH,
    );
    return (JSON.parse(text) as ConversionAnswer).response;
  };
  const { uid, result, convertedObjects = [] } = await asked('shopmind.ai/v1alpha1');
  assert.deepEqual([uid, result.status], ['u1', 'Success']);
  assert.deepEqual(
    convertedObjects.map(({ apiVersion, spec }) => [apiVersion, (spec as { plan: string }).plan]),
    [
      ['shopmind.ai/v1alpha1', 'starter'],
      ['shopmind.ai/v1alpha1', 'growth'],
    ],
  );
  const refused = await asked('shopmind.ai/v9');
  assert.equal(refused.result.status, 'Failure');
  assert.match(refused.result.message ?? '', /cannot be converted .*known are/);
});

/** The keyring as it became by looking at it so many days ago, one after the other. */
async function lookedAt(...daysAgo: readonly number[]): Promise<Keyring> {
  let ring: Keyring | undefined;
  for (const days of daysAgo)
    ring = await advance(ring, [NAME], new Date(Date.now() - days * 86_400_000), issueApart);
  assert.ok(ring);
  return ring;
}

for (const [what, looks] of [
  ['a serving certificate', [85]],
  // The successor was published nine days ago.
  ['an authority', [285, 60, 9]],
] as const) {
  test(`${what} is replaced while requests are under way, and none of them notices`, async () => {
    const [original, old] = [keyring, await lookedAt(...looks)];
    const next = await advance(old, [NAME], new Date(), issueApart);
    assert.notEqual(next.serving.cert, old.serving.cert);
    try {
      // The client has not heard of anything new yet.
      keyring = old;
      server.use(old.serving);
      const asked = Array.from({ length: 8 }, () => review(tenant({})));
      server.use(next.serving);
      await Promise.all([...asked, review(tenant({}))]);
      keyring = next;
      await review(tenant({}));
    } finally {
      server.use(original.serving);
      keyring = original;
    }
  });
}

test(
  'whoever connects and never says a word does not keep it from closing',
  { timeout: 30_000 },
  async () => {
    const own = await serveAdmission({
      host: '127.0.0.1',
      port: 0,
      serving: keyring.serving,
      log: testLog().log,
      around: () => AROUND,
    });
    const mute = connect(own.port, '127.0.0.1');
    mute.on('error', () => undefined);
    const cut = once(mute, 'close');
    await once(mute, 'connect');
    await own.close();
    await cut;
  },
);

test('contrast is what WCAG says it is', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48');
  assert.equal(contrast('#123456', '#123456'), 1);
});
