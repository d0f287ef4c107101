/** A product in a grid: its picture, which turns to the second on hover, its name and its price. */
import type { Answer } from '../../api-client/client.ts';
import { Price } from '../../ui/price.tsx';
import { Stars } from '../../ui/stars.tsx';
import type { Place } from '../lib/pictures.ts';
import { productAddress } from '../lib/searched.ts';
import type { Shop } from '../lib/shop.ts';
import { Link } from './link.tsx';
import { Picture } from './picture.tsx';

export type Card = Answer<'catalog.listProducts'>['products'][number];

export interface ProductCardProps {
  readonly product: Card;
  readonly shop: Pick<Shop, 'words' | 'money' | 'average'>;
  /** The first row is loaded at once; the rest when it comes near. */
  readonly eager?: boolean;
  /** One below the heading that stands above the grid. */
  readonly level?: 'h2' | 'h3';
  /** What was searched when it was found, and its place there, from 1. */
  readonly found?: { readonly query: string; readonly place: number };
}

/** In a grid of two, three or four columns. */
const CARD: Place = {
  shape: 4 / 5,
  widths: [
    ['(min-width: 84rem)', '19rem'],
    ['(min-width: 64rem)', '23vw'],
    ['(min-width: 48rem)', '31vw'],
  ],
  otherwise: '46vw',
};

export function ProductCard({
  product,
  shop: { words, money, average },
  eager = false,
  level: Heading = 'h3',
  found,
}: ProductCardProps) {
  const { handle, title, image, secondImage, priceRange, compareAtPrice, type, rating } = product;
  const spread = priceRange !== null && priceRange.min.amount !== priceRange.max.amount;
  const was =
    compareAtPrice !== null && priceRange !== null && compareAtPrice.amount > priceRange.min.amount
      ? money(compareAtPrice)
      : undefined;
  return (
    <article className="group relative">
      <div className="relative aspect-4/5 overflow-hidden rounded-2xl bg-surface">
        {image === null ? null : (
          <Picture
            of={image}
            alt={image.alt}
            place={CARD}
            loading={eager ? 'eager' : 'lazy'}
            className="size-full object-cover transition-transform duration-500 ease-out group-hover:scale-[1.025]"
          />
        )}
        {secondImage === null ? null : (
          <Picture
            of={secondImage}
            alt=""
            place={CARD}
            loading="lazy"
            className="absolute inset-0 size-full object-cover opacity-0 transition-opacity duration-300 group-hover:opacity-100 group-focus-within:opacity-100"
          />
        )}
        {was === undefined ? null : (
          <span className="absolute top-3 left-3 rounded-full bg-canvas px-3 py-1 text-xs font-semibold text-accent">
            {words.product.sale}
          </span>
        )}
      </div>
      <div className="mt-4 flex flex-col gap-1">
        <Heading className="text-[0.98rem] leading-snug font-medium text-pretty">
          <Link
            href={productAddress(handle, found)}
            className="after:absolute after:inset-0 after:rounded-2xl group-hover:underline group-hover:underline-offset-4 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-offset-4 focus-visible:after:outline-brand-ink"
          >
            {title}
          </Link>
        </Heading>
        <p className="sr-only">{type}</p>
        {priceRange === null ? null : (
          <Price
            price={
              spread && was === undefined ? words.product.from(money(priceRange.min)) : money(priceRange.min)
            }
            was={was}
            wasLabel={words.product.was}
            className="text-[0.95rem]"
          />
        )}
        {rating === null ? null : (
          <p className="flex items-center gap-2 text-sm text-muted">
            <Stars of={rating.average} label={words.reviews.stars(average(rating.average))} />
            <span aria-label={words.reviews.count(rating.count)}>({rating.count})</span>
          </p>
        )}
      </div>
    </article>
  );
}

/** Cards in the shop's grid. */
export function ProductGrid({
  products,
  shop,
  eager = 0,
  level = 'h3',
  query,
}: {
  readonly products: readonly Card[];
  readonly shop: ProductCardProps['shop'];
  readonly eager?: number;
  readonly level?: 'h2' | 'h3';
  /** Of the first page of what was searched. */
  readonly query?: string | undefined;
}) {
  return (
    <ul className="grid grid-cols-2 gap-x-4 gap-y-10 md:grid-cols-3 lg:grid-cols-4 lg:gap-x-6 lg:gap-y-14">
      {products.map((product, at) => (
        <li key={product.id}>
          <ProductCard
            product={product}
            shop={shop}
            eager={at < eager}
            level={level}
            {...(query === undefined ? {} : { found: { query, place: at + 1 } })}
          />
        </li>
      ))}
    </ul>
  );
}
