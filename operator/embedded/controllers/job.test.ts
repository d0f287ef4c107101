import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from './machinery/wire.ts';
import { endOf, INDEX, planJob, podTemplate, ranges } from './job.ts';
import { ago, NOW, pod, stored } from './testing/objects.ts';

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main' }] } };
const job = (spec: Partial<Job['spec']> = {}, status: Job['status'] = {}): Job =>
  stored<Job>({
    metadata: { name: 'work' },
    spec: { template, completions: 1, parallelism: 1, ...spec },
    status,
  });
const done = (type: 'Complete' | 'Failed', seconds: number): Job['status'] => ({
  conditions: [{ type, status: 'True', lastTransitionTime: ago(seconds) }],
});

test('it starts as many as run side by side, and no more than are missing', () => {
  assert.equal(planJob(job({ completions: 5, parallelism: 3 }), [], NOW).create.length, 3);
  const succeeded = [1, 2, 3, 4].map(() => pod({ phase: 'Succeeded' }));
  assert.equal(planJob(job({ completions: 5, parallelism: 3 }), succeeded, NOW).create.length, 1);
});

test('with every completion it is complete', () => {
  const plan = planJob(job(), [pod({ phase: 'Succeeded' })], NOW);
  assert.equal(endOf(plan.status)?.type, 'Complete');
  assert.deepEqual(
    [plan.status.succeeded, plan.status.completionTime, plan.create.length],
    [1, '2026-03-01T12:00:00Z', 0],
  );
});

test('a work queue starts no more once one has succeeded, and is complete when all have ended', () => {
  const { completions: _, ...spec } = job({ parallelism: 2 }).spec;
  const queue = { ...job(), spec };
  const half = planJob(queue, [pod({ phase: 'Succeeded' }), pod({})], NOW);
  assert.deepEqual([half.create.length, endOf(half.status)], [0, undefined]);
  assert.equal(endOf(planJob(queue, [pod({ phase: 'Succeeded' })], NOW).status)?.type, 'Complete');
});

test('after a failure it waits ten seconds, then twenty', () => {
  const failed = (seconds: number) => pod({ phase: 'Failed', created: seconds });
  const waiting = planJob(job(), [failed(4)], NOW);
  assert.deepEqual([waiting.create.length, waiting.lookAgainIn], [0, 6_000]);
  assert.equal(planJob(job(), [failed(11)], NOW).create.length, 1);
  assert.equal(planJob(job(), [failed(60), failed(11)], NOW).lookAgainIn, 9_000);
});

test('more failures than allowed end it, and its running Pods', () => {
  const plan = planJob(
    job({ backoffLimit: 1, parallelism: 2, completions: 4 }),
    [pod({ phase: 'Failed' }), pod({ phase: 'Failed' }), pod({ name: 'runs' })],
    NOW,
  );
  assert.equal(endOf(plan.status)?.reason, 'BackoffLimitExceeded');
  assert.deepEqual(
    plan.remove.map(({ metadata }) => metadata.name),
    ['runs'],
  );
});

test('restarts inside a Pod count as failures when containers restart in place', () => {
  const inPlace = { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'main' }] } };
  const restarted = pod({
    status: { containerStatuses: [{ name: 'main', restartCount: 7, image: '', imageID: '', ready: false }] },
  });
  assert.equal(
    endOf(planJob(job({ template: inPlace, backoffLimit: 6 }), [restarted], NOW).status)?.type,
    'Failed',
  );
});

test('its deadline ends it', () => {
  const limited = job({ activeDeadlineSeconds: 30 }, { startTime: ago(31) });
  assert.equal(endOf(planJob(limited, [pod({})], NOW).status)?.reason, 'DeadlineExceeded');
  assert.equal(
    planJob(job({ activeDeadlineSeconds: 30 }, { startTime: ago(10) }), [pod({})], NOW).lookAgainIn,
    20_000,
  );
});

test('suspended, it runs nothing and has no start; resumed, it goes on', () => {
  const plan = planJob(job({ suspend: true }), [pod({})], NOW);
  assert.deepEqual([plan.create.length, plan.remove.length, plan.status.startTime], [0, 1, undefined]);
  assert.deepEqual(
    plan.status.conditions?.map(({ type, status }) => [type, status]),
    [['Suspended', 'True']],
  );
  const resumed = planJob(job({}, plan.status), [], NOW);
  assert.equal(resumed.create.length, 1);
  assert.deepEqual(
    resumed.status.conditions?.map(({ type, status }) => [type, status]),
    [['Suspended', 'False']],
  );
});

test('counted by index, each index is done once', () => {
  const indexed = job({ completionMode: 'Indexed', completions: 4, parallelism: 2 });
  const at = (index: number, phase: string) => pod({ phase, annotations: { [INDEX]: String(index) } });
  const plan = planJob(indexed, [at(0, 'Succeeded'), at(2, 'Running')], NOW);
  assert.deepEqual(plan.create, [1]);
  assert.equal(plan.status.completedIndexes, '0');
  assert.equal(podTemplate(indexed, 1).spec?.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX');
  assert.equal(ranges([5, 0, 1, 2]), '0-2,5');
});

test('after its end nothing changes but that it expires', () => {
  assert.equal(planJob(job({}, done('Complete', 10)), [], NOW).expire, false);
  const later = planJob(job({ ttlSecondsAfterFinished: 30 }, done('Failed', 10)), [], NOW);
  assert.deepEqual([later.expire, later.lookAgainIn], [false, 20_000]);
  assert.equal(planJob(job({ ttlSecondsAfterFinished: 30 }, done('Failed', 31)), [], NOW).expire, true);
});
