/**
 * What nobody else removes: Events past their hour, and Pods that no node will ever end.
 */
import { isConflict, isNotFound, type Api } from './machinery/client.ts';
import type { Context, Controller } from './machinery/controller.ts';
import { EVENTS, NODES, PODS, type Event, type Pod } from './machinery/wire.ts';

const EVERY_MS = 60_000;
const EVENT_TTL_MS = 60 * 60_000;
/** More finished Pods than this are not kept. */
const FINISHED_PODS = 1_000;

export function expiredEvents(events: readonly Event[], now: Date): Event[] {
  return events.filter((event) => {
    const last = event.lastTimestamp ?? event.series?.lastObservedTime ?? event.eventTime;
    const at = new Date(last ?? event.metadata.creationTimestamp).getTime();
    return now.getTime() - at > EVENT_TTL_MS;
  });
}

/** Pods that are to go and were never bound, Pods of nodes that are no more, and the oldest of too many finished ones. */
export function abandonedPods(pods: readonly Pod[], nodes: ReadonlySet<string>): Pod[] {
  const finished = pods
    .filter(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed')
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  const surplus = new Set(finished.slice(0, Math.max(0, finished.length - FINISHED_PODS)));
  return pods.filter(
    (pod) =>
      surplus.has(pod) ||
      (pod.spec.nodeName ? !nodes.has(pod.spec.nodeName) : pod.metadata.deletionTimestamp !== undefined),
  );
}

export function startSweeper(context: Context): Controller {
  const { api, clock, log } = context;
  const pods = context.informers.of(PODS);
  const nodes = context.informers.of(NODES);

  async function sweep(): Promise<void> {
    await Promise.all([pods.synced, nodes.synced]);
    const { items } = await api.list(EVENTS);
    for (const { metadata } of expiredEvents(items, clock.now())) await gone(api.remove(EVENTS, metadata));
    const names = new Set(nodes.list().map(({ metadata }) => metadata.name));
    if (names.size === 0) return;
    for (const pod of abandonedPods(pods.list(), names)) await removePod(api, pod);
  }

  const timer = setInterval(() => {
    void sweep().catch((error: unknown) =>
      log.warn({ err: error }, 'sweeping failed; it is done again in a minute'),
    );
  }, EVERY_MS);
  // A Pod that was never bound has no agent to end it: it need not wait for the minute.
  const unsubscribe = pods.subscribe(({ object }) => {
    if (object?.metadata.deletionTimestamp && !object.spec.nodeName)
      void removePod(api, object).catch((error: unknown) =>
        log.warn({ err: error }, 'a pod was not removed'),
      );
  });

  return {
    close() {
      clearInterval(timer);
      unsubscribe();
      return Promise.resolve();
    },
  };
}

const removePod = (api: Api, { metadata }: Pod): Promise<void> =>
  gone(api.remove(PODS, metadata, { uid: metadata.uid, gracePeriodSeconds: 0 }));

async function gone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
