/** The shop window: what the shop is, its collections, its favourites. */
import type { Metadata } from 'next';
import { Suspense } from 'react';
import { Icon } from '../../ui/icons.tsx';
import { button, heading, wrap } from '../../ui/styles.ts';
import { Link } from '../components/link.tsx';
import { Picture } from '../components/picture.tsx';
import { ProductGrid } from '../components/product-card.tsx';
import type { Card } from '../components/product-card.tsx';
import { Recommended } from '../components/recommended.tsx';
import type { Place } from '../lib/pictures.ts';
import { shop } from '../lib/shop.ts';
import type { Shop } from '../lib/shop.ts';

/** Products a merchant puts in the window carry this tag. */
const FEATURED = 'featured';

export const metadata: Metadata = { alternates: { canonical: '/' } };

const SQUARE: Place = {
  shape: 1,
  widths: [
    ['(min-width: 84rem)', '19rem'],
    ['(min-width: 64rem)', '23vw'],
  ],
  otherwise: '46vw',
};
const WIDE: Place = {
  shape: 2.06,
  widths: [
    ['(min-width: 84rem)', '38rem'],
    ['(min-width: 64rem)', '46vw'],
  ],
  otherwise: '92vw',
};
const HERO: Place = {
  shape: 4 / 5,
  widths: [
    ['(min-width: 84rem)', '12rem'],
    ['(min-width: 64rem)', '15vw'],
  ],
  otherwise: '31vw',
};
const SCENE: Place = {
  shape: 4 / 5,
  widths: [
    ['(min-width: 84rem)', '24rem'],
    ['(min-width: 64rem)', '29vw'],
  ],
  otherwise: '62vw',
};

export default async function Home() {
  const current = await shop();
  const { read, currency, words } = current;
  const [featured, fresh, { collections }] = await Promise.all([
    read('catalog.listProducts', { query: { tag: FEATURED, currency, limit: 8 } }),
    read('catalog.listProducts', { query: { currency, limit: 16 } }),
    read('catalog.listCollections', {}),
  ]);
  const favourites = featured.products.length >= 4 ? featured.products : fresh.products.slice(0, 8);
  const shown = collections.filter(({ productCount }) => productCount > 0);
  const known = new Set(favourites.map(({ id }) => id));
  const others = fresh.products.filter(({ id }) => !known.has(id)).slice(0, 4);
  return (
    <>
      <Hero shop={current} products={favourites} />
      <section aria-labelledby="collections" className={`${wrap} mt-20 lg:mt-28`}>
        <h2 id="collections" className={heading.section}>
          {words.home.collections}
        </h2>
        <ul className="mt-8 grid grid-cols-2 gap-4 lg:grid-cols-4 lg:gap-6">
          {shown.map((collection, at) => {
            // A row of three has its first one twice as wide, so that no corner of the grid stays empty.
            const wide = at === 0 && shown.length % 4 === 3;
            return (
              <li key={collection.id} className={`group relative ${wide ? 'col-span-2' : ''}`}>
                <div
                  className={`overflow-hidden rounded-2xl bg-brand-soft ${wide ? 'aspect-[2.06/1]' : 'aspect-square'}`}
                >
                  {collection.image === null ? null : (
                    <Picture
                      of={collection.image}
                      alt=""
                      place={wide ? WIDE : SQUARE}
                      loading="lazy"
                      className="size-full object-cover object-[50%_72%] mix-blend-multiply transition-transform duration-700 ease-out group-hover:scale-[1.04]"
                    />
                  )}
                </div>
                <div className="mt-3 flex items-baseline justify-between gap-3">
                  <h3 className="text-[1.02rem] font-medium">
                    <Link
                      href={`/collections/${collection.handle}`}
                      className="after:absolute after:inset-0 group-hover:underline group-hover:underline-offset-4"
                    >
                      {collection.title}
                    </Link>
                  </h3>
                  <p className="shrink-0 text-sm text-muted tabular-nums">{collection.productCount}</p>
                </div>
              </li>
            );
          })}
        </ul>
      </section>
      <section aria-labelledby="featured" className={`${wrap} mt-20 lg:mt-28`}>
        <div className="flex items-end justify-between gap-6">
          <h2 id="featured" className={heading.section}>
            {words.home.featured}
          </h2>
          <Link
            href="/products"
            className="hidden items-center gap-2 text-[0.95rem] underline-offset-4 hover:underline sm:inline-flex"
          >
            {words.nav.all}
            <Icon name="arrow" className="size-4" />
          </Link>
        </div>
        <div className="mt-8">
          <ProductGrid products={favourites} shop={current} />
        </div>
      </section>
      <Suspense fallback={null}>
        <Recommended
          shop={current}
          query={{ context: 'home' }}
          title={words.home.popular}
          personal={words.home.forYou}
        />
      </Suspense>
      {others.length === 0 ? null : (
        <section aria-labelledby="fresh" className={`${wrap} mt-20 lg:mt-28`}>
          <h2 id="fresh" className={heading.section}>
            {words.home.fresh}
          </h2>
          <div className="mt-8">
            <ProductGrid products={others} shop={current} />
          </div>
        </section>
      )}
    </>
  );
}

/** The tenant's line in large letters, beside three of its favourites. */
function Hero({
  shop: { store, words },
  products,
}: {
  readonly shop: Shop;
  readonly products: readonly Card[];
}) {
  const tagline =
    typeof store.branding['tagline'] === 'string' ? store.branding['tagline'] : store.displayName;
  const [first, second, third] = products;
  return (
    <section className="bg-brand-soft">
      <div className={`${wrap} grid items-center gap-10 py-12 lg:grid-cols-[1.05fr_1fr] lg:gap-16 lg:py-20`}>
        <div>
          <h1 className={`${heading.display} max-w-[14ch]`}>{tagline}</h1>
          <div className="mt-9 flex flex-wrap gap-3">
            <Link href="/products" className={button.primary}>
              {words.home.shopAll}
              <Icon name="arrow" className="size-4" />
            </Link>
            <a href="#collections" className={button.secondary}>
              {words.home.collections}
            </a>
          </div>
        </div>
        <ul className="grid grid-cols-3 grid-rows-2 gap-3 sm:gap-4">
          <HeroPicture product={first} scene className="col-span-2 row-span-2 aspect-4/5" />
          <HeroPicture product={second} className="aspect-4/5" />
          <HeroPicture product={third} className="aspect-4/5 self-end" />
        </ul>
      </div>
    </section>
  );
}

function HeroPicture({
  product,
  scene = false,
  className,
}: {
  readonly product: Card | undefined;
  readonly scene?: boolean;
  readonly className: string;
}) {
  const image = (scene ? product?.secondImage : undefined) ?? product?.image;
  if (product === undefined || image === null || image === undefined) return null;
  return (
    <li className={`group relative h-full w-full overflow-hidden rounded-3xl bg-surface ${className}`}>
      <Picture
        of={image}
        alt={image.alt}
        place={scene ? SCENE : HERO}
        fetchPriority={scene ? 'high' : 'auto'}
        className="size-full object-cover transition-transform duration-700 ease-out group-hover:scale-[1.03]"
      />
      <Link
        href={`/products/${product.handle}`}
        className="absolute inset-0 flex items-end rounded-3xl p-4 focus-visible:outline-offset-[-4px]"
      >
        <span className="translate-y-2 rounded-full bg-canvas/95 px-3.5 py-1.5 text-sm font-medium opacity-0 transition group-focus-within:translate-y-0 group-focus-within:opacity-100 group-hover:translate-y-0 group-hover:opacity-100">
          {product.title}
        </span>
      </Link>
    </li>
  );
}
