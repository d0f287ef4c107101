/** Neighbours among visits: what is proposed, and in which order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nearestVisits } from './visits.ts';

test('what comes first was looked at in the visits that share most, and latest, with this one', () => {
  const visits = [
    ['tent', 'stove', 'pan'],
    ['tent', 'boots', 'mat'],
    ['boots', 'mat'],
    ['kettle', 'cup'],
  ];
  // tent is the latest of three: it counts 3/3, boots 2/3. Of the visit that shares both all counts, of those that share boots only 2/3 · 0.9.
  assert.deepEqual(nearestVisits(['pole', 'boots', 'tent'], visits), [
    { productId: 'mat', score: 5 / 3 + (2 / 3) * 0.9, becauseOf: 'tent' },
    { productId: 'pan', score: 1, becauseOf: 'tent' },
    { productId: 'stove', score: 1, becauseOf: 'tent' },
  ]);
  assert.deepEqual(nearestVisits(['lamp'], visits), []);
  assert.deepEqual(nearestVisits([], visits), []);
});

test('nothing that was looked at is proposed, nothing twice, and only what a neighbour has', () => {
  const product: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  const visit = fc.uniqueArray(product, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(visit, fc.array(visit, { maxLength: 30 }), (visited, visits) => {
      const found = nearestVisits(visited, visits);
      const ids = found.map(({ productId }) => productId);
      assert.equal(new Set(ids).size, ids.length);
      for (const { productId, score, becauseOf } of found) {
        assert.ok(score > 0);
        assert.ok(!visited.includes(productId));
        assert.ok(visits.some((other) => other.includes(productId) && other.includes(becauseOf)));
      }
      assert.deepEqual(
        found.map(({ score }) => score),
        found.map(({ score }) => score).toSorted((a, b) => b - a),
      );
    }),
  );
});
