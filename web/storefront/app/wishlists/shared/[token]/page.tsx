/** A wishlist that somebody shares, by its link. */
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { heading, wrap } from '../../../../../ui/styles.ts';
import { Wishes } from '../../../../components/wishes.tsx';
import { orNothing, shop } from '../../../../lib/shop.ts';

interface Props {
  readonly params: Promise<{ readonly token: string }>;
}

/** Nobody finds it who was not sent the link. */
export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.wishes.shared, robots: { index: false }, referrer: 'no-referrer' };
}

export default async function SharedWishlist({ params }: Props) {
  const [current, { token }] = await Promise.all([shop(), params]);
  const { api, currency, words } = current;
  const list = await orNothing(
    api.call('catalog.getSharedWishlist', { params: { token }, query: { currency } }),
  );
  if (list === undefined) notFound();
  return (
    <div className={`${wrap} pt-12`}>
      <h1 className={heading.page}>{list.name === '' ? words.wishes.shared : list.name}</h1>
      {list.items.length === 0 ? (
        <p className="mt-8 text-muted">{words.wishes.empty}</p>
      ) : (
        <Wishes items={list.items} shop={current} />
      )}
    </div>
  );
}
