/**
 * What visits like this one went on to look at: k nearest neighbours among recent visits, by the products they share.
 *
 * Jannach, Ludewig: When Recurrent Neural Networks meet the Neighborhood for Session-Based Recommendation, RecSys 2017; with the weights
 * of its V-SkNN: Ludewig, Jannach: Evaluation of session-based recommendation algorithms, UMUAI 28, 2018. That the latest visits of
 * each product are enough of a sample: Kersbergen, Sprangers, Schelter: Serenade, SIGMOD 2022.
 */

/** How many visits decide. */
const NEIGHBOURS = 100;
/** By how much a neighbour counts less for each product that was looked at since the last one it shares. */
const STEP = 0.1;

export interface Scored {
  readonly productId: string;
  readonly score: number;
  /** The product by which the visit that says most for it is like this one. */
  readonly becauseOf: string;
}

/**
 * @param visited different products, the latest last
 * @param visits each with different products; of equally near ones the first decide
 * @returns what `visited` does not hold, the best first
 */
export function nearestVisits(
  visited: readonly string[],
  visits: readonly (readonly string[])[],
): readonly Scored[] {
  const places = new Map(visited.map((id, at) => [id, at + 1]));
  const neighbours = visits
    .flatMap((products) => {
      const shared = products.flatMap((id) => places.get(id) ?? []);
      if (shared.length === 0) return [];
      // The later it was looked at, the more it says of what is wanted now.
      const similarity = shared.reduce((sum, place) => sum + place, 0) / visited.length;
      return [{ products, similarity, latest: Math.max(...shared) }];
    })
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, NEIGHBOURS);
  const scores = new Map<string, { score: number; most: number; becauseOf: string }>();
  for (const { products, similarity, latest } of neighbours) {
    const worth = similarity * Math.max(0, 1 - STEP * (visited.length - latest));
    if (worth === 0) continue;
    for (const id of products) {
      if (places.has(id)) continue;
      const becauseOf = visited[latest - 1] ?? '';
      const sum = scores.get(id);
      if (sum === undefined) scores.set(id, { score: worth, most: worth, becauseOf });
      else {
        sum.score += worth;
        if (worth > sum.most) Object.assign(sum, { most: worth, becauseOf });
      }
    }
  }
  return [...scores]
    .map(([productId, { score, becauseOf }]) => ({ productId, score, becauseOf }))
    .toSorted((a, b) => b.score - a.score || (a.productId < b.productId ? -1 : 1));
}
