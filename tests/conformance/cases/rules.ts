/** CEL rules of custom resources. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { causes, eventually, expect, type Scope, type Table } from '../suite.ts';
import { withWidgets, type Kind } from '../widgets.ts';

type Rule = Body | string;

function withRules(
  scope: Scope,
  properties: Body,
  rules: readonly Rule[],
  work: (kind: Kind) => Promise<void>,
): Promise<void> {
  const validations = rules.map((rule) => (typeof rule === 'string' ? { rule } : rule));
  return withWidgets(
    scope,
    { properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': validations } } },
    work,
  );
}

async function create(scope: Scope, kind: Kind, spec: unknown): Promise<string[]> {
  const reply = await scope.api.create(kind.path, kind.make(scope.name(), spec), { dryRun: 'All' });
  if (reply.status === 201) return [];
  return causes(expect(reply, 422, 'Invalid'));
}

/** Creates an object, then changes it; the causes for which the change is refused. */
async function change(scope: Scope, kind: Kind, before: unknown, after: Body): Promise<string[]> {
  const name = scope.name();
  expect(await scope.api.create(kind.path, kind.make(name, before)), 201);
  const reply = await scope.api.patch(`${kind.path}/${name}`, 'merge', { spec: after });
  return reply.status === 200 ? [] : causes(expect(reply, 422, 'Invalid'));
}

const integer = { type: 'integer' };
const text = { type: 'string', maxLength: 100 };

