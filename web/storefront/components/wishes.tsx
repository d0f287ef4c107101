/** What is on a wishlist; with forms where it is the visitor's own. */
import type { ReactNode } from 'react';
import type { Answer } from '../../api-client/client.ts';
import { Price } from '../../ui/price.tsx';
import { button } from '../../ui/styles.ts';
import type { Shop } from '../lib/shop.ts';
import { moveToCart, removeWish } from '../lib/wish-actions.ts';
import { Link } from './link.tsx';
import { Picture, THUMBNAIL } from './picture.tsx';
import { Submit } from './submit.tsx';

type Item = Answer<'catalog.getWishlist'>['items'][number];

export function Wishes({
  items,
  list,
  shop,
}: {
  readonly items: readonly Item[];
  /** Id of the visitor's own list; absent: somebody else's, which is only read. */
  readonly list?: string;
  readonly shop: Pick<Shop, 'words' | 'money'>;
}) {
  return (
    <ul className="mt-8 max-w-3xl divide-y divide-line border-y border-line">
      {items.map((item) => (
        <li key={item.variantId} className="flex gap-4 py-5" data-testid="wish">
          <Wish item={item} shop={shop}>
            {list === undefined ? null : <Own item={item} list={list} shop={shop} />}
          </Wish>
        </li>
      ))}
    </ul>
  );
}

function Wish({
  item: { product, title, price, priceWhenAdded, available, variantId },
  shop: { words, money },
  children,
}: {
  readonly item: Item;
  readonly shop: Pick<Shop, 'words' | 'money'>;
  readonly children: ReactNode;
}) {
  const saved = price === null || priceWhenAdded === null ? 0 : priceWhenAdded.amount - price.amount;
  const href = `/products/${product.handle}?variant=${encodeURIComponent(variantId)}`;
  return (
    <>
      <Link
        href={href}
        className="block w-20 shrink-0 self-start overflow-hidden rounded-xl bg-surface sm:w-24"
        aria-hidden="true"
        tabIndex={-1}
      >
        {product.image === null ? (
          <span className="block aspect-4/5" />
        ) : (
          <Picture of={product.image} alt="" place={THUMBNAIL} className="aspect-4/5 w-full object-cover" />
        )}
      </Link>
      <div className="min-w-0 flex-1">
        <Link href={href} className="font-medium text-pretty hover:underline hover:underline-offset-4">
          {product.title}
        </Link>
        {product.options.length === 0 ? null : <p className="mt-0.5 text-sm text-muted">{title}</p>}
        {price === null ? null : <Price price={money(price)} className="mt-1" wasLabel={words.product.was} />}
        {saved > 0 && price !== null ? (
          <p className="mt-1 text-sm text-success">
            {words.wishes.cheaper(money({ amount: saved, currency: price.currency }))}
          </p>
        ) : null}
        {available ? null : <p className="mt-1 text-sm text-danger">{words.wishes.soldOut}</p>}
        {children}
      </div>
    </>
  );
}

function Own({
  item: { product, variantId, available, price },
  list,
  shop: { words },
}: {
  readonly item: Item;
  readonly list: string;
  readonly shop: Pick<Shop, 'words'>;
}) {
  return (
    <form action={moveToCart} className="mt-3 flex flex-wrap items-center gap-3">
      <input type="hidden" name="list" value={list} />
      <input type="hidden" name="variant" value={variantId} />
      <Submit className={button.small} disabled={!available || price === null}>
        {words.wishes.toCart}
      </Submit>
      <button
        type="submit"
        formAction={removeWish}
        aria-label={words.wishes.removeItem(product.title)}
        className="min-h-10 px-2 text-sm text-muted underline underline-offset-4 hover:text-ink"
      >
        {words.cart.remove}
      </button>
    </form>
  );
}
