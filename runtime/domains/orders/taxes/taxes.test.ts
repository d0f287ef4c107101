import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { portionOf } from '../shares.ts';
import type { TaxRules } from './schemas.ts';
import { includedTax, taxesOf, type Taxable } from './taxes.ts';

function line(amount: number, more: Partial<Taxable> = {}): Taxable {
  return { productId: 'p', type: '', vendor: '', taxable: true, amount, ...more };
}

const RULES: TaxRules = {
  pricesInclude: true,
  shippingClass: 'standard',
  usualRates: true,
  rates: [
    { country: 'DE', class: 'reduced', basisPoints: 700, name: 'MwSt. 7 %' },
    { country: 'US', class: 'standard', basisPoints: 0, name: 'none' },
    { country: 'US', region: 'CA', class: 'standard', basisPoints: 725, name: 'CA sales tax' },
  ],
  classes: [{ class: 'reduced', of: { types: ['Book'] } }],
};

describe('taxes', () => {
  it('taxes each class by its own rate, and shipping by its class', () => {
    const taxed = taxesOf(RULES, { country: 'DE' }, [line(1190), line(1070, { type: 'Book' })], 595);
    assert.deepEqual(taxed.parts, [
      { name: '', rateBasisPoints: 1900, base: 1785, amount: 285 },
      { name: 'MwSt. 7 %', rateBasisPoints: 700, base: 1070, amount: 70 },
    ]);
    assert.deepEqual(
      taxed.lines.map(({ amount }) => amount),
      [190, 70],
    );
    assert.equal(taxed.shipping.amount, 95);
  });

  it('knows regions, however they are written, and the rest of a country', () => {
    const in_ = (region: string | undefined) =>
      taxesOf({ ...RULES, pricesInclude: false }, { country: 'US', region }, [line(10_000)], 0).amount;
    assert.deepEqual([in_('ca'), in_('NV'), in_(undefined)], [725, 0, 0]);
  });

  it('taxes nothing that is not taxable, nor shipping where that is said', () => {
    const taxed = taxesOf(
      { ...RULES, shippingClass: null },
      { country: 'DE' },
      [line(1000, { taxable: false })],
      500,
    );
    assert.equal(taxed.amount, 0);
  });

  it('knows no tax while it does not know where to, and uses the usual rates of a shop that said nothing', () => {
    assert.equal(taxesOf(undefined, undefined, [line(1000)], 490).amount, 0);
    assert.equal(taxesOf(undefined, { country: 'FR' }, [line(1000)], 200).amount, 200);
    assert.equal(taxesOf(undefined, { country: 'ZZ' }, [line(1000)], 200).amount, 0);
  });

  it('never takes more tax than belongs to the net amount, to the nearest unit', () => {
    fc.assert(
      fc.property(fc.nat({ max: 99_999_999_999 }), fc.integer({ min: 0, max: 10_000 }), (gross, rate) => {
        const tax = includedTax(gross, rate);
        assert.ok(Number.isSafeInteger(tax) && tax >= 0 && tax <= gross);
        assert.ok(Math.abs(tax - (gross * rate) / (10_000 + rate)) <= 0.5 + 1e-4);
      }),
    );
  });

  it('finds in a price, to a unit, the tax that was put on top of it', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9_999_999_999 }), fc.integer({ min: 0, max: 10_000 }), (net, rate) => {
        const tax = portionOf(net, rate);
        assert.ok(Math.abs(includedTax(net + tax, rate) - tax) <= 1);
      }),
    );
  });

  it('says of lines exactly what it says of all, and of no line more than it costs', () => {
    const lines = fc.array(
      fc.record({
        amount: fc.nat({ max: 9_999_999 }),
        type: fc.constantFrom('Book', 'Mug'),
        taxable: fc.boolean(),
      }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(
        lines,
        fc.nat({ max: 9_999 }),
        fc.boolean(),
        fc.constantFrom('DE', 'US', 'ZZ'),
        (given, shipping, pricesInclude, country) => {
          const items = given.map(({ amount, ...more }) => line(amount, more));
          const taxed = taxesOf({ ...RULES, pricesInclude }, { country, region: 'CA' }, items, shipping);
          const told = taxed.lines.reduce((sum, { amount }) => sum + amount, taxed.shipping.amount);
          assert.equal(told, taxed.amount);
          assert.equal(
            taxed.parts.reduce((sum, { amount }) => sum + amount, 0),
            taxed.amount,
          );
          for (const [index, { amount }] of taxed.lines.entries())
            assert.ok(amount >= 0 && amount <= (items[index]?.amount ?? 0));
        },
      ),
    );
  });
});
