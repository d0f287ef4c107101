import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { allot, presentOf } from './allot.ts';

const promises = fc
  .array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 })
  .map((units) => units.map((waiting, index) => ({ orderId: `ord_${index}`, waiting })));

describe('what has come in', () => {
  it('is all given out as far as it is wanted, never more, and to nobody before those who came first have theirs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), promises, (onHand, waiting) => {
        const given = allot(onHand, waiting);
        const wanted = waiting.reduce((sum, each) => sum + each.waiting, 0);
        const all = [...given.values()].reduce((sum, units) => sum + units, 0);
        assert.equal(all, Math.min(onHand, wanted));
        let isShort = false;
        for (const each of waiting) {
          const units = given.get(each.orderId) ?? Number.NaN;
          assert.ok(units >= 0 && units <= each.waiting);
          assert.ok(!isShort || units === 0);
          isShort ||= units < each.waiting;
        }
      }),
    );
  });

  it('is no less for an order when more comes in', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100 }), fc.nat({ max: 20 }), promises, (onHand, more, waiting) => {
        const before = allot(onHand, waiting);
        const after = allot(onHand + more, waiting);
        for (const [id, units] of before) assert.ok((after.get(id) ?? 0) >= units);
      }),
    );
  });

  it('is what can be shipped of each variant; one that is not short is there as a whole', () => {
    const wanted = [
      { variantId: 'a', quantity: 3 },
      { variantId: 'b', quantity: 2 },
      { variantId: 'c', quantity: 1 },
    ];
    const here = new Map([
      ['a', 1],
      ['b', 0],
    ]);
    assert.deepEqual(presentOf(wanted, here), [
      { variantId: 'a', quantity: 1 },
      { variantId: 'c', quantity: 1 },
    ]);
  });
});
