/** Scripts without spaces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { segmentedQuery, segmentedText } from './segments.ts';

const piecesOf = (text: string): readonly string[] => text.split(/\s+/).filter((piece) => piece !== '');

test('runs of such letters become pairs, beside words that stay', () => {
  assert.deepEqual(piecesOf(segmentedText('煎茶「あさつゆ」50g')), [
    '煎茶',
    '茶',
    '「',
    'あさ',
    'さつ',
    'つゆ',
    'ゆ',
    '」50g',
  ]);
  assert.deepEqual(piecesOf(segmentedQuery('Ｔシャツ')), ['T', 'シャ', 'ャツ']);
  assert.deepEqual(piecesOf(segmentedQuery('ﾃﾝﾄ')), ['テン', 'ント']);
  assert.deepEqual(piecesOf(segmentedQuery('茶')), ['茶']);
  assert.equal(segmentedText('Red tent, größe L'), 'Red tent, größe L');
});

test('whatever part of a run is looked for, each of its pieces is one that was written, or the beginning of one', () => {
  const run = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('煎', '茶', 'あ', 'ー', '한') });
  fc.assert(
    fc.property(run, fc.nat(), fc.nat(), (text, from, length) => {
      const start = from % text.length;
      const part = text.slice(start, start + 1 + (length % text.length));
      const written = piecesOf(segmentedText(text));
      for (const piece of piecesOf(segmentedQuery(part)))
        assert.ok(
          written.some((one) => one.startsWith(piece)),
          `${piece} of ${part} in ${text}`,
        );
    }),
  );
});
