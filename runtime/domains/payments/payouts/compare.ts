/** What differs between a page of a payout and our payments. Pure. */
import type { BalanceEntry } from '../../../platform/ports.ts';

/** What we have of a payment, by its intent. */
export interface Booked {
  readonly paymentId: string;
  readonly orderId: string;
  readonly currency: string;
  readonly captured: number;
  /** What the shop or a bank sent back, and what of that failed later. */
  readonly refunded: number;
  readonly bounced: number;
  /** What is contested, or was, in sum. */
  readonly contested: number;
}

export interface Difference {
  /** The entry's. */
  readonly id: string;
  readonly kind: 'missing_here' | 'amount_differs';
  readonly what: 'charge' | 'refund' | 'dispute';
  readonly intentId: string | undefined;
  readonly disputeId?: string | undefined;
  readonly payment: Booked | undefined;
  /** Minor units: ours, and the provider's. */
  readonly here: number;
  readonly there: number;
  readonly currency: string;
}

/** @param booked by intent; what is missing in it is missing here */
export function compareEntries(
  entries: readonly BalanceEntry[],
  booked: ReadonlyMap<string, Booked>,
): readonly Difference[] {
  return entries.flatMap((entry): readonly Difference[] => {
    const { id, kind: what, amount, currency, intentId, disputeId } = entry;
    if (what === 'fee' || what === 'other') return [];
    const payment = intentId === undefined ? undefined : booked.get(intentId);
    const there = Math.abs(amount);
    const said = { id, what, intentId, disputeId, payment, there, currency };
    if (payment === undefined) return [{ ...said, kind: 'missing_here', here: 0 }];
    const here = ours(payment, what);
    return agrees(payment, entry, here) ? [] : [{ ...said, kind: 'amount_differs', here }];
  });
}

function ours(payment: Booked, what: Difference['what']): number {
  return { charge: payment.captured, refund: payment.refunded, dispute: payment.contested }[what];
}

/** A charge is all that was taken. Refunds and disputes come in parts: of them we must know at least as much, and of refunds that came back, too. A dispute that did takes nothing. */
function agrees({ currency, bounced }: Booked, entry: BalanceEntry, here: number): boolean {
  // Paid out in another currency than it was paid in: then the amounts say nothing of each other.
  if (entry.currency !== currency) return here > 0;
  if (entry.kind === 'charge') return here === entry.amount;
  if (entry.amount > 0) return entry.kind !== 'refund' || bounced >= entry.amount;
  return here >= -entry.amount;
}

export interface Sums {
  readonly entries: number;
  readonly charges: number;
  readonly refunds: number;
  readonly disputes: number;
  readonly fees: number;
  readonly others: number;
}

/** By kind, signed as they move the account; fees as what they cost. */
export function sumOf(entries: readonly BalanceEntry[]): Sums {
  const of = (kind: BalanceEntry['kind']): number =>
    entries.filter((each) => each.kind === kind).reduce((sum, { amount }) => sum + amount, 0);
  return {
    entries: entries.length,
    charges: of('charge'),
    refunds: of('refund'),
    disputes: of('dispute'),
    fees: entries.reduce((sum, { fee }) => sum + fee, 0) - of('fee'),
    others: of('other'),
  };
}
