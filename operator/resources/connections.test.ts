import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectionLimitOf, connectionsOf } from './connections.ts';
import { podSizeOf, scalingOf } from './presets.ts';

const pod = (cpu: string) => ({ resources: { cpu, memory: '256Mi' } });

test('a Pod’s connections follow its share of the processor, within bounds', () => {
  const of = (cpu: string): number => connectionsOf(pod(cpu));
  assert.deepEqual(['10m', '100m', '250m', '0.25', '500m', '1', '8'].map(of), [10, 10, 10, 10, 20, 20, 20]);
});

test('by plan, in production: as many as its Pods, and a new revision’s beside them, may open', () => {
  const limits = (['starter', 'growth', 'enterprise'] as const).map((plan) => {
    const { cpuMillis } = podSizeOf(plan);
    const { max } = scalingOf('production', plan);
    return [plan, connectionLimitOf([{ ...pod(`${cpuMillis}m`), mostPods: max }])];
  });
  assert.deepEqual(limits, [
    ['starter', 102],
    ['growth', 190],
    ['enterprise', 864],
  ]);
});

test('whatever a tenant’s Services are, replicas times pool stay below the limit, twice over', () => {
  const service = fc.record({
    mostPods: fc.integer({ min: 0, max: 1_000 }),
    resources: fc.record({
      cpu: fc.integer({ min: 1, max: 64_000 }).map((cpu) => `${cpu}m`),
      memory: fc.constant('1Gi'),
    }),
  });
  fc.assert(
    fc.property(fc.array(service, { maxLength: 12 }), (services) => {
      const open = services.reduce((sum, one) => sum + one.mostPods * (connectionsOf(one) + 1), 0);
      assert.ok(2 * open < connectionLimitOf(services));
    }),
  );
});
