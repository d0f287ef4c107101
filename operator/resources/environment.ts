/**
 * The environment of runtime and web Pods, after the table in docs/architecture.md: each gets only what it needs.
 */
import { SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { ServiceSpec } from '../../crds/index.ts';
import { backendsOf, variableOf } from '../../runtime/platform/backends/index.ts';
import type { Port } from '../../runtime/platform/backends/index.ts';
import { providersOf, providerVariables } from '../../runtime/platform/messages/index.ts';
import { modelKeys, modelsOf } from './models.ts';
import { scopeOf } from '../../runtime/platform/names/index.ts';
import { connectionsOf } from './connections.ts';
import type { PlatformConfig } from './platform.ts';
import { GRPC_PORT } from './presets.ts';
import type { EnvVar } from './workload.ts';

/** Secret in the Service's namespace with what its runtime enters the data plane by: DATABASE_URL, SECRETS_KEY, EVENTS_URL, … */
export const DATABASE_SECRET = 'database';

/**
 * glibc gives each thread that allocates an arena of its own, up to eight a processor, and none of them gives back what lies between what
 * lives: a process whose JavaScript heap stayed below 60 MB grew to 290 MB. Node's threads allocate little enough to share two. Once it has
 * freed something large glibc also takes all that is smaller from the heap, up to 32 MB each, and keeps twice that at its end: told how much
 * is much, it asks the system for what is larger and gives it back at once (`man mallopt`). The underscores are part of the names.
 */
export const MALLOC: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** The gateway inside the cluster. Its Service is headless, so the port is the one the process listens on. */
export function gatewayUrl(port: number): string {
  return `http://gateway.${SYSTEM_NAMESPACE}.svc:${port}`;
}

/**
 * @param peers domain → address, for domains hosted by other Services of the same tenant
 */
export function environment(
  spec: ServiceSpec,
  platform: PlatformConfig,
  peers: ReadonlyMap<string, string>,
  gatewayPort: number,
): readonly EnvVar[] {
  if (spec.domains === undefined) return [{ name: 'GATEWAY_URL', value: gatewayUrl(gatewayPort) }];
  const backends = backendsOf(platform.backends, scopeOf(spec.tenant));
  const models = modelsOf(platform.models, spec.domains);
  const values: Record<string, string | undefined> = {
    SHOPMIND_DOMAINS: spec.domains.join(','),
    SHOPMIND_TENANT: spec.tenant,
    GRPC_PORT: String(GRPC_PORT),
    HOT_RELOAD: spec.environment === 'development' ? 'true' : undefined,
    SHOW_SCHEMA: spec.environment === 'development' ? 'true' : undefined,
    OUTSIDE_LOOPBACK: spec.environment === 'development' ? 'true' : undefined,
    BLOBS_URL: backends.blobs === undefined ? platform.blobsUrl : undefined,
    SOURCES_URL: platform.sourcesUrl,
    SCAN_URL: spec.domains.includes('media') ? platform.scanUrl : undefined,
    PAYMENTS_URL: platform.paymentsUrl,
    PAYPAL_URL: platform.paypalUrl,
    ...Object.assign({}, ...models.map(({ plain }) => plain)),
    PAYMENTS_PUBLIC_ORIGIN: platform.paymentsPublicOrigin,
    TRACES_URL: platform.traces?.url,
    TRACES_RATIO: platform.traces === undefined ? undefined : String(platform.traces.ratio),
    PUBLIC_PORT: String(platform.publicPort),
    DATABASE_CONNECTIONS: String(connectionsOf(spec)),
    ...MALLOC,
    PEERS:
      peers.size === 0 ? undefined : [...peers].map(([domain, address]) => `${domain}=${address}`).join(','),
  };
  const plain = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
  // The keys of backends are ports.
  const ports = Object.keys(backends) as Port[];
  const keys = [
    'DATABASE_URL',
    ...(platform.databaseReplicaUrl === undefined ? [] : ['DATABASE_REPLICA_URL']),
    ...(platform.databasePoolerUrl === undefined ? [] : ['DATABASE_POOLER_URL']),
    'SECRETS_KEY',
    ...ports.map(variableOf),
    ...(spec.domains.includes('notifications')
      ? Object.keys(providerVariables(providersOf(platform.providers, scopeOf(spec.tenant))))
      : []),
    ...Object.keys(modelKeys(models)),
  ];
  const secret = keys.map((key) => ({
    name: key,
    valueFrom: { secretKeyRef: { name: DATABASE_SECRET, key } },
  }));
  return [...plain, ...secret];
}
