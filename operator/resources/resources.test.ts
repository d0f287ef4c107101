/**
 * The builders: the manifests they give, that equal input gives equal output, and that they agree with the definitions.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOMAINS, SCHEMAS, withDefaults } from '../../crds/index.ts';
import type { ServiceSpec, ShopMindTenant, TenantSpec } from '../../crds/index.ts';
import { DOMAINS as DEFINITIONS } from '../../runtime/domains/index.ts';
import type { Manifest } from './chart.ts';
import { memoised } from './chart.ts';
import { embeddedManifests } from './embedded.ts';
import { environment } from './environment.ts';
import { installManifests } from './install.ts';
import { parsePlatform, PlatformConfigError, publicOrigin } from './platform.ts';
import { enabledDomains, hostOf, servicesOf } from './presets.ts';
import { tenantRoute } from './route.ts';
import { tenantNamespace } from './tenancy.ts';
import { replicasOf, workload } from './workload.ts';

function tenant(spec: object): ShopMindTenant {
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  assert.ok(schema);
  const whole = withDefaults(schema, { displayName: 'Acme', hosts: ['acme.localhost'], ...spec });
  // The schema's own defaults make it whole.
  return { apiVersion: 'v', kind: 'ShopMindTenant', metadata: { name: 'acme' }, spec: whole as TenantSpec };
}

function service(spec: object): ServiceSpec {
  const schema = SCHEMAS.Service.properties?.['spec'];
  assert.ok(schema);
  // As above.
  return withDefaults(schema, spec) as ServiceSpec;
}

const build = (spec: object) =>
  workload({
    name: 'runtime',
    namespace: 'n',
    spec: service(spec),
    images: { runtime: 'shopmind/runtime', pullPolicy: 'Never' },
    platformEnv: [],
  });
const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);
const json = (value: unknown) => JSON.stringify(value);

test('the API names exactly the domains the runtime has', () => {
  assert.deepEqual([...DOMAINS], DEFINITIONS.map(({ name }) => name).toSorted());
});

test('equal input gives equal manifests, byte for byte', () => {
  assert.equal(json(build({ domains: ['orders'] })), json(build({ domains: ['orders'] })));
  assert.equal(json(installManifests()), json(installManifests()));
});

test('a workload is a Deployment and a headless Service; an autoscaler and a budget where they make sense', () => {
  assert.deepEqual(kinds(build({ domains: ['orders'] })), ['Deployment', 'Service']);
  assert.deepEqual(kinds(build({ domains: ['orders'], scaling: { min: 1, max: 4 } })), [
    'Deployment',
    'Service',
    'HorizontalPodAutoscaler',
  ]);
  assert.deepEqual(kinds(build({ domains: ['orders'], scaling: { min: 2, max: 4 } })), [
    'Deployment',
    'Service',
    'HorizontalPodAutoscaler',
    'PodDisruptionBudget',
  ]);
  assert.deepEqual(kinds(build({ domains: ['orders'], scaling: { min: 2, max: 4 }, replicas: 0 })), [
    'Deployment',
    'Service',
  ]);
});

test('replicas are left to the autoscaler where there is one, and stated where there is none', () => {
  assert.deepEqual(replicasOf(service({ image: 'x', replicas: 3 })), { min: 3, max: 3, autoscaled: false });
  assert.deepEqual(replicasOf(service({ image: 'x', scaling: { min: 2, max: 2 } })), {
    min: 2,
    max: 2,
    autoscaled: false,
  });
  const [autoscaled] = build({ domains: ['orders'], scaling: { min: 1, max: 4 } });
  assert.doesNotMatch(json(autoscaled), /"replicas"/);
  const [hibernated] = build({ domains: ['orders'], replicas: 0 });
  assert.match(json(hibernated), /"replicas":0/);
});

test('Pods of ours are restricted, probed on the admin port, and told nothing they do not need', () => {
  const text = json(build({ domains: ['orders'] }));
  for (const part of [
    '"allowPrivilegeEscalation":false',
    '"drop":["ALL"]',
    '"runAsNonRoot":true',
    '"automountServiceAccountToken":false',
    '"path":"/readyz","port":9090',
    '"clusterIP":"None"',
  ]) {
    assert.ok(text.includes(part), `${part} is missing`);
  }
});

test('an own image is probed where it says, or by its port', () => {
  assert.match(json(build({ image: 'x', port: 3000 })), /"tcpSocket":\{"port":3000\}/);
  assert.match(
    json(build({ image: 'x', health: { path: '/ok', port: 1 } })),
    /"httpGet":\{"path":"\/ok","port":1\}/,
  );
});

test('the environment holds what the table says, secrets by reference only', () => {
  const platform = parsePlatform(
    { BLOBS_URL: 'file:///b/', PAYMENTS_URL: 'http://p:8090' },
    {
      DATABASE_ADMIN_URL: 'postgres://root:hush@db/shopmind',
      SECRETS_KEY: Buffer.alloc(32).toString('base64'),
      PAYMENTS_SECRET: 'hush',
    },
  );
  const env = environment(
    service({ domains: ['catalog'], tenant: 'acme' }),
    platform,
    new Map([['orders', 'http://o']]),
    8080,
  );
  assert.deepEqual(
    env.map(({ name }) => name),
    [
      'SHOPMIND_DOMAINS',
      'SHOPMIND_TENANT',
      'BLOBS_URL',
      'PAYMENTS_URL',
      'PEERS',
      'DATABASE_URL',
      'SECRETS_KEY',
    ],
  );
  assert.doesNotMatch(json(env), /hush/);
  assert.deepEqual(environment(service({ image: 'x' }), platform, new Map(), 9000), [
    { name: 'GATEWAY_URL', value: 'http://gateway.shopmind-system.svc:9000' },
  ]);
});

for (const [what, config, secret, expected] of [
  ['no database', { BLOBS_URL: 'file:///b/' }, {}, /Secret platform: key DATABASE_ADMIN_URL is missing/],
  [
    'a short key',
    { BLOBS_URL: 'file:///b/' },
    { DATABASE_ADMIN_URL: 'postgres://x', SECRETS_KEY: 'abc' },
    /SECRETS_KEY must be 32 bytes/,
  ],
  [
    'a port that is none',
    { BLOBS_URL: 'file:///b/', PUBLIC_PORT: 'x' },
    { DATABASE_ADMIN_URL: 'postgres://x', SECRETS_KEY: Buffer.alloc(32).toString('base64') },
    /PUBLIC_PORT must be a port/,
  ],
] as const) {
  test(`a platform with ${what} is refused by the name of the key`, () => {
    assert.throws(
      () => parsePlatform(config, secret),
      (error) => error instanceof PlatformConfigError && expected.test(error.message),
    );
  });
}

test('addresses for browsers leave out the port their scheme implies', () => {
  assert.deepEqual(
    [443, 80, 8080].map((port) => publicOrigin('a.b', port)),
    ['https://a.b', 'http://a.b', 'http://a.b:8080'],
  );
});

test('a plan is a preset, and what the spec says wins', () => {
  const starter = servicesOf(tenant({ placement: 'dedicated' })).get('runtime');
  const enterprise = servicesOf(tenant({ placement: 'dedicated', plan: 'enterprise' })).get('runtime');
  assert.deepEqual([starter?.scaling?.max, enterprise?.scaling?.min], [1, 2]);
  const own = servicesOf(
    tenant({ placement: 'dedicated', plan: 'enterprise', autoscaling: { min: 3, max: 5 } }),
  ).get('runtime');
  assert.deepEqual(own?.scaling, { min: 3, max: 5, cpuPercent: 70 });
});

test('a domain switched off is hosted nowhere; one that scales alone is hosted alone', () => {
  const acme = tenant({
    placement: 'dedicated',
    domains: {
      payments: { enabled: false },
      orders: { enabled: false },
      catalog: { scaling: { min: 1, max: 2 } },
    },
  });
  assert.deepEqual(enabledDomains(acme.spec), ['accounts', 'catalog']);
  assert.deepEqual(
    [...hostOf(acme)],
    [
      ['accounts', 'runtime'],
      ['catalog', 'catalog'],
    ],
  );
});

test('a route sends single domains to their Services, the rest of the API to the runtime, everything else to the storefront', () => {
  const [route, grant] = tenantRoute(
    tenant({ placement: 'dedicated', domains: { orders: { scaling: { min: 1, max: 2 } } } }),
  );
  const spec = route?.['spec'] as {
    rules: { matches: { path: { value: string } }[]; backendRefs: { name: string; namespace?: string }[] }[];
  };
  assert.deepEqual(
    spec.rules.map(({ matches, backendRefs }) => [
      matches.map(({ path }) => path.value).join(' '),
      backendRefs[0]?.name,
    ]),
    [
      ['/api/orders /api/admin/orders', 'orders'],
      ['/api', 'runtime'],
      ['/', 'storefront'],
    ],
  );
  assert.equal(spec.rules.at(-1)?.backendRefs[0]?.namespace, 'shopmind-system');
  assert.equal(grant?.kind, 'ReferenceGrant');
  assert.equal(tenantRoute(tenant({})).length, 1);
});

test('a dedicated namespace denies everything and opens only what is needed', () => {
  const manifests = tenantNamespace(
    tenant({ placement: 'dedicated' }),
    'postgres://db.example:6432/shopmind',
  );
  assert.deepEqual(kinds(manifests), ['Namespace', 'NetworkPolicy', 'NetworkPolicy']);
  assert.deepEqual(manifests[1]?.['spec'], { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  assert.match(json(manifests[2]), /"port":6432/);
});

test('the installation has one of each process, and each permission once', () => {
  const manifests = installManifests();
  const names = (kind: string) =>
    manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
  assert.deepEqual(names('Deployment'), ['operator', 'gateway']);
  assert.deepEqual(
    manifests
      .filter(({ apiVersion }) => apiVersion === 'shopmind.ai/v1alpha1')
      .map(({ metadata }) => metadata.name),
    ['runtime', 'storefront'],
  );
  assert.deepEqual(
    kinds(installManifests({ storefront: false })).filter((kind) => kind === 'Service').length,
    3,
  );
  const verbs = manifests
    .filter(({ kind }) => kind === 'ClusterRole')
    .flatMap((role) =>
      (role['rules'] as { verbs: string[]; resources: string[] }[]).flatMap(({ verbs, resources }) => [
        ...verbs,
        ...resources,
      ]),
    );
  assert.ok(!verbs.includes('*'), 'no wildcard');
});

test('on the machine itself the gateway stands alone on its port, with an admin port of its own', () => {
  const text = json(
    installManifests({ gatewayOnHost: true, gatewayPort: 9000 }).filter(
      ({ metadata }) => metadata.name === 'gateway',
    ),
  );
  assert.match(text, /"hostNetwork":true/);
  assert.match(text, /"type":"Recreate"/);
  assert.match(text, /"ADMIN_PORT","value":"19000"/);
});

test('the embedded extras keep their data in folders of the machine and never run twice', () => {
  const manifests = embeddedManifests({ dataDir: '/data', gatewayPort: 8080 });
  assert.deepEqual(
    manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    [
      'Deployment postgres',
      'Service postgres',
      'Deployment processor',
      'Service processor',
      'HTTPRoute processor',
    ],
  );
  assert.match(json(manifests[0]), /"type":"Recreate".*"path":"\/data\/postgres"/);
});

test('memory of built manifests is bounded', () => {
  let built = 0;
  const remember = memoised((input: number) => ({ input, at: built++ }), 2);
  remember(1);
  remember(2);
  remember(1);
  remember(3);
  assert.deepEqual([remember(1).at, remember(2).at], [0, 3]);
});
