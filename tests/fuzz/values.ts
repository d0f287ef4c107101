/**
 * Values for a JSON schema: such as it wants, such as it wants but for one fault, and such as nobody wants.
 * As hypothesis-jsonschema does for Schemathesis, for the part of JSON Schema that zod writes.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { Schema } from './operations.ts';
import type { Random } from './random.ts';

/** Values that the schema accepts. Pure; the same schema object gives the same arbitrary. */
export function valuesOf(schema: Schema): Arbitrary<unknown> {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const arbitrary = make(schema);
  made.set(schema, arbitrary);
  return arbitrary;
}

const made = new WeakMap<Schema, Arbitrary<unknown>>();

function make(schema: Schema): Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom<unknown>(...schema['enum']);
  const either = schemasOf(schema['anyOf'] ?? schema['oneOf']);
  if (either.length > 0) return fc.oneof(...either.map(valuesOf));
  switch (schema['type']) {
    case 'string':
      return texts(schema);
    case 'integer':
      return integers(schema);
    case 'number':
      return numbers(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return arrays(schema);
    case 'object':
      return objects(schema);
    default:
      return fc.oneof(fc.constantFrom<unknown>('word', '7', 7, true, null), fc.jsonValue({ maxDepth: 2 }));
  }
}

const WORDS = fc.constantFrom(
  'one',
  'Two words',
  'tent',
  'Ünïcödé ☂',
  '7',
  'a',
  'Straße',
  '漢字かな',
  '🛒🛒',
);

function texts(schema: Schema): Arbitrary<string> {
  const least = numberIn(schema, 'minLength') ?? 0;
  const most = numberIn(schema, 'maxLength') ?? 200;
  // By characters, as the standard counts, and by UTF-16 units, as zod does.
  const fits = (text: string): boolean => [...text].length >= least && text.length <= most;
  const { format, pattern } = schema;
  if (format === 'email')
    return fc
      .tuple(fc.stringMatching(/^[a-z0-9]{1,12}$/), fc.constantFrom('example.com', 'mail.example.org'))
      .map(([name, host]) => `${name}@${host}`);
  if (format === 'date-time')
    return fc
      .integer({ min: Date.UTC(2025, 0), max: Date.UTC(2028, 0) })
      .map((at) => new Date(at).toISOString());
  if (format === 'uri') return fc.webUrl({ validSchemes: ['https'], size: 'xsmall' }).filter(fits);
  if (typeof pattern === 'string' && !pattern.startsWith('^\\P{Cc}')) return matching(pattern).filter(fits);
  const plain = fc.string({ unit: 'grapheme', minLength: least, maxLength: Math.min(most, least + 12) });
  const exact = fc.constantFrom(least, most).map((length) => 'x'.repeat(Math.min(length, 5_000)));
  return fc
    .oneof({ weight: 6, arbitrary: WORDS }, { weight: 3, arbitrary: plain }, { weight: 1, arbitrary: exact })
    .filter((text) => fits(text) && (pattern === undefined || !/\p{Cc}/u.test(text)));
}

function matching(pattern: string): Arbitrary<string> {
  const expression = new RegExp(pattern, 'u');
  // fast-check knows no lookahead; the only one in the documents keeps paths from beginning with two slashes.
  if (pattern.includes('(?!'))
    return fc.constantFrom('/', '/products/tent', '/a?b=c').filter((text) => expression.test(text));
  const known = patterns.get(pattern) ?? fc.stringMatching(expression);
  patterns.set(pattern, known);
  return known;
}

/** One for each pattern: fast-check takes up to a second for those that allow most of Unicode, and documents repeat them. */
const patterns = new Map<string, Arbitrary<string>>();

function integers(schema: Schema): Arbitrary<number> {
  const least = numberIn(schema, 'minimum') ?? (numberIn(schema, 'exclusiveMinimum') ?? -2) + 1;
  const most = Math.max(
    least,
    numberIn(schema, 'maximum') ?? (numberIn(schema, 'exclusiveMaximum') ?? 1_000_001) - 1,
  );
  const near = Math.max(least, Math.min(0, most));
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: near, max: Math.min(most, near + 100) }) },
    { weight: 1, arbitrary: fc.constantFrom(least, most) },
    { weight: 1, arbitrary: fc.integer({ min: least, max: most }) },
  );
}

