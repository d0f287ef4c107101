/**
 * The resources of Kubernetes and the Gateway API that operators use, each with the type of its objects.
 * Types only: the models of `@kubernetes/client-node` are never loaded at run time.
 */
import type {
  CoreV1Event,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1ControllerRevision,
  V1CronJob,
  V1CustomResourceDefinition,
  V1MutatingWebhookConfiguration,
  V1ValidatingWebhookConfiguration,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Ingress,
  V1Job,
  V1Lease,
  V1LimitRange,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1ReplicaSet,
  V1ResourceQuota,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { KubeObject, ObjectOf, ResourceType } from './types.ts';

/** Names a resource, for example `resource<Tenant>('shopmind.ai', 'v1beta1', 'shopmindtenants', 'ShopMindTenant', false)`. */
export function resource<T extends KubeObject = KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced = true,
): ResourceType<T> {
  return { group, version, plural, kind, namespaced };
}

const core = <T extends KubeObject>(plural: string, kind: string, namespaced = true): ResourceType<T> =>
  resource<T>('', 'v1', plural, kind, namespaced);
const apps = <T extends KubeObject>(plural: string, kind: string): ResourceType<T> =>
  resource<T>('apps', 'v1', plural, kind);
const rbac = <T extends KubeObject>(plural: string, kind: string, namespaced: boolean): ResourceType<T> =>
  resource<T>('rbac.authorization.k8s.io', 'v1', plural, kind, namespaced);

export type Namespace = ObjectOf<V1Namespace>;
export type Node = ObjectOf<V1Node>;
export type Pod = ObjectOf<V1Pod>;
export type Service = ObjectOf<V1Service>;
export type ServiceAccount = ObjectOf<V1ServiceAccount>;
export type Secret = ObjectOf<V1Secret>;
export type ConfigMap = ObjectOf<V1ConfigMap>;
export type PersistentVolumeClaim = ObjectOf<V1PersistentVolumeClaim>;
export type ResourceQuota = ObjectOf<V1ResourceQuota>;
export type LimitRange = ObjectOf<V1LimitRange>;
export type CoreEvent = ObjectOf<CoreV1Event>;
export type Deployment = ObjectOf<V1Deployment>;
export type ReplicaSet = ObjectOf<V1ReplicaSet>;
export type StatefulSet = ObjectOf<V1StatefulSet>;
export type DaemonSet = ObjectOf<V1DaemonSet>;
export type ControllerRevision = ObjectOf<V1ControllerRevision>;
export type Job = ObjectOf<V1Job>;
export type CronJob = ObjectOf<V1CronJob>;
export type Lease = ObjectOf<V1Lease>;
export type EndpointSlice = ObjectOf<V1EndpointSlice>;
export type NetworkPolicy = ObjectOf<V1NetworkPolicy>;
export type Ingress = ObjectOf<V1Ingress>;
export type PodDisruptionBudget = ObjectOf<V1PodDisruptionBudget>;
export type HorizontalPodAutoscaler = ObjectOf<V2HorizontalPodAutoscaler>;
export type CustomResourceDefinition = ObjectOf<V1CustomResourceDefinition>;
export type MutatingWebhookConfiguration = ObjectOf<V1MutatingWebhookConfiguration>;
export type ValidatingWebhookConfiguration = ObjectOf<V1ValidatingWebhookConfiguration>;

export const namespaces = core<Namespace>('namespaces', 'Namespace', false);
export const nodes = core<Node>('nodes', 'Node', false);
export const pods = core<Pod>('pods', 'Pod');
export const services = core<Service>('services', 'Service');
export const serviceAccounts = core<ServiceAccount>('serviceaccounts', 'ServiceAccount');
export const secrets = core<Secret>('secrets', 'Secret');
export const configMaps = core<ConfigMap>('configmaps', 'ConfigMap');
const persistentVolumeClaims = core<PersistentVolumeClaim>('persistentvolumeclaims', 'PersistentVolumeClaim');
export const resourceQuotas = core<ResourceQuota>('resourcequotas', 'ResourceQuota');
export const limitRanges = core<LimitRange>('limitranges', 'LimitRange');
export const coreEvents = core<CoreEvent>('events', 'Event');

