/** The rules of the built-in kinds, by where their objects are kept. */
import { builtinSchema } from '../../openapi/documents.ts';
import type { Store } from '../../store/store.ts';
import type { ResourceType } from '../resources.ts';
import type { KindRules } from '../rules.ts';
import { CONFIG_MAP_RULES, SECRET_RULES } from './configuration.ts';
import { DEFINITION_RULES } from './definitions.ts';
import * as others from './others.ts';
import { POD_RULES } from './pods.ts';
import { serviceRules } from './services.ts';
import * as workloads from './workloads.ts';

const RULES: Readonly<Record<string, KindRules>> = {
  '/configmaps': CONFIG_MAP_RULES,
  '/endpoints': others.ENDPOINTS_RULES,
  '/events': others.EVENT_RULES,
  '/namespaces': others.NAMESPACE_RULES,
  '/nodes': others.NODE_RULES,
  '/persistentvolumeclaims': others.CLAIM_RULES,
  '/persistentvolumes': others.VOLUME_RULES,
  '/pods': POD_RULES,
  '/replicationcontrollers': workloads.REPLICATION_CONTROLLER_RULES,
  '/secrets': SECRET_RULES,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': others.WEBHOOK_RULES,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': others.WEBHOOK_RULES,
  'apiregistration.k8s.io/apiservices': others.API_SERVICE_RULES,
  'apiextensions.k8s.io/customresourcedefinitions': DEFINITION_RULES,
  'apps/daemonsets': workloads.DAEMON_SET_RULES,
  'apps/deployments': workloads.DEPLOYMENT_RULES,
  'apps/replicasets': workloads.REPLICA_SET_RULES,
  'apps/statefulsets': workloads.STATEFUL_SET_RULES,
  'autoscaling/horizontalpodautoscalers': others.AUTOSCALER_RULES,
  'batch/cronjobs': workloads.CRON_JOB_RULES,
  'batch/jobs': workloads.JOB_RULES,
  'discovery.k8s.io/endpointslices': others.ENDPOINT_SLICE_RULES,
  'networking.k8s.io/ingresses': others.INGRESS_RULES,
  'networking.k8s.io/networkpolicies': others.NETWORK_POLICY_RULES,
  'policy/poddisruptionbudgets': others.DISRUPTION_BUDGET_RULES,
  'rbac.authorization.k8s.io/clusterrolebindings': others.BINDING_RULES,
  'rbac.authorization.k8s.io/clusterroles': others.ROLE_RULES,
  'rbac.authorization.k8s.io/rolebindings': others.BINDING_RULES,
  'rbac.authorization.k8s.io/roles': others.ROLE_RULES,
  'scheduling.k8s.io/priorityclasses': others.PRIORITY_CLASS_RULES,
  'storage.k8s.io/storageclasses': others.STORAGE_CLASS_RULES,
};

/**
 * Schemas are read on first use: a start needs few of them.
 * @param seed tells clusters on one machine apart, which share its loopback addresses
 */
export function createKinds(store: Store, seed: string): (type: ResourceType) => KindRules {
  const rules: Readonly<Record<string, KindRules>> = { ...RULES, '/services': serviceRules(store, seed) };
  const known = new Map<ResourceType, KindRules>();
  return (type) => {
    let found = known.get(type);
    if (!found) {
      const schema = builtinSchema(type);
      found = { ...rules[type.storage], ...(schema ? { schema } : {}) };
      known.set(type, found);
    }
    return found;
  };
}
