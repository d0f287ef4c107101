/** Rankings that are put together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fused } from './fusion.ts';

test('what both have stands before what one has, and what stands higher before what stands lower', () => {
  assert.deepEqual(
    fused([
      ['a', 'b', 'c'],
      ['c', 'd'],
    ]),
    ['c', 'a', 'b', 'd'],
  );
  assert.deepEqual(fused([['a'], ['b']]), ['a', 'b']);
  assert.deepEqual(fused([]), []);
});

test('nothing is lost, added or twice there, and one ranking alone stays as it is', () => {
  const ranking = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 10 });
  fc.assert(
    fc.property(ranking, ranking, (one, other) => {
      assert.deepEqual(fused([one]), one);
      assert.deepEqual(fused([one, one]), one);
      assert.deepEqual(fused([one, other]).toSorted(), [...new Set([...one, ...other])].toSorted());
    }),
  );
});
