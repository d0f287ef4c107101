/**
 * Kinds a cluster may lack: made when they are served, dropped when they are not, told about in either case, never waited for.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition } from '../kube/conditions.ts';
import type { ResourceType } from '../kube/types.ts';
import {
  authorizationPolicies,
  deployments,
  destinationRules,
  externalSecrets,
  horizontalPodAutoscalers,
  namespaces,
  OPTIONAL,
  peerAuthentications,
  scaledObjects,
  serviceMonitors,
  shopServices,
  virtualServices,
} from './kinds.ts';
import { createTestWorld, withPool } from './testing/world.ts';
import type { TestWorld } from './testing/world.ts';

const DEDICATED = { displayName: 'Acme', hosts: ['acme.localhost'], placement: 'dedicated' };
const AT = 'tenant-acme/runtime';

/** The platform's own namespace, which the installation makes. */
function system(world: TestWorld, labels: Readonly<Record<string, string>> = {}): void {
  world.put(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'shopmind-system',
      uid: 'system',
      labels: { 'app.kubernetes.io/managed-by': 'shopmind', ...labels },
    },
  });
}

function serve(world: TestWorld, ...types: readonly ResourceType[]): void {
  for (const { kind } of types) world.presence.set(kind, 'served');
}

/** The cluster loses the kinds, and every object of them. */
function withdraw(world: TestWorld, ...types: readonly ResourceType[]): void {
  for (const type of types) {
    world.presence.delete(type.kind);
    for (const key of world.keys(type)) world.remove(type, key);
  }
}

function integrated(world: TestWorld): string {
  const conditions = world.tenant('acme')?.status?.conditions;
  const { status, reason, message } = findCondition(conditions, 'Integrated') ?? assert.fail();
  return `${status} ${reason}: ${message}`;
}

const inventory = (world: TestWorld, key: string) =>
  world.get(shopServices, key)?.status?.inventory?.map(({ kind }) => kind) ?? [];

async function settled(prepare: (world: TestWorld) => void, spec: object = DEDICATED): Promise<TestWorld> {
  const world = withPool(createTestWorld());
  system(world);
  prepare(world);
  world.putTenant('acme', spec);
  await world.settle();
  return world;
}

async function quiet(world: TestWorld): Promise<void> {
  world.writes.length = 0;
  await world.settle();
  assert.deepEqual(world.writes, []);
}

