/**
 * CronJob: makes a Job whenever its schedule says so.
 */
import { Cron } from 'croner';
import { isConflict, isNotFound } from './machinery/client.ts';
import { on, runController, toController, type Context, type Controller } from './machinery/controller.ts';
import { equal } from './machinery/equal.ts';
import {
  controllerOf,
  controllerReference,
  CRON_JOBS,
  JOBS,
  timestamp,
  type CronJob,
  type Job,
} from './machinery/wire.ts';
import { endOf } from './job.ts';
import { BY_CONTROLLER } from './replicaset.ts';

type Status = NonNullable<CronJob['status']>;

export interface CronPlan {
  /** The time for which a Job is to be made now. */
  readonly start: Date | undefined;
  readonly remove: readonly Job[];
  readonly status: Status;
  readonly lookAgainIn: number | undefined;
  readonly warning: { readonly reason: string; readonly message: string } | undefined;
}

/** @param jobs those it controls */
export function planCron(cron: CronJob, jobs: readonly Job[], now: Date): CronPlan {
  const active = jobs.filter(({ status }) => !endOf(status));
  const old = history(cron, jobs);
  const status = statusOf(cron, active, jobs);
  const idle = { start: undefined, remove: old, status, lookAgainIn: undefined, warning: undefined };
  if (cron.metadata.deletionTimestamp || cron.spec.suspend) return idle;
  const schedule = parse(cron);
  if (schedule instanceof Error)
    return {
      ...idle,
      warning: { reason: 'UnparseableSchedule', message: `unparseable schedule: ${schedule.message}` },
    };
  const next = schedule.nextRun(now);
  const lookAgainIn = next ? next.getTime() - now.getTime() : undefined;
  const due = dueTime(cron, schedule, now);
  if (!due) return { ...idle, lookAgainIn };
  const deadline = cron.spec.startingDeadlineSeconds;
  if (deadline !== undefined && due.getTime() + deadline * 1e3 < now.getTime())
    return {
      ...idle,
      lookAgainIn,
      warning: {
        reason: 'MissSchedule',
        message: `Missed scheduled time to start a job: ${due.toUTCString()}`,
      },
    };
  const policy = cron.spec.concurrencyPolicy ?? 'Allow';
  if (policy === 'Forbid' && active.length > 0) return { ...idle, lookAgainIn };
  return {
    start: due,
    remove: policy === 'Replace' ? [...old, ...active] : old,
    status: { ...status, lastScheduleTime: timestamp(due) },
    lookAgainIn,
    warning: undefined,
  };
}

function parse(cron: CronJob): Cron | Error {
  try {
    const { schedule, timeZone } = cron.spec;
    return new Cron(schedule, {
      paused: true,
      mode: '5-part',
      ...(timeZone === undefined ? {} : { timezone: timeZone }),
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The latest time that has come since the last one that was served. */
function dueTime(cron: CronJob, schedule: Cron, now: Date): Date | undefined {
  let from = new Date(cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp);
  const deadline = cron.spec.startingDeadlineSeconds;
  if (deadline !== undefined) from = new Date(Math.max(from.getTime(), now.getTime() - deadline * 1e3 - 1));
  // One that is due this very moment is due.
  const [latest] = schedule.previousRuns(1, new Date(now.getTime() + 1));
  return latest && latest > from ? latest : undefined;
}

/** Finished Jobs beyond what is kept. */
function history(cron: CronJob, jobs: readonly Job[]): Job[] {
  const surplus = (type: string, limit: number): Job[] =>
    jobs
      .filter(({ status, metadata }) => endOf(status)?.type === type && !metadata.deletionTimestamp)
      .toSorted((a, b) => (b.status?.startTime ?? '').localeCompare(a.status?.startTime ?? ''))
      .slice(limit);
  return [
    ...surplus('Complete', cron.spec.successfulJobsHistoryLimit ?? 3),
    ...surplus('Failed', cron.spec.failedJobsHistoryLimit ?? 1),
  ];
}

function statusOf(cron: CronJob, active: readonly Job[], jobs: readonly Job[]): Status {
  const completions = jobs.map(({ status }) => status?.completionTime).filter((time) => time !== undefined);
  const last = [cron.status?.lastSuccessfulTime, ...completions]
    .filter((time) => time !== undefined)
    .toSorted()
    .at(-1);
  return {
    ...cron.status,
    active: active.map(({ metadata }) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
    })),
    ...(last === undefined ? {} : { lastSuccessfulTime: last }),
  };
}

export function startCronJobs(context: Context): Controller {
  const { api, clock } = context;
  const crons = context.informers.of(CRON_JOBS);
  const jobs = context.informers.of(JOBS);
  const events = context.recorder.as('cronjob-controller');
  jobs.addIndex(BY_CONTROLLER, (job) => [controllerOf(job)?.uid ?? '']);

  async function reconcile(key: string): Promise<number | undefined> {
    const cron = crons.get(key);
    if (!cron) return undefined;
    const plan = planCron(cron, jobs.indexed(BY_CONTROLLER, cron.metadata.uid), clock.now());
    if (plan.warning) events.event(CRON_JOBS, cron, { type: 'Warning', ...plan.warning });
    for (const { metadata } of plan.remove) {
      await gone(api.remove(JOBS, metadata, { uid: metadata.uid, propagationPolicy: 'Background' }));
      const message = `Deleted job ${metadata.name}`;
      events.event(CRON_JOBS, cron, { type: 'Normal', reason: 'SuccessfulDelete', message });
    }
    const made = plan.start && (await createJob(cron, plan.start));
    const active = made ? [...(plan.status.active ?? []), made] : (plan.status.active ?? []);
    await writeStatus(cron, { ...plan.status, active });
    return plan.lookAgainIn;
  }

  async function createJob(
    cron: CronJob,
    at: Date,
  ): Promise<NonNullable<Status['active']>[number] | undefined> {
    const { name, namespace } = cron.metadata;
    const { metadata, spec } = cron.spec.jobTemplate;
    const job = {
      metadata: {
        // One name for one time: a second attempt after a crash finds the first.
        name: `${name}-${Math.floor(at.getTime() / 60_000)}`,
        labels: metadata?.labels,
        annotations: {
          ...metadata?.annotations,
          'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(at),
        },
        ownerReferences: [controllerReference(cron, CRON_JOBS)],
      },
      spec,
    };
    try {
      const made = await api.create(JOBS, namespace, job);
      jobs.observe(made);
      const message = `Created job ${made.metadata.name}`;
      events.event(CRON_JOBS, cron, { type: 'Normal', reason: 'SuccessfulCreate', message });
      return {
        apiVersion: 'batch/v1',
        kind: 'Job',
        name: made.metadata.name,
        namespace,
        uid: made.metadata.uid,
      };
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  async function writeStatus(cron: CronJob, status: Status): Promise<void> {
    if (equal(status, { active: [], ...cron.status })) return;
    crons.observe(
      await api.patch(
        CRON_JOBS,
        cron.metadata,
        { metadata: { uid: cron.metadata.uid }, status },
        { subresource: 'status' },
      ),
    );
  }

  return runController(context, {
    name: 'cronjob',
    sources: [on(crons), on(jobs, toController<Job>(CRON_JOBS))],
    reconcile,
  });
}

async function gone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
