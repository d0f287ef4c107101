import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultDefinition, validateDefinition } from './definition.ts';
import type { JsonObject } from './schema.ts';

function definition(properties: JsonObject, version: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
          },
          ...version,
        },
      ],
    },
  };
}

function problems(crd: JsonObject, old?: JsonObject): string[] {
  defaultDefinition(crd);
  return validateDefinition(crd, old).map(({ field, message }) => `${field}: ${message}`);
}

const at = 'spec.validation.openAPIV3Schema.properties[spec].properties[a]';

const refusals: readonly (readonly [string, JsonObject, string])[] = [
  ['a field without a type', {}, `${at}.type: Required value: must not be empty for specified object fields`],
  ['a list without items', { type: 'array' }, `${at}.items: Required value: must be specified`],
  [
    'an unknown type',
    { type: 'text' },
    `${at}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
  ],
  ['a reference', { type: 'object', $ref: '#/x' }, `${at}.$ref: Forbidden: $ref is not supported`],
  [
    'a default of the wrong type',
    { type: 'integer', default: 'x' },
    `${at}.default: Invalid value: "string":  in body must be of type integer: "string"`,
  ],
  [
    'a default that a rule cannot judge before what is in it has defaults',
    {
      type: 'object',
      properties: { kind: { type: 'string', default: 'plain' } },
      'x-kubernetes-validations': [{ rule: "self.kind != 'odd'", message: 'nothing odd' }],
      default: {},
    },
    `${at}.default: Invalid value: "object": no such key: kind evaluating rule: nothing odd`,
  ],
  [
    'a default with unknown fields',
    { type: 'object', default: { x: 1 } },
    `${at}.default: Invalid value: {"x":1}: must not have unknown fields`,
  ],
  [
    'a pattern that is none',
    { type: 'string', pattern: '(' },
    `${at}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: `,
  ],
  [
    'unique items',
    { type: 'array', items: { type: 'string' }, uniqueItems: true },
    `${at}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
  ],
  [
    'properties beside additionalProperties',
    { type: 'object', properties: { x: { type: 'string' } }, additionalProperties: { type: 'string' } },
    `${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
  ],
  [
    'a type below anyOf',
    {
      type: 'object',
      properties: { x: { type: 'string' } },
      anyOf: [{ properties: { x: { type: 'string' } } }],
    },
    `${at}.anyOf[0].properties[x].type: Forbidden: must be empty to be structural`,
  ],
  [
    'a list type on an object',
    { type: 'object', 'x-kubernetes-list-type': 'map' },
    `${at}.type: Invalid value: "object": must be array if x-kubernetes-list-type is specified`,
  ],
  [
    'preserving nothing',
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
    `${at}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`,
  ],
  [
    'an empty rule',
    { type: 'string', 'x-kubernetes-validations': [{ rule: ' ' }] },
    `${at}.x-kubernetes-validations[0].rule: Required value: rule is not specified`,
  ],
  [
    'a reason nobody knows',
    { type: 'string', 'x-kubernetes-validations': [{ rule: 'true', reason: 'Because' }] },
    `${at}.x-kubernetes-validations[0].reason: Unsupported value: "Because"`,
  ],
];

for (const [name, schema, expected] of refusals) {
  test(`${name} is refused`, () => {
    const found = problems(definition({ a: schema }));
    assert.ok(
      found.some((problem) => problem.startsWith(expected)),
      found.join('\n'),
    );
  });
}

test('an integer or a string may be written with anyOf', () => {
  const either = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
  assert.deepEqual(problems(definition({ a: either })), []);
});

test('names, list kind, conversion and stored versions are filled in', () => {
  const crd = definition({});
  assert.deepEqual(problems(crd), []);
  const spec = crd['spec'] as JsonObject;
  assert.deepEqual(spec['names'], {
    plural: 'widgets',
    kind: 'Widget',
    singular: 'widget',
    listKind: 'WidgetList',
  });
  assert.deepEqual(spec['conversion'], { strategy: 'None' });
  assert.deepEqual(crd['status'], { storedVersions: ['v1'] });
});

test('a version that holds data cannot be taken away', () => {
  const old = definition({});
  defaultDefinition(old);
  const crd = { ...definition({}, { name: 'v2' }), status: { storedVersions: ['v1', 'v2'] } };
  assert.match(
    problems(crd, old).join(),
    /status\.storedVersions\[0\]: Invalid value: "v1": missing from spec\.versions/,
  );
});

test('an anyOf at the root must speak of fields that are there', () => {
  const schema: JsonObject = { type: 'object', properties: { a: { type: 'string' } } };
  const crd = definition({}, { schema: { openAPIV3Schema: schema } });
  schema['anyOf'] = [{ properties: { x: { minLength: 1 } } }];
  const root = 'spec.validation.openAPIV3Schema';
  assert.deepEqual(problems(crd), [
    `${root}.properties[x]: Required value: because it is defined in ${root}.anyOf[0].properties[x]`,
  ]);
});

test('has() of a field that is not there is an error of the definition', () => {
  const found = problems(
    definition({
      a: {
        type: 'object',
        properties: { b: { type: 'string' } },
        'x-kubernetes-validations': [{ rule: 'has(self.typo)' }],
      },
    }),
  );
  assert.match(found.join(), /undefined field 'typo'/);
});
