/**
 * Job: Pods that run to their end, as many as asked, with a limit on failures and on time.
 */
import { isConflict, isNotFound } from './machinery/client.ts';
import { on, runController, toController, type Context, type Controller } from './machinery/controller.ts';
import { equal } from './machinery/equal.ts';
import {
  controllerOf,
  controllerReference,
  JOBS,
  PODS,
  timestamp,
  type Job,
  type Pod,
} from './machinery/wire.ts';
import { isActive, isReady } from './pods.ts';
import { BY_CONTROLLER, podFrom } from './replicaset.ts';

type Status = NonNullable<Job['status']>;
type Condition = NonNullable<Status['conditions']>[number];

export interface JobPlan {
  /** One entry for each Pod to make: its completion index, when the Job counts by index. */
  readonly create: readonly (number | undefined)[];
  readonly remove: readonly Pod[];
  readonly status: Status;
  /** The Job has outlived its time after its end. */
  readonly expire: boolean;
  /** Milliseconds until something is due. */
  readonly lookAgainIn: number | undefined;
}

const FIRST_BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 360_000;
export const INDEX = 'batch.kubernetes.io/job-completion-index';
const MAX_BURST = 100;

/** @param pods those the Job controls */
export function planJob(job: Job, pods: readonly Pod[], now: Date): JobPlan {
  const present = job.status ?? {};
  const finished = endOf(present);
  const active = pods.filter(isActive);
  if (finished) return afterTheEnd(job, active, finished, now);

  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded');
  const failedPods = pods.filter(({ status }) => status?.phase === 'Failed');
  const failures = failedPods.length + retriesInPlace(job, active);
  const startTime = present.startTime ?? (job.spec.suspend ? undefined : timestamp(now));
  const indexed = job.spec.completionMode === 'Indexed';
  const done = indexed ? new Set(succeeded.map(indexOf)).size : succeeded.length;
  const counts: Status = {
    ...(startTime === undefined ? {} : { startTime }),
    active: active.length,
    ready: active.filter(isReady).length,
    succeeded: done,
    failed: failedPods.length,
    terminating: pods.filter(({ metadata }) => metadata.deletionTimestamp).length,
    ...(indexed ? { completedIndexes: ranges([...new Set(succeeded.map(indexOf))]) } : {}),
  };
  const deadline = deadlineIn(job, startTime, now);
  const end = complete(job, done, active.length)
    ? ending('Complete', 'CompletionsReached', 'Reached expected number of succeeded pods', now)
    : deadline === 0
      ? ending('Failed', 'DeadlineExceeded', 'Job was active longer than specified deadline', now)
      : failures > (job.spec.backoffLimit ?? 6)
        ? ending('Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit', now)
        : undefined;
  if (end) {
    const conditions = [...(present.conditions ?? []), ...end];
    const completed = end.some(({ type }) => type === 'Complete') ? { completionTime: timestamp(now) } : {};
    return {
      create: [],
      remove: active,
      expire: false,
      lookAgainIn: ttlIn(job, now, now),
      status: { ...counts, ...completed, active: 0, ready: 0, conditions },
    };
  }
  if (job.spec.suspend) {
    const { startTime: _, ...rest } = counts;
    const conditions = suspension(present.conditions ?? [], true, now);
    return {
      create: [],
      remove: active,
      expire: false,
      lookAgainIn: undefined,
      status: { ...rest, conditions },
    };
  }
  const wait = backoffIn(failedPods, now);
  const missing = wantedActive(job, done) - active.length;
  const free = indexed ? freeIndexes(job, [...succeeded, ...active]) : undefined;
  const create =
    wait > 0 ? [] : Array.from({ length: Math.min(Math.max(missing, 0), MAX_BURST) }, (_, at) => free?.[at]);
  const conditions = suspension(present.conditions ?? [], false, now);
  return {
    create: free ? create.filter((index) => index !== undefined) : create,
    remove:
      missing < 0
        ? active.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b))).slice(0, -missing)
        : [],
    expire: false,
    lookAgainIn: earliest(missing > 0 && wait > 0 ? wait : undefined, deadline),
    status: { ...counts, ...(conditions.length > 0 ? { conditions } : {}) },
  };
}

