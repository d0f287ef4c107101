/** Orders as a checkout prices them, without a shop, for tests of what becomes of their prices. */
import fc from 'fast-check';
import type { StoredLine } from '../carts.ts';
import type { Editable } from '../edits/price.ts';
import { priceOf } from '../pricing.ts';
import type { Rules } from '../rules.ts';
import type { OrderLine } from '../store.ts';

const TO = { name: 'A', line1: 'B', city: 'C', postalCode: 'D', country: 'DE' };
export const RATES: Rules = {
  taxes: {
    pricesInclude: false,
    shippingClass: 'standard',
    usualRates: false,
    rates: [
      { country: 'DE', class: 'standard', name: 'VAT', basisPoints: 1900 },
      { country: 'DE', class: 'books', name: 'Reduced', basisPoints: 700 },
    ],
    classes: [{ class: 'books', of: { types: ['Book'] } }],
  },
};
export const HIGHER: Rules = {
  taxes: {
    pricesInclude: true,
    shippingClass: 'standard',
    usualRates: false,
    rates: [{ country: 'DE', class: 'standard', name: 'VAT', basisPoints: 2100 }],
    classes: [],
  },
};

export function item(variantId: string, unitPrice: number | undefined, type = 'Thing'): StoredLine {
  return {
    variantId,
    productId: variantId,
    type,
    vendor: '',
    taxable: true,
    grams: 0,
    handle: undefined,
    title: variantId,
    variantTitle: undefined,
    sku: undefined,
    image: undefined,
    options: {},
    quantity: 0,
    seenPrice: unitPrice ?? 0,
    unitPrice,
    shipped: true,
    free: 10,
    tracked: true,
    backorder: 0,
    expectedAt: undefined,
  };
}

interface Bought {
  readonly variantId: string;
  readonly quantity: number;
  readonly unitPrice: number;
  readonly type: string;
}

/** An order as a checkout prices it, a tenth off where `tenth` says so. */
export function bought(
  goods: readonly Bought[],
  rules: Rules = RATES,
  tenth = false,
): Editable & { total: number } {
  const lines = goods.map((good) => ({ ...item(good.variantId, good.unitPrice, good.type), ...good }));
  const price = priceOf(
    {
      currency: 'EUR',
      lines,
      method: 'standard',
      to: TO,
      rules,
      codes: [],
      candidates: tenth ? [TENTH] : [],
      giftCards: [],
      signedIn: false,
      orderedBefore: false,
    },
    new Date(0),
  );
  return {
    lines: lines.map(({ variantId, quantity, unitPrice }, index): OrderLine => ({
      variantId,
      productId: variantId,
      title: variantId,
      options: {},
      quantity,
      shipped: 0,
      cancelled: 0,
      unitPrice,
      discount: price.lineDiscounts[index] ?? 0,
      tax: price.lineTaxes[index]?.amount ?? 0,
      taxRate: price.lineTaxes[index]?.rateBasisPoints ?? 0,
    })),
    discounts: price.discounts,
    shipping: price.totals.shipping,
    shippingTax: price.shippingTax,
    shippingAddress: TO,
    taxIncluded: price.totals.tax.included,
    taxRate: price.totals.tax.rateBasisPoints,
    taxParts: price.totals.tax.parts,
    total: price.totals.total,
  };
}
const TENTH: Parameters<typeof priceOf>[0]['candidates'][number] = {
  id: 'prm_tenth',
  version: 1,
  code: undefined,
  title: 'A tenth',
  benefit: { kind: 'percent', basisPoints: 1000 },
  conditions: { customers: 'everyone' },
  combinesWith: [],
  priority: 0,
  startsAt: undefined,
  endsAt: undefined,
  usesLeft: undefined,
  usesLeftForBuyer: undefined,
  most: undefined,
};

export const goods = fc.uniqueArray(
  fc.record({
    variantId: fc.constantFrom('a', 'b', 'c', 'd'),
    quantity: fc.integer({ min: 1, max: 9 }),
    unitPrice: fc.nat(9_999),
    type: fc.constantFrom('Thing', 'Book'),
  }),
  { selector: ({ variantId }) => variantId, minLength: 1, maxLength: 4 },
);
