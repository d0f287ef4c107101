/** The visitor's wishlists, one at a time. */
import type { Metadata } from 'next';
import { ApiError } from '../../../api-client/client.ts';
import type { Answer } from '../../../api-client/client.ts';
import { Field } from '../../../ui/field.tsx';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { Link } from '../../components/link.tsx';
import { Submit } from '../../components/submit.tsx';
import { Wishes } from '../../components/wishes.tsx';
import type { SearchParams } from '../../lib/listing.ts';
import { orNothing, shop } from '../../lib/shop.ts';
import type { Shop } from '../../lib/shop.ts';
import { createList, deleteList, shareList, unshareList } from '../../lib/wish-actions.ts';
import { guestList } from '../../lib/wishes.ts';

type List = Answer<'catalog.getWishlist'>;
type Lists = Answer<'catalog.listWishlists'>['wishlists'];

interface Props {
  readonly searchParams: Promise<SearchParams>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.wishes.title, robots: { index: false } };
}

export default async function Wishlists({ searchParams }: Props) {
  const [current, params] = await Promise.all([shop(), searchParams]);
  const said = current.words.wishes;
  const lists = await listsOf(current);
  const asked = typeof params['list'] === 'string' ? params['list'] : undefined;
  const id = lists === undefined ? await guestList() : (asked ?? 'default');
  const list = id === undefined ? undefined : await read(current, id);
  return (
    <div className={`${wrap} pt-12`}>
      <h1 className={heading.page}>{said.title}</h1>
      {lists === undefined ? (
        <p className="mt-4 text-muted">
          <Link href="/account?back=/wishlists" className="underline underline-offset-4 hover:text-ink">
            {said.keep}
          </Link>
        </p>
      ) : (
        <Others shop={current} lists={lists} shown={list} />
      )}
      {list === undefined || list.items.length === 0 ? (
        <div className="mt-10">
          <p className="font-display text-xl">{said.empty}</p>
          <p className="mt-2 text-muted">{said.emptyText}</p>
        </div>
      ) : (
        <Wishes items={list.items} list={list.id} shop={current} />
      )}
      {list === undefined ? null : <Sharing shop={current} list={list} />}
      {lists === undefined ? null : (
        <details className="mt-10 max-w-md">
          <summary className="cursor-pointer underline underline-offset-4">{said.another}</summary>
          <form action={createList} className="mt-4 grid gap-4">
            <input type="hidden" name="key" value={crypto.randomUUID()} />
            <Field name="name" prefix="list" label={said.name} maxLength={80} required />
            <Submit className={`${button.secondary} justify-self-start`}>{said.create}</Submit>
          </form>
        </details>
      )}
    </div>
  );
}

/** @returns nothing where nobody is logged in; a session that has ended is no error */
async function listsOf({ api, loggedIn }: Shop): Promise<Lists | undefined> {
  if (!loggedIn) return undefined;
  try {
    return (await api.call('catalog.listWishlists', {})).wishlists;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return undefined;
    throw error;
  }
}

function read({ api, currency }: Shop, id: string): Promise<List | undefined> {
  return orNothing(api.call('catalog.getWishlist', { params: { id }, query: { currency } }));
}

function Others({
  shop: { words },
  lists,
  shown,
}: {
  readonly shop: Pick<Shop, 'words'>;
  readonly lists: Lists;
  readonly shown: List | undefined;
}) {
  if (lists.length < 2) return null;
  return (
    <ul className="mt-6 flex flex-wrap gap-2">
      {lists.map(({ id, name, count }) => (
        <li key={id}>
          <Link
            href={`/wishlists?list=${encodeURIComponent(id)}`}
            aria-current={id === shown?.id ? 'page' : undefined}
            className={`${button.small} aria-[current]:border-ink`}
          >
            {name === '' ? words.wishes.own : name}
            <span className="text-muted tabular-nums" aria-label={words.wishes.count(count)}>
              {count}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Nothing is shared, or deleted, before anything was put there. */
function Sharing({
  shop: { words, origin },
  list,
}: {
  readonly shop: Pick<Shop, 'words' | 'origin'>;
  readonly list: List;
}) {
  const said = words.wishes;
  const address = list.token === null ? undefined : `${origin}/wishlists/shared/${list.token}`;
  if (list.items.length === 0 && list.isDefault) return null;
  return (
    <div className="mt-8 grid max-w-3xl gap-4 text-sm">
      {address === undefined ? null : (
        <p>
          {said.link}{' '}
          <a href={address} className="break-all underline underline-offset-4" data-testid="share-link">
            {address}
          </a>
        </p>
      )}
      <div className="flex flex-wrap gap-3">
        <form action={address === undefined ? shareList : unshareList}>
          <input type="hidden" name="list" value={list.id} />
          <Submit className={button.small}>{address === undefined ? said.share : said.unshare}</Submit>
        </form>
        {list.isDefault ? null : (
          <form action={deleteList}>
            <input type="hidden" name="list" value={list.id} />
            <Submit className="min-h-10 px-2 text-muted underline underline-offset-4 hover:text-ink">
              {said.delete}
            </Submit>
          </form>
        )}
      </div>
    </div>
  );
}
