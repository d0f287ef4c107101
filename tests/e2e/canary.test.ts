/**
 * Deliveries under load, by the real operator and gateway: a bad revision and a slow one are rolled back by themselves, a
 * good one is promoted without a lost request, and an operator killed in the middle changes nothing of that.
 */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { API_VERSION, type CanaryStatus } from '../../crds/index.ts';
import { shopServices, tenants, type ServiceObject } from '../../operator/controllers/kinds.ts';
import { TEST_IMAGE, TEST_IMAGES } from '../../operator/embedded/images/table.ts';
import { findCondition } from '../../operator/kube/conditions.ts';
import { controllerRevisions, deployments, httpRoutes, pods } from '../../operator/kube/resources.ts';
import { startInstalled, type Installed } from '../support/installed.ts';
import { processTree } from '../support/processes.ts';
import type { Shop } from '../support/shop.ts';
import { until } from '../support/wait.ts';

const NAMESPACE = 'shopmind-system';
const NAME = 'demo';
const AT = { namespace: NAMESPACE, name: NAME };
const CANARY_AT = { namespace: NAMESPACE, name: `${NAME}-canary` };

let installed: Installed;
let shop: Shop;

before(async () => {
  installed = await startInstalled(TEST_IMAGES);
  shop = installed.shop('demo.localhost');
  await apply(httpRoutes, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { ...AT, labels: { 'shopmind.ai/tenant': NAME } },
    spec: {
      parentRefs: [{ name: 'shopmind', namespace: NAMESPACE }],
      hostnames: ['demo.localhost'],
      rules: [{ backendRefs: [{ name: NAME, port: 8080 }] }],
    },
  });
  await deliver('1');
  await until(async () => ((await shop('GET', '/')).text.endsWith(' 1') ? true : undefined), {
    withinMs: 30_000,
    what: 'the first revision answers',
  });
  await phase('Idle');
});
after(() => installed?.close());

test('a revision that fails half of its requests is rolled back by itself', async (context) => {
  const load = startLoad(context, shop);
  const began = performance.now();
  await deliver('2', { FAIL_PERCENT: '50' });
  const canary = await refused();
  const seconds = (performance.now() - began) / 1000;
  await gone();
  const healthyFrom = load.count();
  await setTimeout(2000);
  const { requests, failures, versions } = await load.stop();
  context.diagnostic(
    `rolled back ${seconds.toFixed(1)} s after the change: ${failures.length} of ${requests} requests failed; ${canary.message}`,
  );
  assert.ok(failures.length > 0, 'the canary had requests');
  assert.ok(failures.length < requests * 0.1, `${failures.length} of ${requests} failed`);
  assert.deepEqual(
    failures.filter(({ n }) => n > healthyFrom),
    [],
  );
  assert.ok(versions.has('2') && versions.has('1'));
  const service = await live();
  const condition = findCondition(service.status?.conditions, 'RolledBack');
  assert.match(
    condition?.message ?? '',
    /at 5 % of the requests: \d+(\.\d+)?% of \d+ requests failed, at most 5% may; .*retry@/,
  );
  assert.equal(findCondition(service.status?.conditions, 'Available')?.status, 'True');
  assert.equal(await versionOfStable(), '1');
});

test('a revision that answers too slowly is rolled back by itself, and no request is lost', async (context) => {
  const load = startLoad(context, shop);
  await deliver('3', { DELAY_MS: '2000' }, trafficJudgedBy(1_000));
  const canary = await refused();
  await gone();
  const { requests, failures, slowest } = await load.stop();
  context.diagnostic(
    `${requests} requests, ${failures.length} failed, slowest ${slowest.toFixed(0)} ms; ${canary.message}`,
  );
  assert.deepEqual(failures, []);
  assert.match(canary.message, /99 of 100 requests took up to \d+ ms, at most 1000 ms are allowed/);
  assert.equal(await versionOfStable(), '1');
});

