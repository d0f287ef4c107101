/**
 * Who may talk to a dedicated tenant's Pods, and to whom they may talk. Nothing enters or leaves but what is opened here.
 */
import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { ISTIOD_PORT } from './mesh.ts';
import { parseAddress } from '../../runtime/platform/address/index.ts';
import { backendsOf } from '../../runtime/platform/backends/index.ts';
import { providersOf, providerServers } from '../../runtime/platform/messages/index.ts';
import type { Backend } from '../../runtime/platform/backends/index.ts';
import type { PlatformConfig } from './platform.ts';
import { ADMIN_PORT, GRPC_PORT, RUNTIME_PORT } from './presets.ts';
import { has } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';

/** Where something of the data plane is: in a namespace of this cluster, or somewhere outside. */
export interface Destination {
  readonly namespace?: string;
  readonly port: number;
}

/** What a runtime must reach, and who may read its metrics. */
export interface Openings {
  readonly destinations: readonly Destination[];
  /** Absent: every Pod of the cluster may read metrics. */
  readonly monitoringNamespace?: string;
}

const DNS_PORT = 53;
const HTTPS_PORT = 443;
/** Whoever holds a node's credentials: never a shop's business. */
const METADATA_SERVICE = '169.254.169.254/32';

/** What a dedicated tenant must reach: database, payment processor, scanner, receiver of traces, its backends, who sends its messages, and https for blobs, sources, Stripe and PayPal. */
export function openingsOf(
  platform: Pick<
    PlatformConfig,
    | 'databaseUrl'
    | 'databaseReplicaUrl'
    | 'databasePoolerUrl'
    | 'paymentsUrl'
    | 'paypalUrl'
    | 'scanUrl'
    | 'traces'
    | 'monitoringNamespace'
    | 'backends'
    | 'providers'
    | 'models'
  >,
  tenant: string,
): Openings {
  const { databaseUrl, databaseReplicaUrl, databasePoolerUrl, paymentsUrl, paypalUrl, scanUrl, traces } =
    platform;
  const { monitoringNamespace } = platform;
  const named = [
    destinationOf(databaseUrl),
    ...(databaseReplicaUrl === undefined ? [] : [destinationOf(databaseReplicaUrl)]),
    ...(databasePoolerUrl === undefined ? [] : [destinationOf(databasePoolerUrl)]),
    ...(paymentsUrl === undefined ? [] : [destinationOf(paymentsUrl)]),
    ...(paypalUrl === undefined ? [] : [destinationOf(paypalUrl)]),
    ...(scanUrl === undefined ? [] : [destinationOf(scanUrl)]),
    ...(traces === undefined ? [] : [destinationOf(traces.url)]),
    ...platform.models.map((model) => destinationOf(model.url)),
    ...Object.values(backendsOf(platform.backends, tenant)).flatMap(destinationsOf),
    ...providerServers(providersOf(platform.providers, tenant)).map(({ host, port }) =>
      destination(host, port),
    ),
  ];
  return {
    destinations: [...named, { port: HTTPS_PORT }],
    ...(monitoringNamespace === undefined ? {} : { monitoringNamespace }),
  };
}

export function networkPolicies(
  chart: Chart,
  metadata: k8s.ObjectMeta,
  tenant: string,
  openings: Openings,
  surroundings: Surroundings,
): void {
  const everyPod = { podSelector: {} };
  new k8s.KubeNetworkPolicy(chart, 'deny', {
    metadata: { ...metadata, name: 'default-deny' },
    spec: { ...everyPod, policyTypes: ['Ingress', 'Egress'] },
  });
  new k8s.KubeNetworkPolicy(chart, 'open', {
    metadata: { ...metadata, name: 'runtime' },
    spec: {
      podSelector: { matchLabels: { [LABELS.tenant]: tenant } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        // The gateway brings shoppers; the operator asks whether the shop is served, and starts imports.
        { from: [everyPod, systemPods('gateway', 'operator')], ports: [tcp(RUNTIME_PORT), tcp(GRPC_PORT)] },
        { from: [inNamespace(openings.monitoringNamespace)], ports: [tcp(ADMIN_PORT)] },
      ],
      egress: [
        { to: [everyPod], ports: [tcp(RUNTIME_PORT), tcp(GRPC_PORT)] },
        // Wherever it is: in kube-system, or on the node itself.
        { ports: [{ port: k8s.IntOrString.fromNumber(DNS_PORT), protocol: 'UDP' }, tcp(DNS_PORT)] },
        ...egressTo(openings.destinations),
        ...(has(surroundings, 'istio') ? [{ to: [inNamespace(undefined)], ports: [tcp(ISTIOD_PORT)] }] : []),
      ],
    },
  });
}

/** One rule for each namespace, one for the world outside. */
function egressTo(destinations: readonly Destination[]): k8s.NetworkPolicyEgressRule[] {
  const ports = new Map<string | undefined, Set<number>>();
  for (const { namespace, port } of destinations) {
    const known = ports.get(namespace);
    if (known === undefined) ports.set(namespace, new Set([port]));
    else known.add(port);
  }
  return [...ports].map(([namespace, numbers]) => ({
    to: namespace === undefined ? OUTSIDE : [inNamespace(namespace)],
    ports: [...numbers].map(tcp),
  }));
}

const OUTSIDE: k8s.NetworkPolicyPeer[] = [
  { ipBlock: { cidr: '0.0.0.0/0', except: [METADATA_SERVICE] } },
  { ipBlock: { cidr: '::/0' } },
];

const PORTS: Readonly<Record<string, number>> = {
  'postgres:': 5432,
  'postgresql:': 5432,
  'clamd:': 3310,
  'https:': HTTPS_PORT,
};

/** `name.namespace.svc` is of this cluster; any other host is taken to be outside. */
function destinationOf(url: string): Destination {
  const { hostname, port, protocol } = new URL(url);
  return destination(hostname, port === '' ? (PORTS[protocol] ?? 80) : Number(port));
}

/** Each server of a cluster: the first one only tells of the others. */
function destinationsOf({ address }: Backend): readonly Destination[] {
  // Every server of a written address has its port.
  return parseAddress(address, 0).servers.map(({ host, port }) => destination(host, port));
}

function destination(host: string, port: number): Destination {
  const namespace = /^(?:[^.]+[.])+?([^.]+)[.]svc(?:[.].*)?$/.exec(host)?.[1];
  return { ...(namespace === undefined ? {} : { namespace }), port };
}

function inNamespace(name: string | undefined): k8s.NetworkPolicyPeer {
  return {
    namespaceSelector: name === undefined ? {} : { matchLabels: { 'kubernetes.io/metadata.name': name } },
  };
}

function systemPods(...names: string[]): k8s.NetworkPolicyPeer {
  return {
    ...inNamespace(SYSTEM_NAMESPACE),
    podSelector: { matchExpressions: [{ key: LABELS.name, operator: 'In', values: names }] },
  };
}

function tcp(port: number): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' };
}
