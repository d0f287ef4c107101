import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import fc from 'fast-check';
import { importedFrom } from './imported-from.ts';

/** As it comes by a connection: cut anywhere. */
function cut(bytes: Buffer, places: readonly number[]): Readable {
  const marks = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  );
  return Readable.from(
    marks.slice(1).map((mark, at) => bytes.subarray(marks[at], mark)),
    { objectMode: false },
  );
}

const places = fc.array(fc.nat(), { maxLength: 8 });

test('a file passes as it was sent, however it is cut', async () => {
  const begins = fc.constantFrom<[string, string]>(
    ['text/csv', 'Handle,Title\n'],
    ['application/x-ndjson; charset=utf-8', '{"handle":"é"}\n'],
    ['application/json', ' \n ['],
    ['application/json', '\uFEFF[{}'],
  );
  await fc.assert(
    fc.asyncProperty(begins, fc.uint8Array({ maxLength: 5_000 }), places, async ([type, begin], rest, at) => {
      const bytes = Buffer.concat([Buffer.from(begin), rest]);
      const from = await importedFrom(cut(bytes, at), type);
      assert.ok('file' in from);
      assert.deepEqual(await buffer(from.file), bytes);
    }),
  );
});

test('an object says where the file lies, however it is cut', async () => {
  const source = 'acme/catalog.csv';
  await fc.assert(
    fc.asyncProperty(places, fc.nat(900), async (at, space) => {
      const bytes = Buffer.from(`${' '.repeat(space)}${JSON.stringify({ source })}`);
      assert.deepEqual(await importedFrom(cut(bytes, at), 'application/json'), { source });
    }),
  );
});

test('what is no import is refused, and of an object no more is read than a source can be', async () => {
  let read = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) {
        read += 1_000;
        yield Buffer.from(`{"source":"${'x'.repeat(989)}`);
      }
    })(),
    { objectMode: false, highWaterMark: 1_000 },
  );
  const cases: readonly (readonly [Readable, string | undefined, string])[] = [
    [cut(Buffer.alloc(0), []), 'text/csv', 'invalid_input'],
    [cut(Buffer.alloc(0), []), 'application/json', 'invalid_input'],
    [cut(Buffer.from('{"source":1}'), []), 'application/json', 'invalid_input'],
    [cut(Buffer.from('{'), []), 'application/json', 'invalid_input'],
    [cut(Buffer.from('x'), []), 'image/png', 'unsupported_media_type'],
    [cut(Buffer.from('x'), []), undefined, 'unsupported_media_type'],
    [endless, 'application/json', 'invalid_input'],
  ];
  for (const [body, type, code] of cases) await assert.rejects(importedFrom(body, type), { code });
  assert.ok(read < 40_000, `${read} bytes were read`);
});

test('whoever breaks off ends the file with an error, and not as if it were whole', async () => {
  for (const rows of [1, 10_000]) {
    const broken = Readable.from(
      (function* () {
        for (let row = 0; row < rows; row += 1) yield Buffer.from('a,b\n');
        throw new Error('the sender is gone');
      })(),
      { objectMode: false },
    );
    const read = async (): Promise<unknown> => {
      const from = await importedFrom(broken, 'text/csv');
      return 'file' in from ? buffer(from.file) : from;
    };
    await assert.rejects(read, /the sender is gone/);
  }
});
