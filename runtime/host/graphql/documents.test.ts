import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDocuments } from './documents.ts';

const document = (fields: number, name: string): string =>
  `{ ${Array.from({ length: fields }, (_, n) => `${name}${n}: b`).join(' ')} }`;

test('a document that comes again is not checked again', () => {
  const checked: string[] = [];
  const documents = createDocuments(({ loc }) => checked.push(loc?.source.body ?? ''));
  for (const text of ['{ a }', '{ b }', '{ a }', '{ b }']) documents.get(text);
  assert.deepEqual(checked, ['{ a }', '{ b }']);
});

test('whatever is sent, no more is kept than fits, and what was asked for last stays', () => {
  const most = 200_000;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 150 }), fc.constantFrom('a', 'b', 'c', 'd', 'e'))),
      (asked) => {
        let checks = 0;
        const documents = createDocuments(() => (checks += 1), most);
        for (const [fields, name] of asked) {
          documents.get(document(fields, name));
          assert.ok(documents.bytes > 0 && documents.bytes <= most, `${documents.bytes} bytes are kept`);
          const before = checks;
          documents.get(document(fields, name));
          assert.equal(checks, before, 'the last one is kept');
        }
      },
    ),
  );
});

test('what was sent by nobody for a while leaves, and not what is asked for all the time', () => {
  let checks = 0;
  const documents = createDocuments(() => (checks += 1), 2_000_000);
  documents.get('{ usual }');
  for (let n = 0; n < 500; n += 1) {
    documents.get(document(700, `x${n}y`));
    documents.get('{ usual }');
  }
  assert.equal(checks, 501);
  documents.get(document(700, 'x0y'));
  assert.equal(checks, 502, 'the first has left');
});

test('a text of which nothing can be made is not kept', () => {
  const documents = createDocuments(() => 0);
  assert.throws(() => documents.get('{'), /Syntax Error/);
  assert.equal(documents.bytes, 0);
});
