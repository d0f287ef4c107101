/** Search: a box, and what it finds. */
import type { Metadata } from 'next';
import { heading, wrap } from '../../../ui/styles.ts';
import { SearchBox } from '../../components/header.tsx';
import { Listing } from '../../components/listing.tsx';
import { listingOf } from '../../lib/listing.ts';
import type { SearchParams } from '../../lib/listing.ts';
import { loadListing } from '../../lib/load-listing.ts';
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
    !loaded.listing.stock;
  return (
    <>
      <div className={`${wrap} pt-12`}>
        <h1 className={heading.page}>
          {q === undefined ? words.search.title : nothing ? words.search.none(q) : words.search.results(q)}
        </h1>
        {nothing ? <p className="mt-3 text-muted">{words.search.noneText}</p> : null}
        <SearchBox
          label={words.search.ask}
          shop={current}
          query={q ?? ''}
          className="mt-6 max-w-xl"
          autoFocus={q === undefined}
        />
      </div>
      {loaded === undefined || nothing ? null : <Listing shop={current} path="/search" {...loaded} />}
    </>
  );
}
