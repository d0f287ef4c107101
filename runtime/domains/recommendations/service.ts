/** The recommendations domain's handlers: what is heard is counted, what is asked is drawn from the counts. */
import type { CreateService, RouteRequest } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';
import { visitOf } from '../../platform/visits.ts';
import type { ProductsPage } from '../catalog/schemas.ts';
import { alsoBought, popular, recentlyViewed, visitsAlike } from './baselines.ts';
import { recommendations } from './definition.ts';
import { hearOfOrder, hearOfProduct, hearOfStock, hearOfVisit, TIDY } from './hearing.ts';
import { worthAt } from './popularity.ts';
import type { RecommendQuery, SearchQuery } from './schemas.ts';
import { createShelf } from './shelf.ts';
import { createStore, type Counts } from './store.ts';
import { affinity, suited } from './suiting.ts';
import { nearestVisits } from './visits.ts';

/** What a shopper looked at that is still of interest. */
const VISITED = 20;
const NEIGHBOURS_SHOWN = 20;

export const createService: CreateService = (platform) => {
  const { clock } = platform;
  const store = createStore(platform);
  const most = popular(store, membersOf);
  const alike = visitsAlike(store, 'visit');
  const shelf = createShelf(
    {
      home: [alike, most],
      search: [alike, most],
      // Nothing to fill it up: what is shown there is said to belong to the product.
      product: [alsoBought(store), visitsAlike(store, 'products')],
      cart: [alsoBought(store), visitsAlike(store, 'products'), most],
      recent: [recentlyViewed()],
    },
    store.sellable,
  );

  function membersOf(tenant: TenantId, collection: string): Promise<readonly string[]> {
    return platform.call<readonly string[]>(tenant, 'catalog', 'membersOf', { collection });
  }

  /** Nothing, unless the page says that it may be known which visit it is of, and the browser does not object. */
  async function visitedBy({ tenant, caller, query, headers }: RouteRequest): Promise<readonly string[]> {
    const { session } = query as Pick<RecommendQuery, 'session'>; // parsed by the route's schema
    if (session === undefined || headers['sec-gpc'] === '1' || headers['dnt'] === '1') return [];
    return store.seenBy(tenant.id, visitOf(tenant.id, session), caller.customerId, VISITED);
  }

  /** What is popular, in place of what the shop shows anybody. */
  async function popularInstead(
    { tenant: { id: tenant }, caller: { groups = [] }, headers, query }: RouteRequest,
    { instead, currency }: ProductsPage,
  ): Promise<ProductsPage['instead']> {
    if (instead.length === 0) return instead;
    const { items } = await shelf.arrange({
      tenant,
      context: 'search',
      products: [],
      visited: [],
      collection: undefined,
      limit: instead.length,
    });
    if (items.length === 0) return instead;
    const ids = items.map(({ productId }) => productId).join();
    const language = headers['accept-language']?.slice(0, 1_000);
    const { locale } = query as SearchQuery; // parsed by the route's schema
    const asked = { ids, currency, locale, groups, language };
    return platform.call<ProductsPage['instead']>(tenant, 'catalog', 'cards', asked);
  }

  function shown({ product_id: productId, score, sellable, views, carts, sold, orders }: Counts) {
    return { productId, sellable, views, carts, sold, orders, score: worthAt(score, clock.now()) };
  }

  return {
    definition: recommendations,
    operations: {},
    hearsApart: true,
    consumers: {
      'analytics.visit': hearOfVisit(clock),
      'catalog.product': hearOfProduct(clock),
      'orders.order': hearOfOrder(clock),
      'orders.stock': hearOfStock,
    },
    tasks: { [TIDY]: ({ tenant, signal }) => store.tidy(tenant, signal) },
    routes: {
      async recommend(request) {
        const { context, products = [], collection, limit } = request.query as RecommendQuery; // as above
        const visited = await visitedBy(request);
        return {
          json: await shelf.arrange({
            tenant: request.tenant.id,
            context,
            products,
            visited,
            collection,
            limit,
          }),
        };
      },

      async search(request) {
        const { session: _session, ...asked } = request.query as SearchQuery; // as above
        const tenant = request.tenant.id;
        const [page, visited] = await Promise.all([
          platform.call<ProductsPage>(tenant, 'catalog', 'search', {
            ...asked,
            groups: request.caller.groups ?? [],
            language: request.headers['accept-language']?.slice(0, 1_000),
          }),
          visitedBy(request),
        ]);
        if (page.search === 'nothing' && page.products.length === 0)
          return { json: { ...page, instead: await popularInstead(request, page), personal: false } };
        // Another order was asked for, or a later page, which goes on where everybody's first one ended.
        const relevant = asked.sort === undefined || asked.sort === 'relevance';
        if (visited.length === 0 || !relevant || asked.cursor !== undefined)
          return { json: { ...page, personal: false } };
        const [visits, kinds] = await Promise.all([
          store.visitsWith(tenant, visited),
          store.kindsOf(tenant, visited),
        ]);
        const near = affinity(nearestVisits(visited, visits), kinds);
        const placed = new Set(page.placed);
        const products = suited(page.products, near, ({ id }) => placed.has(id));
        return { json: { ...page, products, personal: true } };
      },

      async listPopular({ tenant, query }) {
        const { limit } = query as { limit: number }; // as above
        return { json: { products: (await store.topCounts(tenant.id, limit)).map(shown) } };
      },

      async explainProduct({ tenant, params }) {
        const { productId } = params as { productId: string }; // as above
        const [counts, together] = await Promise.all([
          store.counts(tenant.id, productId),
          store.together(tenant.id, [productId], NEIGHBOURS_SHOWN),
        ]);
        if (counts === undefined) throw new ShopError('not_found', 'Nothing was heard of such a product.');
        return {
          json: {
            ...shown(counts),
            together: together.map(({ product_id, because: _because, ...rest }) => ({
              productId: product_id,
              ...rest,
            })),
          },
        };
      },
    },
  };
};
