/**
 * Deleting without accidents: only the very object that was looked at, and "it is gone already" counts as done.
 */
import type { Client, DeleteOptions } from './client.ts';
import { isConflict, isNotFound } from './errors.ts';
import type { KubeObject, ResourceType } from './types.ts';

export type Deletion = 'deleted' | 'terminating' | 'gone' | 'replaced';

/**
 * Deletes `live` if it still has the UID it was seen with.
 * `terminating`: finalizers or a grace period hold it. `gone`: it was not there. `replaced`: another object has its
 * name now, which is left alone.
 */
export async function deleteObject(
  client: Client,
  type: ResourceType,
  live: KubeObject,
  options: Omit<DeleteOptions, 'uid'> = {},
): Promise<Deletion> {
  // Asking again would only write again: a deletion under way needs time.
  if (live.metadata.deletionTimestamp !== undefined) return 'terminating';
  try {
    const held = await client.delete(type, live.metadata, {
      propagation: 'Background',
      ...options,
      uid: live.metadata.uid,
    });
    return held === undefined || held.metadata.deletionTimestamp === undefined ? 'deleted' : 'terminating';
  } catch (error) {
    if (isNotFound(error)) return 'gone';
    if (isConflict(error) && options.resourceVersion === undefined) return 'replaced';
    throw error;
  }
}
