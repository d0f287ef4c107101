import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { portionOf, shareOut } from '../shares.ts';
import { applyPromotions, classOf, combines, type Basket, type Candidate, type Goods } from './engine.ts';
import type { Selection } from '../selection.ts';
import type { PromotionClass, Rule } from './schemas.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const CLASSES: readonly PromotionClass[] = ['product', 'order', 'shipping'];

function promotion(benefit: Rule['benefit'], more: Partial<Candidate> = {}): Candidate {
  return {
    id: 'prm',
    title: 'A promotion',
    benefit,
    conditions: { customers: 'everyone' },
    combinesWith: [],
    priority: 0,
    code: undefined,
    startsAt: undefined,
    endsAt: undefined,
    usesLeft: undefined,
    usesLeftForBuyer: undefined,
    ...more,
  };
}

function goods(productId: string, quantity: number, unitPrice: number): Goods {
  return { productId, type: 'Thing', vendor: 'Acme', quantity, unitPrice };
}

function basket(lines: readonly Goods[], more: Partial<Basket> = {}): Basket {
  return { currency: 'EUR', goods: lines, shipping: 490, signedIn: false, orderedBefore: false, ...more };
}

const percent = (basisPoints: number): Rule['benefit'] => ({ kind: 'percent', basisPoints });
const fixed = (EUR: number): Rule['benefit'] => ({ kind: 'fixed', amount: { EUR }, each: false });

describe('sharing out an amount', () => {
  it('gives exactly the amount, to nobody more than their weight, to each their share but for a unit', () => {
    const weights = fc.array(fc.nat({ max: 99_999_999_999 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const whole = given.reduce((sum, weight) => sum + weight, 0);
        const amount = Math.floor(whole * share);
        const parts = shareOut(amount, given);
        assert.equal(
          parts.reduce((sum, part) => sum + part, 0),
          amount,
        );
        for (const [index, part] of parts.entries()) {
          const weight = given[index] ?? 0;
          assert.ok(part >= 0 && part <= weight);
          const exact = whole === 0 ? 0 : (amount / whole) * weight;
          assert.ok(Math.abs(part - exact) <= 1 + exact * 1e-9);
        }
      }),
    );
  });

  it('refuses to share out more than there is', () => {
    assert.throws(() => shareOut(3, [1, 1]), RangeError);
  });
});

describe('what each kind takes off', () => {
  const cases: readonly {
    readonly name: string;
    readonly benefit: Rule['benefit'];
    readonly lines: readonly number[];
    readonly shipping?: number;
  }[] = [
    { name: 'a tenth of all', benefit: percent(1000), lines: [300, 100, 100] },
    { name: 'an amount, in shares of what each costs', benefit: fixed(1000), lines: [600, 200, 200] },
    { name: 'no more than there is', benefit: fixed(9999), lines: [3000, 1000, 1000] },
    {
      name: 'a half of one product',
      benefit: { kind: 'percent', basisPoints: 5000, of: { products: ['mug'] } },
      lines: [1500, 0, 0],
    },
    {
      name: 'an amount off every unit, at most its price',
      benefit: { kind: 'fixed', amount: { EUR: 700 }, each: true, of: { products: ['mug', 'pen'] } },
      lines: [1400, 500 * 2, 0],
    },
    {
      name: 'the cheapest of three for nothing',
      benefit: {
        kind: 'buy_x_get_y',
        buy: { quantity: 2 },
        get: { quantity: 1, basisPoints: 10_000 },
        mostTimes: 1,
      },
      lines: [0, 500, 0],
    },
    {
      name: 'one product for another',
      benefit: {
        kind: 'buy_x_get_y',
        buy: { quantity: 1, of: { products: ['mug'] } },
        get: { quantity: 1, of: { products: ['cap'] }, basisPoints: 5000 },
      },
      lines: [0, 0, 500],
    },
    { name: 'the shipping', benefit: { kind: 'free_shipping' }, lines: [0, 0, 0], shipping: 490 },
    {
      name: 'not the shipping where it costs more than is said',
      benefit: { kind: 'free_shipping', upTo: { EUR: 489 } },
      lines: [0, 0, 0],
    },
  ];
  const lines = [goods('mug', 2, 1500), goods('pen', 2, 500), goods('cap', 1, 1000)];
  for (const { name, benefit, lines: off, shipping = 0 } of cases) {
    it(`takes off ${name}`, () => {
      const outcome = applyPromotions(basket(lines), [promotion(benefit)], NOW);
      assert.deepEqual([outcome.lines, outcome.shipping], [off, shipping]);
    });
  }

  it('makes as many sets as there are units for, no unit being in two', () => {
    const benefit: Rule['benefit'] = {
      kind: 'buy_x_get_y',
      buy: { quantity: 2 },
      get: { quantity: 1, basisPoints: 10_000 },
    };
    const outcome = applyPromotions(
      basket([goods('a', 4, 1000), goods('b', 4, 300)]),
      [promotion(benefit)],
      NOW,
    );
    assert.deepEqual(outcome.lines, [0, 600]);
  });
});

