import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { splitRefund } from '../gift-cards/spread.ts';
import { shareOut } from '../shares.ts';
import { taxesOf } from '../taxes/taxes.ts';
import { paidForShipping, sharesOf, type Paid } from './shares.ts';
import type { Units } from '../fulfilment/schemas.ts';

/** An order as checkout makes it: discounts and taxes shared out to the minor unit. */
const order = fc
  .record({
    lines: fc.array(
      fc.record({ quantity: fc.integer({ min: 1, max: 7 }), unitPrice: fc.nat({ max: 9_999 }) }),
      { minLength: 1, maxLength: 5 },
    ),
    off: fc.nat({ max: 10_000 }),
    shipping: fc.nat({ max: 999 }),
    taxIncluded: fc.boolean(),
  })
  .map(({ lines, off, shipping, taxIncluded }): Paid & { total: number } => {
    const goods = lines.map(({ quantity, unitPrice }) => quantity * unitPrice);
    const subtotal = goods.reduce((sum, each) => sum + each, 0);
    const discounts = shareOut(Math.floor((subtotal * off) / 10_000), goods);
    const rules = {
      pricesInclude: taxIncluded,
      shippingClass: 'standard',
      usualRates: true,
      rates: [],
      classes: [],
    };
    const taxables = goods.map((amount, index) => ({
      productId: `p${index}`,
      type: '',
      vendor: '',
      taxable: index % 3 !== 2,
      amount: amount - (discounts[index] ?? 0),
    }));
    const taxed = taxesOf(rules, { country: 'DE' }, taxables, shipping);
    const discount = discounts.reduce((sum, each) => sum + each, 0);
    return {
      taxIncluded,
      shipping,
      shippingTax: taxed.shipping.amount,
      total: subtotal - discount + shipping + (taxIncluded ? 0 : taxed.amount),
      lines: lines.map((line, index) => ({
        ...line,
        variantId: `v${index}`,
        discount: discounts[index] ?? 0,
        tax: taxed.lines[index]?.amount ?? 0,
      })),
    };
  });

describe('what units are worth', () => {
  it('adds up to exactly what was paid once all have come back, however they come', () => {
    fc.assert(
      fc.property(order, fc.infiniteStream(fc.nat()), (paid, chance) => {
        const draws = chance[Symbol.iterator]();
        const draw = (below: number): number => (draws.next().value as number) % below;
        const left = paid.lines.map(({ variantId, quantity }) => ({ variantId, quantity }));
        const gone: Units[] = [];
        let back = paidForShipping(paid);
        while (left.some(({ quantity }) => quantity > 0)) {
          const open = left.filter(({ quantity }) => quantity > 0);
          const line = open[draw(open.length)];
          assert.ok(line);
          const units = { variantId: line.variantId, quantity: 1 + draw(line.quantity) };
          const [share] = sharesOf(paid, gone, [units]);
          assert.ok(share && share.amount >= 0);
          back += share.amount;
          assert.ok(back <= paid.total);
          gone.push(units);
          line.quantity -= units.quantity;
        }
        assert.equal(back, paid.total);
        assert.throws(() => sharesOf(paid, gone, [{ variantId: 'v0', quantity: 1 }]), /Only 0 of v0/);
      }),
      { numRuns: 500 },
    );
  });

  it('goes back to the payment first and to gift cards last, never more than either gave', () => {
    fc.assert(
      fc.property(order, fc.nat({ max: 100 }), (paid, percent) => {
        const gift = Math.floor((paid.total * percent) / 100);
        let [payment, cards] = [paid.total - gift, gift];
        const parts = [
          ...sharesOf(
            paid,
            [],
            paid.lines.map(({ variantId, quantity }) => ({ variantId, quantity })),
          ).map(({ amount }) => amount),
          paidForShipping(paid),
        ];
        for (const amount of parts) {
          const split = splitRefund(amount, payment, 0);
          payment -= split.payment;
          cards -= split.giftCards;
          assert.ok(cards >= 0 && (split.giftCards === 0 || payment === 0));
        }
        assert.deepEqual([payment, cards], [0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
