/**
 * One text for equal values, and the text JSON would give.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, hashOf } from './canonical.ts';

test('says what JSON says of the value with its keys sorted', () => {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, sorted(inner)]),
    );
  };
  // Keys that look like numbers come first in every object, so no object shows them in another order.
  const value = fc.object({ key: fc.string().filter((key) => !/^\d+$/.test(key) && key !== '__proto__') });
  fc.assert(fc.property(value, (one) => assert.equal(canonical(one), JSON.stringify(sorted(one)))));
});

test('leaves out what is undefined, as JSON does', () => {
  assert.equal(canonical({ b: undefined, a: [undefined, null, 1] }), '{"a":[null,null,1]}');
  assert.equal(canonical(undefined), 'null');
});

test('gives a digest that stays as it was: it stands in annotations', () => {
  assert.equal(hashOf({ b: 1, a: ['ä', true] }), hashOf({ a: ['ä', true], b: 1 }));
  assert.match(hashOf({}), /^[0-9a-f]{32}$/);
  assert.equal(hashOf({}), '44136fa355b3678a1146ad16f7e8649e');
});