describe('who gets a promotion', () => {
  const lines = [goods('mug', 2, 1500)];
  const cases: readonly [string, Partial<Candidate>, Partial<Basket>, string][] = [
    ['not before it begins', { startsAt: new Date(NOW.getTime() + 1) }, {}, 'not_started'],
    ['not when it has ended', { endsAt: NOW }, {}, 'ended'],
    ['not when others have used it up', { usesLeft: 0 }, {}, 'used_up'],
    ['not who has used it up', { usesLeftForBuyer: 0 }, {}, 'used_up'],
    ['not who buys too little', conditions({ minimumSubtotal: { EUR: 3001 } }), {}, 'minimum_not_met'],
    ['not who buys too few', conditions({ minimumQuantity: 3 }), {}, 'minimum_not_met'],
    ['not a guest where customers are meant', conditions({ customers: 'signed_in' }), {}, 'not_for_you'],
    [
      'not who has ordered before',
      conditions({ customers: 'first_order' }),
      { orderedBefore: true },
      'not_for_you',
    ],
    ['nobody, in a currency it does not know', {}, { currency: 'USD' }, 'nothing_to_discount'],
  ];
  function conditions(given: Partial<Candidate['conditions']>): Partial<Candidate> {
    return { conditions: { customers: 'everyone', ...given } };
  }
  for (const [name, more, about, problem] of cases) {
    it(name, () => {
      const outcome = applyPromotions(
        basket(lines, about),
        [promotion(fixed(100), { code: 'HELLO', ...more })],
        NOW,
      );
      assert.deepEqual(outcome.lines, [0]);
      assert.equal(outcome.problems.get('HELLO'), problem);
    });
  }
});

describe('promotions together', () => {
  const lines = [goods('mug', 1, 10_000)];
  const spring = promotion(percent(1000), { id: 'prm_1', code: 'SPRING' });
  const club = promotion(fixed(1500), { id: 'prm_2', code: 'CLUB' });

  it('gives the better one where they may not be had together, and says so of the other', () => {
    const outcome = applyPromotions(basket(lines), [spring, club], NOW);
    assert.deepEqual(outcome.lines, [1500]);
    assert.equal(outcome.problems.get('SPRING'), 'not_combined');
  });

  it('takes one after the other where both allow it, the higher priority first', () => {
    const both = (priority: number) => [
      { ...spring, priority, combinesWith: ['order' as const] },
      { ...club, combinesWith: ['order' as const] },
    ];
    assert.deepEqual(applyPromotions(basket(lines), both(1), NOW).lines, [1000 + 1500]);
    assert.deepEqual(applyPromotions(basket(lines), both(-1), NOW).lines, [1500 + 850]);
  });

  it('needs the consent of both', () => {
    const one = [{ ...spring, combinesWith: ['order' as const] }, club];
    assert.deepEqual(applyPromotions(basket(lines), one, NOW).lines, [1500]);
  });
});

