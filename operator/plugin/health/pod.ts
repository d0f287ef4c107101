/**
 * Why a Pod does not serve: scheduling, images, configuration, crashes, probes; in the words of whoever refused. Pure.
 */
import type { CoreEvent, Pod } from '../../kube/resources.ts';
import type { Judgement } from './node.ts';

/** Reasons a container waits for that do not pass by themselves. */
const STUCK = new Set([
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
]);

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** @param warnings events of type Warning about this Pod, in any order */
export function judgePod(pod: Pod, warnings: readonly CoreEvent[]): Judgement {
  const { metadata, status } = pod;
  const phase = status?.phase;
  if (metadata.deletionTimestamp !== undefined)
    return {
      health: 'waiting',
      reason: 'Terminating',
      message: 'is being ended',
      since: metadata.deletionTimestamp,
    };
  if (phase === 'Succeeded') return { health: 'off', reason: 'Completed', message: 'has ended well' };
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const stuck = containers.map((one) => judgeContainer(one)).find((one) => one !== undefined);
  if (stuck !== undefined) return stuck;
  if (phase === 'Failed')
    return {
      health: 'failing',
      reason: status?.reason ?? 'Failed',
      message: status?.message ?? 'the Pod failed',
    };
  const condition = (type: string) => status?.conditions?.find((one) => one.type === type);
  const scheduled = condition('PodScheduled');
  if (scheduled?.status === 'False')
    return {
      health: 'failing',
      reason: scheduled.reason ?? 'Unschedulable',
      message: scheduled.message ?? 'no node takes the Pod',
      since: scheduled.lastTransitionTime,
    };
  const ready = condition('Ready');
  if (ready?.status === 'True') return { health: 'ready', since: ready.lastTransitionTime };
  return notReady(pod, containers, warnings, ready?.lastTransitionTime ?? metadata.creationTimestamp);
}

function judgeContainer({ name, state, lastState, restartCount }: ContainerStatus): Judgement | undefined {
  const { waiting, terminated } = state ?? {};
  const ended = terminated ?? lastState?.terminated;
  if (waiting?.reason !== undefined && STUCK.has(waiting.reason)) {
    const last = waiting.reason === 'CrashLoopBackOff' && ended !== undefined ? `${endOf(ended)}; ` : '';
    return {
      health: 'failing',
      reason: waiting.reason,
      message: `container ${name}: ${last}${waiting.message ?? waiting.reason}`,
      since: ended?.finishedAt,
    };
  }
  if (terminated === undefined || terminated.exitCode === 0) return undefined;
  return {
    health: 'failing',
    reason: terminated.reason ?? 'Error',
    message: `container ${name}: ${endOf(terminated)}${restartCount > 0 ? `, restarted ${restartCount} times` : ''}`,
    since: terminated.finishedAt,
  };
}

function endOf(ended: { exitCode: number; reason?: string; signal?: number; message?: string }): string {
  const how = ended.signal === undefined ? `exit code ${ended.exitCode}` : `signal ${ended.signal}`;
  const said = ended.message === undefined || ended.message.trim() === '' ? '' : `: ${ended.message.trim()}`;
  return `ended with ${how}${ended.reason === undefined ? '' : ` (${ended.reason})`}${said}`;
}

/** It runs, or is about to: the latest warning says more than the condition does. */
function notReady(
  pod: Pod,
  containers: readonly ContainerStatus[],
  warnings: readonly CoreEvent[],
  since: string | undefined,
): Judgement {
  const [latest] = warnings.toSorted((a, b) => timeOf(b).localeCompare(timeOf(a)));
  const waiting = containers.find(({ state }) => state?.waiting !== undefined);
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const plain =
    waiting === undefined
      ? `container ${unready.join(', ') || '?'} runs and is not ready`
      : `container ${waiting.name}: ${waiting.state?.waiting?.message ?? waiting.state?.waiting?.reason ?? 'waits'}`;
  // A warning from before the container's last start speaks of another process.
  const startedAt =
    containers
      .map(({ state }) => state?.running?.startedAt ?? '')
      .toSorted()
      .at(-1) ?? '';
  if (latest === undefined || timeOf(latest) < startedAt)
    return {
      health: 'waiting',
      reason: waiting?.state?.waiting?.reason ?? (pod.status?.phase === 'Running' ? 'NotReady' : 'Starting'),
      message: plain,
      since,
    };
  return {
    health: 'failing',
    reason: latest.reason,
    message: `${latest.message ?? plain}${waiting === undefined ? '' : ` (${plain})`}`,
    since,
  };
}

/** When an event was last seen: the old fields, or the new API's. */
export function timeOf(event: CoreEvent): string {
  return (
    event.lastTimestamp ??
    event.series?.lastObservedTime ??
    event.eventTime ??
    event.metadata.creationTimestamp ??
    ''
  );
}
