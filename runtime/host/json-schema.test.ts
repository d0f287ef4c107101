import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { z, type ZodType } from 'zod';
import { catalog } from '../domains/catalog/definition.ts';
import { flag } from '../platform/flag.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { openApiOf } from './openapi.ts';

const drawn = (schema: ZodType, io: 'input' | 'output' = 'input') =>
  jsonSchemaOf(schema, io, 'shop.ask body');
const refused = (schema: ZodType, what: RegExp, io: 'input' | 'output' = 'input') =>
  assert.throws(() => drawn(schema, io), what);

test('what a schema accepts is what its drawing accepts', () => {
  const schemas: readonly [ZodType, fc.Arbitrary<unknown>][] = [
    [z.int().min(-3).max(9).multipleOf(3), fc.oneof(fc.integer({ min: -6, max: 12 }), fc.double())],
    [z.number().gt(1).lt(2), fc.double({ min: 0, max: 3, noNaN: true })],
    [
      z
        .string()
        .regex(/^[a-z]+$/)
        .min(2)
        .max(4),
      fc.stringMatching(/^[a-zA-Z]{0,6}$/),
    ],
    [z.string().regex(/^\p{L}+$/u), fc.string({ unit: 'grapheme', maxLength: 4 })],
    [
      z.array(z.boolean()).min(1).max(2),
      fc.array(fc.constantFrom<unknown>(true, false, 'x'), { maxLength: 4 }),
    ],
    [
      z.strictObject({ a: z.enum(['x', 'y']), b: z.null().optional() }),
      fc.record(
        { a: fc.constantFrom('x', 'y', 'z'), b: fc.constantFrom(null, 1), c: fc.nat() },
        { requiredKeys: [] },
      ),
    ],
    [z.string().pipe(z.string().length(3)), fc.string({ maxLength: 5 })],
  ];
  const ajv = new Ajv2020({ strict: false });
  for (const [schema, values] of schemas) {
    const accepts = ajv.compile(drawn(schema));
    fc.assert(fc.property(values, (value) => schema.safeParse(value).success === accepts(value)));
  }
});

test('a pattern whose flags would be lost is refused by its place', () => {
  refused(
    z.strictObject({ lines: z.array(z.strictObject({ code: z.string().regex(/^[a-z]+$/i) })) }),
    /^Undrawable: shop\.ask body\.lines\.code has a pattern with flags, which would be lost: \/\^\[a-z\]\+\$\/i$/,
  );
  for (const flags of ['m', 's', 'v', 'iu'])
    refused(z.string().regex(new RegExp('^a$', flags)), /with flags/);
  refused(z.string().regex(new RegExp('^\\-$')), /is none where it is read as Unicode/);
});

test('a refinement is said in words, and one without words is refused', () => {
  const said = drawn(z.strictObject({ a: z.array(z.int()).refine(() => true, 'each once') }));
  assert.equal((said['properties'] as { a: { description: string } }).a.description, 'each once'); // as drawn above
  const twice = z
    .strictObject({})
    .refine(() => true, 'one')
    .refine(() => true, { message: 'two', path: ['a'] })
    .optional();
  assert.match(JSON.stringify(drawn(z.strictObject({ a: twice }))), /"description":"one; two"/);
  refused(
    z.strictObject({ a: z.string().refine(() => true) }),
    /shop\.ask body\.a has a refinement without words/,
  );
  refused(z.strictObject({ a: z.string().superRefine(() => undefined) }), /without words/);
});

test('what becomes something else before it is looked at is drawn as it is written, or refused', () => {
  assert.equal(drawn(z.string().trim().toLowerCase().pipe(z.email()))['format'], 'email');
  const list = z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.string().max(9)).max(3));
  assert.deepEqual(drawn(list), { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 9 } });
  const code = z
    .string()
    .max(40)
    .transform((text) => text.replaceAll('-', ''))
    .pipe(z.string().regex(/^[A-Z]{4}$/));
  assert.deepEqual(drawn(code), { type: 'string', maxLength: 40 });
  assert.deepEqual(drawn(flag()), { type: 'boolean' });
  refused(z.stringbool(), /other words than true and false/);
  refused(z.stringbool({ truthy: ['true'], falsy: ['false'] }), /other words than true and false/);
  refused(z.string().transform(Number).pipe(z.int().max(5)), /becomes integer of text/);
});

test('what JSON Schema has no word for is refused', () => {
  for (const schema of [z.date(), z.bigint(), z.set(z.string()), z.custom<string>(), z.symbol()])
    refused(schema, /cannot be said in JSON Schema/);
  refused(z.string().transform(Number), /cannot be said in JSON Schema/, 'output');
  refused(z.strictObject({}).and(z.strictObject({})), /is two things at once/);
  interface Tree {
    readonly inner?: Tree | undefined;
  }
  const tree: ZodType<Tree> = z.lazy(() => z.strictObject({ inner: tree.optional() }));
  refused(tree, /refers to itself/);
});

test('generation fails by the name of the route, and of the part of it', () => {
  const route = {
    id: 'ask',
    method: 'GET',
    path: '/api/shop/things',
    summary: 'Ask.',
    audience: 'shopper',
    query: z.strictObject({ q: z.string().regex(/x/i).optional() }),
  } as const;
  const domain = { ...catalog, name: 'shop', routes: [route] };
  assert.throws(() => openApiOf([domain]), /^Undrawable: shop\.ask query\.q has a pattern with flags/);
});
