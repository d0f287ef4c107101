/**
 * The plan of a Service says what the reconcile would do to what it generates: all of it for a new one, nothing for a settled one or
 * one that is being delivered, and what somebody changed by hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATIONS } from '../../../crds/index.ts';
import { BARE } from '../../resources/surroundings.ts';
import {
  deployments,
  horizontalPodAutoscalers,
  podDisruptionBudgets,
  secrets,
  serviceAccounts,
  services,
  shopServices,
} from '../kinds.ts';
import type { ServiceObject } from '../kinds.ts';
import type { Figures } from '../traffic/traffic.ts';
import { createTestWorld, withPool } from '../testing/world.ts';
import type { TestWorld } from '../testing/world.ts';
import { planService } from './plan.ts';

const AT = 'shopmind-system/shop';
const GOOD: Figures = { requests: 1000, errors: 0, p99Ms: 20, missing: undefined };
const STEPS = [10, 50, 100].map((weight) => ({ weight, durationSeconds: 60 }));
const TRAFFIC = { canary: { steps: STEPS, intervalSeconds: 30, gates: { failureLimit: 1 } } };
const shop = (version: string, more: object = {}): object => ({
  image: 'registry/shop',
  replicas: 2,
  env: [{ name: 'VERSION', value: version }],
  ...more,
});

function planOf(world: TestWorld, key: string): readonly string[] {
  const service = world.get(shopServices, key) ?? assert.fail(`no Service ${key}`);
  const all = world.keys(shopServices).map((one) => world.get(shopServices, one) ?? assert.fail());
  const grounds = {
    platform: world.platform(),
    images: { runtime: 'shopmind/runtime', recovery: 'shopmind/recovery', pullPolicy: 'Never' },
    gatewayPort: 8080,
    surroundings: BARE,
    neighbours: all.filter(({ metadata }) => metadata.namespace === service.metadata.namespace),
  } as const;
  const changes = planService(service, grounds, { look: world.get, now: world.clock.now() });
  return changes.map(({ action, object, fields }) => [action, object.kind, object.name, ...fields].join(' '));
}

async function settled(spec: object): Promise<TestWorld> {
  const world = createTestWorld();
  world.putService('shop', spec);
  await world.settle();
  return world;
}

/** As somebody with kubectl would. */
function edit(
  world: TestWorld,
  change: (deployment: { spec: { replicas?: number; template: Template } }) => void,
): void {
  const deployment = structuredClone(world.get(deployments, AT)) ?? assert.fail('no Deployment');
  change(deployment as never);
  world.put(deployments, deployment);
}

interface Template {
  spec: { containers: { image: string; env: { name: string; value?: string }[] }[] };
}

test('a new Service plans everything it will have, in the order it will come', () => {
  const world = createTestWorld();
  world.putService('shop', shop('1', { scaling: { min: 2, max: 4 } }));
  assert.deepEqual(planOf(world, AT), [
    'create ServiceAccount shop',
    'create Deployment shop',
    'create Service shop',
    'create HorizontalPodAutoscaler shop',
    'create PodDisruptionBudget shop',
  ]);
});

test('the plan of a new Service is what the reconcile then makes', async () => {
  const world = createTestWorld();
  world.putService('shop', shop('1', { scaling: { min: 2, max: 4 }, traffic: TRAFFIC }));
  const planned = planOf(world, AT).map((change) => change.replace('create', 'apply'));
  await world.reconcile();
  const made = world.writes
    .filter((write) => write.startsWith('apply'))
    .map((write) => write.replace('shopmind-system/', ''));
  assert.deepEqual(made, planned);
});

for (const [what, change, planned] of [
  [
    'an image',
    ({ spec }) => void (spec.template.spec.containers[0]!.image = 'elsewhere/shop'),
    ['spec.template'],
  ],
  [
    'a variable',
    ({ spec }) => void spec.template.spec.containers[0]!.env.push({ name: 'DEBUG', value: '1' }),
    ['spec.template'],
  ],
  ['the number of Pods', ({ spec }) => void (spec.replicas = 7), ['spec.replicas']],
] as const satisfies readonly (readonly [string, Parameters<typeof edit>[1], readonly string[]])[]) {
  test(`${what} changed by hand is drift of the Deployment`, async () => {
    const world = await settled(shop('1'));
    assert.deepEqual(planOf(world, AT), []);
    edit(world, change);
    const [drift, ...more] = planOf(world, AT);
    assert.deepEqual(more, []);
    assert.ok(drift?.startsWith(`change Deployment shop ${planned[0]}`), drift);
  });
}

test('what is removed by hand is drift, and what the spec does not ask for any more will go', async () => {
  const world = await settled(shop('1', { scaling: { min: 2, max: 4 } }));
  assert.deepEqual(planOf(world, AT), []);
  world.remove(serviceAccounts, AT);
  world.remove(podDisruptionBudgets, AT);
  assert.deepEqual(planOf(world, AT), ['create ServiceAccount shop', 'create PodDisruptionBudget shop']);
  await world.settle();
  world.putService('shop', shop('1', { replicas: 1 }));
  assert.deepEqual(planOf(world, AT), [
    'change Deployment shop spec.replicas',
    'delete HorizontalPodAutoscaler shop',
    'delete PodDisruptionBudget shop',
  ]);
});

