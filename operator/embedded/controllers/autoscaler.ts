/**
 * HorizontalPodAutoscaler v2 on what Pods use of processor and memory, with Kubernetes' tolerance, stabilisation and policies.
 */
import { isNotFound } from './machinery/client.ts';
import type { Context, Controller } from './machinery/controller.ts';
import { equal } from './machinery/equal.ts';
import { parseQuantity } from './machinery/quantity.ts';
import { AUTOSCALERS, keyOf, PODS, timestamp, type Autoscaler, type Pod } from './machinery/wire.ts';
import { isActive, readySince } from './pods.ts';
import { matchesText } from './machinery/selector.ts';

type Status = NonNullable<Autoscaler['status']>;
type Metric = NonNullable<Autoscaler['spec']['metrics']>[number];
type MetricStatus = NonNullable<Status['currentMetrics']>[number];
type Condition = NonNullable<Status['conditions']>[number];
type Rules = NonNullable<NonNullable<Autoscaler['spec']['behavior']>['scaleDown']>;

/** What one container uses: cores and bytes. */
export interface Usage {
  readonly cpu: number;
  readonly memory: number;
  /** When the measurement began; absent: long ago. */
  readonly since?: Date;
}

/** By Pod name, then container name. */
export type UsageTable = ReadonlyMap<string, ReadonlyMap<string, Usage>>;

/** What earlier looks remembered; not kept over a restart, as in Kubernetes. */
export interface Memory {
  readonly recommendations: readonly { readonly at: number; readonly replicas: number }[];
  readonly changes: readonly { readonly at: number; readonly by: number }[];
}

export const NOTHING: Memory = { recommendations: [], changes: [] };

export interface ScalePlan {
  readonly replicas: number;
  readonly status: Status;
  readonly memory: Memory;
}

const TOLERANCE = 0.1;
const DEFAULT_UTILISATION = 80;
const PERIOD_MS = 15_000;
/** kube-controller-manager's cpu-initialization-period: so long a Pod's start-up may spoil what is measured. */
const INITIALISATION_MS = 300_000;
const DOWN_WINDOW_SECONDS = 300;
const DEFAULT_UP: Rules = {
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const DEFAULT_DOWN: Rules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};
const MEMORY_MS = 3_600_000;

/** @param pods those of the target that are not finished */
export function planScale(
  autoscaler: Autoscaler,
  current: number,
  pods: readonly Pod[],
  usage: UsageTable,
  memory: Memory,
  now: Date,
): ScalePlan {
  const { spec } = autoscaler;
  const least = spec.minReplicas ?? 1;
  const most = spec.maxReplicas;
  const conditions = conditionWriter(autoscaler, now);
  const done = (replicas: number, list: Condition[], metrics: MetricStatus[], next: Memory): ScalePlan => ({
    replicas,
    memory: next,
    status: {
      ...(autoscaler.status?.lastScaleTime === undefined
        ? {}
        : { lastScaleTime: autoscaler.status.lastScaleTime }),
      ...(replicas === current ? {} : { lastScaleTime: timestamp(now) }),
      ...(autoscaler.metadata.generation === undefined
        ? {}
        : { observedGeneration: autoscaler.metadata.generation }),
      currentReplicas: current,
      desiredReplicas: replicas,
      ...(metrics.length > 0 ? { currentMetrics: metrics } : {}),
      conditions: list,
    },
  });
  const able = conditions(
    'AbleToScale',
    'True',
    'SucceededGetScale',
    "the HPA controller was able to get the target's current scale",
  );
  if (current === 0 && least > 0)
    return done(
      0,
      [
        able,
        conditions(
          'ScalingActive',
          'False',
          'ScalingDisabled',
          'scaling is disabled since the replica count of the target is zero',
        ),
      ],
      [],
      memory,
    );
  const bounded = Math.min(Math.max(current, least), most);
  if (bounded !== current) {
    const reason = current > most ? 'TooManyReplicas' : 'TooFewReplicas';
    const message = `the current replica count is outside of the bounds ${least} to ${most}`;
    return done(
      bounded,
      [able, conditions('ScalingLimited', 'True', reason, message)],
      [],
      change(memory, current, bounded, now),
    );
  }
  const proposals = (spec.metrics ?? [DEFAULT_METRIC]).map((metric) =>
    propose(metric, current, pods, usage, now),
  );
  const known = proposals.filter((proposal) => 'replicas' in proposal);
  const failed = proposals.find((proposal) => 'failure' in proposal);
  const metrics = known.map(({ metric }) => metric);
  const highest = Math.max(...known.map(({ replicas }) => replicas));
  // With one metric unknown, going down could be wrong; going up cannot.
  if (failed && 'failure' in failed && (known.length === 0 || highest < current)) {
    const inactive = conditions('ScalingActive', 'False', failed.reason, failed.failure);
    return done(current, [able, inactive], metrics, memory);
  }
  const active = conditions(
    'ScalingActive',
    'True',
    'ValidMetricFound',
    'the HPA was able to successfully calculate a replica count from the metrics',
  );
  const at = now.getTime();
  const remembered: Memory = {
    ...memory,
    recommendations: [
      ...memory.recommendations.filter((one) => at - one.at < MEMORY_MS),
      { at, replicas: highest },
    ],
  };
  const stable = stabilise(spec.behavior, current, remembered, at);
  const allowed = limitRate(spec.behavior, current, stable, remembered, at);
  const wanted = Math.min(Math.max(allowed, least), most);
  const limited =
    wanted === highest
      ? conditions(
          'ScalingLimited',
          'False',
          'DesiredWithinRange',
          'the desired count is within the acceptable range',
        )
      : conditions(
          'ScalingLimited',
          'True',
          highest > wanted ? 'TooManyReplicas' : 'TooFewReplicas',
          `the desired replica count is ${highest}; limits and behaviour allow ${wanted} now`,
        );
  const ready =
    stable === highest
      ? conditions('AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size')
      : conditions(
          'AbleToScale',
          'True',
          'ScaleDownStabilized',
          'recent recommendations were higher than current one, applying the highest recent recommendation',
        );
  return done(wanted, [ready, active, limited], metrics, change(remembered, current, wanted, now));
}

