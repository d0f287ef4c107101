/**
 * A merchant's own payment keys out of the platform's secret store (Vault and its like), by External Secrets.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';

/** Where secrets are, as the platform's configuration names it. */
export interface SecretStore {
  readonly kind: 'ClusterSecretStore' | 'SecretStore';
  readonly name: string;
  /** Before every key: `shopmind` makes `shopmind/tenants/acme/payments`. */
  readonly prefix: string;
}

/** What the tenant's controller reads of each Secret. */
const KEYS = {
  payments: ['secretKey', 'publishableKey', 'webhookSecret'],
  paypal: ['clientId', 'clientSecret', 'webhookId'],
} as const;

/** Keeps Secret `name` equal to the store's entry `<prefix>/tenants/<tenant>/payments`, or `…/paypal`. */
export function paymentSecret(
  chart: Chart,
  metadata: k8s.ObjectMeta & { readonly name: string },
  tenant: string,
  store: SecretStore,
  entry: keyof typeof KEYS,
): void {
  const key = `${store.prefix}/tenants/${tenant}/${entry}`;
  new ApiObject(chart, `${entry === 'payments' ? 'payment' : entry}-keys`, {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata,
    spec: {
      refreshInterval: '1h0m0s',
      secretStoreRef: { kind: store.kind, name: store.name },
      target: {
        name: metadata.name,
        creationPolicy: 'Owner',
        // By its labels the operator sees it come and change.
        template: { metadata: { labels: metadata.labels ?? {} } },
      },
      data: KEYS[entry].map((property) => ({ secretKey: property, remoteRef: { key, property } })),
    },
  });
}
