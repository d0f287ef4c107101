import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { duplicateFields, problemsInOrder } from './strict.ts';

test('keys that stand twice are found with their paths', () => {
  assert.deepEqual(duplicateFields('{"a":1,"a":2,"b":{"c":1,"c":2},"d":[{"e":1},{"e":1,"e":2}]}'), [
    'a',
    'b.c',
    'd[1].e',
  ]);
});

test('the same key in different objects is no duplicate', () => {
  assert.deepEqual(duplicateFields('{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]}'), []);
});

test('quotes, brackets and escapes inside texts do not confuse', () => {
  assert.deepEqual(duplicateFields(String.raw`{"a\"":"}{,\"a\":","\u0061":1,"a":2}`), ['a']);
});

test('a key is reported once however often it stands', () => {
  assert.deepEqual(duplicateFields('{"a":1,"a":2,"a":3}'), ['a']);
});

test('what JSON.stringify writes has no duplicates', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => assert.deepEqual(duplicateFields(JSON.stringify(value)), [])),
  );
});

test('text that is not JSON ends the search', () => {
  for (const text of ['', '{', '{"a"', '[', '{"a":]', '{a:1}', '"']) duplicateFields(text);
});

test('unknown and duplicate fields are told in the order in which they stand', () => {
  const text = '{"spec":{"odd":{"a":1,"a":2},"replicas":1,"replicas":2,"list":[{"x":1,"strange":2,"x":3}]}}';
  assert.deepEqual(problemsInOrder(text, ['spec.list[0].strange', 'spec.odd'], duplicateFields(text)), [
    'unknown field "spec.odd"',
    'duplicate field "spec.replicas"',
    'unknown field "spec.list[0].strange"',
    'duplicate field "spec.list[0].x"',
  ]);
});