test('a good revision is promoted, though the operator is killed on the way; no request is lost', async (context) => {
  const load = startLoad(context, shop);
  await deliver('4');
  const weights: number[] = [];
  let kills = 0;
  await until(
    async () => {
      const { phase: now, weight, stable, canary } = await status();
      if (weights.at(-1) !== weight) {
        weights.push(weight);
        // Each further kill would only add to the kubelet's back-off.
        if (weight === 5 || weight === 100) kills += await killOperator();
      }
      return now === 'Idle' && canary === undefined && weights.length > 1 && stable !== undefined
        ? true
        : undefined;
    },
    { withinMs: 180_000, everyMs: 100, what: 'the good revision is promoted' },
  );
  await gone();
  const { requests, failures, versions, slowest } = await load.stop();
  context.diagnostic(
    `weights ${weights.join(' → ')}, operator killed ${kills} times: ${failures.length} of ${requests} requests failed, slowest ${slowest.toFixed(0)} ms; ${[...versions].map(([version, count]) => `${count} by revision ${version}`).join(', ')}`,
  );
  assert.deepEqual(failures, []);
  assert.deepEqual(
    weights.filter((weight) => weight > 0),
    [5, 25, 50, 100],
  );
  assert.ok(kills >= 2, `${kills} kills`);
  assert.equal(await versionOfStable(), '4');
  assert.equal((await shop('GET', '/')).text.split(' ')[1], '4');
});

test('going back to the revision before is one annotation, and loses no request either', async (context) => {
  const load = startLoad(context, shop);
  const { stable } = await status();
  await apply(
    shopServices,
    {
      apiVersion: API_VERSION,
      kind: 'Service',
      metadata: { ...AT, annotations: { 'shopmind.ai/canary': `rollback@${stable}` } },
      spec: {},
    },
    'e2e-person',
  );
  await until(async () => ((await versionOfStable()) === '1' ? true : undefined), {
    withinMs: 60_000,
    what: 'the template of revision 1 is back',
  });
  await until(
    async () => ((await shop('GET', '/')).text.endsWith(' 1') && (await settledPods()) ? true : undefined),
    {
      withinMs: 60_000,
      what: 'revision 1 serves again',
    },
  );
  const { failures } = await load.stop();
  assert.deepEqual(failures, []);
  assert.equal(
    (await installed.client.listAll(controllerRevisions, { namespace: NAMESPACE })).items.length,
    1,
  );
});

test('the pool itself is delivered so: a revision that cannot start gets no request, a good one every one', async (context) => {
  await apply(tenants, {
    apiVersion: API_VERSION,
    kind: 'ShopMindTenant',
    metadata: { name: 'popup' },
    spec: { displayName: 'Pop-up Records', hosts: ['popup.localhost'], deletionPolicy: 'Delete' },
  });
  const popup = installed.shop('popup.localhost');
  await until(async () => ((await popup('GET', '/api/store')).status === 200 ? true : undefined), {
    withinMs: 90_000,
    what: 'the pooled shop answers',
  });
  const load = startLoad(context, popup, '/api/store', 2);
  const pool = { namespace: NAMESPACE, name: 'runtime' };
  const deliverPool = (env: object[]) =>
    apply(
      shopServices,
      {
        apiVersion: API_VERSION,
        kind: 'Service',
        metadata: pool,
        spec: { domains: ['accounts', 'catalog', 'orders', 'payments'], env, traffic: TRAFFIC },
      },
      'shopmind-start',
    );
  await deliverPool([]);
  await until(async () => ((await status(pool)).phase === 'Idle' ? true : undefined), {
    withinMs: 90_000,
    what: 'the pool has a stable revision',
  });
  await deliverPool([{ name: 'LOG_LEVEL', value: 'no such level' }]);
  await until(async () => ((await status(pool)).canary === undefined ? undefined : true), {
    withinMs: 60_000,
    what: 'the broken pool begins',
  });
  await setTimeout(3000);
  assert.equal((await status(pool)).weight, 0);
  await deliverPool([{ name: 'LOG_LEVEL', value: 'warn' }]);
  await until(
    async () => {
      const { phase: now, previous } = await status(pool);
      return now === 'Idle' && previous !== undefined ? true : undefined;
    },
    { withinMs: 180_000, what: 'the good revision of the pool is promoted' },
  );
  const { requests, failures, slowest } = await load.stop();
  context.diagnostic(
    `${failures.length} of ${requests} requests to a pooled shop failed, slowest ${slowest.toFixed(0)} ms`,
  );
  assert.deepEqual(failures, []);
});

// ── the cluster ──────────────────────────────────────────────────────────────────────────────────

const trafficJudgedBy = (maxP99Milliseconds: number) => ({
  canary: {
    steps: [5, 25, 50, 100].map((weight) => ({ weight, durationSeconds: 3 })),
    intervalSeconds: 1,
    gates: { maxErrorRate: '5%', maxP99Milliseconds, minRequests: 20, failureLimit: 1 },
  },
});
/** How long answers take says more of a busy machine than of a revision: only the one that is slow is judged by it. */
const TRAFFIC = trafficJudgedBy(30_000);

