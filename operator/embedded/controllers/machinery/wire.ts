/**
 * Kubernetes objects as they travel: the published types, with times as the strings JSON carries.
 * `Stored` says what an object that came from the API server always has.
 */
import type {
  CoreV1Event,
  V1Endpoint,
  DiscoveryV1EndpointPort,
  V1Condition,
  V1ConfigMap,
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1CronJob,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1DeploymentCondition,
  V1EndpointSlice,
  V1EnvVar,
  V1Job,
  V1LabelSelector,
  V1Lease,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1OwnerReference,
  V1Pod,
  V1PodCondition,
  V1PodDisruptionBudget,
  V1PodSpec,
  V1PodStatus,
  V1PodTemplateSpec,
  V1Probe,
  V1ReplicaSet,
  V1ReplicationController,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V1Volume,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';

export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

export type StoredMeta = Wire<V1ObjectMeta> & {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
};

/** An object the API server gave us: it has a name, a uid, a version. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: StoredMeta;
}

type Spec<T> = T extends { spec?: infer S } ? { spec: Wire<NonNullable<S>> } : unknown;

export type Stored<T> = Omit<Wire<T>, 'metadata' | 'spec'> &
  Spec<T> & { metadata: StoredMeta & { namespace: string } };
/** As `Stored`, of a kind outside namespaces. */
export type ClusterStored<T> = Omit<Wire<T>, 'metadata' | 'spec'> & Spec<T> & { metadata: StoredMeta };

export type Pod = Stored<V1Pod>;
export type Service = Stored<V1Service>;
export type Secret = Stored<V1Secret>;
export type ConfigMap = Stored<V1ConfigMap>;
export type ServiceAccount = Stored<V1ServiceAccount>;
export type Namespace = ClusterStored<V1Namespace>;
export type Node = ClusterStored<V1Node>;
export type Lease = Stored<V1Lease>;
export type Event = Stored<CoreV1Event>;
export type Deployment = Stored<V1Deployment>;
export type ReplicaSet = Stored<V1ReplicaSet>;
export type ReplicationController = Stored<V1ReplicationController>;
export type StatefulSet = Stored<V1StatefulSet>;
export type DaemonSet = Stored<V1DaemonSet>;
export type Job = Stored<V1Job>;
export type CronJob = Stored<V1CronJob>;
export type EndpointSlice = Stored<V1EndpointSlice>;
export type Autoscaler = Stored<V2HorizontalPodAutoscaler>;
export type DisruptionBudget = Stored<V1PodDisruptionBudget>;
export type CustomResourceDefinition = ClusterStored<V1CustomResourceDefinition>;

export type ObjectMeta = Wire<V1ObjectMeta>;
export type OwnerReference = Wire<V1OwnerReference>;
export type PodTemplate = Wire<V1PodTemplateSpec>;
export type PodSpec = Wire<V1PodSpec>;
export type PodStatus = Wire<V1PodStatus>;
export type PodCondition = Wire<V1PodCondition>;
export type Container = Wire<V1Container>;
export type ContainerStatus = Wire<V1ContainerStatus>;
export type ContainerState = Wire<V1ContainerState>;
export type EnvVar = Wire<V1EnvVar>;
export type Volume = Wire<V1Volume>;
export type Probe = Wire<V1Probe>;
export type LabelSelector = Wire<V1LabelSelector>;
export type Condition = Wire<V1Condition>;
export type DeploymentCondition = Wire<V1DeploymentCondition>;
export type Endpoint = Wire<V1Endpoint>;
export type EndpointPort = Wire<DiscoveryV1EndpointPort>;

/** What a kind is called in URLs and in objects. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Carries the type of the objects; never present at run time. */
  readonly _type?: unknown;
}

export interface ResourceOf<T extends KubeObject> extends Resource {
  readonly _type?: T;
}

/** A kind of which only the metadata matters. */
export type AnyResource = ResourceOf<KubeObject>;

function define<T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced = true,
) {
  return { group, version, plural, kind, namespaced } satisfies Resource as ResourceOf<T>; // adds only the phantom type
}

export const PODS = define<Pod>('', 'v1', 'pods', 'Pod');
export const SERVICES = define<Service>('', 'v1', 'services', 'Service');
export const SECRETS = define<Secret>('', 'v1', 'secrets', 'Secret');
export const CONFIG_MAPS = define<ConfigMap>('', 'v1', 'configmaps', 'ConfigMap');
export const SERVICE_ACCOUNTS = define<ServiceAccount>('', 'v1', 'serviceaccounts', 'ServiceAccount');
export const NAMESPACES = define<Namespace>('', 'v1', 'namespaces', 'Namespace', false);
export const NODES = define<Node>('', 'v1', 'nodes', 'Node', false);
export const EVENTS = define<Event>('', 'v1', 'events', 'Event');
export const LEASES = define<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const DEPLOYMENTS = define<Deployment>('apps', 'v1', 'deployments', 'Deployment');
export const REPLICA_SETS = define<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet');
export const REPLICATION_CONTROLLERS = define<ReplicationController>(
  '',
  'v1',
  'replicationcontrollers',
  'ReplicationController',
);
export const STATEFUL_SETS = define<StatefulSet>('apps', 'v1', 'statefulsets', 'StatefulSet');
export const DAEMON_SETS = define<DaemonSet>('apps', 'v1', 'daemonsets', 'DaemonSet');
export const JOBS = define<Job>('batch', 'v1', 'jobs', 'Job');
export const CRON_JOBS = define<CronJob>('batch', 'v1', 'cronjobs', 'CronJob');
export const ENDPOINT_SLICES = define<EndpointSlice>(
  'discovery.k8s.io',
  'v1',
  'endpointslices',
  'EndpointSlice',
);
export const AUTOSCALERS = define<Autoscaler>(
  'autoscaling',
  'v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
export const DISRUPTION_BUDGETS = define<DisruptionBudget>(
  'policy',
  'v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
);
export const CRDS = define<CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  false,
);

export const apiVersionOf = ({ group, version }: Resource): string =>
  group ? `${group}/${version}` : version;

/** `namespace/name`, or the name alone outside namespaces. */
export function keyOf(object: { metadata?: { name?: string; namespace?: string } }): string {
  const { name = '', namespace } = object.metadata ?? {};
  return namespace ? `${namespace}/${name}` : name;
}

export function controllerOf(object: { metadata?: ObjectMeta }): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((owner) => owner.controller === true);
}

/** The reference by which `owner` controls what it makes. */
export function controllerReference(owner: KubeObject, resource: Resource): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Kubernetes' text of a time: whole seconds, UTC. */
export const timestamp = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;
export const microTimestamp = (at: Date): string => `${at.toISOString().slice(0, 23)}000Z`;
