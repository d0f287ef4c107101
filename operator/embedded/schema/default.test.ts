import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from './default.ts';
import type { JsonObject, Schema } from './schema.ts';

const schema: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer', default: 3 },
        inner: { type: 'object', properties: { name: { type: 'string', default: 'x' } } },
        whole: { type: 'object', default: {}, properties: { on: { type: 'boolean', default: true } } },
        list: {
          type: 'array',
          items: { type: 'object', properties: { port: { type: 'integer', default: 80 } } },
        },
        map: {
          type: 'object',
          additionalProperties: { type: 'object', properties: { v: { type: 'integer', default: 1 } } },
        },
        maybe: { type: 'string', nullable: true, default: 'y' },
        plain: { type: 'string' },
      },
    },
  },
};

function defaulted(spec: JsonObject): unknown {
  const object: JsonObject = { spec };
  applyDefaults(object, schema);
  return object['spec'];
}

test('missing fields get their defaults, also those of an object that is itself a default', () => {
  assert.deepEqual(defaulted({}), { size: 3, whole: { on: true }, maybe: 'y' });
});

test('fields of an object that is not there get none', () => {
  const object: JsonObject = {};
  applyDefaults(object, schema);
  assert.deepEqual(object, {});
});

test('items of lists and values of maps are completed', () => {
  const result = defaulted({ inner: {}, list: [{}, { port: 1 }], map: { a: {}, b: { v: 2 } } });
  assert.deepEqual(result, {
    size: 3,
    whole: { on: true },
    maybe: 'y',
    inner: { name: 'x' },
    list: [{ port: 80 }, { port: 1 }],
    map: { a: { v: 1 }, b: { v: 2 } },
  });
});

test('a null becomes the default, goes where there is none, and stays where null is allowed', () => {
  assert.deepEqual(defaulted({ size: null, plain: null, maybe: null }), {
    size: 3,
    whole: { on: true },
    maybe: null,
  });
});

test('defaulting twice changes nothing more, and defaults are copies', () => {
  const object: JsonObject = { spec: {} };
  applyDefaults(object, schema);
  const once = structuredClone(object);
  applyDefaults(object, schema);
  assert.deepEqual(object, once);
  assert.notEqual(
    (object['spec'] as JsonObject)['whole'],
    schema.properties?.['spec']?.properties?.['whole']?.default,
  );
});
