/** Products with filters, order and pages. Everything is an address, so it can be shared, and works without script. */
import { Icon } from '../../ui/icons.tsx';
import { button, field, wrap } from '../../ui/styles.ts';
import { addressOf } from '../lib/listing.ts';
import { minorDigits } from '../lib/money.ts';
import type { Listing as ListingState, Page, Sort } from '../lib/listing.ts';
import type { Shop } from '../lib/shop.ts';
import { AutoSubmit } from './auto-submit.tsx';
import { Link } from './link.tsx';
import { ProductGrid } from './product-card.tsx';

/** What was searched stays. */
const NO_FILTERS = { type: undefined, tag: undefined, min: undefined, max: undefined, stock: false };

export interface ListingProps {
  readonly shop: Shop;
  readonly path: string;
  readonly listing: ListingState;
  readonly page: Page;
  /** The first page of the same listing: it alone knows the count and what can be narrowed by. */
  readonly first: Page;
}

export function Listing({ shop, path, listing, page, first }: ListingProps) {
  const { words } = shop;
  const total = first.total ?? page.products.length;
  return (
    <div className={`${wrap} mt-8 lg:grid lg:grid-cols-[15rem_1fr] lg:gap-12`}>
      <aside aria-label={words.list.filter} className="hidden lg:block">
        <div className="sticky top-24 max-h-[calc(100dvh-7rem)] overflow-y-auto pr-2 pb-6 [scrollbar-width:thin]">
          <Filters shop={shop} path={path} listing={listing} first={first} />
        </div>
      </aside>
      <div>
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-b border-line pb-4">
          <p className="text-sm text-muted" role="status">
            {words.list.products(total)}
          </p>
          <SortForm shop={shop} path={path} listing={listing} />
        </div>
        <details className="group border-b border-line lg:hidden">
          <summary className="flex min-h-13 items-center gap-2 text-[0.95rem] font-medium">
            <Icon name="filter" className="size-4" />
            {words.list.filter}
            <Icon name="chevron" className="ml-auto size-4 transition-transform group-open:rotate-180" />
          </summary>
          <div className="pb-6">
            <Filters shop={shop} path={path} listing={listing} first={first} />
          </div>
        </details>
        <Active shop={shop} path={path} listing={listing} currency={first.currency} />
        {page.products.length === 0 ? (
          <div className="grid place-items-center gap-3 py-24 text-center">
            <p className="font-display text-2xl">{words.list.none}</p>
            <p className="text-muted">{words.list.noneText}</p>
            <Link href={addressOf(path, listing, NO_FILTERS)} className={`${button.primary} mt-3`}>
              {words.list.clear}
            </Link>
          </div>
        ) : (
          <div className="mt-8 [&_ul]:lg:grid-cols-3">
            <ProductGrid
              level="h2"
              products={page.products}
              shop={shop}
              eager={listing.cursor === undefined ? 6 : 0}
              query={listing.cursor === undefined ? listing.q : undefined}
            />
          </div>
        )}
        <Pages shop={shop} path={path} listing={listing} next={page.nextCursor} />
      </div>
    </div>
  );
}

function SortForm({ shop: { words }, path, listing }: Pick<ListingProps, 'shop' | 'path' | 'listing'>) {
  const sorts: readonly Sort[] = [
    ...(listing.q === undefined ? (['featured'] as const) : (['relevance'] as const)),
    'price-asc',
    'price-desc',
    'title-asc',
    'newest',
    'rating',
  ];
  return (
    <form action={path} className="flex items-center gap-3">
      {(['q', 'type', 'tag', 'min', 'max'] as const).map((name) =>
        listing[name] === undefined ? null : (
          <input key={name} type="hidden" name={name} value={listing[name]} />
        ),
      )}
      {listing.stock ? <input type="hidden" name="stock" value="1" /> : null}
      <AutoSubmit className="flex items-center gap-3">
        <label htmlFor="sort" className="text-sm text-muted">
          {words.list.sort}
        </label>
        <select
          id="sort"
          name="sort"
          defaultValue={listing.sort}
          className="min-h-11 rounded-full border border-line bg-canvas px-4 text-sm"
        >
          {sorts.map((sort) => (
            <option key={sort} value={sort}>
              {words.sort[sort]}
            </option>
          ))}
        </select>
      </AutoSubmit>
      <noscript>
        <button className={button.small}>{words.list.apply}</button>
      </noscript>
    </form>
  );
}

