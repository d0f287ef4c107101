/** Custom resources: pruning, defaulting and validation by schema. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { causes, eventually, expect, names, type Scope, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';
import { definitions, withWidgets, type Kind } from '../widgets.ts';

/** Runs `work` with widgets whose spec has these properties. */
function withSpec(
  scope: Scope,
  properties: Body,
  work: (kind: Kind) => Promise<void>,
  spec: Body = {},
): Promise<void> {
  return withWidgets(scope, { properties: { spec: { type: 'object', properties, ...spec } } }, work);
}

/** The causes for which a widget with this spec is refused. */
async function refused(scope: Scope, kind: Kind, spec: unknown): Promise<string[]> {
  return causes(expect(await scope.api.create(kind.path, kind.make(scope.name(), spec)), 422, 'Invalid'));
}

async function accepted(scope: Scope, kind: Kind, spec: unknown, query = {}): Promise<unknown> {
  return at(
    expect(await scope.api.create(kind.path, kind.make(scope.name(), spec), query), 201).body,
    'spec',
  );
}

export const customResources: Table = {
  async 'fields that the schema does not name are pruned'(scope) {
    await withSpec(
      scope,
      { known: { type: 'string' }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      async (kind) => {
        const spec = await accepted(scope, kind, { known: 'a', unknown: 'b', free: { any: { thing: [1] } } });
        assert.deepEqual(spec, { known: 'a', free: { any: { thing: [1] } } });
      },
    );
  },
  async 'strict field validation names unknown fields of custom resources'(scope) {
    await withSpec(
      scope,
      { list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } } },
      async (kind) => {
        const body = kind.make(scope.name(), { unknown: 1, list: [{ a: 'x', b: 'y' }] });
        const reply = expect(
          await scope.api.create(kind.path, body, { fieldValidation: 'Strict' }),
          400,
          'BadRequest',
        );
        assert.match(
          textAt(reply.body, 'message'),
          /strict decoding error: unknown field "spec\.list\[0\]\.b", unknown field "spec\.unknown"/,
        );
      },
    );
  },
  async 'defaults are filled in, also inside objects that are there'(scope) {
    const properties = {
      a: { type: 'integer', default: 3 },
      b: { type: 'object', properties: { c: { type: 'string', default: 'x' } } },
      d: { type: 'object', default: {}, properties: { e: { type: 'boolean', default: true } } },
      list: { type: 'array', items: { type: 'object', properties: { f: { type: 'string', default: 'y' } } } },
    };
    await withSpec(scope, properties, async (kind) => {
      assert.deepEqual(await accepted(scope, kind, { list: [{}] }), {
        a: 3,
        d: { e: true },
        list: [{ f: 'y' }],
      });
      assert.deepEqual(await accepted(scope, kind, { b: {} }), { a: 3, b: { c: 'x' }, d: { e: true } });
    });
  },
  async 'a status that the schema gives by default is there at once, is nobody’s to forge, and comes back when it is taken away'(
    scope,
  ) {
    const { api } = scope;
    const status = {
      type: 'object',
      default: { phase: 'New' },
      properties: { phase: { type: 'string' }, note: { type: 'string' } },
    };
    const properties = { spec: { type: 'object', properties: { a: { type: 'string' } } }, status };
    await withWidgets(scope, { properties, subresources: { status: {} } }, async (kind) => {
      const name = scope.name();
      const url = `${kind.path}/${name}`;
      const phases = async (): Promise<unknown[]> => {
        const [listed] = listAt(expect(await api.get(kind.path), 200).body, 'items');
        return [at(expect(await api.get(url), 200).body, 'status'), at(listed, 'status')];
      };
      const forged = { ...(kind.make(name, {}) as object), status: { phase: 'Done', note: 'forged' } };
      const tried = expect(await api.create(kind.path, forged, { dryRun: 'All' }), 201);
      assert.deepEqual(at(tried.body, 'status'), { phase: 'New' });
      assert.deepEqual(at(expect(await api.create(kind.path, forged), 201).body, 'status'), { phase: 'New' });
      assert.deepEqual(await phases(), [{ phase: 'New' }, { phase: 'New' }]);
      expect(await api.patch(url, 'merge', { spec: { a: 'x' }, status: { phase: 'Done' } }), 200);
      assert.deepEqual(await phases(), [{ phase: 'New' }, { phase: 'New' }]);
      expect(await api.patch(`${url}/status`, 'merge', { status: { note: 'seen' } }), 200);
      assert.deepEqual((await phases())[0], { phase: 'New', note: 'seen' });
      expect(await api.patch(`${url}/status`, 'merge', { status: null }), 200);
      assert.deepEqual(await phases(), [{ phase: 'New' }, { phase: 'New' }]);
      // What is there and empty is somebody's word.
      const emptied = [{ op: 'replace', path: '/status', value: {} }];
      expect(await api.patch(`${url}/status`, 'json', emptied), 200);
      assert.deepEqual(await phases(), [{}, {}]);
    });
  },
  async 'a null where null may not be becomes the default, or goes'(scope) {
    const properties = {
      a: { type: 'string', default: 'x' },
      b: { type: 'string' },
      c: { type: 'string', nullable: true },
    };
    await withSpec(scope, properties, async (kind) => {
      assert.deepEqual(await accepted(scope, kind, { a: null, b: null, c: null }), { a: 'x', c: null });
    });
  },
  async 'a value of the wrong type is named with the type it should have'(scope) {
    await withSpec(scope, { size: { type: 'integer' } }, async (kind) => {
      const body = kind.make('typed', { size: 'big' });
      const reply = expect(await scope.api.create(kind.path, body), 422, 'Invalid');
      assert.equal(
        textAt(reply.body, 'message'),
        `Widget.${kind.group} "typed" is invalid: spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"`,
      );
      assert.deepEqual(at(reply.body, 'details.causes'), [
        {
          reason: 'FieldValueTypeInvalid',
          message: 'Invalid value: "string": spec.size in body must be of type integer: "string"',
          field: 'spec.size',
        },
      ]);
      assert.equal(at(reply.body, 'details.kind'), 'Widget');
      assert.equal(at(reply.body, 'details.group'), kind.group);
    });
  },
  async 'bounds, lengths and patterns are checked'(scope) {
    const properties = {
      n: { type: 'integer', minimum: 1, maximum: 9 },
      s: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]+$' },
      l: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string' } },
    };
    await withSpec(scope, properties, async (kind) => {
      assert.deepEqual(await refused(scope, kind, { n: 0 }), [
        'spec.n: Invalid value: 0: spec.n in body should be greater than or equal to 1',
      ]);
      assert.deepEqual(await refused(scope, kind, { n: 10 }), [
        'spec.n: Invalid value: 10: spec.n in body should be less than or equal to 9',
      ]);
      assert.deepEqual(await refused(scope, kind, { s: 'a' }), [
        'spec.s: Invalid value: "a": spec.s in body should be at least 2 chars long',
      ]);
      assert.deepEqual(await refused(scope, kind, { s: 'abcde' }), [
        'spec.s: Too long: may not be more than 4 bytes',
      ]);
      assert.deepEqual(await refused(scope, kind, { s: 'ABC' }), [
        `spec.s: Invalid value: "ABC": spec.s in body should match '^[a-z]+$'`,
      ]);
      assert.deepEqual(await refused(scope, kind, { l: ['a', 'b', 'c'] }), [
        'spec.l: Too many: 3: must have at most 2 items',
      ]);
      await accepted(scope, kind, { n: 5, s: 'abc', l: ['a'] });
    });
  },
  async 'a required field that is missing is named'(scope) {
    await withSpec(
      scope,
      { a: { type: 'string' } },
      async (kind) => {
        assert.deepEqual(await refused(scope, kind, {}), ['spec.a: Required value']);
      },
      { required: ['a'] },
    );
  },
  async 'an enum lists what is supported'(scope) {
    await withSpec(scope, { plan: { type: 'string', enum: ['small', 'large'] } }, async (kind) => {
      assert.deepEqual(await refused(scope, kind, { plan: 'huge' }), [
        'spec.plan: Unsupported value: "huge": supported values: "small", "large"',
      ]);
    });
  },
  async 'formats of strings are checked'(scope) {
    const properties = { t: { type: 'string', format: 'date-time' }, i: { type: 'string', format: 'ipv4' } };
    await withSpec(scope, properties, async (kind) => {
      await accepted(scope, kind, { t: '2026-01-02T03:04:05Z', i: '10.0.0.1' });
      assert.match(
        (await refused(scope, kind, { t: 'yesterday' })).join(),
        /spec\.t: Invalid value: "yesterday": spec\.t in body must be of type date-time: "yesterday"/,
      );
      assert.match((await refused(scope, kind, { i: '10.0.0' })).join(), /must be of type ipv4/);
    });
  },
  async 'an integer or a string is either'(scope) {
    await withSpec(scope, { port: { 'x-kubernetes-int-or-string': true } }, async (kind) => {
      assert.deepEqual(await accepted(scope, kind, { port: 80 }), { port: 80 });
      assert.deepEqual(await accepted(scope, kind, { port: '25%' }), { port: '25%' });
      assert.match(
        (await refused(scope, kind, { port: true })).join(),
        /must be of type integer,string: "boolean"/,
      );
    });
  },
  async 'maps are checked value by value'(scope) {
    await withSpec(
      scope,
      { sizes: { type: 'object', additionalProperties: { type: 'integer' } } },
      async (kind) => {
        await accepted(scope, kind, { sizes: { a: 1, b: 2 } });
        assert.match(
          (await refused(scope, kind, { sizes: { a: 'x' } })).join(),
          /spec\.sizes\.a: Invalid value: "string"/,
        );
      },
    );
  },
  async 'oneOf and anyOf are checked'(scope) {
    const spec = { oneOf: [{ required: ['a'] }, { required: ['b'] }] };
    await withSpec(
      scope,
      { a: { type: 'string' }, b: { type: 'string' } },
      async (kind) => {
        await accepted(scope, kind, { a: 'x' });
        assert.match(
          (await refused(scope, kind, { a: 'x', b: 'y' })).join(),
          /must validate one and only one schema \(oneOf\)\. Found 2 valid alternatives/,
        );
      },
      spec,
    );
  },
  async 'lists of type set and map have no duplicates'(scope) {
    const properties = {
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      map: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          required: ['name'],
          properties: { name: { type: 'string' }, value: { type: 'string' } },
        },
      },
    };
    await withSpec(scope, properties, async (kind) => {
      assert.deepEqual(await refused(scope, kind, { set: ['a', 'b', 'a'] }), [
        'spec.set[2]: Duplicate value: "a"',
      ]);
      assert.deepEqual(await refused(scope, kind, { map: [{ name: 'a' }, { name: 'a', value: 'x' }] }), [
        'spec.map[1]: Duplicate value: {"name":"a"}',
      ]);
    });
  },
  async 'several problems are reported together'(scope) {
    await withSpec(scope, { a: { type: 'integer' }, b: { type: 'integer' } }, async (kind) => {
      const reply = expect(
        await scope.api.create(kind.path, kind.make(scope.name(), { a: 'x', b: 'y' })),
        422,
        'Invalid',
      );
      assert.equal(causes(reply).length, 2);
      assert.match(textAt(reply.body, 'message'), /is invalid: \[spec\.[ab]: .*, spec\.[ab]: .*\]$/);
    });
  },
  async 'a value that became invalid may stay while nobody changes it'(scope) {
    await withSpec(scope, { a: { type: 'string' }, b: { type: 'string' } }, async (kind) => {
      const name = scope.name();
      expect(await scope.api.create(kind.path, kind.make(name, { a: 'long text', b: 'x' })), 201);
      const tighten = [
        {
          op: 'add',
          path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/maxLength',
          value: 3,
        },
      ];
      expect(
        await scope.api.patch(
          `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${kind.definition}`,
          'json',
          tighten,
        ),
        200,
      );
      const strict = () =>
        scope.api.create(kind.path, kind.make(scope.name(), { a: 'long text' }), { dryRun: 'All' });
      await eventually(strict, ({ status }) => status === 422, 'the new schema');
      expect(await scope.api.patch(`${kind.path}/${name}`, 'merge', { spec: { b: 'y' } }), 200);
      expect(
        await scope.api.patch(`${kind.path}/${name}`, 'merge', { spec: { a: 'other text' } }),
        422,
        'Invalid',
      );
    });
  },
  async 'generation of a custom resource grows with everything but metadata'(scope) {
    await withSpec(scope, { a: { type: 'string' } }, async (kind) => {
      const name = scope.name();
      const made = expect(await scope.api.create(kind.path, kind.make(name, { a: '1' })), 201);
      assert.equal(at(made.body, 'metadata.generation'), 1);
      const labelled = expect(
        await scope.api.patch(`${kind.path}/${name}`, 'merge', { metadata: { labels: { x: 'y' } } }),
        200,
      );
      assert.equal(at(labelled.body, 'metadata.generation'), 1);
      const changed = expect(
        await scope.api.patch(`${kind.path}/${name}`, 'merge', { spec: { a: '2' } }),
        200,
      );
      assert.equal(at(changed.body, 'metadata.generation'), 2);
    });
  },
  async 'a strategic merge patch of a custom resource is 415'(scope) {
    await withSpec(scope, { a: { type: 'string' } }, async (kind) => {
      const name = scope.name();
      expect(await scope.api.create(kind.path, kind.make(name, {})), 201);
      expect(
        await scope.api.patch(`${kind.path}/${name}`, 'strategic', { spec: { a: 'x' } }),
        415,
        'UnsupportedMediaType',
      );
    });
  },
  async 'custom resources are applied, with lists by key and conflicts'(scope) {
    const properties = {
      replicas: { type: 'integer' },
      items: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          required: ['name'],
          properties: { name: { type: 'string' }, value: { type: 'string' } },
        },
      },
    };
    await withSpec(scope, properties, async (kind) => {
      const name = scope.name();
      const url = `${kind.path}/${name}`;
      expect(
        await scope.api.apply(
          url,
          kind.make(name, { replicas: 1, items: [{ name: 'a', value: '1' }] }),
          'one',
        ),
        201,
      );
      const both = expect(
        await scope.api.apply(url, kind.make(name, { items: [{ name: 'b', value: '2' }] }), 'two'),
        200,
      );
      assert.deepEqual(at(both.body, 'spec.items'), [
        { name: 'a', value: '1' },
        { name: 'b', value: '2' },
      ]);
      const reply = expect(
        await scope.api.apply(url, kind.make(name, { replicas: 2 }), 'two'),
        409,
        'Conflict',
      );
      assert.deepEqual(causes(reply), ['.spec.replicas: conflict with "one"']);
      const { body } = expect(await scope.api.apply(url, kind.make(name, { replicas: 1 }), 'one'), 200);
      assert.deepEqual(at(body, 'spec.items'), [{ name: 'b', value: '2' }]);
    });
  },
  async 'selectable fields select'(scope) {
    const version = {
      properties: { spec: { type: 'object', properties: { colour: { type: 'string' } } } },
      selectableFields: [{ jsonPath: '.spec.colour' }],
    };
    await withWidgets(scope, version, async (kind) => {
      expect(await scope.api.create(kind.path, kind.make('red-one', { colour: 'red' })), 201);
      expect(await scope.api.create(kind.path, kind.make('blue-one', { colour: 'blue' })), 201);
      assert.deepEqual(
        names(expect(await scope.api.get(kind.path, { fieldSelector: 'spec.colour=red' }), 200)),
        ['red-one'],
      );
      expect(await scope.api.get(kind.path, { fieldSelector: 'spec.size=1' }), 400, 'BadRequest');
    });
  },
  async 'a default that came later is there when an older object is read, and what is no longer known is not'(
    scope,
  ) {
    const { api } = scope;
    await withSpec(scope, { a: { type: 'string' }, b: { type: 'string' } }, async (kind) => {
      const name = scope.name();
      expect(await api.create(kind.path, kind.make(name, { a: 'x', b: 'y' })), 201);
      const properties = { a: { type: 'string' }, c: { type: 'integer', default: 5 } };
      const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
      const change = [{ op: 'replace', path, value: properties }];
      expect(await api.patch(`${definitions}/${kind.definition}`, 'json', change), 200);
      const read = await eventually(
        () => api.get(`${kind.path}/${name}`),
        ({ body }) => at(body, 'spec.c') === 5,
        'the new schema to be in use',
      );
      assert.deepEqual(at(read.body, 'spec'), { a: 'x', c: 5 });
      const [listed] = listAt(expect(await api.get(kind.path), 200).body, 'items');
      assert.deepEqual(at(listed, 'spec'), { a: 'x', c: 5 });
    });
  },
};
