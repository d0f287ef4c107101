/** The columns of each kind, as kubectl users know them. */
import { at, fields, items, number, text, type Json, type KubeObject } from '../objects.ts';
import { selectorText } from '../scale.ts';
import { age, duration, none } from './cells.ts';
import { podCells } from './pod-cells.ts';
import type { Column } from './table.ts';

const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name,
};

const AGE: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was made.',
  cell: (object, now) => age(object.metadata.creationTimestamp, now),
};

type Cell = (object: KubeObject, now: Date) => Json;

const column = (name: string, cell: Cell, priority = 0): Column => ({ name, type: 'string', cell, priority });
const wide = (name: string, cell: Cell): Column => column(name, cell, 1);
const numeric = (name: string, cell: Cell): Column => ({ name, type: 'integer', cell });

const value =
  (...path: string[]): Cell =>
  (object) =>
    none(text(at(object, ...path)));
const figure =
  (...path: string[]): Cell =>
  (object) =>
    number(at(object, ...path)) ?? 0;
const size =
  (...path: string[]): Cell =>
  (object) => {
    const found = at(object, ...path);
    return Array.isArray(found) ? found.length : Object.keys(fields(found)).length;
  };

const templateContainers = (object: KubeObject) =>
  items(at(object, 'spec', 'template', 'spec', 'containers'));
const CONTAINERS = wide('Containers', (object) =>
  templateContainers(object)
    .map((one) => text(at(one, 'name')))
    .join(','),
);
const IMAGES = wide('Images', (object) =>
  templateContainers(object)
    .map((one) => text(at(one, 'image')))
    .join(','),
);
const SELECTOR = wide('Selector', (object) => none(selectorText(at(object, 'spec', 'selector'))));

const REPLICAS: readonly Column[] = [
  numeric('Desired', figure('spec', 'replicas')),
  numeric('Current', figure('status', 'replicas')),
  numeric('Ready', figure('status', 'readyReplicas')),
  AGE,
  CONTAINERS,
  IMAGES,
  SELECTOR,
];

const seconds = (from: string, to: Date): number => Math.floor((to.getTime() - Date.parse(from)) / 1_000);
const since =
  (...path: string[]): Cell =>
  (object, now) => {
    const moment = text(at(object, ...path));
    return moment === '' ? '<none>' : duration(seconds(moment, now));
  };

