/** One collection. */
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { heading, wrap } from '../../../../ui/styles.ts';
import { Link } from '../../../components/link.tsx';
import { Listing } from '../../../components/listing.tsx';
import { plainText, safeHtml } from '../../../lib/html.ts';
import type { SearchParams } from '../../../lib/listing.ts';
import { loadListing } from '../../../lib/load-listing.ts';
import { orNothing, shop } from '../../../lib/shop.ts';

interface Props {
  readonly params: Promise<{ readonly handle: string }>;
  readonly searchParams: Promise<SearchParams>;
}

async function find(params: Props['params']) {
  const [current, { handle }] = await Promise.all([shop(), params]);
  const collection = await orNothing(
    current.read('catalog.getCollection', { params: { handle: decodeURIComponent(handle) } }),
  );
  if (collection === undefined) notFound();
  return { current, collection };
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { collection } = await find(params);
  const description = collection.seo.description ?? plainText(collection.descriptionHtml, 155);
  return {
    title: collection.seo.title ?? collection.title,
    ...(description === '' ? {} : { description }),
    alternates: { canonical: `/collections/${encodeURIComponent(collection.handle)}` },
  };
}

export default async function Collection({ params, searchParams }: Props) {
  const { current, collection } = await find(params);
  const loaded = await loadListing(current, await searchParams, collection.handle);
  const path = `/collections/${encodeURIComponent(collection.handle)}`;
  return (
    <>
      <div className={`${wrap} pt-8`}>
        <nav aria-label={current.words.nav.home} className="text-sm text-muted">
          <Link href="/" className="hover:text-ink hover:underline hover:underline-offset-4">
            {current.words.nav.home}
          </Link>
          <span aria-hidden="true"> / </span>
          <span aria-current="page">{collection.title}</span>
        </nav>
        <h1 className={`${heading.page} mt-5`}>{collection.title}</h1>
        {collection.descriptionHtml === '' ? null : (
          <div
            className="prose-shop mt-4 text-muted"
            dangerouslySetInnerHTML={{ __html: safeHtml(collection.descriptionHtml) }}
          />
        )}
      </div>
      <Listing shop={current} path={path} {...loaded} />
    </>
  );
}
