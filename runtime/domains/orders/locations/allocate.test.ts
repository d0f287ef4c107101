import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { allocate, type Place } from './allocate.ts';

const VARIANTS = ['a', 'b', 'c'];
const stock = fc.dictionary(fc.constantFrom(...VARIANTS), fc.integer({ min: -2, max: 5 }));
const places = fc
  .array(stock, { maxLength: 12 })
  .map((all): Place[] =>
    all.map((free, index) => ({ id: `p${index}`, free: new Map(Object.entries(free)) })),
  );
const wants = fc
  .uniqueArray(fc.constantFrom(...VARIANTS), { minLength: 1 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((variantId) =>
        fc.record({ variantId: fc.constant(variantId), quantity: fc.integer({ min: 1, max: 6 }) }),
      ),
    ),
  );

const at = (id: string, free: Record<string, number>): Place => ({ id, free: new Map(Object.entries(free)) });

describe('what each location sends', () => {
  it('is all that is wanted whenever there is enough, and nothing that is not there', () => {
    fc.assert(
      fc.property(wants, places, (wanted, all) => {
        const sent = allocate(wanted, all);
        const total = (variantId: string): number =>
          all.reduce((sum, { free }) => sum + Math.max(free.get(variantId) ?? 0, 0), 0);
        const isEnough = wanted.every(({ variantId, quantity }) => total(variantId) >= quantity);
        assert.equal(sent !== undefined, isEnough);
        for (const { variantId, quantity } of sent === undefined ? [] : wanted) {
          const mine = sent?.filter((each) => each.variantId === variantId) ?? [];
          assert.equal(
            mine.reduce((sum, each) => sum + each.quantity, 0),
            quantity,
          );
          for (const { locationId, quantity: units } of mine) {
            const free = all.find(({ id }) => id === locationId)?.free.get(variantId) ?? 0;
            assert.ok(units > 0 && units <= free);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('comes from one place where one has it all, the first of them', () => {
    fc.assert(
      fc.property(wants, places, (wanted, all) => {
        const whole = all.find(({ free }) =>
          wanted.every(({ variantId, quantity }) => (free.get(variantId) ?? 0) >= quantity),
        );
        fc.pre(whole !== undefined && all.length <= 10);
        const sent = allocate(wanted, all) ?? [];
        assert.deepEqual(new Set(sent.map(({ locationId }) => locationId)), new Set([whole?.id]));
      }),
    );
  });

  it('is split over as few places as can be, not over the first ones', () => {
    const wanted = [
      { variantId: 'a', quantity: 2 },
      { variantId: 'b', quantity: 2 },
    ];
    const sent = allocate(wanted, [
      at('first', { a: 1 }),
      at('second', { a: 2, b: 1 }),
      at('third', { b: 2 }),
    ]);
    assert.deepEqual(sent, [
      { variantId: 'a', locationId: 'second', quantity: 2 },
      { variantId: 'b', locationId: 'second', quantity: 1 },
      { variantId: 'b', locationId: 'third', quantity: 1 },
    ]);
  });
});
