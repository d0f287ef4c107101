/**
 * What an installation consists of: namespace, permissions, operator, gateway, and the pool's Services.
 * The same objects on a real cluster and on the embedded one; only the values and the place differ.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { API_VERSION, CONVERSION, DOMAINS, LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { operatorBounds } from './operator-bounds.ts';
import { GATEWAY_GRANTS, OPERATOR_GRANTS, rulesOf } from './permissions.ts';
import type { Grant } from './permissions.ts';
import { ADMIN_PORT, nightly, RUNTIME, RUNTIME_PORT } from './presets.ts';
import { GATEWAY_NAME, STOREFRONT } from './route.ts';
import { systemNetwork } from './system-network.ts';
import type { InstallValues } from './values.ts';
import { webhooks } from './webhooks.ts';
import { adminProbes, baseEnv, restricted } from './workload.ts';

/** Where the installation stands. */
export interface Place {
  /**
   * On one machine, in the embedded cluster: the gateway listens at 127.0.0.1 of that machine, nothing is evicted, and
   * what a real cluster isolates is not isolated.
   */
  readonly onThisMachine?: boolean;
}

/** The user of every image of ours that runs in the system namespace; any number above 10000 that no node uses. */
const UID = 65_532;
const WEBHOOK_PORT = CONVERSION.port;

/** Everything but the CRDs and the configuration, in an order that can be applied from top to bottom. */
export function installManifests(values: InstallValues, place: Place = {}): readonly Manifest[] {
  const onThisMachine = place.onThisMachine === true;
  return manifests((chart) => {
    namespace(chart, onThisMachine);
    permissions(chart, 'operator', OPERATOR_GRANTS);
    permissions(chart, 'gateway', GATEWAY_GRANTS);
    if (values.admissionPolicy.enabled) operatorBounds(chart);
    webhooks(chart);
    if (values.networkPolicies.enabled) systemNetwork(chart, values);
    operator(chart, values, onThisMachine);
    gateway(chart, values, onThisMachine);
    if (values.serviceMonitor.enabled) monitor(chart);
    pool(chart);
    if (values.storefront.enabled) storefront(chart, values);
  });
}

function namespace(chart: Chart, onThisMachine: boolean): void {
  const level = 'restricted';
  new k8s.KubeNamespace(chart, 'namespace', {
    metadata: {
      name: SYSTEM_NAMESPACE,
      labels: {
        ...ownLabels(SYSTEM_NAMESPACE),
        // On one's own machine the database keeps its data in a folder of the host.
        ...(onThisMachine
          ? {}
          : {
              'pod-security.kubernetes.io/enforce': level,
              'pod-security.kubernetes.io/audit': level,
              'pod-security.kubernetes.io/warn': level,
            }),
      },
      // It holds the key that opens every tenant's secrets: whoever uninstalls a Helm release must not lose it.
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
  });
}

/** A ServiceAccount with a ClusterRole for what is cluster-wide and a Role for what is not. */
function permissions(chart: Chart, name: string, grants: readonly Grant[]): void {
  const labels = ownLabels(name);
  const roleName = `shopmind-${name}`;
  const rbac = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'ServiceAccount', name, namespace: SYSTEM_NAMESPACE }];
  new k8s.KubeServiceAccount(chart, `${name}-account`, {
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels },
    // Its Pods ask for the token themselves; whatever else runs under it by mistake gets none.
    automountServiceAccountToken: false,
  });
  new k8s.KubeClusterRole(chart, `${name}-cluster-role`, {
    metadata: { name: roleName, labels },
    rules: rulesOf(grants),
  });
  new k8s.KubeClusterRoleBinding(chart, `${name}-cluster-binding`, {
    metadata: { name: roleName, labels },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: roleName },
    subjects,
  });
  const metadata = { name: roleName, namespace: SYSTEM_NAMESPACE, labels };
  new k8s.KubeRole(chart, `${name}-role`, { metadata, rules: rulesOf(grants, SYSTEM_NAMESPACE) });
  new k8s.KubeRoleBinding(chart, `${name}-binding`, {
    metadata,
    roleRef: { apiGroup: rbac, kind: 'Role', name: roleName },
    subjects,
  });
}

