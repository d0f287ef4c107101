/** The rules of the kinds that need few. */
import { duplicate, forbidden, invalid, required } from '../../schema/cause.ts';
import { isObject } from '../../schema/schema.ts';
import type { Cause } from '../errors.ts';
import {
  at,
  defaulted,
  ensureFields,
  equal,
  fields,
  items,
  text,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../objects.ts';
import { compileCondition } from '../../schema/rules.ts';
import type { KindRules } from '../rules.ts';
import { clientCauses, defaultClient } from '../webhooks/configuration.ts';
import { oneOf } from './pod-spec.ts';

export const NAMESPACE_RULES: KindRules = {
  nameForm: 'label',
  setDefaults(namespace) {
    namespace.metadata.labels = {
      ...namespace.metadata.labels,
      'kubernetes.io/metadata.name': namespace.metadata.name,
    };
  },
  prepareCreate(namespace) {
    namespace['spec'] = { finalizers: ['kubernetes'] };
    namespace['status'] = { phase: 'Active' };
  },
  prepareUpdate(namespace, old, part) {
    // Only the finalize subresource may take the cluster's own finalizer away.
    if (part !== 'finalize' && old['spec'] !== undefined) namespace['spec'] = old['spec'];
    if (part === 'finalize' && old['status'] !== undefined) namespace['status'] = old['status'];
  },
};

export const AUTOSCALER_RULES: KindRules = {
  setDefaults(autoscaler) {
    const spec = autoscaler['spec'];
    if (!isObject(spec)) return;
    defaulted(spec, 'minReplicas', 1);
    if (autoscaler.apiVersion === 'autoscaling/v2' && items(spec['metrics']).length === 0)
      spec['metrics'] = [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ];
  },
  validate(autoscaler) {
    const spec = fields(autoscaler['spec']);
    const { minReplicas: least, maxReplicas: most } = spec;
    const causes: Cause[] = [];
    if (typeof most !== 'number' || most < 1)
      causes.push(invalid('spec.maxReplicas', most ?? 0, 'must be greater than 0'));
    else if (typeof least === 'number' && least > most)
      causes.push(invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`'));
    if (typeof least === 'number' && least < 0)
      causes.push(invalid('spec.minReplicas', least, 'must be greater than or equal to 0'));
    for (const name of ['kind', 'name'])
      if (text(at(spec, 'scaleTargetRef', name)) === '') causes.push(required(`spec.scaleTargetRef.${name}`));
    return causes;
  },
};

export const NODE_RULES: KindRules = {
  prepareCreate(node) {
    defaulted(node, 'spec', {});
  },
};

export const CLAIM_RULES: KindRules = {
  setDefaults(claim) {
    const spec = claim['spec'];
    if (isObject(spec)) defaulted(spec, 'volumeMode', 'Filesystem');
  },
  prepareCreate(claim) {
    claim['status'] = { phase: 'Pending' };
  },
};

export const VOLUME_RULES: KindRules = {
  setDefaults(volume) {
    const spec = volume['spec'];
    if (!isObject(spec)) return;
    defaulted(spec, 'volumeMode', 'Filesystem');
    defaulted(spec, 'persistentVolumeReclaimPolicy', 'Retain');
  },
  prepareCreate(volume) {
    volume['status'] = { phase: 'Available' };
  },
};

export const BINDING_RULES: KindRules = {
  nameForm: 'path',
  setDefaults(binding) {
    const role = binding['roleRef'];
    if (isObject(role)) defaulted(role, 'apiGroup', 'rbac.authorization.k8s.io');
    for (const subject of items(binding['subjects']))
      if (isObject(subject))
        defaulted(
          subject,
          'apiGroup',
          subject['kind'] === 'ServiceAccount' ? '' : 'rbac.authorization.k8s.io',
        );
    // Kubernetes leaves out an empty group.
    for (const subject of items(binding['subjects']))
      if (isObject(subject) && subject['apiGroup'] === '') delete subject['apiGroup'];
  },
  validate(binding, old) {
    const causes: Cause[] = [];
    if (text(at(binding, 'roleRef', 'name')) === '') causes.push(required('roleRef.name'));
    causes.push(...oneOf(at(binding, 'roleRef', 'kind'), 'roleRef.kind', ['ClusterRole', 'Role']));
    if (old && !equal(binding['roleRef'], old['roleRef']))
      causes.push(invalid('roleRef', binding['roleRef'] ?? null, 'cannot change roleRef'));
    return causes;
  },
};

export const ROLE_RULES: KindRules = {
  nameForm: 'path',
  validate: (role) =>
    items(role['rules']).flatMap((rule, index) =>
      items(at(rule, 'verbs')).length === 0
        ? [required(`rules[${index}].verbs`, 'verbs must contain at least one value')]
        : [],
    ),
};

export const WEBHOOK_RULES: KindRules = {
  setDefaults(configuration) {
    for (const webhook of items(configuration['webhooks']))
      if (isObject(webhook)) setWebhookDefaults(webhook, configuration.kind);
  },
  validate(configuration) {
    const webhooks = items(configuration['webhooks']);
    const names = webhooks.map((webhook) => text(at(webhook, 'name')));
    return webhooks.flatMap((webhook, index) => [
      ...(names.indexOf(names[index] ?? '') < index
        ? [duplicate(`webhooks[${index}].name`, names[index] ?? '')]
        : []),
      ...clientCauses(at(webhook, 'clientConfig') ?? {}, `webhooks[${index}].clientConfig`),
      ...conditionCauses(items(at(webhook, 'matchConditions')), `webhooks[${index}].matchConditions`),
    ]);
  },
};

function conditionCauses(conditions: readonly Json[], path: string): Cause[] {
  return conditions.flatMap((condition, index) => {
    const expression = text(at(condition, 'expression')).trim();
    if (expression === '') return [required(`${path}[${index}].expression`)];
    const { error } = compileCondition(expression);
    return error === undefined ? [] : [invalid(`${path}[${index}].expression`, expression, error)];
  });
}

function setWebhookDefaults(webhook: JsonObject, kind: string): void {
  defaulted(webhook, 'failurePolicy', 'Fail');
  defaulted(webhook, 'matchPolicy', 'Equivalent');
  defaulted(webhook, 'namespaceSelector', {});
  defaulted(webhook, 'objectSelector', {});
  defaulted(webhook, 'timeoutSeconds', 10);
  if (kind === 'MutatingWebhookConfiguration') defaulted(webhook, 'reinvocationPolicy', 'Never');
  for (const rule of items(webhook['rules'])) if (isObject(rule)) defaulted(rule, 'scope', '*');
  defaultClient(at(webhook, 'clientConfig'));
}

/** Only what this server serves itself can be registered; another server's API would be a promise not kept. */
export const API_SERVICE_RULES: KindRules = {
  nameForm: 'path',
  validate(service) {
    const { name } = service.metadata;
    const [group, version] = [text(at(service, 'spec', 'group')), text(at(service, 'spec', 'version'))];
    const causes: Cause[] = [];
    if (name !== `${version}.${group}`)
      causes.push(invalid('metadata.name', name, 'must be `spec.version+"."+spec.group`'));
    if (at(service, 'spec', 'service') !== undefined)
      causes.push(forbidden('spec.service', 'the embedded cluster does not aggregate other API servers'));
    return causes;
  },
};

export const ENDPOINT_SLICE_RULES: KindRules = {
  setDefaults(slice) {
    for (const port of items(slice['ports'])) {
      if (!isObject(port)) continue;
      defaulted(port, 'protocol', 'TCP');
      defaulted(port, 'name', '');
    }
  },
  validate(slice, old) {
    const causes = oneOf(slice['addressType'], 'addressType', ['IPv4', 'IPv6', 'FQDN']);
    if (slice['addressType'] === undefined) causes.push(required('addressType'));
    if (old && old['addressType'] !== slice['addressType'])
      causes.push(invalid('addressType', slice['addressType'] ?? null, 'field is immutable'));
    return causes;
  },
};

export const ENDPOINTS_RULES: KindRules = {
  setDefaults(endpoints) {
    for (const subset of items(endpoints['subsets']))
      for (const port of items(at(subset, 'ports'))) if (isObject(port)) defaulted(port, 'protocol', 'TCP');
  },
};

export const NETWORK_POLICY_RULES: KindRules = {
  setDefaults(policy) {
    const spec = policy['spec'];
    if (!isObject(spec)) return;
    defaulted(spec, 'policyTypes', items(spec['egress']).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
    for (const rule of [...items(spec['ingress']), ...items(spec['egress'])])
      for (const port of items(at(rule, 'ports'))) if (isObject(port)) defaulted(port, 'protocol', 'TCP');
  },
};

export const STORAGE_CLASS_RULES: KindRules = {
  setDefaults(storage) {
    defaulted(storage, 'reclaimPolicy', 'Delete');
    defaulted(storage, 'volumeBindingMode', 'Immediate');
  },
};

export const PRIORITY_CLASS_RULES: KindRules = {
  setDefaults(priority) {
    defaulted(priority, 'preemptionPolicy', 'PreemptLowerPriority');
  },
};

export const DISRUPTION_BUDGET_RULES: KindRules = {
  validate(budget) {
    const spec = fields(budget['spec']);
    if (spec['minAvailable'] === undefined || spec['maxUnavailable'] === undefined) return [];
    return [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')];
  },
};

export const INGRESS_RULES: KindRules = {
  prepareCreate(ingress) {
    ingress['status'] = { loadBalancer: {} };
  },
  validate(ingress) {
    const spec: Json | undefined = ingress['spec'];
    if (items(at(spec, 'rules')).length > 0 || at(spec, 'defaultBackend') !== undefined) return [];
    return [invalid('spec', fields(spec), 'either `defaultBackend` or `rules` must be specified')];
  },
};

export const EVENT_RULES: KindRules = {
  setDefaults(event: KubeObject) {
    if (event.apiVersion !== 'v1') return;
    ensureFields(event, 'source');
    defaulted(event, 'reportingComponent', '');
    defaulted(event, 'reportingInstance', '');
  },
  validate(event: KubeObject) {
    const about = at(event, event.apiVersion === 'v1' ? 'involvedObject' : 'regarding', 'namespace');
    const name = event.apiVersion === 'v1' ? 'involvedObject.namespace' : 'regarding.namespace';
    const { namespace = '' } = event.metadata;
    const fits =
      about === undefined || about === ''
        ? namespace === 'default' || namespace === 'kube-system'
        : about === namespace;
    return fits ? [] : [invalid(name, about ?? '', 'does not match event.namespace')];
  },
};
