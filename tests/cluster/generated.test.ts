/**
 * What the operator makes for a tenant, by its effect: on kube-apiserver with its controllers, and on the embedded cluster
 * as far as that goes. Optional kinds come and go under a running operator that has the installation's rights only.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { API_VERSION, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import {
  authorizationPolicies,
  destinationRules,
  OPTIONAL,
  peerAuthentications,
  scaledObjects,
  serviceMonitors,
  shopServices,
  tenants,
  virtualServices,
} from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import { findCondition } from '../../operator/kube/conditions.ts';
import {
  customResourceDefinitions,
  deployments,
  horizontalPodAutoscalers,
  namespaces,
  pods,
  resourceQuotas,
  type Pod,
} from '../../operator/kube/resources.ts';
import type { KubeObject, ResourceType } from '../../operator/kube/types.ts';
import { optionalDefinitions } from '../../operator/resources/testing/published.ts';
import { startControlPlane as startEmbedded } from '../faults/control-plane.ts';
import { clientOf } from '../support/cluster.ts';
import { until } from '../support/wait.ts';
import { startControlPlane } from './control-plane.ts';
import { startOperatorInProcess, type OperatorInProcess } from './operator-in-process.ts';

interface Cluster {
  readonly name: string;
  /** Whether namespaces are held to their Pod standard, quota and limits. */
  readonly enforces: boolean;
  start(): Promise<{ readonly kubeconfig: string; stop(): Promise<void> }>;
}

const CLUSTERS: readonly Cluster[] = [
  {
    name: 'the embedded cluster',
    enforces: false,
    async start() {
      const { kubeconfig, close } = await startEmbedded();
      return { kubeconfig, stop: close };
    },
  },
  { name: 'kube-apiserver', enforces: true, start: startControlPlane },
];

const ACME = { displayName: 'Acme', hosts: ['acme.localhost'], placement: 'dedicated', plan: 'growth' };
const AT = { namespace: 'tenant-acme', name: 'runtime' };
// A namespace goes in the controllers' own time: they look again with growing pauses.
const WAIT = { withinMs: 240_000 };

for (const cluster of CLUSTERS) {
  describe(`on ${cluster.name}`, { timeout: 400_000 }, () => {
    let plane: Awaited<ReturnType<Cluster['start']>>;
    let client: Client;
    let operator: OperatorInProcess;

    before(async () => {
      plane = await cluster.start();
      client = await clientOf(plane.kubeconfig);
      operator = await startOperatorInProcess(client);
      await put(client, ACME);
      await appears(client, deployments, AT);
    });
    after(async () => {
      await operator?.stop();
      client?.close();
      await plane?.stop();
    });

    test('kinds the cluster lacks are left out, and the operator waits for none', async () => {
      assert.match(await integrated(client, /left out/), /Prometheus operator is not installed/);
      assert.deepEqual(operator.unsynced(), []);
    });

    test('kinds that appear are used by the running operator', async () => {
      for (const definition of optionalDefinitions()) await define(client, definition);
      await appears(client, serviceMonitors, AT);
      await integrated(client, /ServiceMonitor made.*shopmind-system is not in the mesh/);
    });

    test('the mesh is demanded once the platform is in it', async () => {
      const body = { metadata: { labels: { 'istio-injection': 'enabled' } } };
      await client.patch(namespaces, { name: SYSTEM_NAMESPACE }, { kind: 'merge', body });
      await appears(client, peerAuthentications, { ...AT, name: 'strict' });
      await appears(client, authorizationPolicies, { ...AT, name: 'callers' });
      await appears(client, destinationRules, AT);
      await appears(client, virtualServices, AT);
      const own = await client.get(namespaces, { name: AT.namespace });
      assert.equal(own.metadata.labels?.['istio-injection'], 'enabled');
    });

    test('an autoscaler gives way to the other kind of autoscaler', async () => {
      await put(client, { ...ACME, autoscaling: { min: 2, max: 8, by: 'KEDA' } });
      await appears(client, scaledObjects, AT);
      await goes(client, horizontalPodAutoscalers, AT);
      await put(client, ACME);
      await appears(client, horizontalPodAutoscalers, AT);
      await goes(client, scaledObjects, AT);
    });

    test('at rest nothing is written', async () => {
      await settled(client);
      const before = await versions(client);
      // Everybody is looked at again, by a change that means nothing.
      await operator.configure({ PUBLIC_PORT: '8080', NOTHING: String(performance.now()) });
      await settled(client);
      assert.deepEqual(await versions(client), before);
    });

    if (cluster.enforces) enforcement(() => client);

    test('a kind that goes leaves the operator as it was', async () => {
      const name = 'servicemonitors.monitoring.coreos.com';
      await client.delete(customResourceDefinitions, { name });
      assert.match(
        await integrated(client, /ServiceMonitor left out/),
        /Prometheus operator is not installed/,
      );
      assert.deepEqual(operator.unsynced(), []);
      assert.equal(operator.reflectors.presenceOf(serviceMonitors), 'absent');
      await until(
        async () => {
          const { status } = await client.get(shopServices, AT);
          return status?.inventory?.some(({ kind }) => kind === 'ServiceMonitor') === true ? undefined : true;
        },
        { ...WAIT, what: 'the inventory to forget the kind' },
      );
    });

    test('everything goes with the tenant', async () => {
      await client.delete(tenants, { name: 'acme' });
      await goes(client, namespaces, { name: AT.namespace });
      await goes(client, tenants, { name: 'acme' });
      for (const type of OPTIONAL.filter(({ kind }) => kind !== 'ServiceMonitor')) {
        const { items } = await client.listAll(type, { namespace: AT.namespace });
        assert.deepEqual(items, [], type.kind);
      }
    });
  });
}

