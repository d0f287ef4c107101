/**
 * `npm run bench:requests`: what one request costs kube-apiserver, by kind of object and of request. Processor time tells where the
 * limit of `bench:operator` lies, also on a machine that is busy otherwise; controllers are left out, so nobody else asks.
 */
import { parseArgs } from 'node:util';
import { tenants } from '../../operator/controllers/kinds.ts';
import { desiredObjects, NO_CREDENTIALS } from '../../operator/controllers/tenant/desired.ts';
import { createClient, type Client } from '../../operator/kube/client.ts';
import { loadConnection } from '../../operator/kube/kubeconfig.ts';
import { configMaps, coreEvents, httpRoutes, secrets } from '../../operator/kube/resources.ts';
import type { KubeObject } from '../../operator/kube/types.ts';
import { parsePlatform } from '../../operator/resources/platform.ts';
import { BARE } from '../../operator/resources/surroundings.ts';
import { SCHEMAS, SYSTEM_NAMESPACE, withDefaults } from '../../crds/index.ts';
import type { ShopMindTenant, TenantStatus } from '../../crds/index.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { cpuSeconds } from './cpu.ts';
import { tenantOf } from './operator/load.ts';
import { prepare } from './operator/surroundings.ts';
import { table } from './table.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '400' } } });
const COUNT = Number(values.count);
const CONNECTIONS = 16;
const APPLY = { fieldManager: 'shopmind', force: true } as const;
const STATUS = { fieldManager: 'shopmind-status', subresource: 'status' } as const;

const plane = await startControlPlane({ without: ['kube-controller-manager', 'kube-scheduler'] });
const client = createClient({ connection: await loadConnection({ KUBECONFIG: plane.kubeconfig }) });
const rows: string[][] = [];
try {
  await prepare(client);
  // With all code of the server run and its heap grown.
  await each(2 * COUNT, (index) => client.apply(configMaps, mapOf('warm', index), APPLY));
  await measureAll(client);
} finally {
  client.close();
  await plane.stop();
}
process.stdout.write(
  table([`${COUNT} of each, ${CONNECTIONS} at a time`, 'a second', 'API server', 'etcd', 'client'], rows),
);

async function measureAll({ apply, create, find, get, patch }: Client): Promise<void> {
  const [secret, route] = objectsOfATenant();
  await measure('ConfigMap: create', (index) => create(configMaps, mapOf('created', index) as never));
  await measure('ConfigMap: apply that creates', (index) =>
    apply(configMaps, mapOf('applied', index), APPLY),
  );
  await measure('ConfigMap: get', (index) => get(configMaps, mapOf('applied', index).metadata));
  await measure('ConfigMap: get of what is not there, from the watch cache', (index) =>
    find(configMaps, mapOf('none', index).metadata, { anyVersion: true }),
  );
  await measure('Secret: apply that creates', (index) => apply(secrets, numbered(secret, index), APPLY));
  await measure('HTTPRoute: apply that creates', (index) => apply(httpRoutes, numbered(route, index), APPLY));
  await measure('tenant: create', (index) => create(tenants, tenantOf('created', 'pooled', index) as never));
  await measure('tenant: apply that creates', (index) =>
    apply(tenants, tenantOf('applied', 'pooled', index), APPLY),
  );
  await measure('tenant: finalizer by merge patch', (index) =>
    patch(tenants, tenantOf('applied', 'pooled', index).metadata, {
      kind: 'merge',
      body: { metadata: { finalizers: ['shopmind.ai/teardown'] } },
    }),
  );
  await measure('tenant: status by apply', (index) =>
    apply(
      tenants,
      { ...tenantOf('applied', 'pooled', index), ...statusOf(index) },
      { ...STATUS, force: true },
    ),
  );
  await measure('tenant: status by merge patch', (index) =>
    patch(
      tenants,
      tenantOf('created', 'pooled', index).metadata,
      { kind: 'merge', body: statusOf(index) },
      STATUS,
    ),
  );
  await measure('Event: create', (index) => create(coreEvents, eventOf(index) as never));
}

