import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countOf, NO_STARS, ratingOf, recounted, standingOf } from './rating.ts';

const stars = fc.integer({ min: 1, max: 5 });
const given = fc.array(stars, { maxLength: 60 });
const sumUp = (all: readonly number[]) =>
  all.reduce((counted, each) => recounted(counted, null, each), NO_STARS);

test('stars that come and go one by one are what is there, whatever the order', () => {
  fc.assert(
    fc.property(given, given, (stay, go) => {
      const mixed = go.reduce((counted, each) => recounted(counted, each, null), sumUp([...stay, ...go]));
      assert.deepEqual(mixed, sumUp(stay));
      assert.equal(countOf(mixed), stay.length);
    }),
  );
});

test('the average is that of what was given, and there is none of nothing', () => {
  fc.assert(
    fc.property(given, (all) => {
      const rating = ratingOf(sumUp(all));
      if (all.length === 0) assert.equal(rating, null);
      else {
        const exact = all.reduce((sum, each) => sum + each, 0) / all.length;
        assert.ok(Math.abs((rating?.average ?? 0) - exact) <= 0.0105, `${rating?.average} for ${exact}`);
        assert.equal(rating?.count, all.length);
      }
    }),
  );
});

test('better stars never rank lower, and one praise does not outdo a hundred', () => {
  fc.assert(
    fc.property(given, stars, stars, (all, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      assert.ok(standingOf(sumUp([...all, high])).rank >= standingOf(sumUp([...all, low])).rank);
    }),
  );
  const praised = standingOf(sumUp([5])).rank;
  assert.ok(standingOf(sumUp(Array.from({ length: 100 }, (_, n) => (n < 80 ? 5 : 4)))).rank > praised);
  assert.ok(praised > standingOf(NO_STARS).rank);
  assert.ok(standingOf(NO_STARS).rank > standingOf(sumUp([1])).rank);
});
