/**
 * The chart under the real Helm: with any values it makes exactly the objects that `shopmind install` prints, and it refuses
 * what `shopmind install` refuses.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { helm } from '../kubectl/kubectl.ts';
import { ownFolder } from '../support/owned.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const CHART = join(root, 'operator/chart');
const PLUGIN = join(root, 'operator/plugin/shopmind.mjs');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

let binary: string;
let directory: string;

before(async () => {
  binary = await helm();
  directory = ownFolder('chart');
});

after(() => rm(directory, { recursive: true, force: true }));

async function helmed(...args: string[]): Promise<string> {
  const { stdout } = await run(binary, args, { env: { HOME: directory }, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

async function printed(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [PLUGIN, 'install', ...args], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** By identity, so that the order does not matter: Helm has one of its own. */
function objectsOf(text: string): Readonly<Record<string, Manifest>> {
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
  return Object.fromEntries(
    objects.map((object) => [
      `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`,
      object,
    ]),
  );
}

const EVERYTHING = `
image: { registry: registry.example.com/shops/, tag: 1.2.3, pullPolicy: Always }
logLevel: debug
operator:
  replicas: 3
  nodeSelector: { disk: ssd, "kubernetes.io/arch": amd64 }
  tolerations: [{ key: dedicated, operator: Equal, value: shops, effect: NoSchedule }]
gateway:
  replicas: 5
  port: 9000
  service: { type: LoadBalancer, port: 443, annotations: { "cloud.example/scheme": internet-facing } }
  forwardedProto: http
  trustedProxies: 10.0.0.0/8,fd00::/8
  resources: { cpu: "1.5", memory: 1Gi, memoryLimit: 2Gi }
storefront: { paymentsPublicOrigin: "https://pay.example.com" }
networkPolicies: { apiServerPort: 443, databasePort: 6432 }
serviceMonitor: { enabled: true }
`;
const LITTLE = `
storefront: { enabled: false }
networkPolicies: { enabled: false }
admissionPolicy: { enabled: false }
`;

for (const [what, values] of [
  ['no values', '{}'],
  ['every value', EVERYTHING],
  ['what can be left out left out', LITTLE],
] as const) {
  test(`with ${what}, Helm and shopmind install make the same objects`, async () => {
    const file = join(directory, 'values.yaml');
    await writeFile(file, values);
    const [chart, own] = await Promise.all([
      helmed('template', 'shopmind', CHART, '--include-crds', '--values', file),
      printed('--values', file),
    ]);
    assert.deepEqual(objectsOf(chart), objectsOf(own));
  });
}

test('the chart passes helm lint without a warning', async () => {
  const text = await helmed('lint', CHART, '--strict');
  assert.match(text, /0 chart\(s\) failed/);
});

test('a wrong value is refused by Helm as by shopmind install', async () => {
  for (const value of ['gateway.port=0', 'gatway.port=1', 'logLevel=loud', 'image.registry=no-slash']) {
    await assert.rejects(helmed('template', CHART, '--set', value), `helm takes ${value}`);
    await assert.rejects(printed('--set', value), `shopmind install takes ${value}`);
  }
});

test('a release in the system namespace leaves that namespace to whoever made it', async () => {
  const text = await helmed('template', 'shopmind', CHART, '--namespace', 'shopmind-system');
  assert.ok(!Object.keys(objectsOf(text)).some((id) => id.startsWith('Namespace ')));
});
