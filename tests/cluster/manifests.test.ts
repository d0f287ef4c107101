/**
 * Judges of manifests that nobody here wrote: kubeconform, by the schemas that a running kube-apiserver publishes, and
 * kube-score. Judged are an installation with its pool and an archive, and everything a dedicated tenant gets.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { API_VERSION, customResourceDefinitions, DOMAINS } from '../../crds/index.ts';
import { desiredObjects, NO_CREDENTIALS } from '../../operator/controllers/tenant/desired.ts';
import type { Client } from '../../operator/kube/client.ts';
import { gatewayApiDefinitions, plain } from '../../operator/plugin/install/objects.ts';
import { install } from '../../operator/plugin/start/install.ts';
import type { Manifest } from '../../operator/resources/chart.ts';
import { environment } from '../../operator/resources/environment.ts';
import { installManifests } from '../../operator/resources/install.ts';
import { parsePlatform } from '../../operator/resources/platform.ts';
import { servicesOf } from '../../operator/resources/presets.ts';
import { archiver, drillSchedule, operationJob } from '../../operator/resources/recovery.ts';
import { BARE } from '../../operator/resources/surroundings.ts';
import { service, tenant, workloadInput } from '../../operator/resources/testing/inputs.ts';
import { defaultValues } from '../../operator/resources/values.ts';
import { workload } from '../../operator/resources/workload.ts';
import { clientOf } from '../support/cluster.ts';
import { ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';
import { program } from './binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

/** Checks of which only this is found; anything else they find is not covered by the reason. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  'container-resources': ['CPU limit is not set'],
};

/** Critical findings we do not follow, by kube-score's name of the check, and why not. */
const REASONS: Readonly<Record<string, string>> = {
  'container-resources':
    'only the CPU limit is missing, on purpose: a throttled process answers late while the node has time to spare; requests and quotas bound what a tenant takes',
  'container-image-pull-policy':
    'IfNotPresent: our tags never move, so asking the registry at every start buys nothing and makes a start depend on it; values choose Always',
  'container-security-context-user-group-id':
    "the user of a Service's Pods is its image's: 65532 in ours, its own in a merchant's, and runAsNonRoot refuses an image whose user is no number or 0",
};

/** The same for one object. */
const REASONS_FOR_ONE: Readonly<Record<string, string>> = {
  'networkpolicy-targets-pod NetworkPolicy/networking.k8s.io/v1/shopmind-system/backup':
    'its Pods are those of CronJobs, which come and go with tenants that ask for backups',
};

const PLATFORM = parsePlatform(
  { BLOBS_URL: 's3://shops', PUBLIC_PORT: '443', ARCHIVE_URL: 's3://archive', RECOVERY_SCRATCH: '50Gi' },
  {
    DATABASE_ADMIN_URL: 'postgres://db.example:5432/shopmind',
    SECRETS_KEY: Buffer.alloc(32).toString('base64'),
  },
);

const IMAGES = {
  runtime: 'shopmind/runtime:0.1.0',
  recovery: 'shopmind/recovery:0.1.0',
  pullPolicy: 'IfNotPresent',
} as const;

function servicePods(name: string, namespace: string, spec: object): readonly Manifest[] {
  const whole = service(spec);
  return workload({
    ...workloadInput({}),
    name,
    namespace,
    spec: whole,
    images: IMAGES,
    platformEnv: environment(whole, PLATFORM, new Map(), 8080),
    drainSeconds: 5,
  });
}

function recovery(): readonly Manifest[] {
  const { archive, databaseUrl } = PLATFORM;
  assert.ok(archive);
  const input = { archive, images: IMAGES };
  const operation = { name: 'restore-acme', id: '01', kind: 'restore', tenant: 'acme' };
  return [
    ...archiver({ ...input, databaseUrl, revision: '1' }),
    ...drillSchedule(input),
    operationJob(input, operation),
  ];
}

function installed(): readonly Manifest[] {
  return [
    ...installManifests(defaultValues()),
    ...recovery(),
    ...servicePods('runtime', 'shopmind-system', { domains: DOMAINS, scaling: { min: 2, max: 4 } }),
    ...servicePods('storefront', 'shopmind-system', {
      image: 'shopmind/storefront:0.1.0',
      port: 3000,
      health: { path: '/readyz', port: 9090 },
      scaling: { min: 2, max: 4 },
    }),
  ];
}

function dedicated(): readonly Manifest[] {
  const fjord = {
    ...tenant({
      placement: 'dedicated',
      plan: 'enterprise',
      domains: [{ name: 'orders', scaling: { min: 2, max: 6 } }],
    }),
    apiVersion: API_VERSION,
  };
  const { ground, services, routes } = desiredObjects(
    fjord,
    PLATFORM,
    { ...NO_CREDENTIALS, adminToken: 'token' },
    BARE,
  );
  const pods = [...servicesOf(fjord)].flatMap(([name, spec]) =>
    servicePods(name, 'tenant-acme', { tenant: 'acme', ...spec }),
  );
  return [...ground, ...services, ...routes, ...pods];
}

/** Feeds a program and gives what it says, whatever its exit code. */
async function told(file: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return output;
}

/** As JSON documents, which are YAML. */
const documents = (objects: readonly object[]): string =>
  objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');

