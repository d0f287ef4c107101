/** The built-in resources, as data: what discovery lists and what the registry needs to know of each. */
import type { Subject } from './errors.ts';

export type Path = readonly string[];

export interface Subresource {
  readonly name: string;
  readonly kind: string;
  /** Group and version of the kind where they are not the resource's own. */
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

/** A resource in one version, built in or made by a CustomResourceDefinition. */
export interface ResourceType extends Subject {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** Where its objects are kept: `group/plural`, the same for all versions. */
  readonly storage: string;
  /** Version its objects are written in. */
  readonly storageVersion: string;
  /** Whether `metadata.generation` counts changes of the spec. */
  readonly generation: boolean;
  /** Whether a client may give a status when it creates the object. */
  readonly statusOnCreate: boolean;
  /** Fields that field selectors may name, beside metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, Path>>;
  /** Whether it comes from a CustomResourceDefinition. */
  readonly custom: boolean;
}

interface Row {
  readonly plural: string;
  readonly kind: string;
  readonly singular?: string;
  readonly namespaced?: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly string[];
  readonly status?: boolean;
  readonly scale?: boolean;
  readonly subresources?: readonly Subresource[];
  readonly generation?: boolean;
  readonly statusOnCreate?: boolean;
  readonly fields?: readonly string[];
  /** Storage of another group's resource, where both are views of the same objects. */
  readonly storage?: string;
  readonly storageVersion?: string;
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly rows: readonly Row[];
}

export const ALL_VERBS: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];
const STATUS_VERBS: readonly string[] = ['get', 'patch', 'update'];
const CREATE_ONLY: readonly string[] = ['create'];
const WORKLOAD: Pick<Row, 'categories' | 'status' | 'generation'> = {
  categories: ['all'],
  status: true,
  generation: true,
};
const EVENT_FIELDS: readonly string[] = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];

