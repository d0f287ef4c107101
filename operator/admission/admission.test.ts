/**
 * Admission over the wire: a certificate the API server can trust, precise refusals, and nothing that falls over.
 */
import assert from 'node:assert/strict';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { contrast, SCHEMAS, withDefaults } from '../../crds/index.ts';
import { testLog } from '../kube/testing/log.ts';
import { isFresh, issueApart } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { serveAdmission, TENANT_PATH } from './server.ts';
import type { AdmissionServer } from './server.ts';

const NAME = 'operator.shopmind-system.svc';
let certificate: Certificate;
let server: AdmissionServer;

before(async () => {
  certificate = await issueApart([NAME], new Date());
  server = await serveAdmission({
    host: '127.0.0.1',
    port: 0,
    certificate,
    log: testLog().log,
    around: {
      ownerOf: (host) => (host === 'taken.localhost' ? 'bolt' : undefined),
      platformHosts: () => ['pay.localhost'],
      secretExists: async () => false,
    },
  });
});

after(() => server.close());

const VALID = { displayName: 'Acme', hosts: ['acme.localhost'] };

function tenant(spec: object, status?: object): object {
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  assert.ok(schema);
  return {
    metadata: { name: 'acme' },
    spec: withDefaults(schema, { ...VALID, ...spec }),
    ...(status === undefined ? {} : { status }),
  };
}

function post(body: unknown, path = TENANT_PATH): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: server.port,
      path,
      method: 'POST',
      agent: false as const,
      ca: certificate.cert,
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

async function review(
  object: object | null,
  oldObject: object | null = null,
  operation = oldObject === null ? 'CREATE' : 'UPDATE',
) {
  const { status, text } = await post({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u1', operation, object, oldObject },
  });
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

test('placement does not change once there is data, and may before', async () => {
  const dedicated = tenant({ placement: 'dedicated' });
  const dataRef = { placement: 'pooled', schema: 'shop' };
  assert.equal((await review(dedicated, tenant({}, { dataRef }))).allowed, false);
  assert.equal((await review(dedicated, tenant({}))).allowed, true);
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

test('a certificate is renewed before it ends, and when it does not fit the names', async () => {
  const now = new Date();
  assert.equal(isFresh(certificate, [NAME], now), true);
  assert.equal(isFresh(certificate, ['other.svc'], now), false);
  assert.equal(isFresh(certificate, [NAME], new Date(now.getTime() + 340 * 86_400_000)), false);
  assert.equal(isFresh({ cert: 'x', key: '' }, [NAME], now), false);
});

test('contrast is what WCAG says it is', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48');
  assert.equal(contrast('#123456', '#123456'), 1);
});
