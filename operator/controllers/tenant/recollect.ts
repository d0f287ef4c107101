/**
 * A tenant before its first status, as if it had one: that is written when it is Ready or a wait has lasted, and what was made until
 * then must neither be lost nor be made anew in another place.
 */
import type { InventoryItem, Placement } from '../../../crds/index.ts';
import { union } from '../../kube/inventory.ts';
import { namespaceOf, schemaOf } from '../../resources/presets.ts';
import type { TenantObject } from '../kinds.ts';
import { outlookOf, surroundingsOf } from '../surroundings.ts';
import { tracesOfTenant } from '../traces.ts';
import type { World } from '../world.ts';
import { adminSecretName, desiredObjects, inventoryItems, NO_CREDENTIALS } from './desired.ts';
import { placedAt } from './move.ts';

/** Whether no status was written yet. */
export function isUntold({ status }: TenantObject): boolean {
  return status?.observedGeneration === undefined;
}

/** With the inventory that its label tells, and the place of its data that its key tells: that is made just before them. */
export function recollected(world: World, tenant: TenantObject): TenantObject {
  if (!isUntold(tenant)) return tenant;
  const { name } = tenant.metadata;
  const inventory = tracesOfTenant(world, name);
  const key = inventory.find((item) => item.kind === 'Secret' && item.name === adminSecretName(name));
  if (key === undefined) return { ...tenant, status: { ...tenant.status, inventory } };
  const placement: Placement = key.namespace === namespaceOf(name, 'dedicated') ? 'dedicated' : 'pooled';
  const dataRef = { placement, schema: schemaOf(name, placement) };
  return { ...tenant, status: { ...tenant.status, inventory, dataRef } };
}

/**
 * What a deleted tenant may have. One without a status may have been given more than the caches know: the server makes an object and
 * the answer is lost.
 * @throws PlatformConfigError of a tenant without a status
 */
export function remainsOf(world: World, tenant: TenantObject): readonly InventoryItem[] {
  const inventory = tenant.status?.inventory ?? [];
  if (!isUntold(tenant)) return inventory;
  const platform = world.platform();
  const placed = placedAt(world, tenant, tenant.status?.dataRef?.placement ?? tenant.spec.placement);
  const surroundings = surroundingsOf(outlookOf(world), platform);
  const objects = desiredObjects(placed, platform, NO_CREDENTIALS, surroundings);
  return union(inventory, inventoryItems(objects));
}
