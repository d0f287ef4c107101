/** Everything the shop has. */
import type { Metadata } from 'next';
import { heading, wrap } from '../../../ui/styles.ts';
import { Listing } from '../../components/listing.tsx';
import { loadListing } from '../../lib/load-listing.ts';
import type { SearchParams } from '../../lib/listing.ts';
import { shop } from '../../lib/shop.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.list.all, alternates: { canonical: '/products' } };
}

export default async function Products({ searchParams }: { readonly searchParams: Promise<SearchParams> }) {
  const current = await shop();
  const loaded = await loadListing(current, await searchParams, undefined);
  return (
    <>
      <div className={`${wrap} pt-12`}>
        <h1 className={heading.page}>{current.words.list.all}</h1>
      </div>
      <Listing shop={current} path="/products" {...loaded} />
    </>
  );
}
