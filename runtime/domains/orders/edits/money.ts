/**
 * What becomes of the money when a paid order comes to another sum. Pure.
 *
 * One law holds before and after: total + lowered = gift + outside + credited + captured + owed. What the order was ever worth is what
 * was paid for it by any means, goods that came back among them, and what is still to be paid.
 */

export interface Balance {
  readonly total: number;
  /** By how much edits made it cheaper after it was paid. */
  readonly lowered: number;
  readonly gift: number;
  readonly outside: number;
  /** What goods that came back have paid of it. */
  readonly credited: number;
  readonly captured: number;
}

export interface Settlement {
  readonly lowered: number;
  readonly outside: number;
  readonly credited: number;
  /** Still to be paid, all edits and exchanges together. */
  readonly owed: number;
  /** To go back for this one. */
  readonly refund: number;
}

export function owedBy({ total, lowered, gift, outside, credited, captured }: Balance): number {
  return total + lowered - gift - outside - credited - captured;
}

/**
 * A lower total, or more that goods pay, first spares what is still owed; only what was paid goes back.
 * @param paidOutside whether what is owed now was paid by other means
 * @param credited what goods that came back have paid of it now
 */
export function settle(
  before: Balance,
  total: number,
  paidOutside: boolean,
  credited = before.credited,
): Settlement {
  const balance = owedBy({ ...before, total, credited });
  const owed = Math.max(balance, 0);
  const refund = Math.max(-balance, 0);
  return {
    lowered: before.lowered + refund,
    outside: before.outside + (paidOutside ? owed : 0),
    credited,
    owed: paidOutside ? 0 : owed,
    refund,
  };
}
