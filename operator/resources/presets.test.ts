/**
 * Plans and environments: what they mean, and that what the spec says wins.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replicasOf } from './autoscaling.ts';
import { servicesOf } from './presets.ts';
import { service, tenant } from './testing/inputs.ts';

const runtimeOf = (spec: object) => servicesOf(tenant({ placement: 'dedicated', ...spec })).get('runtime');

for (const [environment, plan, min, max] of [
  ['production', 'starter', 2, 4],
  ['production', 'growth', 2, 8],
  ['production', 'enterprise', 3, 20],
  ['staging', 'starter', 1, 2],
  ['staging', 'growth', 1, 4],
  ['staging', 'enterprise', 2, 6],
  ['development', 'enterprise', 1, 1],
] as const) {
  test(`${plan} in ${environment} runs ${min} to ${max} Pods`, () => {
    const { scaling } = runtimeOf({ environment, plan }) ?? assert.fail();
    assert.deepEqual([scaling?.min, scaling?.max], [min, max]);
  });
}

test('a bigger plan never has smaller Pods or fewer of them', () => {
  for (const environment of ['production', 'staging', 'development'] as const) {
    const plans = (['starter', 'growth', 'enterprise'] as const).map((plan) => {
      const { scaling, resources } = runtimeOf({ environment, plan }) ?? assert.fail();
      return [scaling?.min ?? 0, scaling?.max ?? 0, Number.parseInt(resources?.cpu ?? '', 10)];
    });
    for (const [index, bigger] of plans.slice(1).entries())
      for (const [figure, value] of (plans[index] ?? []).entries()) assert.ok((bigger[figure] ?? 0) >= value);
  }
});

test('development is scaled by hand: no autoscaler decides', () => {
  const spec = runtimeOf({ environment: 'development', plan: 'growth' }) ?? assert.fail();
  assert.equal(replicasOf(service({ ...spec })).autoscaled, false);
  assert.deepEqual(replicasOf(service({ ...spec, replicas: 3 })), { min: 3, max: 3, autoscaled: false });
});

test('what the spec says wins over plan and environment', () => {
  const own = runtimeOf({ plan: 'enterprise', autoscaling: { min: 3, max: 5 } });
  assert.deepEqual(own?.scaling, { min: 3, max: 5, cpuPercent: 70, by: 'HPA' });
});
