/**
 * The parts a tenant is made of, told apart by kind, and taking them away: traffic, then workloads, then the ground.
 */
import type { InventoryItem } from '../../../crds/index.ts';
import type { ReconcileContext } from '../../kube/controller.ts';
import { namespaceOf } from '../../resources/presets.ts';
import { deployments, namespaces } from '../kinds.ts';
import { remove } from '../objects.ts';
import type { World } from '../world.ts';

const TRAFFIC = ['HTTPRoute', 'ReferenceGrant'];
/** What the workloads stood on. */
const GROUND = [
  'Namespace',
  'ResourceQuota',
  'LimitRange',
  'NetworkPolicy',
  'PeerAuthentication',
  'AuthorizationPolicy',
  'ExternalSecret',
  'Secret',
];

export function isTraffic({ kind }: InventoryItem): boolean {
  return TRAFFIC.includes(kind);
}

export function isGround({ kind }: InventoryItem): boolean {
  return GROUND.includes(kind);
}

export function isWorkload(item: InventoryItem): boolean {
  return !isTraffic(item) && !isGround(item);
}

/** @returns true once all are gone from the cache */
export async function removeAll(
  world: World,
  context: ReconcileContext,
  entries: readonly InventoryItem[],
): Promise<boolean> {
  let gone = true;
  for (const entry of entries) gone = (await remove(world, context, entry)) && gone;
  return gone;
}

/** Whether a tenant's own namespace still has Pods: Deployments follow their Services through the garbage collector. */
export function isRunning(world: World, tenant: string): boolean {
  const namespace = namespaceOf(tenant, 'dedicated');
  if (world.cacheOf(namespaces).get(namespace)?.metadata.deletionTimestamp !== undefined) return false;
  return world.cacheOf(deployments).inNamespace(namespace).length > 0;
}