async function measure(name: string, request: (index: number) => Promise<unknown>): Promise<void> {
  const servers = ['kube-apiserver', 'etcd'] as const;
  const pids = servers.map((component) => plane.pids.get(component) ?? 0);
  const spent = (): Promise<number[]> => Promise.all([...pids, process.pid].map((pid) => cpuSeconds([pid])));
  const before = await spent();
  const started = performance.now();
  await each(COUNT, request);
  const seconds = (performance.now() - started) / 1000;
  const after = await spent();
  const costs = after.map((cpu, at) => `${((1000 * (cpu - (before[at] ?? 0))) / COUNT).toFixed(1)} ms`);
  rows.push([name, (COUNT / seconds).toFixed(0), ...costs]);
}

async function each(count: number, request: (index: number) => Promise<unknown>): Promise<void> {
  const indices = Array.from({ length: count }, (_, index) => index).values();
  const worker = async (): Promise<void> => {
    for (const index of indices) await request(index);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

/** The Secret and the HTTPRoute of a pooled tenant. */
function objectsOfATenant(): readonly [KubeObject, KubeObject] {
  const { metadata, spec } = tenantOf('tenant', 'pooled', 0) as KubeObject & { readonly spec: object };
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  if (schema === undefined) throw new Error('the schema of a tenant has no spec');
  const platform = parsePlatform(
    { BLOBS_URL: 'file:///tmp/unused/', PUBLIC_PORT: '443' },
    {
      DATABASE_ADMIN_URL: 'postgres://postgres@database.example:5432/shopmind',
      SECRETS_KEY: Buffer.alloc(32).toString('base64'),
    },
  );
  const tenant = { metadata, spec: withDefaults(schema, spec) } as unknown as ShopMindTenant;
  const { ground, routes } = desiredObjects(tenant, platform, NO_CREDENTIALS, BARE);
  // Manifests are objects of the API.
  return [ground.at(-1), routes[0]] as unknown as [KubeObject, KubeObject];
}

function numbered(object: KubeObject, index: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-${index}` } };
}

function mapOf(prefix: string, index: number): KubeObject {
  const metadata = { name: `${prefix}-${index}`, namespace: SYSTEM_NAMESPACE };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } } as KubeObject;
}

/** As large as that of a tenant which is Ready. */
function statusOf(index: number): { readonly status: TenantStatus } {
  const lastTransitionTime = new Date().toISOString();
  const types = ['Ready', 'Reconciling', 'Stalled', 'DataPlaneReady', 'ServicesReady', 'RoutesReady'];
  const status: TenantStatus = {
    observedGeneration: 1,
    conditions: [...types, 'CatalogReady', 'Integrated'].map((type) => ({
      type,
      status: 'True',
      reason: 'Ready',
      message: `the words of a condition, of tenant ${index}`,
      observedGeneration: 1,
      lastTransitionTime,
    })),
    dataRef: { placement: 'pooled', schema: 'shop' },
    inventory: [
      { apiVersion: 'v1', kind: 'Secret', namespace: SYSTEM_NAMESPACE, name: 'tenant-admin' },
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        namespace: SYSTEM_NAMESPACE,
        name: 'tenant',
      },
    ],
  };
  return { status };
}

function eventOf(index: number): KubeObject {
  const time = new Date().toISOString().replace(/\.\d+/, '');
  const { metadata, ...about } = tenantOf('created', 'pooled', index);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `event-${index}`, namespace: 'default' },
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name: metadata.name },
    type: 'Normal',
    reason: 'Ready',
    message: 'open at https://tenant.example.test',
    source: { component: 'bench' },
    reportingComponent: 'bench',
    reportingInstance: 'bench',
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
  } as KubeObject;
}
