/** What the shop may write about: for whoever follows the link of a message, without a login, and for whoever is logged in. */
import type { Metadata } from 'next';
import type { Answer } from '../../../api-client/client.ts';
import { ApiError } from '../../../api-client/client.ts';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { Link } from '../../components/link.tsx';
import { Submit } from '../../components/submit.tsx';
import { savePreferences } from '../../lib/actions.ts';
import type { SearchParams } from '../../lib/listing.ts';
import { shop } from '../../lib/shop.ts';
import type { Shop } from '../../lib/shop.ts';

type Contact = Answer<'notifications.getPreferences'>['contacts'][number];

const CATEGORIES = ['orders', 'marketing', 'wishes', 'reviews'] as const;
const MODES = ['on', 'daily', 'off'] as const;

export async function generateMetadata(): Promise<Metadata> {
  // The address opens the settings: no other site is told of it.
  return {
    title: (await shop()).words.preferences.title,
    robots: { index: false },
    referrer: 'no-referrer',
  };
}

export default async function Preferences({
  searchParams,
}: {
  readonly searchParams: Promise<SearchParams>;
}) {
  const [current, query] = await Promise.all([shop(), searchParams]);
  const { words } = current;
  const token = typeof query['token'] === 'string' ? query['token'] : undefined;
  const contacts = await contactsOf(current, token);
  return (
    <div className={`${wrap} pt-12`}>
      {current.loggedIn ? (
        <nav aria-label={words.account.title} className="mb-3 text-sm text-muted">
          <Link href="/account" className="underline underline-offset-4 hover:text-ink">
            {words.account.title}
          </Link>
        </nav>
      ) : null}
      <h1 className={heading.page}>{words.preferences.title}</h1>
      {contacts === undefined || contacts.length === 0 ? (
        <p className="mt-6 max-w-prose text-muted">
          {words.preferences.unknown}{' '}
          <Link href="/account" className="underline underline-offset-4 hover:text-ink">
            {words.account.login}
          </Link>
        </p>
      ) : (
        <Choices shop={current} contacts={contacts} token={token} saved={query['saved'] !== undefined} />
      )}
    </div>
  );
}

interface ChoicesProps {
  readonly shop: Shop;
  readonly contacts: readonly Contact[];
  readonly token: string | undefined;
  readonly saved: boolean;
}

function Choices({ shop: { words }, contacts, token, saved }: ChoicesProps) {
  const text = words.preferences;
  return (
    <form action={savePreferences} className="mt-4 max-w-prose" data-testid="preferences">
      <p className="text-muted">{text.at(contacts.map(({ address }) => address).join(', '))}</p>
      {saved ? (
        <p role="status" className="mt-6 rounded-xl bg-sunken p-4 text-sm">
          {text.saved}
        </p>
      ) : null}
      {token === undefined ? null : <input type="hidden" name="token" value={token} />}
      {CATEGORIES.map((category) => (
        <fieldset key={category} className="mt-8 border-t border-line pt-6">
          <legend className={heading.small}>{text[category]}</legend>
          <p className="mt-1 text-sm text-muted">{text[`${category}Text`]}</p>
          <div className="mt-4 flex flex-wrap gap-x-8 gap-y-3">
            {MODES.map((mode) => (
              <label key={mode} className="flex min-h-11 items-center gap-2.5">
                <input
                  type="radio"
                  name={category}
                  value={mode}
                  defaultChecked={contacts[0]?.preferences[category] === mode}
                  className="size-5 accent-brand"
                />
                {text[mode]}
              </label>
            ))}
          </div>
        </fieldset>
      ))}
      <Submit className={`${button.primary} mt-10`}>{text.save}</Submit>
    </form>
  );
}

/** Nothing where nobody is logged in, the link is none of ours, or the shop sends no messages. */
async function contactsOf({ api }: Shop, token: string | undefined): Promise<readonly Contact[] | undefined> {
  try {
    return (await api.call('notifications.getPreferences', { query: { token } })).contacts;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return undefined;
    throw error;
  }
}
