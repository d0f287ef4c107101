/**
 * Follows the API server: HTTPRoutes become the route table, Services and EndpointSlices become clusters.
 * When the server is away nothing changes here: the gateway goes on with what it knew.
 */
import type { Logger } from 'pino';
import type { Client } from '../../operator/kube/client.ts';
import type { Change } from '../../operator/kube/cache.ts';
import { createReflector, type Reflector } from '../../operator/kube/reflector.ts';
import {
  endpointSlices,
  resource,
  services,
  type EndpointSlice,
  type Service,
} from '../../operator/kube/resources.ts';
import { keyOfObject, type KubeObject } from '../../operator/kube/types.ts';
import { compileRoute, type ClusterName, type CompiledRoute } from './compile.ts';
import type { GatewayConfig } from './config.ts';
import type { HttpRoute, ParentRef, ReferenceGrant } from './httproute.ts';
import { serviceParents, splitOf, type Splits } from './splits.ts';
import type { RouteTable } from './table.ts';

export const httpRouteType = resource<HttpRoute>(
  'gateway.networking.k8s.io',
  'v1',
  'httproutes',
  'HTTPRoute',
);
const grantType = resource<ReferenceGrant>(
  'gateway.networking.k8s.io',
  'v1beta1',
  'referencegrants',
  'ReferenceGrant',
);

export interface DiscoveryOptions {
  readonly client: Client;
  readonly log: Logger;
  readonly gateway: GatewayConfig['gateway'];
  readonly table: RouteTable;
  readonly splits: Splits;
  readonly clusters: ClusterList;
}

export interface ClusterList {
  set(name: ClusterName, addresses: readonly string[], protocol?: Protocol): void;
  delete(name: ClusterName): void;
}

/** What Pods speak behind a port of a Service, as its `appProtocol` says (GEP-1911). */
export type Protocol = 'http1' | 'h2c';

/** Each cluster among those of its protocol, and of no other. */
export const byProtocol = (lists: Readonly<Record<Protocol, ClusterList>>): ClusterList => ({
  set(name, addresses, protocol = 'http1') {
    lists[protocol === 'h2c' ? 'http1' : 'h2c'].delete(name);
    lists[protocol].set(name, addresses);
  },
  delete(name) {
    lists.http1.delete(name);
    lists.h2c.delete(name);
  },
});

/** The same clusters; one that goes takes its figures along, so that their number never only grows. */
export const withoutTraces = (
  clusters: ClusterList,
  metrics: { forgetBackend(name: ClusterName): void },
): ClusterList => ({
  set: clusters.set,
  delete(name) {
    clusters.delete(name);
    metrics.forgetBackend(name);
  },
});

export interface Discovery {
  /** Runs until `signal` is aborted; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** What is still missing before requests can be served, in words; `undefined` when nothing is. */
  missing(): string | undefined;
  /** Whether a Service is known, for the ResolvedRefs condition. */
  hasService(key: string): boolean;
  readonly routes: Reflector<HttpRoute>;
  readonly services: Reflector<Service>;
  readonly grants: Reflector<ReferenceGrant>;
  /** What a route of ours was made into, of the Gateway or of a Service. */
  compiled(key: string): CompiledRoute | undefined;
  /** Keys of the routes that name one of these hosts. */
  claimants(hosts: readonly string[]): readonly string[];
  /** Keys of the routes that point at a Service. */
  routesTo(service: string): readonly string[];
}

