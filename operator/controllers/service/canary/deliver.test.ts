/**
 * Deliveries by the whole reconciler: which objects there are, what is written and when, what survives a crash.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition } from '../../../kube/conditions.ts';
import type { Figures } from '../../traffic/traffic.ts';
import {
  controllerRevisions,
  deployments,
  horizontalPodAutoscalers,
  httpRoutes,
  rollouts,
  services,
  shopServices,
} from '../../kinds.ts';
import { createTestWorld, withPool } from '../../testing/world.ts';
import type { TestWorld } from '../../testing/world.ts';

const AT = 'shopmind-system/shop';
const CANARY_AT = 'shopmind-system/shop-canary';
const BACKEND = 'shopmind-system/shop-canary:8080';
const GOOD: Figures = { requests: 1000, errors: 0, p99Ms: 20, missing: undefined };
const BAD: Figures = { requests: 400, errors: 200, p99Ms: 20, missing: undefined };
const STEPS = [10, 50, 100].map((weight) => ({ weight, durationSeconds: 60 }));
const TRAFFIC = { canary: { steps: STEPS, intervalSeconds: 30, gates: { failureLimit: 1 } } };

const spec = (version: string, more: object = {}): object => ({
  image: 'registry/shop',
  replicas: 4,
  env: [{ name: 'VERSION', value: version }],
  traffic: TRAFFIC,
  ...more,
});

async function worldAt(version: string, more: object = {}): Promise<TestWorld> {
  const world = createTestWorld();
  world.putService('shop', spec(version, more));
  await world.settle();
  return world;
}

const statusOf = (world: TestWorld) =>
  world.get(shopServices, AT)?.status?.canary ?? assert.fail('no canary status');
const versionAt = (world: TestWorld, key: string): string | undefined =>
  world.get(deployments, key)?.spec?.template.spec?.containers[0]?.env?.find(({ name }) => name === 'VERSION')
    ?.value;
const weights = (world: TestWorld): unknown =>
  (
    world.get(httpRoutes, 'shopmind-system/shop.canary') as
      | {
          readonly spec?: {
            readonly rules?: readonly { readonly backendRefs: readonly { readonly weight: number }[] }[];
          };
        }
      | undefined
  )?.spec?.rules?.[0]?.backendRefs.map(({ weight }) => weight);

/** Lets the delivery go on until it has ended or `until` says so. */
async function passTime(world: TestWorld, until: () => boolean = () => false): Promise<void> {
  for (let n = 0; n < 60 && !until(); n += 1) {
    await world.settle();
    await world.clock.advance(5000);
  }
  await world.settle();
}

test('a changed template goes to Pods and a route of its own, and ends in the Deployment that was there', async () => {
  const world = await worldAt('1');
  assert.equal(world.get(deployments, CANARY_AT), undefined);
  world.figures.set(BACKEND, GOOD);
  world.putService('shop', spec('2'));
  await world.settle();
  assert.deepEqual([versionAt(world, AT), versionAt(world, CANARY_AT)], ['1', '2']);
  assert.equal(world.get(deployments, CANARY_AT)?.spec?.replicas, 1);
  assert.deepEqual(weights(world), [90, 10]);
  assert.match(statusOf(world).message, /^10 % of the requests go to revision [0-9a-f]{10}, step 1 of 3$/);
  await passTime(world, () => statusOf(world).weight === 50);
  assert.equal(world.get(deployments, CANARY_AT)?.spec?.replicas, 2);
  await passTime(world);
  assert.equal(statusOf(world).phase, 'Idle');
  assert.equal(versionAt(world, AT), '2');
  for (const key of [CANARY_AT, 'shopmind-system/shop.canary']) {
    for (const type of [deployments, services, httpRoutes]) assert.equal(world.get(type, key), undefined);
  }
  const { stable, previous } = statusOf(world);
  for (const revision of [stable, previous]) assert.ok(world.get(controllerRevisions, `${AT}-${revision}`));
  assert.equal(findCondition(world.get(shopServices, AT)?.status?.conditions, 'Ready')?.status, 'True');
});

test('between two looks nothing is written, and after the end neither', async () => {
  const world = await worldAt('1');
  world.figures.set(BACKEND, GOOD);
  world.putService('shop', spec('2'));
  await world.settle();
  world.writes.length = 0;
  await world.clock.advance(29_000);
  await world.settle();
  assert.deepEqual(world.writes, []);
  await passTime(world);
  world.writes.length = 0;
  await world.clock.advance(3_600_000);
  await world.settle();
  assert.deepEqual(world.writes, []);
});

