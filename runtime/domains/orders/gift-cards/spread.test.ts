import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { drawOn, splitRefund } from './spread.ts';

describe('gift cards beside a payment', () => {
  const purses = fc
    .array(fc.nat({ max: 99_999 }), { maxLength: 6 })
    .map((amounts) => amounts.map((amount, index) => ({ id: `card ${index}`, amount })));

  it('give what they have, none more, and together no more than is asked', () => {
    fc.assert(
      fc.property(purses, fc.nat({ max: 200_000 }), (given, total) => {
        const drawn = drawOn(given, total);
        const whole = given.reduce((sum, { amount }) => sum + amount, 0);
        assert.equal(
          drawn.reduce((sum, { amount }) => sum + amount, 0),
          Math.min(total, whole),
        );
        for (const { id, amount } of drawn) {
          assert.ok(amount > 0 && amount <= (given.find((purse) => purse.id === id)?.amount ?? 0));
        }
      }),
    );
  });

  it('get back only what the payment does not, however a refund is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 9_999 }),
        fc.nat({ max: 9_999 }),
        fc.infiniteStream(fc.nat({ max: 4_000 })),
        (payment, gift, pieces) => {
          let [paid, given] = [payment, gift];
          for (const piece of pieces.take(20)) {
            const amount = Math.min(piece, paid + given);
            const split = splitRefund(amount, paid, 0);
            assert.equal(split.payment + split.giftCards, amount);
            assert.ok(split.giftCards === 0 || split.payment === paid);
            paid -= split.payment;
            given -= split.giftCards;
            assert.ok(paid >= 0 && given >= 0);
          }
        },
      ),
    );
  });
});
