/**
 * ReplicaSet and ReplicationController: as many Pods of one template as it says.
 */
import { isConflict, isNotFound } from './machinery/client.ts';
import { on, runController, toController, type Context, type Controller } from './machinery/controller.ts';
import { equal } from './machinery/equal.ts';
import { matchesSelector } from './machinery/selector.ts';
import {
  controllerOf,
  controllerReference,
  keyOf,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  timestamp,
  type LabelSelector,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
  type ReplicationController,
  type ResourceOf,
} from './machinery/wire.ts';
import { availableIn, byDeletionOrder, isActive, isAvailable, isReady } from './pods.ts';

type Status = NonNullable<ReplicaSet['status']>;

export interface ReplicaSetPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
  /** Pods that match and belong to no one. */
  readonly adopt: readonly Pod[];
  /** Pods that it controls and that do not match any more. */
  readonly release: readonly Pod[];
  readonly status: Status;
  /** Milliseconds until a Pod may have become available. */
  readonly lookAgainIn: number | undefined;
}

/** A ReplicationController: the same but for its selector, which is a map of labels. */
type Replicas = ReplicaSet | ReplicationController;

const selectorOf = ({ spec: { selector } }: Replicas): LabelSelector =>
  isLabelSelector(selector) ? selector : { matchLabels: selector ?? {} };

const isLabelSelector = (selector: Replicas['spec']['selector']): selector is LabelSelector =>
  typeof selector?.['matchLabels'] === 'object' || Array.isArray(selector?.['matchExpressions']);

/** Most Pods that one look creates or deletes. */
const BURST = 500;
export const BY_CONTROLLER = 'controller';

/** @param pods every Pod of the namespace that it controls, or that nobody controls */
export function planReplicaSet(set: Replicas, pods: readonly Pod[], now: Date): ReplicaSetPlan {
  const matches = (pod: Pod): boolean => matchesSelector(selectorOf(set), pod.metadata.labels);
  const owned = pods.filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
  const deleting = set.metadata.deletionTimestamp !== undefined;
  const adopt = deleting ? [] : pods.filter((pod) => !controllerOf(pod) && isActive(pod) && matches(pod));
  const release = owned.filter((pod) => !matches(pod));
  const active = [...owned.filter((pod) => matches(pod) && isActive(pod)), ...adopt];
  const wanted = set.spec.replicas ?? 1;
  const missing = wanted - active.length;
  const surplus = missing < 0 ? active.toSorted(byDeletionOrder).slice(0, -missing) : [];
  const minReady = set.spec.minReadySeconds ?? 0;
  const waits = active
    .map((pod) => availableIn(pod, minReady, now))
    .filter((wait) => wait !== undefined && wait > 0);
  const labels = Object.entries(set.spec.template?.metadata?.labels ?? {});
  return {
    create: deleting ? 0 : Math.min(Math.max(missing, 0), BURST),
    remove: deleting ? [] : surplus.slice(0, BURST),
    adopt,
    release,
    lookAgainIn: waits.length === 0 ? undefined : Math.min(...waits.map((wait) => wait ?? 0)),
    status: {
      replicas: active.length,
      fullyLabeledReplicas: active.filter((pod) =>
        labels.every(([key, value]) => pod.metadata.labels?.[key] === value),
      ).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: active.filter((pod) => isAvailable(pod, minReady, now)).length,
      ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    },
  };
}

/** A Pod of a template, controlled by `owner`. */
export function podFrom(
  template: PodTemplate | undefined,
  name: { name: string } | { generateName: string },
  owner: ReturnType<typeof controllerReference>,
): object {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    metadata: {
      ...name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [owner],
    },
    spec: template?.spec,
  };
}

/** A merge of status that clears what is gone. */
export function withFailure(
  status: Status,
  present: Replicas['status'],
  failure: string | undefined,
  now: Date,
): Status {
  const others = (present?.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure');
  if (failure === undefined) return { ...status, conditions: others };
  const before = present?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  const condition = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: failure,
    lastTransitionTime: before?.lastTransitionTime ?? timestamp(now),
  };
  return { ...status, conditions: [...others, condition] };
}

export function startReplicaSets(context: Context): Controller {
  return startReplicas<ReplicaSet>(context, REPLICA_SETS, 'replicaset');
}

