import assert from 'node:assert/strict';
import { test } from 'node:test';
import { age, duration } from './cells.ts';

const DURATIONS: readonly (readonly [seconds: number, text: string])[] = [
  [-5, '<invalid>'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [600, '10m'],
  [3 * 3_600 - 1, '179m'],
  [3 * 3_600, '3h'],
  [5 * 3_600 + 60, '5h1m'],
  [9 * 3_600 + 60, '9h'],
  [3 * 86_400 + 3_600, '3d1h'],
  [10 * 86_400 + 3_600, '10d'],
  [3 * 365 * 86_400 + 86_400, '3y1d'],
];

for (const [seconds, text] of DURATIONS)
  test(`${seconds} seconds are shown as ${text}`, () => assert.equal(duration(seconds), text));

test('the age of what has no beginning is unknown', () => {
  assert.equal(age(undefined, new Date()), '<unknown>');
});
