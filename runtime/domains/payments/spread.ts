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
  /** What is missing then, and lies with payments that a bank contests: in all, and with which. */
  readonly contested: number;
  readonly atBanks: Spread<Payment>['parts'];
}

/**
 * @param payments ids grow with time
 * @returns undefined when all together have less left
 */
export function spreadRefund<Payment extends Purse>(
  amount: number,
  payments: readonly Payment[],
): Spread<Payment> | undefined {
  const newest = payments.toSorted((one, other) => (one.id < other.id ? 1 : -1));
  let missing = amount;
  const take = (from: readonly Payment[]): Spread<Payment>['parts'] =>
    from.flatMap((payment) => {
      const given = Math.min(missing, Math.max(payment.left, 0));
      missing -= given;
      return given > 0 ? [{ payment, amount: given }] : [];
    });
  const parts = take(newest.filter(({ contested }) => !contested));
  const contested = missing;
  const atBanks = take(newest.filter((payment) => payment.contested));
  return missing > 0 ? undefined : { parts, contested, atBanks };
}
