/**
 * Follows a set of objects by list and watch, so that nothing is late by a poll.
 */
import { isAborted, isForbidden, isNotFound } from '../../kube/errors.ts';
import type { Client, ListOptions } from '../../kube/client.ts';
import type { KubeObject, ResourceType } from '../../kube/types.ts';

export type Selection = Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;

/** After a connection broke, the server is given this long to come back. */
const PAUSE_MS = 500;

/**
 * Keeps the current objects and resolves with them once `done` says so; begins again when the server ends the watch.
 * @param signal aborted: rejects with KubeError `Aborted`
 */
export async function watchUntil<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  signal: AbortSignal,
  selection: Selection,
  done: (objects: readonly T[]) => boolean,
): Promise<readonly T[]> {
  const enough = new AbortController();
  const stop = AbortSignal.any([signal, enough.signal]);
  for (;;) {
    const list = await client.listAll<T>(type, { ...selection, signal });
    const objects = new Map(list.items.map((object) => [keyOf(object), object]));
    if (done([...objects.values()])) return [...objects.values()];
    try {
      await client.watch<T>(
        type,
        { ...selection, resourceVersion: list.metadata.resourceVersion, signal: stop },
        (event) => {
          if (event.type === 'BOOKMARK') return;
          if (event.type === 'DELETED') objects.delete(keyOf(event.object));
          else objects.set(keyOf(event.object), event.object);
          if (done([...objects.values()])) enough.abort();
        },
      );
    } catch (error) {
      if (enough.signal.aborted) return [...objects.values()];
      // What is not allowed, or not served, will not become so by asking again.
      if (signal.aborted || isAborted(error) || isForbidden(error) || isNotFound(error)) throw error;
      await pause(PAUSE_MS, signal);
    }
  }
}

/** Resolves after this time, or at once when the signal says stop. `undefined`: only then. */
export function pause(milliseconds: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = milliseconds === undefined ? undefined : setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
