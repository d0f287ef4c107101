/**
 * Keeps a cache equal to one resource of the API server: list in pages, watch, and begin again whenever either breaks.
 * Never gives up, never goes back in time without good reason, and lets no handler's exception through.
 */
import type { Logger } from 'pino';
import { createCache, trim as standardTrim, type Cache, type Change, type Indexer } from './cache.ts';
import type { Client, WatchEvent } from './client.ts';
import { jitter, sleep, systemClock, type Clock } from './clock.ts';
import { isAborted, isExpired, KubeError } from './errors.ts';
import { labelMatcher } from './selectors.ts';
import {
  apiVersionOf,
  compareVersions,
  keyOfObject,
  resourceName,
  type Key,
  type KubeObject,
  type ResourceType,
} from './types.ts';

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Client;
  readonly type: ResourceType<T>;
  readonly log: Logger;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Named indices for `cache.byIndex`. */
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  /** Drops what nobody reads before an object is cached; runs after managed fields were dropped. */
  readonly trim?: (object: T) => T;
  readonly pageSize?: number;
  /** Silence on the watch after which the connection is taken for dead; 90 s by default. */
  readonly inactivityMs?: number;
  /** Lists again this often even if nothing seems wrong, so that no lost event stays lost; 30 min by default. */
  readonly relistMs?: number;
  /** Waits between failures: doubles from `minMs` to `maxMs`, ± 50 %. */
  readonly backoff?: { readonly minMs: number; readonly maxMs: number };
  /** How long lists older than what was already seen are refused; later the server is believed (a restored backup). */
  readonly staleListMs?: number;
  /**
   * A version that the server is known to have had before this reflector was run: an older first list is stale too.
   * Asked once, before the first list; a rejection is retried like one of a list.
   */
  readonly notBefore?: () => Promise<string | undefined>;
  /** Asks the server to stream the first state through the watch (Kubernetes ≥ 1.32) and lists when it cannot. */
  readonly streamList?: boolean;
  /** Called whenever a list or a watch fails; the reflector goes on by itself. */
  readonly onFailure?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Reflector<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  readonly cache: Cache<T>;
  /** True once the cache held a whole list. */
  hasSynced(): boolean;
  /** Resolves when it has; rejects with KubeError `Aborted` when the reflector stops before. */
  whenSynced(): Promise<void>;
  /** Version up to which this reflector has seen everything; `undefined` before the first list. */
  observedVersion(): string | undefined;
  /** Whether an object like this would be seen here: by namespace and labels. False where a field selector decides. */
  covers(object: KubeObject): boolean;
  /** What went wrong last, until a watch runs again. For readiness pages and logs. */
  lastError(): KubeError | undefined;
  /**
   * Calls `handler` for every change, after the cache has it. Those already cached are told as `added` at once.
   * What a handler throws is logged and stops nobody. Returns a function that ends the subscription.
   */
  onChange(handler: (change: Change<T>) => void): () => void;
  /** Calls `handler` whenever `observedVersion` has grown, changes included. */
  onProgress(handler: () => void): () => void;
  /** Runs until `signal` is aborted; never rejects. Call once. */
  run(signal: AbortSignal): Promise<void>;
}