test('what the cluster lacks is left out, said so, and keeps nobody from being Ready', async () => {
  const world = await settled(() => undefined);
  assert.match(
    integrated(world),
    /^True Partial: ServiceMonitor left out: Prometheus operator is not installed; made as soon as it is \(https:.*PeerAuthentication, .*Istio is not installed/,
  );
  const ready = findCondition(world.tenant('acme')?.status?.conditions, 'Ready');
  assert.equal(ready?.status, 'True');
  await quiet(world);
});

test('a kind that appears is used, without a restart; one that goes is forgotten; neither costs a write afterwards', async () => {
  const world = await settled(() => undefined);
  serve(world, serviceMonitors);
  await world.settle();
  assert.ok(world.get(serviceMonitors, AT));
  assert.ok(inventory(world, AT).includes('ServiceMonitor'));
  assert.match(integrated(world), /^True Partial: ServiceMonitor made/);
  await quiet(world);
  withdraw(world, serviceMonitors);
  await world.settle();
  assert.ok(!inventory(world, AT).includes('ServiceMonitor'));
  assert.match(integrated(world), /ServiceMonitor left out/);
  await quiet(world);
});

test('what cannot be seen is neither made nor taken for gone', async () => {
  const world = await settled((one) => serve(one, serviceMonitors));
  world.presence.set('ServiceMonitor', 'unseen');
  await world.settle();
  assert.ok(inventory(world, AT).includes('ServiceMonitor'));
  assert.match(integrated(world), /the operator cannot list objects of Prometheus operator; see its log/);
  await quiet(world);
});

const ISTIO = [peerAuthentications, authorizationPolicies, destinationRules, virtualServices];

test('the mesh is demanded of tenants only once the platform itself is in it; then their Pods are replaced', async () => {
  const world = await settled((one) => serve(one, ...ISTIO));
  assert.match(integrated(world), /Istio is installed, but namespace shopmind-system is not in the mesh/);
  assert.equal(world.get(peerAuthentications, 'tenant-acme/strict'), undefined);
  const template = () => JSON.stringify(world.get(deployments, AT)?.spec?.template.metadata?.labels);
  const before = template();
  system(world, { 'istio.io/rev': 'stable' });
  await world.settle();
  assert.ok(world.get(peerAuthentications, 'tenant-acme/strict'));
  assert.ok(world.get(authorizationPolicies, 'tenant-acme/callers'));
  assert.ok(world.get(destinationRules, AT) && world.get(virtualServices, AT));
  assert.equal(world.get(namespaces, 'tenant-acme')?.metadata.labels?.['istio.io/rev'], 'stable');
  assert.notEqual(template(), before);
  await quiet(world);
  system(world);
  await world.settle();
  assert.equal(world.get(peerAuthentications, 'tenant-acme/strict'), undefined);
  assert.equal(world.get(destinationRules, AT), undefined);
  assert.equal(template(), before);
});

test('the platform may do without an integration that the cluster has', async () => {
  const world = await settled((one) => {
    serve(one, serviceMonitors);
    one.config['INTEGRATIONS'] = 'prometheus=off';
  });
  assert.equal(world.get(serviceMonitors, AT), undefined);
  assert.match(integrated(world), /Prometheus operator is switched off by the platform's configuration/);
});

test('one Deployment never has two autoscalers: the old one goes before the new one comes, both ways', async () => {
  const scaling = { min: 1, max: 4, by: 'KEDA' };
  const world = await settled(() => undefined, { ...DEDICATED, autoscaling: scaling });
  assert.ok(world.get(horizontalPodAutoscalers, AT), 'without KEDA an HPA does what it can');
  assert.match(integrated(world), /ScaledObject left out: KEDA is not installed/);
  world.writes.length = 0;
  serve(world, scaledObjects);
  await world.settle();
  const order = world.writes.filter((write) => /Autoscaler|ScaledObject/.test(write));
  assert.deepEqual(order, [`delete HorizontalPodAutoscaler ${AT}`, `apply ScaledObject ${AT}`]);
  world.writes.length = 0;
  world.putTenant('acme', { ...DEDICATED, autoscaling: { ...scaling, by: 'HPA' } });
  await world.settle();
  const back = world.writes.filter((write) => /Autoscaler|ScaledObject/.test(write));
  assert.deepEqual(back, [`delete ScaledObject ${AT}`, `apply HorizontalPodAutoscaler ${AT}`]);
});

test("a merchant's payment keys come from the secret store where the platform names one", async () => {
  const spec = { ...DEDICATED, payments: { secretRef: { name: 'stripe' } } };
  const world = await settled((one) => {
    serve(one, externalSecrets);
    one.config['SECRET_STORE'] = 'ClusterSecretStore/vault';
  }, spec);
  const made = world.get(externalSecrets, 'tenant-acme/stripe');
  assert.match(JSON.stringify(made), /"key":"shopmind\/tenants\/acme\/payments"/);
  const waits = findCondition(world.tenant('acme')?.status?.conditions, 'DataPlaneReady');
  assert.equal(waits?.reason, 'PaymentSecretPending');
  assert.match(waits?.message ?? '', /kubectl describe externalsecret stripe -n tenant-acme/);
});

for (const afterwards of [false, true]) {
  test(`with everything installed a tenant converges and goes, whichever write ${afterwards ? 'loses its answer' : 'fails'}`, async () => {
    const prepare = (world: TestWorld) => {
      system(world, { 'istio-injection': 'enabled' });
      serve(world, ...OPTIONAL);
    };
    const whole = await settled(prepare);
    const expected = whole.snapshot();
    const empty = withPool(createTestWorld());
    system(empty);
    prepare(empty);
    await empty.settle();
    for (let n = 1; n <= whole.writes.length; n++) {
      const world = withPool(createTestWorld());
      system(world);
      prepare(world);
      world.putTenant('acme', DEDICATED);
      world.failWrite(n, afterwards);
      await world.settle();
      assert.deepEqual(world.snapshot(), expected, `write ${n} (${whole.writes[n - 1]})`);
    }
    for (let n = 1; n <= 12; n += 2) {
      const world = await settled(prepare, { ...DEDICATED, deletionPolicy: 'Delete' });
      world.failWrite(n, afterwards);
      world.deleteTenant('acme');
      await world.settle();
      assert.deepEqual(world.snapshot(), empty.snapshot(), `write ${n} of the deletion`);
    }
  });
}