/** The operator answers admission reviews on 9443; its Service is what the webhook configuration names. */
function operator(chart: Chart, values: InstallValues, onThisMachine: boolean): void {
  const name = 'operator';
  const { claim, path } = values.blobs;
  const blobs = 'blobs';
  process(chart, name, values.operator, values, onThisMachine, {
    terminationGracePeriodSeconds: 10,
    ...(claim === ''
      ? {}
      : { pod: { volumes: [{ name: blobs, persistentVolumeClaim: { claimName: claim } }] } }),
    container: {
      ...(claim === '' ? {} : { volumeMounts: [{ name: blobs, mountPath: path }] }),
      ports: [
        { name: 'webhook', containerPort: WEBHOOK_PORT },
        { name: 'admin', containerPort: ADMIN_PORT },
      ],
      env: [
        ...baseEnv(WEBHOOK_PORT),
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'LOG_LEVEL', value: values.logLevel },
        { name: 'RUNTIME_IMAGE', value: imageOf('runtime', values) },
        { name: 'RECOVERY_IMAGE', value: imageOf('recovery', values) },
        { name: 'IMAGE_PULL_POLICY', value: values.image.pullPolicy },
        { name: 'GATEWAY_PORT', value: String(values.gateway.port) },
        ...tracesEnv(),
      ],
      ...adminProbes(),
    },
  });
  // The API server calls webhooks at a cluster address only: without one every tenant's change would be refused.
  service(chart, name, { webhook: WEBHOOK_PORT, admin: ADMIN_PORT }, { clusterAddress: true });
}

function gateway(chart: Chart, values: InstallValues, onThisMachine: boolean): void {
  const name = 'gateway';
  const { port, service: outside } = values.gateway;
  const labels = ownLabels(name);
  // On the machine's own address every installation needs an admin port of its own.
  const adminPort = onThisMachine ? (port > 50_000 ? port - 10_000 : port + 10_000) : ADMIN_PORT;
  new ApiObject(chart, 'gateway-class', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: GATEWAY_NAME, labels },
    spec: { controllerName: 'shopmind.ai/gateway' },
  });
  new ApiObject(chart, 'gateway-object', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: GATEWAY_NAME, namespace: SYSTEM_NAMESPACE, labels },
    spec: {
      gatewayClassName: GATEWAY_NAME,
      listeners: [{ name: 'http', port, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }],
    },
  });
  process(chart, name, values.gateway, values, onThisMachine, {
    terminationGracePeriodSeconds: 30,
    pod: onThisMachine ? { hostNetwork: true } : {},
    // On the machine's own port two gateways cannot stand side by side.
    ...(onThisMachine ? { strategy: { type: 'Recreate' } } : {}),
    container: {
      ports: [
        { name: 'http', containerPort: port },
        { name: 'admin', containerPort: adminPort },
      ],
      env: [
        ...baseEnv(port, adminPort),
        { name: 'LOG_LEVEL', value: values.logLevel },
        { name: 'FORWARDED_PROTO', value: values.gateway.forwardedProto },
        { name: 'TRUSTED_PROXIES', value: values.gateway.trustedProxies },
        // Absent: each gateway counts a shop's requests by itself.
        {
          name: LIMITS_URL,
          valueFrom: { secretKeyRef: { name: GATEWAY_SECRET, key: LIMITS_URL, optional: true } },
        },
        ...tracesEnv(),
        // Balancers and kube-proxy go on sending for a while to a Pod that is ending.
        { name: 'DRAIN_DELAY_MS', value: onThisMachine ? '0' : '5000' },
      ],
      ...adminProbes(adminPort),
    },
  });
  service(chart, name, { http: port, admin: adminPort });
  if (onThisMachine) return;
  new k8s.KubeService(chart, 'gateway-public', {
    metadata: {
      name: 'gateway-public',
      namespace: SYSTEM_NAMESPACE,
      labels,
      ...present('annotations', outside.annotations),
    },
    spec: {
      type: outside.type,
      selector: { [LABELS.name]: name },
      ports: [{ name: 'http', port: outside.port, targetPort: k8s.IntOrString.fromString('http') }],
    },
  });
}

/** Made by whoever installs: it holds the gateways' own login at a Redis. */
const GATEWAY_SECRET = 'gateway';
const LIMITS_URL = 'LIMITS_URL';
/** As the runtimes have them; absent: nothing is traced. */
function tracesEnv(): k8s.EnvVar[] {
  return ['TRACES_URL', 'TRACES_RATIO'].map((key) => ({
    name: key,
    valueFrom: { configMapKeyRef: { name: 'platform', key, optional: true } },
  }));
}

interface ProcessShape {
  readonly terminationGracePeriodSeconds: number;
  readonly container: Pick<
    k8s.Container,
    'ports' | 'env' | 'startupProbe' | 'readinessProbe' | 'livenessProbe' | 'volumeMounts'
  >;
  readonly pod?: Partial<k8s.PodSpec>;
  readonly strategy?: k8s.DeploymentStrategy;
}

