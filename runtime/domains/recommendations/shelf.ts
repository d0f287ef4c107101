/** Which recommenders are asked at which place, and one list of what they propose: for sale, each product once, each with its reason. */
import type { RecommendationRequest, Recommender } from './recommender.ts';
import type { Context, Recommendations } from './schemas.ts';

export interface Shelf {
  arrange(request: RecommendationRequest): Promise<Recommendations>;
}

/** @param at for each place those that are asked, the most telling first; the next fills what the one before leaves */
export function createShelf(
  at: Readonly<Record<Context, readonly Recommender[]>>,
  sellable: (tenant: string, ids: readonly string[]) => Promise<ReadonlySet<string>>,
): Shelf {
  return {
    async arrange(request) {
      const { tenant, context, products, limit } = request;
      const items: Recommendations['items'] = [];
      const taken = new Set(products);
      let personal = false;
      for (const recommender of at[context]) {
        if (items.length === limit) break;
        if (recommender.personal && request.visited.length === 0) continue;
        const proposed = (await recommender.recommend(request)).filter(
          ({ productId }) => !taken.has(productId),
        );
        const forSale = await sellable(
          tenant,
          proposed.map(({ productId }) => productId),
        );
        for (const { productId, reason, becauseOf } of proposed) {
          if (items.length === limit) break;
          if (!forSale.has(productId) || taken.has(productId)) continue;
          taken.add(productId);
          personal ||= recommender.personal;
          items.push({ productId, reason, source: recommender.name, becauseOf: becauseOf ?? null });
        }
      }
      return { personal, items };
    },
  };
}
