/**
 * How an order's total is divided among gift cards and a card payment, and what goes back where. Pure.
 *
 * Gift cards pay first, one emptied after the other; a payment pays the rest. What is refunded goes back the other way round: first
 * to the payment, as far as it was taken, then as money by hand where it came so, then to the gift cards. So nobody gets money for a
 * gift card, nor a gift card for money.
 */

export interface Purse {
  readonly id: string;
  /** What is in it, or may go back into it. */
  readonly amount: number;
}

/** @returns how much each gives, in their order; those that give nothing are left out */
export function drawOn(purses: readonly Purse[], total: number): readonly Purse[] {
  let left = total;
  return purses.flatMap(({ id, amount }) => {
    const given = Math.min(left, amount);
    left -= given;
    return given > 0 ? [{ id, amount: given }] : [];
  });
}

/**
 * @param amount to refund, at most what both have left
 * @param paid what of the payment was taken and has not gone back
 * @param outside what came by other means and has not gone back
 */
export function splitRefund(
  amount: number,
  paid: number,
  outside: number,
): { readonly payment: number; readonly byHand: number; readonly giftCards: number } {
  const payment = Math.min(amount, paid);
  const byHand = Math.min(amount - payment, outside);
  return { payment, byHand, giftCards: amount - payment - byHand };
}
