/**
 * An account's balance: what each charge, refund and dispute moved on it, and payouts of all that was not paid out before. Each
 * movement belongs to the payout that took it, or waits for one.
 */
import type { Ledger } from './ledger.ts';
import type { BalanceTransaction, Charge, Dispute, Payout, Refund } from './objects.ts';

/** Parent of what no payout has taken yet. */
const WAITING = 'unpaid';
/** As a European card costs: 1.5 % and 25. */
const FEE_RATE = 0.015;
const FEE_FIXED = 25;
/** Taken with the money of a dispute, and given back with it. */
const DISPUTE_FEE = 2_000;
/** Movements that one payout takes at most. */
const MOST = 100_000;

export function bookCharge(ledger: Ledger, { id, amount_captured: amount, currency }: Charge): void {
  const fee = Math.min(Math.round(amount * FEE_RATE) + FEE_FIXED, amount);
  book(ledger, { amount, fee, currency, source: id, type: 'charge', reporting_category: 'charge' });
}

export function bookRefund(ledger: Ledger, { id, amount, currency }: Refund, failed = false): void {
  const type = failed ? 'refund_failure' : 'refund';
  book(ledger, {
    amount: failed ? amount : -amount,
    fee: 0,
    currency,
    source: id,
    type,
    reporting_category: type,
  });
}

export function bookDispute(ledger: Ledger, { id, amount, currency }: Dispute, reversed = false): void {
  const sign = reversed ? 1 : -1;
  book(ledger, {
    amount: sign * amount,
    fee: -sign * DISPUTE_FEE,
    currency,
    source: id,
    type: 'adjustment',
    reporting_category: reversed ? 'dispute_reversal' : 'dispute',
  });
}

/** Pays out all that waits, by currency; what is owed waits on. */
export function payOut(ledger: Ledger): readonly Payout[] {
  const waiting = ledger.list('balance_transaction', { limit: MOST, parent: WAITING }).data;
  return [...new Set(waiting.map(({ currency }) => currency))].flatMap((currency) => {
    const taken = waiting.filter((each) => each.currency === currency);
    const amount = taken.reduce((sum, { net }) => sum + net, 0);
    if (amount <= 0) return [];
    const payout: Payout = {
      id: ledger.newId('po'),
      object: 'payout',
      amount,
      arrival_date: ledger.seconds,
      automatic: true,
      created: ledger.seconds,
      currency,
      livemode: false,
      metadata: {},
      method: 'standard',
      reconciliation_status: 'completed',
      status: 'paid',
    };
    // Oldest first, so that a list by payout has them newest first as every list does.
    for (const each of taken.toReversed()) {
      ledger.remove('balance_transaction', each.id);
      ledger.put('balance_transaction', each, payout.id);
    }
    ledger.put(
      'balance_transaction',
      movement(ledger, {
        amount: -amount,
        fee: 0,
        currency,
        source: payout.id,
        type: 'payout',
        reporting_category: 'payout',
      }),
      payout.id,
    );
    ledger.put('payout', payout);
    ledger.tell('payout.paid', payout);
    return [payout];
  });
}

type Movement = Pick<
  BalanceTransaction,
  'amount' | 'fee' | 'currency' | 'source' | 'type' | 'reporting_category'
>;

function book(ledger: Ledger, what: Movement): void {
  ledger.put('balance_transaction', movement(ledger, what), WAITING);
}

function movement(ledger: Ledger, what: Movement): BalanceTransaction {
  return {
    id: ledger.newId('txn'),
    object: 'balance_transaction',
    available_on: ledger.seconds,
    balance_type: 'payments',
    created: ledger.seconds,
    description: null,
    exchange_rate: null,
    fee_details: [],
    net: what.amount - what.fee,
    status: 'available',
    ...what,
  };
}
