/**
 * The resources the operator reads and writes, with the types of their objects.
 */
import type { ShopMindService, ShopMindTenant } from '../../crds/index.ts';
import { GROUP, OLD_VERSION, VERSION } from '../../crds/index.ts';
import {
  configMaps,
  cronJobs,
  controllerRevisions,
  deployments,
  horizontalPodAutoscalers,
  httpRoutes,
  jobs,
  limitRanges,
  namespaces,
  networkPolicies,
  podDisruptionBudgets,
  resource,
  resourceFor,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
} from '../kube/resources.ts';
import type { KubeObject, ResourceType } from '../kube/types.ts';

/** Our kinds as the machinery sees them: the same fields, Kubernetes' own metadata. */
export type TenantObject = Omit<ShopMindTenant, 'metadata'> & KubeObject;
export type ServiceObject = Omit<ShopMindService, 'metadata'> & KubeObject;

export const tenants = resource<TenantObject>(GROUP, VERSION, 'shopmindtenants', 'ShopMindTenant', false);
export const shopServices = resource<ServiceObject>(GROUP, VERSION, 'services', 'Service');
/** Our kinds in the version before: what people's files may still say; nothing here works with it. */
export const OLD_KINDS: readonly ResourceType[] = [
  resource(GROUP, OLD_VERSION, 'shopmindtenants', 'ShopMindTenant', false),
  resource(GROUP, OLD_VERSION, 'services', 'Service'),
];
/** A Rollout as far as it is read: what a Deployment says too, in Argo's own spelling. */
export type Rollout = KubeObject & {
  readonly spec?: { readonly replicas?: number; readonly template?: Pick<KubeObject, 'metadata'> };
  readonly status?: {
    readonly observedGeneration?: string;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    /** Healthy, Progressing, Paused or Degraded. */
    readonly phase?: string;
    readonly message?: string;
  };
};
export const referenceGrants = resource(
  'gateway.networking.k8s.io',
  'v1beta1',
  'referencegrants',
  'ReferenceGrant',
);

export const serviceMonitors = resource('monitoring.coreos.com', 'v1', 'servicemonitors', 'ServiceMonitor');
export const peerAuthentications = resource(
  'security.istio.io',
  'v1',
  'peerauthentications',
  'PeerAuthentication',
);
export const authorizationPolicies = resource(
  'security.istio.io',
  'v1',
  'authorizationpolicies',
  'AuthorizationPolicy',
);
export const destinationRules = resource('networking.istio.io', 'v1', 'destinationrules', 'DestinationRule');
export const virtualServices = resource('networking.istio.io', 'v1', 'virtualservices', 'VirtualService');
export const scaledObjects = resource('keda.sh', 'v1alpha1', 'scaledobjects', 'ScaledObject');
export const rollouts = resource<Rollout>('argoproj.io', 'v1alpha1', 'rollouts', 'Rollout');
export const analysisTemplates = resource('argoproj.io', 'v1alpha1', 'analysistemplates', 'AnalysisTemplate');
export const externalSecrets = resource('external-secrets.io', 'v1', 'externalsecrets', 'ExternalSecret');

/** Kinds that a cluster may not have: made and watched where it does, left out where it does not. */
export const OPTIONAL: readonly ResourceType[] = [
  serviceMonitors,
  peerAuthentications,
  authorizationPolicies,
  destinationRules,
  virtualServices,
  scaledObjects,
  externalSecrets,
  rollouts,
  analysisTemplates,
];

/** Kinds of objects the operator makes in any cluster; each is watched, so that drift is seen. */
export const CHILDREN: readonly ResourceType[] = [
  namespaces,
  resourceQuotas,
  limitRanges,
  secrets,
  networkPolicies,
  shopServices,
  serviceAccounts,
  services,
  controllerRevisions,
  deployments,
  horizontalPodAutoscalers,
  podDisruptionBudgets,
  cronJobs,
  jobs,
  httpRoutes,
  referenceGrants,
];

export {
  configMaps,
  cronJobs,
  controllerRevisions,
  deployments,
  horizontalPodAutoscalers,
  httpRoutes,
  jobs,
  limitRanges,
  namespaces,
  networkPolicies,
  podDisruptionBudgets,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
};

/** The resource of a manifest we make. @throws RangeError for a kind that is not ours */
export function resourceOf(object: { readonly apiVersion: string; readonly kind: string }): ResourceType {
  const type = resourceFor(object, CHILDREN) ?? resourceFor(object, OPTIONAL);
  if (type === undefined)
    throw new RangeError(`the operator does not manage ${object.apiVersion} ${object.kind}`);
  return type;
}
