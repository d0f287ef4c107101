/**
 * The builders: the manifests they give, that equal input gives equal output, and that they agree with the definitions.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOMAINS } from '../../crds/index.ts';
import { DOMAINS as DEFINITIONS } from '../../runtime/domains/index.ts';
import type { Manifest } from './chart.ts';
import { memoised } from './chart.ts';
import { embeddedManifests } from './embedded.ts';
import { environment } from './environment.ts';
import { installManifests } from './install.ts';
import { defaultValues, InstallValues } from './values.ts';
import { publicOrigin } from '../../runtime/platform/names/index.ts';
import { parsePlatform, PlatformConfigError } from './platform.ts';
import { enabledDomains, hostOf } from './presets.ts';
import { tenantRoute } from './route.ts';
import { service, tenant, workloadInput } from './testing/inputs.ts';
import { workload } from './workload.ts';
import type { WorkloadInput } from './workload.ts';

const build = (spec: object, more: Partial<WorkloadInput> = {}) =>
  workload({ ...workloadInput(spec), ...more });
const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);
const json = (value: unknown) => JSON.stringify(value);

test('the API names exactly the domains the runtime has', () => {
  assert.deepEqual([...DOMAINS], DEFINITIONS.map(({ name }) => name).toSorted());
});

test('equal input gives equal manifests, byte for byte', () => {
  assert.equal(json(build({ domains: ['orders'] })), json(build({ domains: ['orders'] })));
  assert.equal(json(installManifests(defaultValues())), json(installManifests(defaultValues())));
});

for (const [what, spec, more] of [
  ['a fixed number of Pods', {}, []],
  ['an autoscaler', { scaling: { min: 1, max: 4 } }, ['HorizontalPodAutoscaler']],
  ['more than one Pod', { scaling: { min: 2, max: 2 } }, ['PodDisruptionBudget']],
  ['both', { scaling: { min: 2, max: 4 } }, ['HorizontalPodAutoscaler', 'PodDisruptionBudget']],
  [
    'both in development',
    { scaling: { min: 2, max: 4 }, environment: 'development' },
    ['HorizontalPodAutoscaler'],
  ],
  ['hibernation', { scaling: { min: 2, max: 4 }, replicas: 0 }, []],
] as const) {
  test(`a workload with ${what} is an account, a Deployment, a headless Service and ${more.join(', ') || 'nothing else'}`, () => {
    const expected = ['ServiceAccount', 'Deployment', 'Service', ...more];
    assert.deepEqual(kinds(build({ domains: ['orders'], ...spec })), expected);
  });
}

test('Pods of ours are restricted, probed on the admin port, and told nothing they do not need', () => {
  const text = json(build({ domains: ['orders'] }));
  for (const part of [
    '"allowPrivilegeEscalation":false',
    '"drop":["ALL"]',
    '"runAsNonRoot":true',
    '"automountServiceAccountToken":false',
    '"path":"/readyz","port":9090',
    '"clusterIP":"None"',
    '"readOnlyRootFilesystem":true',
    '"serviceAccountName":"runtime"',
    '"mountPath":"/tmp"',
  ]) {
    assert.ok(text.includes(part), `${part} is missing`);
  }
});

test('a Pod that ends goes on serving for as long as it is told, and has its time on top', () => {
  const text = json(build({ domains: ['orders'] }, { drainSeconds: 5 })[1]);
  assert.match(text, /"lifecycle":\{"preStop":\{"sleep":\{"seconds":5\}\}\}/);
  assert.match(text, /"terminationGracePeriodSeconds":35/);
  assert.doesNotMatch(json(build({ domains: ['orders'] })[1]), /preStop/);
});

test('Pods are spread over zones and nodes in production, over nodes in staging, and never wait for it', () => {
  const over = (environment: string) =>
    [...json(build({ domains: ['orders'], environment })).matchAll(/"topologyKey":"([^"]+)"/g)].map(
      ([, key]) => key,
    );
  assert.deepEqual(over('production'), ['topology.kubernetes.io/zone', 'kubernetes.io/hostname']);
  assert.deepEqual(over('staging'), ['kubernetes.io/hostname']);
  assert.deepEqual(over('development'), []);
  assert.doesNotMatch(json(build({ domains: ['orders'] })), /DoNotSchedule/);
});

test('blobs that are files lie in the claim that is named, or last as long as the Pod; an image of its own gets none', () => {
  const volumes = (spec: object, claim?: string) =>
    json(build(spec, { blobs: { path: '/blobs', claim } })[1]);
  assert.match(volumes({ domains: ['catalog'] }), /"name":"blobs","emptyDir"|"emptyDir":\{\},"name":"blobs"/);
  assert.match(volumes({ domains: ['catalog'] }, 'shared'), /"claimName":"shared"/);
  assert.doesNotMatch(volumes({ image: 'x' }, 'shared'), /blobs/);
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
      'GRPC_PORT',
      'BLOBS_URL',
      'PAYMENTS_URL',
      'PUBLIC_PORT',
      'DATABASE_CONNECTIONS',
      'MALLOC_ARENA_MAX',
      'MALLOC_MMAP_THRESHOLD_',
      'MALLOC_TRIM_THRESHOLD_',
      'PEERS',
      'DATABASE_URL',
      'SECRETS_KEY',
    ],
  );
  const scanned = { ...platform, scanUrl: 'clamd://clamav.scan.svc:3310' };
  const told = (domain: string) =>
    json(environment(service({ domains: [domain] }), scanned, new Map(), 8080)).includes('SCAN_URL');
  assert.deepEqual([told('media'), told('catalog')], [true, false]);
  const traced = { ...platform, traces: { url: 'http://collector:4318', ratio: 0.05 } };
  assert.match(
    json(environment(service({ domains: ['catalog'] }), traced, new Map(), 8080)),
    /"name":"TRACES_URL","value":"http:\/\/collector:4318"\},\{"name":"TRACES_RATIO","value":"0.05"/,
  );
  const beside = { ...platform, databaseReplicaUrl: 'postgres://standby/shopmind' };
  assert.match(
    json(environment(service({ domains: ['catalog'] }), beside, new Map(), 8080)),
    /"name":"DATABASE_REPLICA_URL","valueFrom":\{"secretKeyRef"/,
  );
  const pooled = { ...platform, databasePoolerUrl: 'postgres://pooler:6432/shopmind' };
  assert.match(
    json(environment(service({ domains: ['catalog'] }), pooled, new Map(), 8080)),
    /"name":"DATABASE_POOLER_URL","valueFrom":\{"secretKeyRef"/,
  );
  const reloads = (environmentName: string) =>
    json(
      environment(service({ domains: ['catalog'], environment: environmentName }), platform, new Map(), 8080),
    );
  assert.match(reloads('development'), /"HOT_RELOAD","value":"true"/);
  assert.doesNotMatch(reloads('staging'), /HOT_RELOAD/);
  assert.doesNotMatch(json(env), /hush/);
  assert.deepEqual(environment(service({ image: 'x' }), platform, new Map(), 9000), [
    { name: 'GATEWAY_URL', value: 'http://gateway.shopmind-system.svc:9000' },
  ]);
});

test('who sends mail is told to the Pods that host notifications, by reference, and to one shop otherwise than to the pool', () => {
  const platform = parsePlatform(
    { BLOBS_URL: 'file:///b/' },
    {
      DATABASE_ADMIN_URL: 'postgres://root:hush@db/shopmind',
      SECRETS_KEY: Buffer.alloc(32).toString('base64'),
      MAIL_PROVIDERS: 'smtp://acme:hush@mail.example\nsmtps://acme:hush@mail.example',
      'MAIL_PROVIDERS.acme': 'embedded',
      'SMS_PROVIDERS.acme': 'twilio+https://sid:hush@sms.example/?from=MG1',
    },
  );
  const told = (spec: object): string[] =>
    environment(service(spec), platform, new Map(), 8080)
      .filter(({ name }) => name.endsWith('_PROVIDERS'))
      .map((variable) => {
        assert.deepEqual(variable, {
          name: variable.name,
          valueFrom: { secretKeyRef: { name: 'database', key: variable.name } },
        });
        return variable.name;
      });
  assert.deepEqual(told({ domains: ['catalog'] }), []);
  assert.deepEqual(told({ domains: ['notifications'] }), ['MAIL_PROVIDERS']);
  assert.deepEqual(told({ domains: ['notifications'], tenant: 'acme' }), ['SMS_PROVIDERS']);
  assert.deepEqual(told({ domains: ['notifications'], tenant: 'bee' }), ['MAIL_PROVIDERS']);
});

test('a model is told to the Pods of the domain that asks it, its key by reference', () => {
  const secret = {
    DATABASE_ADMIN_URL: 'postgres://root:hush@db/shopmind',
    SECRETS_KEY: Buffer.alloc(32).toString('base64'),
    EMBEDDINGS_KEY: 'hush',
  };
  const config = {
    BLOBS_URL: 'file:///b/',
    EMBEDDINGS_URL: 'https://models.example/v1',
    EMBEDDINGS_DIMENSIONS: '768',
    LANGUAGE_URL: 'http://models.ai.svc:11434/v1',
    LANGUAGE_MODEL: 'small',
  };
  const told = (domain: string) =>
    environment(service({ domains: [domain] }), parsePlatform(config, secret), new Map(), 8080).filter(
      ({ name }) => /^(EMBEDDINGS|LANGUAGE)_/.test(name),
    );
  assert.deepEqual(told('catalog'), [
    { name: 'EMBEDDINGS_URL', value: 'https://models.example/v1' },
    { name: 'EMBEDDINGS_DIMENSIONS', value: '768' },
    { name: 'EMBEDDINGS_KEY', valueFrom: { secretKeyRef: { name: 'database', key: 'EMBEDDINGS_KEY' } } },
  ]);
  assert.deepEqual(
    told('chat').map(({ name }) => name),
    ['LANGUAGE_URL', 'LANGUAGE_MODEL'],
  );
  assert.deepEqual(told('orders'), []);
  assert.throws(
    () => parsePlatform({ ...config, EMBEDDINGS_URL: 'https://me:hush@models.example/v1' }, secret),
    /EMBEDDINGS_URL must be a http/,
  );
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
    /PUBLIC_PORT must be a whole number from 1 to 65535/,
  ],
  [
    'a mail provider for everybody to read',
    { BLOBS_URL: 'file:///b/', 'MAIL_PROVIDERS.acme': 'smtp://u:hush@mail.example' },
    { DATABASE_ADMIN_URL: 'postgres://x', SECRETS_KEY: Buffer.alloc(32).toString('base64') },
    /^platform: MAIL_PROVIDERS.acme holds a login: it belongs into the Secret$/,
  ],
  [
    'a scanner of another kind',
    { BLOBS_URL: 'file:///b/', SCAN_URL: 'icap://scanner:1344' },
    { DATABASE_ADMIN_URL: 'postgres://x', SECRETS_KEY: Buffer.alloc(32).toString('base64') },
    /SCAN_URL must be clamd:\/\/host:port/,
  ],
  [
    'a login at the receiver of traces',
    { BLOBS_URL: 'file:///b/', TRACES_URL: 'https://ada:secret@traces.example' },
    { DATABASE_ADMIN_URL: 'postgres://x', SECRETS_KEY: Buffer.alloc(32).toString('base64') },
    /TRACES_URL must be a http:\/\/ or https:\/\/ URL without a login/,
  ],
  [
    'more than all traces',
    { BLOBS_URL: 'file:///b/', TRACES_URL: 'http://collector:4318', TRACES_RATIO: '1.5' },
    { DATABASE_ADMIN_URL: 'postgres://x', SECRETS_KEY: Buffer.alloc(32).toString('base64') },
    /TRACES_RATIO must be from 0 to 1/,
  ],
  [
    'a mail provider of no kind',
    { BLOBS_URL: 'file:///b/' },
    {
      DATABASE_ADMIN_URL: 'postgres://x',
      SECRETS_KEY: Buffer.alloc(32).toString('base64'),
      MAIL_PROVIDERS: 'https://u:hush@mail.example',
    },
    /^platform: MAIL_PROVIDERS: a provider of mail must begin with smtp:\/\/ or smtps:\/\/$/,
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

test('a domain switched off is hosted nowhere; one that scales alone is hosted alone', () => {
  const acme = tenant({
    placement: 'dedicated',
    domains: [
      { name: 'payments', enabled: false },
      { name: 'orders', enabled: false },
      { name: 'catalog', scaling: { min: 1, max: 2 } },
    ],
  });
  assert.deepEqual(enabledDomains(acme.spec), [
    'accounts',
    'analytics',
    'catalog',
    'chat',
    'marketing',
    'media',
    'notifications',
    'recommendations',
    'webhooks',
  ]);
  assert.deepEqual(
    [...hostOf(acme)],
    [
      ['accounts', 'runtime'],
      ['analytics', 'runtime'],
      ['chat', 'runtime'],
      ['marketing', 'runtime'],
      ['media', 'runtime'],
      ['notifications', 'runtime'],
      ['recommendations', 'runtime'],
      ['webhooks', 'runtime'],
      ['catalog', 'catalog'],
    ],
  );
});

test('a route sends single domains to their Services, the rest of the API and gRPC to the runtime, everything else to the storefront', () => {
  const [route, grant] = tenantRoute(
    tenant({ placement: 'dedicated', domains: [{ name: 'orders', scaling: { min: 1, max: 2 } }] }),
  );
  const spec = route?.['spec'] as {
    rules: {
      matches: { path: { value: string }; headers?: { name: string; value: string }[] }[];
      backendRefs: { name: string; namespace?: string; port: number }[];
    }[];
  };
  assert.deepEqual(
    spec.rules.map(({ matches, backendRefs }) => [
      matches.map(({ path }) => path.value).join(' '),
      backendRefs[0]?.name,
    ]),
    [
      ['/.well-known/openid-configuration', 'runtime'],
      ['/api/orders /api/admin/orders', 'orders'],
      ['/api', 'runtime'],
      ['/ /', 'runtime'],
      ['/', 'storefront'],
    ],
  );
  const calls = spec.rules.find(({ backendRefs }) => backendRefs[0]?.port === 9080);
  assert.deepEqual(
    calls?.matches.map(({ headers }) => headers?.map(({ name, value }) => `${name}: ${value}`)),
    [['content-type: application/grpc'], ['content-type: application/grpc+proto']],
  );
  assert.equal(spec.rules.at(-1)?.backendRefs[0]?.namespace, 'shopmind-system');
  assert.equal(grant?.kind, 'ReferenceGrant');
  assert.equal(tenantRoute(tenant({})).length, 1);
});

test('the installation has one of each process, and each permission once', () => {
  const manifests = installManifests(defaultValues());
  const names = (kind: string) =>
    manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
  assert.deepEqual(names('Deployment'), ['operator', 'gateway']);
  assert.deepEqual(
    manifests
      .filter(({ apiVersion }) => apiVersion === 'shopmind.ai/v1beta1')
      .map(({ metadata }) => metadata.name),
    ['runtime', 'storefront'],
  );
  assert.deepEqual(
    kinds(installManifests(InstallValues.parse({ storefront: { enabled: false } }))).filter(
      (kind) => kind === 'Service',
    ).length,
    4,
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
    installManifests(InstallValues.parse({ gateway: { port: 9000 } }), { onThisMachine: true }).filter(
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
