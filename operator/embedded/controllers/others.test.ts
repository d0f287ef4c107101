import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  ConfigMap,
  DaemonSet,
  DisruptionBudget,
  Event,
  OwnerReference,
  Service,
  StatefulSet,
} from './machinery/wire.ts';
import { planDaemonSet } from './daemonset.ts';
import { planBudget } from './disruption.ts';
import { planSlices } from './endpointslice.ts';
import { blocks, judge, type OwnerState } from './garbage.ts';
import { conditionsFor } from './namespace.ts';
import { decide } from './scheduler.ts';
import { planStatefulSet, REVISION_LABEL, revisionOf } from './statefulset.ts';
import { abandonedPods, expiredEvents } from './sweeper.ts';
import { ago, node, NOW, pod, stored, template } from './testing/objects.ts';

describe('the scheduler', () => {
  const waiting = (spec: object = {}) => pod({ node: '', phase: 'Pending', spec });
  test('binds a Pod that waits to the node', () => {
    assert.deepEqual(decide(waiting(), [node()]), { bind: 'shopmind' });
  });
  test('leaves alone what is bound, leaving, gated or another scheduler’s', () => {
    assert.equal(decide(pod({}), [node()]), undefined);
    assert.equal(decide(pod({ node: '', deleting: true }), [node()]), undefined);
    assert.equal(decide(waiting({ schedulingGates: [{ name: 'later' }] }), [node()]), undefined);
    assert.equal(decide(waiting({ schedulerName: 'mine' }), [node()]), undefined);
  });
  test('says why a Pod cannot run', () => {
    assert.deepEqual(decide(waiting({ nodeSelector: { gpu: 'yes' } }), [node()]), {
      unschedulable: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    });
    assert.deepEqual(decide(waiting(), [node('n', { unschedulable: true })]), {
      unschedulable: '0/1 nodes are available: 1 node(s) were unschedulable.',
    });
    assert.deepEqual(decide(waiting(), []), { unschedulable: '0/0 nodes are available.' });
  });
});

describe('endpoint slices', () => {
  const service = (spec: object = {}): Service =>
    stored<Service>({
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
    });
  const labels = { app: 'web' };
  const spec = { containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }] };
  test('hold the Pods that match, with the port each names', () => {
    const [slice] = planSlices(service(), [pod({ labels, spec }), pod({ labels: { app: 'other' } })]);
    assert.deepEqual(slice?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    assert.deepEqual(
      slice?.endpoints.map(({ conditions }) => conditions),
      [{ ready: true, serving: true, terminating: false }],
    );
  });
  test('a Pod on its way out still serves, but is not ready', () => {
    const [slice] = planSlices(service(), [pod({ labels, spec, deleting: true })]);
    assert.deepEqual(slice?.endpoints[0]?.conditions, { ready: false, serving: true, terminating: true });
  });
  test('Pods with different ports stand in different slices, and there is one for nobody', () => {
    const other = { containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 9090 }] }] };
    assert.equal(planSlices(service(), [pod({ labels, spec }), pod({ labels, spec: other })]).length, 2);
    assert.deepEqual(planSlices(service(), []), [{ ports: [], endpoints: [] }]);
  });
  test('no more than a hundred to a slice', () => {
    const many = Array.from({ length: 201 }, () => pod({ labels, spec }));
    assert.deepEqual(
      planSlices(service(), many).map(({ endpoints }) => endpoints.length),
      [100, 100, 1],
    );
  });
});

describe('garbage', () => {
  const owner = (uid: string, blockOwnerDeletion = false): OwnerReference => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: uid,
    uid,
    blockOwnerDeletion,
  });
  const child = (...owners: OwnerReference[]) => stored<ConfigMap>({ metadata: { ownerReferences: owners } });
  const states = (given: Record<string, OwnerState>) => new Map(Object.entries(given));
  test('goes when every owner has gone', () => {
    assert.deepEqual(judge(child(owner('a')), states({ a: 'absent' }), false), {
      do: 'delete',
      propagationPolicy: 'Background',
    });
    assert.deepEqual(judge(child(owner('a')), states({ a: 'present' }), false), { do: 'nothing' });
    assert.deepEqual(judge(child(), states({}), false), { do: 'nothing' });
  });
  test('stays with the owners it has left', () => {
    const verdict = judge(child(owner('a'), owner('b')), states({ a: 'absent', b: 'present' }), false);
    assert.deepEqual(verdict, { do: 'keep', references: [owner('b')] });
  });
  test('goes in the foreground when its owner waits and others wait for it', () => {
    const verdict = judge(child(owner('a')), states({ a: 'waiting' }), true);
    assert.deepEqual(verdict, { do: 'delete', propagationPolicy: 'Foreground' });
  });
  test('blocks its owner only when it says so', () => {
    assert.equal(blocks(child(owner('a', true)), 'a'), true);
    assert.equal(blocks(child(owner('a')), 'a'), false);
  });
});

