import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { priceOf, type Priceable } from './pricing.ts';
import type { StoredCandidate } from './promotions/store.ts';
import type { TaxRules } from './taxes/schemas.ts';

const NOW = new Date('2026-11-26T12:00:00Z');

function cart(
  lines: readonly { readonly quantity: number; readonly unitPrice: number; readonly shipped?: boolean }[],
  more: Partial<Priceable> = {},
): Priceable {
  const plain = {
    productId: 'p',
    type: '',
    vendor: '',
    taxable: true,
    grams: 100,
    shipped: true,
  };
  return {
    currency: 'EUR',
    lines: lines.map((line) => ({ ...plain, ...line })),
    method: 'standard',
    to: { country: 'DE' },
    rules: {},
    codes: [],
    candidates: [],
    giftCards: [],
    signedIn: false,
    orderedBefore: false,
    ...more,
  };
}

const TENTH: StoredCandidate = {
  id: 'prm',
  version: 1,
  most: undefined,
  title: 'A tenth',
  benefit: { kind: 'percent', basisPoints: 1000 },
  conditions: { customers: 'everyone' },
  combinesWith: [],
  priority: 0,
  code: undefined,
  startsAt: undefined,
  endsAt: undefined,
  usesLeft: undefined,
  usesLeftForBuyer: undefined,
};
const ADDED: TaxRules = {
  pricesInclude: false,
  shippingClass: 'standard',
  usualRates: true,
  rates: [],
  classes: [],
};

describe('what an order costs', () => {
  it('adds lines and shipping, and says how much of it is tax', () => {
    assert.deepEqual(priceOf(cart([{ quantity: 2, unitPrice: 1999 }]), NOW).totals, {
      currency: 'EUR',
      subtotal: 3998,
      discount: 0,
      discounts: [],
      shipping: 490,
      tax: {
        amount: 717,
        included: true,
        rateBasisPoints: 1900,
        parts: [{ name: '', rateBasisPoints: 1900, base: 4488, amount: 717 }],
      },
      total: 4488,
      gift: 0,
      due: 4488,
    });
  });

  it('adds the tax where prices are without it', () => {
    const { totals } = priceOf(cart([{ quantity: 1, unitPrice: 1000 }], { rules: { taxes: ADDED } }), NOW);
    assert.deepEqual([totals.tax.amount, totals.tax.included, totals.total], [283, false, 1000 + 490 + 283]);
  });

  it('taxes what is paid: discounts first', () => {
    const { totals } = priceOf(
      cart([{ quantity: 1, unitPrice: 1000 }], { candidates: [TENTH], rules: { taxes: ADDED } }),
      NOW,
    );
    assert.deepEqual([totals.discount, totals.tax.amount], [100, 264]);
  });

  it('ships for nothing from a certain value, whatever is off it, and when there is nothing to ship', () => {
    const worth = cart([{ quantity: 1, unitPrice: 7500 }], { candidates: [TENTH] });
    assert.equal(priceOf(worth, NOW).totals.shipping, 0);
    const download = cart([{ quantity: 1, unitPrice: 100, shipped: false }], { method: 'express' });
    assert.equal(priceOf(download, NOW).totals.shipping, 0);
    assert.equal(priceOf(cart([]), NOW).totals.total, 0);
  });

  it('takes the first way that is to be had for one that is not', () => {
    assert.equal(
      priceOf(cart([{ quantity: 1, unitPrice: 1 }], { method: 'balloon' }), NOW).method?.id,
      'standard',
    );
  });

  it('lets gift cards pay first, one after the other', () => {
    const price = priceOf(
      cart([{ quantity: 1, unitPrice: 1000 }], {
        giftCards: [
          { id: 'one', amount: 300 },
          { id: 'two', amount: 0 },
          { id: 'three', amount: 9_000 },
        ],
      }),
      NOW,
    );
    assert.deepEqual(price.gifts, [
      { id: 'one', amount: 300 },
      { id: 'three', amount: 1190 },
    ]);
    assert.deepEqual([price.totals.total, price.totals.gift, price.totals.due], [1490, 1490, 0]);
  });

  it('adds up, whatever is bought, off and taxed', () => {
    const lines = fc.array(
      fc.record({
        quantity: fc.integer({ min: 1, max: 999 }),
        unitPrice: fc.nat({ max: 10_000_000 }),
        shipped: fc.boolean(),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(lines, fc.boolean(), fc.boolean(), (bought, discounted, included) => {
        const price = priceOf(
          cart(bought, {
            candidates: discounted ? [TENTH] : [],
            rules: { taxes: { ...ADDED, pricesInclude: included } },
          }),
          NOW,
        );
        const { subtotal, discount, shipping, tax, total } = price.totals;
        assert.equal(total, subtotal - discount + shipping + (included ? 0 : tax.amount));
        assert.ok(total >= 0 && Number.isSafeInteger(total));
        const lineTaxes = price.lineTaxes.reduce((sum, each) => sum + each.amount, 0);
        assert.equal(tax.amount, lineTaxes + price.shippingTax);
      }),
    );
  });
});
