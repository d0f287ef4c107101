/**
 * Who decides how many Pods there are, and by what.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replicasOf } from './autoscaling.ts';
import { BARE } from './surroundings.ts';
import { service, workloadInput } from './testing/inputs.ts';
import { workload } from './workload.ts';

const ALL = { min: 1, max: 4, cpuPercent: 60, memoryPercent: 85, requestsPerSecond: 50 };

interface Autoscaler {
  readonly metrics: readonly {
    readonly type: string;
    readonly resource?: { readonly name: string };
    readonly pods?: { readonly metric: { readonly name: string } };
  }[];
}

function metrics(scaling: object, customMetrics: boolean): readonly (string | undefined)[] {
  const objects = workload({
    ...workloadInput({ domains: ['orders'], scaling }),
    surroundings: { ...BARE, customMetrics },
  });
  const spec = objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler')?.['spec'];
  // The builder's own object, of a kind whose shape is known.
  return (spec as Autoscaler).metrics.map(({ resource, pods }) => resource?.name ?? pods?.metric.name);
}

test('replicas are left to the autoscaler where there is one, and stated where there is none', () => {
  assert.deepEqual(replicasOf(service({ image: 'x', replicas: 3 })), { min: 3, max: 3, autoscaled: false });
  assert.deepEqual(replicasOf(service({ image: 'x', scaling: { min: 2, max: 2 } })), {
    min: 2,
    max: 2,
    autoscaled: false,
  });
  const deployment = (spec: object) =>
    JSON.stringify(workload(workloadInput(spec)).find(({ kind }) => kind === 'Deployment'));
  assert.doesNotMatch(deployment({ domains: ['orders'], scaling: { min: 1, max: 4 } }), /"replicas"/);
  assert.match(deployment({ domains: ['orders'], replicas: 0 }), /"replicas":0/);
});

test('it goes by processor, by memory and by requests where they are counted', () => {
  assert.deepEqual(metrics({ min: 1, max: 4 }, true), ['cpu']);
  assert.deepEqual(metrics(ALL, true), ['cpu', 'memory', 'http_requests_per_second']);
});

test('requests nobody counts are left out, for one unknown metric would keep it from ever going down', () => {
  assert.deepEqual(metrics(ALL, false), ['cpu', 'memory']);
});
