/** What a shop's own words tell of what they mean. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packModel, packVector, unpackModel } from './form.ts';
import { DIMENSIONS, learn, meaningOf, weighed, type Texts } from './model.ts';

const PRODUCTS: readonly Texts[] = [
  ['Ember sleeping bag', 'Bag', 'Warm down for cold nights in a tent.'],
  ['Tarn sleeping bag', 'Bag', 'Synthetic, warm when wet, for nights in a hut.'],
  ['Cloud mat', 'Mat', 'Sleep softly on nine centimetres of air.'],
  ['Duet stove', 'Stove', 'Boils coffee and eggs over gas.'],
  ['Spark stove', 'Stove', 'Small gas flame that boils water for coffee.'],
  ['Summit mug', 'Mug', 'Enamel, for coffee and soup.'],
  ['鉄瓶', '茶道具', 'お湯を沸かす道具です。'],
];

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, n) => sum + value * (b[n] ?? 0), 0);

test('a search finds what stands beside its words, what is spelt nearly so, and what is written without spaces', async () => {
  const model = await learn(PRODUCTS);
  const vectors = PRODUCTS.map((texts) => meaningOf(model, weighed(texts)));
  const best = (text: string): string => {
    const asked = meaningOf(model, weighed([text, '', '']));
    const [found] = PRODUCTS.map(([title], n) => [title, dot(asked, vectors[n] ?? asked)] as const).toSorted(
      ([, a], [, b]) => b - a,
    );
    return found?.[0] ?? '';
  };
  assert.match(best('cold nights'), /sleeping bag/);
  assert.match(best('sleping'), /sleeping bag/, 'a slip');
  assert.match(best('boil water'), /stove/);
  assert.equal(best('お湯'), '鉄瓶');
});

test('every vector is of length one, or nothing; it is the same each time, and survives being packed', async () => {
  const model = await learn(PRODUCTS);
  const restored = unpackModel(packModel(model), PRODUCTS.length);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const words = weighed([text, '', '']);
      const vector = meaningOf(model, words);
      assert.equal(vector.length, DIMENSIONS);
      assert.ok(words.size === 0 ? dot(vector, vector) === 0 : Math.abs(dot(vector, vector) - 1) < 1e-3);
      assert.deepEqual(meaningOf(model, words), vector);
      assert.equal(packVector(vector).length, DIMENSIONS);
      const again = meaningOf(restored, words);
      assert.ok(words.size === 0 || dot(again, vector) > 0.99);
    }),
  );
});

test('a shop without products has no words, and learning lets others have their turn', async () => {
  const empty = await learn([]);
  assert.equal(empty.words.size, 0);
  let breaths = 0;
  await learn(
    Array.from({ length: 250 }, (_, n): Texts => [`Thing ${n}`, '', '']),
    async () => void (breaths += 1),
  );
  assert.equal(breaths, 6);
});
