/**
 * What becomes of the money when a paid order comes to another sum. Pure.
 *
 * One law holds before and after: total + lowered = gift + outside + captured + owed. What the order was ever worth is what was paid
 * for it by any means, and what is still to be paid.
 */

export interface Balance {
  readonly total: number;
  /** By how much edits made it cheaper after it was paid. */
  readonly lowered: number;
  readonly gift: number;
  readonly outside: number;
  readonly captured: number;
}

export interface Settlement {
  readonly lowered: number;
  readonly outside: number;
  /** Still to be paid, all edits together. */
  readonly owed: number;
  /** To go back for this edit. */
  readonly refund: number;
}

export function owedBy({ total, lowered, gift, outside, captured }: Balance): number {
  return total + lowered - gift - outside - captured;
}

/**
 * A lower total first spares what is still owed; only what was paid goes back.
 * @param paidOutside whether what is owed now was paid by other means
 */
export function settle(before: Balance, total: number, paidOutside: boolean): Settlement {
  const rise = total - before.total;
  const owedBefore = owedBy(before);
  const spared = Math.min(Math.max(-rise, 0), owedBefore);
  const refund = Math.max(-rise, 0) - spared;
  const owed = owedBefore - spared + Math.max(rise, 0);
  return {
    lowered: before.lowered + refund,
    outside: before.outside + (paidOutside ? owed : 0),
    owed: paidOutside ? 0 : owed,
    refund,
  };
}
