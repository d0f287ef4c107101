import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dueIn, overOf, signerOf, type KeyTimes } from './keys.ts';

const DAY = 24 * 60 * 60 * 1_000;
const at = (day: number): Date => new Date(Date.UTC(2026, 0, 1) + day * DAY);
const made = (...days: readonly number[]): KeyTimes[] =>
  days.map((day, index) => ({ generation: index + 1, made_at: at(day) }));

test('the first key signs at once, each other when it has been published for a day', () => {
  assert.equal(signerOf([], at(0)), undefined);
  assert.equal(signerOf(made(0), at(0))?.generation, 1);
  assert.equal(signerOf(made(0, 90), at(90.9))?.generation, 1);
  assert.equal(signerOf(made(0, 90), at(91))?.generation, 2);
});

test('the next one is made after ninety days', () => {
  assert.equal(dueIn([], at(0)), undefined, 'a shop without apps needs none');
  assert.equal(dueIn(made(0), at(89.9)), undefined);
  assert.equal(dueIn(made(0), at(90)), 2);
  assert.equal(dueIn(made(0, 90), at(100)), undefined);
});

test('what a key has signed can be verified for a month after, and whoever kept the keys for a day knows the one that signs', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.5, max: 40, noNaN: true }), { maxLength: 100 }), (waits) => {
      // A shop that is looked after now and then, for years.
      let keys = made(0);
      let day = 0;
      const signed = new Map<number, number>();
      let yesterday: { day: number; known: readonly number[] } = { day: 0, known: [1] };
      for (const wait of waits) {
        day += wait;
        const signer = signerOf(keys, at(day));
        assert.ok(signer);
        if (day - yesterday.day <= 1) assert.ok(yesterday.known.includes(signer.generation));
        signed.set(signer.generation, day);
        const due = dueIn(keys, at(day));
        const over = new Set(overOf(keys, at(day)).map(({ generation }) => generation));
        for (const generation of over) assert.ok(day - (signed.get(generation) ?? 0) >= 30);
        assert.ok(!over.has(signer.generation), 'the one that signs stays');
        if (due !== undefined) keys = [...keys, { generation: due, made_at: at(day) }];
        keys = keys.filter(({ generation }) => !over.has(generation));
        yesterday = { day, known: keys.map(({ generation }) => generation) };
        assert.ok(keys.length <= 4);
      }
    }),
  );
});