test('how many Pods an autoscaler wants is no drift, what it is told is', async () => {
  const world = await settled(shop('1', { scaling: { min: 2, max: 8 } }));
  edit(world, ({ spec }) => void (spec.replicas = 6));
  assert.deepEqual(planOf(world, AT), []);
  const autoscaler = structuredClone(world.get(horizontalPodAutoscalers, AT)) ?? assert.fail();
  world.put(horizontalPodAutoscalers, {
    ...autoscaler,
    spec: { ...(autoscaler as { spec?: object }).spec, maxReplicas: 3 },
  });
  assert.deepEqual(planOf(world, AT), ['change HorizontalPodAutoscaler shop spec.maxReplicas']);
});

test('a roll-out that is not through is no drift', async () => {
  const world = await settled(shop('1'));
  world.podsReady = false;
  world.putService('shop', shop('2'));
  assert.deepEqual(planOf(world, AT), [
    'change Deployment shop metadata.annotations.shopmind.ai/revision spec.template.spec.containers',
  ]);
  await world.settle();
  assert.deepEqual(planOf(world, AT), []);
});

test('less stated than was applied last is a change although nothing that is stated differs', async () => {
  const world = await settled(shop('1'));
  const deployment = structuredClone(world.get(deployments, AT)) ?? assert.fail();
  deployment.metadata.annotations = { ...deployment.metadata.annotations, [ANNOTATIONS.applied]: 'of more' };
  world.put(deployments, deployment);
  assert.deepEqual(planOf(world, AT), ['change Deployment shop']);
});

test('a template that a canary shall test plans Pods and a route of its own and leaves the Deployment', async () => {
  const world = await settled(shop('1', { traffic: TRAFFIC }));
  assert.deepEqual(planOf(world, AT), []);
  world.putService('shop', shop('2', { traffic: TRAFFIC }));
  const planned = planOf(world, AT);
  assert.match(planned[0] ?? '', /^create ControllerRevision shop-[0-9a-f]{10}$/);
  assert.deepEqual(planned.slice(1), [
    'create HTTPRoute shop.canary',
    'create ServiceAccount shop-canary',
    'create Deployment shop-canary',
    'create Service shop-canary',
  ]);
});

test('a canary in progress is no drift at any of its steps, and drift is seen meanwhile', async () => {
  const world = await settled(shop('1', { traffic: TRAFFIC }));
  world.figures.set('shopmind-system/shop-canary:8080', GOOD);
  world.putService('shop', shop('2', { traffic: TRAFFIC }));
  const weights = new Set<number>();
  for (let n = 0; n < 60; n += 1) {
    await world.settle();
    const canary = world.get(shopServices, AT)?.status?.canary ?? assert.fail('no canary');
    weights.add(canary.weight);
    assert.deepEqual(planOf(world, AT), [], `${canary.phase} at ${canary.weight} %`);
    await world.clock.advance(5000);
    // Time alone has made the next step due; that is the delivery's way, nothing to put right.
    assert.deepEqual(planOf(world, AT), [], `${canary.phase} at ${canary.weight} %, 5 s later`);
    if (canary.weight === 50) world.remove(services, 'shopmind-system/shop-canary');
    if (canary.weight === 50) assert.deepEqual(planOf(world, AT), ['create Service shop-canary']);
  }
  assert.deepEqual(
    [...weights].toSorted((a, b) => a - b),
    [0, 10, 50, 100],
  );
  assert.equal(world.get(shopServices, AT)?.status?.canary?.phase, 'Idle');
});

test('leaving a revision under test for the stable one plans to take its requests away', async () => {
  const world = await settled(shop('1', { traffic: TRAFFIC }));
  world.figures.set('shopmind-system/shop-canary:8080', GOOD);
  world.putService('shop', shop('2', { traffic: TRAFFIC }));
  await world.settle();
  world.putService('shop', shop('1', { traffic: TRAFFIC }));
  assert.deepEqual(planOf(world, AT), ['change HTTPRoute shop.canary spec.rules']);
});

test('the pool’s Pods are stamped with the Secret there is: a plan knows, and a new password rolls them', async () => {
  const world = withPool(createTestWorld());
  await world.settle();
  const pool = 'shopmind-system/runtime';
  assert.deepEqual(planOf(world, pool), []);
  const secret = structuredClone(world.get(secrets, 'shopmind-system/database')) ?? assert.fail();
  world.put(secrets, { ...secret, data: { ...secret.data, DATABASE_URL: 'bmV3' } });
  assert.deepEqual(planOf(world, pool), [
    'change Deployment runtime spec.template.metadata.annotations.shopmind.ai/service-secret',
  ]);
});

test('domains without a tenant outside the platform’s namespace are hosted nowhere, and nothing is planned', () => {
  const world = createTestWorld();
  world.putService('stray', { domains: ['orders'] });
  const stray = structuredClone(world.get(shopServices, 'shopmind-system/stray')) ?? assert.fail();
  stray.metadata.namespace = 'elsewhere';
  world.put(shopServices, stray satisfies ServiceObject);
  assert.deepEqual(planOf(world, 'elsewhere/stray'), []);
});
