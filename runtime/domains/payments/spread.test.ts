import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { spreadRefund } from './spread.ts';

const payment = (id: string, left: number, contested = false) => ({ id, left, contested });

describe('a refund over several payments', () => {
  const shown = (parts: ReturnType<typeof spreadRefund>) =>
    parts?.parts.map((part) => [part.payment.id, part.amount]);

  it('undoes what was paid last first', () => {
    const payments = [payment('a', 100), payment('b', 30), payment('c', 0)];
    assert.deepEqual(shown(spreadRefund(20, payments)), [['b', 20]]);
    assert.deepEqual(shown(spreadRefund(50, payments)), [
      ['b', 30],
      ['a', 20],
    ]);
  });

  it('takes nothing from what is contested, and says how much that is', () => {
    const payments = [payment('a', 100), payment('b', 30, true)];
    assert.deepEqual(shown(spreadRefund(110, payments)), [['a', 100]]);
    assert.equal(spreadRefund(110, payments)?.contested, 10);
    assert.equal(spreadRefund(131, payments), undefined);
  });

  it('comes to the amount with what is contested, from none more than it has, or to nothing', () => {
    const some = fc.uniqueArray(
      fc.record({ id: fc.string({ minLength: 1 }), left: fc.nat(1000), contested: fc.boolean() }),
      { selector: ({ id }) => id, maxLength: 6 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 4000 }), (payments, amount) => {
        const all = payments.reduce((sum, { left }) => sum + left, 0);
        const spread = spreadRefund(amount, payments);
        assert.equal(spread === undefined, amount > all);
        if (spread === undefined) return;
        const given = spread.parts.reduce((sum, part) => sum + part.amount, 0);
        assert.equal(given + spread.contested, amount);
        for (const { payment: purse, amount: part } of spread.parts)
          assert.ok(!purse.contested && part > 0 && part <= purse.left);
        const free = payments.filter(({ contested }) => !contested).reduce((sum, { left }) => sum + left, 0);
        assert.equal(spread.contested, Math.max(0, amount - free), 'all that is free goes first');
        const atBanks = spread.atBanks.reduce((sum, part) => sum + part.amount, 0);
        assert.equal(atBanks, spread.contested);
        for (const { payment: purse, amount: part } of spread.atBanks)
          assert.ok(purse.contested && part > 0 && part <= purse.left);
      }),
    );
  });
});
