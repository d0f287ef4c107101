import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ShopError } from '../../../platform/errors.ts';
import type { StoredLine } from '../carts.ts';
import { allWaiting, moved, requireWaiting, stockOf } from '../fulfilment/units.ts';
import { paidFor, sharesOf, type Paid } from '../returns/shares.ts';
import { sum } from '../sums.ts';
import { begun, goodsOf, meant, soldParts, stockUnits, wantsOf, withGoods, type SoldLine } from './goods.ts';
import { furnish, roomOf, type StockedPart } from './room.ts';

const part = (variantId: string, quantity: number, price = 0) => ({
  variantId,
  productId: `prd_${variantId}`,
  title: variantId,
  quantity,
  price,
});

const plain = fc.record({
  variantId: fc.constantFrom('a', 'b', 'c'),
  quantity: fc.integer({ min: 1, max: 6 }),
  unitPrice: fc.nat({ max: 9_999 }),
});
const bundle = fc.record({
  variantId: fc.constantFrom('k', 'l'),
  quantity: fc.integer({ min: 1, max: 4 }),
  unitPrice: fc.nat({ max: 99_999 }),
  parts: fc
    .uniqueArray(
      fc.record({
        variantId: fc.constantFrom('a', 'b', 'c'),
        quantity: fc.integer({ min: 1, max: 3 }),
        price: fc.nat({ max: 9_999 }),
      }),
      { selector: ({ variantId }) => variantId, minLength: 1 },
    )
    .map((parts) => soldParts(parts.map((each) => part(each.variantId, each.quantity, each.price)))),
});

type Line = SoldLine & Paid['lines'][number];

/** Goods that bundles share with each other and with lines of their own. */
const lines = fc
  .uniqueArray(fc.oneof(plain, bundle), {
    selector: ({ variantId }) => variantId,
    minLength: 1,
    maxLength: 5,
  })
  .map((all): Line[] => all.map((line) => ({ ...line, shipped: 0, cancelled: 0, discount: 0, tax: 0 })));

