/**
 * From which of an order's payments a refund is taken. Pure.
 *
 * The newest first: what was paid last is undone first, so a surcharge that an edit made goes back where it came from; its card was
 * the last to work, and banks take money back for so long after it was paid. From a payment that the bank contests the processor
 * takes nothing back, so it comes last.
 */

export interface Purse {
  readonly id: string;
  readonly disputed: boolean;
  /** Minor units that were taken and neither returned nor promised to be. */
  readonly left: number;
}

/**
 * @param payments ids grow with time
 * @returns what each gives, those that give nothing left out; undefined when all together have less left
 */
export function spreadRefund<Payment extends Purse>(
  amount: number,
  payments: readonly Payment[],
): readonly { readonly payment: Payment; readonly amount: number }[] | undefined {
  const newest = payments.toSorted(
    (a, b) => Number(a.disputed) - Number(b.disputed) || (a.id < b.id ? 1 : -1),
  );
  let missing = amount;
  const parts = newest.flatMap((payment) => {
    const given = Math.min(missing, Math.max(payment.left, 0));
    missing -= given;
    return given > 0 ? [{ payment, amount: given }] : [];
  });
  return missing > 0 ? undefined : parts;
}