export const rules: Table = {
  async 'a rule over two fields is enforced, its text in the message'(scope) {
    await withRules(scope, { min: integer, max: integer }, ['self.min <= self.max'], async (kind) => {
      assert.deepEqual(await create(scope, kind, { min: 1, max: 2 }), []);
      assert.deepEqual(await create(scope, kind, { min: 3, max: 2 }), [
        'spec: Invalid value: "object": failed rule: self.min <= self.max',
      ]);
    });
  },
  async 'message, messageExpression, reason and fieldPath shape the cause'(scope) {
    const validations = [
      { rule: 'self.a < 10', message: 'a is too big' },
      {
        rule: 'self.b < 10',
        messageExpression: '"not like " + self.t',
        reason: 'FieldValueForbidden',
        fieldPath: '.b',
      },
    ];
    await withRules(scope, { a: integer, b: integer, t: text }, validations, async (kind) => {
      assert.deepEqual(await create(scope, kind, { a: 10, b: 12, t: 'this' }), [
        'spec: Invalid value: "object": a is too big',
        'spec.b: Forbidden: not like this',
      ]);
    });
  },
  async 'has() asks whether a field is there'(scope) {
    await withRules(scope, { a: text, b: text }, ['has(self.a) != has(self.b)'], async (kind) => {
      assert.deepEqual(await create(scope, kind, { a: 'x' }), []);
      assert.equal((await create(scope, kind, { a: 'x', b: 'y' })).length, 1);
    });
  },
  async 'a field that is not there is an error of the rule'(scope) {
    await withRules(scope, { a: text }, ['self.a == "x"'], async (kind) => {
      assert.match((await create(scope, kind, {})).join(), /no such key: a/);
    });
  },
  async 'transition rules see the old value, and only when there is one'(scope) {
    await withRules(
      scope,
      { a: text, n: integer },
      [{ rule: 'self.a == oldSelf.a', message: 'a is immutable' }],
      async (kind) => {
        assert.deepEqual(await create(scope, kind, { a: 'x' }), []);
        assert.deepEqual(await change(scope, kind, { a: 'x', n: 1 }, { n: 2 }), []);
        assert.deepEqual(await change(scope, kind, { a: 'x' }, { a: 'y' }), [
          'spec: Invalid value: "object": a is immutable',
        ]);
      },
    );
  },
  async 'optionalOldSelf runs a transition rule on creation too'(scope) {
    const rule = { rule: 'oldSelf.hasValue() || self.n == 0', optionalOldSelf: true, message: 'begins at 0' };
    await withRules(scope, { n: integer }, [rule], async (kind) => {
      assert.deepEqual(await create(scope, kind, { n: 1 }), ['spec: Invalid value: "object": begins at 0']);
      assert.deepEqual(await change(scope, kind, { n: 0 }, { n: 5 }), []);
    });
  },
  async 'items of keyed lists are compared with their old selves'(scope) {
    const list = {
      type: 'array',
      maxItems: 10,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: text, size: integer },
        'x-kubernetes-validations': [{ rule: 'self.size >= oldSelf.size', message: 'cannot shrink' }],
      },
    };
    await withWidgets(
      scope,
      { properties: { spec: { type: 'object', properties: { list } } } },
      async (kind) => {
        const before = {
          list: [
            { name: 'a', size: 2 },
            { name: 'b', size: 2 },
          ],
        };
        assert.deepEqual(
          await change(scope, kind, before, {
            list: [
              { name: 'b', size: 1 },
              { name: 'a', size: 3 },
            ],
          }),
          ['spec.list[0]: Invalid value: "object": cannot shrink'],
        );
        assert.deepEqual(await change(scope, kind, before, { list: [{ name: 'c', size: 1 }] }), []);
      },
    );
  },
  async 'rules on map values name the key'(scope) {
    const sizes = {
      type: 'object',
      maxProperties: 10,
      additionalProperties: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0' }] },
    };
    await withWidgets(
      scope,
      { properties: { spec: { type: 'object', properties: { sizes } } } },
      async (kind) => {
        assert.deepEqual(await create(scope, kind, { sizes: { a: 1, b: 0 } }), [
          'spec.sizes[b]: Invalid value: "integer": failed rule: self > 0',
        ]);
      },
    );
  },
  async 'a rule at the root sees the name'(scope) {
    const version = {
      schema: {
        'x-kubernetes-validations': [
          { rule: "self.metadata.name.startsWith('good')", message: 'wrong name' },
        ],
      },
    };
    await withWidgets(scope, version, async (kind) => {
      const make = async (name: string) =>
        scope.api.create(kind.path, kind.make(name, {}), { dryRun: 'All' });
      expect(await make('good-one'), 201);
      assert.match(
        causes(expect(await make('bad-one'), 422, 'Invalid')).join(),
        /Invalid value: "object": wrong name/,
      );
    });
  },
  async 'a rule that failed before may go on failing while nothing changes'(scope) {
    const leaf = {
      type: 'object',
      properties: { n: integer },
      'x-kubernetes-validations': [{ rule: 'self.n < 100' }],
    };
    await withWidgets(
      scope,
      {
        properties: {
          spec: {
            type: 'object',
            properties: { leaf: { type: 'object', properties: { n: integer } }, other: text },
          },
        },
      },
      async (kind) => {
        const name = scope.name();
        expect(await scope.api.create(kind.path, kind.make(name, { leaf: { n: 500 } })), 201);
        const tighten = [
          {
            op: 'replace',
            path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/leaf',
            value: leaf,
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
          scope.api.create(kind.path, kind.make(scope.name(), { leaf: { n: 500 } }), { dryRun: 'All' });
        await eventually(strict, ({ status }) => status === 422, 'the new rule');
        expect(await scope.api.patch(`${kind.path}/${name}`, 'merge', { spec: { other: 'x' } }), 200);
        expect(
          await scope.api.patch(`${kind.path}/${name}`, 'merge', { spec: { leaf: { n: 501 } } }),
          422,
          'Invalid',
        );
      },
    );
  },
  async 'lists and strings have their functions'(scope) {
    const properties = { names: { type: 'array', maxItems: 10, items: text }, host: text };
    const validations = [
      'self.names.all(n, n.size() < 5)',
      'self.names.exists_one(n, n == "a")',
      "self.host.matches('^[a-z.]+$')",
      "self.host.split('.').size() == 2",
      'self.names.isSorted()',
    ];
    await withRules(scope, properties, validations, async (kind) => {
      assert.deepEqual(await create(scope, kind, { names: ['a', 'b'], host: 'a.b' }), []);
      assert.equal((await create(scope, kind, { names: ['b', 'a', 'a', 'toolong'], host: 'A' })).length, 5);
    });
  },
  async 'quantities, durations and addresses have theirs'(scope) {
    const properties = { memory: text, wait: { type: 'string', format: 'duration' }, net: text, link: text };
    const validations = [
      "quantity(self.memory).isGreaterThan(quantity('1Gi'))",
      "self.wait > duration('1m')",
      "cidr(self.net).containsIP('10.1.2.3')",
      "url(self.link).getHost() == 'example.com'",
    ];
    await withRules(scope, properties, validations, async (kind) => {
      assert.deepEqual(
        await create(scope, kind, {
          memory: '2Gi',
          wait: '1h',
          net: '10.0.0.0/8',
          link: 'https://example.com/a',
        }),
        [],
      );
      assert.equal(
        (
          await create(scope, kind, {
            memory: '1M',
            wait: '1s',
            net: '11.0.0.0/8',
            link: 'https://example.org/a',
          })
        ).length,
        4,
      );
    });
  },
  async 'names that CEL cannot say are escaped'(scope) {
    await withRules(
      scope,
      { 'a-b': integer, namespace: text },
      ['self.a__dash__b > 0', "self.__namespace__ != ''"],
      async (kind) => {
        assert.deepEqual(await create(scope, kind, { 'a-b': 1, namespace: 'x' }), []);
        assert.equal((await create(scope, kind, { 'a-b': 0, namespace: '' })).length, 2);
      },
    );
  },
};
