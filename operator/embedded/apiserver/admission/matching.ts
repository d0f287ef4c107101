/** Which webhooks a request concerns, and in which version each wants to see it. */
import type { Cluster } from '../cluster.ts';
import { fields, parseStored, type JsonObject, type KubeObject } from '../objects.ts';
import type { ResourceType } from '../resources.ts';
import { labelSelectorMatches } from '../selectors.ts';
import type { AdmissionRequest } from './admission.ts';
import type { Webhook, WebhookRule } from './configurations.ts';

/** The resource in the version that the webhook's rules name; undefined when none of them concerns the request. */
export function matchedType(
  cluster: Cluster,
  webhook: Webhook,
  request: AdmissionRequest,
): ResourceType | undefined {
  // Otherwise a broken webhook could forbid its own removal.
  if (request.type.group === 'admissionregistration.k8s.io') return undefined;
  const matched = typeByRules(cluster, webhook, request);
  if (!matched) return undefined;
  if (!matchesNamespace(cluster, webhook.namespaceSelector, request)) return undefined;
  return matchesObject(webhook.objectSelector, request) ? matched : undefined;
}

function typeByRules(
  cluster: Cluster,
  webhook: Webhook,
  request: AdmissionRequest,
): ResourceType | undefined {
  const matches = (type: ResourceType) => webhook.rules.some((rule) => matchesRule(rule, type, request));
  if (matches(request.type)) return request.type;
  if (!webhook.equivalent) return undefined;
  return cluster.catalog.all().find((type) => type.storage === request.type.storage && matches(type));
}

function matchesRule(rule: WebhookRule, type: ResourceType, request: AdmissionRequest): boolean {
  return (
    includes(rule.operations, request.operation) &&
    includes(rule.groups, type.group) &&
    includes(rule.versions, type.version) &&
    rule.resources.some((resource) => matchesResource(resource, type.plural, request.subresource)) &&
    (rule.scope === '*' || (rule.scope === 'Namespaced') === (request.namespace !== ''))
  );
}

const includes = (list: readonly string[], wanted: string): boolean =>
  list.includes('*') || list.includes(wanted);

function matchesResource(pattern: string, plural: string, subresource: string): boolean {
  const [resource = '', sub = ''] = pattern.split('/', 2);
  return (
    (resource === '*' || resource === plural) &&
    (sub === subresource || (sub === '*' && pattern.includes('/')))
  );
}

function matchesNamespace(cluster: Cluster, selector: JsonObject, request: AdmissionRequest): boolean {
  if (Object.keys(selector).length === 0) return true;
  if (request.type.storage === '/namespaces') return matchesObject(selector, request);
  if (request.namespace === '') return true;
  const entry = cluster.store.get({ resource: '/namespaces', namespace: '', name: request.namespace });
  return labelSelectorMatches(selector, (entry && parseStored(entry.json).metadata.labels) ?? {});
}

function matchesObject(selector: JsonObject, { object, old }: AdmissionRequest): boolean {
  const labelled = (one: KubeObject | undefined) =>
    one !== undefined && labelSelectorMatches(selector, one.metadata.labels ?? {});
  return Object.keys(fields(selector)).length === 0 || labelled(object) || labelled(old);
}
