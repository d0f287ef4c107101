/** Pinned products in pages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BEGINNING, filled, wantedOf, type Pin, type Reading, type Rest } from './pins.ts';

/** The whole list at once. */
function whole(list: readonly string[], pins: readonly Pin[]): readonly string[] {
  const all = [...list];
  for (const { id, place } of pins) all.splice(Math.min(place, all.length), 0, id);
  return all;
}

/** The list without pins, as a source has it: cursors are places. */
function restOf(list: readonly string[], after: string | null, wanted: number): Rest {
  if (after === null) return { ids: [], next: null };
  const from = Number(after);
  const end = from + wanted;
  return { ids: list.slice(from, end), next: end < list.length ? String(end) : null };
}

test('whatever is pinned and however long pages are, each product stands in the list once, and pins at their places', () => {
  const places = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.nat({ max: 30 }),
      places,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 }),
      (length, pinned, lengths) => {
        const list = Array.from({ length }, (_, n) => `p${n}`);
        const pins = pinned.toSorted((a, b) => a - b).map((place) => ({ id: `pin${place}`, place }));
        const read: string[] = [];
        let reading: Reading | undefined = BEGINNING;
        for (let page = 0; reading !== undefined; page++) {
          assert.ok(page < 100, 'it ends');
          const limit = lengths[page % lengths.length] ?? 1;
          const wanted = wantedOf(pins, reading, limit);
          const found = filled(pins, reading, limit, restOf(list, reading.after, wanted));
          assert.ok(found.ids.length <= limit);
          assert.ok(found.reading === undefined || found.ids.length === limit, 'only the last page is short');
          read.push(...found.ids);
          reading = found.reading;
        }
        assert.deepEqual(read, whole(list, pins));
      },
    ),
    { numRuns: 2_000 },
  );
});
