/**
 * What surrounds a dedicated tenant's workloads: namespace with its bounds, Services; and the Secrets of any tenant.
 */
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { API_VERSION } from '../../crds/index.ts';
import type { ShopMindTenant } from '../../crds/index.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { limits } from './limits.ts';
import { tenantMesh } from './mesh.ts';
import { networkPolicies } from './network.ts';
import type { Openings } from './network.ts';
import { canaryOf, namespaceOf, servicesOf } from './presets.ts';
import { paymentSecret } from './secret-store.ts';
import type { SecretStore } from './secret-store.ts';
import { has } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';

/** The namespace of a dedicated tenant with what bounds it: how much may run there, who may talk to whom. */
export function tenantNamespace(
  tenant: ShopMindTenant,
  openings: Openings,
  surroundings: Surroundings,
): readonly Manifest[] {
  const name = tenant.metadata.name;
  const namespace = namespaceOf(name, 'dedicated');
  const labels = ownLabels(namespace, name);
  const metadata = { namespace, labels };
  const mesh = has(surroundings, 'istio') ? surroundings.mesh : {};
  return manifests((chart) => {
    new k8s.KubeNamespace(chart, 'namespace', {
      metadata: { name: namespace, labels: { ...labels, ...podSecurity('restricted'), ...mesh } },
    });
    limits(chart, metadata, tenant, surroundings);
    networkPolicies(chart, metadata, name, openings, surroundings);
    if (has(surroundings, 'istio')) tenantMesh(chart, metadata, name);
  });
}

/** Refuses Pods below the standard, and says so already when somebody applies the Deployment. */
function podSecurity(standard: 'restricted'): Record<string, string> {
  const modes = ['enforce', 'warn', 'audit'];
  return Object.fromEntries(modes.map((mode) => [`pod-security.kubernetes.io/${mode}`, standard]));
}

/** What brings a tenant's secrets from the platform's store; nothing where there is none, or the tenant has none of its own. */
export function tenantSecrets(
  tenant: ShopMindTenant,
  store: SecretStore | undefined,
  surroundings: Surroundings,
): readonly Manifest[] {
  const { name } = tenant.metadata;
  const { secretRef, paypal } = tenant.spec.payments;
  const wanted = [
    { entry: 'payments' as const, secretName: secretRef?.name },
    { entry: 'paypal' as const, secretName: paypal?.secretRef?.name },
  ];
  if (store === undefined || !has(surroundings, 'externalSecrets')) return [];
  const namespace = namespaceOf(name, tenant.spec.placement);
  return manifests((chart) => {
    for (const { entry, secretName } of wanted) {
      if (secretName === undefined) continue;
      const metadata = { name: secretName, namespace, labels: ownLabels(secretName, name) };
      paymentSecret(chart, metadata, name, store, entry);
    }
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
