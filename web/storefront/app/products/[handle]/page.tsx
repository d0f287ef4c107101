/** One product. */
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { after } from 'next/server';
import { Suspense } from 'react';
import type { Answer } from '../../../../api-client/client.ts';
import { Stars } from '../../../../ui/stars.tsx';
import { heading, wrap } from '../../../../ui/styles.ts';
import { Link } from '../../../components/link.tsx';
import { ProductGrid } from '../../../components/product-card.tsx';
import type { Card } from '../../../components/product-card.tsx';
import { ProductView } from '../../../components/product-view.tsx';
import { Recommended } from '../../../components/recommended.tsx';
import { Reviews } from '../../../components/reviews.tsx';
import { plainText, safeHtml } from '../../../lib/html.ts';
import { minorDigits } from '../../../lib/money.ts';
import type { SearchParams } from '../../../lib/listing.ts';
import { sharedAddress } from '../../../lib/pictures.ts';
import { tellSeen } from '../../../lib/recommended.ts';
import { foundBy, tellChosen } from '../../../lib/searched.ts';
import { nonce, orNothing, shop, unlessAway } from '../../../lib/shop.ts';
import type { Shop } from '../../../lib/shop.ts';
import { stockAlerts, wishMarks } from '../../../lib/wishes.ts';

type Product = Answer<'catalog.getProduct'>;
type Stock = Answer<'orders.getAvailability'>['stock'][number]['availability'];

interface Props {
  readonly params: Promise<{ readonly handle: string }>;
  readonly searchParams: Promise<SearchParams>;
}

async function find(params: Props['params']): Promise<{ current: Shop; product: Product }> {
  const [current, { handle }] = await Promise.all([shop(), params]);
  const product = await orNothing(
    current.read('catalog.getProduct', {
      params: { handle: decodeURIComponent(handle) },
      query: { currency: current.currency },
    }),
  );
  if (product === undefined) notFound();
  return { current, product };
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { product } = await find(params);
  const description = product.seo.description ?? plainText(product.descriptionHtml, 155);
  return {
    title: { absolute: product.seo.title ?? product.title },
    description,
    alternates: { canonical: `/products/${encodeURIComponent(product.handle)}` },
    openGraph: {
      title: product.title,
      description,
      images: product.images.slice(0, 1).map(sharedAddress),
    },
  };
}

