/** The webhooks that are configured, read once and kept until a configuration changes. */
import type { Store } from '../../store/store.ts';
import { at, fields, items, number, parseStored, text, type Json, type JsonObject } from '../objects.ts';
import { readClient, type Endpoint } from '../webhooks/call.ts';

export interface Webhook extends Endpoint {
  readonly name: string;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly equivalent: boolean;
  readonly sideEffects: string;
  readonly rules: readonly WebhookRule[];
  readonly namespaceSelector: JsonObject;
  readonly objectSelector: JsonObject;
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
}

export interface WebhookRule {
  readonly operations: readonly string[];
  readonly groups: readonly string[];
  readonly versions: readonly string[];
  /** With subresources after a slash; a star stands for any. */
  readonly resources: readonly string[];
  readonly scope: string;
}

export interface Configurations {
  readonly mutating: () => readonly Webhook[];
  readonly validating: () => readonly Webhook[];
  close(): void;
}

const MUTATING = 'admissionregistration.k8s.io/mutatingwebhookconfigurations';
const VALIDATING = 'admissionregistration.k8s.io/validatingwebhookconfigurations';
const DEFAULT_TIMEOUT_SECONDS = 10;

export function followConfigurations(store: Store): Configurations {
  const mutating = followOne(store, MUTATING);
  const validating = followOne(store, VALIDATING);
  return {
    mutating: mutating.read,
    validating: validating.read,
    close() {
      mutating.close();
      validating.close();
    },
  };
}

function followOne(store: Store, resource: string): { read: () => readonly Webhook[]; close: () => void } {
  let known: readonly Webhook[] | undefined;
  const close = store.watch(resource, store.revision(), () => {
    known = undefined;
  });
  const read = () =>
    (known ??= store
      .list(resource)
      .flatMap((entry) => items(parseStored(entry.json)['webhooks']).map(readWebhook)));
  return { read, close };
}

function readWebhook(webhook: Json): Webhook {
  return {
    name: text(at(webhook, 'name')),
    client: readClient(fields(at(webhook, 'clientConfig'))),
    failurePolicy: at(webhook, 'failurePolicy') === 'Ignore' ? 'Ignore' : 'Fail',
    equivalent: at(webhook, 'matchPolicy') !== 'Exact',
    timeoutMs: (number(at(webhook, 'timeoutSeconds')) ?? DEFAULT_TIMEOUT_SECONDS) * 1_000,
    sideEffects: text(at(webhook, 'sideEffects')),
    rules: items(at(webhook, 'rules')).map(readRule),
    namespaceSelector: fields(at(webhook, 'namespaceSelector')),
    objectSelector: fields(at(webhook, 'objectSelector')),
    matchConditions: items(at(webhook, 'matchConditions')).map((condition) => ({
      name: text(at(condition, 'name')),
      expression: text(at(condition, 'expression')),
    })),
  };
}

function readRule(rule: Json): WebhookRule {
  const list = (name: string) => items(at(rule, name)).map(String);
  return {
    operations: list('operations'),
    groups: list('apiGroups'),
    versions: list('apiVersions'),
    resources: list('resources'),
    scope: text(at(rule, 'scope')) || '*',
  };
}
