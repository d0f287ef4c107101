import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { flag } from '../../platform/flag.ts';
import { createReader } from '../shapes/read.ts';
import { encode } from './codec.ts';

const place = { domain: 'test', parent: 'thing' };
const read = (schema: z.ZodType) => createReader(() => undefined).value(schema, 'input', place);

test('what GraphQL says becomes what the schema hears', () => {
  const cases: readonly [z.ZodType, unknown, unknown][] = [
    [z.enum(['price-asc', 'newest']), 'PRICE_ASC', 'price-asc'],
    [flag(), true, true],
    [z.enum(['true', 'false']), false, 'false'],
    [z.enum(['true']).optional(), false, undefined],
    [
      z
        .string()
        .transform((text) => text.split(','))
        .pipe(z.array(z.string())),
      ['a', 'b'],
      ['a', 'b'],
    ],
    [z.record(z.string(), z.string()), [{ key: 'Size', value: 'M' }], { Size: 'M' }],
    [z.object({ a: z.string().optional(), b: z.string().nullable() }), { a: null, b: null }, { b: null }],
    [
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('page-view'), path: z.string() }),
        z.object({ kind: z.literal('sale'), amount: z.int() }),
      ]),
      { pageView: { path: '/' } },
      { kind: 'page-view', path: '/' },
    ],
  ];
  for (const [schema, said, heard] of cases)
    assert.deepEqual(schema.parse(encode(said, read(schema))), heard);
});

test('of a choice exactly one is given', () => {
  const choice = read(
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
  );
  for (const given of [{}, { a: {}, b: {} }, { a: null }])
    assert.throws(() => encode(given, choice), /is exactly one of a, b\.$/);
});
