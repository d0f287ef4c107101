/**
 * Who may do what to which objects, and why: the roles of the installation are made of this, `shopmind rbac` prints it.
 * A grant without a reason does not compile; one that nobody uses fails the test that counts the calls of whole installations.
 */
import type { k8s } from 'cdk8s-plus-28';
import { GROUP, SYSTEM_NAMESPACE } from '../../crds/index.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** One line of a role. */
export interface Grant {
  /** API group; empty for the core group. */
  readonly group: string;
  /** Plurals, with the subresource where there is one: `services/status`. */
  readonly resources: readonly string[];
  readonly verbs: readonly Verb[];
  /** Only objects of these names; absent: all. */
  readonly names?: readonly string[];
  /** Only in this namespace; absent: in the whole cluster. */
  readonly namespace?: string;
  /** The cluster may lack the kind; then nothing of it is called. */
  readonly optional?: true;
  /** What it is used for, in a few words that follow "because it". */
  readonly reason: string;
}

/** Names of the objects of ours that the operator completes with what only it knows: the authority of its certificates. */
export const WEBHOOK_CONFIGURATION = 'shopmind';
const LEASE = 'shopmind-operator';

const ALL_OF_A_CHILD: readonly Verb[] = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
const READ: readonly Verb[] = ['list', 'watch'];
const system = { namespace: SYSTEM_NAMESPACE } as const;

export const OPERATOR_GRANTS: readonly Grant[] = [
  {
    group: GROUP,
    resources: ['shopmindtenants'],
    verbs: [...READ, 'patch'],
    reason: 'reconciles tenants, and puts its finalizer on them',
  },
  {
    group: GROUP,
    resources: ['shopmindtenants/status', 'services/status'],
    verbs: ['patch'],
    reason: 'says how far it came',
  },
  {
    group: GROUP,
    resources: ['services'],
    verbs: ALL_OF_A_CHILD,
    reason:
      "reconciles Services, and makes those of dedicated tenants: get when one is there already, so that a stranger's is not taken over",
  },
  {
    group: GROUP,
    resources: ['services/finalizers'],
    verbs: ['update'],
    reason:
      'owns Deployments through them with blockOwnerDeletion, where OwnerReferencesPermissionEnforcement is on',
  },
  {
    group: '',
    resources: ['namespaces'],
    verbs: ALL_OF_A_CHILD,
    reason: 'gives each dedicated tenant a namespace of its own (admission policy: tenant-* only)',
  },
  {
    group: '',
    resources: ['secrets'],
    verbs: ALL_OF_A_CHILD,
    reason:
      "keeps each tenant's admin key and database login beside its Pods, and reads the merchant's payment keys; namespaces come and go, and RBAC knows no label (docs/decisions/0014)",
  },
  {
    group: '',
    resources: ['resourcequotas', 'limitranges'],
    verbs: ALL_OF_A_CHILD,
    reason: "bounds what may run in a dedicated tenant's namespace",
  },
  {
    group: '',
    resources: ['serviceaccounts', 'services'],
    verbs: ALL_OF_A_CHILD,
    reason:
      'gives each Service (shopmind.ai) an identity and an address, and one to its canary as long as that lasts',
  },
  {
    group: '',
    resources: ['events'],
    verbs: ['create', 'patch'],
    reason: 'tells people what happens to their objects; patch counts repetitions',
  },
  {
    group: 'apps',
    resources: ['deployments'],
    verbs: ALL_OF_A_CHILD,
    reason: 'runs each Service (shopmind.ai), and its canary as long as that lasts',
  },
  {
    group: 'apps',
    resources: ['controllerrevisions'],
    verbs: ALL_OF_A_CHILD,
    reason: 'keeps the Pod templates that a canary may have to go back to',
  },
  {
    group: 'discovery.k8s.io',
    resources: ['endpointslices'],
    verbs: ['list'],
    ...system,
    reason: "asks each gateway what became of a canary's requests",
  },
  {
    group: 'autoscaling',
    resources: ['horizontalpodautoscalers'],
    verbs: ALL_OF_A_CHILD,
    reason: 'scales a Service between its bounds; removes the autoscaler when there is nothing to scale',
  },
  {
    group: 'policy',
    resources: ['poddisruptionbudgets'],
    verbs: ALL_OF_A_CHILD,
    reason: 'keeps a Pod running through drains; removes the budget when there is one Pod only',
  },
  {
    group: 'batch',
    resources: ['cronjobs'],
    verbs: ALL_OF_A_CHILD,
    reason: 'backs up the tenants of a Service; removes the schedule when backups are switched off',
  },
  {
    group: 'batch',
    resources: ['jobs'],
    verbs: ALL_OF_A_CHILD,
    reason: 'has a backup, a restore or a drill done that somebody asked for, and notices those that failed',
  },
  {
    group: 'networking.k8s.io',
    resources: ['networkpolicies'],
    verbs: ALL_OF_A_CHILD,
    reason: "isolates a dedicated tenant's namespace",
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['httproutes', 'referencegrants'],
    verbs: ALL_OF_A_CHILD,
    reason: "leads a tenant's hosts to its Services, and takes them off the air first when it is deleted",
  },
  {
    group: 'apiextensions.k8s.io',
    resources: ['customresourcedefinitions'],
    verbs: READ,
    reason: 'notices which of the kinds below the cluster has, when they come and when they go',
  },
  {
    group: 'monitoring.coreos.com',
    resources: ['servicemonitors'],
    verbs: ALL_OF_A_CHILD,
    optional: true,
    reason: 'shows Prometheus the metrics of each Service',
  },
  {
    group: 'security.istio.io',
    resources: ['peerauthentications', 'authorizationpolicies'],
    verbs: ALL_OF_A_CHILD,
    optional: true,
    reason: 'lets only the gateway, the operator and neighbours call a dedicated tenant, by mutual TLS',
  },
  {
    group: 'networking.istio.io',
    resources: ['destinationrules', 'virtualservices'],
    verbs: ALL_OF_A_CHILD,
    optional: true,
    reason: 'breaks the circuit to Pods that fail, and retries what was surely not handled',
  },
  {
    group: 'argoproj.io',
    resources: ['rollouts', 'analysistemplates'],
    verbs: ALL_OF_A_CHILD,
    optional: true,
    reason: 'has Argo Rollouts deliver a Service (shopmind.ai) that asks for it',
  },
  {
    group: 'keda.sh',
    resources: ['scaledobjects'],
    verbs: ALL_OF_A_CHILD,
    optional: true,
    reason: 'scales Services that ask for KEDA',
  },
  {
    group: 'external-secrets.io',
    resources: ['externalsecrets'],
    verbs: ALL_OF_A_CHILD,
    optional: true,
    reason: "fetches merchants' payment keys from the platform's secret store",
  },
  {
    group: '',
    resources: ['configmaps'],
    verbs: READ,
    names: ['platform'],
    ...system,
    reason: "follows the platform's configuration",
  },
  {
    group: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['create'],
    ...system,
    reason: 'makes the lease of its leader election (a name cannot be demanded of a creation)',
  },
  {
    group: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'update'],
    names: [LEASE],
    ...system,
    reason: 'takes and renews the lease',
  },
  {
    group: 'admissionregistration.k8s.io',
    resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
    verbs: ['get', 'patch'],
    names: [WEBHOOK_CONFIGURATION],
    reason: 'writes the authority of its certificates into its own configurations',
  },
  {
    group: 'apiextensions.k8s.io',
    resources: ['customresourcedefinitions'],
    verbs: ['get', 'patch'],
    names: [`shopmindtenants.${GROUP}`, `services.${GROUP}`],
    reason: 'writes the authority of its certificates into the conversion of its own kinds',
  },
];

