/**
 * What surrounds a dedicated tenant's workloads: namespace, network policies, Services; and the Secrets of any tenant.
 */
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { API_VERSION, LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { ShopMindTenant } from '../../crds/index.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { canaryOf, namespaceOf, servicesOf } from './presets.ts';

/** Namespace and network policies of a dedicated tenant. Nothing enters or leaves but what is opened here. */
export function tenantNamespace(tenant: ShopMindTenant, databaseUrl: string): readonly Manifest[] {
  const name = tenant.metadata.name;
  const namespace = namespaceOf(name, 'dedicated');
  const labels = ownLabels(namespace, name);
  const everyPod = { podSelector: {} };
  const system = { matchLabels: { 'kubernetes.io/metadata.name': SYSTEM_NAMESPACE } };
  return manifests((chart) => {
    new k8s.KubeNamespace(chart, 'namespace', {
      metadata: {
        name: namespace,
        labels: { ...labels, 'pod-security.kubernetes.io/enforce': 'restricted' },
      },
    });
    new k8s.KubeNetworkPolicy(chart, 'deny', {
      metadata: { name: 'default-deny', namespace, labels },
      spec: { ...everyPod, policyTypes: ['Ingress', 'Egress'] },
    });
    new k8s.KubeNetworkPolicy(chart, 'open', {
      metadata: { name: 'runtime', namespace, labels },
      spec: {
        podSelector: { matchLabels: { [LABELS.tenant]: name } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ namespaceSelector: system }, everyPod], ports: [tcp(8080), tcp(9090)] }],
        egress: [
          { to: [everyPod], ports: [tcp(8080)] },
          { ports: [{ port: k8s.IntOrString.fromNumber(53), protocol: 'UDP' }, tcp(53)] },
          { to: [{ namespaceSelector: system }] },
          { ports: externalPorts(databaseUrl).map(tcp) },
        ],
      },
    });
  });
}

/** The Service objects of a dedicated tenant. A suspended tenant's are scaled to zero. */
export function tenantServices(tenant: ShopMindTenant): readonly Manifest[] {
  const name = tenant.metadata.name;
  const namespace = namespaceOf(name, 'dedicated');
  const canary = canaryOf(tenant.spec);
  const traffic = canary === undefined ? {} : { traffic: { canary } };
  return manifests((chart) => {
    for (const [service, spec] of servicesOf(tenant)) {
      new ApiObject(chart, service, {
        apiVersion: API_VERSION,
        kind: 'Service',
        metadata: { name: service, namespace, labels: ownLabels(service, name, service) },
        spec: { tenant: name, ...spec, ...traffic, ...(tenant.spec.suspended ? { replicas: 0 } : {}) },
      });
    }
  });
}

/** A Secret of text values. Takes only strings, so the same values always give the same object. */
export function secret(metadata: Manifest['metadata'], values: Readonly<Record<string, string>>): Manifest {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
}

function tcp(port: number): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' };
}

/** Ports of the data plane outside the cluster: the database's, and https for blobs, sources and payments. */
function externalPorts(databaseUrl: string): number[] {
  return [...new Set([443, Number(new URL(databaseUrl).port || '5432')])];
}
