import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { boundsBefore, lessShare, stepsOf, unitPrice, type Offer } from './rule.ts';
import { Steps } from './schemas.ts';

const amount = fc.integer({ min: 0, max: 1_000_000 });
const step = fc.record({ from: fc.integer({ min: 1, max: 50 }), amount });
const offer: fc.Arbitrary<Offer> = fc.record({
  offBasisPoints: fc.integer({ min: 0, max: 10_000 }),
  steps: fc.array(step, { maxLength: 12 }),
});
const own = fc.option(amount, { nil: undefined });
const quantity = fc.integer({ min: 1, max: 60 });

describe('which price counts', () => {
  it('is the cheapest of those that apply', () => {
    const both = { offBasisPoints: 1_000, steps: [{ from: 10, amount: 850 }] };
    assert.equal(unitPrice(1_000, { offBasisPoints: 0, steps: [] }, 1), 1_000);
    assert.equal(unitPrice(1_000, both, 9), 900);
    assert.equal(unitPrice(1_000, both, 10), 850);
    assert.equal(unitPrice(800, both, 10), 720);
    assert.equal(unitPrice(undefined, both, 9), undefined);
    assert.deepEqual(stepsOf(1_000, both), [
      { from: 1, amount: 900 },
      { from: 10, amount: 850 },
    ]);
  });

  it('lies within bounds exactly where the own price lies within those before the share', () => {
    fc.assert(
      fc.property(amount, amount, amount, fc.integer({ min: 0, max: 10_000 }), (price, least, most, off) => {
        const paid = lessShare(price, off);
        const before = boundsBefore({ least, most }, off);
        assert.equal(price >= (before.least ?? 0), paid >= least);
        assert.equal(price <= (before.most ?? Infinity), paid <= most);
      }),
    );
  });

  it('never depends on the order of the lists', () => {
    const shuffled = offer.chain((given) =>
      fc
        .shuffledSubarray([...given.steps], { minLength: given.steps.length })
        .map((steps) => ({ given, other: { ...given, steps } })),
    );
    fc.assert(
      fc.property(own, shuffled, quantity, (price, { given, other }, count) => {
        assert.equal(unitPrice(price, given, count), unitPrice(price, other, count));
        assert.deepEqual(stepsOf(price, given), stepsOf(price, other));
      }),
    );
  });

  it('never rises with the number of units, nor because one more list applies', () => {
    fc.assert(
      fc.property(own, offer, offer, quantity, (price, given, more, count) => {
        const one = unitPrice(price, given, count) ?? Infinity;
        assert.ok((unitPrice(price, given, count + 1) ?? Infinity) <= one);
        const together = {
          offBasisPoints: Math.max(given.offBasisPoints, more.offBasisPoints),
          steps: [...given.steps, ...more.steps],
        };
        assert.ok((unitPrice(price, together, count) ?? Infinity) <= one);
      }),
    );
  });

  it('is shown by steps as it is paid, each step cheaper than the one before', () => {
    fc.assert(
      fc.property(own, offer, quantity, (price, given, count) => {
        const steps = stepsOf(price, given);
        assert.equal(steps.findLast(({ from }) => from <= count)?.amount, unitPrice(price, given, count));
        if (steps.length <= 20) assert.ok(Steps.safeParse(steps).success);
      }),
    );
  });

  it('takes a share off to the nearest unit, and is never below nothing nor above the price', () => {
    assert.equal(lessShare(999, 1_000), 899);
    assert.equal(lessShare(5, 5_000), 3);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000_000_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        (price, off) => {
          const left = lessShare(price, off);
          assert.ok(left >= 0 && left <= price);
          assert.ok(Math.abs(left - (price * (10_000 - off)) / 10_000) <= 1);
        },
      ),
    );
  });
});