const DEFAULT_METRIC: Metric = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: DEFAULT_UTILISATION } },
};

type Proposal =
  | { readonly replicas: number; readonly metric: MetricStatus }
  | { readonly failure: string; readonly reason: string };

function propose(
  metric: Metric,
  current: number,
  pods: readonly Pod[],
  usage: UsageTable,
  now: Date,
): Proposal {
  const source = metric.resource ?? metric.containerResource;
  if (!source)
    return {
      reason: 'InvalidMetricSourceType',
      failure: `the embedded cluster scales on Resource and ContainerResource metrics, not on ${metric.type}`,
    };
  const { name, target } = source;
  const only = metric.containerResource?.container;
  const reason = 'FailedGetResourceMetric';
  if (name !== 'cpu' && name !== 'memory')
    return { reason, failure: `no metrics are taken of resource ${name}` };
  const measured: number[] = [];
  const requested: number[] = [];
  let missing = 0;
  let missingRequests = 0;
  for (const pod of pods) {
    const containers = pod.spec.containers.filter(
      (container) => only === undefined || container.name === only,
    );
    const used = usage.get(pod.metadata.name);
    const requests = containers.map(({ resources }) => resources?.requests?.[name]);
    if (target.type === 'Utilization' && requests.some((request) => request === undefined))
      return { reason, failure: `missing request for ${name} in a container of Pod ${pod.metadata.name}` };
    const request = requests.reduce<number>((sum, value) => sum + parseQuantity(value ?? 0), 0);
    if (!used || (name === 'cpu' && isStarting(pod, used, now))) {
      missing += 1;
      missingRequests += request;
      continue;
    }
    measured.push(containers.reduce((sum, container) => sum + (used.get(container.name)?.[name] ?? 0), 0));
    requested.push(request);
  }
  if (measured.length === 0)
    return {
      reason,
      failure: `unable to get metrics for resource ${name}: no metrics returned from resource metrics API`,
    };
  const used = total(measured);
  const goal =
    target.type === 'Utilization'
      ? (total(requested) * (target.averageUtilization ?? DEFAULT_UTILISATION)) / 100
      : measured.length * parseQuantity(target.averageValue ?? target.value ?? 1);
  const perPodGoal = goal / measured.length;
  const currentValue = {
    averageValue:
      name === 'cpu'
        ? `${Math.round((used / measured.length) * 1e3)}m`
        : String(Math.round(used / measured.length)),
    ...(target.type === 'Utilization' && total(requested) > 0
      ? { averageUtilization: Math.round((used / total(requested)) * 100) }
      : {}),
  };
  const status: MetricStatus = metric.resource
    ? { type: 'Resource', resource: { name, current: currentValue } }
    : {
        type: 'ContainerResource',
        containerResource: { name, container: only ?? '', current: currentValue },
      };
  const ratio = used / goal;
  if (missing === 0)
    return {
      metric: status,
      replicas: Math.abs(ratio - 1) <= TOLERANCE ? current : Math.ceil(ratio * measured.length),
    };
  // What is not measured counts as idle on the way up and as at its goal on the way down.
  const goalOfMissing =
    target.type === 'Utilization'
      ? (missingRequests * (target.averageUtilization ?? DEFAULT_UTILISATION)) / 100
      : missing * perPodGoal;
  const assumed = ratio < 1 ? used + goalOfMissing : used;
  const fullRatio = assumed / (goal + goalOfMissing);
  const turned = (ratio > 1 && fullRatio < 1) || (ratio < 1 && fullRatio > 1);
  const close = Math.abs(fullRatio - 1) <= TOLERANCE;
  return {
    metric: status,
    replicas: turned || close ? current : Math.ceil(fullRatio * (measured.length + missing)),
  };
}

