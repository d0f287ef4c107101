import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, ReplicaSet } from './machinery/wire.ts';
import { planReplicaSet, withFailure } from './replicaset.ts';
import { ago, NOW, pod, stored, template } from './testing/objects.ts';

const set = (
  spec: Partial<ReplicaSet['spec']> = {},
  more: Partial<ReplicaSet['metadata']> = {},
): ReplicaSet =>
  stored<ReplicaSet>({
    metadata: { name: 'web', generation: 2, ...more },
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template('1'), ...spec },
  });
const labels = { app: 'web' };
const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);

test('what is missing is made, what is finished or leaving counts as missing', () => {
  const owner = set({ replicas: 3 });
  const pods = [
    pod({ labels, owner }),
    pod({ labels, owner, phase: 'Failed' }),
    pod({ labels, owner, deleting: true }),
  ];
  const plan = planReplicaSet(owner, pods, NOW);
  assert.equal(plan.create, 2);
  assert.deepEqual(plan.remove, []);
  assert.deepEqual(plan.status, {
    replicas: 1,
    fullyLabeledReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    observedGeneration: 2,
  });
});

const FIRST_TO_GO: readonly { what: string; missed: Partial<Parameters<typeof pod>[0]> }[] = [
  { what: 'one without a node', missed: { node: '', phase: 'Pending' } },
  { what: 'one that does not run yet', missed: { phase: 'Pending' } },
  { what: 'one that is not ready', missed: { ready: false } },
  {
    what: 'one that is cheap',
    missed: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } },
  },
  { what: 'one that became ready later', missed: { readyFor: 5 } },
  {
    what: 'one that restarted more',
    missed: {
      status: {
        containerStatuses: [{ name: 'main', restartCount: 3, image: '', imageID: '', ready: true }],
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: ago(60) }],
      },
    },
  },
  { what: 'one that is younger', missed: { created: 5 } },
];

for (const { what, missed } of FIRST_TO_GO)
  test(`of too many, ${what} goes first`, () => {
    const owner = set({ replicas: 1 });
    const pods = [pod({ name: 'a', labels, owner }), pod({ name: 'b', labels, owner, ...missed })];
    assert.deepEqual(names(planReplicaSet(owner, pods, NOW).remove), ['b']);
  });

test('Pods of nobody that match are adopted, own Pods that do not match are released', () => {
  const owner = set();
  const plan = planReplicaSet(
    owner,
    [pod({ name: 'free', labels }), pod({ name: 'odd', owner, labels: { app: 'other' } })],
    NOW,
  );
  assert.deepEqual([names(plan.adopt), names(plan.release), plan.create], [['free'], ['odd'], 1]);
});

test('a set that is leaving makes and adopts nothing', () => {
  const plan = planReplicaSet(set({}, { deletionTimestamp: ago(1) }), [pod({ labels })], NOW);
  assert.deepEqual([plan.create, plan.adopt, plan.remove], [0, [], []]);
});

test('a Pod is available after it has been ready for long enough, and the set looks again then', () => {
  const owner = set({ minReadySeconds: 10 });
  const plan = planReplicaSet(
    owner,
    [pod({ labels, owner, readyFor: 4 }), pod({ labels, owner, readyFor: 11 })],
    NOW,
  );
  assert.deepEqual(
    [plan.status.readyReplicas, plan.status.availableReplicas, plan.lookAgainIn],
    [2, 1, 6_000],
  );
});

test('a failure to create is a condition, and goes with it', () => {
  const failed = withFailure({ replicas: 0 }, undefined, 'quota', NOW);
  assert.deepEqual(
    failed.conditions?.map(({ type, status, message }) => [type, status, message]),
    [['ReplicaFailure', 'True', 'quota']],
  );
  assert.deepEqual(withFailure({ replicas: 0 }, failed, undefined, NOW).conditions, []);
});