test('failing figures bring the weight to 0, the Pods away and the figures into a condition; the stable Deployment is as it was', async () => {
  const world = await worldAt('1');
  const before = JSON.stringify(world.get(deployments, AT)?.spec);
  world.figures.set(BACKEND, BAD);
  world.putService('shop', spec('2'));
  await world.settle();
  assert.deepEqual(weights(world), [90, 10]);
  await world.clock.advance(30_000);
  await world.reconcile();
  assert.deepEqual(weights(world), [100, 0]);
  await passTime(world);
  assert.equal(JSON.stringify(world.get(deployments, AT)?.spec), before);
  assert.equal(world.get(deployments, CANARY_AT), undefined);
  const conditions = world.get(shopServices, AT)?.status?.conditions;
  const rolledBack = findCondition(conditions, 'RolledBack');
  assert.equal(rolledBack?.status, 'True');
  assert.match(
    rolledBack.message,
    /at 10 % of the requests: 50% of 400 requests failed, at most 1% may; mend the spec, or annotate/,
  );
  assert.deepEqual(
    ['Ready', 'Stalled', 'Available'].map((type) => findCondition(conditions, type)?.status),
    ['False', 'True', 'True'],
  );
  assert.ok(world.events.includes('Warning RolledBack shop'));
  world.putService('shop', spec('1'));
  await world.settle();
  assert.equal(findCondition(world.get(shopServices, AT)?.status?.conditions, 'Ready')?.status, 'True');
});

test('a person goes back to a template that the spec has long left', async () => {
  const world = await worldAt('1');
  world.figures.set(BACKEND, GOOD);
  world.putService('shop', spec('2'));
  await passTime(world);
  world.annotateService('shop', { 'shopmind.ai/canary': `rollback@${statusOf(world).stable}` });
  await world.settle();
  assert.deepEqual([versionAt(world, AT), statusOf(world).phase], ['1', 'RolledBack']);
  world.annotateService('shop', { 'shopmind.ai/canary': `retry@${statusOf(world).refused}` });
  await passTime(world);
  assert.deepEqual([versionAt(world, AT), statusOf(world).phase], ['2', 'Idle']);
});

test('the stable template survives its own record: what runs is what is kept', async () => {
  const world = await worldAt('1');
  world.figures.set(BACKEND, BAD);
  world.putService('shop', spec('2'));
  await world.settle();
  world.remove(controllerRevisions, `${AT}-${statusOf(world).stable}`);
  world.restart();
  await world.settle();
  assert.equal(versionAt(world, AT), '1');
  assert.ok(world.get(controllerRevisions, `${AT}-${statusOf(world).stable}`));
  await passTime(world);
  assert.deepEqual([versionAt(world, AT), statusOf(world).phase], ['1', 'RolledBack']);
});

test('no selector of the stable Pods finds one of the canary', async () => {
  const world = await worldAt('1', { tenant: undefined });
  world.putService('shop', spec('2'));
  await world.settle();
  const labels = world.get(deployments, CANARY_AT)?.spec?.template.metadata?.labels ?? {};
  const finds = (selector: Record<string, string> | undefined): boolean =>
    Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
  assert.equal(finds(world.get(deployments, AT)?.spec?.selector.matchLabels), false);
  assert.equal(finds(world.get(services, AT)?.spec?.selector), false);
  assert.equal(finds(world.get(deployments, CANARY_AT)?.spec?.selector.matchLabels), true);
  assert.equal(labels['shopmind.ai/canary-of'], 'shop');
  assert.equal(world.get(shopServices, AT)?.status?.selector, 'shopmind.ai/service=shop');
});

test('autoscalers of both never go below what a share of the requests needs, until the end', async () => {
  const world = await worldAt('1', { scaling: { min: 2, max: 10 } });
  const least = (key: string): number | undefined =>
    world.get(horizontalPodAutoscalers, key)?.spec?.minReplicas;
  // Under load the autoscaler has gone up.
  const live = structuredClone(world.get(deployments, AT) ?? assert.fail());
  Object.assign(live.spec ?? {}, { replicas: 8 });
  Object.assign(live.status ?? {}, {
    replicas: 8,
    availableReplicas: 8,
    updatedReplicas: 8,
    readyReplicas: 8,
  });
  world.put(deployments, live);
  world.figures.set(BACKEND, GOOD);
  world.putService('shop', spec('2', { scaling: { min: 2, max: 10 } }));
  await world.reconcile();
  assert.equal(statusOf(world).floor, 8);
  await passTime(world, () => statusOf(world).weight === 50);
  assert.deepEqual([least(AT), least(CANARY_AT)], [8, 4]);
  await passTime(world, () => statusOf(world).weight === 100);
  assert.deepEqual([least(AT), least(CANARY_AT)], [8, 8]);
  await passTime(world);
  assert.deepEqual([least(AT), least(CANARY_AT)], [2, undefined]);
});

test('a new password rolls the Pods of both revisions and is no reason for a canary', async () => {
  const world = createTestWorld();
  const domains = ['accounts', 'catalog'];
  world.putService('runtime', { domains, traffic: TRAFFIC });
  await world.settle();
  const stamp = (key: string): unknown =>
    world.get(deployments, key)?.spec?.template.metadata?.annotations?.['shopmind.ai/service-secret'];
  const before = stamp('shopmind-system/runtime');
  world.remove(
    { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true },
    'shopmind-system/database',
  );
  await world.settle();
  assert.notEqual(stamp('shopmind-system/runtime'), before);
  assert.equal(world.get(deployments, 'shopmind-system/runtime-canary'), undefined);
});