export const deployments = apps<Deployment>('deployments', 'Deployment');
export const replicaSets = apps<ReplicaSet>('replicasets', 'ReplicaSet');
export const statefulSets = apps<StatefulSet>('statefulsets', 'StatefulSet');
const daemonSets = apps<DaemonSet>('daemonsets', 'DaemonSet');

export const controllerRevisions = apps<ControllerRevision>('controllerrevisions', 'ControllerRevision');

export const jobs = resource<Job>('batch', 'v1', 'jobs', 'Job');
export const cronJobs = resource<CronJob>('batch', 'v1', 'cronjobs', 'CronJob');
export const leases = resource<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const endpointSlices = resource<EndpointSlice>(
  'discovery.k8s.io',
  'v1',
  'endpointslices',
  'EndpointSlice',
);
export const networkPolicies = resource<NetworkPolicy>(
  'networking.k8s.io',
  'v1',
  'networkpolicies',
  'NetworkPolicy',
);
export const ingresses = resource<Ingress>('networking.k8s.io', 'v1', 'ingresses', 'Ingress');
export const podDisruptionBudgets = resource<PodDisruptionBudget>(
  'policy',
  'v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
);
export const horizontalPodAutoscalers = resource<HorizontalPodAutoscaler>(
  'autoscaling',
  'v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);

export const roles = rbac<ObjectOf<V1Role>>('roles', 'Role', true);
const roleBindings = rbac<ObjectOf<V1RoleBinding>>('rolebindings', 'RoleBinding', true);
export const clusterRoles = rbac<ObjectOf<V1ClusterRole>>('clusterroles', 'ClusterRole', false);
export const clusterRoleBindings = rbac<ObjectOf<V1ClusterRoleBinding>>(
  'clusterrolebindings',
  'ClusterRoleBinding',
  false,
);

export const customResourceDefinitions = resource<CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  false,
);

export const mutatingWebhookConfigurations = resource<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io',
  'v1',
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
  false,
);
export const validatingWebhookConfigurations = resource<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io',
  'v1',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  false,
);

export const gatewayClasses = resource(
  'gateway.networking.k8s.io',
  'v1',
  'gatewayclasses',
  'GatewayClass',
  false,
);
export const gateways = resource('gateway.networking.k8s.io', 'v1', 'gateways', 'Gateway');
export const httpRoutes = resource('gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute');

/** Every resource above, for code that turns a manifest's kind into a resource without asking the server. */
export const KNOWN_RESOURCES: readonly ResourceType[] = [
  namespaces,
  nodes,
  pods,
  services,
  serviceAccounts,
  secrets,
  configMaps,
  persistentVolumeClaims,
  resourceQuotas,
  limitRanges,
  coreEvents,
  deployments,
  replicaSets,
  statefulSets,
  daemonSets,
  controllerRevisions,
  jobs,
  cronJobs,
  leases,
  endpointSlices,
  networkPolicies,
  ingresses,
  podDisruptionBudgets,
  horizontalPodAutoscalers,
  roles,
  roleBindings,
  clusterRoles,
  clusterRoleBindings,
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
  gatewayClasses,
  gateways,
  httpRoutes,
];

/** Finds a resource by the `apiVersion` and `kind` of a manifest; `undefined` when it is not among `known`. */
export function resourceFor(
  object: { apiVersion: string; kind: string },
  known: readonly ResourceType[] = KNOWN_RESOURCES,
): ResourceType | undefined {
  const slash = object.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
  const version = object.apiVersion.slice(slash + 1);
  return known.find((type) => type.group === group && type.version === version && type.kind === object.kind);
}
