/**
 * The law of level-triggered reconciling: where a tenant ends depends on its spec, never on how it came there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTestWorld, withPool } from '../testing/world.ts';

const scaling = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 }))
  .map(([min, more]) => ({ min, max: min + more }));
const hosts = fc.uniqueArray(fc.constantFrom('a.localhost', 'b.localhost', 'c.example'), { minLength: 1 });
const common = {
  displayName: fc.constantFrom('One', 'Two'),
  plan: fc.constantFrom('starter', 'growth', 'enterprise'),
  hosts,
  suspended: fc.boolean(),
  quotas: fc.record({ requestsPerMinute: fc.integer({ min: 1, max: 1000 }) }),
};
const pooled: fc.Arbitrary<object> = fc.record(common);
const dedicated: fc.Arbitrary<object> = fc.record(
  {
    ...common,
    autoscaling: scaling,
    domains: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('orders', 'catalog'), scaling }, { requiredKeys: ['name'] }),
      { selector: ({ name }) => name },
    ),
  },
  { requiredKeys: ['displayName', 'plan', 'hosts', 'suspended'] },
);

for (const [placement, spec] of [
  ['pooled', pooled],
  ['dedicated', dedicated],
] as const) {
  test(`a ${placement} tenant ends the same whatever it was before, whichever write was lost on the way`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(spec, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (history, failAt, afterwards) => {
          const world = withPool(createTestWorld());
          world.failWrite(failAt, afterwards);
          for (const each of history) {
            world.putTenant('acme', { ...each, placement });
            await world.settle();
          }
          const fresh = withPool(createTestWorld());
          fresh.putTenant('acme', { ...history.at(-1), placement });
          await fresh.settle();
          assert.deepEqual(world.snapshot(), fresh.snapshot());
          world.writes.length = 0;
          await world.settle();
          assert.deepEqual(world.writes, [], 'and then it stays');
        },
      ),
      { numRuns: 20 },
    );
  });
}
