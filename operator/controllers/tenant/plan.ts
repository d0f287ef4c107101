/**
 * What applying a tenant would do, before anything happens: the objects that would be made, changed or pruned, and the
 * actions on the data plane. Pure; `shopmind plan` prints it, with the same builders the reconciler applies.
 */
import type { ShopMindTenant } from '../../../crds/index.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import type { Surroundings } from '../../resources/surroundings.ts';
import { changesTo, removals } from '../changes.ts';
import type { Live, PlannedChange } from '../changes.ts';
import { desiredObjects, inventoryItems, NO_CREDENTIALS } from './desired.ts';

export interface TenantPlan {
  readonly objects: readonly PlannedChange[];
  /** In the words of the provisioners, in order. */
  readonly dataPlane: readonly string[];
}

export interface ObservedTenant {
  readonly surroundings: Surroundings;
  readonly live: Live;
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
  const manifests = [...objects.ground, ...objects.services, ...objects.routes];
  return {
    objects: [
      ...changesTo(manifests, observed.live),
      ...removals(tenant.status?.inventory ?? [], inventoryItems(objects), observed.live),
    ],
    dataPlane: observed.dataPlane,
  };
}
