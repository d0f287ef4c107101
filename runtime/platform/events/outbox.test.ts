import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ShopError } from '../errors.ts';
import type { NewEvent } from '../ports.ts';
import { keyOf, linesOf, rowsOf, written, type PromisedEvent } from './outbox.ts';

const text = fc.string({ unit: 'grapheme' }).filter((some) => some.isWellFormed() && !some.includes('\0'));
const event: fc.Arbitrary<NewEvent> = fc
  .record({
    topic: fc.constantFrom('a.one', 'b.two'),
    type: fc.constantFrom('a.one.done', 'b.two.done'),
    key: text,
    payload: fc.oneof(
      fc.record({ text, n: fc.integer() }, { noNullPrototype: true }),
      fc.constant({ text: 'é'.repeat(5_000) }),
      fc.constant(null),
    ),
    trace: fc.option(fc.constant('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'), {
      nil: undefined,
    }),
  })
  .map(({ trace, ...rest }) => (trace === undefined ? rest : { ...rest, trace }));

test('what is read from the rows is what was emitted, in its order, and a row holds one topic', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let ids = 0;
      const rows = rowsOf(events.map(written), (prefix) => `${prefix}_${ids++}`);
      const read = rows.flatMap(({ topic, events: json, size, id }) => {
        const list: PromisedEvent[] = JSON.parse(json);
        assert.deepEqual([list.length, list[0]?.id], [size, id]);
        return list.map((each) => ({ topic, ...each }));
      });
      assert.deepEqual(
        read,
        events.map(({ topic, type, key, payload, trace }, n) => ({
          topic,
          key,
          id: `evt_${n}`,
          type,
          data: payload,
          ...(trace === undefined ? {} : { trace }),
        })),
      );
    }),
  );
});

test('the lines of a row are its events without their keys, whoever laid out the text', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 10 }), (events) => {
      let ids = 0;
      for (const { events: json } of rowsOf(events.map(written), (prefix) => `${prefix}_${ids++}`)) {
        const list: PromisedEvent[] = JSON.parse(json);
        for (const text of [json, JSON.stringify(list), JSON.stringify(list, undefined, 2)])
          assert.deepEqual(
            linesOf(text).map((line) => {
              const { key, rest } = keyOf(line);
              return { key, ...JSON.parse(`{"place":0${rest}`) };
            }),
            list.map((each) => ({ place: 0, ...each })),
          );
      }
    }),
  );
});

test('many small events share a row, and no row outgrows a page of the table', () => {
  let ids = 0;
  const events = Array.from({ length: 200 }, (_, n) =>
    written({ topic: 'a.one', type: 'a.one.done', key: `k${n}`, payload: { filler: 'x'.repeat(160) } }),
  );
  const rows = rowsOf(events, () => `evt_${ids++}`);
  assert.ok(rows.length < 10, `${rows.length} rows`);
  for (const row of rows) assert.ok(row.events.length < 8_000, `${row.events.length} characters`);
});

test('text that the database cannot keep is refused where it is emitted, and text that only looks like it is not', () => {
  const emit = (key: string, payload: unknown) => written({ topic: 't', type: 't.x', key, payload });
  for (const [key, payload] of [
    ['k', { text: 'a\0b' }],
    ['k', { text: 'half: \ud83d' }],
    ['k', { 'na\0me': 1 }],
    ['k\0', {}],
    ['k\udc00', {}],
  ] as const)
    assert.throws(
      () => emit(key, payload),
      (error) => error instanceof ShopError && error.code === 'invalid_input',
    );
  assert.equal(emit('k', { text: String.raw`\u0000 🦊` }).payload, String.raw`{"text":"\\u0000 🦊"}`);
});
