import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prune } from './prune.ts';
import type { JsonObject, Schema } from './schema.ts';

const schema: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        a: { type: 'string' },
        list: { type: 'array', items: { type: 'object', properties: { b: { type: 'integer' } } } },
        map: {
          type: 'object',
          additionalProperties: { type: 'object', properties: { c: { type: 'string' } } },
        },
        free: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { d: { type: 'object', properties: {} } },
        },
        pod: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
  },
};

function pruned(object: JsonObject): { object: JsonObject; removed: string[] } {
  return { object, removed: prune(object, schema) };
}

test('unknown fields go, at every depth, and are named', () => {
  const { object, removed } = pruned({
    spec: { a: 'x', z: 1, list: [{ b: 1 }, { b: 2, y: 3 }], map: { k: { c: 'x', d: 'y' } } },
    other: {},
  });
  assert.deepEqual(object, { spec: { a: 'x', list: [{ b: 1 }, { b: 2 }], map: { k: { c: 'x' } } } });
  assert.deepEqual(removed, ['other', 'spec.list[1].y', 'spec.map.k.d', 'spec.z']);
});

test('apiVersion, kind and metadata stay although the schema does not describe them', () => {
  const body = { apiVersion: 'a/v1', kind: 'A', metadata: { name: 'x', labels: { a: 'b' } }, spec: {} };
  assert.deepEqual(pruned(structuredClone(body)), { object: body, removed: [] });
});

test('where unknown fields are preserved they stay, but what is described below is pruned', () => {
  const { object } = pruned({
    spec: { free: { x: { y: [1] }, d: { gone: 1 } }, pod: { apiVersion: 'v1', kind: 'Pod', anything: 1 } },
  });
  assert.deepEqual(object, {
    spec: { free: { x: { y: [1] }, d: {} }, pod: { apiVersion: 'v1', kind: 'Pod', anything: 1 } },
  });
});

test('a property named __proto__ is data like any other', () => {
  const object = JSON.parse('{"spec":{"free":{"__proto__":{"x":1}},"__proto__":{"y":1}}}');
  assert.deepEqual(prune(object, schema), ['spec.__proto__']);
  assert.ok(Object.hasOwn(object.spec.free, '__proto__'));
});
