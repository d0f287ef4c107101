/** Held against the serializer that `pg` uses: the same bytes for every statement and value. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { serialize } from 'pg-protocol';
import { createMessages } from './messages.ts';

const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
const value = fc.option(
  fc.oneof(
    text,
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  ),
);

test('messages are those of pg, however long and in whatever alphabet', () => {
  fc.assert(
    fc.property(text, text, fc.array(value), (name, query, values) => {
      const messages = createMessages(1);
      messages.parse(name, query);
      messages.bind(name, values);
      messages.describe();
      messages.execute();
      messages.close(name);
      messages.sync();
      const theirs = Buffer.concat([
        serialize.parse({ name, text: query }),
        serialize.bind({ statement: name, values: [...values] }),
        serialize.describe({ type: 'P', name: '' }),
        serialize.execute({}),
        serialize.close({ type: 'S', name }),
        serialize.sync(),
      ]);
      assert.equal(messages.take().toString('hex'), theirs.toString('hex'));
    }),
  );
});
