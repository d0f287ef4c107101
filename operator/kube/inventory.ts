/**
 * What an owner made, as a list in its status: whatever is in the old list and not in the new one is to be pruned.
 * Labels would miss objects whose label was edited; owner references cannot cross namespaces.
 */
import { keyOf, type KubeObject } from './types.ts';

export interface InventoryEntry {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Sorted and without duplicates, so that equal sets are equal lists and cause no status write. */
export function inventoryOf(objects: readonly KubeObject[]): readonly InventoryEntry[] {
  return merge(
    objects.map(({ apiVersion, kind, metadata: { namespace, name } }) => ({
      apiVersion,
      kind,
      ...(namespace === undefined ? {} : { namespace }),
      name,
    })),
  );
}

/**
 * Both lists as one. Write this to the status *before* creating: an object that is listed and was never made is
 * harmless, one that was made and is not listed is lost.
 */
export const union = (
  a: readonly InventoryEntry[],
  b: readonly InventoryEntry[],
): readonly InventoryEntry[] => merge([...a, ...b]);

/** Entries of `before` that `now` lacks, in the order of deletion: reverse of creation order given by `order`. */
export function obsolete(
  before: readonly InventoryEntry[],
  now: readonly InventoryEntry[],
): readonly InventoryEntry[] {
  const kept = new Set(now.map(identity));
  return before
    .filter((entry) => !kept.has(identity(entry)))
    .toSorted((a, b) => (DELETE_FIRST[a.kind] ?? 5) - (DELETE_FIRST[b.kind] ?? 5));
}

/** The version is no part of it: the same object is served in several. */
export function identity(entry: InventoryEntry): string {
  const group = entry.apiVersion.includes('/')
    ? entry.apiVersion.slice(0, entry.apiVersion.indexOf('/'))
    : '';
  return `${group}/${entry.kind}/${keyOf(entry)}`;
}

/** Traffic first, then what runs, then what those use, namespaces last. */
const DELETE_FIRST: Readonly<Record<string, number>> = {
  HTTPRoute: 0,
  Ingress: 0,
  VirtualService: 0,
  HorizontalPodAutoscaler: 1,
  ScaledObject: 1,
  Deployment: 2,
  StatefulSet: 2,
  CronJob: 2,
  Job: 2,
  Service: 3,
  ExternalSecret: 6,
  Secret: 7,
  ResourceQuota: 7,
  LimitRange: 7,
  ConfigMap: 7,
  ServiceAccount: 8,
  Namespace: 9,
};

function merge(entries: readonly InventoryEntry[]): readonly InventoryEntry[] {
  const byIdentity = new Map(entries.map((entry) => [identity(entry), entry]));
  return [...byIdentity].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry);
}
