/** Several rankings as one. Pure. */

/** Places beyond which one more matters little (Cormack, Clarke and Büttcher, SIGIR 2009, who found 60 good for everything they tried). */
export const K = 60;

/**
 * Reciprocal rank fusion: each ranking gives what it has at place n (from 1) 1 / (60 + n). Of equals, what the first ranking has comes first.
 * @param weights how much each counts; absent: all the same. What has twice the other's stands before all that only the other has, down to place 61.
 */
export function fused(
  rankings: readonly (readonly string[])[],
  weights: readonly number[] = [],
): readonly string[] {
  const scores = new Map<string, number>();
  for (const [n, ranking] of rankings.entries())
    for (const [at, id] of ranking.entries())
      scores.set(id, (scores.get(id) ?? 0) + (weights[n] ?? 1) / (K + at + 1));
  return [...scores].toSorted(([, a], [, b]) => b - a).map(([id]) => id);
}
