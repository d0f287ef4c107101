/** The simple recommenders, which every model has to beat: popular, bought together, looked at in visits alike, looked at before. */
import type { TenantId } from '../../platform/ports.ts';
import type { Recommender } from './recommender.ts';
import type { Store } from './store.ts';
import { nearestVisits } from './visits.ts';

/** So many more than are wanted: some are sold out. */
const SPARE = 40;

/** @param membersOf ids of a collection's products */
export function popular(
  store: Store,
  membersOf: (tenant: TenantId, collection: string) => Promise<readonly string[]>,
): Recommender {
  return {
    name: 'popular',
    personal: false,
    async recommend({ tenant, products, visited, collection, limit }) {
      const among = collection === undefined ? undefined : await membersOf(tenant, collection);
      const without = [...products, ...visited];
      const rows = await store.popular(tenant, { without, among, limit });
      return rows.map(({ product_id: productId, score }) => ({ productId, score, reason: 'popular' }));
    },
  };
}

export function alsoBought(store: Store): Recommender {
  return {
    name: 'also-bought',
    personal: false,
    async recommend({ tenant, products, limit }) {
      if (products.length === 0) return [];
      const rows = await store.together(tenant, products, limit + SPARE);
      return rows.map(({ product_id: productId, similarity: score, because: becauseOf }) => ({
        productId,
        score,
        reason: 'bought_together',
        becauseOf,
      }));
    },
  };
}

/** @param by the visit so far, which is personal, or only the products that are looked at here, which is not */
export function visitsAlike(store: Store, by: 'visit' | 'products'): Recommender {
  return {
    name: by === 'visit' ? 'session-knn' : 'also-viewed',
    personal: by === 'visit',
    async recommend({ tenant, products, visited, limit }) {
      const seen =
        by === 'products' ? products : [...visited.filter((id) => !products.includes(id)), ...products];
      const scored = nearestVisits(seen, await store.visitsWith(tenant, seen));
      return scored
        .slice(0, limit + SPARE)
        .map((candidate) => ({ ...candidate, reason: 'viewed_together' as const }));
    },
  };
}

export function recentlyViewed(): Recommender {
  return {
    name: 'recently-viewed',
    personal: true,
    recommend: ({ products, visited }) =>
      Promise.resolve(
        visited
          .filter((id) => !products.includes(id))
          .map((productId, at) => ({ productId, score: at + 1, reason: 'viewed_before' as const }))
          .toReversed(),
      ),
  };
}
