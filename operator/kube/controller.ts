/**
 * Wires reflectors to a queue and a queue to a reconcile function, and keeps every mishap inside its own key:
 * what throws is retried with back-off, what runs hot is slowed, what wrote waits until the caches show it.
 */
import type { Logger } from 'pino';
import { createBreakers, type BreakerOptions } from './breaker.ts';
import type { Change } from './cache.ts';
import type { Client } from './client.ts';
import { systemClock, type Clock } from './clock.ts';
import { isConflict, isNotFound, isNotLeader, isRetryable, KubeError } from './errors.ts';
import type { Reflector } from './reflector.ts';
import { NO_SPANS, type SpanFacts, type Spans } from './spans.ts';
import { keyOfObject, refOf, type Key, type KubeObject } from './types.ts';
import { createWorkQueue, type QueueObserver, type QueueOptions } from './workqueue.ts';
import { createWrites } from './writes.ts';

export interface ReconcileContext {
  readonly name: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  /** Aborted when the process stops or the reconcile takes too long; pass it to everything that waits. */
  readonly signal: AbortSignal;
  /** Remembers its writes: this key is not reconciled again before the caches show them. */
  readonly client: Client;
  readonly log: Logger;
  /** Failures in a row before this run, none of which wrote anything. */
  readonly failures: number;
  /** Parts of this reconcile's trace. */
  readonly spans: Spans;
}

export interface Result {
  /** Reconcile again after this time although nothing happened. */
  readonly requeueAfterMs?: number;
}

/** Level-triggered and idempotent: reads caches, never asks what woke it. Rejecting means "try again with back-off". */
export type Reconcile = (key: Key, context: ReconcileContext) => Promise<Result | void>;

/** A source of keys: changes of one cache, and whom they concern. */
export interface Source {
  readonly reflector: Reflector;
  /** Keys to reconcile for a change; by default the changed object's own key. */
  readonly keys: (change: Change<KubeObject>) => readonly Key[];
  readonly name: string;
}

export interface ControllerOptions {
  /** In metrics and logs, for example `shopmindtenant`. */
  readonly name: string;
  readonly client: Client;
  readonly sources: readonly Source[];
  readonly reconcile: Reconcile;
  readonly log: Logger;
  /** Keys reconciled at the same time; 4 by default. */
  readonly workers?: number;
  /** After this time a reconcile's signal is aborted; 5 min by default. */
  readonly timeoutMs?: number;
  readonly queue?: Pick<QueueOptions, 'backoff' | 'retries'>;
  readonly breaker?: BreakerOptions;
  /** How long a key waits at most for the caches to show its writes; 10 s by default. */
  readonly writesTimeoutMs?: number;
  /** Caches besides those of `sources` that must be synced first and whose lag counts. */
  readonly alsoReads?: readonly Reflector[];
  readonly metrics?: ControllerMetrics;
  /** Each reconcile is a trace; absent: nothing is traced. */
  readonly spans?: Spans;
  /** What is said of a key in its trace. */
  readonly factsOf?: (key: Key) => SpanFacts;
  readonly clock?: Clock;
}

/** Where a controller's figures go; `metrics.ts` gives them controller-runtime's names. */
export interface ControllerMetrics {
  queue(controller: string): QueueObserver;
  /** Called at each scrape for the work under way. */
  watchUnfinished(controller: string, read: () => { sumSeconds: number; longestSeconds: number }): void;
  reconciled(controller: string, result: ReconcileOutcome, seconds: number): void;
  activeWorkers(controller: string, count: number): void;
  maxWorkers(controller: string, count: number): void;
  breakerOpened(controller: string): void;
  writesTimedOut(controller: string): void;
}

export type ReconcileOutcome = 'success' | 'error' | 'requeue_after' | 'terminal';

export interface Controller {
  readonly name: string;
  /** True when every cache it reads is synced. */
  hasSynced(): boolean;
  /** Asks for a reconcile from outside; `why` shows up when the breaker of the key opens. */
  enqueue(key: Key, why: string): void;
  /** Keys waiting now. */
  depth(): number;
  /**
   * Waits for the caches, then works until `signal` is aborted; lets running reconciles finish for `graceMs`
   * (10 s by default, their signals are aborted at once), then resolves. The reflectors are run by the caller.
   */
  run(signal: AbortSignal, graceMs?: number): Promise<void>;
}

