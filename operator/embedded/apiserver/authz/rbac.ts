/** Authorisation by Roles, ClusterRoles and their bindings. */
import type { Store } from '../../store/store.ts';
import type { UserInfo } from '../authn.ts';
import { at, fields, items, parseStored, text, type Json, type KubeObject } from '../objects.ts';
import {
  EVERYTHING_RULES,
  MASTERS,
  type Authorizer,
  type Decision,
  type PathAttributes,
  type PolicyRule,
  type ResourceAttributes,
} from './authorizer.ts';

const GROUP = 'rbac.authorization.k8s.io';
const RESOURCES = ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'] as const;

/** What everybody with a credential may do: find the API's way about and ask about oneself. */
const BASIC: readonly PolicyRule[] = [
  {
    verbs: ['get'],
    apiGroups: [],
    resources: [],
    resourceNames: [],
    nonResourceURLs: [
      '/',
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/openapi',
      '/openapi/*',
      '/version',
      '/healthz',
      '/livez',
      '/readyz',
    ],
  },
  {
    verbs: ['create'],
    apiGroups: ['authentication.k8s.io', 'authorization.k8s.io'],
    resources: ['selfsubjectreviews', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    resourceNames: [],
    nonResourceURLs: [],
  },
];

interface Binding {
  readonly name: string;
  /** Empty for cluster-wide ones. */
  readonly namespace: string;
  readonly subjects: readonly Subject[];
  readonly rules: readonly PolicyRule[];
}

interface Subject {
  readonly kind: string;
  readonly name: string;
}

/** Reads roles and bindings when they are first needed after a change. */
export function createRbac(store: Store): Authorizer {
  let known: readonly Binding[] | undefined;
  const stops = RESOURCES.map((resource) =>
    store.watch(`${GROUP}/${resource}`, store.revision(), () => {
      known = undefined;
    }),
  );
  const bindings = (): readonly Binding[] => (known ??= readBindings(store));

  function decide(user: UserInfo, namespace: string, matches: (rule: PolicyRule) => boolean): Decision {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: `member of ${MASTERS}` };
    if (BASIC.some(matches)) return { allowed: true, reason: 'everybody with a credential may' };
    for (const binding of bindings()) {
      if (binding.namespace !== '' && binding.namespace !== namespace) continue;
      if (binding.rules.some(matches) && binding.subjects.some((subject) => isSubject(user, subject)))
        return {
          allowed: true,
          reason: `RBAC: allowed by ${binding.namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding'} "${binding.name}"`,
        };
    }
    return { allowed: false, reason: '' };
  }

  return {
    resource: (user, asked) => decide(user, asked.namespace, (rule) => allowsResource(rule, asked)),
    path: (user, asked) => decide(user, '', (rule) => allowsPath(rule, asked)),
    rules(user, namespace) {
      if (user.groups.includes(MASTERS)) return EVERYTHING_RULES;
      const mine = bindings().filter(
        (binding) =>
          (binding.namespace === '' || binding.namespace === namespace) &&
          binding.subjects.some((subject) => isSubject(user, subject)),
      );
      return [...BASIC, ...mine.flatMap((binding) => binding.rules)];
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}

const has = (list: readonly string[], wanted: string): boolean => list.includes('*') || list.includes(wanted);

function allowsResource(
  rule: PolicyRule,
  { verb, group, resource, subresource, name }: ResourceAttributes,
): boolean {
  if (!has(rule.verbs, verb) || !has(rule.apiGroups, group)) return false;
  if (rule.resourceNames.length > 0 && !rule.resourceNames.includes(name)) return false;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return has(rule.resources, whole) || (subresource !== '' && rule.resources.includes(`*/${subresource}`));
}

function allowsPath(rule: PolicyRule, { verb, path }: PathAttributes): boolean {
  return (
    has(rule.verbs, verb) &&
    rule.nonResourceURLs.some(
      (url) => url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
    )
  );
}

function isSubject(user: UserInfo, { kind, name }: Subject): boolean {
  return kind === 'Group' ? user.groups.includes(name) : user.username === name;
}

function readBindings(store: Store): Binding[] {
  const all = (resource: string) =>
    store.list(`${GROUP}/${resource}`).map((entry) => parseStored(entry.json));
  const roles = new Map(
    [...all('roles'), ...all('clusterroles')].map((role) => [
      roleKey(role.kind, role.metadata.namespace, role.metadata.name),
      role,
    ]),
  );
  return [...all('rolebindings'), ...all('clusterrolebindings')].map((binding) => {
    const kind = text(at(binding, 'roleRef', 'kind'));
    const role = roles.get(roleKey(kind, binding.metadata.namespace, text(at(binding, 'roleRef', 'name'))));
    return {
      name: binding.metadata.name,
      namespace: binding.metadata.namespace ?? '',
      subjects: items(binding['subjects']).map((subject) => readSubject(subject, binding)),
      rules: role ? rulesOf(role, roles) : [],
    };
  });
}

const roleKey = (kind: string, namespace: string | undefined, name: string): string =>
  kind === 'Role' ? `${namespace ?? ''}/${name}` : `/${name}`;

function readSubject(subject: Json, binding: KubeObject): Subject {
  const kind = text(at(subject, 'kind'));
  const name = text(at(subject, 'name'));
  if (kind !== 'ServiceAccount') return { kind, name };
  const namespace = text(at(subject, 'namespace')) || (binding.metadata.namespace ?? '');
  return { kind: 'User', name: `system:serviceaccount:${namespace}:${name}` };
}

function rulesOf(role: KubeObject, roles: ReadonlyMap<string, KubeObject>): PolicyRule[] {
  const selectors = items(at(role, 'aggregationRule', 'clusterRoleSelectors'));
  if (selectors.length === 0) return items(role['rules']).map(readRule);
  const wanted = selectors.map((selector) => Object.entries(fields(at(selector, 'matchLabels'))));
  return [...roles.values()]
    .filter(
      ({ kind, metadata }) =>
        kind === 'ClusterRole' &&
        wanted.some((labels) => labels.every(([key, value]) => metadata.labels?.[key] === value)),
    )
    .flatMap((one) => items(one['rules']).map(readRule));
}

function readRule(rule: Json): PolicyRule {
  const list = (name: string) => items(at(rule, name)).map(String);
  return {
    verbs: list('verbs'),
    apiGroups: list('apiGroups'),
    resources: list('resources'),
    resourceNames: list('resourceNames'),
    nonResourceURLs: list('nonResourceURLs'),
  };
}
