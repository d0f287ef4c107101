/** What a share of some figures does not exceed. */

/** The value that `share` of all values do not exceed (nearest rank): one that occurred; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