for (const [what, objects] of [
  ['an installation', installed()],
  ['a dedicated tenant', dedicated()],
] as const) {
  test(`kube-score has no critical finding about ${what} but those with a reason`, async () => {
    const output = await told(
      await program('kube-score'),
      ['score', '-', '--output-format', 'json'],
      documents(objects),
    );
    // kube-score's own report: `grade` 1 is critical, 5 a warning.
    const report = JSON.parse(output) as {
      object_name: string;
      checks: {
        check: { id: string };
        grade: number;
        skipped: boolean;
        comments: { summary: string }[] | null;
      }[];
    }[];
    assert.ok(report.length > 5, 'objects were judged');
    const critical = report.flatMap(({ object_name: object, checks }) =>
      checks
        .filter(({ grade, skipped }) => grade === 1 && !skipped)
        .map(({ check, comments }) => ({
          object,
          id: check.id,
          said: (comments ?? []).map(({ summary }) => summary),
        })),
    );
    assert.deepEqual(
      critical.filter(({ id, object }) => !(id in REASONS) && !(`${id} ${object}` in REASONS_FOR_ONE)),
      [],
    );
    // A reason nobody needs any more is no reason.
    for (const id of Object.keys(REASONS))
      assert.ok(
        critical.some((one) => one.id === id),
        `${id} is still found`,
      );
    for (const { id, said } of critical) if (id in SAID) assert.deepEqual(said, SAID[id]);
  });
}

describe('kubeconform, by the schemas of a running kube-apiserver', () => {
  let plane: ControlPlane;
  let client: Client;
  let schemas: string;

  before(async () => {
    plane = await startControlPlane({ without: ['kube-controller-manager', 'kube-scheduler'] });
    client = await clientOf(plane.kubeconfig);
    schemas = ownFolder('schemas');
    await install(client, [...(await gatewayApiDefinitions()), ...plain(customResourceDefinitions())]);
    await writeSchemas(schemas, await publishedDefinitions(client));
  });

  after(async () => {
    client?.close();
    await plane?.stop();
    await rm(schemas, { recursive: true, force: true });
  });

  for (const [what, objects] of [
    ['an installation', installed()],
    ['a dedicated tenant', dedicated()],
  ] as const) {
    test(`finds every object of ${what} valid, without an unknown field`, async () => {
      const output = await told(
        await program('kubeconform'),
        [
          '-output',
          'json',
          '-summary',
          '-schema-location',
          `${schemas}/{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json`,
        ],
        documents(objects),
      );
      // kubeconform's own report.
      const { resources = [], summary } = JSON.parse(output) as {
        resources?: { kind: string; name: string; status: string; msg: string }[];
        summary: { valid: number; invalid: number; errors: number; skipped: number };
      };
      assert.deepEqual(resources, []);
      assert.deepEqual(summary, { valid: objects.length, invalid: 0, errors: 0, skipped: 0 });
    });
  }

  test('and refuses an object with a field that does not exist', async () => {
    const [deployment] = installed().filter(({ kind }) => kind === 'Deployment');
    const output = await told(
      await program('kubeconform'),
      [
        '-output',
        'json',
        '-schema-location',
        `${schemas}/{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json`,
      ],
      documents([{ ...deployment, spec: { ...(deployment?.['spec'] as object), replicaz: 2 } }]),
    );
    assert.match(output, /replicaz/);
  });
});

type Schema = Readonly<Record<string, unknown>>;

/** The OpenAPI definitions, once our own kinds are among them. */
function publishedDefinitions(client: Client): Promise<Readonly<Record<string, Schema>>> {
  return until(
    async () => {
      // OpenAPI v2 as the API server publishes it.
      const { definitions } = JSON.parse(await client.raw('GET', '/openapi/v2')) as {
        definitions: Readonly<Record<string, Schema>>;
      };
      const names = Object.keys(definitions);
      const has = (end: string): boolean => names.some((name) => name.endsWith(end));
      return has('v1beta1.ShopMindTenant') && has('HTTPRoute') ? definitions : undefined;
    },
    { withinMs: 30_000, what: 'our kinds are published' },
  );
}

/** A file for each kind, strict where a definition lists its fields. */
async function writeSchemas(folder: string, definitions: Readonly<Record<string, Schema>>): Promise<void> {
  const strict = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [
      name,
      schema['format'] === 'int-or-string' ? { type: ['string', 'integer'] } : closed(schema),
    ]),
  );
  const shared = { definitions: strict };
  for (const [name, schema] of Object.entries(definitions)) {
    // The extension lists the kinds a definition is the schema of.
    const kinds = (schema['x-kubernetes-group-version-kind'] ?? []) as {
      group: string;
      version: string;
      kind: string;
    }[];
    for (const { group, version, kind } of kinds) {
      // Of the core group kubeconform takes the version for the group.
      const file = `${kind.toLowerCase()}-${group === '' ? version : group}-${version}.json`;
      await writeFile(join(folder, file), JSON.stringify({ $ref: `#/definitions/${name}`, ...shared }));
    }
  }
}

function closed(schema: Schema): Schema {
  return schema['properties'] === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true
    ? schema
    : { ...schema, additionalProperties: false };
}