test('a step of the pool is one write of a route, whatever number of tenants it serves', async () => {
  const world = withPool(createTestWorld());
  const domains = ['accounts', 'catalog', 'orders', 'payments'];
  for (let n = 0; n < 50; n += 1) {
    world.putTenant(`shop-${n}`, { displayName: `Shop ${n}`, hosts: [`shop-${n}.localhost`] });
  }
  await world.settle();
  world.figures.set('shopmind-system/runtime-canary:8080', GOOD);
  world.putService('runtime', { domains, traffic: TRAFFIC, env: [{ name: 'NEW', value: '1' }] });
  await world.settle();
  world.writes.length = 0;
  await world.clock.advance(60_000);
  await world.settle();
  assert.equal(world.get(shopServices, 'shopmind-system/runtime')?.status?.canary?.weight, 50);
  assert.deepEqual(
    world.writes.filter((write) => !write.startsWith('status Service ')),
    ['apply HTTPRoute shopmind-system/runtime.canary'],
  );
});

test('Argo Rollouts takes over where it is asked for and there, without a moment without Pods, and gives back likewise', async () => {
  const argo = { traffic: { canary: { ...TRAFFIC.canary, provider: 'argo' } } };
  const world = await worldAt('1', argo);
  const integrated = (): string | undefined =>
    findCondition(world.get(shopServices, AT)?.status?.conditions, 'Integrated')?.message;
  assert.match(integrated() ?? '', /Rollout, AnalysisTemplate left out: Argo Rollouts is not installed/);
  assert.match(integrated() ?? '', /no PROMETHEUS_URL; the operator delivers by itself/);
  assert.ok(world.get(deployments, AT));
  for (const kind of ['Rollout', 'AnalysisTemplate']) world.presence.set(kind, 'served');
  Object.assign(world.config, { PROMETHEUS_URL: 'http://prometheus.monitoring.svc:9090' });
  await world.settle();
  const rollout = structuredClone(world.get(rollouts, AT) ?? assert.fail('no Rollout'));
  assert.ok(world.get(deployments, AT), 'the Deployment serves until the Rollout does');
  const split = structuredClone(world.get(httpRoutes, 'shopmind-system/shop.canary') ?? assert.fail());
  // Argo turns the weights, and nobody turns them back.
  Object.assign(
    (split as unknown as { spec: { rules: { backendRefs: object[] }[] } }).spec.rules[0]?.backendRefs[1] ??
      {},
    { weight: 25 },
  );
  world.put(httpRoutes, split);
  const counts = { replicas: 4, readyReplicas: 4, updatedReplicas: 4, availableReplicas: 4 };
  world.put(rollouts, {
    ...rollout,
    status: { ...counts, observedGeneration: String(rollout.metadata.generation), phase: 'Healthy' },
  });
  await world.settle();
  assert.equal(world.get(deployments, AT), undefined);
  assert.deepEqual(weights(world), [100, 25]);
  const { conditions, readyReplicas } = world.get(shopServices, AT)?.status ?? {};
  assert.deepEqual([findCondition(conditions, 'Ready')?.status, readyReplicas], ['True', 4]);
  world.podsReady = false;
  world.putService('shop', spec('1'));
  await world.settle();
  assert.ok(world.get(rollouts, AT), 'the Rollout serves until the Deployment does');
  world.podsReady = true;
  await world.settle();
  await world.settle();
  assert.deepEqual([world.get(rollouts, AT), versionAt(world, AT)], [undefined, '1']);
});

for (const [what, figures, version] of [
  ['good', GOOD, '2'],
  ['bad', BAD, '1'],
] as const) {
  test(`a delivery of a ${what} revision ends the same whichever write fails, loses its answer or is the last of a process`, async () => {
    const end = async (disturb: (world: TestWorld) => void): Promise<TestWorld> => {
      const world = await worldAt('1');
      world.figures.set(BACKEND, figures);
      world.putService('shop', spec('2'));
      world.writes.length = 0;
      disturb(world);
      await passTime(world);
      return world;
    };
    const whole = await end(() => undefined);
    assert.equal(versionAt(whole, AT), version);
    const expected = outcome(whole);
    for (let n = 1; n <= whole.writes.length; n += 1) {
      for (const afterwards of [false, true]) {
        const world = await end((world) => world.failWrite(n, afterwards));
        world.restart();
        await passTime(world);
        assert.deepEqual(outcome(world), expected, `write ${n} (${whole.writes[n - 1]}), ${afterwards}`);
      }
    }
  });
}

/** The end state without times, which differ where a retry took some. */
function outcome(world: TestWorld): unknown {
  const text = JSON.stringify(world.snapshot(), (key, value: unknown) =>
    ['since', 'at', 'lastTransitionTime'].includes(key) ? undefined : value,
  );
  return JSON.parse(text);
}
