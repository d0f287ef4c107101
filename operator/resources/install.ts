/**
 * What an installation consists of: namespace, permissions, operator, gateway, and the pool's Services.
 * The same objects on a real cluster and on the embedded one; only the options differ.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { API_VERSION, DOMAINS, GROUP, LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { GATEWAY_NAME, STOREFRONT } from './route.ts';
import { ADMIN_PORT, RUNTIME, RUNTIME_PORT } from './presets.ts';
import { adminProbes, baseEnv, quantities, restricted } from './workload.ts';

export interface InstallOptions {
  /** Prefix of our images, for example `registry.example.com/`; absent: `shopmind/operator` and so on, as they are. */
  readonly registry?: string;
  /** Tag of our images; absent: none. */
  readonly tag?: string;
  readonly pullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** Port the gateway listens on. */
  readonly gatewayPort?: number;
  /** The gateway listens on the machine itself, at 127.0.0.1: how the embedded cluster is reached. */
  readonly gatewayOnHost?: boolean;
  /** Without the web pages: only APIs. */
  readonly storefront?: boolean;
  /** Origin of the payment processor's card fields: the only one that pages may frame. */
  readonly paymentsPublicOrigin?: string;
  readonly logLevel?: string;
  /** Domains the pool hosts; absent: all. */
  readonly domains?: readonly (typeof DOMAINS)[number][];
}

/** Permissions of the operator: exactly the calls it makes. */
const OPERATOR_RULES: k8s.PolicyRule[] = [
  rule([GROUP], ['shopmindtenants'], ['get', 'list', 'watch', 'patch']),
  rule([GROUP], ['shopmindtenants/status', 'services/status'], ['patch']),
  // Owner references that block deletion need it where that is enforced.
  rule([GROUP], ['services/finalizers'], ['update']),
  rule([GROUP], ['services'], ['get', 'list', 'watch', 'create', 'patch', 'delete']),
  rule(
    [''],
    ['namespaces', 'resourcequotas', 'limitranges', 'serviceaccounts', 'secrets', 'services'],
    ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  ),
  rule([''], ['configmaps'], ['get', 'list', 'watch']),
  rule(['', 'events.k8s.io'], ['events'], ['create', 'patch']),
  rule(['apps'], ['deployments'], ['get', 'list', 'watch', 'create', 'patch', 'delete']),
  rule(['autoscaling'], ['horizontalpodautoscalers'], ['get', 'list', 'watch', 'create', 'patch', 'delete']),
  rule(['policy'], ['poddisruptionbudgets'], ['get', 'list', 'watch', 'create', 'patch', 'delete']),
  rule(['networking.k8s.io'], ['networkpolicies'], ['get', 'list', 'watch', 'create', 'patch', 'delete']),
  rule(
    ['gateway.networking.k8s.io'],
    ['httproutes', 'referencegrants'],
    ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  ),
  rule(['coordination.k8s.io'], ['leases'], ['get', 'create', 'update']),
  rule(['admissionregistration.k8s.io'], ['validatingwebhookconfigurations'], ['get', 'create', 'patch']),
];

/** The gateway reads routes and where Pods are, and says which routes it has taken. */
const GATEWAY_RULES: k8s.PolicyRule[] = [
  rule(
    ['gateway.networking.k8s.io'],
    ['gateways', 'gatewayclasses', 'httproutes', 'referencegrants'],
    ['get', 'list', 'watch'],
  ),
  rule(
    ['gateway.networking.k8s.io'],
    ['gateways/status', 'gatewayclasses/status', 'httproutes/status'],
    ['patch', 'update'],
  ),
  rule([''], ['services'], ['get', 'list', 'watch']),
  rule(['discovery.k8s.io'], ['endpointslices'], ['get', 'list', 'watch']),
];

/** Everything but the CRDs and the configuration, in an order that can be applied from top to bottom. */
export function installManifests(options: InstallOptions = {}): readonly Manifest[] {
  return manifests((chart) => {
    new k8s.KubeNamespace(chart, 'namespace', {
      metadata: { name: SYSTEM_NAMESPACE, labels: ownLabels(SYSTEM_NAMESPACE) },
    });
    permissions(chart, 'operator', OPERATOR_RULES);
    permissions(chart, 'gateway', GATEWAY_RULES);
    operator(chart, options);
    gateway(chart, options);
    pool(chart, options);
    if (options.storefront !== false) storefront(chart, options);
  });
}

function rule(apiGroups: string[], resources: string[], verbs: string[]): k8s.PolicyRule {
  return { apiGroups, resources, verbs };
}

function permissions(chart: Chart, name: string, rules: k8s.PolicyRule[]): void {
  const labels = ownLabels(name);
  const role = `shopmind-${name}`;
  new k8s.KubeServiceAccount(chart, `${name}-account`, {
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels },
  });
  new k8s.KubeClusterRole(chart, `${name}-role`, { metadata: { name: role, labels }, rules });
  new k8s.KubeClusterRoleBinding(chart, `${name}-binding`, {
    metadata: { name: role, labels },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name, namespace: SYSTEM_NAMESPACE }],
  });
}