/** Columns between Name and Age; `AGE` where the kind shows its age before its wide columns. */
const BETWEEN: Readonly<Record<string, readonly Column[]>> = {
  '/pods': [
    column('Ready', (pod) => podCells(pod).ready),
    column('Status', (pod) => podCells(pod).status),
    column('Restarts', (pod, now) => podCells(pod, now).restarts),
    AGE,
    wide('IP', (pod) => none(text(at(pod, 'status', 'podIP')))),
    wide('Node', value('spec', 'nodeName')),
    wide('Nominated Node', value('status', 'nominatedNodeName')),
    wide('Readiness Gates', () => '<none>'),
  ],
  '/services': [
    column('Type', value('spec', 'type')),
    column('Cluster-IP', value('spec', 'clusterIP')),
    column('External-IP', (service) => text(at(service, 'spec', 'externalName')) || '<none>'),
    column('Port(s)', portsCell),
    AGE,
    SELECTOR,
  ],
  '/namespaces': [column('Status', value('status', 'phase')), AGE],
  '/nodes': [
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    AGE,
    column('Version', value('status', 'nodeInfo', 'kubeletVersion')),
    wide('Internal-IP', (node) => addressOf(node, 'InternalIP')),
    wide('External-IP', (node) => addressOf(node, 'ExternalIP')),
    wide('OS-Image', value('status', 'nodeInfo', 'osImage')),
    wide('Kernel-Version', value('status', 'nodeInfo', 'kernelVersion')),
    wide('Container-Runtime', value('status', 'nodeInfo', 'containerRuntimeVersion')),
  ],
  '/configmaps': [
    numeric('Data', (map) => Object.keys({ ...fields(map['data']), ...fields(map['binaryData']) }).length),
    AGE,
  ],
  '/secrets': [column('Type', value('type')), numeric('Data', size('data')), AGE],
  '/serviceaccounts': [numeric('Secrets', size('secrets')), AGE],
  '/endpoints': [column('Endpoints', endpointsCell), AGE],
  '/persistentvolumeclaims': [
    column('Status', value('status', 'phase')),
    column('Volume', (claim) => text(at(claim, 'spec', 'volumeName'))),
    column('Capacity', (claim) => text(at(claim, 'status', 'capacity', 'storage'))),
    column('Access Modes', (claim) =>
      items(at(claim, 'status', 'accessModes'))
        .map(shortMode)
        .join(','),
    ),
    column('StorageClass', (claim) => text(at(claim, 'spec', 'storageClassName'))),
    AGE,
  ],
  'apps/deployments': [
    column(
      'Ready',
      (object) =>
        `${number(at(object, 'status', 'readyReplicas')) ?? 0}/${number(at(object, 'spec', 'replicas')) ?? 0}`,
    ),
    numeric('Up-to-date', figure('status', 'updatedReplicas')),
    numeric('Available', figure('status', 'availableReplicas')),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  'apps/replicasets': REPLICAS,
  '/replicationcontrollers': REPLICAS,
  'apps/statefulsets': [
    column(
      'Ready',
      (object) =>
        `${number(at(object, 'status', 'readyReplicas')) ?? 0}/${number(at(object, 'spec', 'replicas')) ?? 0}`,
    ),
    AGE,
    CONTAINERS,
    IMAGES,
  ],
  'apps/daemonsets': [
    numeric('Desired', figure('status', 'desiredNumberScheduled')),
    numeric('Current', figure('status', 'currentNumberScheduled')),
    numeric('Ready', figure('status', 'numberReady')),
    numeric('Up-to-date', figure('status', 'updatedNumberScheduled')),
    numeric('Available', figure('status', 'numberAvailable')),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  'batch/jobs': [
    column('Status', jobStatus),
    column(
      'Completions',
      (job) =>
        `${number(at(job, 'status', 'succeeded')) ?? 0}/${number(at(job, 'spec', 'completions')) ?? number(at(job, 'spec', 'parallelism')) ?? 1}`,
    ),
    column('Duration', jobDuration),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  'batch/cronjobs': [
    column('Schedule', value('spec', 'schedule')),
    column('Timezone', value('spec', 'timeZone')),
    column('Suspend', (cron) => (at(cron, 'spec', 'suspend') === true ? 'True' : 'False')),
    numeric('Active', size('status', 'active')),
    column('Last Schedule', since('status', 'lastScheduleTime')),
    AGE,
  ],
  'autoscaling/horizontalpodautoscalers': [
    column(
      'Reference',
      (object) =>
        `${text(at(object, 'spec', 'scaleTargetRef', 'kind'))}/${text(at(object, 'spec', 'scaleTargetRef', 'name'))}`,
    ),
    column('Targets', targetsCell),
    numeric('MinPods', figure('spec', 'minReplicas')),
    numeric('MaxPods', figure('spec', 'maxReplicas')),
    numeric('Replicas', figure('status', 'currentReplicas')),
    AGE,
  ],
  'discovery.k8s.io/endpointslices': [
    column('AddressType', value('addressType')),
    column('Ports', (slice) => shortened(items(slice['ports']).map((port) => number(at(port, 'port')) ?? 0))),
    column('Endpoints', (slice) =>
      shortened(
        items(slice['endpoints'])
          .flatMap((one) => [...items(at(one, 'addresses'))])
          .map(String),
      ),
    ),
    AGE,
  ],
  'coordination.k8s.io/leases': [column('Holder', (lease) => text(at(lease, 'spec', 'holderIdentity'))), AGE],
  'networking.k8s.io/ingresses': [
    column('Class', value('spec', 'ingressClassName')),
    column('Hosts', (ingress) =>
      items(at(ingress, 'spec', 'rules'))
        .map((rule) => text(at(rule, 'host')) || '*')
        .join(','),
    ),
    column('Address', () => ''),
    column('Ports', (ingress) => (items(at(ingress, 'spec', 'tls')).length > 0 ? '80, 443' : '80')),
    AGE,
  ],
  'networking.k8s.io/networkpolicies': [
    column('Pod-Selector', (policy) => none(selectorText(at(policy, 'spec', 'podSelector')))),
    AGE,
  ],
  'policy/poddisruptionbudgets': [
    column('Min Available', amount('spec', 'minAvailable')),
    column('Max Unavailable', amount('spec', 'maxUnavailable')),
    numeric('Allowed Disruptions', figure('status', 'disruptionsAllowed')),
    AGE,
  ],
  'rbac.authorization.k8s.io/rolebindings': [
    column('Role', roleCell),
    AGE,
    wide('Users', subjects('User')),
    wide('Groups', subjects('Group')),
    wide('ServiceAccounts', subjects('ServiceAccount')),
  ],
  'rbac.authorization.k8s.io/clusterrolebindings': [
    column('Role', roleCell),
    AGE,
    wide('Users', subjects('User')),
    wide('Groups', subjects('Group')),
    wide('ServiceAccounts', subjects('ServiceAccount')),
  ],
  'rbac.authorization.k8s.io/roles': [
    { name: 'Created At', type: 'date', cell: (object) => object.metadata.creationTimestamp },
  ],
  'rbac.authorization.k8s.io/clusterroles': [
    { name: 'Created At', type: 'date', cell: (object) => object.metadata.creationTimestamp },
  ],
  'apiextensions.k8s.io/customresourcedefinitions': [
    { name: 'Created At', type: 'date', cell: (object) => object.metadata.creationTimestamp },
  ],
  'admissionregistration.k8s.io/validatingwebhookconfigurations': [
    numeric('Webhooks', size('webhooks')),
    AGE,
  ],
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': [numeric('Webhooks', size('webhooks')), AGE],
  'apiregistration.k8s.io/apiservices': [
    column('Service', () => 'Local'),
    column('Available', (service) =>
      text(
        at(
          items(at(service, 'status', 'conditions')).find((one) => at(one, 'type') === 'Available'),
          'status',
        ),
      ),
    ),
    AGE,
  ],
  'storage.k8s.io/storageclasses': [
    column('Provisioner', value('provisioner')),
    column('ReclaimPolicy', value('reclaimPolicy')),
    column('VolumeBindingMode', value('volumeBindingMode')),
    column('AllowVolumeExpansion', (storage) => storage['allowVolumeExpansion'] === true),
    AGE,
  ],
};

const EVENT_COLUMNS: readonly Column[] = [
  column('Last Seen', (event, now) => {
    const moment =
      text(at(event, 'series', 'lastObservedTime')) ||
      text(event['lastTimestamp']) ||
      text(event['deprecatedLastTimestamp']) ||
      text(event['eventTime']);
    return moment === '' ? '<unknown>' : duration(seconds(moment, now));
  }),
  column('Type', value('type')),
  column('Reason', value('reason')),
  column('Object', (event) => {
    const about = fields(event['involvedObject'] ?? event['regarding']);
    return `${text(about['kind']).toLowerCase()}/${text(about['name'])}`;
  }),
  wide('Subobject', (event) => text(at(event['involvedObject'] ?? event['regarding'], 'fieldPath'))),
  wide(
    'Source',
    (event) =>
      text(at(event['source'] ?? event['deprecatedSource'], 'component')) ||
      text(event['reportingComponent'] ?? event['reportingController']),
  ),
  column('Message', (event) => text(event['message'] ?? event['note']).trim()),
  wide('First Seen', (event, now) => {
    const moment =
      text(event['firstTimestamp']) || text(event['deprecatedFirstTimestamp']) || text(event['eventTime']);
    return moment === '' ? '<unknown>' : duration(seconds(moment, now));
  }),
  wide('Count', (event) => number(event['count'] ?? event['deprecatedCount']) ?? 1),
  { ...NAME, priority: 1 },
];

const DEFAULT_COLUMNS: readonly Column[] = [NAME, AGE];

const BUILT: ReadonlyMap<string, readonly Column[]> = new Map([
  ...Object.entries(BETWEEN).map(([storage, columns]) => [storage, [NAME, ...columns]] as const),
  ['/events', EVENT_COLUMNS],
]);

/** The columns of a built-in resource, by where it is kept. */
export const builtInColumns = (storage: string): readonly Column[] => BUILT.get(storage) ?? DEFAULT_COLUMNS;

/** What stands around the columns of a custom resource. */
export const CUSTOM_FIRST = NAME;
export const CUSTOM_DEFAULT_LAST: Column = {
  name: 'Age',
  type: 'date',
  description: 'CreationTimestamp is a timestamp representing the server time when this object was created.',
  cell: (object, now) => age(object.metadata.creationTimestamp, now),
};

function portsCell(service: KubeObject): Json {
  const ports = items(at(service, 'spec', 'ports')).map((port) => {
    const nodePort = number(at(port, 'nodePort'));
    return `${number(at(port, 'port')) ?? 0}${nodePort === undefined ? '' : `:${nodePort}`}/${text(at(port, 'protocol'))}`;
  });
  return none(ports.join(','));
}

function endpointsCell(endpoints: KubeObject): Json {
  const all = items(endpoints['subsets']).flatMap((subset) => {
    const addresses = items(at(subset, 'addresses')).map((one) => text(at(one, 'ip')));
    const ports = items(at(subset, 'ports')).map((port) => number(at(port, 'port')));
    return ports.length === 0
      ? addresses
      : addresses.flatMap((address) => ports.map((port) => `${address}:${port ?? 0}`));
  });
  return shortened(all);
}

function shortened(list: readonly (string | number)[]): string {
  if (list.length === 0) return '<none>';
  const shown = list.slice(0, 3).join(',');
  return list.length > 3 ? `${shown} + ${list.length - 3} more...` : shown;
}

function nodeStatus(node: KubeObject): Json {
  const ready = items(at(node, 'status', 'conditions')).find(
    (condition) => at(condition, 'type') === 'Ready',
  );
  const state = ready === undefined ? 'Unknown' : at(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return at(node, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

const ROLE_LABEL = 'node-role.kubernetes.io/';

function nodeRoles(node: KubeObject): Json {
  const roles = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(ROLE_LABEL));
  return none(
    roles
      .map((label) => label.slice(ROLE_LABEL.length))
      .toSorted()
      .join(','),
  );
}

function addressOf(node: KubeObject, type: string): Json {
  const found = items(at(node, 'status', 'addresses')).find((address) => at(address, 'type') === type);
  return none(text(at(found, 'address')));
}

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const shortMode = (mode: Json): string => MODES[text(mode)] ?? text(mode);

function jobStatus(job: KubeObject): Json {
  const holds = (type: string) =>
    items(at(job, 'status', 'conditions')).some(
      (one) => at(one, 'type') === type && at(one, 'status') === 'True',
    );
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  if (holds('FailureTarget')) return 'FailureTarget';
  return 'Running';
}

function jobDuration(job: KubeObject, now: Date): Json {
  const start = text(at(job, 'status', 'startTime'));
  if (start === '') return '';
  const end = text(at(job, 'status', 'completionTime'));
  return duration(seconds(start, end === '' ? now : new Date(end)));
}

function targetsCell(autoscaler: KubeObject): Json {
  const current = items(at(autoscaler, 'status', 'currentMetrics'));
  const shown = items(at(autoscaler, 'spec', 'metrics')).map((metric, index) =>
    targetCell(metric, current[index]),
  );
  return none(shown.slice(0, 2).join(', ') + (shown.length > 2 ? ` + ${shown.length - 2} more...` : ''));
}

function targetCell(metric: Json, current: Json | undefined): string {
  const type = text(at(metric, 'type'));
  const source = type === '' ? 'resource' : type.charAt(0).toLowerCase() + type.slice(1);
  const target = fields(at(metric, source, 'target'));
  const now = fields(at(current, source, 'current'));
  const name = text(at(metric, source, 'name')) || text(at(metric, source, 'metric', 'name'));
  const prefix = type === 'Resource' ? `${name}: ` : '';
  const wanted = number(target['averageUtilization']);
  if (wanted !== undefined) {
    const used = number(now['averageUtilization']);
    return `${prefix}${used === undefined ? '<unknown>' : `${used}%`}/${wanted}%`;
  }
  const asked = text(target['averageValue']) || text(target['value']);
  const measured = text(now['averageValue']) || text(now['value']);
  return `${prefix}${measured || '<unknown>'}/${asked}`;
}

function amount(...path: string[]): Cell {
  return (object) => {
    const found = at(object, ...path);
    return found === undefined ? 'N/A' : String(found);
  };
}

function roleCell(binding: KubeObject): Json {
  return `${text(at(binding, 'roleRef', 'kind'))}/${text(at(binding, 'roleRef', 'name'))}`;
}

function subjects(kind: string): Cell {
  return (binding) =>
    items(binding['subjects'])
      .filter((subject) => at(subject, 'kind') === kind)
      .map((subject) =>
        kind === 'ServiceAccount'
          ? `${text(at(subject, 'namespace'))}/${text(at(subject, 'name'))}`
          : text(at(subject, 'name')),
      )
      .join(', ');
}