export function createDiscovery(options: DiscoveryOptions): Discovery {
  const { client, log, table, splits, clusters, gateway } = options;
  const routes = createReflector({
    client,
    log,
    type: httpRouteType,
    indexers: { host: ({ spec }) => spec.hostnames ?? [] },
  });
  const slices = createReflector<EndpointSlice>({
    client,
    log,
    type: endpointSlices,
    trim: trimSlice,
    indexers: { service: (slice) => [serviceOf(slice)] },
  });
  const serviceObjects = createReflector<Service>({ client, log, type: services, trim: trimService });
  const grants = createReflector({ client, log, type: grantType });
  /** Clusters that routes point at, with the number of routes that do. */
  const wanted = new Map<ClusterName, number>();
  const wantedBy = new Map<string, readonly ClusterName[]>();
  const compiledRoutes = new Map<string, CompiledRoute>();

  const isGranted = (from: string, to: string, name: string): boolean =>
    grants.cache.inNamespace(to).some((grant) => permits(grant, from, name));

  const compile = (object: HttpRoute): void => {
    const key = keyOfObject(object);
    const parents = serviceParents(object);
    const isAttached = isOurs(object, gateway);
    if (!isAttached && parents.length === 0) return forget(key);
    const compiled = compileRoute(object, isGranted);
    const names = [
      ...new Set(compiled.candidates.flatMap(({ action }) => action.backends.map(({ cluster }) => cluster))),
    ];
    for (const name of names) {
      const count = wanted.get(name) ?? 0;
      wanted.set(name, count + 1);
      if (count === 0) resolve(name);
    }
    if (isAttached) table.set(compiled);
    else table.delete(key);
    if (parents.length === 0) splits.delete(key);
    else {
      const split = splitOf(compiled.candidates[0]?.action);
      splits.set({ key, createdAt: compiled.createdAt, parents, split });
    }
    compiledRoutes.set(key, compiled);
    release(wantedBy.get(key) ?? []);
    wantedBy.set(key, names);
  };

  const forget = (key: string): void => {
    table.delete(key);
    splits.delete(key);
    compiledRoutes.delete(key);
    release(wantedBy.get(key) ?? []);
    wantedBy.delete(key);
  };

  const release = (names: readonly ClusterName[]): void => {
    for (const name of names) {
      const count = (wanted.get(name) ?? 1) - 1;
      if (count > 0) {
        wanted.set(name, count);
      } else {
        wanted.delete(name);
        clusters.delete(name);
      }
    }
  };

  const resolve = (name: ClusterName): void => {
    const key = serviceKey(name);
    const service = serviceObjects.cache.get(key);
    clusters.set(
      name,
      addressesOf(name, service, slices.cache.byIndex('service', key)),
      protocolOf(name, service),
    );
  };

  const resolveService = (key: string): void => {
    for (const name of wanted.keys()) if (serviceKey(name) === key) resolve(name);
  };

  slices.onChange(({ object }) => resolveService(serviceOf(object)));
  serviceObjects.onChange(({ object }) => resolveService(keyOfObject(object)));
  routes.onChange(({ type, object }: Change<HttpRoute>) => {
    if (type === 'deleted') forget(keyOfObject(object));
    else compile(object);
  });
  // A grant that comes or goes decides anew about every route of the namespaces it names.
  grants.onChange(() => {
    for (const object of routes.cache.values()) if (crossesNamespaces(object)) compile(object);
  });

  const needed: readonly Reflector[] = [routes, slices, serviceObjects] as readonly Reflector[];

  return {
    async run(signal) {
      await Promise.all([routes, slices, serviceObjects, grants].map((reflector) => reflector.run(signal)));
    },

    missing() {
      // Without the definition of ReferenceGrants there are none, and nobody may point across namespaces.
      const late = [...needed, ...(grants.lastError()?.code === 404 ? [] : [grants])].filter(
        (reflector) => !reflector.hasSynced(),
      );
      if (late.length === 0) return undefined;
      return late
        .map(({ type, lastError }) => `${type.plural} not read yet (${lastError()?.message ?? 'asking'})`)
        .join('; ');
    },

    hasService: (key) => serviceObjects.cache.has(key),
    routes,
    services: serviceObjects,
    grants,
    compiled: (key) => compiledRoutes.get(key),
    claimants: (hosts) => [
      ...new Set(
        hosts.flatMap((host) => routes.cache.byIndex('host', host).map((route) => keyOfObject(route))),
      ),
    ],
    routesTo: (service) =>
      [...wantedBy]
        .filter(([, names]) => names.some((name) => serviceKey(name) === service))
        .map(([key]) => key),
  };
}

/** `namespace/name` of the Service of a cluster. */
const serviceKey = (name: ClusterName): string => name.slice(0, name.lastIndexOf(':'));

const serviceOf = (slice: EndpointSlice): string =>
  `${slice.metadata.namespace}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`;

function portOf(name: ClusterName, service: Service | undefined) {
  const wanted = Number(name.slice(name.lastIndexOf(':') + 1));
  return service?.spec?.ports?.find(({ port }) => port === wanted);
}

const protocolOf = (name: ClusterName, service: Service | undefined): Protocol =>
  portOf(name, service)?.appProtocol === 'kubernetes.io/h2c' ? 'h2c' : 'http1';

/** `ip:port` of every ready endpoint behind a Service port. */
export function addressesOf(
  name: ClusterName,
  service: Service | undefined,
  endpointSlices: readonly EndpointSlice[],
): string[] {
  const portName = portOf(name, service)?.name ?? '';
  const addresses: string[] = [];
  for (const { ports, endpoints } of endpointSlices) {
    // Of a Service without Pods kube-apiserver writes both as null.
    const port = ports?.find((each) => (each.name ?? '') === portName)?.port;
    if (port === undefined) continue;
    for (const { addresses: ips, conditions } of endpoints ?? []) {
      if (conditions?.ready === false || conditions?.terminating === true) continue;
      const [ip] = ips;
      if (ip !== undefined) addresses.push(`${ip.includes(':') ? `[${ip}]` : ip}:${port}`);
    }
  }
  return addresses;
}

function permits({ spec }: ReferenceGrant, from: string, service: string): boolean {
  return (
    spec.from.some(({ kind, namespace }) => kind === 'HTTPRoute' && namespace === from) &&
    spec.to.some(
      ({ group, kind, name }) =>
        group === '' && kind === 'Service' && (name === undefined || name === service),
    )
  );
}

const crossesNamespaces = (route: HttpRoute): boolean =>
  (route.spec.rules ?? []).some(({ backendRefs = [] }) =>
    backendRefs.some(({ namespace }) => namespace !== undefined && namespace !== route.metadata.namespace),
  );

export function isOurs(route: HttpRoute, gateway: GatewayConfig['gateway']): boolean {
  return (route.spec.parentRefs ?? []).some((parent) => isGateway(parent, route.metadata.namespace, gateway));
}

export const isGateway = (
  { group = 'gateway.networking.k8s.io', kind = 'Gateway', namespace, name }: ParentRef,
  routeNamespace: string | undefined,
  gateway: GatewayConfig['gateway'],
): boolean =>
  group === 'gateway.networking.k8s.io' &&
  kind === 'Gateway' &&
  name === gateway.name &&
  (namespace ?? routeNamespace) === gateway.namespace;

/** Only addresses, ports and readiness are ever read. */
function trimSlice(slice: EndpointSlice): EndpointSlice {
  const endpoints = (slice.endpoints ?? []).map(({ addresses, conditions }) =>
    conditions === undefined ? { addresses } : { addresses, conditions },
  );
  return { ...slice, endpoints };
}

function trimService(service: Service): Service {
  const bare: KubeObject = { apiVersion: service.apiVersion, kind: service.kind, metadata: service.metadata };
  const ports = service.spec?.ports;
  return ports === undefined ? bare : { ...bare, spec: { ports } };
}
