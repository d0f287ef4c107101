/** Deleting: preconditions, finalizers, propagation, namespaces. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { configMap, eventually, expect, names, type Scope, type Table } from '../suite.ts';
import { at, textAt } from '../value.ts';

async function make({ api, path }: Scope, name: string, metadata: Body = {}): Promise<unknown> {
  return expect(await api.create(path('configmaps'), configMap(name, {}, metadata)), 201).body;
}

function owner(body: unknown, more: Body = {}): Body {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: textAt(body, 'metadata.name'),
    uid: textAt(body, 'metadata.uid'),
    ...more,
  };
}

export const deleting: Table = {
  async 'deleting answers with a Status that names what is gone'(scope) {
    const map = scope.name();
    const made = await make(scope, map);
    const { body } = expect(await scope.api.remove(`${scope.path('configmaps')}/${map}`), 200);
    assert.equal(at(body, 'kind'), 'Status');
    assert.equal(at(body, 'status'), 'Success');
    assert.deepEqual(at(body, 'details'), {
      name: map,
      kind: 'configmaps',
      uid: textAt(made, 'metadata.uid'),
    });
    expect(await scope.api.get(`${scope.path('configmaps')}/${map}`), 404);
  },
  async 'deleting what is not there is NotFound'({ api, path }) {
    expect(await api.remove(`${path('configmaps')}/nothing`), 404, 'NotFound');
  },
  async 'a uid precondition that does not hold is a Conflict'(scope) {
    const map = scope.name();
    const made = await make(scope, map);
    const url = `${scope.path('configmaps')}/${map}`;
    expect(
      await scope.api.remove(url, { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } }),
      409,
      'Conflict',
    );
    expect(await scope.api.remove(url, { preconditions: { uid: textAt(made, 'metadata.uid') } }), 200);
  },
  async 'a resourceVersion precondition that does not hold is a Conflict'(scope) {
    const map = scope.name();
    const made = await make(scope, map);
    const url = `${scope.path('configmaps')}/${map}`;
    expect(await scope.api.patch(url, 'merge', { data: { a: '1' } }), 200);
    expect(
      await scope.api.remove(url, {
        preconditions: { resourceVersion: textAt(made, 'metadata.resourceVersion') },
      }),
      409,
      'Conflict',
    );
  },
  async 'a dry-run delete deletes nothing'(scope) {
    const map = scope.name();
    await make(scope, map);
    expect(await scope.api.remove(`${scope.path('configmaps')}/${map}`, undefined, { dryRun: 'All' }), 200);
    expect(await scope.api.get(`${scope.path('configmaps')}/${map}`), 200);
  },
  async 'a finalizer holds an object that is being deleted until it is taken away'(scope) {
    const map = scope.name();
    const url = `${scope.path('configmaps')}/${map}`;
    await make(scope, map, { finalizers: ['example.com/hold'] });
    const deleted = expect(await scope.api.remove(url), 200);
    assert.equal(at(deleted.body, 'kind'), 'ConfigMap');
    assert.ok(textAt(deleted.body, 'metadata.deletionTimestamp') !== '');
    assert.equal(at(deleted.body, 'metadata.deletionGracePeriodSeconds'), 0);
    const stamp = at(expect(await scope.api.get(url), 200).body, 'metadata.deletionTimestamp');
    const again = expect(await scope.api.remove(url), 200);
    assert.equal(at(again.body, 'metadata.deletionTimestamp'), stamp);
    expect(await scope.api.patch(url, 'merge', { metadata: { finalizers: null } }), 200);
    expect(await scope.api.get(url), 404);
  },
  async 'no finalizer can be added to an object that is being deleted'(scope) {
    const map = scope.name();
    const url = `${scope.path('configmaps')}/${map}`;
    await make(scope, map, { finalizers: ['example.com/hold'] });
    expect(await scope.api.remove(url), 200);
    const reply = expect(
      await scope.api.patch(url, 'merge', {
        metadata: { finalizers: ['example.com/hold', 'example.com/more'] },
      }),
      422,
      'Invalid',
    );
    assert.match(
      textAt(reply.body, 'message'),
      /metadata\.finalizers: Forbidden: no new finalizers can be added if the object is being deleted/,
    );
    expect(await scope.api.patch(url, 'json', [{ op: 'remove', path: '/metadata/finalizers' }]), 200);
  },
  async 'dependents of a deleted owner are collected'(scope) {
    const { api, path } = scope;
    const [parent, child] = [scope.name('owner'), scope.name('dependent')];
    const made = await make(scope, parent);
    await make(scope, child, { ownerReferences: [owner(made)] });
    expect(await api.remove(`${path('configmaps')}/${parent}`, { propagationPolicy: 'Background' }), 200);
    await eventually(
      () => api.get(`${path('configmaps')}/${child}`),
      ({ status }) => status === 404,
      'the dependent to be collected',
    );
  },
  async 'orphaned dependents stay without their owner'(scope) {
    const { api, path } = scope;
    const [parent, child] = [scope.name('owner'), scope.name('dependent')];
    const made = await make(scope, parent);
    await make(scope, child, { ownerReferences: [owner(made)] });
    expect(await api.remove(`${path('configmaps')}/${parent}`, { propagationPolicy: 'Orphan' }), 200);
    await eventually(
      () => api.get(`${path('configmaps')}/${parent}`),
      ({ status }) => status === 404,
      'the owner to go',
    );
    const { body } = expect(await api.get(`${path('configmaps')}/${child}`), 200);
    assert.equal(at(body, 'metadata.ownerReferences'), undefined);
  },
  async 'foreground deletion ends with the owner, after its dependents'(scope) {
    const { api, path } = scope;
    const [parent, child] = [scope.name('owner'), scope.name('dependent')];
    const made = await make(scope, parent);
    await make(scope, child, { ownerReferences: [owner(made, { blockOwnerDeletion: true })] });
    const deleted = expect(
      await api.remove(`${path('configmaps')}/${parent}`, { propagationPolicy: 'Foreground' }),
      200,
    );
    assert.deepEqual(at(deleted.body, 'metadata.finalizers'), ['foregroundDeletion']);
    await eventually(
      () => api.get(`${path('configmaps')}/${parent}`),
      ({ status }) => status === 404,
      'the owner to go',
    );
    expect(await api.get(`${path('configmaps')}/${child}`), 404);
  },
  async 'a dependent whose owner never was is collected'(scope) {
    const { api, path } = scope;
    const child = scope.name('dependent');
    await make(scope, child, {
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' },
      ],
    });
    await eventually(
      () => api.get(`${path('configmaps')}/${child}`),
      ({ status }) => status === 404,
      'the dependent to be collected',
    );
  },
  async 'deleting a collection deletes what the selector chooses'(scope) {
    const { api, path } = scope;
    const group = scope.name('group');
    for (const index of [1, 2, 3])
      await make(scope, `${group}-${index}`, { labels: { group, odd: String(index % 2) } });
    const { body } = expect(
      await api.remove(path('configmaps'), undefined, { labelSelector: `group=${group},odd=1` }),
      200,
    );
    assert.equal(at(body, 'kind'), 'ConfigMapList');
    assert.deepEqual(
      names(expect(await api.get(path('configmaps'), { labelSelector: `group=${group}` }), 200)),
      [`${group}-2`],
    );
  },
  async 'a namespace goes with everything in it'({ api, name }) {
    const space = name('space');
    expect(
      await api.create('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: space },
      }),
      201,
    );
    const made = expect(await api.get(`/api/v1/namespaces/${space}`), 200);
    assert.equal(at(made.body, 'status.phase'), 'Active');
    assert.deepEqual(at(made.body, 'spec.finalizers'), ['kubernetes']);
    assert.equal(at(made.body, 'metadata.labels[kubernetes.io/metadata.name]'), space);
    expect(await api.create(`/api/v1/namespaces/${space}/configmaps`, configMap('inside')), 201);
    const deleted = expect(await api.remove(`/api/v1/namespaces/${space}`), 200);
    assert.equal(at(deleted.body, 'status.phase'), 'Terminating');
    await eventually(
      () => api.get(`/api/v1/namespaces/${space}`),
      ({ status }) => status === 404,
      'the namespace to go',
    );
    expect(await api.get(`/api/v1/namespaces/${space}/configmaps/inside`), 404);
  },
  async 'nothing can be created in a namespace that is going'({ api, name }) {
    const space = name('space');
    expect(
      await api.create('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: space },
      }),
      201,
    );
    const held = configMap('held', {}, { finalizers: ['example.com/hold'] });
    expect(await api.create(`/api/v1/namespaces/${space}/configmaps`, held), 201);
    expect(await api.remove(`/api/v1/namespaces/${space}`), 200);
    const { body } = expect(
      await api.create(`/api/v1/namespaces/${space}/configmaps`, configMap('late')),
      403,
      'Forbidden',
    );
    assert.match(textAt(body, 'message'), /because it is being terminated/);
    assert.equal(at(body, 'details.causes.0.reason'), 'NamespaceTerminating');
    expect(
      await api.patch(`/api/v1/namespaces/${space}/configmaps/held`, 'merge', {
        metadata: { finalizers: null },
      }),
      200,
    );
    await eventually(
      () => api.get(`/api/v1/namespaces/${space}`),
      ({ status }) => status === 404,
      'the namespace to go',
    );
  },
  async 'the namespaces that a cluster is made of cannot be deleted'({ api }) {
    expect(
      await api.remove('/api/v1/namespaces/kube-system', undefined, { dryRun: 'All' }),
      403,
      'Forbidden',
    );
  },
  async 'a ReplicationController leaves its Pods behind unless told otherwise'({ api, path, name }) {
    const controller = name();
    const labels = { app: controller };
    const made = await api.create(path('replicationcontrollers'), {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: controller },
      spec: {
        replicas: 0,
        template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'b' }] } },
      },
    });
    assert.deepEqual(at(expect(made, 201).body, 'spec.selector'), labels);
    const deleted = expect(
      await api.remove(`${path('replicationcontrollers')}/${controller}`, undefined, { dryRun: 'All' }),
      200,
    );
    assert.deepEqual(at(deleted.body, 'metadata.finalizers'), ['orphan']);
    const background = { propagationPolicy: 'Background' };
    expect(await api.remove(`${path('replicationcontrollers')}/${controller}`, background), 200);
  },
};
