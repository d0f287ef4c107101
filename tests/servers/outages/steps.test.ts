import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalAfter, p99, type Step } from './steps.ts';
import { quantile } from '../../support/quantile.ts';

/** One step each 100 ms, which takes as long as `took` says of its beginning. */
const steady = (took: (wanted: number) => number, until = 20_000): Step[] =>
  Array.from({ length: until / 100 }, (_, n) => ({
    kind: 'look',
    wanted: n * 100,
    ended: n * 100 + took(n * 100),
    refusals: [],
  }));
const normal = { limit: 50, window: 2_000, least: 10 };

test('a shop that was slow until a moment is normal from that moment', () => {
  const steps = steady((wanted) => (wanted < 7_000 ? 400 : 20));
  assert.equal(normalAfter(steps, 5_000, 30_000, normal), 2_000);
});

test('one refusal makes a window not normal, however quick the second try was', () => {
  const steps = steady(() => 20);
  steps[60]?.refusals.push('503');
  assert.equal(normalAfter(steps, 5_000, 30_000, normal), 1_100);
});

test('a step that is never answered is slow for as long as it lasts', () => {
  const steps: Step[] = [...steady(() => 20), { kind: 'look', wanted: 6_000, refusals: [] }];
  assert.equal(normalAfter(steps, 5_000, 30_000, normal), 1_100);
  assert.equal(p99(steps.slice(-1), 30_000), 24_000);
});

test('a window that is not over, or in which nobody wanted anything, says nothing', () => {
  const steps = steady(() => 20);
  assert.equal(normalAfter(steps, 19_000, 20_000, normal), undefined);
  assert.equal(normalAfter(steps, 30_000, 90_000, normal), undefined);
});

test('quantiles are values that occurred', () => {
  assert.equal(quantile([5, 1, 9, 3], 0.5), 3);
  assert.equal(quantile([5, 1, 9, 3], 0.99), 9);
  assert.ok(Number.isNaN(quantile([], 0.99)));
});
