/**
 * What applying manifests would do to what is there. Pure: `shopmind plan` prints it.
 */
import { ANNOTATIONS } from '../../crds/index.ts';
import type { InventoryItem } from '../../crds/index.ts';
import { hashOf, isSubset, sameJson } from '../kube/canonical.ts';
import { obsolete } from '../kube/inventory.ts';
import type { Manifest } from '../resources/chart.ts';
import { isRecord } from '../kube/records.ts';

export interface PlannedChange {
  readonly action: 'create' | 'change' | 'delete';
  readonly object: InventoryItem;
  /** Paths that differ; only for `change`. Empty there: nothing differs but that less is stated than was before. */
  readonly fields: readonly string[];
  /** The object as it would be applied; absent for `delete`. A Secret's values are empty: a plan does not know them. */
  readonly after?: Manifest;
  /** What the server has of the fields in `after`; only for `change`. */
  readonly before?: unknown;
}

/** The object as the API server has it. */
export type Live = (item: InventoryItem) => object | undefined;

/** In the order of the manifests. */
export function changesTo(manifests: readonly Manifest[], live: Live): readonly PlannedChange[] {
  return manifests.flatMap((manifest) => {
    const object = itemOf(manifest);
    return changeOf(object, manifest, live(object));
  });
}

/** What the inventory lists, nobody wants any more, and is still there. */
export function removals(
  inventory: readonly InventoryItem[],
  wanted: readonly InventoryItem[],
  live: Live,
): readonly PlannedChange[] {
  return obsolete(inventory, wanted)
    .filter((item) => live(item) !== undefined)
    .map((object) => ({ action: 'delete', object, fields: [] }));
}

/**
 * The change from one whole object to another, both as the server spells them; `undefined` when they state the same. What the
 * server counts and reports is no part of either.
 */
export function changeBetween(
  object: InventoryItem,
  before: object,
  after: object,
): PlannedChange | undefined {
  const [was, is] = [statedBy(before), statedBy(after)];
  if (sameJson(was, is)) return undefined;
  // Without status and the server's own metadata it still is a manifest.
  return { action: 'change', object, fields: differing(was, is, ''), before: was, after: is as Manifest };
}

/** What the inventory says of an object. */
export function itemOf({ apiVersion, kind, metadata: { namespace, name } }: Manifest): InventoryItem {
  return { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
}

function changeOf(
  object: InventoryItem,
  manifest: Manifest,
  live: object | undefined,
): readonly PlannedChange[] {
  if (live === undefined) return [{ action: 'create', object, fields: [], after: manifest }];
  if (manifest.kind === 'Secret') return [];
  if (isSubset(manifest, live) && !isLessThanApplied(manifest, live)) return [];
  return [
    {
      action: 'change',
      object,
      fields: differences(manifest, live, ''),
      before: projected(manifest, live),
      after: manifest,
    },
  ];
}

/** Whether something else was applied last: then what that stated and this does not is taken out. */
function isLessThanApplied(manifest: Manifest, live: object): boolean {
  const { annotations } = (live as Partial<Manifest>).metadata ?? {};
  const applied = annotations?.[ANNOTATIONS.applied];
  return applied !== undefined && applied !== hashOf(manifest);
}

/** Of the live value what the intent speaks of: what the server filled in is no difference. */
function projected(intent: unknown, live: unknown): unknown {
  if (Array.isArray(intent) && Array.isArray(live))
    return live.map((item, index) => projected(intent[index], item));
  if (!isRecord(intent) || !isRecord(live)) return live;
  return Object.fromEntries(
    Object.entries(intent)
      .filter(([key]) => live[key] !== undefined)
      .map(([key, value]) => [key, projected(value, live[key])]),
  );
}

/** Paths at which the live object does not say what the intent says. */
function differences(intent: unknown, live: unknown, path: string): readonly string[] {
  if (isSubset(intent, live)) return [];
  if (!isRecord(intent) || !isRecord(live)) return [path];
  return Object.entries(intent).flatMap(([key, value]) =>
    differences(value, live[key], path === '' ? key : `${path}.${key}`),
  );
}

/** Paths at which two values say different things; into lists as far as they are of one length. */
function differing(a: unknown, b: unknown, path: string): readonly string[] {
  if (sameJson(a, b)) return [];
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length)
    return a.flatMap((item, index) => differing(item, b[index], `${path}[${index}]`));
  if (!isRecord(a) || !isRecord(b)) return [path];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    differing(a[key], b[key], path === '' ? key : `${path}.${key}`),
  );
}

/** What the server counts and reports of an object, beside its status. */
const COUNTED: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
]);

function statedBy(object: object): object {
  // Whole objects of the API server are given: the one just read, and what a dry run made of it.
  const {
    apiVersion,
    kind,
    metadata,
    status: _,
    ...body
  } = object as Partial<Manifest> & { status?: unknown };
  const { annotations, ...named } = metadata ?? {};
  const stated = without(named, (key) => COUNTED.has(key));
  const noted = without(annotations ?? {}, (key) => key === ANNOTATIONS.applied);
  const labelled = Object.keys(noted).length === 0 ? stated : { ...stated, annotations: noted };
  return { apiVersion, kind, metadata: labelled, ...body };
}

function without(record: object, isLeftOut: (key: string) => boolean): object {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !isLeftOut(key)));
}