export function createReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { client, type } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const log = options.log.child({ resource: resourceName(type) });
  const backoff = options.backoff ?? { minMs: 250, maxMs: 30_000 };
  const cache = createCache<T>(options.indexers);
  const changeHandlers = new Set<(change: Change<T>) => void>();
  const progressHandlers = new Set<() => void>();
  const graves = createGraves();
  const synced = Promise.withResolvers<void>();
  // Whoever does not wait for it must not bring the process down.
  synced.promise.catch(() => undefined);
  const scope = {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  };

  const matches = labelMatcher(options.labelSelector ?? '');

  let isSynced = false;
  let version: string | undefined;
  let lastError: KubeError | undefined;
  let failures = 0;
  let canStream = options.streamList ?? false;
  let staleSince: number | undefined;
  let lastListAt = 0;
  /** What nothing may be older than; the version of our own grows past it. */
  let floor: string | undefined;
  let knowsFloor = options.notBefore === undefined;

  /** One list and the watches that follow from it; returns when it is time to list again. */
  async function cycle(signal: AbortSignal): Promise<void> {
    if (!knowsFloor) {
      floor = await options.notBefore?.();
      knowsFloor = true;
    }
    if (canStream) {
      await streamed(signal);
    } else {
      const list = await client.listAll(type, { ...scope, limit: options.pageSize ?? 500, signal });
      accept(list.items, list.metadata.resourceVersion);
    }
    const relist = new AbortController();
    const leftMs = lastListAt + jitter(options.relistMs ?? 1_800_000, 0.2, random) - clock.monotonic();
    const cancel = clock.after(leftMs, () => relist.abort());
    const onStop = (): void => relist.abort();
    signal.addEventListener('abort', onStop, { once: true });
    try {
      while (!signal.aborted && !relist.signal.aborted) await watch(relist.signal);
    } finally {
      cancel();
      signal.removeEventListener('abort', onStop);
    }
  }

  /** One watch from where we are. A break is an ordinary thing: wait a little and resume. */
  async function watch(signal: AbortSignal): Promise<void> {
    const started = clock.monotonic();
    const before = version;
    try {
      await client.watch<T>(
        type,
        {
          ...scope,
          resourceVersion: version,
          timeoutSeconds: watchSeconds(),
          onOpen,
          inactivityMs: options.inactivityMs ?? 90_000,
          signal,
        },
        receive,
      );
      // A server that ends watches at once must not be asked in a tight loop.
      if (version !== before || clock.monotonic() - started > 1000) failures = 0;
      else await pause(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (isExpired(error)) throw error;
      if (version !== before) failures = 0;
      note(error, 'the watch broke off and is resumed');
      await pause(signal);
    }
  }

  /** The first state arrives as ADDED events, ended by an annotated bookmark. */
  async function streamed(signal: AbortSignal): Promise<void> {
    const first = new Map<Key, T>();
    let complete = false;
    try {
      await client.watch<T>(
        type,
        {
          ...scope,
          sendInitialEvents: true,
          resourceVersionMatch: 'NotOlderThan',
          timeoutSeconds: watchSeconds(),
          onOpen,
          inactivityMs: options.inactivityMs ?? 90_000,
          signal,
        },
        (event) => {
          if (complete) return receive(event);
          if (event.type !== 'BOOKMARK') {
            if (event.type === 'DELETED') first.delete(keyOfObject(event.object));
            else first.set(keyOfObject(event.object), prepare(event.object));
          } else if (event.object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true') {
            complete = true;
            accept([...first.values()], event.object.metadata.resourceVersion, true);
          }
        },
      );
    } catch (error) {
      if (signal.aborted || complete) return;
      if (!(error instanceof KubeError) || error.code < 400 || error.code >= 500 || isExpired(error))
        throw error;
      log.debug({ err: error }, 'the server cannot stream lists, so they are paged');
      canStream = false;
      throw error;
    }
    if (!complete) canStream = false;
  }

  function accept(items: readonly T[], listVersion: string | undefined, prepared = false): void {
    refuseStale(listVersion);
    const changes = cache.replace(prepared ? items : items.map(prepare));
    version = listVersion;
    lastListAt = clock.monotonic();
    lastError = undefined;
    graves.clear();
    if (!isSynced) {
      isSynced = true;
      log.debug({ objects: cache.size, version }, 'synced');
      synced.resolve();
    }
    for (const change of changes) tell(change);
    progress();
  }

  /** A list older than what we saw comes from a lagging replica, or from a cluster restored out of a backup. */
  function refuseStale(listVersion: string | undefined): void {
    const seen = version ?? floor;
    if ((compareVersions(listVersion, seen) ?? 0) >= 0) {
      staleSince = undefined;
      return;
    }
    staleSince ??= clock.monotonic();
    const refusedFor = clock.monotonic() - staleSince;
    if (refusedFor < (options.staleListMs ?? 30_000)) {
      throw new KubeError({
        code: 0,
        reason: 'Stale',
        message: `the list is at version ${listVersion}, but ${seen} was already seen`,
        retryable: true,
      });
    }
    log.warn({ seen, listed: listVersion }, 'the server has gone back in time and is believed now');
    staleSince = undefined;
  }

  function receive(event: WatchEvent<T>): void {
    const { object } = event;
    const eventVersion = object.metadata?.resourceVersion;
    const isReplay = (compareVersions(eventVersion, version) ?? 1) <= 0;
    if (event.type !== 'BOOKMARK') applyEvent(event, isReplay);
    if (!isReplay && eventVersion !== undefined) {
      version = eventVersion;
      progress();
    }
  }

  /** Events of the past still count where they are news: a server may deliver two objects' changes out of order. */
  function applyEvent(event: WatchEvent<T>, isReplay: boolean): void {
    const object = prepare(event.object);
    if (event.type === 'DELETED') {
      graves.bury(object);
      const change = cache.remove(object);
      if (change !== undefined) tell({ ...change, object });
      return;
    }
    if (isReplay && graves.holds(object)) return;
    const change = cache.upsert(object);
    if (change !== undefined) tell(change);
  }

  function prepare(object: T): T {
    object.apiVersion ??= apiVersionOf(type);
    object.kind ??= type.kind;
    const trimmed = standardTrim(object);
    return options.trim === undefined ? trimmed : options.trim(trimmed);
  }

  function tell(change: Change<T>): void {
    for (const handler of changeHandlers) callHandler(handler, change);
  }

  function callHandler(handler: (change: Change<T>) => void, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      log.error({ err: error, key: keyOfObject(change.object), change: change.type }, 'a handler threw');
    }
  }

  function progress(): void {
    for (const handler of progressHandlers) {
      try {
        handler();
      } catch (error) {
        log.error({ err: error }, 'a progress handler threw');
      }
    }
  }

  function note(error: unknown, message: string): void {
    lastError = error instanceof KubeError ? error : undefined;
    const level = failures < 2 ? 'debug' : 'warn';
    log[level]({ err: error, failures }, message);
    options.onFailure?.(error);
  }

  async function pause(signal: AbortSignal): Promise<void> {
    const wait = Math.min(backoff.minMs * 2 ** failures, backoff.maxMs);
    failures += 1;
    await sleep(clock, jitter(wait, 0.5, random), signal);
  }

  const onOpen = (): void => {
    lastError = undefined;
  };

  /** Spread, so that a restarted server's watches do not all end together again. */
  const watchSeconds = (): number => Math.round(300 * (1 + random()));

  return {
    type,
    cache,
    hasSynced: () => isSynced,
    whenSynced: () => synced.promise,
    observedVersion: () => version,
    covers: (object) =>
      options.fieldSelector === undefined &&
      (options.namespace === undefined || options.namespace === object.metadata.namespace) &&
      matches(object.metadata.labels ?? {}),
    lastError: () => lastError,

    onChange(handler) {
      // A subscription of its own, so that the same function may subscribe twice.
      const own = (change: Change<T>): void => handler(change);
      changeHandlers.add(own);
      for (const object of cache.values()) callHandler(own, { type: 'added', object });
      return () => void changeHandlers.delete(own);
    },

    onProgress(handler) {
      const own = (): void => handler();
      progressHandlers.add(own);
      return () => void progressHandlers.delete(own);
    },

    async run(signal) {
      while (!signal.aborted) {
        try {
          await cycle(signal);
          failures = 0;
        } catch (error) {
          if (signal.aborted || isAborted(error)) break;
          // 410 is the server's way to ask for a list; jitter keeps a fleet from asking at the same moment.
          note(
            error,
            isExpired(error) ? 'the version is too old, listing again' : 'listing failed, trying again',
          );
          await pause(signal);
        }
      }
      synced.reject(
        new KubeError({
          code: 0,
          reason: 'Aborted',
          message: `${resourceName(type)}: stopped before synced`,
        }),
      );
    },
  };
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Remembers deletions since the last list, so that a replayed event does not bring the dead back. */
function createGraves(): { bury(o: KubeObject): void; holds(o: KubeObject): boolean; clear(): void } {
  const uids = new Set<string>();
  return {
    bury(object) {
      const { uid } = object.metadata;
      if (uid === undefined) return;
      uids.add(uid);
      if (uids.size > MAX_GRAVES) for (const oldest of uids.values().take(1)) uids.delete(oldest);
    },
    holds: (object) => object.metadata.uid !== undefined && uids.has(object.metadata.uid),
    clear: () => uids.clear(),
  };
}

const MAX_GRAVES = 10_000;
