import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limitsContract } from '../contract/limits.ts';
import { createMemoryLimits } from './memory.ts';

limitsContract('limits in memory', async () => {
  let now = 5_000;
  return {
    limits: createMemoryLimits(() => now),
    advance: async (milliseconds) => void (now += milliseconds),
  };
});

test('whatever the pattern, no more pass in any time than a bucket and what came back since', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 400 }),
      (perMinute, pauses) => {
        let now = 0;
        const limits = createMemoryLimits(() => now);
        let passed = 0;
        for (const pause of pauses) {
          now += pause;
          if (limits.takeNow('a', 'x', perMinute) === 0) passed += 1;
          assert.ok(passed <= perMinute + (now * perMinute) / 60_000 + 0.001);
        }
      },
    ),
  );
});

test('buckets that are full again are forgotten', () => {
  let now = 0;
  const limits = createMemoryLimits(() => now);
  for (let n = 0; n < 100; n++) limits.takeNow(`tenant-${n}`, 'x', 60);
  limits.takeNow('busy', 'x', 1);
  now += 1_000;
  limits.sweep();
  assert.equal(limits.size, 1);
});
