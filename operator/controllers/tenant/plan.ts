/**
 * What applying a tenant would do, before anything happens: the objects that would be made, changed or pruned, and the
 * actions on the data plane. Pure; `shopmind plan` prints it, with the same builders the reconciler applies.
 */
import type { InventoryItem, ShopMindTenant } from '../../../crds/index.ts';
import { isSubset } from '../../kube/canonical.ts';
import { obsolete } from '../../kube/inventory.ts';
import type { Manifest } from '../../resources/chart.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import type { Surroundings } from '../../resources/surroundings.ts';
import { desiredObjects, inventoryItems, NO_CREDENTIALS } from './desired.ts';

export interface PlannedChange {
  readonly action: 'create' | 'change' | 'delete';
  readonly object: InventoryItem;
  /** Paths that differ; only for `change`. */
  readonly fields: readonly string[];
  /** The object as it would be applied; absent for `delete`. A Secret's values are empty: a plan does not know them. */
  readonly after?: Manifest;
  /** What the server has of the fields in `after`; only for `change`. */
  readonly before?: unknown;
}

export interface TenantPlan {
  readonly objects: readonly PlannedChange[];
  /** In the words of the provisioners, in order. */
  readonly dataPlane: readonly string[];
}

export interface ObservedTenant {
  readonly surroundings: Surroundings;
  /** The object as the API server has it. */
  readonly live: (item: InventoryItem) => object | undefined;
  /** What `DataPlane.planTenant` answered. */
  readonly dataPlane: readonly string[];
}

/** An empty plan, no objects and no actions, means: nothing would happen. */
export function planTenant(
  tenant: ShopMindTenant,
  platform: PlatformConfig,
  observed: ObservedTenant,
): TenantPlan {
  // Secrets hold what is generated once: a plan says whether they would be made, never what is in them.
  const objects = desiredObjects(tenant, platform, NO_CREDENTIALS, observed.surroundings);
  const wanted = inventoryItems(objects);
  const manifests = [...objects.ground, ...objects.services, ...objects.routes];
  const changes = manifests.flatMap((manifest, index) => {
    const item = wanted[index];
    return item === undefined ? [] : changeOf(item, manifest, observed.live(item));
  });
  const pruned = obsolete(tenant.status?.inventory ?? [], wanted)
    .filter((item) => observed.live(item) !== undefined)
    .map((object): PlannedChange => ({ action: 'delete', object, fields: [] }));
  return { objects: [...changes, ...pruned], dataPlane: observed.dataPlane };
}

function changeOf(
  object: InventoryItem,
  manifest: Manifest,
  live: object | undefined,
): readonly PlannedChange[] {
  if (live === undefined) return [{ action: 'create', object, fields: [], after: manifest }];
  if (manifest.kind === 'Secret' || isSubset(manifest, live)) return [];
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
