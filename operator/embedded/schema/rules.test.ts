import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignName, forEvaluator, withGeneralHas } from './cel-rewrite.ts';
import { ruleErrors, validateRules } from './rules.ts';
import type { JsonObject, Schema, ValidationRule } from './schema.ts';

function withRules(
  properties: Readonly<Record<string, Schema>>,
  ...rules: (string | ValidationRule)[]
): Schema {
  const validations = rules.map((rule) => (typeof rule === 'string' ? { rule } : rule));
  return {
    type: 'object',
    properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': validations } },
  };
}

function messages(schema: Schema, spec: JsonObject, old?: JsonObject): string[] {
  assert.deepEqual(ruleErrors(schema, 'schema'), []);
  return validateRules({ spec }, schema, old === undefined ? undefined : { spec: old }).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

const integer: Schema = { type: 'integer' };
const text: Schema = { type: 'string' };

/** Each expression holds for the given spec. */
const truths: readonly (readonly [string, Readonly<Record<string, Schema>>, JsonObject])[] = [
  ['self.n + 1 == 3', { n: integer }, { n: 2 }],
  ['self.d > 1.5', { d: { type: 'number' } }, { d: 2 }],
  ['self.d > 1', { d: { type: 'number' } }, { d: 1.5 }],
  ["type(self.n) == int && self.s == 'x'", { n: integer, s: text }, { n: 1, s: 'x' }],
  [
    'self.l.sum() == 6 && self.l.max() == 3 && self.l.indexOf(2) == 1',
    { l: { type: 'array', items: integer } },
    { l: [1, 2, 3] },
  ],
  [
    "self.m.all(k, self.m[k] > 0) && 'a' in self.m",
    { m: { type: 'object', additionalProperties: integer } },
    { m: { a: 1 } },
  ],
  [
    "!has(self.m['a'].x)",
    { m: { type: 'object', additionalProperties: { type: 'object', properties: { x: integer } } } },
    { m: { a: {} } },
  ],
  [
    'has(self.o.x) && self.o == self.o',
    { o: { type: 'object', properties: { x: integer } } },
    { o: { x: 1 } },
  ],
  [
    'self.l.exists_one(i, i == self.l[0])',
    { l: { type: 'array', items: { type: 'object', properties: { x: integer } } } },
    { l: [{ x: 1 }, { x: 2 }] },
  ],
  ['self.p == 80', { p: { 'x-kubernetes-int-or-string': true } }, { p: 80 }],
  ["self.p == '80%'", { p: { 'x-kubernetes-int-or-string': true } }, { p: '80%' }],
  [
    "self.t < timestamp('2030-01-01T00:00:00Z')",
    { t: { type: 'string', format: 'date-time' } },
    { t: '2026-01-01T00:00:00Z' },
  ],
  ["self.t == duration('90s')", { t: { type: 'string', format: 'duration' } }, { t: '1m30s' }],
  ["self.b == b'hello'", { b: { type: 'string', format: 'byte' } }, { b: 'aGVsbG8=' }],
  [
    'self.a__dash__b == 1 && self.__namespace__ == 2 && self.x__dot__y == 3',
    { 'a-b': integer, namespace: integer, 'x.y': integer },
    { 'a-b': 1, namespace: 2, 'x.y': 3 },
  ],
  [
    "self.s.split('.')[1] == 'b' && self.s.replace('.', '-') == 'a-b' && self.s.find('[a-z]') == 'a'",
    { s: text },
    { s: 'a.b' },
  ],
  ["'%s=%d'.format(['a', self.n]) == 'a=1'", { n: integer }, { n: 1 }],
  ["quantity(self.q).add(quantity('1Gi')).compareTo(quantity('2Gi')) == 0", { q: text }, { q: '1024Mi' }],
  [
    "isURL(self.u) && url(self.u).getPort() == '443' && url(self.u).getQuery()['a'] == ['b']",
    { u: text },
    { u: 'https://x.y:443/z?a=b' },
  ],
  [
    "cidr(self.c).containsCIDR('10.1.0.0/16') && !cidr(self.c).containsIP('11.0.0.1')",
    { c: text },
    { c: '10.0.0.0/8' },
  ],
  ["sets.intersects(self.l, ['b'])", { l: { type: 'array', items: text } }, { l: ['a', 'b'] }],
  ['!format.dns1123Label().validate(self.s).hasValue()', { s: text }, { s: 'good-name' }],
  ["semver(self.s).isGreaterThan(semver('1.9.9'))", { s: text }, { s: '1.10.0' }],
  ["self.s.matches('(?i)^[[:alpha:]]+$')", { s: text }, { s: 'ABC' }],
  ['self.?missing.orValue(7) == 7', { missing: integer }, {}],
];

for (const [rule, properties, spec] of truths)
  test(`${rule} holds for ${JSON.stringify(spec)}`, () =>
    assert.deepEqual(messages(withRules(properties, rule), spec), []));

test('a failing rule is reported with its text, or what the author wrote', () => {
  assert.deepEqual(messages(withRules({ n: integer }, 'self.n > 5'), { n: 1 }), [
    'spec: Invalid value: "object": failed rule: self.n > 5',
  ]);
  const rule = {
    rule: 'self.n > 5',
    messageExpression: "'n is ' + string(self.n)",
    reason: 'FieldValueForbidden',
    fieldPath: '.n',
  };
  assert.deepEqual(messages(withRules({ n: integer }, rule), { n: 1 }), ['spec.n: Forbidden: n is 1']);
});

test('a message that cannot be made gives way to the rule', () => {
  const rule = { rule: 'self.n > 5', messageExpression: 'self.s' };
  assert.deepEqual(messages(withRules({ n: integer, s: text }, rule), { n: 1 }), [
    'spec: Invalid value: "object": failed rule: self.n > 5',
  ]);
});

test('transition rules wait for an old value', () => {
  const schema = withRules({ a: text }, { rule: 'self.a == oldSelf.a', message: 'immutable' });
  assert.deepEqual(messages(schema, { a: 'x' }), []);
  assert.deepEqual(messages(schema, { a: 'x' }, { a: 'x' }), []);
  assert.deepEqual(messages(schema, { a: 'y' }, { a: 'x' }), ['spec: Invalid value: "object": immutable']);
});

test('an unchanged value that breaks a rule is let pass, a changed one is not', () => {
  const schema = withRules({ n: integer, other: text }, 'self.n > 5');
  assert.deepEqual(messages(schema, { n: 1 }, { n: 1 }), []);
  assert.equal(messages(schema, { n: 1, other: 'x' }, { n: 1 }).length, 1);
});

test('errors of the language are found when the definition is made', () => {
  const errors = (rule: string): string =>
    ruleErrors(withRules({ n: integer, s: text }, rule), 'schema')[0]?.message ?? '';
  assert.match(
    errors('self.nothing > 1'),
    /compilation failed: ERROR: <input>:1:5: undefined field 'nothing'\n \| self\.nothing > 1\n \| \.{4}\^/,
  );
  assert.match(
    errors('self.n + self.s > 1'),
    /found no matching overload for '_\+_' applied to '\(int, string\)'/,
  );
  assert.match(errors('self.n ='), /Syntax error/);
  assert.match(errors('self.n'), /cel expression must evaluate to a bool/);
  assert.match(errors('unknown > 1'), /undeclared reference to 'unknown'/);
});

test('oldSelf cannot be used where items have no identity', () => {
  const list: Schema = {
    type: 'array',
    items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
  };
  const schema: Schema = { type: 'object', properties: { spec: { type: 'object', properties: { list } } } };
  assert.match(
    ruleErrors(schema, 'schema')[0]?.message ?? '',
    /oldSelf cannot be used on the uncorrelatable portion of the schema within schema\.properties\[spec\]\.properties\[list\]/,
  );
});

test('has() of anything that is no chain of names is said another way, outside of texts', () => {
  assert.equal(withGeneralHas('has(a.b)'), 'has(a.b)');
  assert.equal(withGeneralHas('has(a[k].b) && c'), '(a[k]).?b.hasValue() && c');
  assert.equal(withGeneralHas('x == "has(a[k].b)"'), 'x == "has(a[k].b)"');
  assert.equal(withGeneralHas("has(a['x)'].b)"), "(a['x)']).?b.hasValue()");
  assert.equal(withGeneralHas('a.exists(x, has(x.l[0].c))'), 'a.exists(x, (x.l[0]).?c.hasValue())');
});

test('what only this evaluator has is refused as on any server', () => {
  assert.equal(foreignName('cel.bind(x, 1, x == 1)'), 'cel');
  assert.equal(foreignName("self == 'cel.bind'"), undefined);
  const error = (rule: string): string =>
    ruleErrors(withRules({ n: integer, s: text }, rule), 'schema')[0]?.message ?? '';
  assert.match(error('cel.bind(x, self.n, x > 1)'), /undeclared reference to 'cel'/);
  assert.notEqual(error("self.s.reverse() == 'x'"), '');
});

test('matches() is Go’s, also in error messages', () => {
  assert.equal(forEvaluator("a.matches('.matches(') && matches"), "a.matchesGo('.matches(') && matches");
  assert.match(
    ruleErrors(withRules({ n: integer }, "self.n.matches('x')"), 'schema')[0]?.message ?? '',
    /int\.matches\(string\)/,
  );
});