/** The gateway reads routes and where Pods are, and says which routes it has taken. */
export const GATEWAY_GRANTS: readonly Grant[] = [
  {
    group: 'gateway.networking.k8s.io',
    resources: ['httproutes', 'referencegrants'],
    verbs: READ,
    reason: 'serves the routes of every namespace that may attach to its Gateway',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['gatewayclasses'],
    verbs: READ,
    reason: 'knows which Gateways are its own',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['gateways'],
    verbs: READ,
    ...system,
    reason: 'knows which Gateways are its own',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['httproutes/status', 'gatewayclasses/status'],
    verbs: ['patch'],
    reason: 'says which routes it has taken, and why not the others',
  },
  {
    group: 'gateway.networking.k8s.io',
    resources: ['gateways/status'],
    verbs: ['patch'],
    ...system,
    reason: 'says that it listens',
  },
  {
    group: '',
    resources: ['services'],
    verbs: READ,
    reason: 'tells a route to a Service that does not exist from one without Pods',
  },
  {
    group: 'discovery.k8s.io',
    resources: ['endpointslices'],
    verbs: READ,
    reason: 'balances over ready Pods by itself',
  },
];

/** The rules of a role: of the ClusterRole, or of the Role in `namespace`. */
export function rulesOf(grants: readonly Grant[], namespace?: string): k8s.PolicyRule[] {
  return grants
    .filter((grant) => grant.namespace === namespace)
    .map(({ group, resources, verbs, names }) => ({
      apiGroups: [group],
      resources: [...resources],
      verbs: [...verbs],
      ...(names === undefined ? {} : { resourceNames: [...names] }),
    }));
}
