/**
 * Objects for tests of pure views: a tenant, what runs for it, and what warned, as an API server would show them.
 */
import { SCHEMAS, withDefaults } from '../../../crds/index.ts';
import type { Condition, TenantSpec, TenantStatus } from '../../../crds/index.ts';
import type { ServiceObject, TenantObject } from '../../controllers/kinds.ts';
import type { CoreEvent, Deployment, Pod, ReplicaSet } from '../../kube/resources.ts';
import type { OwnerReference } from '../../kube/types.ts';
import { itemKey, type Observed } from '../tenant/observe.ts';

/** What every test calls now. */
export const NOW = Date.parse('2026-11-25T12:00:00Z');
export const MADE = '2026-11-25T11:00:00Z';

export function condition(
  type: string,
  status: Condition['status'],
  reason: string,
  message = '',
  lastTransitionTime = '2026-11-25T11:30:00Z',
): Condition {
  return { type, status, reason, message, lastTransitionTime };
}

export const WELL: readonly Condition[] = [
  condition('Ready', 'True', 'Ready', 'open at http://acme.localhost'),
  condition('Reconciling', 'False', 'Done'),
  condition('Stalled', 'False', 'NotStalled'),
  condition('DataPlaneReady', 'True', 'Provisioned', 'schema, directory and payment account are in place'),
  condition('ServicesReady', 'True', 'Serving', 'every domain is served'),
  condition('RoutesReady', 'True', 'Routed', 'routed from acme.localhost'),
  condition('CatalogReady', 'True', 'NothingToImport', 'no catalog.source is declared'),
];

/** The conditions with these in place of those of the same type. */
export const but = (...changed: readonly Condition[]): readonly Condition[] =>
  WELL.map((one) => changed.find(({ type }) => type === one.type) ?? one);

export function tenant(
  name: string,
  spec: object = {},
  status: Partial<TenantStatus> = {},
  metadata: object = {},
): TenantObject {
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  if (schema === undefined) throw new Error('the schema has a spec');
  return {
    apiVersion: 'shopmind.ai/v1beta1',
    kind: 'ShopMindTenant',
    metadata: { name, uid: `uid-${name}`, generation: 1, creationTimestamp: MADE, ...metadata },
    // The schema's own defaults make it whole.
    spec: withDefaults(schema, {
      displayName: `Shop ${name}`,
      hosts: [`${name}.localhost`],
      ...spec,
    }) as TenantSpec,
    status: {
      observedGeneration: 1,
      conditions: [...WELL],
      endpoints: {
        storefront: `http://${name}.localhost`,
        admin: `http://${name}.localhost/api/admin`,
        api: `http://${name}.localhost/api`,
      },
      ...status,
    },
  };
}

export function service(namespace: string, name: string, spec: object, status: object = {}): ServiceObject {
  return {
    apiVersion: 'shopmind.ai/v1beta1',
    kind: 'Service',
    metadata: {
      name,
      namespace,
      uid: `uid-service-${namespace}-${name}`,
      generation: 1,
      creationTimestamp: MADE,
    },
    // What the views read of a spec.
    spec: { replicas: 1, env: [], port: 8080, ...spec } as unknown as ServiceObject['spec'],
    status: {
      conditions: [condition('Ready', 'True', 'Ready', '1 Pods')],
      replicas: 1,
      readyReplicas: 1,
      ...status,
    },
  };
}

function owner(kind: string, uid: string, name: string): { ownerReferences: OwnerReference[] } {
  return { ownerReferences: [{ apiVersion: 'v', kind, name, uid, controller: true }] };
}