/** A process of the platform that speaks to the API server: Deployment and disruption budget. */
function process(
  chart: Chart,
  name: 'operator' | 'gateway',
  chosen: InstallValues['operator'],
  values: InstallValues,
  onThisMachine: boolean,
  shape: ProcessShape,
): void {
  const labels = ownLabels(name);
  const metadata = { name, namespace: SYSTEM_NAMESPACE, labels };
  const selector = { matchLabels: { [LABELS.name]: name } };
  new k8s.KubeDeployment(chart, name, {
    metadata,
    spec: {
      replicas: chosen.replicas,
      revisionHistoryLimit: 3,
      selector,
      strategy: shape.strategy ?? {
        type: 'RollingUpdate',
        rollingUpdate: {
          maxSurge: k8s.IntOrString.fromNumber(1),
          maxUnavailable: k8s.IntOrString.fromNumber(0),
        },
      },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: shape.terminationGracePeriodSeconds,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: UID,
            runAsGroup: UID,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          ...(onThisMachine ? {} : apart(selector)),
          ...present('nodeSelector', chosen.nodeSelector),
          ...present('tolerations', chosen.tolerations),
          ...shape.pod,
          containers: [
            {
              name,
              image: imageOf(name, values),
              imagePullPolicy: values.image.pullPolicy,
              ...shape.container,
              resources: {
                // Nothing is written but the log, which the kubelet turns at 50 MiB.
                requests: {
                  ...quantities(chosen.resources.cpu, chosen.resources.memory),
                  'ephemeral-storage': quantity('64Mi'),
                },
                limits: {
                  memory: quantity(chosen.resources.memoryLimit),
                  'ephemeral-storage': quantity('256Mi'),
                },
              },
              securityContext: { ...restricted(), readOnlyRootFilesystem: true },
            },
          ],
        },
      },
    },
  });
  if (onThisMachine) return;
  new k8s.KubePodDisruptionBudget(chart, `${name}-budget`, {
    metadata,
    // Of one replica too: it may go, but never two at once.
    spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector },
  });
}

/** Replicas on different nodes and in different zones, where there are any; a small cluster still runs both. */
function apart(selector: k8s.LabelSelector): Pick<k8s.PodSpec, 'affinity' | 'topologySpreadConstraints'> {
  const spread = (topologyKey: string): k8s.TopologySpreadConstraint => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: selector,
  });
  return {
    topologySpreadConstraints: [spread('topology.kubernetes.io/zone'), spread('kubernetes.io/hostname')],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: selector },
          },
        ],
      },
    },
  };
}

/** A headless Service unless said otherwise: its name answers with Pod addresses, so that no proxy stands between. */
function service(
  chart: Chart,
  name: string,
  ports: Readonly<Record<string, number>>,
  { clusterAddress = false } = {},
): void {
  new k8s.KubeService(chart, `${name}-service`, {
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels: ownLabels(name) },
    spec: {
      ...(clusterAddress ? {} : { clusterIp: 'None' }),
      selector: { [LABELS.name]: name },
      ports: Object.entries(ports).map(([portName, port]) => ({
        name: portName,
        port,
        targetPort: k8s.IntOrString.fromString(portName),
      })),
    },
  });
}

/** For Prometheus Operator, whose CRD must be there. */
function monitor(chart: Chart): void {
  new ApiObject(chart, 'monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'shopmind', namespace: SYSTEM_NAMESPACE, labels: ownLabels('shopmind') },
    spec: {
      selector: { matchExpressions: [{ key: LABELS.name, operator: 'In', values: ['operator', 'gateway'] }] },
      endpoints: [{ port: 'admin', path: '/metrics' }],
    },
  });
}

/** The pool: one Service that serves every pooled tenant. */
function pool(chart: Chart): void {
  new ApiObject(chart, 'pool', {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: { name: RUNTIME, namespace: SYSTEM_NAMESPACE, labels: ownLabels(RUNTIME, undefined, RUNTIME) },
    spec: {
      domains: DOMAINS,
      port: RUNTIME_PORT,
      // Every pooled tenant by itself, one after the other.
      backup: { schedule: nightly('pool'), keep: 7 },
    },
  });
}

function storefront(chart: Chart, values: InstallValues): void {
  const { name, port } = STOREFRONT;
  const origin = values.storefront.paymentsPublicOrigin;
  new ApiObject(chart, 'storefront', {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels: ownLabels(name, undefined, name) },
    spec: {
      image: imageOf('storefront', values),
      port,
      health: { path: '/readyz', port: ADMIN_PORT },
      resources: { cpu: '100m', memory: '512Mi' },
      ...(origin === '' ? {} : { env: [{ name: 'PAYMENTS_PUBLIC_ORIGIN', value: origin }] }),
    },
  });
}

function imageOf(name: string, { image }: InstallValues): string {
  return `${image.registry}shopmind/${name}:${image.tag}`;
}

/** As it was given: `0.5` stays `0.5`. */
function quantity(text: string): k8s.Quantity {
  return k8s.Quantity.fromString(text);
}

function quantities(cpu: string, memory: string): Record<string, k8s.Quantity> {
  return { cpu: quantity(cpu), memory: quantity(memory) };
}

/** The field, unless it says nothing. */
function present<K extends string, V extends object>(name: K, value: V): Partial<Record<K, V>> {
  if (Object.keys(value).length === 0) return {};
  // A computed name widens to string; it is K.
  return { [name]: value } as Partial<Record<K, V>>;
}
