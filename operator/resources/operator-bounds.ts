/**
 * What RBAC cannot say: the operator writes in its own namespace and in those of tenants, and nowhere else.
 * Evaluated by the API server itself, so it holds also for whoever has taken the operator's token.
 */
import { ApiObject } from 'cdk8s';
import type { Chart } from 'cdk8s';
import { SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { ownLabels } from './chart.ts';

const NAME = 'shopmind-operator';

export function operatorBounds(chart: Chart): void {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: NAME, labels: ownLabels(NAME) };
  new ApiObject(chart, 'operator-bounds', {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['*'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE', 'DELETE'],
            resources: ['*'],
            scope: '*',
          },
        ],
      },
      matchConditions: [
        {
          name: 'is-the-operator',
          expression: `request.userInfo.username == 'system:serviceaccount:${SYSTEM_NAMESPACE}:operator'`,
        },
      ],
      validations: [
        {
          expression:
            "request.resource.group != '' || request.resource.resource != 'namespaces' || request.name.startsWith('tenant-')",
          message: 'the operator makes, changes and deletes namespaces of tenants only: tenant-*',
        },
        {
          // Of what is cluster-wide the request has no namespace, not an empty one.
          expression: `!has(request.namespace) || request.namespace == '${SYSTEM_NAMESPACE}' || request.namespace.startsWith('tenant-') || (request.namespace == 'default' && request.resource.resource == 'events')`,
          message: `the operator writes in ${SYSTEM_NAMESPACE} and in tenant-* only`,
        },
      ],
    },
  });
  new ApiObject(chart, 'operator-bounds-binding', {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: NAME, validationActions: ['Deny'] },
  });
}
