/**
 * Objects for tests of the planners: complete where the planners look, short where they do not.
 */
import type {
  Deployment,
  KubeObject,
  Node,
  ObjectMeta,
  Pod,
  PodSpec,
  PodStatus,
  ReplicaSet,
} from '../machinery/wire.ts';

export const NOW = new Date('2026-03-01T12:00:00Z');
export const ago = (seconds: number): string =>
  new Date(NOW.getTime() - seconds * 1e3).toISOString().replace('.000Z', 'Z');

let serial = 0;

/** An object as the API server would give it, of whatever kind the test says. */
export function stored<T>(
  object: { readonly metadata?: Partial<ObjectMeta> } & Readonly<Record<string, unknown>>,
): T {
  serial += 1;
  return {
    ...object,
    metadata: {
      name: `object-${serial}`,
      namespace: 'default',
      uid: `uid-${serial}`,
      resourceVersion: String(serial),
      creationTimestamp: ago(60),
      ...object.metadata,
    },
  } as T; // a test gives what the planner under test reads
}

export function pod(given: {
  name?: string;
  labels?: Record<string, string>;
  owner?: KubeObject;
  phase?: string;
  ready?: boolean;
  readyFor?: number;
  deleting?: boolean;
  created?: number;
  node?: string;
  spec?: Partial<PodSpec>;
  status?: PodStatus;
  annotations?: Record<string, string>;
}): Pod {
  const { owner, ready = true, readyFor = 60, phase = 'Running', node = 'shopmind' } = given;
  const { name, labels, annotations } = given;
  return stored<Pod>({
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      creationTimestamp: ago(given.created ?? 60),
      ...(given.deleting ? { deletionTimestamp: ago(1) } : {}),
      ...(owner
        ? {
            ownerReferences: [
              {
                apiVersion: 'v1',
                kind: 'Any',
                name: owner.metadata.name,
                uid: owner.metadata.uid,
                controller: true,
              },
            ],
          }
        : {}),
    },
    spec: { containers: [{ name: 'main' }], ...(node === '' ? {} : { nodeName: node }), ...given.spec },
    status: {
      phase,
      podIP: '127.20.0.1',
      conditions: [
        {
          type: 'Ready',
          status: ready && phase === 'Running' ? 'True' : 'False',
          lastTransitionTime: ago(readyFor),
        },
      ],
      ...given.status,
    },
  });
}

export function deployment(
  spec: Partial<Deployment['spec']> = {},
  more: Partial<Deployment> = {},
): Deployment {
  return stored<Deployment>({
    ...more,
    metadata: { name: 'web', generation: 1, ...more.metadata },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template('1'),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      ...spec,
    },
  });
}

export const template = (version: string): Deployment['spec']['template'] => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: `web:${version}` }] },
});

export function replicaSet(
  owner: Deployment,
  version: string,
  replicas: number,
  available = replicas,
  annotations: Record<string, string> = {},
): ReplicaSet {
  return stored<ReplicaSet>({
    metadata: {
      name: `web-${version}`,
      annotations: {
        'deployment.kubernetes.io/revision': version,
        'deployment.kubernetes.io/desired-replicas': String(owner.spec.replicas),
        'deployment.kubernetes.io/max-replicas': String((owner.spec.replicas ?? 0) + 1),
        ...annotations,
      },
    },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template(version) },
    status: { replicas, readyReplicas: available, availableReplicas: available },
  });
}

export const node = (name = 'shopmind', spec: Node['spec'] = {}, labels: Record<string, string> = {}): Node =>
  stored<Node>({ metadata: { name, labels }, spec });
