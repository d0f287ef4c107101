/** Amounts and units together. */

/** Nothing of nothing. */
export function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