/** The operator answers admission reviews on 9443; its Service is what the webhook configuration names. */
function operator(chart: Chart, options: InstallOptions): void {
  const name = 'operator';
  const metadata = { name, namespace: SYSTEM_NAMESPACE, labels: ownLabels(name) };
  new k8s.KubeDeployment(chart, name, {
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: { [LABELS.name]: name } },
      template: {
        metadata: { labels: ownLabels(name) },
        spec: {
          serviceAccountName: name,
          terminationGracePeriodSeconds: 10,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name,
              image: imageOf('operator', options),
              imagePullPolicy: options.pullPolicy ?? 'IfNotPresent',
              ports: [
                { name: 'webhook', containerPort: WEBHOOK_PORT },
                { name: 'admin', containerPort: ADMIN_PORT },
              ],
              env: [
                ...baseEnv(WEBHOOK_PORT),
                { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                { name: 'LOG_LEVEL', value: options.logLevel ?? 'info' },
                { name: 'RUNTIME_IMAGE', value: imageOf('runtime', options) },
                { name: 'IMAGE_PULL_POLICY', value: options.pullPolicy ?? 'IfNotPresent' },
                { name: 'GATEWAY_PORT', value: String(options.gatewayPort ?? 8080) },
              ],
              ...adminProbes(),
              resources: {
                requests: quantities('100m', '192Mi'),
                limits: { memory: k8s.Quantity.fromString('1Gi') },
              },
              securityContext: restricted(),
            },
          ],
        },
      },
    },
  });
  new k8s.KubeService(chart, 'operator-service', {
    metadata,
    spec: {
      clusterIp: 'None',
      selector: { [LABELS.name]: name },
      ports: [{ name: 'webhook', port: WEBHOOK_PORT, targetPort: k8s.IntOrString.fromNumber(WEBHOOK_PORT) }],
    },
  });
}

export const WEBHOOK_PORT = 9443;

function gateway(chart: Chart, options: InstallOptions): void {
  const name = 'gateway';
  const port = options.gatewayPort ?? 8080;
  const labels = ownLabels(name);
  const metadata = { name, namespace: SYSTEM_NAMESPACE, labels };
  const onHost = options.gatewayOnHost === true;
  // On the machine's own address every installation needs an admin port of its own.
  const adminPort = onHost ? (port > 50_000 ? port - 10_000 : port + 10_000) : ADMIN_PORT;
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
  new k8s.KubeDeployment(chart, name, {
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: { [LABELS.name]: name } },
      // On the machine's own port two gateways cannot stand side by side.
      ...(onHost ? { strategy: { type: 'Recreate' } } : {}),
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          terminationGracePeriodSeconds: 30,
          ...(onHost ? { hostNetwork: true } : {}),
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name,
              image: imageOf(name, options),
              imagePullPolicy: options.pullPolicy ?? 'IfNotPresent',
              ports: [
                { name: 'http', containerPort: port },
                { name: 'admin', containerPort: adminPort },
              ],
              env: [...baseEnv(port, adminPort), { name: 'LOG_LEVEL', value: options.logLevel ?? 'info' }],
              ...adminProbes(adminPort),
              resources: {
                requests: quantities('100m', '128Mi'),
                limits: { memory: k8s.Quantity.fromString('512Mi') },
              },
              securityContext: restricted(),
            },
          ],
        },
      },
    },
  });
  new k8s.KubeService(chart, 'gateway-service', {
    metadata,
    spec: {
      clusterIp: 'None',
      selector: { [LABELS.name]: name },
      ports: [{ name: 'http', port, targetPort: k8s.IntOrString.fromNumber(port) }],
    },
  });
}

/** The pool: one Service that serves every pooled tenant. */
function pool(chart: Chart, options: InstallOptions): void {
  new ApiObject(chart, 'pool', {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: { name: RUNTIME, namespace: SYSTEM_NAMESPACE, labels: ownLabels(RUNTIME, undefined, RUNTIME) },
    spec: { domains: options.domains ?? DOMAINS, port: RUNTIME_PORT },
  });
}

function storefront(chart: Chart, options: InstallOptions): void {
  const { name, port } = STOREFRONT;
  new ApiObject(chart, 'storefront', {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels: ownLabels(name, undefined, name) },
    spec: {
      image: imageOf('storefront', options),
      port,
      health: { path: '/readyz', port: ADMIN_PORT },
      resources: { cpu: '100m', memory: '512Mi' },
      env:
        options.paymentsPublicOrigin === undefined
          ? []
          : [{ name: 'PAYMENTS_PUBLIC_ORIGIN', value: options.paymentsPublicOrigin }],
    },
  });
}

function imageOf(name: string, options: InstallOptions): string {
  return `${options.registry ?? ''}shopmind/${name}${options.tag === undefined ? '' : `:${options.tag}`}`;
}