export default async function ProductPage({ params, searchParams }: Props) {
  const [{ current, product }, query] = await Promise.all([find(params), searchParams]);
  const { words, money, average } = current;
  after(() => tellSeen(current, `/products/${product.handle}`, product.id));
  const found = foundBy(query);
  if (found !== undefined) after(() => tellChosen(current, found, product.id));
  const [stock, marks] = await Promise.all([stockOf(current, product), wishMarks(current)]);
  const availability = (id: string): Stock | 'unknown' =>
    stock === undefined ? 'unknown' : (stock.get(id) ?? 'out');
  const waits = [...(stock?.values() ?? [])].includes('out') ? await stockAlerts(current) : [];
  const [collection] = product.collections;
  const wanted = product.variants.find(({ id }) => id === query['variant']);
  const chosen =
    wanted ?? product.variants.find(({ id }) => availability(id) !== 'out') ?? product.variants[0];
  return (
    <>
      <div className={`${wrap} pt-6 lg:pt-8`}>
        <nav aria-label={words.nav.home} className="mb-5 text-sm text-muted">
          <Link href="/" className="hover:text-ink hover:underline hover:underline-offset-4">
            {words.nav.home}
          </Link>
          {collection === undefined ? null : (
            <>
              <span aria-hidden="true"> / </span>
              <Link
                href={`/collections/${collection.handle}`}
                className="hover:text-ink hover:underline hover:underline-offset-4"
              >
                {collection.title}
              </Link>
            </>
          )}
        </nav>
        <ProductView
          key={`${product.id} ${current.currency}`}
          handle={product.handle}
          images={product.images}
          options={product.options}
          chosen={chosen?.id ?? ''}
          wished={marks.map(({ variantId }) => variantId)}
          variants={product.variants.map((variant) => ({
            id: variant.id,
            options: variant.options,
            price: variant.price === null ? '–' : money(variant.price),
            was:
              variant.compareAtPrice !== null &&
              variant.price !== null &&
              variant.compareAtPrice.amount > variant.price.amount
                ? money(variant.compareAtPrice)
                : undefined,
            steps: variant.priceSteps
              .filter(({ from }) => from > 1)
              .map(({ from, price }) => ({ from, units: words.product.units(from), price: money(price) })),
            stock: variant.price === null ? 'out' : availability(variant.id),
            image: variant.image ?? undefined,
            sku: variant.sku ?? undefined,
            contents: variant.contents.map((content) => ({
              id: content.variantId,
              href: `/products/${encodeURIComponent(content.handle)}?variant=${encodeURIComponent(content.variantId)}`,
              name: [content.title, content.variantTitle].filter((word) => word !== null).join(' · '),
              quantity: content.quantity,
              price: content.price === null ? undefined : money(content.price),
              image: content.image ?? undefined,
            })),
          }))}
          words={{
            ...only(words.product, [
              'add',
              'adding',
              'soldOut',
              'unavailable',
              'inStock',
              'low',
              'later',
              'out',
              'quantity',
              'gallery',
              'was',
              'byQuantity',
              'contents',
              'tax',
              'viewCart',
              'sku',
            ]),
            wish: words.wishes.add,
            unwish: words.wishes.remove,
          }}
          alerts={{
            asksEmail: !current.loggedIn,
            waits,
            words: only(words.alerts, ['title', 'text', 'email', 'send', 'waiting', 'withdraw']),
          }}
          picture={product.images.map((_, at) => words.product.picture(at + 1, product.images.length))}
          title={
            <>
              <p className="text-sm text-muted">{product.type === '' ? product.vendor : product.type}</p>
              <h1 className={`${heading.page} mt-2`}>{product.title}</h1>
              {product.rating === null ? null : (
                <p className="mt-3">
                  <a
                    href="#reviews"
                    className="inline-flex items-center gap-2 text-sm text-muted hover:underline"
                  >
                    <Stars
                      of={product.rating.average}
                      label={words.reviews.stars(average(product.rating.average))}
                    />
                    {words.reviews.count(product.rating.count)}
                  </a>
                </p>
              )}
            </>
          }
        >
          <section aria-labelledby="about" className="mt-8 border-t border-line pt-8">
            <h2 id="about" className="sr-only">
              {words.product.description}
            </h2>
            <div
              className="prose-shop"
              dangerouslySetInnerHTML={{ __html: safeHtml(product.descriptionHtml) }}
            />
          </section>
        </ProductView>
      </div>
      {/* Not streamed: what comes late into a page is put into its place by script. */}
      <Reviews shop={current} product={product} query={query} />
      <Others shop={current} product={product} />
      <JsonLd shop={current} product={product} stock={stock} />
    </>
  );
}

const SCHEMA_ORG: Readonly<Record<Stock, string>> = {
  in_stock: 'InStock',
  low: 'LimitedAvailability',
  backorder: 'BackOrder',
  out: 'OutOfStock',
};

/** Availability is asked anew for every visitor: it is what changes fastest. Nothing where nobody answers: goods can be looked at all the same. */
async function stockOf({ api }: Shop, product: Product): Promise<Map<string, Stock> | undefined> {
  const ids = product.variants.map(({ id }) => id);
  const groups = Array.from({ length: Math.ceil(ids.length / 100) }, (_, at) =>
    ids.slice(at * 100, at * 100 + 100),
  );
  const answers = await unlessAway(
    Promise.all(
      groups.map((group) => api.call('orders.getAvailability', { query: { variantIds: group.join(',') } })),
    ),
  );
  if (answers === undefined) return undefined;
  return new Map(
    answers.flatMap(({ stock }) =>
      stock.map(({ variantId, availability }) => [variantId, availability] as const),
    ),
  );
}

