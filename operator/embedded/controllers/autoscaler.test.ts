import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Autoscaler } from './machinery/wire.ts';
import { NOTHING, planScale, type Memory, type UsageTable } from './autoscaler.ts';
import { NOW, pod, stored } from './testing/objects.ts';

const autoscaler = (spec: Partial<Autoscaler['spec']> = {}): Autoscaler =>
  stored<Autoscaler>({
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 10,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
      ...spec,
    },
  });
const pods = (count: number, request: string | null = '100m') =>
  Array.from({ length: count }, (_, at) =>
    pod({
      name: `p${at}`,
      spec: {
        containers: [
          {
            name: 'main',
            resources: { requests: request === null ? {} : { cpu: request, memory: '100Mi' } },
          },
        ],
      },
    }),
  );
const using = (...cores: number[]): UsageTable =>
  new Map(cores.map((cpu, at) => [`p${at}`, new Map([['main', { cpu, memory: cpu * 1e9 }]])]));
const memoryOf = (...replicas: [seconds: number, replicas: number][]): Memory => ({
  recommendations: replicas.map(([seconds, count]) => ({
    at: NOW.getTime() - seconds * 1e3,
    replicas: count,
  })),
  changes: [],
});
const wanted = (...args: [Autoscaler, number, ReturnType<typeof pods>, UsageTable, Memory?]): number =>
  planScale(args[0], args[1], args[2], args[3], args[4] ?? NOTHING, NOW).replicas;

const CASES: readonly {
  what: string;
  current: number;
  cores: number[];
  replicas: number;
  spec?: Partial<Autoscaler['spec']>;
  memory?: Memory;
}[] = [
  { what: 'twice the goal is twice the Pods', current: 2, cores: [0.1, 0.1], replicas: 4 },
  { what: 'within a tenth of the goal nothing happens', current: 2, cores: [0.054, 0.054], replicas: 2 },
  { what: 'half the goal is half the Pods', current: 4, cores: [0.025, 0.025, 0.025, 0.025], replicas: 2 },
  { what: 'never more than the maximum', current: 2, cores: [1, 1], replicas: 3, spec: { maxReplicas: 3 } },
  {
    what: 'never fewer than the minimum',
    current: 4,
    cores: [0, 0, 0, 0],
    replicas: 3,
    spec: { minReplicas: 3 },
  },
  {
    what: 'down only as far as the highest word of five minutes',
    current: 4,
    cores: [0, 0, 0, 0],
    replicas: 3,
    memory: memoryOf([200, 3], [100, 2]),
  },
  {
    what: 'a word from before the window is forgotten',
    current: 4,
    cores: [0, 0, 0, 0],
    replicas: 1,
    memory: memoryOf([301, 4]),
  },
  {
    what: 'up by no more than double or four Pods in fifteen seconds',
    current: 2,
    cores: [1, 1],
    replicas: 6,
  },
  {
    what: 'a policy limits the way down',
    current: 8,
    cores: [0, 0, 0, 0, 0, 0, 0, 0],
    replicas: 7,
    spec: {
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: 0,
          policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
        },
      },
    },
  },
  {
    what: 'the way down can be closed',
    current: 4,
    cores: [0, 0, 0, 0],
    replicas: 4,
    spec: { behavior: { scaleDown: { selectPolicy: 'Disabled' } } },
  },
  {
    what: 'an average value is a goal too',
    current: 1,
    cores: [0.3],
    replicas: 3,
    spec: {
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100M' } },
        },
      ],
    },
  },
  {
    what: 'of several metrics the highest counts',
    current: 2,
    cores: [0.025, 0.025],
    replicas: 3,
    spec: {
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
        {
          type: 'Resource',
          resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '20M' } },
        },
      ],
    },
  },
];

for (const { what, current, cores, replicas, spec, memory } of CASES)
  test(what, () =>
    assert.equal(wanted(autoscaler(spec), current, pods(current), using(...cores), memory), replicas),
  );

test('Pods that are not measured yet do not make it grow, nor shrink', () => {
  assert.equal(wanted(autoscaler(), 2, pods(2), using(0.09)), 2);
  assert.equal(wanted(autoscaler(), 4, pods(4), using(0.03)), 4);
});

test('what cannot be known changes nothing and says why', () => {
  const without = planScale(autoscaler(), 2, pods(2, null), using(1, 1), NOTHING, NOW);
  const reason = (plan: typeof without) =>
    plan.status.conditions?.find(({ type }) => type === 'ScalingActive')?.message ?? '';
  assert.equal(without.replicas, 2);
  assert.match(reason(without), /missing request for cpu/);
  assert.match(reason(planScale(autoscaler(), 2, pods(2), new Map(), NOTHING, NOW)), /no metrics returned/);
  const external = autoscaler({
    metrics: [
      { type: 'External', external: { metric: { name: 'x' }, target: { type: 'Value', value: '1' } } },
    ],
  });
  assert.match(reason(planScale(external, 2, pods(2), using(1, 1), NOTHING, NOW)), /not on External/);
});

test('a target at zero stays there', () => {
  const plan = planScale(autoscaler(), 0, [], new Map(), NOTHING, NOW);
  assert.deepEqual([plan.replicas, plan.status.conditions?.at(-1)?.reason], [0, 'ScalingDisabled']);
});

test('a target out of bounds is brought back', () => {
  assert.equal(wanted(autoscaler(), 12, pods(12), using()), 10);
});

test('what a young Pod burnt before it was ready scales nothing', () => {
  const seconds = (ago: number): Date => new Date(NOW.getTime() - ago * 1e3);
  const [young] = pods(1);
  assert.ok(young);
  const ready = [{ type: 'Ready', status: 'True', lastTransitionTime: seconds(10).toISOString() }];
  young.status = { ...young.status, startTime: seconds(20).toISOString(), conditions: ready };
  const measuredSince = (since: Date): UsageTable =>
    new Map([['p0', new Map([['main', { cpu: 0.4, memory: 1, since }]])]]);
  assert.equal(wanted(autoscaler(), 1, [young], measuredSince(seconds(15))), 1);
  assert.equal(wanted(autoscaler(), 1, [young], measuredSince(seconds(5))), 5);
});