describe('a namespace on its way out', () => {
  test('says what it waits for', () => {
    const resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
    const held = stored<ConfigMap>({ metadata: { finalizers: ['a/b'] } });
    const [, , , content, finalizers] = conditionsFor([{ resource, objects: [held] }], [], NOW);
    assert.equal(content?.message, 'Some resources are remaining: configmaps has 1 resource instances');
    assert.equal(
      finalizers?.message,
      'Some content in the namespace has finalizers remaining: a/b in 1 resource instances',
    );
    const [, , , empty] = conditionsFor(
      [{ resource, objects: [] }],
      [content ?? { type: '', status: '' }],
      NOW,
    );
    assert.equal(empty?.status, 'False');
  });
});

describe('a disruption budget', () => {
  const budget = (spec: object): DisruptionBudget =>
    stored<DisruptionBudget>({ metadata: { generation: 1 }, spec });
  const CASES: readonly [object, ready: number, expected: number, allowed: number][] = [
    [{ minAvailable: 2 }, 3, 3, 1],
    [{ minAvailable: '50%' }, 3, 3, 1],
    [{ maxUnavailable: 1 }, 3, 3, 1],
    [{ maxUnavailable: 1 }, 2, 3, 0],
    [{ maxUnavailable: '100%' }, 3, 3, 3],
    [{ minAvailable: 0 }, 0, 0, 0],
  ];
  for (const [spec, ready, expected, allowed] of CASES)
    test(`${JSON.stringify(spec)} with ${ready} of ${expected} allows ${allowed}`, () => {
      const pods = Array.from({ length: expected }, (_, at) => pod({ ready: at < ready }));
      assert.equal(planBudget(budget(spec), pods, expected, NOW).disruptionsAllowed, allowed);
    });
});

describe('a stateful set', () => {
  const set = (spec: Partial<StatefulSet['spec']> = {}): StatefulSet =>
    stored<StatefulSet>({
      metadata: { name: 'db' },
      spec: { replicas: 3, selector: {}, template: template('1'), serviceName: 'db', ...spec },
    });
  const member = (owner: StatefulSet, ordinal: number, more: Parameters<typeof pod>[0] = {}) =>
    pod({ name: `db-${ordinal}`, owner, labels: { [REVISION_LABEL]: revisionOf(owner) }, ...more });
  test('begins with its first, and goes on when that is ready', () => {
    const owner = set();
    assert.deepEqual(planStatefulSet(owner, [], NOW).create, [0]);
    assert.deepEqual(planStatefulSet(owner, [member(owner, 0, { ready: false })], NOW).create, []);
    assert.deepEqual(planStatefulSet(owner, [member(owner, 0)], NOW).create, [1]);
  });
  test('in parallel begins with all', () => {
    assert.deepEqual(planStatefulSet(set({ podManagementPolicy: 'Parallel' }), [], NOW).create, [0, 1, 2]);
  });
  test('shrinks and changes from its last, one at a time', () => {
    const names = (owner: StatefulSet, pods: ReturnType<typeof pod>[]) =>
      planStatefulSet(owner, pods, NOW).remove.map(({ metadata }) => metadata.name);
    const small = set({ replicas: 1 });
    assert.deepEqual(
      names(
        small,
        [0, 1, 2].map((at) => member(small, at)),
      ),
      ['db-2'],
    );
    const changed = set({ template: template('2') });
    const old = [0, 1, 2].map((at) => member(changed, at, { labels: { [REVISION_LABEL]: 'old' } }));
    assert.deepEqual(names(changed, old), ['db-2']);
    const kept = set({ template: template('2'), updateStrategy: { rollingUpdate: { partition: 3 } } });
    assert.deepEqual(names(kept, old), []);
  });
});

describe('a daemon set', () => {
  const set = (spec: Partial<DaemonSet['spec']> = {}): DaemonSet =>
    stored<DaemonSet>({
      metadata: { name: 'agent' },
      spec: { selector: {}, template: template('1'), ...spec },
    });
  test('has one Pod on every node it fits', () => {
    const plan = planDaemonSet(set(), [], [node('a'), node('b')], NOW);
    assert.deepEqual([plan.create, plan.status.desiredNumberScheduled], [['a', 'b'], 2]);
  });
  test('replaces Pods of an older template', () => {
    const owner = set();
    const old = pod({ owner, node: 'a', labels: { [REVISION_LABEL]: 'old' } });
    assert.equal(planDaemonSet(owner, [old], [node('a')], NOW).remove.length, 1);
    assert.equal(
      planDaemonSet(set({ updateStrategy: { type: 'OnDelete' } }), [old], [node('a')], NOW).remove.length,
      0,
    );
  });
});

describe('the sweeper', () => {
  test('removes events past their hour', () => {
    const event = (lastTimestamp: string): Event => stored<Event>({ lastTimestamp });
    assert.equal(expiredEvents([event(ago(3_500)), event(ago(3_700))], NOW).length, 1);
  });
  test('removes Pods that no node will end', () => {
    const nodes = new Set(['shopmind']);
    assert.equal(
      abandonedPods(
        [pod({}), pod({ node: 'gone' }), pod({ node: '', deleting: true }), pod({ node: '' })],
        nodes,
      ).length,
      2,
    );
  });
});
