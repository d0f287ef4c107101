import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { priceOf, type Priceable } from './pricing.ts';
import { includedTax, shippingMethods } from './totals.ts';

function totalsOf(
  currency: string,
  lines: readonly { readonly quantity: number; readonly unitPrice: number; readonly shipped: boolean }[],
  method: Priceable['method'],
  country: string | undefined,
) {
  const plain = { productId: 'p', type: '', vendor: '', collections: [] };
  const nobody = { codes: [], candidates: [], signedIn: false, orderedBefore: false };
  const goods = lines.map((line) => ({ ...plain, ...line }));
  return priceOf({ currency, lines: goods, method, country, ...nobody }, new Date(0)).totals;
}

describe('what an order costs', () => {
  it('adds lines and shipping, and says how much of it is tax', () => {
    const totals = totalsOf('EUR', [{ quantity: 2, unitPrice: 1999, shipped: true }], 'standard', 'DE');
    assert.deepEqual(totals, {
      currency: 'EUR',
      subtotal: 3998,
      discount: 0,
      discounts: [],
      shipping: 490,
      tax: { amount: 717, included: true, rateBasisPoints: 1900 },
      total: 4488,
    });
  });

  it('ships for nothing from a certain value, and always when there is nothing to ship', () => {
    assert.equal(
      totalsOf('EUR', [{ quantity: 1, unitPrice: 7500, shipped: true }], 'standard', undefined).shipping,
      0,
    );
    assert.equal(
      totalsOf('EUR', [{ quantity: 1, unitPrice: 100, shipped: false }], 'express', undefined).shipping,
      0,
    );
    assert.equal(totalsOf('EUR', [], 'standard', 'DE').total, 0);
  });

  it('charges sensible amounts in currencies without cents', () => {
    assert.deepEqual(
      shippingMethods({ amount: 1000, currency: 'JPY' }).map((method) => method.price.amount),
      [780, 2060],
    );
  });

  it('never takes more tax than belongs to the net amount, to the nearest unit', () => {
    fc.assert(
      fc.property(fc.nat({ max: 99_999_999_999 }), fc.integer({ min: 0, max: 3000 }), (gross, rate) => {
        const tax = includedTax(gross, rate);
        assert.ok(Number.isSafeInteger(tax) && tax >= 0 && tax <= gross);
        assert.ok(Math.abs(tax - (gross * rate) / (10_000 + rate)) <= 0.5 + 1e-4);
      }),
    );
  });
});
