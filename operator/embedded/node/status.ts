/**
 * A Pod's status from the states of its containers: phase and conditions as kubelet computes them. Pure.
 */
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodSpec,
  PodStatus,
} from '../controllers/machinery/wire.ts';
import { timestamp } from '../controllers/machinery/wire.ts';

export interface PodFacts {
  readonly spec: PodSpec;
  /** What the API server has now. */
  readonly present: PodStatus | undefined;
  readonly init: readonly ContainerStatus[];
  readonly main: readonly ContainerStatus[];
  readonly podIP: string;
  readonly hostIP: string;
  readonly startTime: string;
  readonly now: Date;
  /** No container is started any more: what has stopped has stopped for good. */
  readonly final: boolean;
  /** The Pod failed as a whole, whatever its containers say. */
  readonly failure?: { readonly reason: string; readonly message: string } | undefined;
}

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';

export function podStatus(facts: PodFacts): PodStatus {
  const phase = facts.failure ? 'Failed' : phaseOf(facts);
  return {
    ...(facts.present?.qosClass === undefined
      ? { qosClass: qosOf(facts.spec) }
      : { qosClass: facts.present.qosClass }),
    phase,
    ...facts.failure,
    hostIP: facts.hostIP,
    hostIPs: [{ ip: facts.hostIP }],
    podIP: facts.podIP,
    podIPs: [{ ip: facts.podIP }],
    startTime: facts.present?.startTime ?? facts.startTime,
    conditions: conditionsOf(facts, phase),
    ...(facts.init.length === 0 ? {} : { initContainerStatuses: [...facts.init] }),
    containerStatuses: [...facts.main],
  };
}

export function phaseOf({
  spec,
  init,
  main,
  final,
}: Pick<PodFacts, 'spec' | 'init' | 'main' | 'final'>): Phase {
  const policy = final ? 'Never' : (spec.restartPolicy ?? 'Always');
  const initFailed = init.some(
    (status, at) =>
      !isSidecar(spec.initContainers?.[at] ?? { name: '' }) &&
      status.state?.terminated !== undefined &&
      status.state.terminated.exitCode !== 0,
  );
  if (initFailed && policy === 'Never') return 'Failed';
  if (!initialized(spec, init)) return final ? 'Failed' : 'Pending';

  const ended = main.filter(
    (status) => status.state?.terminated ?? (status.state?.waiting && status.lastState?.terminated),
  );
  const running = main.filter(({ state }) => state?.running);
  if (running.length + ended.length < main.length) return final ? 'Failed' : 'Pending';
  if (running.length > 0 || policy === 'Always') return 'Running';
  const succeeded = main.every(({ state }) => state?.terminated?.exitCode === 0);
  if (succeeded) return 'Succeeded';
  if (policy === 'Never') return 'Failed';
  return 'Running';
}

/** Every init container has done its work, every sidecar has started. */
function initialized(spec: PodSpec, init: readonly ContainerStatus[]): boolean {
  return (spec.initContainers ?? []).every((container, at) => {
    const status = init[at];
    return isSidecar(container) ? status?.started === true : status?.state?.terminated?.exitCode === 0;
  });
}

function conditionsOf(facts: PodFacts, phase: Phase): PodCondition[] {
  const { spec, init, main } = facts;
  const done = phase === 'Succeeded' || phase === 'Failed';
  const setUp = initialized(spec, init);
  const unready = [
    ...main.filter(({ ready }) => !ready),
    ...init.filter((status, at) => isSidecar(spec.initContainers?.[at] ?? { name: '' }) && !status.ready),
  ].map(({ name }) => name);
  const containersReady = !done && setUp && unready.length === 0;
  const gates = (spec.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const closedGate = gates.find(
    (gate) => facts.present?.conditions?.find(({ type }) => type === gate)?.status !== 'True',
  );
  const notReady =
    phase === 'Succeeded'
      ? { reason: 'PodCompleted' }
      : phase === 'Failed'
        ? { reason: 'PodFailed' }
        : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const pending = init.filter(({ state }) => state?.terminated?.exitCode !== 0).map(({ name }) => name);

  const own: Omit<PodCondition, 'lastTransitionTime'>[] = [
    { type: 'PodReadyToStartContainers', status: done ? 'False' : 'True' },
    setUp
      ? { type: 'Initialized', status: 'True', ...(phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}) }
      : {
          type: 'Initialized',
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${pending.join(' ')}]`,
        },
    containersReady && closedGate !== undefined
      ? {
          type: 'Ready',
          status: 'False',
          reason: 'ReadinessGatesNotReady',
          message: `corresponding condition of pod readiness gate "${closedGate}" is not True`,
        }
      : { type: 'Ready', status: containersReady ? 'True' : 'False', ...(containersReady ? {} : notReady) },
    {
      type: 'ContainersReady',
      status: containersReady ? 'True' : 'False',
      ...(containersReady ? {} : notReady),
    },
    { type: 'PodScheduled', status: 'True' },
  ];
  const foreign = (facts.present?.conditions ?? []).filter(({ type }) =>
    own.every((mine) => mine.type !== type),
  );
  return [...own.map((condition) => withTime(condition, facts)), ...foreign];
}

function withTime(
  condition: Omit<PodCondition, 'lastTransitionTime'>,
  { present, now }: PodFacts,
): PodCondition {
  const before = present?.conditions?.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    before?.status === condition.status && before.lastTransitionTime
      ? before.lastTransitionTime
      : timestamp(now);
  return { ...condition, lastTransitionTime };
}

/** Guaranteed, Burstable or BestEffort. */
export function qosOf(spec: PodSpec): string {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const asks = all.some(
    ({ resources }) => Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0,
  );
  if (!asks) return 'BestEffort';
  const guaranteed = all.every(({ resources }) =>
    ['cpu', 'memory'].every((name) => {
      const limit = resources?.limits?.[name];
      return limit !== undefined && (resources?.requests?.[name] ?? limit) === limit;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

export const isTerminal = (pod: Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
