/** Server-side apply: who owns which field. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { causes, configMap, deployment, expect, type Scope, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';

function manager(body: unknown, name: string): unknown {
  return listAt(body, 'metadata.managedFields').find((entry) => at(entry, 'manager') === name);
}

function labelled(name: string, labels: Record<string, string>): Body {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels } };
}

const maps = (scope: Scope, name: string): string => `${scope.path('configmaps')}/${name}`;
const apps = (scope: Scope, name: string): string => `${scope.path('deployments', 'apps/v1')}/${name}`;

function service(name: string, ports: readonly Body[]): Body {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { clusterIP: 'None', selector: { app: name }, ports },
  };
}

export const applying: Table = {
  async 'applying creates what is missing and says 201, then 200'(scope) {
    const name = scope.name();
    const made = expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    assert.equal(at(manager(made.body, 'one'), 'operation'), 'Apply');
    assert.deepEqual(at(manager(made.body, 'one'), 'fieldsV1'), { 'f:data': { 'f:a': {} } });
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '2' }), 'one'), 200);
  },
  async 'applying the same again writes nothing, not even a time'(scope) {
    const name = scope.name();
    const first = expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    const again = expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 200);
    assert.equal(at(again.body, 'metadata.resourceVersion'), at(first.body, 'metadata.resourceVersion'));
    assert.deepEqual(at(again.body, 'metadata.managedFields'), at(first.body, 'metadata.managedFields'));
  },
  async 'an apply that names a version makes what is not there, and conflicts with what is there at another one'(
    scope,
  ) {
    const name = scope.name();
    const named = (resourceVersion: string): Body => ({
      ...configMap(name, { a: '1' }),
      metadata: { name, resourceVersion },
    });
    const made = expect(await scope.api.apply(maps(scope, name), named('1'), 'one'), 201);
    assert.equal(at(manager(made.body, 'one'), 'operation'), 'Apply');
    expect(await scope.api.apply(maps(scope, name), named('1'), 'one'), 409, 'Conflict');
    expect(
      await scope.api.apply(maps(scope, name), named(textAt(made.body, 'metadata.resourceVersion')), 'one'),
      200,
    );
  },
  async 'an apply without a field manager is refused'(scope) {
    const name = scope.name();
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const reply = expect(
      await scope.api.send('PATCH', maps(scope, name), { body: configMap(name), headers }),
      422,
      'Invalid',
    );
    assert.match(textAt(reply.body, 'message'), /fieldManager: Required value: is required for apply patch/);
  },
  async 'an applied configuration is YAML too'(scope) {
    const name = scope.name();
    const body = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  a: "1"\n`;
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const reply = expect(
      await scope.api.send('PATCH', maps(scope, name), { body, headers, query: { fieldManager: 'one' } }),
      201,
    );
    assert.equal(at(reply.body, 'data.a'), '1');
  },
  async 'a field left out of the next apply is removed'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1', b: '2' }), 'one'), 201);
    const { body } = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'),
      200,
    );
    assert.deepEqual(at(body, 'data'), { a: '1' });
  },
  async 'a field that somebody else applied too stays'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1', b: '2' }), 'one'), 201);
    expect(await scope.api.apply(maps(scope, name), configMap(name, { b: '2' }), 'two'), 200);
    const { body } = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'),
      200,
    );
    assert.deepEqual(at(body, 'data'), { a: '1', b: '2' });
    assert.deepEqual(at(manager(body, 'two'), 'fieldsV1'), { 'f:data': { 'f:b': {} } });
  },
  async 'two managers own disjoint fields side by side'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    const { body } = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { b: '2' }), 'two'),
      200,
    );
    assert.deepEqual(at(body, 'data'), { a: '1', b: '2' });
    assert.equal(listAt(body, 'metadata.managedFields').length, 2);
  },
  async 'taking a field from another applier is a Conflict with its cause'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    const reply = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { a: '2' }), 'two'),
      409,
      'Conflict',
    );
    assert.equal(at(reply.body, 'message'), 'Apply failed with 1 conflict: conflict with "one": .data.a');
    assert.deepEqual(at(reply.body, 'details.causes'), [
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' },
    ]);
    assert.equal(at(expect(await scope.api.get(maps(scope, name)), 200).body, 'data.a'), '1');
  },
  async 'several conflicts are listed by manager'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1', b: '1' }), 'one'), 201);
    const reply = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { a: '2', b: '2' }), 'two'),
      409,
      'Conflict',
    );
    assert.equal(
      at(reply.body, 'message'),
      'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
    );
    assert.equal(causes(reply).length, 2);
  },
  async 'a conflict with an updater names its version'(scope) {
    const name = scope.name();
    expect(
      await scope.api.create(scope.path('deployments', 'apps/v1'), deployment(name, { replicas: 0 })),
      201,
    );
    const config = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas: 2 } };
    const reply = expect(await scope.api.apply(apps(scope, name), config, 'two'), 409, 'Conflict');
    assert.deepEqual(causes(reply), ['.spec.replicas: conflict with "conformance" using apps/v1']);
  },
  async 'the same value is no conflict but shared'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    const { body } = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'two'),
      200,
    );
    assert.deepEqual(at(manager(body, 'one'), 'fieldsV1'), at(manager(body, 'two'), 'fieldsV1'));
  },
  async 'force takes the field away from the other'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1', b: '1' }), 'one'), 201);
    const { body } = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { a: '2' }), 'two', { force: 'true' }),
      200,
    );
    assert.equal(at(body, 'data.a'), '2');
    assert.deepEqual(at(manager(body, 'one'), 'fieldsV1'), { 'f:data': { 'f:b': {} } });
  },
  async 'a manager that lost everything is no longer listed'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    const { body } = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { a: '2' }), 'two', { force: 'true' }),
      200,
    );
    assert.equal(manager(body, 'one'), undefined);
  },
  async 'an update takes fields without asking'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    const { body } = expect(await scope.api.patch(maps(scope, name), 'merge', { data: { a: '2' } }), 200);
    assert.equal(manager(body, 'one'), undefined);
    assert.deepEqual(at(manager(body, 'conformance'), 'fieldsV1'), { 'f:data': { 'f:a': {} } });
  },
  async 'what an update removed belongs to nobody'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), labelled(name, { a: '1', b: '1' }), 'one'), 201);
    const { body } = expect(
      await scope.api.patch(maps(scope, name), 'merge', { metadata: { labels: { a: null } } }),
      200,
    );
    assert.deepEqual(at(manager(body, 'one'), 'fieldsV1'), { 'f:metadata': { 'f:labels': { 'f:b': {} } } });
  },
  async 'lists with keys merge by key, and items are owned one by one'(scope) {
    const name = scope.name();
    const url = `${scope.path('services')}/${name}`;
    expect(await scope.api.apply(url, service(name, [{ name: 'a', port: 80 }]), 'one'), 201);
    const second = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { ports: [{ name: 'b', port: 81 }] },
    };
    const merged = expect(await scope.api.apply(url, second, 'two'), 200);
    assert.deepEqual(
      listAt(merged.body, 'spec.ports').map((port) => at(port, 'port')),
      [80, 81],
    );
    const fields = at(manager(merged.body, 'two'), 'fieldsV1');
    assert.deepEqual(fields, {
      'f:spec': { 'f:ports': { 'k:{"port":81,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } } },
    });
    const { body } = expect(await scope.api.apply(url, service(name, []), 'one'), 200);
    assert.deepEqual(
      listAt(body, 'spec.ports').map((port) => at(port, 'port')),
      [81],
    );
  },
  async 'containers merge by name and their variables too'(scope) {
    const name = scope.name();
    expect(
      await scope.api.apply(
        apps(scope, name),
        deployment(name, { replicas: 0 }, { env: [{ name: 'A', value: '1' }] }),
        'one',
      ),
      201,
    );
    const more = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { template: { spec: { containers: [{ name: 'main', env: [{ name: 'B', value: '2' }] }] } } },
    };
    const { body } = expect(await scope.api.apply(apps(scope, name), more, 'two'), 200);
    const env = listAt(body, 'spec.template.spec.containers.0.env').map((each) => at(each, 'name'));
    assert.deepEqual(env, ['A', 'B']);
  },
  async 'an atomic field is owned whole'(scope) {
    const name = scope.name();
    const { body } = expect(
      await scope.api.apply(apps(scope, name), deployment(name, { replicas: 0 }), 'one'),
      201,
    );
    assert.deepEqual(at(at(manager(body, 'one'), 'fieldsV1'), 'f:spec.f:selector'), {});
  },
  async 'defaults belong to nobody'(scope) {
    const name = scope.name();
    const { body } = expect(
      await scope.api.apply(apps(scope, name), deployment(name, { replicas: 0 }), 'one'),
      201,
    );
    assert.equal(at(body, 'spec.progressDeadlineSeconds'), 600);
    assert.equal(at(at(manager(body, 'one'), 'fieldsV1'), 'f:spec.f:progressDeadlineSeconds'), undefined);
  },
  async 'giving up replicas leaves them as another manager set them'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(apps(scope, name), deployment(name, { replicas: 0 }), 'one'), 201);
    expect(
      await scope.api.patch(
        `${apps(scope, name)}/scale`,
        'merge',
        { spec: { replicas: 0 } },
        { fieldManager: 'scaler' },
      ),
      200,
    );
    const shared = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas: 0 } };
    expect(await scope.api.apply(apps(scope, name), shared, 'two'), 200);
    const { body } = expect(await scope.api.apply(apps(scope, name), deployment(name), 'one'), 200);
    assert.equal(at(body, 'spec.replicas'), 0);
  },
  async 'an applied configuration must not carry managedFields'(scope) {
    const name = scope.name();
    const made = expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    const { body } = expect(
      await scope.api.apply(maps(scope, name), made.body as Body, 'one'),
      400,
      'BadRequest',
    );
    assert.equal(at(body, 'message'), 'metadata.managedFields must be nil');
  },
  async 'an applied configuration of another version is refused'(scope) {
    const name = scope.name();
    const reply = await scope.api.apply(maps(scope, name), { ...configMap(name), apiVersion: 'v2' }, 'one');
    expect(reply, 400, 'BadRequest');
  },
  async 'a duplicate key in an applied list is refused'(scope) {
    const name = scope.name();
    const twice = deployment(
      name,
      {},
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
    );
    const reply = await scope.api.apply(apps(scope, name), twice, 'one');
    assert.equal(reply.status, 500, reply.text);
    assert.match(textAt(reply.body, 'message'), /\.env: duplicate entries for key \[name="A"\]/);
  },
  async 'an unknown field in an applied configuration is refused'(scope) {
    const name = scope.name();
    const reply = await scope.api.apply(apps(scope, name), deployment(name, { replica: 1 }), 'one');
    assert.equal(reply.status, 500, reply.text);
    assert.match(textAt(reply.body, 'message'), /\.spec\.replica: field not declared in schema/);
  },
  async 'a dry-run apply stores nothing'(scope) {
    const name = scope.name();
    expect(
      await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one', { dryRun: 'All' }),
      201,
    );
    expect(await scope.api.get(maps(scope, name)), 404);
  },
  async 'force without apply is refused'(scope) {
    const name = scope.name();
    expect(await scope.api.create(scope.path('configmaps'), configMap(name)), 201);
    expect(
      await scope.api.patch(maps(scope, name), 'merge', { data: {} }, { force: 'true' }),
      422,
      'Invalid',
    );
  },
  async 'clearing managedFields resets them'(scope) {
    const name = scope.name();
    expect(await scope.api.apply(maps(scope, name), configMap(name, { a: '1' }), 'one'), 201);
    const { body } = expect(
      await scope.api.patch(maps(scope, name), 'merge', { metadata: { managedFields: [{}] } }),
      200,
    );
    assert.equal(at(body, 'metadata.managedFields'), undefined);
  },
  async 'more than ten updaters are merged into ancient changes'(scope) {
    const name = scope.name();
    expect(await scope.api.create(scope.path('configmaps'), configMap(name, { seed: '1' })), 201);
    for (let index = 0; index < 12; index += 1) {
      expect(
        await scope.api.patch(
          maps(scope, name),
          'merge',
          { data: { [`k${index}`]: '1' } },
          { fieldManager: `m${index}` },
        ),
        200,
      );
    }
    const { body } = expect(await scope.api.get(maps(scope, name)), 200);
    assert.equal(listAt(body, 'metadata.managedFields').length, 10);
    assert.ok(manager(body, 'ancient-changes') !== undefined);
  },
  async 'the first apply to an object nobody tracked keeps what was there'(scope) {
    const name = scope.name();
    expect(await scope.api.create(scope.path('configmaps'), configMap(name, { a: '1' })), 201);
    expect(await scope.api.patch(maps(scope, name), 'merge', { metadata: { managedFields: [{}] } }), 200);
    const { body } = expect(
      await scope.api.apply(maps(scope, name), configMap(name, { b: '2' }), 'one'),
      200,
    );
    assert.deepEqual(at(body, 'data'), { a: '1', b: '2' });
    assert.deepEqual(at(manager(body, 'before-first-apply'), 'fieldsV1'), {
      'f:data': { '.': {}, 'f:a': {} },
    });
  },
};
