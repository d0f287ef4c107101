/**
 * Makes the objects of one parent what they shall be: applies them in order, refuses to take over strangers, prunes.
 */
import { ANNOTATIONS, LABELS } from '../../crds/index.ts';
import type { InventoryItem } from '../../crds/index.ts';
import type { ReconcileContext } from '../kube/controller.ts';
import { deleteObject } from '../kube/delete.ts';
import { isConflict } from '../kube/errors.ts';
import { obsolete } from '../kube/inventory.ts';
import { keyOf } from '../kube/types.ts';
import type { KubeObject, ResourceType } from '../kube/types.ts';
import type { Manifest } from '../resources/chart.ts';
import { resourceOf } from './kinds.ts';
import type { World } from './world.ts';

/** An object of this name exists and is not ours. */
export class ForeignObjectError extends Error {
  constructor(manifest: Manifest, parent: KubeObject) {
    const { name, namespace } = manifest.metadata;
    const at = namespace === undefined ? name : `${namespace}/${name}`;
    super(
      `${manifest.kind} ${at} exists and is not managed by shopmind: delete it, or annotate ${parent.kind} ${parent.metadata.name} with ${ANNOTATIONS.adopt}: "true" to take it over`,
    );
    this.name = 'ForeignObjectError';
  }
}

/**
 * Applies manifests in order; what already says the same costs nothing.
 * @throws ForeignObjectError
 * @throws KubeError Conflict when an object is there that the cache does not show yet
 */
export async function applyAll(
  world: World,
  context: ReconcileContext,
  parent: KubeObject,
  manifests: readonly Manifest[],
): Promise<void> {
  return context.spans.part('apply', { 'shopmind.objects': manifests.length }, () =>
    applyEach(world, context, parent, manifests),
  );
}

async function applyEach(
  world: World,
  { client, signal }: ReconcileContext,
  parent: KubeObject,
  manifests: readonly Manifest[],
): Promise<void> {
  for (const manifest of manifests) {
    const type = resourceOf(manifest);
    const known = world.cacheOf(type).get(keyOf(manifest.metadata));
    // Caches hold only what carries our label: what they lack may still exist.
    const onlyNew = known === undefined && !isAdopting(parent);
    try {
      await world.applier.apply(client, type, mutable(manifest), { signal, onlyNew });
    } catch (error) {
      if (!onlyNew || !isConflict(error)) throw error;
      const live = await client.find(type, manifest.metadata, { signal });
      if (live !== undefined && live.metadata.labels?.[LABELS.managedBy] !== 'shopmind')
        throw new ForeignObjectError(manifest, parent);
      // Ours, and the cache will show it: then it is looked at again.
      throw error;
    }
  }
}

/** Whether objects of others that stand where its own shall be are taken over. */
export function isAdopting({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ANNOTATIONS.adopt] === 'true';
}

/** Deletes what the inventory lists and nobody wants any more. */
export async function prune(
  world: World,
  context: ReconcileContext,
  inventory: readonly InventoryItem[],
  wanted: readonly InventoryItem[],
): Promise<void> {
  const entries = obsolete(inventory, wanted);
  if (entries.length === 0) return;
  await context.spans.part('prune', { 'shopmind.objects': entries.length }, async () => {
    for (const entry of entries) await remove(world, context, entry);
  });
}

/**
 * Deletes an object of ours.
 * @returns true once it is gone: the server's word, not the cache's, which may not have seen yet what we made last
 */
export async function remove(
  world: World,
  context: ReconcileContext,
  entry: InventoryItem,
): Promise<boolean> {
  const type = resourceOf(entry);
  const live = await liveOf(world, context, type, entry);
  if (live === undefined) return true;
  // Out of the label's reach is out of ours: somebody took the object over.
  if (live.metadata.labels?.[LABELS.managedBy] !== 'shopmind') return true;
  const outcome = await deleteObject(context.client, type, live, { signal: context.signal });
  return outcome === 'gone' || outcome === 'replaced';
}

/** Out of the cache; what it lacks, from the server, unless that has no such kind. */
async function liveOf(
  world: World,
  { client, signal }: ReconcileContext,
  type: ResourceType,
  entry: InventoryItem,
): Promise<KubeObject | undefined> {
  const cached = world.cacheOf(type).get(keyOf(entry));
  if (cached !== undefined || world.presenceOf(type) === 'absent') return cached;
  return client.find(type, entry, { signal });
}

/** The same manifests with the parent as their owner, so that the garbage collector follows it. */
export function ownedBy(parent: KubeObject, manifests: readonly Manifest[]): readonly Manifest[] {
  const { name, uid } = parent.metadata;
  const owner = {
    apiVersion: parent.apiVersion,
    kind: parent.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  return manifests.map((manifest) => ({
    ...manifest,
    metadata: { ...manifest.metadata, ownerReferences: [owner] },
  }));
}

/** Manifests are readonly to builders; the client's types are not. */
function mutable(manifest: Manifest): KubeObject {
  return manifest as unknown as KubeObject;
}
