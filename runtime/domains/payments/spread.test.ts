import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { spreadRefund } from './spread.ts';

const payment = (id: string, left: number, disputed = false) => ({ id, left, disputed });

describe('a refund over several payments', () => {
  const shown = (parts: ReturnType<typeof spreadRefund>) =>
    parts?.map((part) => [part.payment.id, part.amount]);

  it('undoes what was paid last first', () => {
    const payments = [payment('a', 100), payment('b', 30), payment('c', 0)];
    assert.deepEqual(shown(spreadRefund(20, payments)), [['b', 20]]);
    assert.deepEqual(shown(spreadRefund(50, payments)), [
      ['b', 30],
      ['a', 20],
    ]);
  });

  it('leaves what is contested for the end', () => {
    const payments = [payment('a', 100), payment('b', 30, true)];
    assert.deepEqual(shown(spreadRefund(110, payments)), [
      ['a', 100],
      ['b', 10],
    ]);
  });

  it('returns exactly the amount and from none more than it has, or nothing', () => {
    const some = fc.uniqueArray(
      fc.record({ id: fc.string({ minLength: 1 }), left: fc.nat(1000), disputed: fc.boolean() }),
      { selector: ({ id }) => id, maxLength: 6 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 4000 }), (payments, amount) => {
        const all = payments.reduce((sum, { left }) => sum + left, 0);
        const parts = spreadRefund(amount, payments);
        assert.equal(parts === undefined, amount > all);
        if (parts === undefined) return;
        assert.equal(
          parts.reduce((sum, part) => sum + part.amount, 0),
          amount,
        );
        for (const part of parts) assert.ok(part.amount > 0 && part.amount <= part.payment.left);
      }),
    );
  });
});
