import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { BalanceEntry } from '../../../platform/ports.ts';
import { compareEntries, sumOf, type Booked } from './compare.ts';

const PAYMENT: Booked = {
  paymentId: 'pay_1',
  orderId: 'ord_1',
  currency: 'EUR',
  captured: 1000,
  refunded: 300,
  bounced: 50,
  contested: 0,
};
const ENTRY: BalanceEntry = {
  id: 'txn_1',
  kind: 'charge',
  amount: 1000,
  fee: 40,
  currency: 'EUR',
  at: new Date(0),
  intentId: 'pi_1',
};
const known = new Map([['pi_1', PAYMENT]]);
const found = (entry: Partial<BalanceEntry>) =>
  compareEntries([{ ...ENTRY, ...entry }], known).map(({ kind, what, here, there }) => [
    kind,
    what,
    here,
    there,
  ]);

describe('comparing a payout with our payments', () => {
  it('finds nothing where both say the same', () => {
    assert.deepEqual(found({}), []);
    assert.deepEqual(found({ kind: 'refund', amount: -300 }), []);
    assert.deepEqual(found({ kind: 'refund', amount: -100 }), [], 'one refund of several');
    assert.deepEqual(found({ kind: 'refund', amount: 50 }), [], 'one that came back');
    assert.deepEqual(found({ kind: 'fee', amount: -50, intentId: undefined }), []);
  });

  it('names what is missing here, and whose amount differs', () => {
    assert.deepEqual(found({ intentId: 'pi_2' }), [['missing_here', 'charge', 0, 1000]]);
    assert.deepEqual(found({ intentId: undefined }), [['missing_here', 'charge', 0, 1000]]);
    assert.deepEqual(found({ amount: 900 }), [['amount_differs', 'charge', 1000, 900]]);
    assert.deepEqual(found({ kind: 'refund', amount: -301 }), [['amount_differs', 'refund', 300, 301]]);
    assert.deepEqual(found({ kind: 'refund', amount: 51 }), [['amount_differs', 'refund', 300, 51]]);
    assert.deepEqual(found({ kind: 'dispute', amount: -1000 }), [['amount_differs', 'dispute', 0, 1000]]);
  });

  it('does not compare amounts of two currencies', () => {
    assert.deepEqual(found({ currency: 'USD', amount: 1100 }), []);
  });

  it('sums to what the payout moves', () => {
    const entry = fc.record({
      kind: fc.constantFrom('charge', 'refund', 'dispute', 'fee', 'other'),
      amount: fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fee: fc.integer({ min: -2_000, max: 2_000 }),
    });
    fc.assert(
      fc.property(fc.array(entry), (parts) => {
        const entries = parts.map((part): BalanceEntry => ({ ...ENTRY, ...part }));
        const { charges, refunds, disputes, fees, others } = sumOf(entries);
        const net = entries.reduce((sum, { amount, fee }) => sum + amount - fee, 0);
        assert.equal(charges + refunds + disputes + others - fees, net);
      }),
    );
  });
});
