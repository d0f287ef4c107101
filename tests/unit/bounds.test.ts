/**
 * Whatever a route or a socket takes has a bound of its own: each text, list and map. The size of a body is one too, but a wide one, and says
 * nothing of what becomes of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z, type ZodType } from 'zod';
import { DOMAINS } from '../../runtime/domains/index.ts';
import { HOST_ROUTES } from '../../runtime/host/definition.ts';

/** What it asks for has types of its own, by which GraphQL judges it. */
const JUDGED_ELSEWHERE = new Set(['runGraphql body.variables']);

test('each text, list and map that a route or a socket takes has a bound', () => {
  const inputs = [
    ...[...DOMAINS.flatMap(({ routes }) => routes), ...HOST_ROUTES].flatMap(({ id, params, query, body }) =>
      Object.entries({ params, query, body }).map(([part, schema]) => [`${id} ${part}`, schema] as const),
    ),
    ...DOMAINS.flatMap(({ sockets = [] }) => sockets).flatMap(({ id, hears }) =>
      Object.entries(hears).map(([t, schema]) => [`${id} ${t}`, schema] as const),
    ),
  ];
  const found = inputs.flatMap(([place, schema]) =>
    schema === undefined || typeof schema === 'string' ? [] : [...unboundedIn(schema, place)],
  );
  assert.ok(inputs.length > 500);
  assert.deepEqual(found, []);
});

test('what has no bound is found by its place', () => {
  const schema = z.strictObject({
    word: z.string(),
    name: z.string().max(10),
    code: z.string().regex(/^a{3}$/),
    tail: z.string().regex(/^a+$/),
    list: z.array(z.string().max(1)).max(2),
    lists: z.array(z.array(z.int())).max(2),
    map: z.record(z.string().max(1), z.int()),
    few: z.record(z.string().max(1), z.int()).refine((all) => Object.keys(all).length < 3),
    named: z.partialRecord(z.enum(['a', 'b']), z.int()),
    either: z.union([z.int(), z.string()]).optional(),
    flag: z.stringbool(),
    any: z.unknown(),
  });
  assert.deepEqual(
    [...unboundedIn(schema, 'x')],
    ['x.word', 'x.tail', 'x.lists[]', 'x.map', 'x.either', 'x.any'],
  );
});

/** As far as a schema of zod says what it is made of. */
interface Def {
  readonly type: string;
  readonly shape?: Readonly<Record<string, ZodType>>;
  readonly element?: ZodType;
  readonly keyType?: ZodType;
  readonly valueType?: ZodType;
  readonly checks?: readonly unknown[];
  readonly options?: readonly ZodType[];
  readonly items?: readonly ZodType[];
  readonly in?: ZodType;
  readonly out?: ZodType;
  readonly innerType?: ZodType;
}

const defOf = (schema: ZodType): Def => schema._zod.def as unknown as Def; // every kind of schema has some of these

function* unboundedIn(schema: ZodType, place: string): Iterable<string> {
  if (JUDGED_ELSEWHERE.has(place)) return;
  const def = defOf(schema);
  if (def.type === 'string' && !isBounded(schema)) yield place;
  if (def.type === 'unknown' || def.type === 'any') yield place;
  if (
    def.type === 'array' &&
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).maxItems === undefined
  )
    yield place;
  if (
    def.type === 'record' &&
    (def.checks ?? []).length === 0 &&
    def.keyType &&
    defOf(def.keyType).type !== 'enum'
  )
    yield place;
  // Yes and no are two words.
  if (def.type === 'pipe' && def.out && defOf(def.out).type === 'boolean') return;
  for (const [name, inner] of Object.entries(def.shape ?? {})) yield* unboundedIn(inner, `${place}.${name}`);
  for (const inner of [def.element, def.valueType]) if (inner) yield* unboundedIn(inner, `${place}[]`);
  for (const inner of [def.keyType, def.in, def.innerType, ...(def.options ?? []), ...(def.items ?? [])])
    if (inner) yield* unboundedIn(inner, place);
}

/** By its length, or by a pattern that repeats nothing without end. */
function isBounded(schema: ZodType): boolean {
  const { maxLength, pattern, format } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  if (maxLength !== undefined || format === 'date-time' || format === 'date') return true;
  return pattern !== undefined && !/[*+]|,\}/.test(pattern.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/g, 'x'));
}
