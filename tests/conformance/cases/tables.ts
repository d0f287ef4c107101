/** Tables: what kubectl get prints. */
import assert from 'node:assert/strict';
import { configMap, deployment, expect, type Table } from '../suite.ts';
import { at, listAt } from '../value.ts';
import { withWidgets } from '../widgets.ts';

const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const columns = (body: unknown): unknown[] =>
  listAt(body, 'columnDefinitions').map((column) => at(column, 'name'));

export const tables: Table = {
  async 'a ConfigMap is a row of name, data and age'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), configMap(map, { a: '1', b: '2' })), 201);
    const { body } = expect(await api.get(`${path('configmaps')}/${map}`, {}, { accept }), 200);
    assert.equal(at(body, 'kind'), 'Table');
    assert.equal(at(body, 'apiVersion'), 'meta.k8s.io/v1');
    assert.deepEqual(columns(body), ['Name', 'Data', 'Age']);
    assert.deepEqual(listAt(body, 'rows.0.cells').slice(0, 2), [map, 2]);
    assert.equal(at(body, 'rows.0.object.kind'), 'PartialObjectMetadata');
    assert.equal(at(body, 'rows.0.object.metadata.name'), map);
  },
  async 'a Deployment shows its replicas, and more when wide'({ api, path, name }) {
    const app = name();
    expect(await api.create(path('deployments', 'apps/v1'), deployment(app, { replicas: 0 })), 201);
    const { body } = expect(
      await api.get(path('deployments', 'apps/v1'), { fieldSelector: `metadata.name=${app}` }, { accept }),
      200,
    );
    assert.deepEqual(columns(body), [
      'Name',
      'Ready',
      'Up-to-date',
      'Available',
      'Age',
      'Containers',
      'Images',
      'Selector',
    ]);
    const priorities = listAt(body, 'columnDefinitions').map((column) => at(column, 'priority'));
    assert.deepEqual(priorities, [0, 0, 0, 0, 0, 1, 1, 1]);
    assert.deepEqual(listAt(body, 'rows.0.cells').slice(0, 2), [app, '0/0']);
  },
  async 'includeObject=None leaves the objects out, Object sends them whole'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), configMap(map, { a: '1' })), 201);
    const none = expect(
      await api.get(`${path('configmaps')}/${map}`, { includeObject: 'None' }, { accept }),
      200,
    );
    assert.equal(at(none.body, 'rows.0.object') ?? null, null);
    const whole = expect(
      await api.get(`${path('configmaps')}/${map}`, { includeObject: 'Object' }, { accept }),
      200,
    );
    assert.equal(at(whole.body, 'rows.0.object.data.a'), '1');
  },
  async 'printer columns of a custom resource are its columns'(scope) {
    const version = {
      properties: {
        spec: {
          type: 'object',
          properties: {
            size: { type: 'integer' },
            colour: { type: 'string' },
            on: { type: 'boolean' },
            list: { type: 'array', items: { type: 'string' } },
          },
        },
      },
      additionalPrinterColumns: [
        { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
        { name: 'Colour', type: 'string', jsonPath: '.spec.colour', description: 'What it looks like' },
        { name: 'On', type: 'boolean', jsonPath: '.spec.on' },
        { name: 'List', type: 'string', jsonPath: '.spec.list', priority: 1 },
        { name: 'Made', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
    };
    await withWidgets(scope, version, async (kind) => {
      expect(
        await scope.api.create(
          kind.path,
          kind.make('one', { size: 3, colour: 'red', on: true, list: ['a', 'b'] }),
        ),
        201,
      );
      expect(await scope.api.create(kind.path, kind.make('two', {})), 201);
      const { body } = expect(await scope.api.get(kind.path, {}, { accept }), 200);
      assert.deepEqual(columns(body), ['Name', 'Size', 'Colour', 'On', 'List', 'Made']);
      assert.equal(at(body, 'columnDefinitions.2.description'), 'What it looks like');
      const [one, two] = listAt(body, 'rows').map((row) => listAt(row, 'cells'));
      assert.deepEqual(one?.slice(0, 5), ['one', 3, 'red', true, '["a","b"]']);
      assert.match(String(one?.[5]), /^\d+s$/);
      assert.deepEqual(two?.slice(0, 5), ['two', null, null, null, null]);
    });
  },
  async 'a custom resource without columns shows name and age'(scope) {
    await withWidgets(scope, {}, async (kind) => {
      const { body } = expect(await scope.api.get(kind.path, {}, { accept }), 200);
      assert.deepEqual(columns(body), ['Name', 'Age']);
    });
  },
  async 'a watch can send rows'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    const watch = await api.watch(path('configmaps'), { fieldSelector: `metadata.name=${map}` }, { accept });
    try {
      const event = await watch.next();
      assert.equal(event.type, 'ADDED');
      assert.equal(at(event.object, 'kind'), 'Table');
      assert.equal(listAt(event.object, 'rows.0.cells')[0], map);
    } finally {
      watch.close();
    }
  },
  async 'what is not stored has no table'({ api }) {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
    };
    const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    expect(await api.send('POST', path, { headers, body: review }), 406, 'NotAcceptable');
  },
};