function deliver(
  version: string,
  more: Readonly<Record<string, string>> = {},
  traffic = TRAFFIC,
): Promise<unknown> {
  const env = Object.entries({ VERSION: version, ...more }).map(([name, value]) => ({ name, value }));
  return apply(shopServices, {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: AT,
    spec: { image: TEST_IMAGE, replicas: 2, env, traffic },
  });
}

function apply(
  type: Parameters<typeof installed.client.apply>[0],
  object: object,
  fieldManager = 'e2e',
): Promise<unknown> {
  // Manifests are written here in full; the client's type knows their metadata only.
  return installed.client.apply(type, object as ServiceObject, { fieldManager, force: true });
}

async function live(at = AT): Promise<ServiceObject> {
  return installed.client.get(shopServices, at);
}

async function status(at = AT): Promise<CanaryStatus> {
  const canary = (await live(at)).status?.canary;
  if (canary === undefined) throw new Error('no canary status yet');
  return canary;
}

function phase(wanted: CanaryStatus['phase']): Promise<CanaryStatus> {
  return until(
    async () => {
      const canary = await status();
      return canary.phase === wanted ? canary : undefined;
    },
    { withinMs: 90_000, what: `the delivery is ${wanted}` },
  );
}

/** Rolled back is a revision that was not before. */
let lastRefused: string | undefined;
async function refused(): Promise<CanaryStatus> {
  const canary = await until(
    async () => {
      const now = await status();
      return now.phase === 'RolledBack' && now.refused !== lastRefused ? now : undefined;
    },
    { withinMs: 90_000, what: 'the delivery is rolled back' },
  );
  lastRefused = canary.refused;
  return canary;
}

/** Nothing of the canary is left. */
async function gone(): Promise<void> {
  await until(
    async () => {
      const [deployment, split] = await Promise.all([
        installed.client.find(deployments, CANARY_AT),
        installed.client.find(httpRoutes, { namespace: NAMESPACE, name: `${NAME}.canary` }),
      ]);
      return deployment === undefined && split === undefined ? true : undefined;
    },
    { withinMs: 40_000, what: 'the canary is gone' },
  );
}

async function versionOfStable(): Promise<string | undefined> {
  const { spec } = await installed.client.get(deployments, AT);
  return spec?.template.spec?.containers[0]?.env?.find(({ name }) => name === 'VERSION')?.value;
}

async function settledPods(): Promise<boolean> {
  const { items } = await installed.client.listAll(pods, {
    namespace: NAMESPACE,
    labelSelector: `shopmind.ai/service=${NAME}`,
  });
  return items.length === 2 && items.every(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function killOperator(): Promise<number> {
  const victims = (await processTree(process.pid)).filter(({ command }) =>
    /operator\/main\.ts/.test(command),
  );
  for (const { pid } of victims) process.kill(pid, 'SIGKILL');
  return victims.length;
}

// ── the shoppers ─────────────────────────────────────────────────────────────────────────────────

interface Failure {
  /** Which request it was. */
  readonly n: number;
  readonly what: string;
}

interface Load {
  count(): number;
  stop(): Promise<{
    readonly requests: number;
    readonly failures: readonly Failure[];
    readonly versions: ReadonlyMap<string, number>;
    readonly slowest: number;
  }>;
}

/** Shoppers who ask again a moment after each answer, until they are stopped or the test has ended. */
function startLoad(context: TestContext, shop: Shop, path = '/', shoppers = 6): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: shoppers });
  const failures: Failure[] = [];
  const versions = new Map<string, number>();
  let requests = 0;
  let slowest = 0;
  let stopped = false;
  context.after(() => void (stopped = true));
  const running = Promise.all(
    Array.from({ length: shoppers }, async () => {
      while (!stopped) {
        const n = (requests += 1);
        const began = performance.now();
        try {
          const { status: code, text } = await shop('GET', path, { agent });
          if (code !== 200) failures.push({ n, what: String(code) });
          const version = text.split(' ')[1] ?? '';
          versions.set(version, (versions.get(version) ?? 0) + 1);
        } catch (error) {
          failures.push({ n, what: String(error) });
        }
        slowest = Math.max(slowest, performance.now() - began);
        await setTimeout(20);
      }
    }),
  );
  return {
    count: () => requests,
    async stop() {
      stopped = true;
      await running;
      agent.destroy();
      return { requests, failures, versions, slowest };
    },
  };
}
