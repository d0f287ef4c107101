import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json, Schema } from './schema.ts';
import { validate } from './validate.ts';

function problems(value: Json, schema: Schema, old?: Json): string[] {
  const wrap = (spec: Json | undefined): Json | undefined => (spec === undefined ? undefined : { spec });
  return validate({ spec: value }, { type: 'object', properties: { spec: schema } }, wrap(old)).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

const cases: readonly (readonly [string, Json, Schema, readonly string[]])[] = [
  [
    'a text for an integer',
    'x',
    { type: 'integer' },
    ['spec: Invalid value: "string": spec in body must be of type integer: "string"'],
  ],
  [
    'a fraction for an integer',
    1.5,
    { type: 'integer' },
    ['spec: Invalid value: "number": spec in body must be of type integer: "number"'],
  ],
  ['an integer for a number', 1, { type: 'number' }, []],
  [
    'a null',
    null,
    { type: 'string' },
    ['spec: Invalid value: "null": spec in body must be of type string: "null"'],
  ],
  ['a null where it may be', null, { type: 'string', nullable: true }, []],
  [
    'a list for an object',
    [],
    { type: 'object' },
    ['spec: Invalid value: "array": spec in body must be of type object: "array"'],
  ],
  [
    'too small',
    0,
    { type: 'integer', minimum: 1 },
    ['spec: Invalid value: 0: spec in body should be greater than or equal to 1'],
  ],
  [
    'exclusive bounds',
    1,
    { type: 'integer', minimum: 1, exclusiveMinimum: true },
    ['spec: Invalid value: 1: spec in body should be greater than 1'],
  ],
  [
    'too big',
    3,
    { type: 'integer', maximum: 2 },
    ['spec: Invalid value: 3: spec in body should be less than or equal to 2'],
  ],
  [
    'no multiple',
    7,
    { type: 'integer', multipleOf: 5 },
    ['spec: Invalid value: 7: spec in body should be a multiple of 5'],
  ],
  ['a multiple of a fraction', 0.3, { type: 'number', multipleOf: 0.1 }, []],
  [
    'too short',
    '',
    { type: 'string', minLength: 1 },
    ['spec: Invalid value: "": spec in body should be at least 1 chars long'],
  ],
  ['too long', 'abc', { type: 'string', maxLength: 2 }, ['spec: Too long: may not be more than 2 bytes']],
  ['length counted in characters', '🙂🙂', { type: 'string', maxLength: 2 }, []],
  [
    'a pattern',
    'A',
    { type: 'string', pattern: '^[a-z]$' },
    ['spec: Invalid value: "A": spec in body should match \'^[a-z]$\''],
  ],
  ['a Go pattern', 'ABC', { type: 'string', pattern: '(?i)^[[:alpha:]]+\\z' }, []],
  [
    'a format',
    'x',
    { type: 'string', format: 'uuid' },
    ['spec: Invalid value: "x": spec in body must be of type uuid: "x"'],
  ],
  ['a format nobody knows', 'x', { type: 'string', format: 'shoe-size' }, []],
  [
    'an enum',
    'c',
    { type: 'string', enum: ['a', 'b'] },
    ['spec: Unsupported value: "c": supported values: "a", "b"'],
  ],
  [
    'an enum of numbers',
    3,
    { type: 'integer', enum: [1, 2] },
    ['spec: Unsupported value: 3: supported values: "1", "2"'],
  ],
  ['a missing field', {}, { type: 'object', required: ['a'] }, ['spec.a: Required value']],
  [
    'too few items',
    [],
    { type: 'array', minItems: 1 },
    ['spec: Invalid value: 0: spec in body should have at least 1 items'],
  ],
  ['too many items', [1, 2], { type: 'array', maxItems: 1 }, ['spec: Too many: 2: must have at most 1 item']],
  [
    'too many properties',
    { a: 1, b: 2 },
    { type: 'object', maxProperties: 1 },
    ['spec: Too many: 2: must have at most 1 item'],
  ],
  [
    'an item',
    [1, 'x'],
    { type: 'array', items: { type: 'integer' } },
    ['spec[1]: Invalid value: "string": spec[1] in body must be of type integer: "string"'],
  ],
  [
    'a value of a map',
    { k: 1 },
    { type: 'object', additionalProperties: { type: 'string' } },
    ['spec.k: Invalid value: "integer": spec.k in body must be of type string: "integer"'],
  ],
  [
    'an integer or a string',
    true,
    { 'x-kubernetes-int-or-string': true },
    ['spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"'],
  ],
  [
    'nothing of anyOf',
    5,
    { anyOf: [{ maximum: 1 }, { minimum: 9 }] },
    [
      '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)',
      'spec: Invalid value: 5: spec in body should be less than or equal to 1',
    ],
  ],
  [
    'two of oneOf',
    5,
    { oneOf: [{ minimum: 1 }, { minimum: 2 }] },
    [
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  ],
  [
    'one of allOf missing',
    5,
    { allOf: [{ minimum: 1 }, { minimum: 9 }] },
    [
      'spec: Invalid value: 5: spec in body should be greater than or equal to 9',
      '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf)',
    ],
  ],
  [
    'what must not be',
    5,
    { not: { minimum: 1 } },
    ['<nil>: Invalid value: "": "spec" must not validate the schema (not)'],
  ],
  [
    'a set with duplicates',
    ['a', 'a', 'a'],
    { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ['spec[1]: Duplicate value: "a"'],
  ],
];

for (const [name, value, schema, expected] of cases)
  test(`${name} is reported as upstream does`, () => assert.deepEqual(problems(value, schema), expected));

const keyed: Schema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name', 'port'],
  items: {
    type: 'object',
    properties: { name: { type: 'string', maxLength: 2 }, port: { type: 'integer' } },
  },
};

test('duplicate keys of a list map are named with all their keys', () => {
  assert.deepEqual(
    problems(
      [
        { name: 'a', port: 1 },
        { name: 'a', port: 2 },
        { name: 'a', port: 1 },
      ],
      keyed,
    ),
    ['spec[2]: Duplicate value: {"name":"a","port":1}'],
  );
});

test('what was invalid before and did not change is let pass', () => {
  assert.deepEqual(problems('long', { type: 'string', maxLength: 2 }, 'long'), []);
  assert.equal(problems('longer', { type: 'string', maxLength: 2 }, 'long').length, 1);
});

test('items of a list map are compared with their old selves wherever they stand', () => {
  const old = [{ name: 'long', port: 1 }];
  assert.deepEqual(
    problems(
      [
        { name: 'b', port: 2 },
        { name: 'long', port: 1 },
      ],
      keyed,
      old,
    ),
    [],
  );
  assert.equal(problems([{ name: 'long', port: 2 }], keyed, old).length, 1);
});