/** What the merchant chose to go with it, what others bought with it, and, where nothing was chosen, its neighbours. */
async function Others({ shop: current, product }: { readonly shop: Shop; readonly product: Product }) {
  const { read, currency, words } = current;
  const chosen = await read('catalog.getRelated', {
    params: { handle: product.handle },
    query: { currency },
  });
  const beside = [...chosen.accessories, ...chosen.crossSell];
  const shown = [...new Map([...beside, ...chosen.upSell].map((card) => [card.id, card])).keys()];
  return (
    <>
      <Row shop={current} id="related" title={words.product.related} products={unlike(beside)} />
      <Row shop={current} id="instead" title={words.product.instead} products={unlike(chosen.upSell)} />
      <Suspense fallback={null}>
        <Recommended
          shop={current}
          query={{ context: 'product', products: product.id }}
          title={words.product.alsoBought}
          without={shown}
        />
      </Suspense>
      {shown.length > 0 ? null : <Neighbours shop={current} product={product} />}
    </>
  );
}

/** Each once: an accessory may be bought along with it as well. */
function unlike(products: readonly Card[]): readonly Card[] {
  return [...new Map(products.map((card) => [card.id, card])).values()].slice(0, 8);
}

async function Neighbours({ shop: current, product }: { readonly shop: Shop; readonly product: Product }) {
  const collection = product.collections[0]?.handle;
  const { products } = await current.read('catalog.listProducts', {
    query: { collection, currency: current.currency, limit: 5 },
  });
  const others = products.filter(({ id }) => id !== product.id).slice(0, 4);
  return <Row shop={current} id="related" title={current.words.product.related} products={others} />;
}

function Row({
  shop,
  id,
  title,
  products,
}: {
  readonly shop: Shop;
  readonly id: string;
  readonly title: string;
  readonly products: readonly Card[];
}) {
  if (products.length === 0) return null;
  return (
    <section aria-labelledby={id} className={`${wrap} mt-24`}>
      <h2 id={id} className={heading.section}>
        {title}
      </h2>
      <div className="mt-8">
        <ProductGrid products={products} shop={shop} />
      </div>
    </section>
  );
}

/** What search engines read: https://schema.org/Product. */
async function JsonLd({
  shop: { origin, store },
  product,
  stock,
}: {
  readonly shop: Shop;
  readonly product: Product;
  readonly stock: ReadonlyMap<string, Stock> | undefined;
}) {
  const url = `${origin}/products/${encodeURIComponent(product.handle)}`;
  const data = {
    '@context': 'https://schema.org',
    '@type': 'Product',
    name: product.title,
    description: plainText(product.descriptionHtml, 500),
    image: product.images.map((image) => new URL(sharedAddress(image), origin).href),
    brand: { '@type': 'Brand', name: product.vendor || store.displayName },
    ...(product.rating === null
      ? {}
      : {
          aggregateRating: {
            '@type': 'AggregateRating',
            ratingValue: product.rating.average,
            reviewCount: product.rating.count,
            bestRating: 5,
            worstRating: 1,
          },
        }),
    offers: product.variants.flatMap((variant) =>
      variant.price === null
        ? []
        : [
            {
              '@type': 'Offer',
              sku: variant.sku ?? variant.id,
              url: `${url}?variant=${encodeURIComponent(variant.id)}`,
              price: (variant.price.amount / 10 ** minorDigits(variant.price.currency)).toFixed(
                minorDigits(variant.price.currency),
              ),
              priceCurrency: variant.price.currency,
              ...(stock === undefined
                ? {}
                : { availability: `https://schema.org/${SCHEMA_ORG[stock.get(variant.id) ?? 'out']}` }),
            },
          ],
    ),
  };
  return (
    <script
      type="application/ld+json"
      nonce={await nonce()}
      dangerouslySetInnerHTML={{ __html: JSON.stringify(data).replaceAll('<', '\\u003c') }}
    />
  );
}

function only<T extends object, K extends keyof T>(all: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, all[name]])) as Pick<T, K>; // fromEntries forgets the keys it was given
}
