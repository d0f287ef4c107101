/** CustomResourceDefinitions: their life, and what is refused. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { causes, eventually, expect, type Scope, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';
import {
  categoryOf,
  definitions as path,
  isEstablished,
  newGroup,
  widgetDefinition,
  shortNameOf,
  withWidgets,
  type Version,
} from '../widgets.ts';

/** The causes for which a definition with these spec properties is refused. */
async function refused({ api }: Scope, properties: Body, version: Version = {}): Promise<string> {
  const group = newGroup();
  const body = widgetDefinition(group, { ...version, properties: { spec: { type: 'object', properties } } });
  return causes(expect(await api.create(path, body), 422, 'Invalid')).join('\n');
}

const field = 'spec\\.validation\\.openAPIV3Schema\\.properties\\[spec\\]\\.properties';

export const definitions: Table = {
  async 'a definition is established, its names accepted, and its kind served'(scope) {
    await withWidgets(scope, {}, async ({ definition, path: collection }) => {
      const { body } = expect(await scope.api.get(`${path}/${definition}`), 200);
      const accepted = listAt(body, 'status.conditions').find(
        (condition) => at(condition, 'type') === 'NamesAccepted',
      );
      assert.equal(at(accepted, 'status'), 'True');
      assert.equal(at(accepted, 'reason'), 'NoConflicts');
      assert.deepEqual(at(body, 'status.storedVersions'), ['v1']);
      assert.equal(at(body, 'status.acceptedNames.kind'), 'Widget');
      assert.deepEqual(at(body, 'spec.conversion'), { strategy: 'None' });
      const list = expect(await scope.api.get(collection), 200);
      assert.equal(at(list.body, 'kind'), 'WidgetList');
    });
  },
  async 'a served kind is discovered with short names and categories'(scope) {
    await withWidgets(scope, { subresources: { status: {} } }, async ({ group }) => {
      // Served is not discovered yet: a controller of its own writes the documents of discovery.
      const { body } = await eventually(
        () => scope.api.get(`/apis/${group}/v1`),
        ({ status: code }) => code === 200,
        'the kind to be discovered',
      );
      const [widgets, status] = ['widgets', 'widgets/status'].map((name) =>
        listAt(body, 'resources').find((each) => at(each, 'name') === name),
      );
      assert.equal(at(widgets, 'singularName'), 'widget');
      assert.deepEqual(at(widgets, 'shortNames'), [shortNameOf(group)]);
      assert.deepEqual(at(widgets, 'categories'), [categoryOf(group)]);
      assert.deepEqual(at(status, 'verbs'), ['get', 'patch', 'update']);
    });
  },
  async 'a served kind has an OpenAPI document'(scope) {
    const properties = {
      spec: { type: 'object', properties: { size: { type: 'integer', description: 'How big it is' } } },
    };
    await withWidgets(scope, { properties }, async ({ group }) => {
      const document = `/openapi/v3/apis/${group}/v1`;
      const { body } = await eventually(
        () => scope.api.get(document),
        ({ status, text }) => status === 200 && text.includes('How big'),
        'the document',
      );
      const name = `${group.split('.').toReversed().join('.')}.v1.Widget`;
      const schema = at(body, `components.schemas[${name}]`);
      assert.equal(at(schema, 'properties.spec.properties.size.description'), 'How big it is');
      assert.ok(at(schema, 'properties.metadata') !== undefined);
      assert.equal(at(listAt(schema, 'x-kubernetes-group-version-kind')[0], 'kind'), 'Widget');
    });
  },
  async 'a name that is not plural.group is refused'({ api }) {
    const body = { ...widgetDefinition(newGroup()), metadata: { name: 'wrong.example.com' } };
    const reply = expect(await api.create(path, body), 422, 'Invalid');
    assert.match(
      causes(reply).join('\n'),
      /metadata\.name: Invalid value: "wrong\.example\.com": must be spec\.names\.plural\+"\."\+spec\.group/,
    );
  },
  async 'a definition without a schema is refused'({ api }) {
    const group = newGroup();
    const spec = { versions: [{ name: 'v1', served: true, storage: true }] };
    const reply = expect(await api.create(path, widgetDefinition(group, {}, spec)), 422, 'Invalid');
    assert.match(causes(reply).join('\n'), /spec\.versions\[0\]\.schema\.openAPIV3Schema: Required value/);
  },
  async 'exactly one version is the stored one'({ api }) {
    const group = newGroup();
    const schema = { openAPIV3Schema: { type: 'object' } };
    const spec = {
      versions: [
        { name: 'v1', served: true, storage: true, schema },
        { name: 'v2', served: true, storage: true, schema },
      ],
    };
    const reply = expect(await api.create(path, widgetDefinition(group, {}, spec)), 422, 'Invalid');
    assert.match(
      causes(reply).join('\n'),
      /spec\.versions: Invalid value: .*must have exactly one version marked as storage version/,
    );
  },
  async 'a schema that is not structural is refused'(scope) {
    assert.match(
      await refused(scope, { a: {} }),
      new RegExp(`${field}\\[a\\]\\.type: Required value: must not be empty for specified object fields`),
    );
    assert.match(
      await refused(scope, { a: { type: 'array' } }),
      new RegExp(`${field}\\[a\\]\\.items: Required value: must be specified`),
    );
  },
  async 'an invalid default is refused'(scope) {
    assert.match(
      await refused(scope, { a: { type: 'integer', default: 'x' } }),
      new RegExp(`${field}\\[a\\]\\.default: Invalid value: "string": .* must be of type integer: "string"`),
    );
  },
  async 'list map keys must be required or have a default'(scope) {
    const list = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', properties: { k: { type: 'string' } } },
    };
    assert.match(
      await refused(scope, { a: list }),
      /this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property/,
    );
  },
  async 'a rule that does not compile is refused with the place'(scope) {
    const rule = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.size( > 3' }] };
    assert.match(
      await refused(scope, { a: rule }),
      /x-kubernetes-validations\[0\]\.rule: Invalid value: .*compilation failed: ERROR: <input>:1:/,
    );
  },
  async 'a rule about a field that is not there is refused'(scope) {
    const rule = {
      type: 'object',
      properties: { b: { type: 'string' } },
      'x-kubernetes-validations': [{ rule: 'self.nothing == "x"' }],
    };
    assert.match(await refused(scope, { a: rule }), /undefined field 'nothing'/);
  },
  async 'a rule must be a boolean'(scope) {
    const rule = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self + "x"' }] };
    assert.match(await refused(scope, { a: rule }), /cel expression must evaluate to a bool/);
  },
  async 'oldSelf is refused where old and new items cannot be told apart'(scope) {
    const list = {
      type: 'array',
      maxItems: 5,
      items: { type: 'string', maxLength: 5, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
    };
    assert.match(
      await refused(scope, { a: list }),
      /oldSelf cannot be used on the uncorrelatable portion of the schema/,
    );
  },
  async 'a printer column needs a known type'(scope) {
    const columns = [{ name: 'A', type: 'text', jsonPath: '.spec.a' }];
    assert.match(
      await refused(scope, {}, { additionalPrinterColumns: columns }),
      /additionalPrinterColumns\[0\]\.type: Invalid value: "text": must be one of boolean,date,integer,number,string/,
    );
  },
  async 'a selectable field must be a scalar of the spec'(scope) {
    const object = { type: 'object', properties: { b: { type: 'string' } } };
    assert.match(
      await refused(scope, { a: object }, { selectableFields: [{ jsonPath: '.spec.a' }] }),
      /must point to a field of type string, boolean or integer/,
    );
  },
  async 'a protected group needs its approval annotation'({ api }) {
    const reply = expect(await api.create(path, widgetDefinition('conformance.k8s.io')), 422, 'Invalid');
    assert.match(
      causes(reply).join('\n'),
      /metadata\.annotations\[api-approved\.kubernetes\.io\]: Required value: protected groups must have approval annotation/,
    );
  },
  async 'the scope of an established definition is immutable'(scope) {
    await withWidgets(scope, {}, async ({ definition }) => {
      const reply = expect(
        await scope.api.patch(`${path}/${definition}`, 'merge', { spec: { scope: 'Cluster' } }),
        422,
        'Invalid',
      );
      assert.match(causes(reply).join('\n'), /spec\.scope: Invalid value: "Cluster": field is immutable/);
    });
  },
  async 'a changed schema is in force soon after'(scope) {
    await withWidgets(
      scope,
      { properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } } },
      async ({ definition, path: collection, make }) => {
        const change = [
          {
            op: 'add',
            path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b',
            value: { type: 'string', default: 'new' },
          },
        ];
        expect(await scope.api.patch(`${path}/${definition}`, 'json', change), 200);
        await eventually(
          () => scope.api.create(collection, make(scope.name(), { a: 'x' }), { dryRun: 'All' }),
          ({ body }) => at(body, 'spec.b') === 'new',
          'the new default',
        );
      },
    );
  },
  async 'deleting a definition deletes its objects and stops serving them'(scope) {
    const { api } = scope;
    await withWidgets(scope, {}, async ({ definition, path: collection, make }) => {
      expect(await api.create(collection, make('one', {})), 201);
      expect(await api.remove(`${path}/${definition}`), 200);
      await eventually(
        () => api.get(`${path}/${definition}`),
        ({ status }) => status === 404,
        'the definition to go',
      );
      await eventually(
        () => api.get(collection),
        ({ status }) => status === 404,
        'the kind to be gone',
      );
    });
  },
  async 'two served versions show the same object, each with its own apiVersion'(scope) {
    const { api } = scope;
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
      },
    };
    const versions = [
      { name: 'v1', served: true, storage: true, schema },
      { name: 'v2', served: true, storage: false, schema },
    ];
    await withWidgets(
      scope,
      {},
      async ({ group, path: collection, make }) => {
        const name = scope.name();
        expect(await api.create(collection, make(name, { a: 'x' })), 201);
        const other = `/apis/${group}/v2/namespaces/${scope.namespace}/widgets/${name}`;
        const { body } = await eventually(
          () => api.get(other),
          ({ status }) => status === 200,
          'the second version',
        );
        assert.equal(at(body, 'apiVersion'), `${group}/v2`);
        assert.equal(at(body, 'spec.a'), 'x');
      },
      { versions },
    );
  },
  async 'a cluster-scoped kind has no namespace'(scope) {
    await withWidgets(
      scope,
      {},
      async ({ path: collection, make }) => {
        const { body } = expect(await scope.api.create(collection, make(scope.name(), {})), 201);
        assert.equal(at(body, 'metadata.namespace'), undefined);
        assert.ok(!isEstablished(body));
        expect(await scope.api.remove(`${collection}/${textAt(body, 'metadata.name')}`), 200);
      },
      { scope: 'Cluster' },
    );
  },
  async 'a version that becomes the stored one is remembered beside those before it'(scope) {
    const { api } = scope;
    const schema = { openAPIV3Schema: { type: 'object' } };
    const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema });
    const versions = [version('v1', true), version('v2', false)];
    await withWidgets(
      scope,
      {},
      async ({ definition }) => {
        const patch = { spec: { versions: [version('v1', false), version('v2', true)] } };
        const { body } = expect(await api.patch(`${path}/${definition}`, 'merge', patch), 200);
        assert.deepEqual(at(body, 'status.storedVersions'), ['v1', 'v2']);
      },
      { versions },
    );
  },
  async 'the status of a definition takes what its writer says'(scope) {
    await withWidgets(scope, {}, async ({ definition }) => {
      const value = [{ message: 'half a condition' }];
      const patch = [{ op: 'add', path: '/status/conditions', value }];
      const reply = await scope.api.patch(`${path}/${definition}/status`, 'json', patch);
      assert.equal(at(expect(reply, 200).body, 'status.conditions.0.message'), 'half a condition');
    });
  },
};
