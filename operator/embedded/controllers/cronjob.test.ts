import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CronJob, Job } from './machinery/wire.ts';
import { planCron } from './cronjob.ts';
import { ago, NOW, stored } from './testing/objects.ts';

const cron = (spec: Partial<CronJob['spec']> = {}, last = 600): CronJob =>
  stored<CronJob>({
    metadata: { name: 'tick', creationTimestamp: ago(last) },
    spec: { schedule: '*/5 * * * *', jobTemplate: {}, timeZone: 'Etc/UTC', ...spec },
  });
const job = (name: string, end?: 'Complete' | 'Failed', startTime = ago(300)): Job =>
  stored<Job>({
    metadata: { name },
    status: {
      startTime,
      ...(end ? { completionTime: startTime, conditions: [{ type: end, status: 'True' }] } : {}),
    },
  });

test('the latest time that was missed is served, the others are not', () => {
  const plan = planCron(cron({}, 3_700), [], NOW);
  assert.equal(plan.start?.toISOString(), '2026-03-01T12:00:00.000Z');
  assert.equal(plan.status.lastScheduleTime, '2026-03-01T12:00:00Z');
  assert.equal(plan.lookAgainIn, 300_000);
});

test('a time that was served is not served again', () => {
  const served = { ...cron(), status: { lastScheduleTime: '2026-03-01T12:00:00Z' } };
  assert.equal(planCron(served, [], NOW).start, undefined);
});

test('too late is too late', () => {
  const late = new Date(NOW.getTime() + 60_000);
  const plan = planCron(cron({ startingDeadlineSeconds: 30 }), [], late);
  assert.equal(plan.start, undefined);
});

test('while one runs: Forbid waits, Replace ends it, Allow does not care', () => {
  const running = [job('running')];
  assert.equal(planCron(cron({ concurrencyPolicy: 'Forbid' }), running, NOW).start, undefined);
  const replaced = planCron(cron({ concurrencyPolicy: 'Replace' }), running, NOW);
  assert.deepEqual([replaced.remove.length, replaced.start !== undefined], [1, true]);
  const allowed = planCron(cron({ concurrencyPolicy: 'Allow' }), running, NOW);
  assert.deepEqual(
    [allowed.remove.length, allowed.start !== undefined, allowed.status.active?.length],
    [0, true, 1],
  );
});

test('the newest finished Jobs are kept, as many as asked', () => {
  const jobs = [
    job('a', 'Complete', ago(900)),
    job('b', 'Complete', ago(600)),
    job('c', 'Failed', ago(300)),
    job('d', 'Failed', ago(200)),
  ];
  const plan = planCron(cron({ successfulJobsHistoryLimit: 1 }), jobs, NOW);
  assert.deepEqual(
    plan.remove.map(({ metadata }) => metadata.name),
    ['a', 'c'],
  );
  assert.equal(plan.status.lastSuccessfulTime, ago(200));
});

test('suspended it starts nothing, and a schedule nobody can read is told', () => {
  assert.equal(planCron(cron({ suspend: true }), [], NOW).start, undefined);
  const plan = planCron(cron({ schedule: 'every now and then' }), [], NOW);
  assert.equal(plan.warning?.reason, 'UnparseableSchedule');
});

test('the time zone counts', () => {
  const noonInTokyo = cron({ schedule: '0 21 * * *', timeZone: 'Asia/Tokyo' }, 86_400);
  assert.equal(planCron(noonInTokyo, [], NOW).start?.toISOString(), '2026-03-01T12:00:00.000Z');
});
