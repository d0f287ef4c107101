/**
 * One question for all who wait; and what answers but does not work is not asked in a tight loop.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../kube/testing/clock.ts';
import { createRecovery } from './recovery.ts';
import { createWatchers } from './watchers.ts';

function recovering(): {
  readonly clock: ReturnType<typeof manualClock>;
  readonly asked: () => number;
  readonly whenUp: (wake: () => void) => void;
} {
  const clock = manualClock();
  let asked = 0;
  const recovery = createRecovery({
    name: 'data-plane',
    ask: () => {
      asked += 1;
      return Promise.resolve(true);
    },
    watchers: createWatchers(clock),
    clock,
  });
  return { clock, asked: () => asked, whenUp: recovery.whenUp };
}

test('all who wait are woken by one answer, once each', async () => {
  const { clock, asked, whenUp } = recovering();
  const woken: string[] = [];
  for (const name of ['acme', 'fjord']) whenUp(() => woken.push(name));
  await clock.advance(1);
  assert.deepEqual([woken, asked()], [['acme', 'fjord'], 1]);
  await clock.advance(60_000);
  assert.equal(asked(), 1);
});

test('whoever fails again at once is woken later and later', async () => {
  const { clock, asked, whenUp } = recovering();
  const again = (): void => whenUp(again);
  again();
  await clock.advance(1_000);
  assert.ok(asked() <= 5, `asked ${asked()} times in the first second`);
  const before = asked();
  await clock.advance(60_000);
  assert.ok(asked() - before <= 12, `asked ${asked() - before} times in the next minute`);
});

test('after a while of health the next failure is looked after at once', async () => {
  const { clock, whenUp } = recovering();
  let woken = 0;
  whenUp(() => (woken += 1));
  await clock.advance(31_000);
  whenUp(() => (woken += 1));
  await clock.advance(1);
  assert.equal(woken, 2);
});
