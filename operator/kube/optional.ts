/**
 * Reflectors for kinds that a cluster may not have. Each follows its CustomResourceDefinition: it lists and watches once the
 * kind is served, and tells everybody that all is deleted when it no longer is. To a controller it is a reflector like any
 * other; nothing ever waits for a kind that is not there.
 */
import { createCache, type Cache, type Change } from './cache.ts';
import { KubeError } from './errors.ts';
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts';
import { customResourceDefinitions, type CustomResourceDefinition } from './resources.ts';
import { resourceName, type KubeObject, type ResourceType } from './types.ts';

/**
 * `served`: the cache shows the kind's objects. `absent`: the cluster does not have the kind, so there are none.
 * `unseen`: it has the kind, but its objects could not be listed (yet): nothing can be said of them.
 */
export type Presence = 'served' | 'absent' | 'unseen';

export interface OptionalReflector<T extends KubeObject = KubeObject> extends Reflector<T> {
  presence(): Presence;
  /** Calls `handler` when the presence may have changed. Returns a function that ends the subscription. */
  onPresence(handler: () => void): () => void;
}

/**
 * Watches every CustomResourceDefinition, of which it keeps what says whether a kind is served: schemas are megabytes.
 */
export function createDefinitionsReflector(
  options: Omit<ReflectorOptions<CustomResourceDefinition>, 'type' | 'trim'>,
): Reflector<CustomResourceDefinition> {
  return createReflector({ ...options, type: customResourceDefinitions, trim: essence });
}

function essence({
  apiVersion,
  kind,
  metadata,
  spec,
  status,
}: CustomResourceDefinition): CustomResourceDefinition {
  const { name, uid, resourceVersion, generation, deletionTimestamp } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(generation === undefined ? {} : { generation }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    spec: {
      group: spec.group,
      names: { kind: spec.names.kind, plural: spec.names.plural },
      scope: spec.scope,
      versions: spec.versions.map((version) => ({
        name: version.name,
        served: version.served,
        storage: version.storage,
      })),
    },
    status: {
      conditions: (status?.conditions ?? []).map(({ type, status: value }) => ({ type, status: value })),
    },
  };
}

/** Whether the cluster serves the kind in this very version. */
export function isServed(type: ResourceType, definition: CustomResourceDefinition | undefined): boolean {
  if (definition === undefined || definition.metadata.deletionTimestamp !== undefined) return false;
  const established = definition.status?.conditions?.some(
    (condition) => condition.type === 'Established' && condition.status === 'True',
  );
  return (
    established === true &&
    definition.spec.versions.some(({ name, served }) => served && name === type.version)
  );
}

interface Run<T extends KubeObject> {
  readonly reflector: Reflector<T>;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
  /** A list was tried and failed: whoever waits for the first one need not wait any longer. */
  failed: boolean;
}

/** @param definitions run by the caller */
export function createOptionalReflector<T extends KubeObject>(
  options: Omit<ReflectorOptions<T>, 'onFailure'> & {
    readonly definitions: Reflector<CustomResourceDefinition>;
  },
): OptionalReflector<T> {
  const { type, definitions } = options;
  const name = resourceName(type);
  const log = options.log.child({ resource: name });
  const nothing = createCache<T>(options.indexers);
  const changeHandlers = new Set<(change: Change<T>) => void>();
  const progressHandlers = new Set<() => void>();
  const presenceHandlers = new Set<() => void>();
  const synced = Promise.withResolvers<void>();
  // Whoever does not wait for it must not bring the process down.
  synced.promise.catch(() => undefined);
  let run: Run<T> | undefined;
  let following = false;

  const current = (): Cache<T> => run?.reflector.cache ?? nothing;
  const hasSynced = (): boolean =>
    following && definitions.hasSynced() && (run === undefined || run.failed || run.reflector.hasSynced());

  function each(handlers: Iterable<() => void>): void {
    for (const handler of handlers) guarded(handler);
  }

  /** What a handler throws stops nobody. */
  function guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      log.error({ err: error }, 'a handler threw');
    }
  }

  function tell(change: Change<T>): void {
    for (const handler of changeHandlers) guarded(() => handler(change));
  }

  function settled(): void {
    if (hasSynced()) synced.resolve();
    each(presenceHandlers);
  }

  function begin(): Run<T> {
    const abort = new AbortController();
    const reflector = createReflector<T>({
      ...options,
      onFailure: () => {
        if (own.failed || reflector.hasSynced()) return;
        own.failed = true;
        settled();
      },
    });
    reflector.onChange(tell);
    reflector.onProgress(() => each(progressHandlers));
    reflector.whenSynced().then(settled, () => undefined);
    const own: Run<T> = { reflector, abort, failed: false, ended: reflector.run(abort.signal) };
    return own;
  }

  /** The kind is gone, and with it every object: the server deleted them together. */
  function end({ reflector, abort }: Run<T>): void {
    abort.abort();
    run = undefined;
    for (const object of reflector.cache.values()) tell({ type: 'deleted', object, previous: object });
    each(progressHandlers);
  }

  function follow(): void {
    const served = isServed(type, definitions.cache.get(name));
    if (served === (run !== undefined)) return;
    log.info({ served }, served ? 'the kind has appeared' : 'the kind has gone');
    if (run === undefined) run = begin();
    else end(run);
    settled();
  }

  return {
    type,
    cache: {
      get: (key) => current().get(key),
      has: (key) => current().has(key),
      get size() {
        return current().size;
      },
      values: () => current().values(),
      keys: () => current().keys(),
      inNamespace: (namespace) => current().inNamespace(namespace),
      withLabel: (label, value) => current().withLabel(label, value),
      byIndex: (index, value) => current().byIndex(index, value),
    },
    hasSynced,
    whenSynced: () => synced.promise,
    observedVersion: () => run?.reflector.observedVersion(),
    covers: (object) => run?.reflector.covers(object) ?? false,
    lastError: () => run?.reflector.lastError(),
    presence() {
      if (run?.reflector.hasSynced() === true) return 'served';
      return run === undefined && following && definitions.hasSynced() ? 'absent' : 'unseen';
    },
    onPresence(handler) {
      const own = (): void => handler();
      presenceHandlers.add(own);
      return () => void presenceHandlers.delete(own);
    },
    onChange(handler) {
      const own = (change: Change<T>): void => handler(change);
      changeHandlers.add(own);
      for (const object of current().values()) guarded(() => own({ type: 'added', object }));
      return () => void changeHandlers.delete(own);
    },
    onProgress(handler) {
      const own = (): void => handler();
      progressHandlers.add(own);
      return () => void progressHandlers.delete(own);
    },

    async run(signal) {
      const stopped = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => stopped.resolve(), { once: true });
      if (signal.aborted) stopped.resolve();
      await Promise.race([definitions.whenSynced().catch(() => undefined), stopped.promise]);
      following = true;
      const unsubscribe = definitions.onChange((change) => {
        if (change.object.metadata.name === name) follow();
      });
      settled();
      await stopped.promise;
      unsubscribe();
      const last = run;
      last?.abort.abort();
      await last?.ended;
      synced.reject(new KubeError({ code: 0, reason: 'Aborted', message: `${name}: stopped before synced` }));
    },
  };
}
