/**
 * Remembers what a reconciler wrote until the cache has seen it, so that no key is reconciled on a view of the world
 * that lacks its own last writes (which would create twice, or fight itself).
 */
import type { Client } from './client.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Reflector } from './reflector.ts';
import {
  compareVersions,
  keyOf,
  keyOfObject,
  resourceName,
  type Key,
  type KubeObject,
  type ResourceType,
} from './types.ts';

export interface WritesOptions {
  /** Writes to resources that none of these covers are not waited for: no cache will ever show them. */
  readonly reflectors: readonly Reflector[];
  /** A write the cache has not shown by then is no longer waited for; 10 s by default. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** Called when a key that was asked about with `pending` waits no more. */
  readonly onSettled: (key: Key, timedOut: boolean) => void;
}

export interface Writes {
  /** The same client, remembering every write under `key`; tells of each that was done. */
  remembering(client: Client, key: Key, onWrite?: () => void): Client;
  /** True while the caches lack a write of this key; `onSettled` follows later. */
  pending(key: Key): boolean;
  close(): void;
}

/** A write the cache must show: a version of an object at least, or the absence of a UID. */
interface Write {
  readonly reflector: Reflector;
  readonly object: Key;
  readonly version: string | undefined;
  readonly goneUid: string | undefined;
}

export function createWrites(options: WritesOptions): Writes {
  const clock = options.clock ?? systemClock;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const writes = new Map<Key, Write[]>();
  /** Keys somebody asked about, with what ends the wait. */
  const asked = new Map<Key, () => void>();
  let settling: NodeJS.Immediate | undefined;
  // A crowd of events arrives in one chunk: one look after it is enough.
  const unsubscribe = options.reflectors.map((reflector) =>
    reflector.onProgress(() => {
      if (asked.size > 0) settling ??= setImmediate(settle);
    }),
  );

  const remember = (key: Key, write: Write): void => {
    const known = writes.get(key);
    if (known === undefined) writes.set(key, [write]);
    else known.push(write);
  };

  const stillMissing = (key: Key): boolean => {
    const missing = writes.get(key) ?? [];
    // Only the first that is missing is looked at each time, so a thousand waiting keys stay cheap.
    for (let last = missing.at(-1); last !== undefined && isSeen(last); last = missing.at(-1)) missing.pop();
    if (missing.length === 0) writes.delete(key);
    return missing.length > 0;
  };

  const release = (key: Key, timedOut: boolean): void => {
    asked.get(key)?.();
    asked.delete(key);
    writes.delete(key);
    options.onSettled(key, timedOut);
  };

  const settle = (): void => {
    settling = undefined;
    for (const key of asked.keys()) if (!stillMissing(key)) release(key, false);
  };

  const covering = (type: ResourceType, object: KubeObject): Reflector | undefined =>
    options.reflectors.find(
      (reflector) => resourceName(reflector.type) === resourceName(type) && reflector.covers(object),
    );

  const wrote = <T extends KubeObject>(key: Key, type: ResourceType, object: T): T => {
    const reflector = covering(type, object);
    if (reflector !== undefined) {
      remember(key, {
        reflector,
        object: keyOfObject(object),
        version: object.metadata.resourceVersion,
        goneUid: undefined,
      });
    }
    return object;
  };

  return {
    pending(key) {
      if (!writes.has(key) || !stillMissing(key)) return false;
      if (!asked.has(key))
        asked.set(
          key,
          clock.after(timeoutMs, () => release(key, true)),
        );
      return true;
    },

    remembering(client, key, onWrite = () => undefined) {
      const done = async <T>(write: Promise<T>): Promise<T> => {
        const result = await write;
        onWrite();
        return result;
      };
      return {
        ...client,
        create: async (type, object, create) =>
          wrote(key, type, await done(client.create(type, object, create))),
        replace: async (type, object, replace) =>
          wrote(key, type, await done(client.replace(type, object, replace))),
        patch: async (type, ref, patch, write) => {
          const result = await done(client.patch(type, ref, patch, write));
          return result.kind === type.kind ? wrote(key, type, result) : result;
        },
        apply: async (type, intent, apply) => {
          const result = await done(client.apply(type, intent, apply));
          return result.kind === type.kind ? wrote(key, type, result) : result;
        },
        delete: async (type, ref, del) => {
          const cached = options.reflectors
            .filter((reflector) => resourceName(reflector.type) === resourceName(type))
            .map((reflector) => ({ reflector, object: reflector.cache.get(keyOf(ref)) }))
            .find(({ object }) => object !== undefined);
          const held = await done(client.delete(type, ref, del));
          const uid = del?.uid ?? cached?.object?.metadata.uid;
          if (held !== undefined) wrote(key, type, held);
          else if (cached !== undefined && uid !== undefined) {
            remember(key, {
              reflector: cached.reflector,
              object: keyOf(ref),
              version: undefined,
              goneUid: uid,
            });
          }
          return held;
        },
      };
    },

    close() {
      for (const end of unsubscribe) end();
      clearImmediate(settling);
      for (const cancel of asked.values()) cancel();
      asked.clear();
      writes.clear();
    },
  };
}

function isSeen({ reflector, object, version, goneUid }: Write): boolean {
  const cached = reflector.cache.get(object);
  if (goneUid !== undefined) return cached?.metadata.uid !== goneUid;
  if ((compareVersions(reflector.observedVersion(), version) ?? -1) >= 0) return true;
  return cached !== undefined && (compareVersions(cached.metadata.resourceVersion, version) ?? 0) >= 0;
}