/** What a Pod burns to become ready says nothing of its load: processor time counts from a window begun after that. */
function isStarting(pod: Pod, used: ReadonlyMap<string, Usage>, now: Date): boolean {
  const ready = readySince(pod);
  if (ready === undefined) return true;
  if (now.getTime() - new Date(pod.status?.startTime ?? 0).getTime() > INITIALISATION_MS) return false;
  return [...used.values()].some(({ since }) => since !== undefined && since < ready);
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

type Behavior = Autoscaler['spec']['behavior'];

/** Down no further than the highest recommendation of the window, up no further than the lowest. */
function stabilise(behavior: Behavior, current: number, { recommendations }: Memory, at: number): number {
  const latest = recommendations.at(-1)?.replicas ?? current;
  const within = (seconds: number): number[] =>
    recommendations.filter((one) => at - one.at <= seconds * 1e3).map(({ replicas }) => replicas);
  const down = Math.max(
    latest,
    ...within(behavior?.scaleDown?.stabilizationWindowSeconds ?? DOWN_WINDOW_SECONDS),
  );
  const up = Math.min(latest, ...within(behavior?.scaleUp?.stabilizationWindowSeconds ?? 0));
  if (current < up) return up;
  if (current > down) return down;
  return current;
}

function limitRate(behavior: Behavior, current: number, wanted: number, memory: Memory, at: number): number {
  if (wanted > current) {
    const rules = { ...DEFAULT_UP, ...behavior?.scaleUp };
    if (rules.selectPolicy === 'Disabled') return current;
    const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
      const start = current - sumChanges(memory, at, periodSeconds, 1);
      return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
    });
    const limit = rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
    return Math.min(wanted, Math.max(limit, current));
  }
  if (wanted < current) {
    const rules = { ...DEFAULT_DOWN, ...behavior?.scaleDown };
    if (rules.selectPolicy === 'Disabled') return current;
    const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
      const start = current + sumChanges(memory, at, periodSeconds, -1);
      return type === 'Pods' ? start - value : Math.floor(start * (1 - value / 100));
    });
    // The most change is the lowest limit.
    const limit = rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
    return Math.max(wanted, Math.min(limit, current));
  }
  return current;
}

/** How much was added (1) or taken away (-1) in the last seconds. */
function sumChanges({ changes }: Memory, at: number, seconds: number, sign: 1 | -1): number {
  return changes
    .filter((one) => at - one.at <= seconds * 1e3 && Math.sign(one.by) === sign)
    .reduce((sum, { by }) => sum + Math.abs(by), 0);
}

function change(memory: Memory, from: number, to: number, now: Date): Memory {
  if (from === to) return memory;
  const at = now.getTime();
  return {
    ...memory,
    changes: [...memory.changes.filter((one) => at - one.at < MEMORY_MS), { at, by: to - from }],
  };
}

function conditionWriter(autoscaler: Autoscaler, now: Date) {
  return (type: string, status: string, reason: string, message: string): Condition => {
    const before = autoscaler.status?.conditions?.find((condition) => condition.type === type);
    const lastTransitionTime =
      before?.status === status ? (before.lastTransitionTime ?? timestamp(now)) : timestamp(now);
    return { type, status, reason, message, lastTransitionTime };
  };
}

// ── doing it ─────────────────────────────────────────────────────────────────────────────────────

