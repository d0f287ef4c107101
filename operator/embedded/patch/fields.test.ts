import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeFields,
  descend,
  difference,
  eachPath,
  encodeFields,
  intersection,
  isEmptySet,
  keyElement,
  pathText,
  recursiveDifference,
  sameFields,
  union,
  valueElement,
  type FieldSet,
  type MutableFieldSet,
} from './fields.ts';

const element = fc.oneof(
  fc.constantFrom('f:a', 'f:b', 'f:spec', 'i:0'),
  fc.constantFrom(keyElement({ name: 'x' }), keyElement({ port: 80, name: 'y' })),
  fc.constantFrom(valueElement('v'), valueElement(1), valueElement(true)),
);
const set: fc.Arbitrary<FieldSet> = fc
  .array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
  .map(setOf);

function setOf(paths: readonly (readonly string[])[]): FieldSet {
  const result: MutableFieldSet = new Map();
  for (const path of paths) {
    let children = result;
    for (const [index, each] of path.entries()) {
      const node = descend(children, each);
      if (index === path.length - 1) node.member = true;
      children = node.children;
    }
  }
  return result;
}

function paths(of: FieldSet): Set<string> {
  const found = new Set<string>();
  eachPath(of, (path) => found.add(path.join('/')));
  return found;
}

test('a set survives being written and read', () => {
  fc.assert(fc.property(set, (value) => assert.ok(sameFields(decodeFields(encodeFields(value)), value))));
});

test('union, intersection and difference are those of the paths', () => {
  fc.assert(
    fc.property(set, set, (a, b) => {
      assert.deepEqual(paths(union(a, b)), paths(a).union(paths(b)));
      assert.deepEqual(paths(intersection(a, b)), paths(a).intersection(paths(b)));
      assert.deepEqual(paths(difference(a, b)), paths(a).difference(paths(b)));
    }),
  );
});

test('a recursive difference also takes what is below', () => {
  fc.assert(
    fc.property(set, set, (a, b) => {
      const gone = [...paths(b)];
      const kept = [...paths(a)].filter(
        (path) => !gone.some((other) => path === other || path.startsWith(`${other}/`)),
      );
      assert.deepEqual(paths(recursiveDifference(a, b)), new Set(kept));
    }),
  );
});

test('a set is empty exactly when it has no path', () => {
  fc.assert(
    fc.property(set, set, (a, b) =>
      assert.equal(isEmptySet(difference(a, b)), paths(difference(a, b)).size === 0),
    ),
  );
});

test('keys are the same whatever order they are written in', () => {
  assert.ok(sameFields(decodeFields({ 'k:{"b":1,"a":"x"}': {} }), decodeFields({ 'k:{"a":"x","b":1}': {} })));
});

test('paths read as people write them', () => {
  assert.equal(
    pathText(['f:spec', keyElement({ port: 80, name: 'x' }), valueElement('v'), 'i:3']),
    '.spec[name="x",port=80][="v"][3]',
  );
});

test('elements of unknown kinds are dropped', () => {
  assert.deepEqual(encodeFields(decodeFields({ 'z:future': {}, 'f:a': { '.': {}, 'f:b': {} } })), {
    'f:a': { '.': {}, 'f:b': {} },
  });
});
