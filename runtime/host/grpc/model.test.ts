import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { DomainDefinition } from '../../platform/definition.ts';
import { catalog } from '../../domains/catalog/definition.ts';
import { readApi } from '../shapes/api.ts';
import { textOf } from './descriptor.ts';
import { grpcModel, type Numbers } from './model.ts';
import { askedBy } from './values.ts';

/** A domain with one route that takes this. */
function domainWith(body: z.ZodObject): DomainDefinition {
  const route = {
    id: 'changeThing',
    method: 'PATCH',
    path: '/api/things/{id}',
    summary: 'Change a thing.',
    audience: 'merchant',
    params: z.object({ id: z.string() }),
    query: z.object({
      ids: z
        .string()
        .transform((text) => text.split(','))
        .pipe(z.array(z.string()))
        .optional(),
    }),
    body,
    response: z.object({ count: z.int().max(10) }),
  } as const;
  return { ...catalog, name: 'things', summary: 'Things.', entities: [], routes: [route] };
}

async function modelOf(body: z.ZodObject, known: Numbers = {}) {
  const domains = [domainWith(body)];
  return grpcModel(await readApi(domains), domains, known);
}

test('a number that a field had is its own for ever: what is new gets the next, what is gone leaves its number behind', async () => {
  const before = await modelOf(z.object({ first: z.string(), second: z.string() }));
  assert.match(textOf(before.file, ''), /string first = 1;\n {2}string second = 2;/);
  const changed = await modelOf(z.object({ zero: z.string(), second: z.string() }), before.numbers);
  assert.match(textOf(changed.file, ''), /reserved 1;\n {2}string zero = 3;\n {2}string second = 2;/);
  const again = await modelOf(z.object({ first: z.string(), second: z.string() }), changed.numbers);
  assert.match(textOf(again.file, ''), /reserved 3;\n {2}string first = 1;\n {2}string second = 2;/);
});

test('what is left out, what is emptied and what is given are three things', async () => {
  const body = z.object({
    name: z.string().nullish(),
    tags: z.array(z.string()).optional(),
    size: z.int().nullable(),
  });
  const [call] = (await modelOf(body)).calls.filter(({ operation }) => operation.domain === 'things');
  assert.ok(call);
  const bodyFor = (input: object): unknown =>
    askedBy(call.operation, { id: 'a', input: { tags: [], cleared: [], ...input } }).body;
  assert.deepEqual(bodyFor({}), { size: null });
  assert.deepEqual(bodyFor({ name: '', tags: ['x'], size: 1 }), { name: '', tags: ['x'], size: 1 });
  assert.deepEqual(bodyFor({ cleared: ['name', 'tags'] }), { name: null, tags: [], size: null });
  assert.deepEqual(askedBy(call.operation, { id: 'a', ids: ['x', 'y'] }).query, { ids: 'x,y' });
  assert.deepEqual(askedBy(call.operation, { id: 'a', ids: [] }).query, {});
});

test('a field that gRPC needs for itself is told of when it is drawn', async () => {
  await assert.rejects(modelOf(z.object({ cleared: z.string(), name: z.string().nullish() })), /rename it/);
});