interface Scale {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

interface PodMetricsList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly timestamp: string;
    /** For example `15.002s`. */
    readonly window: string;
    readonly containers: readonly {
      readonly name: string;
      readonly usage: { readonly cpu: string; readonly memory: string };
    }[];
  }[];
}

/** @param plurals finds the URL of a kind */
export function startAutoscalers(
  context: Context,
  plurals: (apiVersion: string, kind: string) => Promise<string | undefined>,
  periodMs = PERIOD_MS,
): Controller {
  const { api, clock } = context;
  const log = context.log.child({ controller: 'autoscaler' });
  const autoscalers = context.informers.of(AUTOSCALERS);
  const pods = context.informers.of(PODS);
  const events = context.recorder.as('horizontal-pod-autoscaler');
  const memories = new Map<string, Memory>();
  let running = Promise.resolve();

  async function lookAt(autoscaler: Autoscaler): Promise<void> {
    const { namespace, uid } = autoscaler.metadata;
    const { apiVersion = 'apps/v1', kind, name } = autoscaler.spec.scaleTargetRef;
    const plural = await plurals(apiVersion, kind);
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const path = `${root}/namespaces/${namespace}/${plural}/${name}/scale`;
    let scale: Scale;
    try {
      if (plural === undefined) throw new Error(`no matches for kind "${kind}" in group "${apiVersion}"`);
      scale = await api.call<Scale>({ method: 'GET', path });
    } catch (error) {
      const message = `the HPA controller was unable to get the target's current scale: ${error instanceof Error ? error.message : String(error)}`;
      const unable = conditionWriter(autoscaler, clock.now())(
        'AbleToScale',
        'False',
        'FailedGetScale',
        message,
      );
      await writeStatus(autoscaler, {
        ...autoscaler.status,
        desiredReplicas: autoscaler.status?.desiredReplicas ?? 0,
        conditions: [unable],
      });
      return;
    }
    const selector = scale.status?.selector ?? '';
    const chosen = pods
      .list(namespace)
      .filter((pod) => isActive(pod) && selector !== '' && matchesText(selector, pod.metadata.labels));
    const current = scale.spec.replicas ?? 0;
    const plan = planScale(
      autoscaler,
      current,
      chosen,
      await usageOf(namespace),
      memories.get(uid) ?? NOTHING,
      clock.now(),
    );
    if (plan.replicas !== current) {
      await api.call({
        method: 'PATCH',
        path,
        contentType: 'application/merge-patch+json',
        body: { spec: { replicas: plan.replicas } },
      });
      const message = `New size: ${plan.replicas}; reason: ${plan.replicas > current ? 'usage above target' : 'All metrics below target'}`;
      events.event(AUTOSCALERS, autoscaler, { type: 'Normal', reason: 'SuccessfulRescale', message });
    }
    memories.set(uid, plan.memory);
    await writeStatus(autoscaler, plan.status);
  }

  async function usageOf(namespace: string): Promise<UsageTable> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
    const { items } = await api.call<PodMetricsList>({ method: 'GET', path });
    return new Map(
      items.map(({ metadata, timestamp: at, window, containers }) => {
        const since = new Date(new Date(at).getTime() - Number.parseFloat(window) * 1e3);
        return [
          metadata.name,
          new Map(
            containers.map(({ name, usage }) => [
              name,
              { cpu: parseQuantity(usage.cpu), memory: parseQuantity(usage.memory), since },
            ]),
          ),
        ];
      }),
    );
  }

  async function writeStatus(autoscaler: Autoscaler, status: Status): Promise<void> {
    if (equal({ ...autoscaler.status, ...status }, { ...autoscaler.status })) return;
    autoscalers.observe(
      await api.patch(
        AUTOSCALERS,
        autoscaler.metadata,
        { metadata: { uid: autoscaler.metadata.uid }, status },
        { subresource: 'status' },
      ),
    );
  }

  async function lookAtAll(): Promise<void> {
    const all = autoscalers.list().filter(({ metadata }) => !metadata.deletionTimestamp);
    const present = new Set(all.map(({ metadata }) => metadata.uid));
    for (const uid of memories.keys()) if (!present.has(uid)) memories.delete(uid);
    for (const autoscaler of all)
      await lookAt(autoscaler).catch((error: unknown) => {
        if (!isNotFound(error))
          log.warn({ err: error, key: keyOf(autoscaler) }, 'an autoscaler could not look');
      });
  }

  const timer = setInterval(() => {
    running = running.then(lookAtAll);
  }, periodMs);

  return {
    close() {
      clearInterval(timer);
      return running;
    },
  };
}
