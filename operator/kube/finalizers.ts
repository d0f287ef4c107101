/**
 * Adding and removing one finalizer, without disturbing those of others.
 */
import type { CallOptions, Client } from './client.ts';
import { isNotFound } from './errors.ts';
import type { KubeObject, ResourceType } from './types.ts';

export const hasFinalizer = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) ?? false;

export const isDeleting = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;

/** Returns the object with the finalizer; writes nothing when it has it, or is being deleted. Rejects `Conflict` on a race. */
export async function addFinalizer<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  object: T,
  finalizer: string,
  options?: CallOptions,
): Promise<T> {
  // The server refuses new finalizers on an object that is being deleted.
  if (hasFinalizer(object, finalizer) || isDeleting(object)) return object;
  return await setFinalizers(
    client,
    type,
    object,
    [...(object.metadata.finalizers ?? []), finalizer],
    options,
  );
}

/** Call only after everything the finalizer stands for is gone. Rejects `Conflict` on a race; gone is fine. */
export async function removeFinalizer<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  object: T,
  finalizer: string,
  options?: CallOptions,
): Promise<void> {
  if (!hasFinalizer(object, finalizer)) return;
  const rest = (object.metadata.finalizers ?? []).filter((other) => other !== finalizer);
  try {
    await setFinalizers(client, type, object, rest, options);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** A merge patch replaces the whole list, so the version guards against finalizers added meanwhile. */
const setFinalizers = <T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  object: T,
  finalizers: readonly string[],
  options: CallOptions = {},
): Promise<T> =>
  client.patch(
    type,
    object.metadata,
    {
      kind: 'merge',
      body: {
        metadata: { resourceVersion: object.metadata.resourceVersion, uid: object.metadata.uid, finalizers },
      },
    },
    options,
  );
