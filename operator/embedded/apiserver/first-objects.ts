/** The objects every cluster has from the beginning: its namespaces, and the Service by which its API is found from within. */
import { ADMIN } from './authn.ts';
import type { Cluster } from './cluster.ts';
import { equal, type JsonObject } from './objects.ts';
import { createObject } from './registry/create.ts';
import { asObject } from './registry/decode.ts';
import { untracked } from './registry/managed.ts';
import { OWN_WRITE } from './registry/options.ts';
import { updateObject } from './registry/update.ts';
import type { Writer } from './registry/write.ts';
import type { ResourceType } from './resources.ts';

interface First {
  readonly group: string;
  readonly plural: string;
  readonly namespace: string;
  readonly object: JsonObject;
}

const namespace = (name: string): First => ({
  group: '',
  plural: 'namespaces',
  namespace: '',
  object: { metadata: { name } },
});

const NAMESPACES: readonly First[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'].map(
  namespace,
);

const SERVICE: First = {
  group: '',
  plural: 'services',
  namespace: 'default',
  object: {
    metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
  },
};

const RBAC = 'rbac.authorization.k8s.io';

/** The role that may do everything, which manifests for real clusters refer to. */
const CLUSTER_ADMIN: readonly First[] = [
  {
    group: RBAC,
    plural: 'clusterroles',
    namespace: '',
    object: {
      metadata: { name: 'cluster-admin' },
      rules: [
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
        { nonResourceURLs: ['*'], verbs: ['*'] },
      ],
    },
  },
  {
    group: RBAC,
    plural: 'clusterrolebindings',
    namespace: '',
    object: {
      metadata: { name: 'cluster-admin' },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: RBAC, kind: 'Group', name: 'system:masters' }],
    },
  },
];

const WRITER: Writer = { user: ADMIN, warnings: new Set() };

/** Creates what is missing of them. */
export async function ensureFirstObjects(cluster: Cluster): Promise<void> {
  for (const first of [...NAMESPACES, ...CLUSTER_ADMIN, SERVICE]) await ensure(cluster, first);
}

/** Tells within the cluster where the API is. */
export async function announce(cluster: Cluster, host: string, port: number): Promise<void> {
  const slice: First = {
    group: 'discovery.k8s.io',
    plural: 'endpointslices',
    namespace: 'default',
    object: {
      metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [host], conditions: { ready: true } }],
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    },
  };
  const type = await ensure(cluster, slice);
  const target = { type, namespace: 'default', name: 'kubernetes' };
  const entry = cluster.store.get({ resource: type.storage, namespace: 'default', name: 'kubernetes' });
  const { endpoints = null, ports = null } = slice.object;
  const stored = entry && cluster.codec.read(entry, type);
  if (equal(stored?.['ports'], ports) && equal(stored?.['endpoints'], endpoints)) return;
  const wanted = (old: JsonObject) => asObject({ ...old, endpoints, ports }, type);
  await updateObject(cluster, target, { part: '', wanted, track: untracked }, OWN_WRITE, WRITER);
}

async function ensure(cluster: Cluster, { group, plural, namespace, object }: First): Promise<ResourceType> {
  const type = cluster.catalog.find(group, 'v1', plural);
  if (!type) throw new Error(`the catalogue of built-in resources lacks ${plural}`);
  const made = asObject(structuredClone(object), type);
  const { name } = made.metadata;
  if (!cluster.store.get({ resource: type.storage, namespace, name }))
    await createObject(cluster, type, namespace, made, OWN_WRITE, WRITER, untracked);
  return type;
}
