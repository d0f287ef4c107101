/**
 * What controllers ask of Pods: are they alive, ready, available, and which of them should go first.
 */
import type { Pod } from './machinery/wire.ts';

/** Neither finished nor on its way out. */
export const isActive = (pod: Pod): boolean =>
  pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && !pod.metadata.deletionTimestamp;

export const isReady = (pod: Pod): boolean => readySince(pod) !== undefined;

/** Since when the Pod is ready; undefined when it is not. */
export function readySince(pod: Pod): Date | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' ? new Date(condition.lastTransitionTime ?? 0) : undefined;
}

/** Milliseconds until a ready Pod counts as available: 0 when it does, undefined when it is not ready. */
export function availableIn(pod: Pod, minReadySeconds: number, now: Date): number | undefined {
  const since = readySince(pod);
  if (!since) return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, since.getTime() + minReadySeconds * 1e3 - now.getTime());
}

export const isAvailable = (pod: Pod, minReadySeconds: number, now: Date): boolean =>
  availableIn(pod, minReadySeconds, now) === 0;

const COST = 'controller.kubernetes.io/pod-deletion-cost';

/** Sorts those that are missed least to the front. */
export function byDeletionOrder(a: Pod, b: Pod): number {
  return (
    Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)) ||
    phaseRank(a) - phaseRank(b) ||
    Number(isReady(a)) - Number(isReady(b)) ||
    cost(a) - cost(b) ||
    compareTimes(readySince(b), readySince(a)) ||
    restartsOf(b) - restartsOf(a) ||
    b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
    a.metadata.name.localeCompare(b.metadata.name)
  );
}

const phaseRank = (pod: Pod): number =>
  ['Pending', 'Unknown', 'Running'].indexOf(pod.status?.phase ?? 'Pending');
const cost = (pod: Pod): number => Number(pod.metadata.annotations?.[COST] ?? 0) || 0;
const restartsOf = (pod: Pod): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
const compareTimes = (a: Date | undefined, b: Date | undefined): number =>
  (a?.getTime() ?? 0) - (b?.getTime() ?? 0);
