/** JSON, merge and strategic merge patches. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { causes, configMap, deployment, expect, type Scope, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';

async function map(scope: Scope, data: Record<string, string>, metadata: Body = {}): Promise<string> {
  const name = scope.name();
  expect(await scope.api.create(scope.path('configmaps'), configMap(name, data, metadata)), 201);
  return `${scope.path('configmaps')}/${name}`;
}

/** A Deployment with two containers and two variables. */
async function app(scope: Scope): Promise<string> {
  const name = scope.name();
  const body = deployment(
    name,
    { replicas: 0 },
    {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    },
  );
  listAt(body, 'spec.template.spec.containers').push({ name: 'side', image: 'shopmind/test' });
  expect(await scope.api.create(scope.path('deployments', 'apps/v1'), body), 201);
  return `${scope.path('deployments', 'apps/v1')}/${name}`;
}

const containers = (body: unknown): unknown[] =>
  listAt(body, 'spec.template.spec.containers').map((each) => at(each, 'name'));

export const patching: Table = {
  async 'a merge patch sets, changes and removes fields'(scope) {
    const url = await map(scope, { keep: '1', change: '1', remove: '1' });
    const { body } = expect(
      await scope.api.patch(url, 'merge', { data: { change: '2', remove: null, add: '1' } }),
      200,
    );
    assert.deepEqual(at(body, 'data'), { keep: '1', change: '2', add: '1' });
  },
  async 'a merge patch replaces lists whole'(scope) {
    const url = await app(scope);
    const change = {
      spec: { template: { spec: { containers: [{ name: 'only', image: 'shopmind/test' }] } } },
    };
    const { body } = expect(await scope.api.patch(url, 'merge', change), 200);
    assert.deepEqual(containers(body), ['only']);
  },
  async 'a merge patch without effect does not write'(scope) {
    const url = await map(scope, { a: '1' });
    const before = expect(await scope.api.get(url), 200);
    const { body } = expect(await scope.api.patch(url, 'merge', { data: { a: '1' } }), 200);
    assert.equal(at(body, 'metadata.resourceVersion'), at(before.body, 'metadata.resourceVersion'));
  },
  async 'a resourceVersion in a patch is a precondition'(scope) {
    const url = await map(scope, { a: '1' });
    const before = expect(await scope.api.get(url), 200);
    expect(await scope.api.patch(url, 'merge', { data: { a: '2' } }), 200);
    const stale = {
      metadata: { resourceVersion: textAt(before.body, 'metadata.resourceVersion') },
      data: { a: '3' },
    };
    expect(await scope.api.patch(url, 'merge', stale), 409, 'Conflict');
  },
  async 'a patch that is no JSON is a bad request'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    expect(await api.patch(`${path('configmaps')}/${map}`, 'merge', '{'), 400, 'BadRequest');
  },
  async 'a patch of what is not there is NotFound'({ api, path }) {
    expect(await api.patch(`${path('configmaps')}/nothing`, 'merge', { data: {} }), 404, 'NotFound');
  },
  async 'a patch of an unknown type is 415'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    const headers = { 'content-type': 'application/json' };
    expect(
      await api.send('PATCH', `${path('configmaps')}/${map}`, { body: {}, headers }),
      415,
      'UnsupportedMediaType',
    );
  },
  async 'a JSON patch adds, replaces, removes, moves and copies'(scope) {
    const url = await map(scope, { a: '1', b: '2', c: '3' });
    const operations = [
      { op: 'add', path: '/data/new', value: '4' },
      { op: 'replace', path: '/data/a', value: '9' },
      { op: 'remove', path: '/data/b' },
      { op: 'move', from: '/data/c', path: '/data/d' },
      { op: 'copy', from: '/data/a', path: '/data/e' },
    ];
    const { body } = expect(await scope.api.patch(url, 'json', operations), 200);
    assert.deepEqual(at(body, 'data'), { a: '9', new: '4', d: '3', e: '9' });
  },
  async 'the escapes of JSON pointers are understood'(scope) {
    const url = await map(scope, {}, { annotations: { 'example.com/a': 'old' } });
    const { body } = expect(
      await scope.api.patch(url, 'json', [
        { op: 'replace', path: '/metadata/annotations/example.com~1a', value: 'new' },
      ]),
      200,
    );
    assert.equal(at(body, 'metadata.annotations[example.com/a]'), 'new');
  },
  async 'a failed test in a JSON patch changes nothing'(scope) {
    const url = await map(scope, { a: '1' });
    const operations = [
      { op: 'replace', path: '/data/a', value: '2' },
      { op: 'test', path: '/data/a', value: '1' },
    ];
    expect(await scope.api.patch(url, 'json', operations), 422, 'Invalid');
    assert.equal(at(expect(await scope.api.get(url), 200).body, 'data.a'), '1');
  },
  async 'a JSON patch of a path that is not there is Invalid'(scope) {
    const url = await map(scope, { a: '1' });
    expect(await scope.api.patch(url, 'json', [{ op: 'remove', path: '/data/nothing' }]), 422, 'Invalid');
  },
  async 'a JSON patch that is no list is a bad request'(scope) {
    const url = await map(scope, { a: '1' });
    expect(await scope.api.patch(url, 'json', { op: 'remove', path: '/data/a' }), 400, 'BadRequest');
  },
  async 'a patch cannot make an object invalid'(scope) {
    const url = await app(scope);
    const reply = expect(
      await scope.api.patch(url, 'json', [{ op: 'replace', path: '/spec/replicas', value: -1 }]),
      422,
      'Invalid',
    );
    assert.deepEqual(causes(reply), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']);
  },
  async 'a patch cannot rename an object'(scope) {
    const url = await map(scope, { a: '1' });
    const reply = await scope.api.patch(url, 'merge', { metadata: { name: 'other' } });
    assert.ok(reply.status === 400 || reply.status === 422, reply.text);
  },
  async 'a strategic merge patch merges containers and variables by name'(scope) {
    const url = await app(scope);
    const change = {
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'main',
                env: [
                  { name: 'B', value: '9' },
                  { name: 'C', value: '3' },
                ],
              },
            ],
          },
        },
      },
    };
    const { body } = expect(await scope.api.patch(url, 'strategic', change), 200);
    assert.deepEqual(containers(body).toSorted(), ['main', 'side']);
    const main = listAt(body, 'spec.template.spec.containers').find((each) => at(each, 'name') === 'main');
    const env = Object.fromEntries(
      listAt(main, 'env').map((each) => [textAt(each, 'name'), at(each, 'value')]),
    );
    assert.deepEqual(env, { A: '1', B: '9', C: '3' });
    assert.equal(at(main, 'image'), 'shopmind/test');
  },
  async 'a strategic merge patch deletes items by key'(scope) {
    const url = await app(scope);
    const change = { spec: { template: { spec: { containers: [{ name: 'side', $patch: 'delete' }] } } } };
    assert.deepEqual(containers(expect(await scope.api.patch(url, 'strategic', change), 200).body), ['main']);
  },
  async 'a strategic merge patch replaces a list when told to'(scope) {
    const url = await app(scope);
    const change = {
      spec: {
        template: { spec: { containers: [{ $patch: 'replace' }, { name: 'new', image: 'shopmind/test' }] } },
      },
    };
    assert.deepEqual(containers(expect(await scope.api.patch(url, 'strategic', change), 200).body), ['new']);
  },
  async 'a strategic merge patch sets the order of a list'(scope) {
    const url = await app(scope);
    const change = {
      spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'side' }, { name: 'main' }] } } },
    };
    assert.deepEqual(containers(expect(await scope.api.patch(url, 'strategic', change), 200).body), [
      'side',
      'main',
    ]);
  },
  async 'a strategic merge patch deletes from a list of primitives'(scope) {
    const url = await map(scope, {}, { finalizers: ['example.com/a', 'example.com/b'] });
    const { body } = expect(
      await scope.api.patch(url, 'strategic', {
        metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] },
      }),
      200,
    );
    assert.deepEqual(at(body, 'metadata.finalizers'), ['example.com/b']);
    expect(await scope.api.patch(url, 'merge', { metadata: { finalizers: null } }), 200);
  },
  async 'a strategic merge patch keeps only the keys it retains'(scope) {
    const url = await app(scope);
    const change = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    assert.deepEqual(at(expect(await scope.api.patch(url, 'strategic', change), 200).body, 'spec.strategy'), {
      type: 'Recreate',
    });
  },
  async 'a patch is written by the manager it names, or else by its user agent'(scope) {
    const url = await map(scope, { a: '1' });
    const { body } = expect(
      await scope.api.patch(url, 'merge', { data: { b: '1' } }, { fieldManager: 'somebody' }),
      200,
    );
    const managers = listAt(body, 'metadata.managedFields').map((entry) => at(entry, 'manager'));
    assert.deepEqual(managers.toSorted(), ['conformance', 'somebody']);
  },
  async 'strict field validation of a patch names unknown fields'(scope) {
    const url = await app(scope);
    const reply = await scope.api.patch(
      url,
      'merge',
      { spec: { replica: 1 } },
      { fieldValidation: 'Strict' },
    );
    assert.ok(reply.status === 422 || reply.status === 400, reply.text);
    assert.match(textAt(reply.body, 'message'), /strict decoding error: unknown field "spec\.replica"/);
  },
};
