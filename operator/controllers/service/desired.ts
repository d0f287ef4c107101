/**
 * Everything in Kubernetes that a Service shall have. Pure: the reconciler applies it, `shopmind plan` prints it.
 */
import { isDeleting } from '../../kube/finalizers.ts';
import { backupJob } from '../../resources/backup.ts';
import { memoised } from '../../resources/chart.ts';
import type { Manifest } from '../../resources/chart.ts';
import { environment } from '../../resources/environment.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import type { Surroundings } from '../../resources/surroundings.ts';
import { blobFolder } from '../../resources/workload.ts';
import type { Images, WorkloadInput } from '../../resources/workload.ts';
import type { ServiceObject } from '../kinds.ts';
import { ownedBy } from '../objects.ts';
import type { Delivered } from './canary/delivery.ts';

/** What a Service's objects depend on besides its own spec. */
export interface Grounds {
  readonly platform: PlatformConfig;
  readonly images: Images;
  /** Port the gateway listens on inside the cluster. */
  readonly gatewayPort: number;
  readonly surroundings: Surroundings;
  /** All Services of its namespace. */
  readonly neighbours: readonly ServiceObject[];
}

export function inputOf(
  service: ServiceObject,
  { platform, images, gatewayPort, surroundings, neighbours }: Grounds,
): WorkloadInput {
  const { name, namespace = '' } = service.metadata;
  return {
    name,
    namespace,
    spec: service.spec,
    images,
    platformEnv: environment(service.spec, platform, peersOf(service, neighbours), gatewayPort),
    surroundings,
    metricSources: { prometheusUrl: platform.prometheusUrl, kafkaBrokers: platform.kafkaBrokers },
    monitorLabels: platform.monitorLabels,
    drainSeconds: platform.drainSeconds,
    blobs: blobFolder(platform, service.spec.tenant),
  };
}

/** In the order of applying, with the Service as their owner. */
export function objectsOf(
  service: ServiceObject,
  input: WorkloadInput,
  { objects }: Delivered,
): readonly Manifest[] {
  return ownedBy(service, [...objects, ...buildBackup(input)]);
}

const buildBackup = memoised(backupJob);

/** Domains of the same tenant that other Services of the namespace host. */
function peersOf(service: ServiceObject, neighbours: readonly ServiceObject[]): ReadonlyMap<string, string> {
  const { name, namespace = '' } = service.metadata;
  const own = new Set<string>(service.spec.domains);
  const peers = new Map<string, string>();
  const others = neighbours
    .filter(
      (other) =>
        other.metadata.name !== name && other.spec.tenant === service.spec.tenant && !isDeleting(other),
    )
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const other of others) {
    for (const domain of other.spec.domains ?? []) {
      if (!own.has(domain))
        peers.set(domain, `http://${other.metadata.name}.${namespace}.svc:${other.spec.port}`);
    }
  }
  return peers;
}