/**
 * Longest back-off after what is the server's fault and not the key's: nobody shall wait a quarter of an hour for a server
 * that answers again. The queue's limit on retries of all keys together is what spares it.
 */
const PASSING_MS = 15_000;

/** Wrong until somebody changes something: logged and counted, but not retried until the next event. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/**
 * A typed source.
 * @param keys whom a change concerns; by default the object itself
 */
export function source<T extends KubeObject>(
  reflector: Reflector<T>,
  keys: (change: Change<T>) => readonly Key[] = (change) => [keyOfObject(change.object)],
  name: string = reflector.type.plural,
): Source {
  // A source is stored beside others of other types; only its own reflector ever feeds `keys`.
  return { reflector: reflector as unknown as Reflector, keys: keys as Source['keys'], name };
}

/** Maps an object to the key its label names, before and after the change. For cluster-scoped parents. */
export const keysOfLabel =
  (label: string) =>
  (change: Change<KubeObject>): readonly Key[] => {
    const names = [change.object.metadata.labels?.[label], change.previous?.metadata.labels?.[label]];
    return [...new Set(names.filter((name) => name !== undefined))];
  };

/** Maps an object to its controlling owner of this kind, in the same namespace. */
export const keysOfOwner =
  (kind: string) =>
  (change: Change<KubeObject>): readonly Key[] => {
    const { namespace, ownerReferences = [] } = change.object.metadata;
    return ownerReferences
      .filter((owner) => owner.controller === true && owner.kind === kind)
      .map((owner) => (namespace === undefined ? owner.name : `${namespace}/${owner.name}`));
  };

/**
 * False for updates that touch nothing but status: no new generation, labels, annotations, finalizers or deletion. Of kinds
 * that count no generations (Namespace, ResourceQuota, Service and others of the core) everything but the status is compared.
 */
