/**
 * StatefulSet: Pods with a number, made and replaced in order. There are no volume claims in the embedded cluster:
 * a set that asks for them gets Pods without, and an event that says so.
 */
import { isConflict, isNotFound } from './machinery/client.ts';
import { on, runController, toController, type Context, type Controller } from './machinery/controller.ts';
import { digest, equal } from './machinery/equal.ts';
import {
  controllerOf,
  controllerReference,
  PODS,
  STATEFUL_SETS,
  type Pod,
  type StatefulSet,
} from './machinery/wire.ts';
import { isActive, isAvailable, isReady } from './pods.ts';
import { BY_CONTROLLER, podFrom } from './replicaset.ts';

type Status = NonNullable<StatefulSet['status']>;

export interface StatefulSetPlan {
  /** Ordinals to make. */
  readonly create: readonly number[];
  readonly remove: readonly Pod[];
  readonly status: Status;
}

export const REVISION_LABEL = 'controller-revision-hash';
const ORDINAL_LABEL = 'apps.kubernetes.io/pod-index';
const NAME_LABEL = 'statefulset.kubernetes.io/pod-name';

export const revisionOf = (set: StatefulSet): string => `${set.metadata.name}-${digest(set.spec.template)}`;

/** @param pods those it controls */
export function planStatefulSet(set: StatefulSet, pods: readonly Pod[], now: Date): StatefulSetPlan {
  const replicas = set.spec.replicas ?? 1;
  const start = set.spec.ordinals?.start ?? 0;
  const parallel = set.spec.podManagementPolicy === 'Parallel';
  const minReady = set.spec.minReadySeconds ?? 0;
  const revision = revisionOf(set);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const wanted = Array.from({ length: replicas }, (_, at) => start + at);
  const healthy = (pod: Pod | undefined): boolean =>
    pod !== undefined && isActive(pod) && isAvailable(pod, minReady, now);
  const create: number[] = [];
  const remove: Pod[] = [];
  let blocked = set.metadata.deletionTimestamp !== undefined;

  // Up, in order: each waits for the one before it.
  for (const ordinal of wanted) {
    if (blocked && !parallel) break;
    const pod = byOrdinal.get(ordinal);
    if (!pod && !set.metadata.deletionTimestamp) create.push(ordinal);
    // One that has ended is removed, and made again once it is gone.
    if (pod && !pod.metadata.deletionTimestamp && !isActive(pod)) remove.push(pod);
    if (!healthy(pod)) blocked = true;
  }
  // Down, from the highest.
  const surplus = pods
    .filter((pod) => !wanted.includes(ordinalOf(set, pod)))
    .toSorted((a, b) => ordinalOf(set, b) - ordinalOf(set, a));
  const quiet = create.length === 0 && remove.length === 0;
  if (parallel) remove.push(...surplus.filter(isActive));
  else if (!blocked && quiet && surplus[0] && isActive(surplus[0])) remove.push(surplus[0]);
  // To a new template, from the highest, one at a time.
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  if (set.spec.updateStrategy?.type !== 'OnDelete' && quiet && remove.length === 0 && surplus.length === 0)
    for (const ordinal of wanted.toReversed()) {
      const pod = byOrdinal.get(ordinal);
      if (ordinal < partition || !pod || pod.metadata.deletionTimestamp) break;
      if (pod.metadata.labels?.[REVISION_LABEL] !== revision) {
        remove.push(pod);
        break;
      }
      if (!healthy(pod)) break;
    }

  const active = pods.filter(isActive);
  const updated = active.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === revision).length;
  const done = updated === replicas && active.length === replicas && active.every(isReady);
  return {
    create: parallel ? create : create.slice(0, 1),
    remove,
    status: {
      ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
      replicas: active.length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: active.filter(healthy).length,
      updatedReplicas: updated,
      currentReplicas: done ? replicas : active.length - updated,
      updateRevision: revision,
      currentRevision: done ? revision : (set.status?.currentRevision ?? revision),
      collisionCount: 0,
    },
  };
}

const ordinalOf = (set: StatefulSet, pod: Pod): number =>
  Number(pod.metadata.name.slice(set.metadata.name.length + 1));

export function startStatefulSets(context: Context): Controller {
  const { api, clock } = context;
  const sets = context.informers.of(STATEFUL_SETS);
  const pods = context.informers.of(PODS);
  const events = context.recorder.as('statefulset-controller');
  pods.addIndex(BY_CONTROLLER, (pod) => [controllerOf(pod)?.uid ?? `none/${pod.metadata.namespace}`]);

  async function reconcile(key: string): Promise<number | undefined> {
    const set = sets.get(key);
    if (!set) return undefined;
    const plan = planStatefulSet(set, pods.indexed(BY_CONTROLLER, set.metadata.uid), clock.now());
    for (const ordinal of plan.create) await create(set, ordinal);
    for (const pod of plan.remove) await remove(set, pod);
    if (!equal({ ...set.status, ...plan.status }, { ...set.status })) {
      const patch = { metadata: { uid: set.metadata.uid }, status: plan.status };
      sets.observe(await api.patch(STATEFUL_SETS, set.metadata, patch, { subresource: 'status' }));
    }
    return set.spec.minReadySeconds ? set.spec.minReadySeconds * 1e3 : undefined;
  }

  async function create(set: StatefulSet, ordinal: number): Promise<void> {
    const name = `${set.metadata.name}-${ordinal}`;
    const { template, serviceName, volumeClaimTemplates } = set.spec;
    const labels = {
      ...template.metadata?.labels,
      [REVISION_LABEL]: revisionOf(set),
      [ORDINAL_LABEL]: String(ordinal),
      [NAME_LABEL]: name,
    };
    const spec = template.spec && {
      ...template.spec,
      hostname: name,
      ...(serviceName ? { subdomain: serviceName } : {}),
    };
    const numbered = { metadata: { ...template.metadata, labels }, ...(spec ? { spec } : {}) };
    if (volumeClaimTemplates && volumeClaimTemplates.length > 0)
      events.event(STATEFUL_SETS, set, {
        type: 'Warning',
        reason: 'NoVolumeClaims',
        message: 'the embedded cluster has no persistent volume claims: use hostPath volumes',
      });
    pods.observe(
      await api.create(
        PODS,
        set.metadata.namespace,
        podFrom(numbered, { name }, controllerReference(set, STATEFUL_SETS)),
      ),
    );
    const message = `create Pod ${name} in StatefulSet ${set.metadata.name} successful`;
    events.event(STATEFUL_SETS, set, { type: 'Normal', reason: 'SuccessfulCreate', message });
  }

  async function remove(set: StatefulSet, pod: Pod): Promise<void> {
    try {
      pods.observe(await api.remove(PODS, pod.metadata, { uid: pod.metadata.uid }));
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    const message = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
    events.event(STATEFUL_SETS, set, { type: 'Normal', reason: 'SuccessfulDelete', message });
  }

  return runController(context, {
    name: 'statefulset',
    sources: [on(sets), on(pods, toController<Pod>(STATEFUL_SETS))],
    reconcile,
  });
}
