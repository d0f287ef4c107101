/**
 * Turns an HTTPRoute into what a request is compared with: one flat candidate for each match, patterns made ready.
 * Pure; what cannot be served is reported as a problem and answers 500, as the Gateway API demands.
 */
import type {
  BackendRef,
  HeaderChange,
  HttpRoute,
  PathModifier,
  RouteFilter,
  RouteMatch,
  RouteRule,
} from './httproute.ts';
import { parseDuration } from './httproute.ts';

/** A Service and the port of it that is meant, `namespace/name:port`: how clusters are named. */
export type ClusterName = string;

export interface WeightedBackend {
  readonly cluster: ClusterName;
  readonly weight: number;
}

export interface CompiledRoute {
  /** `namespace/name` of the HTTPRoute. */
  readonly key: string;
  readonly tenant: string;
  readonly hostnames: readonly string[];
  readonly createdAt: string;
  /** Absent: the gateway's default. */
  readonly requestsPerMinute: number | undefined;
  /** What to say instead of serving, while the tenant is suspended. */
  readonly suspended: string | undefined;
  readonly candidates: readonly Candidate[];
  /** Why some references cannot be followed; for the route's status. */
  readonly problems: readonly RouteProblem[];
}

export interface RouteProblem {
  readonly reason: 'RefNotPermitted' | 'InvalidKind' | 'UnsupportedValue' | 'BackendNotFound';
  readonly message: string;
}

/** One match of one rule with all that follows from it. */
export interface Candidate {
  readonly route: Omit<CompiledRoute, 'candidates'>;
  readonly matchesPath: (path: string) => boolean;
  readonly method: string | undefined;
  readonly headers: readonly NamedTest[];
  readonly query: readonly NamedTest[];
  /** Larger goes first: exact paths, then longer prefixes, then methods, then more headers, then more parameters. */
  readonly rank: readonly number[];
  readonly pathPrefix: string;
  readonly action: Action;
}

export interface NamedTest {
  /** Lower case for headers. */
  readonly name: string;
  readonly test: (value: string) => boolean;
}

export interface Action {
  /** Empty, or of weight zero altogether: 500 as the Gateway API demands. */
  readonly backends: readonly WeightedBackend[];
  readonly totalWeight: number;
  /** References that cannot be followed take their share of requests, which answer 500. */
  readonly invalidWeight: number;
  readonly timeoutMs: number | undefined;
  readonly requestHeaders: readonly HeaderChange[];
  readonly responseHeaders: readonly HeaderChange[];
  readonly rewrite: RouteFilter['urlRewrite'];
  readonly redirect: RouteFilter['requestRedirect'];
}

const TENANT_LABEL = 'shopmind.ai/tenant';
export const REQUESTS_PER_MINUTE = 'shopmind.ai/requests-per-minute';
export const SUSPENDED = 'shopmind.ai/suspended';

/** Whether a route of `from` may point at Service `name` in namespace `to`. Asked for other namespaces only. */
export type IsGranted = (from: string, to: string, name: string) => boolean;

export function compileRoute(object: HttpRoute, isGranted: IsGranted): CompiledRoute {
  const { name, namespace = 'default', labels = {}, annotations = {}, creationTimestamp } = object.metadata;
  const problems: RouteProblem[] = [];
  const perMinute = Number(annotations[REQUESTS_PER_MINUTE]);
  const route = {
    key: `${namespace}/${name}`,
    tenant: labels[TENANT_LABEL] ?? `${namespace}/${name}`,
    hostnames: (object.spec.hostnames ?? []).map((host) => host.toLowerCase()),
    createdAt: creationTimestamp ?? '',
    requestsPerMinute: Number.isInteger(perMinute) && perMinute > 0 ? perMinute : undefined,
    suspended: annotations[SUSPENDED],
    problems,
  };
  const candidates = (object.spec.rules ?? []).flatMap((rule) => {
    const action = compileAction(rule, namespace, isGranted, problems);
    // A rule without matches matches every path.
    const matches = rule.matches === undefined || rule.matches.length === 0 ? [{}] : rule.matches;
    return matches.flatMap((match) => compileMatch(match, route, action, problems));
  });
  return { ...route, candidates };
}

