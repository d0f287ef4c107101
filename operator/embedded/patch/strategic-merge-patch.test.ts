import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinSchema } from '../openapi/documents.ts';
import type { JsonObject, Schema } from '../schema/schema.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const found = builtinSchema({ group: '', version: 'v1', kind: 'Pod' });
const pod: Schema = found ?? {};

/** Patches the spec of a Pod. */
function patched(before: JsonObject, patch: JsonObject): unknown {
  return applyStrategicMergePatch({ spec: before }, { spec: patch }, pod)['spec'];
}

const cases: readonly (readonly [string, JsonObject, JsonObject, unknown])[] = [
  [
    'items merge by key',
    { containers: [{ name: 'a', image: '1' }] },
    { containers: [{ name: 'a', tty: true }] },
    { containers: [{ name: 'a', image: '1', tty: true }] },
  ],
  [
    'new items come first, in the order of the patch',
    { containers: [{ name: 'a' }] },
    { containers: [{ name: 'c' }, { name: 'b' }] },
    { containers: [{ name: 'c' }, { name: 'b' }, { name: 'a' }] },
  ],
  [
    'items are deleted by key',
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { containers: [{ $patch: 'delete', name: 'a' }] },
    { containers: [{ name: 'b' }] },
  ],
  [
    'a list is replaced on request',
    { containers: [{ name: 'a' }] },
    { containers: [{ $patch: 'replace' }, { name: 'b' }] },
    { containers: [{ name: 'b' }] },
  ],
  [
    'a map is replaced on request',
    { securityContext: { runAsUser: 1 } },
    { securityContext: { $patch: 'replace', runAsGroup: 2 } },
    { securityContext: { runAsGroup: 2 } },
  ],
  [
    'a map is emptied on request',
    { securityContext: { runAsUser: 1 } },
    { securityContext: { $patch: 'delete' } },
    { securityContext: {} },
  ],
  ['a null removes', { hostname: 'x', nodeName: 'y' }, { hostname: null }, { nodeName: 'y' }],
  [
    'nulls in what is new are dropped',
    {},
    { securityContext: { runAsUser: null, runAsGroup: 1 } },
    { securityContext: { runAsGroup: 1 } },
  ],
  [
    'lists without a key are replaced',
    { dnsConfig: { nameservers: ['a'] } },
    { dnsConfig: { nameservers: ['b'] } },
    { dnsConfig: { nameservers: ['b'] } },
  ],
  [
    'the order can be set',
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
    { containers: [{ name: 'b' }, { name: 'a' }] },
  ],
  [
    'items that only the server knows keep their place',
    { containers: [{ name: 'a' }, { name: 'server' }, { name: 'b' }] },
    { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'a', tty: true }] },
    { containers: [{ name: 'server' }, { name: 'b' }, { name: 'a', tty: true }] },
  ],
  [
    'only retained keys stay',
    { volumes: [{ name: 'v', emptyDir: {} }] },
    { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }] },
    { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
  ],
];

for (const [name, before, patch, expected] of cases)
  test(name, () => assert.deepEqual(patched(before, patch), expected));

test('lists of primitives merge and lose items on request', () => {
  const apply = (finalizers: string[], metadata: JsonObject) =>
    applyStrategicMergePatch({ metadata: { finalizers } }, { metadata }, pod);
  assert.deepEqual(apply(['a'], { finalizers: ['b', 'a'] }), { metadata: { finalizers: ['b', 'a'] } });
  assert.deepEqual(apply(['a', 'b'], { '$deleteFromPrimitiveList/finalizers': ['a'] }), {
    metadata: { finalizers: ['b'] },
  });
});

test('the object and the patch stay as they were', () => {
  const [object, patch] = [
    { spec: { containers: [{ name: 'a', env: [{ name: 'x', value: '1' }] }] } },
    { spec: { containers: [{ name: 'a', env: [{ name: 'x', value: '2' }] }] } },
  ];
  const before = structuredClone([object, patch]);
  applyStrategicMergePatch(object, patch, pod);
  assert.deepEqual([object, patch], before);
});

for (const [name, patch] of [
  ['an item without its key', { containers: [{ image: 'x' }] }],
  ['an unknown directive', { containers: [{ name: 'a', $patch: 'shuffle' }] }],
  [
    'an order that contradicts the items',
    { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'a' }] },
  ],
  ['a key that is not retained', { $retainKeys: ['hostname'], nodeName: 'x' }],
] as const) {
  test(`${name} is a bad request`, () =>
    assert.throws(() => patched({ containers: [{ name: 'a' }] }, patch as unknown as JsonObject), {
      code: 400,
    }));
}
