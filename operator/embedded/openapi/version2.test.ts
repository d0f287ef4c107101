import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinDefinitions, definitionOf, restricted } from './version2.ts';

const LABELS = '#/components/schemas/Labels';

test('a reference stands beside its description, and points to definitions', () => {
  assert.deepEqual(definitionOf({ description: 'd', default: {}, allOf: [{ $ref: LABELS }] }), {
    description: 'd',
    default: {},
    $ref: '#/definitions/Labels',
  });
});

test('properties may be called like keywords', () => {
  const schema = { properties: { $ref: { type: 'string' }, oneOf: { items: { $ref: LABELS } } } };
  assert.deepEqual(definitionOf(schema), {
    properties: { $ref: { type: 'string' }, oneOf: { items: { $ref: '#/definitions/Labels' } } },
  });
});

test('what may be null or hold anything has no type and nothing below', () => {
  const properties = { a: { type: 'string' } };
  assert.deepEqual(restricted({ type: 'object', nullable: true, properties, description: 'd' }), {
    description: 'd',
  });
  assert.deepEqual(restricted({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties }), {
    'x-kubernetes-preserve-unknown-fields': true,
  });
});

test('alternatives go, and what may be null is not required', () => {
  const schema = {
    type: 'object',
    required: ['a', 'b'],
    anyOf: [{ required: ['a'] }],
    properties: { a: { type: 'string', nullable: true }, b: { type: 'string' } },
  };
  assert.deepEqual(restricted(schema), {
    type: 'object',
    required: ['b'],
    properties: { a: {}, b: { type: 'string' } },
  });
});

test('every reference of the built-in definitions leads to one', () => {
  // Made above of JSON.
  const definitions = JSON.parse(`{${builtinDefinitions()}}`) as Record<string, unknown>;
  const names = new Set(Object.keys(definitions));
  const references = JSON.stringify(definitions).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g);
  for (const [, name = ''] of references) assert.ok(names.has(name), name);
  assert.ok(names.has('io.k8s.api.core.v1.Pod'));
});
