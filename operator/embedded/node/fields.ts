/**
 * The downward API: fields and resources of a Pod as text.
 */
import { totalmem, availableParallelism } from 'node:os';
import { parseQuantity } from '../controllers/machinery/quantity.ts';
import type { Container, Pod } from '../controllers/machinery/wire.ts';

export interface PodPlace {
  readonly podIP: string;
  readonly hostIP: string;
}

/** The value of a `fieldRef`; undefined when there is no such field. */
export function podField(pod: Pod, place: PodPlace, path: string): string | undefined {
  const member = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (member) return pod.metadata[member[1] === 'labels' ? 'labels' : 'annotations']?.[member[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace;
    case 'metadata.uid':
      return pod.metadata.uid;
    case 'metadata.labels':
      return lines(pod.metadata.labels);
    case 'metadata.annotations':
      return lines(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? 'default';
    case 'status.podIP':
    case 'status.podIPs':
      return place.podIP;
    case 'status.hostIP':
    case 'status.hostIPs':
      return place.hostIP;
    default:
      return undefined;
  }
}

/** The value of a `resourceFieldRef`: limits fall back to what the machine has, and are rounded up by `divisor`. */
export function resourceField(container: Container, resource: string, divisor = '1'): string | undefined {
  const [kind, name = ''] = resource.split('.');
  if (kind !== 'limits' && kind !== 'requests') return undefined;
  const given = container.resources?.[kind]?.[name];
  const value =
    given !== undefined
      ? parseQuantity(given)
      : kind === 'requests'
        ? 0
        : name === 'cpu'
          ? availableParallelism()
          : name === 'memory'
            ? totalmem()
            : 0;
  return String(Math.ceil(value / (parseQuantity(divisor) || 1)));
}

const lines = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
