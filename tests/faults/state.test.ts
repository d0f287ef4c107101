/**
 * What the undisturbed life waits for before it is read: no test of the operator, but of the suite itself.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../operator/kube/types.ts';
import { leftoversOf } from './state.ts';

const object = (kind: string, name: string, metadata: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'tenant-acme', uid: `${kind}/${name}`, ...metadata },
});
const ownedBy = (...uids: readonly string[]): Partial<KubeObject['metadata']> => ({
  ownerReferences: uids.map((uid) => ({ apiVersion: 'v1', kind: 'Service', name: 'orders', uid })),
});

test('what is told to go, or whose owners are all gone, is not through', () => {
  const all = [
    object('Service', 'runtime'),
    object('Deployment', 'runtime', ownedBy('Service/runtime')),
    object('ConfigMap', 'shared', ownedBy('gone', 'Service/runtime')),
    object('Deployment', 'orders', ownedBy('gone')),
    object('Pod', 'orders-1', { deletionTimestamp: '2026-11-26T00:00:00Z' }),
    object('Deployment', 'other', { ...ownedBy('gone'), namespace: 'tenant-bolt' }),
  ];
  assert.deepEqual(leftoversOf('acme', all), [
    'Deployment orders (its owner is gone)',
    'Pod orders-1 (being deleted)',
  ]);
  assert.deepEqual(leftoversOf('cove', all), []);
});
