/** There is no such page; where there is a shop at all, it shows the way back into it. */
import { button, heading, wrap } from '../../ui/styles.ts';
import { SearchBox } from '../components/header.tsx';
import { Link } from '../components/link.tsx';
import { findShop } from '../lib/shop.ts';
import { wordsOf } from '../words/index.ts';

export default async function NotFound() {
  const shop = await findShop();
  const words = shop?.words ?? wordsOf('en');
  return (
    <div className={`${wrap} grid place-items-center gap-5 py-32 text-center`}>
      <p className="font-display text-7xl text-line-strong" aria-hidden="true">
        404
      </p>
      <h1 className={heading.page}>{shop === undefined ? words.error.noShop : words.error.notFound}</h1>
      <p className="max-w-md text-muted">
        {shop === undefined ? words.error.noShopText : words.error.notFoundText}
      </p>
      {shop === undefined ? null : (
        <>
          <SearchBox label={words.search.ask} shop={shop} className="w-full max-w-md" />
          <Link href="/" className={button.primary}>
            {words.error.home}
          </Link>
        </>
      )}
    </div>
  );
}
