import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode, parserOf } from './values.ts';

test('any list of texts survives the array form both ways', () => {
  const parse = parserOf(1009);
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')))),
      (list) => {
        assert.deepEqual(parse(String(encode(list))), list);
      },
    ),
  );
});

test('an integer that a number cannot hold is an error, not a wrong number', () => {
  const parse = parserOf(20);
  assert.equal(parse('9007199254740991'), Number.MAX_SAFE_INTEGER);
  assert.throws(() => parse('9007199254740993'), /does not fit/);
});

test('numeric stays text, so that no digit is lost', () => {
  assert.equal(parserOf(1700)('0.10000000000000000001'), '0.10000000000000000001');
});
