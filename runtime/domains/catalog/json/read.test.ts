import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { ShopError } from '../../../platform/errors.ts';
import { entriesOf, type JsonRead } from './read.ts';

/** @param cuts where the bytes are divided, in thousandths of them */
async function readAll(text: string | Buffer, cuts: readonly number[] = []): Promise<JsonRead[]> {
  const bytes = Buffer.from(text);
  const at = [0, ...cuts.map((cut) => Math.floor((cut * bytes.length) / 1_000)).toSorted((a, b) => a - b)];
  const chunks = at.map((from, index) => bytes.subarray(from, at[index + 1] ?? bytes.length));
  const seen: Buffer[] = [];
  const entries: JsonRead[] = [];
  for await (const entry of entriesOf(Readable.from(chunks, { objectMode: true }), (chunk) =>
    seen.push(chunk),
  ))
    entries.push(entry);
  assert.deepEqual(Buffer.concat(seen), bytes, 'whoever watches sees every byte');
  return entries;
}

const products = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), {
  minLength: 1,
  maxLength: 8,
});
const cuts = fc.array(fc.nat({ max: 1_000 }), { maxLength: 6 });

test('any values are read as they were written, as lines or as an array, wherever the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(products, cuts, fc.constantFrom(0, 2), async (values, where, indent) => {
      const same = JSON.parse(JSON.stringify(values)) as unknown[];
      const lines = ` \n${values.map((value) => JSON.stringify(value)).join('\n')}`;
      assert.deepEqual(
        await readAll(lines, where),
        same.map((value, index) => ({ line: index + 2, value })),
      );
      const array = await readAll(`\n ${JSON.stringify(values, null, indent)}\n`, where);
      assert.deepEqual(
        array.map((entry) => ('value' in entry ? entry.value : entry)),
        same,
      );
    }),
  );
});

test('each value is told with the line it begins on', async () => {
  const text = '[\n  {"a":\n 1},\n\n  {"b": "x\\"]"}, {"c": 3}\n]\n';
  assert.deepEqual(await readAll(text), [
    { line: 2, value: { a: 1 } },
    { line: 5, value: { b: 'x"]' } },
    { line: 5, value: { c: 3 } },
  ]);
  assert.deepEqual(await readAll('{"a":1}\r\n\r\n{"b":2}'), [
    { line: 1, value: { a: 1 } },
    { line: 3, value: { b: 2 } },
  ]);
});

test('a line that is no JSON is told, and the next is read', async () => {
  const [first, second, third] = await readAll('{"a":1}\n{"a":\n{"b":2}\n');
  assert.deepEqual(first, { line: 1, value: { a: 1 } });
  assert.ok(second && 'problems' in second);
  assert.equal(second.problems[0]?.line, 2);
  assert.match(second.problems[0]?.what ?? '', /^This is not JSON: /);
  assert.deepEqual(third, { line: 3, value: { b: 2 } });
});

test('an array without a product is one, and a comma too many is told', async () => {
  assert.deepEqual(await readAll('[]'), []);
  const [, second] = await readAll('[{"a":1},,{"b":2}]');
  assert.ok(second && 'problems' in second);
});

for (const [what, text, message] of [
  ['nothing', '', /The JSON is empty\./],
  ['space', ' \n ', /The JSON is empty\./],
  ['an array that breaks off', '[{"a":1},\n{"b"', /The JSON breaks off in line 2\./],
  ['a text that breaks off', '[{"a":"1}]', /The JSON breaks off in line 1\./],
  ['something behind an array', '[{"a":1}]\nx', /The JSON goes on after its end in line 2\./],
  ['what is too deep', `[${'['.repeat(40)}`, /is deeper than 32 levels/],
  ['what is too long', `{"a":"${'x'.repeat(5_000_000)}`, /line 1 is longer/],
  ['what is not UTF-8', Buffer.from([0x5b, 0xff, 0x5d]), /The file is not UTF-8\./],
] as const)
  test(`${what} is refused`, async () => {
    await assert.rejects(readAll(text), (error) => {
      assert.ok(error instanceof ShopError);
      assert.equal(error.code, 'invalid_input');
      assert.match(error.message, message);
      return true;
    });
  });