function numbers(schema: Schema): Arbitrary<number> {
  const least = numberIn(schema, 'minimum') ?? numberIn(schema, 'exclusiveMinimum') ?? -1e6;
  const most = numberIn(schema, 'maximum') ?? numberIn(schema, 'exclusiveMaximum') ?? 1e6;
  return fc
    .double({ min: least, max: most, noNaN: true })
    .filter((value) => value !== schema['exclusiveMinimum'] && value !== schema['exclusiveMaximum'])
    .map((value) => (Object.is(value, -0) ? 0 : value));
}

function arrays(schema: Schema): Arbitrary<unknown[]> {
  const least = numberIn(schema, 'minItems') ?? 0;
  const most = Math.min(numberIn(schema, 'maxItems') ?? 4, least + 3);
  return fc.array(valuesOf(schemaIn(schema, 'items') ?? {}), { minLength: least, maxLength: most });
}

function objects(schema: Schema): Arbitrary<Record<string, unknown>> {
  const properties = propertiesOf(schema);
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const fixed = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, valuesOf(property)])),
    { requiredKeys: Object.keys(properties).filter((name) => required.has(name)) },
  );
  const more = schemaIn(schema, 'additionalProperties');
  if (more === undefined) return fixed.map((value) => ({ ...value }));
  const names = schemaIn(schema, 'propertyNames');
  const keys = (names === undefined ? fc.stringMatching(/^[a-z]{1,8}$/) : valuesOf(names)).map(String);
  return fc
    .tuple(fixed, fc.dictionary(keys, valuesOf(more), { maxKeys: 3 }))
    .map(([named, others]) => ({ ...others, ...named }));
}

/** The value with one thing about it that the schema forbids, as a rule: a hole, a stranger, another type, a border passed. */
export function broken(schema: Schema, value: unknown, random: Random): unknown {
  const places = placesIn(value);
  const place = random.pick(places);
  const at = schemaAt(schema, place);
  const former = valueAt(value, place);
  const fault = random.pick(FAULTS)(former, at, random);
  if (fault !== REMOVED) return withValue(value, place, fault);
  return place.length === 0 ? undefined : without(value, place);
}

const REMOVED = Symbol('removed');

type Fault = (former: unknown, schema: Schema | undefined, random: Random) => unknown;

const FAULTS: readonly Fault[] = [
  () => REMOVED,
  () => null,
  (_, schema) => beyond(schema),
  (former) => (typeof former === 'string' ? 7 : String(former)),
  (former) => [former],
  (former) => ({ ...(isObject(former) ? former : {}), stranger: 1 }),
  (_former, _schema, random) => random.pick(HOSTILE)(),
];

/** Just outside what the schema allows. */
function beyond(schema: Schema | undefined): unknown {
  if (schema === undefined) return 'unexpected';
  const longest = numberIn(schema, 'maxLength');
  if (longest !== undefined) return 'x'.repeat(longest + 1);
  const most = numberIn(schema, 'maximum');
  if (most !== undefined) return most + 1;
  const least = numberIn(schema, 'minimum');
  if (least !== undefined) return least - 1;
  const items = numberIn(schema, 'maxItems');
  if (items !== undefined) return Array.from({ length: items + 1 }, () => 'x');
  return schema['type'] === 'string' ? '' : -1;
}

