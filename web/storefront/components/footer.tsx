/** The foot of every page: promises, collections, language and currency. */
import { Icon } from '../../ui/icons.tsx';
import type { IconName } from '../../ui/icons.tsx';
import { button, wrap } from '../../ui/styles.ts';
import { setPersonal } from '../lib/actions.ts';
import type { Shop } from '../lib/shop.ts';
import { Link } from './link.tsx';
import { Logo } from './logo.tsx';
import { Switches } from './switches.tsx';

export function Footer({
  shop,
  collections,
}: {
  readonly shop: Shop;
  readonly collections: readonly { readonly handle: string; readonly title: string }[];
}) {
  const { words, store, locale, currency, visitor } = shop;
  const languages = new Intl.DisplayNames([locale], { type: 'language' });
  const currencies = new Intl.DisplayNames([locale], { type: 'currency' });
  return (
    <footer className="mt-24 border-t border-line bg-surface">
      <Promises shop={shop} />
      <div className={`${wrap} grid gap-12 border-t border-line py-14 md:grid-cols-[1.4fr_2fr_auto]`}>
        <div>
          <p className="flex items-center gap-3 font-display text-xl">
            <Logo shop={shop} className="size-9" />
            {store.displayName}
          </p>
          <p className="mt-4 max-w-72 text-pretty text-muted">{text(store.branding['tagline'])}</p>
          {store.domains.includes('chat') ? (
            <Link href="/chat" className={`${button.small} mt-5`}>
              {words.chat.title}
            </Link>
          ) : null}
        </div>
        <nav aria-label={words.footer.label}>
          <h2 className="text-sm font-semibold">{words.footer.shop}</h2>
          <ul className="mt-4 columns-2 gap-8 text-[0.95rem] text-muted">
            {[
              { href: '/products', title: words.nav.all },
              ...collections.map(({ handle, title }) => ({ href: `/collections/${handle}`, title })),
            ].map(({ href, title }) => (
              <li key={href} className="break-inside-avoid">
                <Link
                  href={href}
                  className="inline-block py-1.5 hover:text-ink hover:underline hover:underline-offset-4"
                >
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <Switches
          locale={locale}
          currency={currency}
          locales={store.locales.map((value) => ({
            value,
            name: capital(
              new Intl.DisplayNames([value], { type: 'language' }).of(value) ?? languages.of(value) ?? value,
            ),
          }))}
          currencies={store.currencies.map((value) => ({
            value,
            name: `${value} · ${currencies.of(value) ?? value}`,
          }))}
          words={{ language: words.language, currency: words.currency, change: words.change }}
        />
      </div>
      <div className={`${wrap} flex flex-wrap items-center justify-between gap-2 pb-8 text-xs text-muted`}>
        <p>© {store.displayName}</p>
        <form action={setPersonal}>
          <input type="hidden" name="personal" value={visitor === undefined ? 'yes' : 'no'} />
          <button className="min-h-6 underline underline-offset-4 hover:text-ink">
            {visitor === undefined ? words.footer.personal : words.footer.impersonal}
          </button>
        </form>
        <p>{words.footer.powered}</p>
      </div>
    </footer>
  );
}

function Promises({ shop: { words } }: { readonly shop: Shop }) {
  const { promise } = words;
  const all: readonly (readonly [IconName, string, string])[] = [
    ['user', promise.guest, promise.guestText],
    ['bag', promise.kept, promise.keptText],
    ['shield', promise.pay, promise.payText],
  ];
  return (
    <ul className={`${wrap} grid gap-8 py-12 sm:grid-cols-3`}>
      {all.map(([icon, title, said]) => (
        <li key={icon} className="flex gap-4">
          <span className="grid size-11 shrink-0 place-items-center rounded-full bg-canvas text-brand-ink">
            <Icon name={icon} />
          </span>
          <div>
            <p className="font-medium">{title}</p>
            <p className="mt-0.5 text-sm text-pretty text-muted">{said}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const capital = (word: string): string => `${word.slice(0, 1).toLocaleUpperCase()}${word.slice(1)}`;