export function startReplicationControllers(context: Context): Controller {
  return startReplicas<ReplicationController>(context, REPLICATION_CONTROLLERS, 'replication');
}

function startReplicas<Set extends Replicas>(
  context: Context,
  resource: ResourceOf<Set>,
  name: string,
): Controller {
  const { api, clock, recorder } = context;
  const sets = context.informers.of(resource);
  const pods = context.informers.of(PODS);
  const events = recorder.as(`${name}-controller`);
  pods.addIndex(BY_CONTROLLER, (pod) => [controllerOf(pod)?.uid ?? `none/${pod.metadata.namespace}`]);

  async function reconcile(key: string): Promise<number | undefined> {
    const set = sets.get(key);
    if (!set) return undefined;
    const candidates = [
      ...pods.indexed(BY_CONTROLLER, set.metadata.uid),
      ...pods.indexed(BY_CONTROLLER, `none/${set.metadata.namespace}`),
    ];
    const plan = planReplicaSet(set, candidates, clock.now());
    for (const pod of plan.adopt)
      await setOwner(pod, [...(pod.metadata.ownerReferences ?? []), reference(set)]);
    for (const pod of plan.release)
      await setOwner(
        pod,
        (pod.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== set.metadata.uid),
      );
    const failure = await createAll(set, plan.create);
    await Promise.all(plan.remove.map((pod) => remove(set, pod)));
    await writeStatus(set, withFailure(plan.status, set.status, failure, clock.now()));
    if (failure !== undefined) throw new Error(failure);
    return plan.lookAgainIn;
  }

  const reference = (set: Set): ReturnType<typeof controllerReference> => controllerReference(set, resource);

  async function setOwner(pod: Pod, ownerReferences: unknown): Promise<void> {
    const { uid, resourceVersion } = pod.metadata;
    pods.observe(
      await api.patch(PODS, pod.metadata, { metadata: { uid, resourceVersion, ownerReferences } }),
    );
  }

  /** In growing batches, so that a template nobody can create costs one request and not all. */
  async function createAll(set: Set, count: number): Promise<string | undefined> {
    for (let done = 0, batch = 1; done < count; done += batch, batch *= 2) {
      const size = Math.min(batch, count - done);
      const results = await Promise.allSettled(Array.from({ length: size }, () => create(set)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) return failed.reason instanceof Error ? failed.reason.message : String(failed.reason);
    }
    return undefined;
  }

  async function create(set: Set): Promise<void> {
    const { namespace, name } = set.metadata;
    try {
      const pod = await api.create(
        PODS,
        namespace,
        podFrom(set.spec.template, { generateName: `${name}-` }, reference(set)),
      );
      pods.observe(pod);
      const message = `Created pod: ${pod.metadata.name}`;
      events.event(resource, set, { type: 'Normal', reason: 'SuccessfulCreate', message });
    } catch (error) {
      const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
      events.event(resource, set, { type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
  }

  async function remove(set: Set, pod: Pod): Promise<void> {
    try {
      pods.observe(await api.remove(PODS, pod.metadata, { uid: pod.metadata.uid }));
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
      return;
    }
    const message = `Deleted pod: ${pod.metadata.name}`;
    events.event(resource, set, { type: 'Normal', reason: 'SuccessfulDelete', message });
  }

  async function writeStatus(set: Set, status: Status): Promise<void> {
    const present = set.status;
    const conditions =
      status.conditions?.length === 0 && present?.conditions === undefined ? undefined : status.conditions;
    const { conditions: _, ...rest } = status;
    const wanted = { ...rest, ...(conditions === undefined ? {} : { conditions }) };
    if (equal({ ...present, ...wanted }, present)) return;
    sets.observe(
      await api.patch(
        resource,
        set.metadata,
        { metadata: { uid: set.metadata.uid }, status: wanted },
        { subresource: 'status' },
      ),
    );
  }

  /** A Pod without controller concerns every set that selects it. */
  const concerned = (pod: Pod | undefined): string[] =>
    pod && !controllerOf(pod)
      ? sets
          .list(pod.metadata.namespace)
          .filter((set) => matchesSelector(selectorOf(set), pod.metadata.labels))
          .map(keyOf)
      : [];

  return runController(context, {
    name,
    sources: [
      on(sets),
      on(pods, (change) => [...toController<Pod>(resource)(change), ...concerned(change.object)]),
    ],
    reconcile,
    concurrency: 8,
  });
}