/** What has broken servers before. Functions, because some are large. */
export const HOSTILE: readonly (() => unknown)[] = [
  () => '\u0000',
  () => 'a\u0000b',
  () => '\uD800',
  () => 'x\uDFFFy',
  () => '__proto__',
  () => 'constructor',
  () => 'toString',
  () => JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}}}'),
  () => 2 ** 31,
  () => -(2 ** 31) - 1,
  () => Number.MAX_SAFE_INTEGER,
  () => Number.MAX_SAFE_INTEGER + 1,
  () => 2 ** 63,
  () => -(2 ** 63),
  () => 1e308,
  () => -1,
  () => 0.1,
  () => -0,
  () => 1e-320,
  () => "'; DROP TABLE orders_orders; --",
  () => `' OR '1'='1`,
  () => '%_\\%',
  () => '<script>alert(1)</script>',
  () => '{{constructor.constructor("return process")()}}',
  () => '${7*7}{{7*7}}',
  () => '../../../../etc/passwd',
  () => 'file:///etc/passwd',
  () => 'http://169.254.169.254/latest/meta-data/',
  () => '\r\nX-Injected: yes',
  () => '\u202Eevil\u202C\uFEFF',
  () => 'İıſK',
  () => 'e\u0301'.repeat(200),
  () => 'x'.repeat(100_000),
  () => Array.from({ length: 5_000 }, (_, index) => index),
  () => Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${index}`, index])),
  () => nested(60),
  () => '9999-12-31T23:59:59.999Z',
  () => '0000-01-01T00:00:00Z',
  () => '-000001-01-01T00:00:00Z',
  () => '2024-02-30T00:00:00Z',
  () => 'NaN',
  () => 'Infinity',
  () => '1e999',
  () => '٣',
  () => '',
  () => ' ',
  () => [],
  () => ({}),
  () => true,
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

/** Puts something hostile at one place, where the schema would have none of it or does not say. */
export function hostile(value: unknown, random: Random): unknown {
  const place = random.pick(placesIn(value));
  return withValue(value, place, random.pick(HOSTILE)());
}

export type Place = readonly (string | number)[];

/** Every place in a value, the whole first. */
export function placesIn(value: unknown): Place[] {
  const places: Place[] = [[]];
  const visit = (at: unknown, place: Place): void => {
    const inside: [string | number, unknown][] = Array.isArray(at)
      ? at.map((item, index): [number, unknown] => [index, item])
      : isObject(at)
        ? Object.entries(at)
        : [];
    for (const [key, item] of inside.slice(0, 200)) {
      if (place.length > 20) return;
      places.push([...place, key]);
      visit(item, [...place, key]);
    }
  };
  visit(value, []);
  return places;
}

export function valueAt(value: unknown, place: Place): unknown {
  return place.reduce<unknown>(
    (at, key) =>
      isObject(at) || Array.isArray(at) ? (at as Record<string | number, unknown>)[key] : undefined, // either is indexed
    value,
  );
}

/** A copy with another value there. */
export function withValue(value: unknown, place: Place, next: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return next;
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? withValue(item, rest, next) : item));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === key ? withValue(item, rest, next) : item]),
  );
}

/** A copy in which nothing is there. */
export function without(value: unknown, place: Place): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return undefined;
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      index !== key ? [item] : rest.length === 0 ? [] : [without(item, rest)],
    );
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      name !== key ? [[name, item]] : rest.length === 0 ? [] : [[name, without(item, rest)]],
    ),
  );
}

/** What the schema says of that place, where it says it plainly. */
export function schemaAt(schema: Schema, place: Place): Schema | undefined {
  return place.reduce<Schema | undefined>((at, key) => {
    if (at === undefined) return undefined;
    const [only] = schemasOf(at['anyOf'] ?? at['oneOf']).filter(({ type }) => type !== 'null');
    const here = only ?? at;
    if (typeof key === 'number') return schemaIn(here, 'items');
    const properties = propertiesOf(here);
    return Object.hasOwn(properties, key) ? properties[key] : schemaIn(here, 'additionalProperties');
  }, schema);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function propertiesOf(schema: Schema): Readonly<Record<string, Schema>> {
  const { properties } = schema;
  return isObject(properties) ? (properties as Record<string, Schema>) : {}; // JSON Schema says so
}

function schemaIn(schema: Schema, name: string): Schema | undefined {
  const inner = schema[name];
  return isObject(inner) ? inner : undefined;
}

function schemasOf(list: unknown): Schema[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function numberIn(schema: Schema, name: string): number | undefined {
  const value = schema[name];
  return typeof value === 'number' ? value : undefined;
}
