import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoredLine } from '../carts.ts';
import { sum } from '../sums.ts';
import { bought, goods, HIGHER, item, RATES } from '../testing/bought.ts';
import { priceEdit, type Editable } from './price.ts';
import type { EditLine } from './schemas.ts';

const mug = { variantId: 'mug', quantity: 2, unitPrice: 1000, type: 'Thing' };
const book = { variantId: 'book', quantity: 1, unitPrice: 2000, type: 'Book' };
const edited = (
  order: Editable,
  changes: readonly EditLine[],
  items: readonly StoredLine[] = [],
  rules = RATES,
) => priceEdit(order, changes, items, rules, 'edt_1');

describe('what an edited order comes to', () => {
  it('is what it came to, where nothing changes, whatever the rules have become', () => {
    fc.assert(
      fc.property(
        goods,
        fc.boolean(),
        fc.constantFrom(RATES, HIGHER),
        fc.constantFrom(RATES, HIGHER),
        (all, tenth, then, now) => {
          const order = bought(all, then, tenth);
          const same = edited(order, [], [], now);
          assert.equal(same.total, order.total);
          assert.deepEqual(same.lines, order.lines);
          assert.deepEqual([same.added, same.removed], [[], []]);
        },
      ),
    );
  });

  it('keeps rates by which goods were sold, and has new ones by the rules of now', () => {
    const order = bought([mug, book]);
    const { lines, tax } = edited(order, [{ variantId: 'pen', quantity: 1 }], [item('pen', 500)], HIGHER);
    assert.deepEqual(
      lines.map(({ variantId, taxRate }) => [variantId, taxRate]),
      [
        ['mug', 1900],
        ['book', 700],
        ['pen', 2100],
      ],
    );
    assert.equal(tax.included, false, 'as the order was sold');
  });

  it('gives units that go their share of a discount along, and units that come none of it', () => {
    const order = bought([{ ...mug, quantity: 3 }], RATES, true);
    assert.equal(order.lines[0]?.discount, 300);
    const less = edited(order, [{ variantId: 'mug', quantity: 1 }]);
    assert.deepEqual([less.discount, less.discounts.map(({ amount }) => amount)], [100, [100]]);
    const more = edited(order, [{ variantId: 'mug', quantity: 5 }]);
    assert.equal(more.discount, 300);
    const back = edited({ ...order, ...more }, [{ variantId: 'mug', quantity: 3 }]);
    assert.deepEqual([back.total, back.discount], [order.total, 300], 'what came last goes first');
    assert.deepEqual(less.removed, [{ variantId: 'mug', quantity: 2 }]);
  });

  it('takes a discount off what is left of the line, and never more', () => {
    const order = bought([mug], RATES, true);
    const half = { basisPoints: 5000, reason: 'late' };
    const priced = edited(order, [{ variantId: 'mug', quantity: 2, discount: half }]);
    assert.deepEqual(
      priced.discounts.map(({ title, amount }) => [title, amount]),
      [
        ['A tenth', 200],
        ['late', 900],
      ],
    );
    const all = { amount: 99_999, reason: 'sorry' };
    assert.equal(edited(order, [{ variantId: 'mug', quantity: 2, discount: all }]).discount, 2000);
  });

  it('adds up: lines, discounts and taxes to the totals, units to the difference', () => {
    const change = fc.record({
      variantId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      quantity: fc.integer({ min: 1, max: 12 }),
      discount: fc.option(
        fc.oneof(
          fc.record({ amount: fc.integer({ min: 1, max: 20_000 }), reason: fc.constant('why') }),
          fc.record({ basisPoints: fc.integer({ min: 1, max: 10_000 }), reason: fc.constant('why') }),
        ),
        { nil: undefined },
      ),
    });
    const some = fc.uniqueArray(change, { selector: ({ variantId }) => variantId, maxLength: 6 });
    const items = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => item(id, 100 * index + 1));
    fc.assert(
      fc.property(goods, fc.boolean(), some, (all, tenth, changes) => {
        const order = bought(all, RATES, tenth);
        const priced = edited(order, changes, items);
        const { lines, subtotal, discount, tax, total } = priced;
        assert.equal(subtotal, sum(lines.map((line) => line.quantity * line.unitPrice)));
        assert.equal(discount, sum(lines.map((line) => line.discount)));
        assert.equal(
          sum(priced.discounts.filter((each) => each.class !== 'shipping').map(({ amount }) => amount)),
          discount,
        );
        assert.equal(tax.amount, sum(lines.map((line) => line.tax)) + tax.shipping.amount);
        assert.equal(total, subtotal - discount + order.shipping + tax.amount);
        for (const line of lines)
          assert.ok(line.discount >= 0 && line.discount <= line.quantity * line.unitPrice);
        const units = (from: readonly { quantity: number }[]) => sum(from.map(({ quantity }) => quantity));
        assert.equal(units(lines) - units(order.lines), units(priced.added) - units(priced.removed));
      }),
    );
  });

  it('refuses what has left to be taken out, and an order of nothing', () => {
    const order = bought([mug, book]);
    const parcel = { ...order, lines: order.lines.map((line) => ({ ...line, shipped: 1 })) };
    assert.throws(() => edited(parcel, [{ variantId: 'mug', quantity: 0 }]), { code: 'invalid_input' });
    const nothing = ['mug', 'book'].map((variantId) => ({ variantId, quantity: 0 }));
    assert.throws(() => edited(order, nothing), { code: 'invalid_input' });
    assert.throws(() => edited(order, [{ variantId: 'pen', quantity: 1 }], [item('pen', undefined)]), {
      code: 'invalid_input',
    });
  });
});
