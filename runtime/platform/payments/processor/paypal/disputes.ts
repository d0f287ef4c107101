/** Disputes at the stand-in: opened by a payer who chose so, answered or conceded by the shop, decided by magic words as at Stripe. */
import { randomInt } from 'node:crypto';
import type { Reply } from '../errors.ts';
import { at, unprocessable, type PayPalBooks } from './books.ts';
import type { Capture, PayPalDispute } from './objects.ts';

const ANSWER_WITHIN_MS = 10 * 86_400_000;

export function openDispute(books: PayPalBooks, { id: capture, amount }: Capture): void {
  const opened: PayPalDispute = {
    id: `PP-D-${randomInt(1e9, 1e10)}`,
    created: Math.floor(books.now.getTime() / 1000),
    capture,
    amount,
    status: 'WAITING_FOR_SELLER_RESPONSE',
    outcome: undefined,
  };
  books.putDispute(opened);
  books.tell('CUSTOMER.DISPUTE.CREATED', 'dispute', shownDispute(opened));
}

/** Without magic words it waits under review. */
export function provideEvidence(books: PayPalBooks, dispute: PayPalDispute, notes: string): Reply {
  if (dispute.status !== 'WAITING_FOR_SELLER_RESPONSE')
    return unprocessable('ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE');
  if (notes === 'winning_evidence') return settle(books, dispute, 'RESOLVED_SELLER_FAVOUR');
  if (notes === 'losing_evidence') return settle(books, dispute, 'RESOLVED_BUYER_FAVOUR');
  const reviewed: PayPalDispute = { ...dispute, status: 'UNDER_REVIEW' };
  books.putDispute(reviewed);
  books.tell('CUSTOMER.DISPUTE.UPDATED', 'dispute', shownDispute(reviewed));
  return { status: 200, body: { links: [] } };
}

export function acceptClaim(books: PayPalBooks, dispute: PayPalDispute): Reply {
  if (dispute.status === 'RESOLVED') return unprocessable('ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE');
  return settle(books, dispute, 'RESOLVED_BUYER_FAVOUR');
}

function settle(
  books: PayPalBooks,
  dispute: PayPalDispute,
  outcome: NonNullable<PayPalDispute['outcome']>,
): Reply {
  const resolved = Math.floor(books.now.getTime() / 1000);
  const settled: PayPalDispute = { ...dispute, status: 'RESOLVED', outcome, resolved };
  books.putDispute(settled);
  books.tell('CUSTOMER.DISPUTE.RESOLVED', 'dispute', shownDispute(settled));
  return { status: 200, body: { links: [] } };
}

export function shownDispute({ id, created, capture, amount, status, outcome }: PayPalDispute): object {
  const opened = created * 1000;
  return {
    dispute_id: id,
    create_time: new Date(opened).toISOString(),
    reason: 'MERCHANDISE_OR_SERVICE_NOT_RECEIVED',
    status,
    dispute_amount: amount,
    disputed_transactions: [{ seller_transaction_id: capture }],
    ...(status === 'WAITING_FOR_SELLER_RESPONSE'
      ? { seller_response_due_date: new Date(opened + ANSWER_WITHIN_MS).toISOString() }
      : {}),
    ...(outcome === undefined ? {} : { dispute_outcome: { outcome_code: outcome, amount_refunded: amount } }),
  };
}

/** The text in the first evidence of the JSON that the form's part `input` holds. */
export function notesIn(body: unknown): string {
  const notes = at(at(at(body, 'evidences'), '0'), 'notes');
  return typeof notes === 'string' ? notes : '';
}
