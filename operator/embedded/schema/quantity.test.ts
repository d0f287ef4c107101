import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareQuantities, parseQuantity } from './quantity.ts';

test('suffixes are decimal, binary or an exponent', () => {
  const same = [
    ['1', '1000m'],
    ['1Ki', '1024'],
    ['1.5Gi', '1610612736'],
    ['1e3', '1k'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1M', '1000k'],
    ['-1', '-1000m'],
    ['1n', '0.000000001'],
  ];
  for (const [a = '', b = ''] of same) assert.deepEqual(parseQuantity(a), parseQuantity(b), `${a} = ${b}`);
});

test('what is no quantity is none', () => {
  for (const text of ['', 'x', '1x', '1 Gi', '.', '1.2.3', '1KI', '--1'])
    assert.equal(parseQuantity(text), undefined, text);
});

test('quantities are ordered as the numbers they write', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (a, b) => {
      const [left, right] = [parseQuantity(`${a}m`), parseQuantity(`${b}m`)];
      assert.ok(left !== undefined && right !== undefined);
      assert.equal(compareQuantities(left, right), Math.sign(a - b));
    }),
  );
});
