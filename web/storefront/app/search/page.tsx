/** Search: a box, and what it finds. */
import type { Metadata } from 'next';
import { after } from 'next/server';
import { heading, wrap } from '../../../ui/styles.ts';
import { SearchBox } from '../../components/header.tsx';
import { Link } from '../../components/link.tsx';
import { Listing } from '../../components/listing.tsx';
import { ProductGrid } from '../../components/product-card.tsx';
import { listingOf } from '../../lib/listing.ts';
import type { SearchParams } from '../../lib/listing.ts';
import { loadListing } from '../../lib/load-listing.ts';
import { tellSearched } from '../../lib/searched.ts';
import { shop } from '../../lib/shop.ts';

interface Props {
  readonly searchParams: Promise<SearchParams>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.search.title, robots: { index: false } };
}

export default async function Search({ searchParams }: Props) {
  const [current, params] = await Promise.all([shop(), searchParams]);
  const { words } = current;
  const { q } = listingOf(params);
  const loaded = q === undefined ? undefined : await loadListing(current, params, undefined);
  const nothing =
    loaded !== undefined &&
    loaded.first.products.length === 0 &&
    loaded.listing.type === undefined &&
    loaded.listing.tag === undefined &&
    loaded.listing.min === undefined &&
    loaded.listing.max === undefined &&
    !loaded.listing.stock;
  const meant = loaded?.first.didYouMean ?? null;
  const instead = loaded?.first.instead ?? [];
  if (loaded !== undefined && q !== undefined && loaded.listing.cursor === undefined)
    after(() => tellSearched(current, q, loaded.first.total ?? loaded.first.products.length));
  return (
    <>
      <div className={`${wrap} pt-12`}>
        <h1 className={heading.page}>
          {q === undefined ? words.search.title : nothing ? words.search.none(q) : words.search.results(q)}
        </h1>
        {nothing ? <p className="mt-3 text-muted">{words.search.noneText}</p> : null}
        {meant === null ? null : (
          <p className="mt-3">
            {words.search.meant}{' '}
            <Link
              href={`/search?${new URLSearchParams({ q: meant })}`}
              className="underline underline-offset-4"
            >
              {meant}
            </Link>
          </p>
        )}
        <SearchBox
          label={words.search.ask}
          shop={current}
          query={q ?? ''}
          className="mt-6 max-w-xl"
          autoFocus={q === undefined}
        />
      </div>
      {loaded === undefined || nothing ? null : <Listing shop={current} path="/search" {...loaded} />}
      {nothing && instead.length > 0 ? (
        <section aria-labelledby="instead" className={`${wrap} mt-20 lg:mt-28`}>
          <h2 id="instead" className={heading.section}>
            {words.search.instead}
          </h2>
          <div className="mt-8">
            <ProductGrid products={instead} shop={current} />
          </div>
        </section>
      ) : null}
    </>
  );
}
