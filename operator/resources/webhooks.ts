/**
 * The webhook configurations: which requests the API server asks the operator about, and what holds while it gets no answer.
 * The operator adds the authority of its certificates.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import { CONVERSION, GROUP, OLD_VERSION, SYSTEM_NAMESPACE, VERSION } from '../../crds/index.ts';
import { ownLabels } from './chart.ts';
import { WEBHOOK_CONFIGURATION } from './permissions.ts';

export function webhooks(chart: Chart): void {
  const metadata = { name: WEBHOOK_CONFIGURATION, labels: ownLabels('operator') };
  new ApiObject(chart, 'mutating-webhooks', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata,
    webhooks: [
      {
        ...common('defaults', '/default/shopmindtenants', ['CREATE']),
        reinvocationPolicy: 'Never',
        // Nothing else is filled in: who names hosts does not wait for anybody.
        matchConditions: [
          { name: 'names-no-host', expression: 'has(object.spec) && !has(object.spec.hosts)' },
        ],
      },
    ],
  });
  new ApiObject(chart, 'validating-webhooks', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: [
      {
        ...common('tenants', '/validate/shopmindtenants', ['CREATE', 'UPDATE']),
        // Finalizers, labels and annotations are nobody's mistake.
        matchConditions: [
          { name: 'spec-is-new', expression: 'oldObject == null || object.spec != oldObject.spec' },
        ],
      },
    ],
  });
}

/**
 * `Ignore`: what these webhooks refuse, the reconciler refuses too, and the schema holds the rest; so nobody is kept from
 * suspending a shop because the operator is away (docs/decisions/0016).
 */
function common(name: string, path: string, operations: readonly string[]): object {
  return {
    name: `${name}.${GROUP}`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Ignore',
    matchPolicy: 'Equivalent',
    timeoutSeconds: 5,
    rules: [
      {
        apiGroups: [GROUP],
        // Both by name: else the API server would convert before it asks, by another call.
        apiVersions: [VERSION, OLD_VERSION],
        resources: ['shopmindtenants'],
        operations,
        scope: 'Cluster',
      },
    ],
    clientConfig: {
      service: { namespace: SYSTEM_NAMESPACE, name: CONVERSION.service, path, port: CONVERSION.port },
    },
  };
}
