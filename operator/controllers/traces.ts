/**
 * What is there of a parent whose status does not say so yet. The first status of a new object is written when its children are
 * made; whoever takes over after a crash in between finds them here: in the caches, by what they carry.
 */
import { LABELS } from '../../crds/index.ts';
import type { InventoryItem } from '../../crds/index.ts';
import { inventoryOf } from '../kube/inventory.ts';
import type { KubeObject } from '../kube/types.ts';
import { CHILDREN, OPTIONAL } from './kinds.ts';
import type { World } from './world.ts';

/** Objects of ours that carry the tenant's label, those apart that one of its Services owns and takes along. */
export function tracesOfTenant(world: Pick<World, 'cacheOf'>, tenant: string): readonly InventoryItem[] {
  const labelled = KINDS.flatMap((type) => world.cacheOf(type).withLabel(LABELS.tenant, tenant));
  const isOwn = ({ metadata: { labels, ownerReferences } }: KubeObject): boolean =>
    labels?.[LABELS.managedBy] === 'shopmind' && ownerReferences === undefined;
  return inventoryOf(labelled.filter(isOwn));
}

/** Objects that a Service owns, which are in its namespace. */
export function tracesOfService(
  world: Pick<World, 'cacheOf'>,
  { metadata: { namespace = '', uid } }: KubeObject,
): readonly InventoryItem[] {
  const beside = KINDS.flatMap((type) => world.cacheOf(type).inNamespace(namespace));
  const isOwned = ({ metadata: { ownerReferences = [] } }: KubeObject): boolean =>
    ownerReferences.some((owner) => owner.controller === true && owner.uid === uid);
  return inventoryOf(beside.filter(isOwned));
}

const KINDS = [...CHILDREN, ...OPTIONAL];