/** What Kubernetes does with a namespace like the ones we make. */
function enforcement(clientOfIt: () => Client): void {
  const naked: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'naked', namespace: AT.namespace },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  };
  const restricted: NonNullable<Pod['spec']> = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'c',
        image: 'x',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  };

  test('Pods below the restricted standard are refused', async () => {
    await assert.rejects(clientOfIt().create(pods, naked), /violates PodSecurity "restricted/);
  });

  test('a container that states nothing gets the range, without a limit on its processor; one that wants too much is refused', async () => {
    const client = clientOfIt();
    const ref = { namespace: AT.namespace, name: 'modest' };
    const made = await client.create(pods, { ...naked, metadata: ref, spec: restricted });
    const { requests, limits } = made.spec?.containers[0]?.resources ?? {};
    assert.deepEqual([requests?.['cpu'], requests?.['memory']], ['250m', '512Mi']);
    assert.deepEqual([limits?.['cpu'], limits?.['memory']], [undefined, '512Mi']);
    await client.delete(pods, ref, { gracePeriodSeconds: 0 });
    const [container] = restricted.containers;
    assert.ok(container);
    const greedy = {
      ...restricted,
      containers: [{ ...container, resources: { limits: { memory: '64Gi' } } }],
    };
    await assert.rejects(
      client.create(pods, { ...naked, metadata: { ...ref, name: 'greedy' }, spec: greedy }),
      /maximum memory usage per Container is/,
    );
  });

  test('full scale, a canary as large and a surge fit into the quota; far more do not', async () => {
    const client = clientOfIt();
    const quota = await client.get(resourceQuotas, { namespace: AT.namespace, name: 'plan' });
    const most = Number(quota.spec?.hard?.['pods']);
    const live = await client.get(deployments, AT);
    // The tenant's own Pods, at the plan's most: as if its autoscaler had been here. Paused, so that the operator keeps off.
    await pause(client, true);
    const max = (await client.get(horizontalPodAutoscalers, AT)).spec?.maxReplicas ?? 0;
    await scale(client, AT.name, max);
    const copy = { ...structuredClone(live), metadata: { ...AT, name: 'canary' } };
    const labels = { twin: 'true' };
    copy.spec = {
      ...copy.spec,
      replicas: max + 1,
      selector: { matchLabels: labels },
      template: { ...copy.spec?.template, metadata: { labels } },
    };
    await client.create(deployments, copy);
    await until(async () => ((await running(client)) >= 2 * max + 1 ? true : undefined), {
      ...WAIT,
      what: 'full scale, canary and surge',
    });
    await scale(client, 'canary', 3 * most);
    const refused = await until(
      async () =>
        (await client.get(deployments, { ...AT, name: 'canary' })).status?.conditions?.find(
          ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
        ),
      { ...WAIT, what: 'the quota to refuse' },
    );
    assert.match(refused.message ?? '', /exceeded quota: plan/);
    assert.ok((await running(client)) <= most);
    await client.delete(deployments, { ...AT, name: 'canary' });
    await pause(client, false);
  });
}

