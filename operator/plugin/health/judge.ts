/**
 * How an object of any kind fares, from what its own controller wrote into it: the well-known kinds by their rules, every other
 * one by kstatus. Pure.
 */
import type { Deployment, HorizontalPodAutoscaler, ReplicaSet } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Judgement } from './node.ts';

interface LooseCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}

export function judge(object: KubeObject): Judgement {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp !== undefined)
    return {
      health: 'waiting',
      reason: 'Terminating',
      message:
        finalizers.length === 0 ? 'is being deleted' : `is being deleted; held by ${finalizers.join(', ')}`,
      since: deletionTimestamp,
    };
  const rule = RULES[`${groupOf(object)}/${object.kind}`] ?? byConvention;
  // The table's key is the kind: each rule is given objects of its own kind only.
  return rule(object as never);
}

const RULES: Readonly<Record<string, (object: never) => Judgement>> = {
  'apps/Deployment': judgeDeployment,
  'apps/ReplicaSet': judgeReplicaSet,
  'autoscaling/HorizontalPodAutoscaler': judgeAutoscaler,
  'gateway.networking.k8s.io/HTTPRoute': judgeRoute,
  'batch/CronJob': () => ({ health: 'ready' }),
  'batch/Job': judgeJob,
};

function judgeDeployment({ spec, status, metadata }: Deployment): Judgement {
  const wanted = spec?.replicas ?? 1;
  const condition = (type: string) => status?.conditions?.find((one) => one.type === type);
  const ready = status?.readyReplicas ?? 0;
  const counted = `${ready} of ${wanted} Pods are ready`;
  if (wanted === 0 && (status?.replicas ?? 0) === 0)
    return { health: 'off', reason: 'ScaledToZero', message: 'scaled to 0' };
  const failure = condition('ReplicaFailure');
  if (failure?.status === 'True') return failing(failure);
  const progressing = condition('Progressing');
  if (progressing?.status === 'False')
    return { ...failing(progressing), message: `${counted}: ${progressing.message ?? ''}` };
  const settled =
    status?.observedGeneration === metadata.generation &&
    ready >= wanted &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.replicas ?? 0) <= wanted;
  if (settled) return { health: 'ready' };
  const available = condition('Available');
  return {
    health: 'waiting',
    reason: available?.status === 'False' ? available.reason : 'RollingOut',
    message: `${counted}, ${status?.updatedReplicas ?? 0} of the newest revision`,
    since: available?.lastTransitionTime,
  };
}

function judgeReplicaSet({ spec, status }: ReplicaSet): Judgement {
  const wanted = spec?.replicas ?? 1;
  if (wanted === 0) return { health: 'off' };
  const failure = status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  if (failure?.status === 'True') return failing(failure);
  const ready = status?.readyReplicas ?? 0;
  if (ready >= wanted) return { health: 'ready' };
  return { health: 'waiting', reason: 'PodsPending', message: `${ready} of ${wanted} Pods are ready` };
}

function judgeAutoscaler({ status }: HorizontalPodAutoscaler): Judgement {
  // Not able to scale is trouble; not active may only mean that no metric was measured yet, or that it is scaled to 0.
  const unable = status?.conditions?.find(({ type, status: is }) => type === 'AbleToScale' && is === 'False');
  if (unable !== undefined) return failing(unable);
  const inactive = status?.conditions?.find(
    ({ type, status: is }) => type === 'ScalingActive' && is === 'False',
  );
  if (inactive === undefined) return { health: 'ready' };
  return inactive.reason === 'ScalingDisabled'
    ? { health: 'off', reason: inactive.reason, message: inactive.message }
    : { ...failing(inactive), health: 'waiting' };
}

function judgeRoute(route: KubeObject): Judgement {
  const parents =
    (route as { status?: { parents?: readonly { conditions?: readonly LooseCondition[] }[] } }).status
      ?.parents ?? [];
  if (parents.length === 0)
    return {
      health: 'waiting',
      reason: 'NoParent',
      message: 'no gateway has taken the route: is a gateway running?',
    };
  const refused = parents
    .flatMap(({ conditions }) => conditions ?? [])
    .find(({ type, status }) => status === 'False' && (type === 'Accepted' || type === 'ResolvedRefs'));
  return refused === undefined ? { health: 'ready' } : failing(refused);
}

function judgeJob(job: KubeObject): Judgement {
  const failed = conditionsOf(job).find(({ type, status }) => type === 'Failed' && status === 'True');
  if (failed !== undefined) return failing(failed);
  const done = conditionsOf(job).some(({ type, status }) => type === 'Complete' && status === 'True');
  return done ? { health: 'off', reason: 'Complete' } : { health: 'waiting', message: 'runs' };
}

/** kstatus: Stalled, Reconciling, Ready; an object that says nothing of itself is well. */
function byConvention(object: KubeObject): Judgement {
  const conditions = conditionsOf(object);
  const of = (type: string) => conditions.find((one) => one.type === type);
  const stalled = of('Stalled');
  if (stalled?.status === 'True') return failing(stalled);
  const ready = of('Ready') ?? of('Available');
  if (ready === undefined || ready.status === 'True')
    return { health: 'ready', since: ready?.lastTransitionTime };
  if (ready.reason === 'Suspended') return { ...failing(ready), health: 'off' };
  return { ...failing(ready), health: 'waiting' };
}

function conditionsOf(object: KubeObject): readonly LooseCondition[] {
  const { status } = object as { status?: { conditions?: unknown } };
  return Array.isArray(status?.conditions) ? (status.conditions as readonly LooseCondition[]) : [];
}

function failing(condition: LooseCondition): Judgement {
  return {
    health: 'failing',
    reason: condition.reason,
    message: condition.message === '' ? condition.reason : condition.message,
    since: condition.lastTransitionTime,
  };
}

function groupOf({ apiVersion }: KubeObject): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}
