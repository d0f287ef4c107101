/** The state of a Pod in three cells, told as kubectl tells it. */
import { at, items, number, text, type Json, type KubeObject } from '../objects.ts';
import { duration } from './cells.ts';

export interface PodCells {
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
}

export function podCells(pod: KubeObject, now: Date = new Date(0)): PodCells {
  const containers = items(at(pod, 'spec', 'containers'));
  const statuses = items(at(pod, 'status', 'containerStatuses'));
  const initial = items(at(pod, 'status', 'initContainerStatuses'));
  const ready = statuses.filter((status) => at(status, 'ready') === true).length;
  return {
    ready: `${ready}/${containers.length}`,
    status: statusOf(pod, statuses, initial),
    restarts: restartsOf(statuses, now),
  };
}

function restartsOf(statuses: readonly Json[], now: Date): string {
  const count = statuses.reduce((sum: number, status) => sum + (number(at(status, 'restartCount')) ?? 0), 0);
  const last = statuses
    .map((status) => text(at(status, 'lastState', 'terminated', 'finishedAt')))
    .toSorted()
    .at(-1);
  if (count === 0 || last === undefined || last === '') return String(count);
  return `${count} (${duration(Math.floor((now.getTime() - Date.parse(last)) / 1_000))} ago)`;
}

function statusOf(pod: KubeObject, statuses: readonly Json[], initial: readonly Json[]): string {
  const phase = text(at(pod, 'status', 'phase'));
  const told = text(at(pod, 'status', 'reason')) || phase;
  const reason = initialReason(pod, initial) ?? containersReason(pod, statuses, told);
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  return phase === 'Succeeded' || phase === 'Failed' ? reason : 'Terminating';
}

/** What an init container that has not done its work yet is at. */
function initialReason(pod: KubeObject, initial: readonly Json[]): string | undefined {
  const total = items(at(pod, 'spec', 'initContainers')).length;
  for (const [index, status] of initial.entries()) {
    const terminated = at(status, 'state', 'terminated');
    if (terminated !== undefined && number(at(terminated, 'exitCode')) === 0) continue;
    if (at(status, 'started') === true && at(status, 'ready') === true) continue;
    if (terminated !== undefined) return `Init:${text(at(terminated, 'reason')) || exitOf(terminated)}`;
    const waiting = text(at(status, 'state', 'waiting', 'reason'));
    return waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${total}`;
  }
  return undefined;
}

function containersReason(pod: KubeObject, statuses: readonly Json[], told: string): string {
  let reason = told;
  let running = false;
  for (const status of statuses.toReversed()) {
    const waiting = text(at(status, 'state', 'waiting', 'reason'));
    const terminated = at(status, 'state', 'terminated');
    if (waiting !== '') reason = waiting;
    else if (terminated !== undefined) reason = text(at(terminated, 'reason')) || exitOf(terminated);
    else if (at(status, 'ready') === true && at(status, 'state', 'running') !== undefined) running = true;
  }
  if (reason !== 'Completed' || !running) return reason;
  const ready = items(at(pod, 'status', 'conditions')).some(
    (one) => at(one, 'type') === 'Ready' && at(one, 'status') === 'True',
  );
  return ready ? 'Running' : 'NotReady';
}

function exitOf(terminated: Json): string {
  const signal = number(at(terminated, 'signal')) ?? 0;
  return signal === 0 ? `ExitCode:${number(at(terminated, 'exitCode')) ?? 0}` : `Signal:${signal}`;
}
