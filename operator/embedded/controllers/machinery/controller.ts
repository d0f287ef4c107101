/**
 * What every controller stands on: the shared caches, and the loop that brings a key to `reconcile`
 * whenever something it depends on has changed.
 */
import type { Logger } from 'pino';
import { isConflict, isNotFound, type Api } from './client.ts';
import type { Recorder } from './events.ts';
import { createInformer, type Change, type Informer } from './informer.ts';
import { createQueue } from './queue.ts';
import { controllerOf, keyOf, type KubeObject, type Resource, type ResourceOf } from './wire.ts';

/** Time that tests can turn. */
export interface Clock {
  now(): Date;
}

export const SYSTEM_CLOCK: Clock = { now: () => new Date() };

export interface Informers {
  /** The one cache of a kind; it begins to follow when first asked for. */
  of<T extends KubeObject>(resource: ResourceOf<T>): Informer<T>;
  /** Stops following a kind that is served no more. */
  drop(resource: Resource): void;
  close(): void;
}

export interface Context {
  readonly api: Api;
  readonly informers: Informers;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Controller {
  close(): Promise<void>;
}

/** Tells which keys a change of one kind concerns. */
export type KeysOf<T> = (change: Change<T>) => readonly string[];

/** One kind that a controller listens to. Made by `on`. */
export interface Source {
  readonly synced: Promise<void>;
  subscribe(add: (key: string) => void): () => void;
}

export interface ControllerOptions {
  readonly name: string;
  readonly sources: readonly Source[];
  /** Level-triggered: brings the world of `key` nearer to what is wanted. Milliseconds returned: look again then. */
  readonly reconcile: (key: string) => Promise<number | undefined>;
  readonly concurrency?: number;
  /** Longest wait after failures. */
  readonly maxDelayMs?: number;
}

export function createInformers(api: Api, log: Logger): Informers {
  const informers = new Map<string, Informer<KubeObject>>();
  return {
    of<T extends KubeObject>(resource: ResourceOf<T>) {
      const name = nameOf(resource);
      let informer = informers.get(name);
      if (!informer) {
        informer = createInformer<KubeObject>(api, resource, log);
        informers.set(name, informer);
      }
      // One entry for one resource: the kind it was made for is the kind that is asked for.
      return informer as unknown as Informer<T>;
    },
    drop(resource) {
      informers.get(nameOf(resource))?.close();
      informers.delete(nameOf(resource));
    },
    close: () => informers.forEach((informer) => informer.close()),
  };
}

const nameOf = ({ plural, group }: Resource): string => `${plural}.${group}`;

/** Listens to a kind; by default a change concerns the object itself. */
export function on<T extends KubeObject>(
  informer: Informer<T>,
  keysOf: KeysOf<T> = ({ key }) => [key],
): Source {
  return {
    synced: informer.synced,
    subscribe: (add) => informer.subscribe((change) => keysOf(change).forEach(add)),
  };
}

/** The key of the object of `owner`'s kind that controls what changed, before and after the change. */
export function toController<T extends KubeObject>(owner: Resource): KeysOf<T> {
  return ({ object, previous }) => {
    const keys = new Set<string>();
    for (const version of [object, previous]) {
      const reference = version && controllerOf(version);
      if (reference?.kind === owner.kind)
        keys.add(keyOf({ metadata: { name: reference.name, ...namespaceOf(version) } }));
    }
    return [...keys];
  };
}

const namespaceOf = (object: KubeObject | undefined): { namespace?: string } =>
  object?.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace };

/** Runs until closed. Nothing is reconciled before every source has its first list. */
export function runController(context: Context, options: ControllerOptions): Controller {
  const log = context.log.child({ controller: options.name });
  const queue = createQueue({
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(options.maxDelayMs === undefined ? {} : { maxDelayMs: options.maxDelayMs }),
    async work(key) {
      const again = await options.reconcile(key);
      if (again !== undefined) queue.addAfter(key, again);
    },
    onError(key, error, failures) {
      // Someone else was quicker; the next look is at a newer world.
      if (isConflict(error) || isNotFound(error)) log.debug({ key, err: error }, 'lost a race');
      else log.warn({ key, err: error, failures }, 'reconcile failed');
    },
  });
  const unsubscribe: (() => void)[] = [];
  let closed = false;
  void listen();

  async function listen(): Promise<void> {
    await Promise.all(options.sources.map((source) => source.synced));
    if (closed) return;
    for (const source of options.sources) unsubscribe.push(source.subscribe(queue.add));
  }

  return {
    close() {
      closed = true;
      for (const stop of unsubscribe) stop();
      return queue.close();
    },
  };
}
