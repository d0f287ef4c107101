/**
 * Network policies of the system namespace: nothing enters or leaves but what is opened here, process by process.
 * Tenants' namespaces have their own (`tenancy.ts`).
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { CONVERSION, LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { ownLabels } from './chart.ts';
import { ADMIN_PORT } from './presets.ts';
import { ARCHIVER, RECOVERY } from './recovery.ts';
import type { InstallValues } from './values.ts';

const PROMETHEUS_PORT = 9090;

export function systemNetwork(chart: Chart, values: InstallValues): void {
  const { apiServerPort, databasePort, limitsPort, tracesPort, backendPorts } = values.networkPolicies;
  const apiServer: k8s.NetworkPolicyEgressRule = { ports: [tcp(443), tcp(apiServerPort)] };
  // The data plane stands outside, at addresses nobody knows here: https for blobs, sources and payments.
  const dataPlane: k8s.NetworkPolicyEgressRule = { ports: [tcp(443), tcp(databasePort)] };
  const neighbours = { podSelector: {} };
  const ours = { namespaceSelector: {}, podSelector: { matchLabels: { [LABELS.partOf]: 'shopmind' } } };
  const anyPod = { namespaceSelector: {} };

  policy(chart, 'default-deny', {}, { ingress: [], egress: [] });
  policy(chart, 'dns', {}, { egress: [{ ports: [tcp(53), udp(53)] }] });
  policy(chart, 'metrics', {}, { ingress: [{ from: [anyPod], ports: [tcp(ADMIN_PORT)] }] });
  policy(chart, 'operator', process('operator'), {
    // The API server is no Pod: its address is not to be told from others.
    ingress: [{ ports: [tcp(CONVERSION.port)] }],
    // Gateways for the figures of a canary, or a Prometheus in whatever namespace.
    egress: [
      apiServer,
      dataPlane,
      { to: [ours] },
      { to: [anyPod], ports: [tcp(PROMETHEUS_PORT)] },
      { ports: [tcp(tracesPort)] },
    ],
  });
  policy(chart, 'gateway', process('gateway'), {
    ingress: [{ ports: [tcp(values.gateway.port)] }],
    egress: [apiServer, { to: [ours] }, { ports: [tcp(limitsPort), tcp(tracesPort)] }],
  });
  policy(chart, 'services', SERVICES, {
    ingress: [{ from: [neighbours] }],
    egress: [dataPlane, { to: [neighbours] }, { ports: [tcp(tracesPort)] }],
  });
  if (backendPorts.length > 0)
    // Written out, because the list is a value of the chart.
    new ApiObject(chart, 'policy-backends', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'backends', namespace: SYSTEM_NAMESPACE, labels: ownLabels('backends') },
      spec: { podSelector: SERVICES, policyTypes: ['Egress'], egress: [{ ports: backendPorts }] },
    });
  // No Service's selector finds a backup's Pod, so neither does the policy above.
  for (const name of ['backup', ARCHIVER, RECOVERY])
    policy(chart, name, process(name), { egress: [dataPlane, { to: [neighbours] }] });
}

/** What the operator runs here: the pool and the storefront. */
const SERVICES: k8s.LabelSelector = { matchExpressions: [{ key: LABELS.service, operator: 'Exists' }] };

interface Openings {
  readonly ingress?: k8s.NetworkPolicyIngressRule[];
  readonly egress?: k8s.NetworkPolicyEgressRule[];
}

/** Opens to both directions that `openings` names; an empty list opens nothing. */
function policy(chart: Chart, name: string, podSelector: k8s.LabelSelector, openings: Openings): void {
  const { ingress, egress } = openings;
  new k8s.KubeNetworkPolicy(chart, `policy-${name}`, {
    metadata: { name, namespace: SYSTEM_NAMESPACE, labels: ownLabels(name) },
    spec: {
      podSelector,
      policyTypes: [
        ...(ingress === undefined ? [] : ['Ingress']),
        ...(egress === undefined ? [] : ['Egress']),
      ],
      ...(ingress === undefined || ingress.length === 0 ? {} : { ingress }),
      ...(egress === undefined || egress.length === 0 ? {} : { egress }),
    },
  });
}

function process(name: string): k8s.LabelSelector {
  return { matchLabels: { [LABELS.name]: name } };
}

function tcp(port: number): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' };
}

function udp(port: number): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(port), protocol: 'UDP' };
}
