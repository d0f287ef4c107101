/** A row of products that the shop recommends at a place; nothing at all where it has none. */
import { heading, wrap } from '../../ui/styles.ts';
import type { Input } from '../../api-client/client.ts';
import { recommended } from '../lib/recommended.ts';
import type { Shop } from '../lib/shop.ts';
import { ProductGrid } from './product-card.tsx';

export async function Recommended({
  shop,
  query,
  title,
  personal,
  without = [],
}: {
  readonly shop: Shop;
  readonly query: Input<'recommendations.recommend'>['query'];
  readonly title: string;
  /** Instead of the title, where anything in it was chosen for this visitor. */
  readonly personal?: string;
  /** Ids of products that stand on the page already. */
  readonly without?: readonly string[];
}) {
  const found = await recommended(shop, query);
  const products = found?.products.filter(({ id }) => !without.includes(id)) ?? [];
  if (found === undefined || products.length === 0) return null;
  return (
    <section aria-labelledby="recommended" className={`${wrap} mt-20 lg:mt-28`}>
      <h2 id="recommended" className={heading.section}>
        {found.personal ? (personal ?? title) : title}
      </h2>
      <div className="mt-8">
        <ProductGrid products={products} shop={shop} />
      </div>
    </section>
  );
}