export function specChanged(change: Change<KubeObject>): boolean {
  if (change.previous === undefined || change.type !== 'updated') return true;
  const [before, after] = [change.previous.metadata, change.object.metadata];
  if (before.uid !== after.uid || before.generation !== after.generation) return true;
  if (after.generation === undefined) return withoutStatus(change.previous) !== withoutStatus(change.object);
  const fields = ['labels', 'annotations', 'finalizers', 'deletionTimestamp'] as const;
  return fields.some((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

function withoutStatus(object: KubeObject): string {
  // Any object may have a status; the base type does not know of it.
  const { status: _, ...rest } = object as KubeObject & { status?: unknown };
  return JSON.stringify({ ...rest, metadata: { ...rest.metadata, resourceVersion: undefined } });
}

/** The same keys, but none for changes of the status alone: for kinds whose status nobody reads. */
export const ofSpec =
  (keys: (change: Change<KubeObject>) => readonly Key[]) =>
  (change: Change<KubeObject>): readonly Key[] =>
    specChanged(change) ? keys(change) : [];

export function createController(options: ControllerOptions): Controller {
  const { name, sources, metrics } = options;
  const clock = options.clock ?? systemClock;
  const { spans = NO_SPANS, factsOf = () => ({}) } = options;
  const log = options.log.child({ controller: name });
  const workers = options.workers ?? 4;
  const reflectors = [...new Set([...sources.map((each) => each.reflector), ...(options.alsoReads ?? [])])];
  const queueObserver = metrics?.queue(name);
  const queue = createWorkQueue({
    ...options.queue,
    clock,
    ...(queueObserver === undefined ? {} : { observe: queueObserver }),
  });
  const breakers = createBreakers(options.breaker ?? {}, clock);
  const writes = createWrites({
    reflectors,
    clock,
    ...(options.writesTimeoutMs === undefined ? {} : { timeoutMs: options.writesTimeoutMs }),
    onSettled(key, timedOut) {
      if (timedOut) {
        metrics?.writesTimedOut(name);
        log.warn({ key }, 'the cache did not show this key’s writes in time; it is reconciled all the same');
      }
      queue.add(key);
    },
  });
  let active = 0;
  metrics?.maxWorkers(name, workers);
  metrics?.watchUnfinished(name, queue.unfinished);

  async function work(stop: AbortSignal): Promise<void> {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      try {
        if (mayRun(key)) await reconcileKey(key, stop);
      } finally {
        queue.done(key);
      }
    }
  }

  function mayRun(key: Key): boolean {
    if (writes.pending(key)) return false;
    const verdict = breakers.admit(key);
    if (verdict.opened) {
      metrics?.breakerOpened(name);
      log.warn({ key, triggers: verdict.triggers }, 'this key is reconciled too often; it is slowed down');
    }
    if (verdict.waitMs > 0) queue.addAfter(key, verdict.waitMs);
    return verdict.waitMs === 0;
  }

  async function reconcileKey(key: Key, stop: AbortSignal): Promise<void> {
    const started = clock.monotonic();
    const { name: objectName, namespace = '' } = refOf(key);
    const failures = queue.failures(key);
    let written = 0;
    const deadline = new AbortController();
    // Not AbortSignal.any: Node 24 keeps each combined signal that was listened to as long as `stop` lives.
    const onStop = (): void => deadline.abort(stop.reason);
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
    const cancel = clock.after(options.timeoutMs ?? 300_000, () =>
      deadline.abort(
        new KubeError({ code: 0, reason: 'Timeout', message: `reconciling ${key} took too long` }),
      ),
    );
    metrics?.activeWorkers(name, (active += 1));
    let outcome: ReconcileOutcome;
    try {
      const result = await spans.trace(`reconcile ${name}`, factsOf(key), async (note) => {
        const done = await options.reconcile(key, {
          name: objectName,
          namespace,
          signal: deadline.signal,
          client: writes.remembering(options.client, key, () => void (written += 1)),
          log: log.child({ key }),
          failures,
          spans,
        });
        note('shopmind.writes', written);
        return done;
      });
      outcome = succeeded(key, result ?? {});
    } catch (error) {
      // Whoever gets on from failure to failure is not hopeless: waits that double would end in a silence of minutes.
      if (written > 0) queue.forget(key);
      outcome = failed(key, error, queue.failures(key), stop.aborted);
    } finally {
      cancel();
      stop.removeEventListener('abort', onStop);
      metrics?.activeWorkers(name, (active -= 1));
    }
    metrics?.reconciled(name, outcome, (clock.monotonic() - started) / 1000);
  }

  function succeeded(key: Key, result: Result): ReconcileOutcome {
    queue.forget(key);
    if (result.requeueAfterMs === undefined) return 'success';
    queue.addAfter(key, result.requeueAfterMs);
    return 'requeue_after';
  }

  function failed(key: Key, error: unknown, failures: number, stopping: boolean): ReconcileOutcome {
    if (stopping) return 'error';
    if (error instanceof TerminalError) {
      queue.forget(key);
      log.error({ err: error, key }, 'reconciling failed for good');
      return 'terminal';
    }
    // A conflict, an object that went meanwhile or a lost lease is business as usual; the first retry mostly cures it.
    const passing = isRetryable(error) || isConflict(error) || isNotFound(error);
    const retryInMs = queue.addRateLimited(key, passing ? PASSING_MS : undefined);
    const quiet = isNotLeader(error) || (failures === 0 && passing);
    log[quiet ? 'debug' : 'error'](
      { err: error, key, failures: failures + 1, retryInMs },
      'reconciling failed',
    );
    return 'error';
  }

  return {
    name,
    hasSynced: () => reflectors.every((reflector) => reflector.hasSynced()),
    depth: () => queue.depth,

    enqueue(key, why) {
      breakers.triggered(key, why);
      queue.add(key);
    },

    async run(signal, graceMs = 10_000) {
      const end = sources.map((each) =>
        each.reflector.onChange((change) => {
          for (const key of each.keys(change)) {
            breakers.triggered(key, each.name);
            queue.add(key);
          }
        }),
      );
      try {
        await Promise.race([
          Promise.all(reflectors.map((reflector) => reflector.whenSynced())),
          afterAbort(signal, clock, 0),
        ]);
      } catch (error) {
        log.info({ err: error }, 'stopped before the caches were synced');
        queue.shutDown();
      }
      const stop = (): void => queue.shutDown();
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      const working = Promise.all(Array.from({ length: workers }, () => work(signal)));
      await Promise.race([working, afterAbort(signal, clock, graceMs)]);
      for (const unsubscribe of end) unsubscribe();
      writes.close();
    },
  };
}

function afterAbort(signal: AbortSignal, clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const arm = (): void => void clock.after(ms, resolve);
    if (signal.aborted) arm();
    else signal.addEventListener('abort', arm, { once: true });
  });
}
