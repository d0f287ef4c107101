/**
 * A cache of one kind that follows the API server by list and watch, and that reads its own writes:
 * what a writer saw in an answer is in the cache before the watch repeats it.
 */
import type { Logger } from 'pino';
import { sleep } from '../../sleep.ts';
import { isExpired, type Api } from './client.ts';
import { keyOf, type KubeObject, type ResourceOf } from './wire.ts';

export interface Change<T> {
  readonly key: string;
  /** Absent when it is gone. */
  readonly object: T | undefined;
  readonly previous: T | undefined;
}

export interface Informer<T extends KubeObject> {
  readonly resource: ResourceOf<T>;
  get(key: string): T | undefined;
  list(namespace?: string): T[];
  /** Those that the named index, added before, files under `value`. */
  indexed(index: string, value: string): T[];
  /** Files every object under the values `of` gives. Adding the same name again is no change. */
  addIndex(name: string, of: (object: T) => readonly string[]): void;
  /** Calls back for every change, and at once for everything already there. Returns how to stop. */
  subscribe(listener: (change: Change<T>) => void): () => void;
  /** Puts what a write answered into the cache, unless the watch is already past it. */
  observe(object: T | undefined): void;
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>;
  close(): void;
}

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 5_000;

export function createInformer<T extends KubeObject>(
  api: Api,
  resource: ResourceOf<T>,
  log: Logger,
): Informer<T> {
  const objects = new Map<string, T>();
  const byNamespace = new Map<string, Map<string, T>>();
  const indexes = new Map<string, Index<T>>();
  const listeners = new Set<(change: Change<T>) => void>();
  const stop = new AbortController();
  const synced = Promise.withResolvers<void>();
  /** The newest version the watch has delivered. */
  let seen = 0;

  function set(object: T): void {
    const key = keyOf(object);
    const previous = objects.get(key);
    if (previous && versionOf(previous) >= versionOf(object)) return;
    objects.set(key, object);
    shelf(object).set(key, object);
    for (const index of indexes.values()) index.replace(key, previous, object);
    tell({ key, object, previous });
  }

  function drop(key: string, version: number): void {
    const previous = objects.get(key);
    if (!previous || versionOf(previous) > version) return;
    objects.delete(key);
    shelf(previous).delete(key);
    for (const index of indexes.values()) index.replace(key, previous, undefined);
    tell({ key, object: undefined, previous });
  }

  function shelf(object: T): Map<string, T> {
    const namespace = object.metadata.namespace ?? '';
    let shelf = byNamespace.get(namespace);
    if (!shelf) byNamespace.set(namespace, (shelf = new Map()));
    return shelf;
  }

  function tell(change: Change<T>): void {
    for (const listener of listeners) call(listener, change);
  }

  function call(listener: (change: Change<T>) => void, change: Change<T>): void {
    try {
      listener(change);
    } catch (error) {
      log.error({ err: error, key: change.key, kind: resource.kind }, 'a listener failed');
    }
  }

  async function relist(): Promise<string> {
    const { items, resourceVersion } = await api.list(resource);
    const version = Number(resourceVersion);
    const present = new Set(items.map(keyOf));
    for (const key of objects.keys()) if (!present.has(key)) drop(key, version);
    for (const item of items) set(item);
    seen = version;
    synced.resolve();
    return resourceVersion;
  }

  async function follow(): Promise<void> {
    let version = '';
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        version ||= await relist();
        for await (const event of api.watch(resource, version, stop.signal)) {
          failures = 0;
          if (event.type === 'ERROR') {
            if (event.object.code === 410) version = '';
            break;
          }
          version = event.object.metadata.resourceVersion;
          seen = Math.max(seen, Number(version));
          if (event.type === 'DELETED') drop(keyOf(event.object), Number(version));
          else if (event.type !== 'BOOKMARK') set(event.object);
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        if (isExpired(error)) version = '';
        failures += 1;
        log.debug({ err: error, kind: resource.kind }, 'watch broke; it will be taken up again');
        await sleep(
          Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS) * (0.5 + Math.random()),
          stop.signal,
        );
      }
    }
  }

  void follow();

  return {
    resource,
    synced: synced.promise,
    get: (key) => objects.get(key),
    list: (namespace) => [
      ...(namespace === undefined ? objects : (byNamespace.get(namespace) ?? new Map())).values(),
    ],
    indexed: (name, value) => [...(indexes.get(name)?.get(value) ?? [])],
    addIndex(name, of) {
      if (indexes.has(name)) return;
      const index = createIndex(of);
      indexes.set(name, index);
      for (const [key, object] of objects) index.replace(key, undefined, object);
    },
    subscribe(listener) {
      listeners.add(listener);
      for (const [key, object] of objects) call(listener, { key, object, previous: undefined });
      return () => listeners.delete(listener);
    },
    observe(object) {
      if (object && versionOf(object) > seen) set(object);
    },
    close: () => stop.abort(),
  };
}

interface Index<T> {
  get(value: string): Iterable<T> | undefined;
  replace(key: string, previous: T | undefined, object: T | undefined): void;
}

function createIndex<T>(of: (object: T) => readonly string[]): Index<T> {
  const shelves = new Map<string, Map<string, T>>();
  return {
    get: (value) => shelves.get(value)?.values(),
    replace(key, previous, object) {
      if (previous)
        for (const value of of(previous)) {
          const shelf = shelves.get(value);
          shelf?.delete(key);
          if (shelf?.size === 0) shelves.delete(value);
        }
      if (object)
        for (const value of of(object)) {
          let shelf = shelves.get(value);
          if (!shelf) shelves.set(value, (shelf = new Map()));
          shelf.set(key, object);
        }
    },
  };
}

const versionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion);