function afterTheEnd(job: Job, active: readonly Pod[], finished: Condition, now: Date): JobPlan {
  const at = new Date(finished.lastTransitionTime ?? now);
  const left = ttlIn(job, at, now);
  return { create: [], remove: active, expire: left === 0, lookAgainIn: left, status: job.status ?? {} };
}

export const endOf = (status: Status | undefined): Condition | undefined =>
  status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );

/** Failures of containers that restart inside their Pod. */
function retriesInPlace(job: Job, active: readonly Pod[]): number {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return 0;
  return active
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
}

function complete(job: Job, succeeded: number, active: number): boolean {
  if (job.spec.completions === undefined) return succeeded > 0 && active === 0;
  return succeeded >= job.spec.completions;
}

function wantedActive(job: Job, succeeded: number): number {
  const parallelism = job.spec.parallelism ?? 1;
  // A work queue starts no more Pods once one has found it empty.
  if (job.spec.completions === undefined) return succeeded > 0 ? 0 : parallelism;
  return Math.min(parallelism, job.spec.completions - succeeded);
}

const indexOf = (pod: Pod): number => Number(pod.metadata.annotations?.[INDEX] ?? -1);

function freeIndexes(job: Job, pods: readonly Pod[]): number[] {
  const used = new Set(pods.map(indexOf));
  return Array.from({ length: job.spec.completions ?? 0 }, (_, index) => index).filter(
    (index) => !used.has(index),
  );
}