/** Deployment, ReplicaSet and Pod of a Service. */
export function workload(
  of: ServiceObject,
  pod: Partial<Pod['status']> = RUNNING,
): { readonly deployment: Deployment; readonly set: ReplicaSet; readonly pod: Pod } {
  const { namespace = '', name, uid = '' } = of.metadata;
  const isReady = pod === RUNNING;
  const count = isReady ? 1 : 0;
  const meta = (suffix: string, by: object) => ({
    name: `${name}${suffix}`,
    namespace,
    uid: `uid${suffix}-${namespace}-${name}`,
    generation: 1,
    creationTimestamp: MADE,
    ...by,
  });
  const container = { name, image: of.spec.image ?? 'shopmind/runtime' };
  const template = {
    metadata: { labels: { 'shopmind.ai/service': name } },
    spec: { containers: [container] },
  };
  return {
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta('', owner('Service', uid, name)),
      spec: { replicas: 1, selector: {}, template },
      status: {
        observedGeneration: 1,
        replicas: 1,
        updatedReplicas: 1,
        readyReplicas: count,
        availableReplicas: count,
      },
    },
    set: {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        ...meta('-1a', owner('Deployment', `uid-${namespace}-${name}`, name)),
        annotations: { 'deployment.kubernetes.io/revision': '1' },
      },
      spec: { replicas: 1, selector: {} },
      status: { replicas: 1, readyReplicas: count },
    },
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: meta('-1a-x', owner('ReplicaSet', `uid-1a-${namespace}-${name}`, `${name}-1a`)),
      spec: { nodeName: 'node-1', containers: [container] },
      status: pod,
    },
  };
}

export const RUNNING: NonNullable<Pod['status']> = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-25T11:10:00Z' }],
  containerStatuses: [containerStatus({ running: { startedAt: MADE } }, true)],
};

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

export function containerStatus(
  state: NonNullable<ContainerStatus['state']>,
  ready = false,
  more: Partial<ContainerStatus> = {},
): ContainerStatus {
  return { name: 'runtime', image: 'i', imageID: '', ready, restartCount: 0, state, ...more };
}

/** A Pod that runs and whose readiness probe fails. */
export const UNREADY: NonNullable<Pod['status']> = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-11-25T11:40:00Z' }],
  containerStatuses: [containerStatus({ running: { startedAt: MADE } })],
};

export function warning(
  about: { metadata: { uid?: string; name: string } },
  reason: string,
  message: string,
): CoreEvent {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `e-${about.metadata.name}`, namespace: 'n' },
    type: 'Warning',
    reason,
    message,
    count: 3,
    lastTimestamp: '2026-11-25T11:45:00Z',
    // What the views read of it.
    involvedObject: {
      kind: 'Pod',
      namespace: 'tenant-acme',
      name: about.metadata.name,
      uid: about.metadata.uid,
    },
  } as CoreEvent;
}

export function platformPod(app: string, isReady = true): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${app}-1`,
      namespace: 'shopmind-system',
      uid: `uid-${app}`,
      labels: { 'app.kubernetes.io/name': app },
      creationTimestamp: MADE,
    },
    spec: { nodeName: 'node-1', containers: [{ name: app }] },
    status: isReady ? RUNNING : UNREADY,
  };
}

/** A dedicated tenant `acme` whose one Service runs as `pod` says; every object of its inventory is there. */
export function observed(
  of: TenantObject,
  pod: Partial<Pod['status']> = RUNNING,
  more: Partial<Observed> = {},
): Observed {
  const runtime = service('tenant-acme', 'runtime', { tenant: 'acme', domains: ['orders'] }, podsOf(pod));
  const parts = workload(runtime, pod);
  const items = of.status?.inventory ?? [];
  return {
    tenant: of,
    namespace: 'tenant-acme',
    services: [runtime],
    deployments: [parts.deployment],
    replicaSets: [parts.set],
    pods: [parts.pod, platformPod('operator'), platformPod('gateway')],
    warnings: [],
    objects: new Map(
      items.map((item) => [itemKey(item), { ...item, metadata: { name: item.name } }] as const),
    ),
    gaps: [],
    ...more,
  };
}

function podsOf(pod: Partial<Pod['status']>): object {
  return pod === RUNNING
    ? {}
    : {
        readyReplicas: 0,
        conditions: [condition('Ready', 'False', 'PodsPending', '0 of 1 Pods are ready')],
      };
}

export const INVENTORY: NonNullable<TenantStatus['inventory']> = [
  { apiVersion: 'v1', kind: 'Namespace', name: 'tenant-acme' },
  { apiVersion: 'v1', kind: 'Secret', namespace: 'tenant-acme', name: 'database' },
  { apiVersion: 'shopmind.ai/v1beta1', kind: 'Service', namespace: 'tenant-acme', name: 'runtime' },
];
