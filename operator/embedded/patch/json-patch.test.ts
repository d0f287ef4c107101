import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../schema/schema.ts';
import { PatchError } from './error.ts';
import { applyJsonPatch } from './json-patch.ts';

function refused(patch: Json): PatchError {
  try {
    applyJsonPatch({ a: { b: [1, 2] } }, patch);
  } catch (error) {
    assert.ok(error instanceof PatchError);
    return error;
  }
  throw new assert.AssertionError({ message: 'the patch was accepted' });
}

test('operations are applied in order to a copy', () => {
  const object = { a: { b: [1, 2] } };
  const patch = [
    { op: 'add', path: '/a/b/-', value: 3 },
    { op: 'remove', path: '/a/b/0' },
    { op: 'test', path: '/a/b', value: [2, 3] },
    { op: 'add', path: '/c~1d', value: null },
  ];
  assert.deepEqual(applyJsonPatch(object, patch), { a: { b: [2, 3] }, 'c/d': null });
  assert.deepEqual(object, { a: { b: [1, 2] } });
});

test('what is no list of operations is a bad request', () => {
  assert.equal(refused({ op: 'remove', path: '/a' }).code, 400);
  assert.equal(refused([1]).code, 400);
});

test('an operation that cannot be done is unprocessable, with what is missing', () => {
  assert.match(
    refused([{ op: 'remove', path: '/x' }]).message,
    /^remove operation does not apply: doc is missing key: \/x/,
  );
  assert.match(
    refused([{ op: 'replace', path: '/a/x', value: 1 }]).message,
    /^replace operation does not apply: doc is missing key: \/a\/x/,
  );
  assert.equal(refused([{ op: 'jump', path: '/a' }]).code, 422);
});

test('a failed test says where', () => {
  const error = refused([{ op: 'test', path: '/a/b', value: [] }]);
  assert.equal(error.code, 422);
  assert.equal(error.message, 'testing value /a/b failed');
});

test('too many operations are refused', () => {
  const patch = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} }));
  assert.match(refused(patch).message, /The allowed maximum operations in a JSON patch is 10000, got 10001/);
});

test('whatever an operation names, it is done or refused', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', '0', '-', 'length', '__proto__', 'x'), { maxLength: 4 })
    .map((tokens) => tokens.map((token) => `/${token}`).join(''));
  const op = fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test');
  const value = fc.constantFrom<Json>(null, 'b', 0, true, [], {}, { a: 'b' }, [null]);
  fc.assert(
    fc.property(
      value,
      value,
      fc.array(fc.record({ op, path, from: path, value }), { maxLength: 4 }),
      (a, b, patch) => {
        try {
          applyJsonPatch({ a, b }, patch);
        } catch (error) {
          assert.ok(error instanceof PatchError, String(error));
        }
      },
    ),
    { numRuns: 2_000 },
  );
  assert.equal(({} as { a?: unknown }).a, undefined, 'no prototype is written to');
});
