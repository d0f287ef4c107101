/**
 * Reconciles of Services: the pool, a tenant's, an own image; roll-outs as they are seen from outside.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition } from '../../kube/conditions.ts';
import { deployments, horizontalPodAutoscalers, secrets, services, shopServices } from '../kinds.ts';
import { createTestWorld, withPool } from '../testing/world.ts';
import type { TestWorld } from '../testing/world.ts';

const AT = 'shopmind-system/runtime';

function ready(world: TestWorld, type = 'Ready', key = AT): string {
  const condition = findCondition(world.get(shopServices, key)?.status?.conditions, type);
  return condition === undefined ? 'absent' : `${condition.status} ${condition.reason}`;
}

test('the pool gets its login, Deployment and Service, becomes Ready, and is then left alone', async () => {
  const world = withPool(createTestWorld());
  await world.settle();
  assert.equal(ready(world), 'True Ready');
  assert.ok(world.get(secrets, 'shopmind-system/database'));
  assert.ok(world.get(services, AT));
  const { status } = world.get(shopServices, AT) ?? assert.fail();
  assert.deepEqual(
    [status?.replicas, status?.readyReplicas, status?.selector, status?.endpoint],
    [1, 1, 'shopmind.ai/service=runtime', 'http://runtime.shopmind-system.svc:8080'],
  );
  world.writes.length = 0;
  await world.settle();
  assert.deepEqual(world.writes, []);
});

test('its Deployment belongs to it, and knows its login by reference only', async () => {
  const world = withPool(createTestWorld());
  await world.settle();
  const deployment = world.get(deployments, AT) ?? assert.fail();
  assert.equal(deployment.metadata.ownerReferences?.[0]?.uid, world.get(shopServices, AT)?.metadata.uid);
  const env = deployment.spec?.template.spec?.containers[0]?.env ?? [];
  assert.deepEqual(env.find(({ name }) => name === 'DATABASE_URL')?.valueFrom, {
    secretKeyRef: { name: 'database', key: 'DATABASE_URL' },
  });
});

test('a new password rolls the Pods', async () => {
  const world = withPool(createTestWorld());
  await world.settle();
  const before = JSON.stringify(world.get(deployments, AT)?.spec?.template.metadata);
  world.remove(secrets, 'shopmind-system/database');
  await world.settle();
  assert.notEqual(JSON.stringify(world.get(deployments, AT)?.spec?.template.metadata), before);
});

test('scaling makes an autoscaler that owns the replicas; hibernating takes it away again', async () => {
  const world = createTestWorld();
  const domains = ['accounts', 'catalog'];
  world.putService('runtime', { domains, scaling: { min: 2, max: 5 } });
  await world.settle();
  assert.equal(world.get(horizontalPodAutoscalers, AT)?.spec?.maxReplicas, 5);
  world.putService('runtime', { domains, scaling: { min: 2, max: 5 }, replicas: 0 });
  await world.settle();
  assert.equal(world.get(horizontalPodAutoscalers, AT), undefined);
  assert.equal(world.get(deployments, AT)?.spec?.replicas, 0);
  assert.equal(ready(world), 'True Ready');
});

test('during a roll-out the Service stays available and is not Ready; a failed one stalls and says why', async () => {
  const world = withPool(createTestWorld());
  await world.settle();
  world.podsReady = false;
  const deployment = structuredClone(world.get(deployments, AT) ?? assert.fail());
  const rolling = {
    observedGeneration: deployment.metadata.generation,
    replicas: 2,
    updatedReplicas: 1,
    availableReplicas: 1,
    readyReplicas: 1,
  };
  world.put(deployments, { ...deployment, status: { ...rolling, updatedReplicas: 0 } });
  await world.settle();
  assert.deepEqual([ready(world), ready(world, 'Available')], ['False RollingOut', 'True Available']);
  const conditions = [
    { type: 'Progressing', status: 'False', message: 'ReplicaSet "runtime" has timed out progressing.' },
  ];
  world.put(deployments, { ...deployment, status: { ...rolling, updatedReplicas: 0, conditions } });
  await world.settle();
  assert.deepEqual([ready(world), ready(world, 'Stalled')], ['False RollingOut', 'True RollingOut']);
  world.put(deployments, { ...deployment, status: { ...rolling, replicas: 1 } });
  await world.settle();
  assert.equal(ready(world), 'True Ready');
});

test("a tenant's Service waits for the tenant's login; an own image needs none", async () => {
  const world = createTestWorld();
  world.putService('runtime', { domains: ['catalog'], tenant: 'acme' });
  world.putService('storefront', { image: 'shopmind/storefront', port: 3000 });
  await world.settle();
  assert.equal(ready(world), 'False SecretPending');
  assert.equal(world.get(deployments, AT), undefined);
  assert.equal(ready(world, 'Ready', 'shopmind-system/storefront'), 'True Ready');
});

test('Services of one namespace tell each other which domains they host', async () => {
  const world = createTestWorld();
  world.putService('runtime', { domains: ['accounts', 'catalog'] });
  world.putService('orders', { domains: ['orders', 'payments'] });
  await world.settle();
  const peers = (key: string) =>
    world.get(deployments, key)?.spec?.template.spec?.containers[0]?.env?.find(({ name }) => name === 'PEERS')
      ?.value;
  const orders = 'http://orders.shopmind-system.svc:8080';
  assert.equal(peers(AT), `orders=${orders},payments=${orders}`);
});

for (const afterwards of [false, true]) {
  test(`a Service converges whichever write ${afterwards ? 'loses its answer' : 'fails'}`, async () => {
    const whole = withPool(createTestWorld());
    await whole.settle();
    for (let n = 1; n <= whole.writes.length; n++) {
      const world = withPool(createTestWorld());
      world.failWrite(n, afterwards);
      await world.settle();
      assert.deepEqual(world.snapshot(), whole.snapshot(), `write ${n} (${whole.writes[n - 1]})`);
    }
  });
}
