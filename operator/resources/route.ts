/**
 * The one HTTPRoute of a tenant: its hosts, its API to the Services that host the domains, everything else to the storefront.
 */
import { ApiObject } from 'cdk8s';
import { ANNOTATIONS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { ShopMindTenant } from '../../crds/index.ts';
import { DOMAINS } from '../../runtime/domains/index.ts';
import { manifests, ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { GRPC_PORT, hostOf, namespaceOf, RUNTIME, RUNTIME_PORT } from './presets.ts';

export const STOREFRONT = { name: 'storefront', port: 3000 };
export const GATEWAY_NAME = 'shopmind';

export function tenantRoute(tenant: ShopMindTenant): readonly Manifest[] {
  const { name } = tenant.metadata;
  const { spec } = tenant;
  const namespace = namespaceOf(name, spec.placement);
  return manifests((chart) => {
    new ApiObject(chart, 'route', {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {
        name,
        namespace,
        labels: ownLabels(name, name),
        annotations: {
          [ANNOTATIONS.requestsPerMinute]: String(spec.quotas.requestsPerMinute),
          ...(spec.suspended ? { [ANNOTATIONS.suspended]: `${spec.displayName} is closed for now.` } : {}),
        },
      },
      spec: {
        parentRefs: [{ name: GATEWAY_NAME, namespace: SYSTEM_NAMESPACE }],
        hostnames: spec.hosts,
        rules: [
          ...wellKnownRules(hostOf(tenant)),
          ...apiRules(hostOf(tenant)),
          ...grpcRules(hostOf(tenant)),
          {
            matches: [prefix('/')],
            backendRefs: [
              { ...STOREFRONT, ...(namespace === SYSTEM_NAMESPACE ? {} : { namespace: SYSTEM_NAMESPACE }) },
            ],
          },
        ],
      },
    });
    if (namespace !== SYSTEM_NAMESPACE) storefrontGrant(chart, name, namespace);
  });
}

/** Lets a dedicated tenant's route point at the storefront, which lives in another namespace. */
function storefrontGrant(
  chart: ConstructorParameters<typeof ApiObject>[0],
  name: string,
  namespace: string,
): void {
  new ApiObject(chart, 'grant', {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: namespace, namespace: SYSTEM_NAMESPACE, labels: ownLabels(namespace, name) },
    spec: {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace }],
      to: [{ group: '', kind: 'Service', name: STOREFRONT.name }],
    },
  });
}

/** A rule for each Service that hosts single domains, then one for the rest. */
function apiRules(hosts: ReadonlyMap<string, string>): object[] {
  const alone = [...new Set(hosts.values())].filter((service) => service !== RUNTIME);
  const rest = restOf(hosts);
  return [
    ...alone.map((service) => ({
      matches: [...hosts]
        .filter(([, host]) => host === service)
        .flatMap(([domain]) => [prefix(`/api/${domain}`), prefix(`/api/admin/${domain}`)]),
      backendRefs: [{ name: service, port: RUNTIME_PORT }],
    })),
    ...(rest === undefined
      ? []
      : [{ matches: [prefix('/api')], backendRefs: [{ name: rest, port: RUNTIME_PORT }] }]),
  ];
}

/** What a standard says lies beside the API, at the Service that hosts whose it is. */
function wellKnownRules(hosts: ReadonlyMap<string, string>): object[] {
  return DOMAINS.flatMap(({ name: domain, routes }) => {
    const service = hosts.get(domain);
    const paths = new Set(routes.map(({ path }) => path).filter((path) => path.startsWith('/.well-known/')));
    if (service === undefined || paths.size === 0) return [];
    return [
      {
        matches: [...paths].map((value) => ({ path: { type: 'Exact', value } })),
        backendRefs: [{ name: service, port: RUNTIME_PORT }],
      },
    ];
  });
}

/**
 * One rule for all of gRPC: whichever process is asked asks the one that hosts the domain, as for GraphQL. It is told by its content type,
 * of which it has these two. In the same route, because of a host name there may be an HTTPRoute or a GRPCRoute, not both; that HTTP/2
 * is spoken there is said by the port's `appProtocol`.
 */
function grpcRules(hosts: ReadonlyMap<string, string>): object[] {
  const rest = restOf(hosts);
  if (rest === undefined) return [];
  const typed = (value: string): object => ({
    ...prefix('/'),
    method: 'POST',
    headers: [{ type: 'Exact', name: 'content-type', value }],
  });
  return [
    {
      matches: ['application/grpc', 'application/grpc+proto'].map(typed),
      backendRefs: [{ name: rest, port: GRPC_PORT }],
    },
  ];
}

/** The Service that answers what is no single domain's. */
function restOf(hosts: ReadonlyMap<string, string>): string | undefined {
  const services = [...hosts.values()];
  return services.includes(RUNTIME) ? RUNTIME : services[0];
}

function prefix(value: string): object {
  return { path: { type: 'PathPrefix', value } };
}