describe('the laws of discounts', () => {
  const selection = fc.constantFrom<Selection | undefined>(
    undefined,
    { products: ['a'] },
    { products: ['b', 'c'] },
    { types: ['Thing'] },
  );
  const basisPoints = fc.integer({ min: 1, max: 10_000 });
  const amount = fc.integer({ min: 1, max: 20_000 }).map((EUR) => ({ EUR }));
  const benefit: fc.Arbitrary<Rule['benefit']> = fc.oneof(
    fc.record({ kind: fc.constant('percent' as const), basisPoints, of: selection }),
    fc.record({ kind: fc.constant('fixed' as const), amount, of: selection, each: fc.constant(false) }),
    fc.record({
      kind: fc.constant('fixed' as const),
      amount,
      of: fc.constant<Selection>({ products: ['a', 'b'] }),
      each: fc.constant(true),
    }),
    fc.record({
      kind: fc.constant('buy_x_get_y' as const),
      buy: fc.record({ quantity: fc.integer({ min: 1, max: 4 }), of: selection }),
      get: fc.record({ quantity: fc.integer({ min: 1, max: 3 }), of: selection, basisPoints }),
    }),
    fc.constant({ kind: 'free_shipping' as const }),
  );
  const candidates = fc
    .array(
      fc.record({
        benefit,
        combinesWith: fc.subarray([...CLASSES]),
        priority: fc.integer({ min: -2, max: 2 }),
        minimum: fc.option(fc.integer({ min: 1, max: 20_000 })),
      }),
      { maxLength: 7 },
    )
    .map((given) =>
      given.map(({ benefit: what, minimum, ...more }, index) =>
        promotion(what, {
          ...more,
          id: `prm_${index}`,
          code: `CODE${index}`,
          conditions: {
            customers: 'everyone',
            ...(minimum === null ? {} : { minimumSubtotal: { EUR: minimum } }),
          },
        }),
      ),
    );
  const baskets = fc
    .array(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        quantity: fc.integer({ min: 1, max: 6 }),
        price: fc.nat({ max: 9_999 }),
      }),
      { maxLength: 5 },
    )
    .map((lines) => basket(lines.map(({ id, quantity, price }) => goods(id, quantity, price))));

  const off = (outcome: { lines: readonly number[]; shipping: number }): number =>
    outcome.lines.reduce((sum, line) => sum + line, 0) + outcome.shipping;

  it('takes exactly what its parts say, and never more from a line than it costs', () => {
    fc.assert(
      fc.property(baskets, candidates, (given, promotions) => {
        const outcome = applyPromotions(given, promotions, NOW);
        const told = outcome.discounts.reduce((sum, each) => sum + each.amount, 0);
        assert.equal(told, off(outcome));
        for (const [index, line] of given.goods.entries()) {
          const taken = outcome.lines[index] ?? Number.NaN;
          assert.ok(Number.isSafeInteger(taken) && taken >= 0 && taken <= line.quantity * line.unitPrice);
        }
        assert.ok(outcome.shipping === 0 || outcome.shipping === given.shipping);
        assert.ok(outcome.discounts.every((each) => each.amount > 0));
      }),
    );
  });

  it('does not depend on the order in which promotions come', () => {
    const shuffled = candidates.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(baskets, shuffled, (given, [one, other]) => {
        assert.deepEqual(applyPromotions(given, one, NOW), applyPromotions(given, other, NOW));
      }),
    );
  });

  it('never costs more for one promotion more', () => {
    fc.assert(
      fc.property(baskets, candidates, (given, promotions) => {
        const less = off(applyPromotions(given, promotions.slice(1), NOW));
        assert.ok(off(applyPromotions(given, promotions, NOW)) >= less);
      }),
    );
  });

  it('never takes less for a higher percentage', () => {
    fc.assert(
      fc.property(baskets, basisPoints, basisPoints, selection, (given, one, other, of) => {
        const taken = [one, other]
          .toSorted((a, b) => a - b)
          .map((points) =>
            off(applyPromotions(given, [promotion({ kind: 'percent', basisPoints: points, of })], NOW)),
          );
        assert.ok((taken[0] ?? 0) <= (taken[1] ?? 0));
      }),
    );
  });

  it('gives together only what may be had together', () => {
    fc.assert(
      fc.property(baskets, candidates, (given, promotions) => {
        const applied = applyPromotions(given, promotions, NOW).discounts.flatMap(
          ({ promotionId }) => promotions.find(({ id }) => id === promotionId) ?? [],
        );
        for (const [index, a] of applied.entries())
          for (const b of applied.slice(index + 1))
            assert.ok(
              combines(
                { class: classOf(a), combinesWith: a.combinesWith },
                { class: classOf(b), combinesWith: b.combinesWith },
              ),
            );
      }),
    );
  });

  it('does not try every subset of promotions that all combine', () => {
    const all = Array.from({ length: 200 }, (_, index) =>
      promotion(percent(1), { id: `prm_${String(index).padStart(3, '0')}`, combinesWith: [...CLASSES] }),
    );
    const outcome = applyPromotions(basket([goods('a', 1, 10_000_000)]), all, NOW);
    assert.equal(outcome.discounts.length, all.length);
  });

  it('gives no line two product discounts', () => {
    const product = promotion(
      { kind: 'percent', basisPoints: 3000, of: { products: ['a'] } },
      { id: 'prm_1', combinesWith: ['product'] },
    );
    const outcome = applyPromotions(
      basket([goods('a', 1, 1000)]),
      [
        product,
        {
          ...product,
          id: 'prm_2',
          benefit: { kind: 'percent', basisPoints: 2000, of: { types: ['Thing'] } },
        },
      ],
      NOW,
    );
    assert.deepEqual(outcome.lines, [portionOf(1000, 3000)]);
  });
});
