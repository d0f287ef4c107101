/**
 * Sharing out whole minor units, so that the parts are always exactly the whole: largest remainder (Hamilton's method).
 */

/**
 * @param amount to share, at most the sum of the weights, so that no part is larger than its weight
 * @param weights whole numbers, none negative
 * @returns a part for each weight: its exact share rounded down, or up for those whose shares lose most by it (the earlier first
 *   among equals)
 */
export function shareOut(amount: number, weights: readonly number[]): number[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  if (amount > whole) throw new RangeError(`${amount} is more than there is to take it from: ${whole}.`);
  if (whole === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => BigInt(amount) * BigInt(weight));
  const parts = exact.map((share) => Number(share / BigInt(whole)));
  const missing = amount - parts.reduce((sum, part) => sum + part, 0);
  const byLoss = exact
    .map((share, index) => ({ index, loss: share % BigInt(whole) }))
    .toSorted((a, b) => (a.loss === b.loss ? a.index - b.index : a.loss > b.loss ? -1 : 1));
  for (const { index } of byLoss.slice(0, missing)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

/** A share in basis points of an amount, rounded half up. */
export function portionOf(amount: number, basisPoints: number): number {
  return Number((BigInt(amount) * BigInt(basisPoints) * 2n + 10_000n) / 20_000n);
}