/** `0-2,5` */
export function ranges(indexes: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const index of indexes.toSorted((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else parts.push([index, index]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** Milliseconds to wait after the last failure: 10 s, doubling with each failure. */
function backoffIn(failed: readonly Pod[], now: Date): number {
  if (failed.length === 0) return 0;
  const last = Math.max(
    ...failed
      .flatMap(({ status, metadata }) => [
        metadata.creationTimestamp,
        ...(status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt ?? ''),
      ])
      .map((time) => new Date(time).getTime() || 0),
  );
  return Math.max(
    0,
    last + Math.min(FIRST_BACKOFF_MS * 2 ** (failed.length - 1), MAX_BACKOFF_MS) - now.getTime(),
  );
}

function deadlineIn(job: Job, startTime: string | undefined, now: Date): number | undefined {
  const seconds = job.spec.activeDeadlineSeconds;
  if (seconds === undefined || startTime === undefined || job.spec.suspend) return undefined;
  return Math.max(0, new Date(startTime).getTime() + seconds * 1e3 - now.getTime());
}

function ttlIn(job: Job, finishedAt: Date, now: Date): number | undefined {
  const seconds = job.spec.ttlSecondsAfterFinished;
  return seconds === undefined
    ? undefined
    : Math.max(0, finishedAt.getTime() + seconds * 1e3 - now.getTime());
}

function ending(type: 'Complete' | 'Failed', reason: string, message: string, now: Date): Condition[] {
  const times = { lastProbeTime: timestamp(now), lastTransitionTime: timestamp(now) };
  const first = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  return [first, type].map((one) => ({ type: one, status: 'True', reason, message, ...times }));
}

function suspension(present: readonly Condition[], suspended: boolean, now: Date): Condition[] {
  const before = present.find(({ type }) => type === 'Suspended');
  const others = present.filter(({ type }) => type !== 'Suspended');
  if (!before && !suspended) return others;
  const status = suspended ? 'True' : 'False';
  if (before?.status === status) return [...present];
  const reason = suspended ? 'JobSuspended' : 'JobResumed';
  const times = { lastProbeTime: timestamp(now), lastTransitionTime: timestamp(now) };
  return [
    ...others,
    { type: 'Suspended', status, reason, message: suspended ? 'Job suspended' : 'Job resumed', ...times },
  ];
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

export function startJobs(context: Context): Controller {
  const { api, clock } = context;
  const jobs = context.informers.of(JOBS);
  const pods = context.informers.of(PODS);
  const events = context.recorder.as('job-controller');
  pods.addIndex(BY_CONTROLLER, (pod) => [controllerOf(pod)?.uid ?? `none/${pod.metadata.namespace}`]);

  async function reconcile(key: string): Promise<number | undefined> {
    const job = jobs.get(key);
    if (!job || job.metadata.deletionTimestamp) return undefined;
    const plan = planJob(job, pods.indexed(BY_CONTROLLER, job.metadata.uid), clock.now());
    if (plan.expire) {
      await gone(api.remove(JOBS, job.metadata, { uid: job.metadata.uid, propagationPolicy: 'Background' }));
      return undefined;
    }
    await Promise.all(plan.remove.map((pod) => removePod(job, pod)));
    await Promise.all(plan.create.map((index) => createPod(job, index)));
    await writeStatus(job, plan.status);
    return plan.lookAgainIn;
  }

  async function createPod(job: Job, index: number | undefined): Promise<void> {
    const { name, namespace } = job.metadata;
    const prefix = index === undefined ? `${name}-` : `${name}-${index}-`;
    const pod = await api.create(
      PODS,
      namespace,
      podFrom(podTemplate(job, index), { generateName: prefix }, controllerReference(job, JOBS)),
    );
    pods.observe(pod);
    const message = `Created pod: ${pod.metadata.name}`;
    events.event(JOBS, job, { type: 'Normal', reason: 'SuccessfulCreate', message });
  }

  async function removePod(job: Job, pod: Pod): Promise<void> {
    await gone(api.remove(PODS, pod.metadata, { uid: pod.metadata.uid }).then((left) => pods.observe(left)));
    const message = `Deleted pod: ${pod.metadata.name}`;
    events.event(JOBS, job, { type: 'Normal', reason: 'SuccessfulDelete', message });
  }

  async function writeStatus(job: Job, status: Status): Promise<void> {
    const wanted = { ...status, ...(job.status?.startTime && !status.startTime ? { startTime: null } : {}) };
    if (equal({ ...job.status, ...wanted }, { ...job.status })) return;
    const before = endOf(job.status);
    const written = await api.patch(
      JOBS,
      job.metadata,
      { metadata: { uid: job.metadata.uid }, status: wanted },
      { subresource: 'status' },
    );
    jobs.observe(written);
    const end = endOf(written.status);
    if (end && !before)
      events.event(JOBS, job, {
        type: end.type === 'Complete' ? 'Normal' : 'Warning',
        reason: end.type === 'Complete' ? 'Completed' : (end.reason ?? 'Failed'),
        message: end.type === 'Complete' ? 'Job completed' : (end.message ?? 'Job failed'),
      });
  }

  return runController(context, {
    name: 'job',
    sources: [on(jobs), on(pods, toController<Pod>(JOBS))],
    reconcile,
  });
}

/** The Job's template with the labels and variables by which its Pods are told apart. */
export function podTemplate(job: Job, index: number | undefined): Job['spec']['template'] {
  const { template } = job.spec;
  const labels = {
    ...template.metadata?.labels,
    'batch.kubernetes.io/controller-uid': job.metadata.uid,
    'batch.kubernetes.io/job-name': job.metadata.name,
    'controller-uid': job.metadata.uid,
    'job-name': job.metadata.name,
  };
  if (index === undefined || !template.spec)
    return { ...template, metadata: { ...template.metadata, labels } };
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${INDEX}']` } },
  };
  const containers = template.spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []), variable],
  }));
  const annotations = { ...template.metadata?.annotations, [INDEX]: String(index) };
  return {
    ...template,
    metadata: { ...template.metadata, labels, annotations },
    spec: { ...template.spec, containers },
  };
}

async function gone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
