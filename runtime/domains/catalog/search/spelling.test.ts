/** Words that were meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distanceOf, meantBy } from './spelling.ts';

test('a word that the shop does not have becomes the nearest that it has, others stay', () => {
  const texts = ['Red Rucksack', 'Rucksack cover', 'Walking Boots', 'Zelt für Größe L'];
  for (const [search, meant] of [
    ['ruksack', 'rucksack'],
    ['Rukcsack!', 'rucksack'],
    ['red ruksack', 'red rucksack'],
    ['ruksack zzzzz', 'rucksack zzzzz'],
    ['grösse', 'größe'],
    ['rucksack', null],
    ['ruck', null],
    ['lamp', null],
    ['re', null],
    ['', null],
  ] as const)
    assert.equal(meantBy(search, texts), meant, search);
});

test('a distance is one of whole slips: none to itself, the same from both sides, one for a slip, and never more than asked', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c', 'ö') });
  fc.assert(
    fc.property(word, word, fc.nat({ max: 4 }), fc.nat({ max: 8 }), (a, b, most, at) => {
      assert.equal(distanceOf(a, a, most), 0);
      assert.equal(distanceOf(a, b, most), distanceOf(b, a, most));
      assert.ok(distanceOf(a, b, most) <= most + 1);
      assert.equal(distanceOf(a, b, 20) === 0, a === b);
      const place = Math.min(at, a.length);
      assert.equal(distanceOf(a, `${a.slice(0, place)}x${a.slice(place)}`, 2), 1);
    }),
  );
  assert.equal(distanceOf('form', 'from', 2), 1);
});