function compileAction(
  rule: RouteRule,
  namespace: string,
  isGranted: IsGranted,
  problems: RouteProblem[],
): Action {
  const filters = rule.filters ?? [];
  for (const { type } of filters) {
    if (!SUPPORTED_FILTERS.has(type)) {
      problems.push({ reason: 'UnsupportedValue', message: `filter ${type} is not supported` });
    }
  }
  const backends: WeightedBackend[] = [];
  let invalidWeight = filters.some(({ type }) => !SUPPORTED_FILTERS.has(type)) ? 1 : 0;
  for (const ref of rule.backendRefs ?? []) {
    const weight = ref.weight ?? 1;
    const problem = problemOf(ref, namespace, isGranted);
    if (problem === undefined) {
      if (weight > 0) {
        backends.push({ cluster: `${ref.namespace ?? namespace}/${ref.name}:${ref.port}`, weight });
      }
    } else {
      problems.push(problem);
      invalidWeight += weight;
    }
  }
  const usable =
    invalidWeight > 0 && filters.some(({ type }) => !SUPPORTED_FILTERS.has(type)) ? [] : backends;
  return {
    backends: usable,
    totalWeight: usable.reduce((sum, { weight }) => sum + weight, 0) + invalidWeight,
    invalidWeight,
    timeoutMs: parseDuration(rule.timeouts?.request) ?? parseDuration(rule.timeouts?.backendRequest),
    requestHeaders: filters.flatMap((filter) => filter.requestHeaderModifier ?? []),
    responseHeaders: filters.flatMap((filter) => filter.responseHeaderModifier ?? []),
    rewrite: filters.find(({ urlRewrite }) => urlRewrite !== undefined)?.urlRewrite,
    redirect: filters.find(({ requestRedirect }) => requestRedirect !== undefined)?.requestRedirect,
  };
}

const SUPPORTED_FILTERS = new Set([
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'URLRewrite',
  'RequestRedirect',
]);

function problemOf(ref: BackendRef, namespace: string, isGranted: IsGranted): RouteProblem | undefined {
  const to = ref.namespace ?? namespace;
  if ((ref.group ?? '') !== '' || (ref.kind ?? 'Service') !== 'Service' || ref.port === undefined) {
    return { reason: 'InvalidKind', message: `backend ${ref.name} is no Service with a port` };
  }
  if (to === namespace || isGranted(namespace, to, ref.name)) return undefined;
  return {
    reason: 'RefNotPermitted',
    message: `no ReferenceGrant in ${to} lets HTTPRoutes of ${namespace} use Service ${ref.name}`,
  };
}

function compileMatch(
  match: RouteMatch,
  route: Candidate['route'],
  action: Action,
  problems: RouteProblem[],
): Candidate[] {
  const { type = 'PathPrefix', value = '/' } = match.path ?? {};
  if (type === 'RegularExpression') {
    // A tenant's regular expression could stop the gateway for everybody (ReDoS), so none is run.
    problems.push({
      reason: 'UnsupportedValue',
      message: `path type RegularExpression is not supported: ${value}`,
    });
    return [];
  }
  const headers = tests(match.headers, true, problems);
  const query = tests(match.queryParams, false, problems);
  if (headers === undefined || query === undefined) return [];
  const prefix = value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value;
  return [
    {
      route,
      matchesPath: type === 'Exact' ? (path) => path === value : prefixTest(prefix),
      method: match.method,
      headers,
      query,
      rank: [
        type === 'Exact' ? 1 : 0,
        value.length,
        match.method === undefined ? 0 : 1,
        headers.length,
        query.length,
      ],
      pathPrefix: prefix,
      action,
    },
  ];
}

/** `/api` covers `/api` and `/api/…`, not `/apis`. */
function prefixTest(prefix: string): (path: string) => boolean {
  if (prefix === '/') return () => true;
  return (path) => path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}

function tests(
  matches: RouteMatch['headers'] = [],
  isHeader: boolean,
  problems: RouteProblem[],
): NamedTest[] | undefined {
  const result: NamedTest[] = [];
  for (const { type = 'Exact', name, value } of matches) {
    if (type !== 'Exact') {
      problems.push({ reason: 'UnsupportedValue', message: `match type ${type} is not supported: ${name}` });
      return undefined;
    }
    result.push({ name: isHeader ? name.toLowerCase() : name, test: (given) => given === value });
  }
  return result;
}

/** The path a backend is asked for, by a URLRewrite or redirect. The query stays as it is. */
export function modifyPath(path: string, prefix: string, modifier: PathModifier | undefined): string {
  if (modifier === undefined) return path;
  if (modifier.type === 'ReplaceFullPath') return modifier.replaceFullPath ?? '/';
  const rest = prefix === '/' ? path : path.slice(prefix.length);
  const replaced = modifier.replacePrefixMatch ?? '/';
  const joined = `${replaced.endsWith('/') ? replaced.slice(0, -1) : replaced}${rest.startsWith('/') || rest === '' ? rest : `/${rest}`}`;
  return joined === '' ? '/' : joined;
}
