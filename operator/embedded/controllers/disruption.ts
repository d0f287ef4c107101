/**
 * PodDisruptionBudget: says in its status how many Pods may be evicted now. The API server's eviction reads it.
 */
import { on, runController, type Context, type Controller } from './machinery/controller.ts';
import { equal } from './machinery/equal.ts';
import { matchesSelector } from './machinery/selector.ts';
import {
  controllerOf,
  DISRUPTION_BUDGETS,
  keyOf,
  PODS,
  REPLICA_SETS,
  STATEFUL_SETS,
  timestamp,
  type DisruptionBudget,
  type Pod,
} from './machinery/wire.ts';
import { portion } from './deployment.ts';
import { isActive, isReady } from './pods.ts';

type Status = NonNullable<DisruptionBudget['status']>;

/** @param expected how many Pods there should be, by what their owners want */
export function planBudget(
  budget: DisruptionBudget,
  pods: readonly Pod[],
  expected: number,
  now: Date,
): Status {
  const active = pods.filter(isActive);
  const currentHealthy = active.filter(isReady).length;
  const { minAvailable, maxUnavailable } = budget.spec;
  const desiredHealthy =
    maxUnavailable !== undefined
      ? Math.max(0, expected - portion(maxUnavailable, expected, Math.ceil))
      : portion(minAvailable ?? 1, expected, Math.ceil);
  const disruptionsAllowed = Math.max(0, expected === 0 ? 0 : currentHealthy - desiredHealthy);
  const allowed = disruptionsAllowed > 0;
  const before = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const status = allowed ? 'True' : 'False';
  return {
    ...(budget.metadata.generation === undefined ? {} : { observedGeneration: budget.metadata.generation }),
    currentHealthy,
    desiredHealthy,
    disruptionsAllowed,
    expectedPods: expected,
    conditions: [
      {
        type: 'DisruptionAllowed',
        status,
        reason: allowed ? 'SufficientPods' : 'InsufficientPods',
        message: '',
        lastTransitionTime: before?.status === status ? before.lastTransitionTime : timestamp(now),
        ...(budget.metadata.generation === undefined
          ? {}
          : { observedGeneration: budget.metadata.generation }),
      },
    ],
  };
}

export function startDisruptionBudgets(context: Context): Controller {
  const { api, clock } = context;
  const budgets = context.informers.of(DISRUPTION_BUDGETS);
  const pods = context.informers.of(PODS);
  const replicaSets = context.informers.of(REPLICA_SETS);
  const statefulSets = context.informers.of(STATEFUL_SETS);

  /** What the owners want; a Pod without a known owner counts for itself. */
  function expectedOf(chosen: readonly Pod[]): number {
    const owners = new Map<string, number>();
    let alone = 0;
    for (const pod of chosen) {
      const owner = controllerOf(pod);
      const key = `${pod.metadata.namespace}/${owner?.name}`;
      const set =
        owner?.kind === 'ReplicaSet'
          ? replicaSets.get(key)
          : owner?.kind === 'StatefulSet'
            ? statefulSets.get(key)
            : undefined;
      if (owner && set) owners.set(owner.uid, set.spec.replicas ?? 1);
      else alone += 1;
    }
    return [...owners.values()].reduce((sum, replicas) => sum + replicas, alone);
  }

  async function reconcile(key: string): Promise<undefined> {
    const budget = budgets.get(key);
    if (!budget) return;
    const chosen = pods
      .list(budget.metadata.namespace)
      .filter((pod) => isActive(pod) && matchesSelector(budget.spec.selector, pod.metadata.labels));
    const status = planBudget(budget, chosen, expectedOf(chosen), clock.now());
    if (equal({ ...budget.status, ...status }, { ...budget.status })) return;
    const patch = { metadata: { uid: budget.metadata.uid }, status };
    budgets.observe(await api.patch(DISRUPTION_BUDGETS, budget.metadata, patch, { subresource: 'status' }));
  }

  const selecting = (pod: Pod | undefined): string[] =>
    pod
      ? budgets
          .list(pod.metadata.namespace)
          .filter((budget) => matchesSelector(budget.spec.selector, pod.metadata.labels))
          .map(keyOf)
      : [];

  return runController(context, {
    name: 'disruption',
    sources: [
      on(budgets),
      on(pods, ({ object, previous }) => [...new Set([...selecting(object), ...selecting(previous)])]),
      on(replicaSets, ({ object }) => (object ? budgets.list(object.metadata.namespace).map(keyOf) : [])),
      on(statefulSets, ({ object }) => (object ? budgets.list(object.metadata.namespace).map(keyOf) : [])),
    ],
    reconcile,
  });
}