describe('the goods of an order', () => {
  it('are each in one place, whichever leave or are given up, and stock has as many as all lines together', () => {
    fc.assert(
      fc.property(
        lines,
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 30 }),
        (given, moves) => {
          let now: readonly Line[] = given;
          for (const [which, many, leaves] of moves) {
            const goods = goodsOf(now);
            const open = allWaiting(goods);
            const chosen = open[which % Math.max(open.length, 1)];
            if (chosen === undefined) break;
            const units = [{ ...chosen, quantity: 1 + (many % chosen.quantity) }];
            requireWaiting(goods, units);
            now = withGoods(now, moved(goods, units, leaves ? 'shipped' : 'cancelled'));
          }
          const goods = goodsOf(now);
          for (const each of goods)
            assert.ok(each.shipped >= 0 && each.shipped + each.cancelled <= each.quantity);
          for (const { variantId, quantity } of wantsOf(given)) {
            const all = sum(
              goods.filter((each) => each.variantId === variantId).map((each) => each.quantity),
            );
            assert.equal(all, quantity);
          }
          for (const line of now) {
            assert.ok(line.shipped + line.cancelled <= begun(line), 'whole ones are begun');
            assert.ok(begun(line) <= line.quantity);
          }
          const left = stockUnits(goods, allWaiting(goods));
          assert.equal(stockOf(goods) === 'shipped' || stockOf(goods) === 'released', left.length === 0);
        },
      ),
    );
  });

  it('are worth exactly what was paid for their lines, however they come back', () => {
    fc.assert(
      fc.property(lines, fc.boolean(), fc.infiniteStream(fc.nat()), (given, taxIncluded, chance) => {
        const order: Paid = { taxIncluded, shipping: 0, shippingTax: 0, lines: given };
        const draws = chance[Symbol.iterator]();
        const draw = (below: number): number => (draws.next().value as number) % below;
        let left = allWaiting(goodsOf(given));
        const back: ReturnType<typeof sharesOf>[number][] = [];
        while (left.length > 0) {
          const chosen = left[draw(left.length)];
          if (chosen === undefined) break;
          const quantity = 1 + draw(chosen.quantity);
          const [share] = sharesOf(order, back, [{ ...chosen, quantity }]);
          assert.ok(share !== undefined && share.amount >= 0);
          back.push(share);
          left = left
            .map((each) => (each === chosen ? { ...each, quantity: each.quantity - quantity } : each))
            .filter((each) => each.quantity > 0);
        }
        for (const { variantId, ...line } of given) {
          const ofLine = back.filter((each) => (each.bundle ?? each.variantId) === variantId);
          assert.equal(sum(ofLine.map(({ amount }) => amount)), paidFor({ variantId, ...line }, taxIncluded));
        }
      }),
    );
  });

  it('are meant by their line, by the one bundle they are in, or by the one that is named', () => {
    const order = [
      { variantId: 'k', quantity: 2, parts: [part('a', 1), part('b', 2)] },
      { variantId: 'l', quantity: 1, parts: [part('a', 1)] },
      { variantId: 'c', quantity: 1 },
    ];
    assert.deepEqual(meant(order, [{ variantId: 'k', quantity: 2 }]), [
      { variantId: 'a', bundle: 'k', quantity: 2 },
      { variantId: 'b', bundle: 'k', quantity: 4 },
    ]);
    assert.deepEqual(meant(order, [{ variantId: 'b', quantity: 1 }]), [
      { variantId: 'b', bundle: 'k', quantity: 1 },
    ]);
    assert.deepEqual(meant(order, [{ variantId: 'a', bundle: 'l', quantity: 1 }]), [
      { variantId: 'a', bundle: 'l', quantity: 1 },
    ]);
    assert.throws(
      () => meant(order, [{ variantId: 'a', quantity: 1 }]),
      (error) => error instanceof ShopError && error.code === 'invalid_input',
    );
    assert.deepEqual(
      meant(order, [
        { variantId: 'k', quantity: 1 },
        { variantId: 'b', quantity: 1 },
      ]),
      [
        { variantId: 'a', bundle: 'k', quantity: 1 },
        { variantId: 'b', bundle: 'k', quantity: 3 },
      ],
    );
  });
});

describe('how many of a bundle can be had', () => {
  const stocked = (variantId: string, quantity: number, free: number, more: Partial<StockedPart> = {}) => ({
    ...part(variantId, quantity),
    grams: 100,
    sellable: true,
    free,
    tracked: true,
    backorder: 0,
    expectedAt: undefined,
    ...more,
  });

  it('is as many as the scarcest part is good for, on the shelf and beyond it', () => {
    const room = roomOf([
      stocked('a', 1, 9),
      stocked('b', 2, 5, { backorder: 3, expectedAt: '2027-01-01T00:00:00.000Z' }),
      stocked('c', 1, 0, { tracked: false }),
    ]);
    assert.deepEqual(room, {
      free: 2,
      tracked: true,
      backorder: 2,
      expectedAt: '2027-01-01T00:00:00.000Z',
      sellable: true,
    });
    assert.equal(roomOf([stocked('a', 1, 9, { sellable: false })]).sellable, false);
    assert.equal(roomOf([]).sellable, false, 'nothing was heard of it');
  });

  it('is what lines before it leave, and what it takes is not there for those after it', () => {
    const line = (variantId: string, quantity: number, free: number, isBundle: boolean) =>
      ({
        variantId,
        quantity,
        free,
        grams: 0,
        bundle: isBundle,
        tracked: true,
        backorder: 0,
        unitPrice: 100,
      }) as StoredLine;
    const [first, kit, last] = furnish(
      [line('b', 1, 9, false), line('k', 3, 0, true), line('a', 2, 9, false)],
      new Map([['k', [stocked('a', 1, 9), stocked('b', 2, 9)]]]),
    );
    assert.deepEqual([first?.free, kit?.free, last?.free], [9, 4, 6]);
    assert.equal(kit?.grams, 300, 'without a weight of its own it weighs what is in it');
  });
});
