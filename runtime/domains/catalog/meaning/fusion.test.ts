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

test('what has twice the weight stands first as a whole, and the other only moves it about', () => {
  const ranking = fc.uniqueArray(fc.nat(200).map(String), { maxLength: 60 });
  fc.assert(
    fc.property(ranking, ranking, (one, other) => {
      const both = fused([one, other], [2, 1]);
      assert.deepEqual(new Set(both.slice(0, one.length)), new Set(one));
      assert.deepEqual(
        both.slice(one.length),
        other.filter((id) => !one.includes(id)),
      );
    }),
  );
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