async function put(client: Client, spec: object): Promise<void> {
  // The base type of objects names no spec.
  const tenant = {
    apiVersion: API_VERSION,
    kind: 'ShopMindTenant',
    metadata: { name: 'acme' },
    spec,
  } as KubeObject;
  await client.apply(tenants, tenant, { fieldManager: 'merchant', force: true, fieldValidation: 'Strict' });
}

async function define(client: Client, definition: KubeObject): Promise<void> {
  await client.apply(customResourceDefinitions, definition, {
    fieldManager: 'somebody',
    force: true,
    fieldValidation: 'Strict',
  });
}

async function appears(
  client: Client,
  type: ResourceType,
  ref: { readonly name: string; readonly namespace?: string },
): Promise<KubeObject> {
  return until(() => client.find(type, ref), { ...WAIT, what: `${type.kind} ${ref.name} to appear` });
}

async function goes(
  client: Client,
  type: ResourceType,
  ref: { readonly name: string; readonly namespace?: string },
): Promise<void> {
  await until(async () => ((await client.find(type, ref)) === undefined ? true : undefined), {
    ...WAIT,
    what: `${type.kind} ${ref.name} to go`,
  });
}

/** The message of the tenant's condition, once it fits. */
async function integrated(client: Client, expected: RegExp): Promise<string> {
  return until(
    async () => {
      const { status } = await client.get(tenants, { name: 'acme' });
      const message = findCondition(status?.conditions, 'Integrated')?.message ?? '';
      return expected.test(message) ? message : undefined;
    },
    { ...WAIT, what: `condition Integrated to say ${expected}` },
  );
}

/** Versions of everything in the tenant's namespace that nobody but the operator writes. */
async function versions(client: Client): Promise<readonly string[]> {
  const types: readonly ResourceType[] = [shopServices, ...OPTIONAL];
  const lists = await Promise.all(types.map((type) => client.listAll(type, { namespace: AT.namespace })));
  return lists.flatMap(({ items }) =>
    items.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`),
  );
}

/** Waits until the tenant's own status has stopped to change. */
async function settled(client: Client): Promise<void> {
  let last = '';
  await until(
    async () => {
      const { metadata } = await client.get(tenants, { name: 'acme' });
      const same = metadata.resourceVersion === last;
      last = metadata.resourceVersion ?? '';
      return same ? true : undefined;
    },
    { ...WAIT, everyMs: 500, what: 'the tenant to settle' },
  );
}

async function pause(client: Client, on: boolean): Promise<void> {
  const body = { metadata: { annotations: { 'shopmind.ai/paused': on ? 'true' : null } } };
  await client.patch(shopServices, AT, { kind: 'merge', body });
}

async function scale(client: Client, name: string, replicas: number): Promise<void> {
  await client.patch(deployments, { ...AT, name }, { kind: 'merge', body: { spec: { replicas } } });
}

async function running(client: Client): Promise<number> {
  const { items } = await client.listAll(pods, { namespace: AT.namespace });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
}
