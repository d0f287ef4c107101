import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isObject, type Json, type JsonObject } from '../schema/schema.ts';
import { applyMergePatch, createMergePatch } from './merge-patch.ts';

/** The examples of RFC 7386, those whose target and patch are objects. */
const examples: readonly (readonly [JsonObject, JsonObject, JsonObject])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

for (const [target, patch, result] of examples) {
  test(`${JSON.stringify(target)} with ${JSON.stringify(patch)} is ${JSON.stringify(result)}`, () =>
    assert.deepEqual(applyMergePatch(target, patch), result));
}

/** Objects without nulls, which a merge patch cannot write. */
const object = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
  .map((value) => withoutNulls(value as JsonObject));

function withoutNulls(value: JsonObject): JsonObject {
  const clean = (inner: Json): Json => {
    if (Array.isArray(inner)) return inner.map(clean);
    return isObject(inner) ? withoutNulls(inner) : (inner ?? 0);
  };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
}

test('a patch made of two objects leads from one to the other', () => {
  fc.assert(
    fc.property(object, object, (before, next) =>
      assert.deepEqual(applyMergePatch(before, createMergePatch(before, next)), next),
    ),
  );
});

test('the patch between equal objects is empty, and the empty patch changes nothing', () => {
  fc.assert(
    fc.property(object, (value) => {
      assert.deepEqual(createMergePatch(value, structuredClone(value)), {});
      assert.deepEqual(applyMergePatch(value, {}), value);
    }),
  );
});

test('a patch twice is a patch once', () => {
  fc.assert(
    fc.property(object, fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (target, patch) => {
      const once = applyMergePatch(target, patch as JsonObject);
      assert.deepEqual(applyMergePatch(once, patch as JsonObject), once);
    }),
  );
});

test('neither the target nor the patch is changed', () => {
  const [target, patch] = [{ a: { b: 1 }, c: [1] }, { a: { b: null, d: 2 } }];
  const before = structuredClone([target, patch]);
  applyMergePatch(target, patch);
  assert.deepEqual([target, patch], before);
});
