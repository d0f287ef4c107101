/**
 * DaemonSet: one Pod on every node that it may run on; here that is one node.
 */
import { isConflict, isNotFound } from './machinery/client.ts';
import { on, runController, toController, type Context, type Controller } from './machinery/controller.ts';
import { digest, equal } from './machinery/equal.ts';
import {
  controllerOf,
  controllerReference,
  DAEMON_SETS,
  keyOf,
  NODES,
  PODS,
  type DaemonSet,
  type Node,
  type Pod,
} from './machinery/wire.ts';
import { isActive, isAvailable, isReady } from './pods.ts';
import { BY_CONTROLLER, podFrom } from './replicaset.ts';
import { REVISION_LABEL } from './statefulset.ts';

type Status = NonNullable<DaemonSet['status']>;

export interface DaemonSetPlan {
  /** Nodes that lack their Pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  readonly status: Status;
}

/** @param pods those it controls */
export function planDaemonSet(
  set: DaemonSet,
  pods: readonly Pod[],
  nodes: readonly Node[],
  now: Date,
): DaemonSetPlan {
  const hash = digest(set.spec.template);
  const selector = Object.entries(set.spec.template.spec?.nodeSelector ?? {});
  const fit = nodes.filter((node) => selector.every(([key, value]) => node.metadata.labels?.[key] === value));
  const names = new Set(fit.map(({ metadata }) => metadata.name));
  const placed = Map.groupBy(pods, ({ spec }) => spec.nodeName ?? '');
  const current = (pod: Pod): boolean => pod.metadata.labels?.[REVISION_LABEL] === hash;
  const rolling = set.spec.updateStrategy?.type !== 'OnDelete';
  const deleting = set.metadata.deletionTimestamp !== undefined;
  const remove = pods.filter(
    (pod) =>
      !pod.metadata.deletionTimestamp &&
      (!isActive(pod) || !names.has(pod.spec.nodeName ?? '') || (rolling && !current(pod))),
  );
  const active = pods.filter(isActive);
  const ready = active.filter(isReady);
  return {
    create: deleting ? [] : [...names].filter((name) => (placed.get(name) ?? []).length === 0),
    remove: deleting ? [] : remove,
    status: {
      ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
      desiredNumberScheduled: names.size,
      currentNumberScheduled: active.length,
      updatedNumberScheduled: active.filter(current).length,
      numberReady: ready.length,
      numberAvailable: active.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
      numberUnavailable: Math.max(0, names.size - ready.length),
      numberMisscheduled: active.filter(({ spec }) => !names.has(spec.nodeName ?? '')).length,
    },
  };
}

export function startDaemonSets(context: Context): Controller {
  const { api, clock } = context;
  const sets = context.informers.of(DAEMON_SETS);
  const pods = context.informers.of(PODS);
  const nodes = context.informers.of(NODES);
  pods.addIndex(BY_CONTROLLER, (pod) => [controllerOf(pod)?.uid ?? `none/${pod.metadata.namespace}`]);

  async function reconcile(key: string): Promise<number | undefined> {
    const set = sets.get(key);
    if (!set) return undefined;
    const plan = planDaemonSet(set, pods.indexed(BY_CONTROLLER, set.metadata.uid), nodes.list(), clock.now());
    for (const nodeName of plan.create) await create(set, nodeName);
    for (const pod of plan.remove)
      try {
        pods.observe(await api.remove(PODS, pod.metadata, { uid: pod.metadata.uid }));
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    if (!equal({ ...set.status, ...plan.status }, { ...set.status })) {
      const patch = { metadata: { uid: set.metadata.uid }, status: plan.status };
      sets.observe(await api.patch(DAEMON_SETS, set.metadata, patch, { subresource: 'status' }));
    }
    return set.spec.minReadySeconds ? set.spec.minReadySeconds * 1e3 : undefined;
  }

  async function create(set: DaemonSet, nodeName: string): Promise<void> {
    const { template } = set.spec;
    const labels = { ...template.metadata?.labels, [REVISION_LABEL]: digest(template) };
    const placed = {
      metadata: { ...template.metadata, labels },
      ...(template.spec ? { spec: { ...template.spec, nodeName } } : {}),
    };
    const name = { generateName: `${set.metadata.name}-` };
    pods.observe(
      await api.create(
        PODS,
        set.metadata.namespace,
        podFrom(placed, name, controllerReference(set, DAEMON_SETS)),
      ),
    );
  }

  return runController(context, {
    name: 'daemonset',
    sources: [on(sets), on(pods, toController<Pod>(DAEMON_SETS)), on(nodes, () => sets.list().map(keyOf))],
    reconcile,
    concurrency: 1,
  });
}
