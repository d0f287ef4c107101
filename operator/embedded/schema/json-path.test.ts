import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnValue, compileJsonPath } from './json-path.ts';
import type { Json, JsonObject } from './schema.ts';

const object: JsonObject = {
  metadata: { annotations: { 'a.b/c': 'x' } },
  status: {
    n: [1, 2, 3, 4],
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};

const paths: readonly (readonly [string, readonly Json[]])[] = [
  ['.status.n', [[1, 2, 3, 4]]],
  ['{.status.n[0]}', [1]],
  ['$.status.n[-1]', [4]],
  ['.status.n[1:3]', [2, 3]],
  ['.status.n[*]', [1, 2, 3, 4]],
  ['.status.n[0,2]', [1, 3]],
  [".metadata.annotations['a.b/c']", ['x']],
  ['.metadata.annotations.a\\.b/c', ['x']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.status != 'True')].type", ['Other']],
  ['.status.conditions[?(@.missing)].type', []],
  ['..type', ['Ready', 'Other']],
  ['.status.missing.deeper', []],
  ['.', [object]],
];

for (const [path, expected] of paths)
  test(`${path} finds ${JSON.stringify(expected).slice(0, 40)}`, () =>
    assert.deepEqual(compileJsonPath(path)?.(object), expected));

test('a malformed path is none', () => {
  for (const path of ['.a[', '.a[?(@.b==]', '.a[x]', 'a b'])
    assert.equal(compileJsonPath(path), undefined, path);
});

test('a column shows typed values, and nothing where the type does not fit', () => {
  const cell = (type: string, jsonPath: string): Json =>
    columnValue({ name: 'X', type, jsonPath }, compileJsonPath(jsonPath) ?? (() => []), object);
  assert.equal(cell('integer', '.status.n[1]'), 2);
  assert.equal(cell('string', '.status.n'), '[1,2,3,4]');
  assert.equal(cell('string', '.status.n[0]'), '1');
  assert.equal(cell('boolean', '.status.n[0]'), null);
  assert.equal(cell('date', '.nothing'), null);
});
