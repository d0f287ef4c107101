/** Status and scale subresources. */
import assert from 'node:assert/strict';
import { deployment, eventually, expect, type Scope, type Table } from '../suite.ts';
import { at, listAt } from '../value.ts';
import { withWidgets, type Version } from '../widgets.ts';

const version: Version = {
  properties: {
    spec: { type: 'object', properties: { replicas: { type: 'integer' } } },
    status: {
      type: 'object',
      properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } },
    },
  },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  },
};

async function app(scope: Scope): Promise<string> {
  const name = scope.name();
  expect(
    await scope.api.create(scope.path('deployments', 'apps/v1'), deployment(name, { replicas: 0 })),
    201,
  );
  return `${scope.path('deployments', 'apps/v1')}/${name}`;
}

export const scaling: Table = {
  async 'the scale of a Deployment shows its replicas and selector'(scope) {
    const url = await app(scope);
    const { body } = expect(await scope.api.get(`${url}/scale`), 200);
    assert.equal(at(body, 'kind'), 'Scale');
    assert.equal(at(body, 'apiVersion'), 'autoscaling/v1');
    assert.equal(at(body, 'spec.replicas') ?? 0, 0);
    assert.match(String(at(body, 'status.selector')), /^app=/);
  },
  async 'writing the scale changes the replicas of the Deployment'(scope) {
    const url = await app(scope);
    // Its controller writes the status in between, and then the version read before is refused.
    await eventually(
      async () => {
        const scale = expect(await scope.api.get(`${url}/scale`), 200);
        const wanted = { ...(scale.body as Record<string, unknown>), spec: { replicas: 0 } };
        return scope.api.replace(`${url}/scale`, wanted);
      },
      ({ status }) => status === 200,
      'the scale is written',
    );
    expect(await scope.api.patch(url, 'merge', { spec: { paused: true } }), 200);
    expect(await scope.api.patch(`${url}/scale`, 'merge', { spec: { replicas: 2 } }), 200);
    const { body } = expect(await scope.api.get(url), 200);
    assert.equal(at(body, 'spec.replicas'), 2);
    expect(await scope.api.remove(url), 200);
  },
  async 'writing the status of a Deployment leaves its spec alone'(scope) {
    const url = await app(scope);
    const { body } = expect(
      await scope.api.patch(`${url}/status`, 'merge', {
        spec: { replicas: 5 },
        status: { collisionCount: 1 },
      }),
      200,
    );
    assert.equal(at(body, 'spec.replicas'), 0);
    assert.equal(at(body, 'status.collisionCount'), 1);
    assert.equal(at(body, 'metadata.generation'), 1);
  },
  async 'the status of a custom resource is written by its subresource only'(scope) {
    await withWidgets(scope, version, async (kind) => {
      const name = scope.name();
      const url = `${kind.path}/${name}`;
      const made = expect(
        await scope.api.create(kind.path, kind.make(name, { replicas: 1 }, { status: { phase: 'set' } })),
        201,
      );
      assert.equal(at(made.body, 'status'), undefined);
      const direct = expect(await scope.api.patch(url, 'merge', { status: { phase: 'direct' } }), 200);
      assert.equal(at(direct.body, 'status'), undefined);
      const written = expect(
        await scope.api.patch(`${url}/status`, 'merge', {
          spec: { replicas: 9 },
          status: { phase: 'Ready' },
        }),
        200,
      );
      assert.equal(at(written.body, 'status.phase'), 'Ready');
      assert.equal(at(written.body, 'spec.replicas'), 1);
      assert.equal(at(written.body, 'metadata.generation'), 1);
    });
  },
  async 'a write to status is tracked as one of the subresource'(scope) {
    await withWidgets(scope, version, async (kind) => {
      const name = scope.name();
      expect(await scope.api.create(kind.path, kind.make(name, { replicas: 1 })), 201);
      const { body } = expect(
        await scope.api.patch(
          `${kind.path}/${name}/status`,
          'merge',
          { status: { phase: 'Ready' } },
          { fieldManager: 'controller' },
        ),
        200,
      );
      const entry = listAt(body, 'metadata.managedFields').find(
        (each) => at(each, 'manager') === 'controller',
      );
      assert.equal(at(entry, 'subresource'), 'status');
      assert.deepEqual(at(entry, 'fieldsV1'), { 'f:status': { '.': {}, 'f:phase': {} } });
    });
  },
  async 'status can be applied'(scope) {
    await withWidgets(scope, version, async (kind) => {
      const name = scope.name();
      const url = `${kind.path}/${name}`;
      expect(await scope.api.create(kind.path, kind.make(name, { replicas: 1 })), 201);
      const config = kind.make(name, undefined, { status: { phase: 'Ready' } });
      const { body } = expect(await scope.api.apply(`${url}/status`, config, 'controller'), 200);
      assert.equal(at(body, 'status.phase'), 'Ready');
      const again = expect(await scope.api.apply(`${url}/status`, config, 'controller'), 200);
      assert.equal(at(again.body, 'metadata.resourceVersion'), at(body, 'metadata.resourceVersion'));
    });
  },
  async 'a status that its schema refuses is refused'(scope) {
    await withWidgets(scope, version, async (kind) => {
      const name = scope.name();
      expect(await scope.api.create(kind.path, kind.make(name, { replicas: 1 })), 201);
      expect(
        await scope.api.patch(`${kind.path}/${name}/status`, 'merge', { status: { phase: 7 } }),
        422,
        'Invalid',
      );
    });
  },
  async 'a custom resource has a scale where its definition says'(scope) {
    await withWidgets(scope, version, async (kind) => {
      const name = scope.name();
      const url = `${kind.path}/${name}`;
      expect(await scope.api.create(kind.path, kind.make(name, { replicas: 3 })), 201);
      expect(
        await scope.api.patch(`${url}/status`, 'merge', { status: { replicas: 2, selector: 'app=x' } }),
        200,
      );
      const { body } = expect(await scope.api.get(`${url}/scale`), 200);
      assert.equal(at(body, 'spec.replicas'), 3);
      assert.deepEqual(at(body, 'status'), { replicas: 2, selector: 'app=x' });
      expect(await scope.api.patch(`${url}/scale`, 'merge', { spec: { replicas: 4 } }), 200);
      assert.equal(at(expect(await scope.api.get(url), 200).body, 'spec.replicas'), 4);
    });
  },
  async 'a subresource that a kind does not have is 404'(scope) {
    await withWidgets(scope, {}, async (kind) => {
      const name = scope.name();
      expect(await scope.api.create(kind.path, kind.make(name, {})), 201);
      expect(await scope.api.get(`${kind.path}/${name}/status`), 404);
      expect(await scope.api.get(`${kind.path}/${name}/scale`), 404);
    });
  },
};
