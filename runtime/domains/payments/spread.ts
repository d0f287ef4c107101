/**
 * From which of an order's payments a refund is taken. Pure.
 *
 * The newest first: what was paid last is undone first, so a surcharge that an edit made goes back where it came from; its card was
 * the last to work, and banks take money back for so long after it was paid. Nothing is taken from a payment that a bank contests: it may
 * give that to the shopper itself.
 */

export interface Purse {
  readonly id: string;
  /** A bank has not decided yet. */
  readonly contested: boolean;
  /** Minor units that were taken and neither returned nor promised to be. */
  readonly left: number;
}

export interface Spread<Payment extends Purse> {
  /** What each gives; those that give nothing are left out. */
  readonly parts: readonly { readonly payment: Payment; readonly amount: number }[];
  /** What is missing then, and lies with payments that a bank contests. */
  readonly contested: number;
}

/**
 * @param payments ids grow with time
 * @returns undefined when all together have less left
 */
export function spreadRefund<Payment extends Purse>(
  amount: number,
  payments: readonly Payment[],
): Spread<Payment> | undefined {
  const newest = payments
    .filter(({ contested }) => !contested)
    .toSorted((one, other) => (one.id < other.id ? 1 : -1));
  let missing = amount;
  const parts = newest.flatMap((payment) => {
    const given = Math.min(missing, Math.max(payment.left, 0));
    missing -= given;
    return given > 0 ? [{ payment, amount: given }] : [];
  });
  const atBanks = payments
    .filter(({ contested }) => contested)
    .reduce((sum, { left }) => sum + Math.max(left, 0), 0);
  return missing > atBanks ? undefined : { parts, contested: missing };
}
