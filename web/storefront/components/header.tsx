/** The top of every page: the shop's name, its collections, search, account and cart. */
import { Icon } from '../../ui/icons.tsx';
import { button, wrap } from '../../ui/styles.ts';
import type { Cart, Shop } from '../lib/shop.ts';
import { CartLines } from './cart-lines.tsx';
import { Link } from './link.tsx';
import { Logo } from './logo.tsx';
import { Sheet } from './sheet.tsx';

export interface HeaderProps {
  readonly shop: Shop;
  readonly cart: Cart | undefined;
  readonly collections: readonly { readonly handle: string; readonly title: string }[];
}

export function Header({ shop, cart, collections }: HeaderProps) {
  const { words } = shop;
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-canvas/92 backdrop-blur-md">
      <div className={`${wrap} flex h-[4.25rem] items-center gap-3 lg:gap-8`}>
        <Sheet
          name="menu"
          href="/products"
          label={words.nav.menu}
          title={words.nav.menu}
          closeLabel={words.nav.close}
          side="left"
          className="-ml-2.5 lg:hidden"
          trigger={<Icon name="menu" className="size-6" />}
        >
          <Menu shop={shop} collections={collections} />
        </Sheet>
        <Link href="/" className="flex min-w-0 items-center gap-3">
          <Logo shop={shop} className="size-9 shrink-0" />
          <span className="truncate font-display text-xl font-semibold tracking-tight">
            {shop.store.displayName}
          </span>
        </Link>
        <nav
          aria-label={words.nav.label}
          className="hidden h-10 flex-1 flex-wrap gap-x-6 overflow-hidden lg:flex"
        >
          {collections.slice(0, 7).map(({ handle, title }) => (
            <Link
              key={handle}
              href={`/collections/${handle}`}
              className="py-2 text-[0.92rem] whitespace-nowrap text-ink/80 hover:text-ink hover:underline hover:underline-offset-8"
            >
              {title}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex items-center lg:gap-1">
          <SearchBox shop={shop} className="mr-2 hidden xl:block" />
          <Link href="/search" aria-label={words.nav.search} className={`${button.quiet} xl:hidden`}>
            <Icon name="search" />
          </Link>
          <Link href="/account" aria-label={words.nav.account} className={`${button.quiet} max-sm:hidden`}>
            <Icon name="user" />
          </Link>
          <Link href="/wishlists" aria-label={words.wishes.title} className={`${button.quiet} max-sm:hidden`}>
            <Icon name="heart" />
          </Link>
          <CartSheet shop={shop} cart={cart} />
        </div>
      </div>
    </header>
  );
}

export function SearchBox({
  shop: { words },
  query = '',
  className = '',
  autoFocus = false,
  label,
}: {
  readonly shop: Pick<Shop, 'words'>;
  readonly query?: string;
  readonly className?: string;
  readonly autoFocus?: boolean;
  /** Tells this box from the one in the header. */
  readonly label?: string;
}) {
  return (
    <form
      action="/search"
      role="search"
      aria-label={label ?? words.nav.search}
      className={`relative ${className}`}
    >
      <label>
        <span className="sr-only">{words.nav.search}</span>
        <input
          type="search"
          name="q"
          defaultValue={query}
          placeholder={words.nav.searchPlaceholder}
          autoFocus={autoFocus}
          maxLength={200}
          required
          className="min-h-11 w-full min-w-60 rounded-full border border-line bg-surface py-2 pr-11 pl-5 text-sm text-ink placeholder:text-muted"
        />
      </label>
      <button
        type="submit"
        aria-label={words.nav.search}
        className="absolute top-1/2 right-1.5 grid size-9 -translate-y-1/2 place-items-center rounded-full text-muted hover:text-ink"
      >
        <Icon name="search" className="size-[1.15rem]" />
      </button>
    </form>
  );
}

function Menu({
  shop,
  collections,
}: {
  readonly shop: Shop;
  readonly collections: HeaderProps['collections'];
}) {
  return (
    <div className="px-6 py-6">
      <SearchBox shop={shop} />
      <ul className="mt-6">
        {[
          { href: '/products', title: shop.words.nav.all },
          ...collections.map(({ handle, title }) => ({ href: `/collections/${handle}`, title })),
          { href: '/account', title: shop.words.nav.account },
          { href: '/wishlists', title: shop.words.wishes.title },
          ...(shop.store.domains.includes('chat') ? [{ href: '/chat', title: shop.words.chat.title }] : []),
        ].map(({ href, title }) => (
          <li key={href} className="border-b border-line">
            <Link href={href} className="block py-4 font-display text-xl">
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function CartSheet({ shop, cart }: { readonly shop: Shop; readonly cart: Cart | undefined }) {
  const { words, money } = shop;
  const count = cart?.itemCount ?? 0;
  const trigger = (
    <>
      <Icon name="bag" className="size-[1.4rem]" />
      {count === 0 ? null : (
        <span
          data-testid="cart-count"
          className="absolute -top-0.5 -right-0.5 grid h-5 min-w-5 place-items-center rounded-full bg-brand px-1 text-[0.7rem] font-semibold text-on-brand tabular-nums"
        >
          {count}
        </span>
      )}
    </>
  );
  return (
    <Sheet
      name="cart"
      href="/cart"
      label={words.cart.open(count)}
      title={words.cart.title}
      closeLabel={words.nav.close}
      side="right"
      className="-mr-2.5"
      trigger={trigger}
    >
      {cart === undefined || count === 0 ? (
        <div className="flex h-full flex-col items-center justify-center gap-3 px-8 text-center">
          <Icon name="bag" className="size-10 text-muted" />
          <p className="font-display text-xl">{words.cart.empty}</p>
          <p className="text-muted">{words.cart.emptyText}</p>
          <Link href="/products" className={`${button.primary} mt-4`}>
            {words.cart.shop}
          </Link>
        </div>
      ) : (
        <div className="flex min-h-full flex-col">
          <div className="flex-1 px-6">
            <CartLines cart={cart} shop={shop} />
          </div>
          <div className="sticky bottom-0 border-t border-line bg-canvas px-6 py-5">
            <p className="flex justify-between text-lg">
              <span>{words.cart.subtotal}</span>
              <span className="tabular-nums">
                {money({ amount: cart.totals.subtotal, currency: cart.currency })}
              </span>
            </p>
            <p className="mt-1 text-sm text-muted">{words.cart.shippingNext}</p>
            <div className="mt-4 grid gap-2">
              <Link href="/checkout" className={button.primary}>
                {words.cart.checkout}
              </Link>
              <Link href="/cart" className={button.secondary}>
                {words.cart.view}
              </Link>
            </div>
          </div>
        </div>
      )}
    </Sheet>
  );
}