function Filters({ shop, path, listing, first }: Omit<ListingProps, 'page'>) {
  const { words } = shop;
  const types = first.facets?.types ?? [];
  const tags = (first.facets?.tags ?? []).filter(({ value }) => value !== 'featured');
  return (
    <div className="grid gap-8">
      <Link
        href={addressOf(path, listing, { stock: !listing.stock })}
        aria-current={listing.stock ? 'true' : undefined}
        className="group flex min-h-10 items-center gap-3 text-[0.95rem]"
      >
        <span className="grid size-5 place-items-center rounded-md border border-line-strong text-transparent group-aria-[current]:border-brand group-aria-[current]:bg-brand group-aria-[current]:text-on-brand">
          <Icon name="check" className="size-4" />
        </span>
        {words.list.stock}
      </Link>
      <form action={path}>
        <fieldset>
          <legend className="text-sm font-semibold">
            {words.list.price} ({first.currency})
          </legend>
          {(['q', 'type', 'tag', 'sort'] as const).map((name) =>
            listing[name] === undefined ? null : (
              <input key={name} type="hidden" name={name} value={listing[name]} />
            ),
          )}
          {listing.stock ? <input type="hidden" name="stock" value="1" /> : null}
          <div className="mt-3 flex items-center gap-2">
            <input
              name="min"
              inputMode="decimal"
              aria-label={`${words.list.price}: ${words.list.min}`}
              placeholder={words.list.min}
              defaultValue={listing.min}
              className={`${field} min-w-0 px-3! py-2! text-sm!`}
            />
            <input
              name="max"
              inputMode="decimal"
              aria-label={`${words.list.price}: ${words.list.max}`}
              placeholder={words.list.max}
              defaultValue={listing.max}
              className={`${field} min-w-0 px-3! py-2! text-sm!`}
            />
            <button type="submit" className={`${button.small} shrink-0`}>
              {words.list.apply}
            </button>
          </div>
        </fieldset>
      </form>
      {types.length < 2 && listing.type === undefined ? null : (
        <Facet
          title={words.list.type}
          values={types}
          chosen={listing.type}
          more={words.list.more}
          address={(type) => addressOf(path, listing, { type })}
        />
      )}
      {tags.length === 0 && listing.tag === undefined ? null : (
        <Facet
          title={words.list.tag}
          values={tags.slice(0, 30)}
          chosen={listing.tag}
          more={words.list.more}
          address={(tag) => addressOf(path, listing, { tag })}
        />
      )}
    </div>
  );
}

interface FacetProps {
  readonly title: string;
  readonly values: readonly { readonly value: string; readonly count: number }[];
  readonly chosen: string | undefined;
  readonly address: (value: string | undefined) => string;
  readonly more: string;
}

/** As many values as fit a glance; the rest unfolds. */
const GLANCE = 10;

function Facet(props: FacetProps) {
  const { title, values, chosen, more } = props;
  const first = values.slice(0, GLANCE);
  const rest = values.slice(GLANCE);
  return (
    <div>
      <h2 className="text-sm font-semibold">{title}</h2>
      <FacetValues {...props} values={first} />
      {rest.length === 0 ? null : (
        <details open={rest.some(({ value }) => value === chosen)}>
          <summary className="mt-1 list-none min-h-9 py-1.5 text-sm text-muted underline underline-offset-4 hover:text-ink">
            {more}
          </summary>
          <FacetValues {...props} values={rest} />
        </details>
      )}
    </div>
  );
}

function FacetValues({ values, chosen, address }: FacetProps) {
  return (
    <ul className="mt-3 flex flex-wrap gap-2 lg:mt-2 lg:grid lg:gap-0">
      {values.map(({ value, count }) => (
        <li key={value}>
          <Link
            href={address(value === chosen ? undefined : value)}
            aria-current={value === chosen ? 'true' : undefined}
            className="flex min-h-10 items-center justify-between gap-3 rounded-full border border-line px-4 text-[0.92rem] text-muted hover:text-ink aria-[current]:border-ink aria-[current]:font-medium aria-[current]:text-ink lg:min-h-9 lg:border-0 lg:px-0 lg:hover:underline lg:hover:underline-offset-4"
          >
            <span>{value}</span>
            <span className="text-xs tabular-nums">{count}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The filters that are on, each a link that takes it off. */
function Active({
  shop: { words, money },
  path,
  listing,
  currency,
}: Pick<ListingProps, 'shop' | 'path' | 'listing'> & { readonly currency: string }) {
  const priced = (major: number | undefined): string | undefined =>
    major === undefined
      ? undefined
      : money({ amount: Math.round(major * 10 ** minorDigits(currency)), currency });
  const active = [
    ...(listing.stock ? [{ name: words.list.stock, href: addressOf(path, listing, { stock: false }) }] : []),
    ...(listing.type === undefined
      ? []
      : [{ name: listing.type, href: addressOf(path, listing, { type: undefined }) }]),
    ...(listing.tag === undefined
      ? []
      : [{ name: listing.tag, href: addressOf(path, listing, { tag: undefined }) }]),
    ...(listing.min === undefined && listing.max === undefined
      ? []
      : [
          {
            name: words.list.between(priced(listing.min), priced(listing.max)),
            href: addressOf(path, listing, { min: undefined, max: undefined }),
          },
        ]),
  ];
  if (active.length === 0) return null;
  return (
    <ul aria-label={words.list.active} className="mt-5 flex flex-wrap gap-2">
      {active.map(({ name, href }) => (
        <li key={name}>
          <Link
            href={href}
            aria-label={words.list.remove(name)}
            className="inline-flex min-h-9 items-center gap-2 rounded-full bg-sunken px-4 text-sm hover:bg-line"
          >
            {name}
            <Icon name="close" className="size-3.5" />
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Pages({
  shop: { words },
  path,
  listing,
  next,
}: Pick<ListingProps, 'shop' | 'path' | 'listing'> & { readonly next: string | null }) {
  if (next === null && listing.cursor === undefined) return null;
  return (
    <nav aria-label={words.list.more} className="mt-14 flex flex-wrap justify-center gap-3">
      {listing.cursor === undefined ? null : (
        <Link href={addressOf(path, listing, {})} className={button.secondary}>
          {words.list.start}
        </Link>
      )}
      {next === null ? null : (
        <Link href={addressOf(path, listing, { cursor: next })} rel="next" className={button.primary}>
          {words.list.more}
        </Link>
      )}
    </nav>
  );
}