const GROUP_VERSIONS: readonly GroupVersion[] = [
  {
    group: '',
    version: 'v1',
    rows: [
      { plural: 'bindings', kind: 'Binding', verbs: CREATE_ONLY },
      { plural: 'configmaps', kind: 'ConfigMap', shortNames: ['cm'] },
      { plural: 'endpoints', kind: 'Endpoints', singular: 'endpoints', shortNames: ['ep'] },
      { plural: 'events', kind: 'Event', shortNames: ['ev'], fields: EVENT_FIELDS },
      { plural: 'limitranges', kind: 'LimitRange', shortNames: ['limits'] },
      {
        plural: 'namespaces',
        kind: 'Namespace',
        namespaced: false,
        shortNames: ['ns'],
        status: true,
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
        subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
        fields: ['status.phase'],
      },
      {
        plural: 'nodes',
        kind: 'Node',
        namespaced: false,
        shortNames: ['no'],
        status: true,
        statusOnCreate: true,
        fields: ['spec.unschedulable'],
      },
      {
        plural: 'persistentvolumeclaims',
        kind: 'PersistentVolumeClaim',
        shortNames: ['pvc'],
        status: true,
      },
      {
        plural: 'persistentvolumes',
        kind: 'PersistentVolume',
        namespaced: false,
        shortNames: ['pv'],
        status: true,
      },
      {
        plural: 'pods',
        kind: 'Pod',
        shortNames: ['po'],
        categories: ['all'],
        status: true,
        generation: true,
        subresources: [
          { name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
          { name: 'binding', kind: 'Binding', verbs: CREATE_ONLY },
          { name: 'ephemeralcontainers', kind: 'Pod', verbs: STATUS_VERBS },
          { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: CREATE_ONLY },
          { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
          { name: 'log', kind: 'Pod', verbs: ['get'] },
          { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
          { name: 'resize', kind: 'Pod', verbs: STATUS_VERBS },
        ],
        fields: [
          'spec.nodeName',
          'spec.restartPolicy',
          'spec.schedulerName',
          'spec.serviceAccountName',
          'spec.hostNetwork',
          'status.phase',
          'status.podIP',
          'status.nominatedNodeName',
        ],
      },
      { plural: 'podtemplates', kind: 'PodTemplate' },
      {
        plural: 'replicationcontrollers',
        kind: 'ReplicationController',
        shortNames: ['rc'],
        ...WORKLOAD,
        scale: true,
        fields: ['status.replicas'],
      },
      { plural: 'resourcequotas', kind: 'ResourceQuota', shortNames: ['quota'], status: true },
      { plural: 'secrets', kind: 'Secret', fields: ['type'] },
      {
        plural: 'serviceaccounts',
        kind: 'ServiceAccount',
        shortNames: ['sa'],
        subresources: [
          {
            name: 'token',
            kind: 'TokenRequest',
            group: 'authentication.k8s.io',
            version: 'v1',
            verbs: CREATE_ONLY,
          },
        ],
      },
      {
        plural: 'services',
        kind: 'Service',
        shortNames: ['svc'],
        categories: ['all'],
        status: true,
        fields: ['spec.clusterIP', 'spec.type'],
      },
    ],
  },
  {
    group: 'apps',
    version: 'v1',
    rows: [
      { plural: 'controllerrevisions', kind: 'ControllerRevision' },
      { plural: 'daemonsets', kind: 'DaemonSet', shortNames: ['ds'], ...WORKLOAD },
      { plural: 'deployments', kind: 'Deployment', shortNames: ['deploy'], ...WORKLOAD, scale: true },
      {
        plural: 'replicasets',
        kind: 'ReplicaSet',
        shortNames: ['rs'],
        ...WORKLOAD,
        scale: true,
        fields: ['status.replicas'],
      },
      { plural: 'statefulsets', kind: 'StatefulSet', shortNames: ['sts'], ...WORKLOAD, scale: true },
    ],
  },
  {
    group: 'batch',
    version: 'v1',
    rows: [
      { plural: 'cronjobs', kind: 'CronJob', shortNames: ['cj'], ...WORKLOAD },
      { plural: 'jobs', kind: 'Job', ...WORKLOAD, fields: ['status.successful'] },
    ],
  },
  {
    group: 'autoscaling',
    version: 'v2',
    rows: [
      {
        plural: 'horizontalpodautoscalers',
        kind: 'HorizontalPodAutoscaler',
        shortNames: ['hpa'],
        categories: ['all'],
        status: true,
      },
    ],
  },
  {
    group: 'autoscaling',
    version: 'v1',
    rows: [
      {
        plural: 'horizontalpodautoscalers',
        kind: 'HorizontalPodAutoscaler',
        shortNames: ['hpa'],
        categories: ['all'],
        status: true,
        storageVersion: 'v2',
      },
    ],
  },
  {
    group: 'policy',
    version: 'v1',
    rows: [
      {
        plural: 'poddisruptionbudgets',
        kind: 'PodDisruptionBudget',
        shortNames: ['pdb'],
        status: true,
        generation: true,
      },
    ],
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    rows: [
      { plural: 'ingressclasses', kind: 'IngressClass', namespaced: false, generation: true },
      { plural: 'ingresses', kind: 'Ingress', shortNames: ['ing'], status: true, generation: true },
      { plural: 'networkpolicies', kind: 'NetworkPolicy', shortNames: ['netpol'], generation: true },
    ],
  },
  {
    group: 'discovery.k8s.io',
    version: 'v1',
    rows: [{ plural: 'endpointslices', kind: 'EndpointSlice', generation: true }],
  },
  {
    group: 'coordination.k8s.io',
    version: 'v1',
    rows: [{ plural: 'leases', kind: 'Lease' }],
  },
  {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    rows: [
      { plural: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false },
      { plural: 'clusterroles', kind: 'ClusterRole', namespaced: false },
      { plural: 'rolebindings', kind: 'RoleBinding' },
      { plural: 'roles', kind: 'Role' },
    ],
  },
  {
    group: 'events.k8s.io',
    version: 'v1',
    rows: [
      {
        plural: 'events',
        kind: 'Event',
        shortNames: ['ev'],
        storage: '/events',
        storageVersion: 'v1',
        fields: [
          'metadata.name',
          'reason',
          'type',
          'reportingController',
          'regarding.kind',
          'regarding.namespace',
          'regarding.name',
          'regarding.uid',
          'regarding.apiVersion',
          'regarding.resourceVersion',
          'regarding.fieldPath',
        ],
      },
    ],
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    rows: [
      {
        plural: 'customresourcedefinitions',
        kind: 'CustomResourceDefinition',
        namespaced: false,
        shortNames: ['crd', 'crds'],
        categories: ['api-extensions'],
        status: true,
        generation: true,
      },
    ],
  },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    rows: [
      {
        plural: 'mutatingwebhookconfigurations',
        kind: 'MutatingWebhookConfiguration',
        namespaced: false,
        categories: ['api-extensions'],
        generation: true,
      },
      {
        plural: 'validatingwebhookconfigurations',
        kind: 'ValidatingWebhookConfiguration',
        namespaced: false,
        categories: ['api-extensions'],
        generation: true,
      },
    ],
  },
  {
    group: 'storage.k8s.io',
    version: 'v1',
    rows: [
      { plural: 'csidrivers', kind: 'CSIDriver', namespaced: false, generation: true },
      { plural: 'csinodes', kind: 'CSINode', namespaced: false },
      { plural: 'csistoragecapacities', kind: 'CSIStorageCapacity' },
      { plural: 'storageclasses', kind: 'StorageClass', namespaced: false, shortNames: ['sc'] },
      { plural: 'volumeattachments', kind: 'VolumeAttachment', namespaced: false, status: true },
    ],
  },
  {
    group: 'node.k8s.io',
    version: 'v1',
    rows: [{ plural: 'runtimeclasses', kind: 'RuntimeClass', namespaced: false }],
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    rows: [
      {
        plural: 'certificatesigningrequests',
        kind: 'CertificateSigningRequest',
        namespaced: false,
        shortNames: ['csr'],
        status: true,
        subresources: [{ name: 'approval', kind: 'CertificateSigningRequest', verbs: STATUS_VERBS }],
        fields: ['spec.signerName'],
      },
    ],
  },
  {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    rows: [
      {
        plural: 'apiservices',
        kind: 'APIService',
        namespaced: false,
        statusOnCreate: true,
        categories: ['api-extensions'],
        status: true,
      },
    ],
  },
  {
    group: 'scheduling.k8s.io',
    version: 'v1',
    rows: [
      {
        plural: 'priorityclasses',
        kind: 'PriorityClass',
        namespaced: false,
        shortNames: ['pc'],
        generation: true,
      },
    ],
  },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    rows: [
      { plural: 'selfsubjectreviews', kind: 'SelfSubjectReview', namespaced: false, verbs: CREATE_ONLY },
      { plural: 'tokenreviews', kind: 'TokenReview', namespaced: false, verbs: CREATE_ONLY },
    ],
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    rows: [
      { plural: 'localsubjectaccessreviews', kind: 'LocalSubjectAccessReview', verbs: CREATE_ONLY },
      {
        plural: 'selfsubjectaccessreviews',
        kind: 'SelfSubjectAccessReview',
        namespaced: false,
        verbs: CREATE_ONLY,
      },
      {
        plural: 'selfsubjectrulesreviews',
        kind: 'SelfSubjectRulesReview',
        namespaced: false,
        verbs: CREATE_ONLY,
      },
      { plural: 'subjectaccessreviews', kind: 'SubjectAccessReview', namespaced: false, verbs: CREATE_ONLY },
    ],
  },
  {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    rows: [
      {
        plural: 'nodes',
        kind: 'NodeMetrics',
        singular: 'node',
        namespaced: false,
        verbs: ['get', 'list'],
        storage: 'metrics.k8s.io/nodes',
      },
      {
        plural: 'pods',
        kind: 'PodMetrics',
        singular: 'pod',
        verbs: ['get', 'list'],
        storage: 'metrics.k8s.io/pods',
      },
    ],
  },
];

/** Every built-in resource, in the order discovery lists them. */
export const BUILT_IN: readonly ResourceType[] = GROUP_VERSIONS.flatMap(({ group, version, rows }) =>
  rows.map((row) => typeOf(group, version, row)),
);

function typeOf(group: string, version: string, row: Row): ResourceType {
  const subresources: Subresource[] = [...(row.subresources ?? [])];
  if (row.status) subresources.push({ name: 'status', kind: row.kind, verbs: STATUS_VERBS });
  if (row.scale)
    subresources.push({
      name: 'scale',
      kind: 'Scale',
      group: 'autoscaling',
      version: 'v1',
      verbs: STATUS_VERBS,
    });
  return {
    group,
    version,
    plural: row.plural,
    singular: row.singular ?? row.kind.toLowerCase(),
    kind: row.kind,
    listKind: `${row.kind}List`,
    namespaced: row.namespaced ?? true,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? ALL_VERBS,
    subresources: subresources.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    storage: row.storage ?? `${group}/${row.plural}`,
    storageVersion: row.storageVersion ?? version,
    generation: row.generation ?? false,
    statusOnCreate: row.statusOnCreate ?? false,
    selectableFields: Object.fromEntries((row.fields ?? []).map((name) => [name, name.split('.')])),
    custom: false,
  };
}

export const apiVersionOf = (type: { readonly group: string; readonly version: string }): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`;
