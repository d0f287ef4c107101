/** The visitor's account: log in, ask for one, or see one's orders and passkeys. */
import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { ApiError } from '../../../api-client/client.ts';
import type { Answer } from '../../../api-client/client.ts';
import { Icon } from '../../../ui/icons.tsx';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { LoginForm, RegisterForm } from '../../components/account-forms.tsx';
import { ConnectedApps } from '../../components/connected-apps.tsx';
import { Described } from '../../components/connections.tsx';
import { Devices } from '../../components/devices.tsx';
import { Link } from '../../components/link.tsx';
import { NewPasskey, PasskeySignIn } from '../../components/passkeys.tsx';
import { Identities, ProviderSignIn } from '../../components/providers.tsx';
import { Submit } from '../../components/submit.tsx';
import { logout, removePasskey } from '../../lib/actions.ts';
import { localPath } from '../../lib/forms.ts';
import type { SearchParams } from '../../lib/listing.ts';
import { shop } from '../../lib/shop.ts';
import type { Shop } from '../../lib/shop.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.account.title, robots: { index: false } };
}

interface Props {
  readonly searchParams: Promise<SearchParams>;
}

export default async function Account({ searchParams }: Props) {
  const [current, query] = await Promise.all([shop(), searchParams]);
  // Whoever was asked to sign in goes on to where they came from.
  const back = query['back'] === undefined ? undefined : localPath(query['back'], '/account');
  const { words } = current;
  const customer = await whoIs(current);
  if (customer === undefined) {
    const { login, register, registerText, email, password, firstName, lastName } = words.account;
    const { forgot, sendLink, usePasskey, passkeyFailed } = words.account;
    const { providers } = await current.read('accounts.listSignInProviders', {});
    const forms = { login, register, registerText, email, password, firstName, lastName, forgot, sendLink };
    return (
      <div className={`${wrap} pt-12`}>
        <h1 className={heading.page}>{words.account.title}</h1>
        <div className="mt-10 grid max-w-4xl gap-14 md:grid-cols-2 md:gap-20">
          <div className="grid content-start gap-6">
            <LoginForm words={forms} back={back} />
            <PasskeySignIn words={{ usePasskey, passkeyFailed }} />
            <ProviderSignIn words={words} providers={providers} back={back} problem={query['signIn']} />
          </div>
          <RegisterForm words={forms} />
        </div>
      </div>
    );
  }
  if (back !== undefined && back !== '/account') redirect(back);
  const [{ orders }, { passkeys }, { identities }, { apps }, { sessions }] = await Promise.all([
    current.api.call('orders.listMyOrders', { query: { limit: 25 } }),
    current.api.call('accounts.listPasskeys', {}),
    current.api.call('accounts.listIdentities', {}),
    current.api.call('accounts.listMyApps', {}),
    current.api.call('accounts.listSessions', {}),
  ]);
  return (
    <div className={`${wrap} pt-12`}>
      <div className="flex flex-wrap items-center justify-between gap-4">
        <h1 className={heading.page}>{words.account.hello(customer.firstName || customer.email)}</h1>
        <div className="flex flex-wrap gap-3">
          <Link href="/account/company" className={button.small}>
            {words.company.title}
          </Link>
          {current.store.domains.includes('notifications') ? (
            <Link href="/preferences" className={button.small}>
              {words.preferences.title}
            </Link>
          ) : null}
          <Link href="/account/data" className={button.small}>
            {words.data.title}
          </Link>
          <form action={logout}>
            <Submit className={button.small}>{words.account.logout}</Submit>
          </form>
        </div>
      </div>
      <h2 className={`${heading.section} mt-12`}>{words.account.orders}</h2>
      {orders.length === 0 ? (
        <p className="mt-4 text-muted">{words.account.noOrders}</p>
      ) : (
        <Orders shop={current} orders={orders} />
      )}
      <PasskeySettings shop={current} passkeys={passkeys} />
      <Identities words={words} identities={identities} />
      <ConnectedApps words={words} apps={apps} />
      <Devices shop={current} sessions={sessions} />
    </div>
  );
}

function PasskeySettings({
  shop: { locale, words },
  passkeys,
}: {
  readonly shop: Shop;
  readonly passkeys: Answer<'accounts.listPasskeys'>['passkeys'];
}) {
  const text = words.account;
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const { password, passkeyName, addPasskey, passkeyFailed } = text;
  return (
    <section aria-labelledby="passkeys" className="mt-16 max-w-prose">
      <h2 id="passkeys" className={heading.section}>
        {text.passkeys}
      </h2>
      <p className="mt-4 text-muted">{text.passkeysText}</p>
      {passkeys.length === 0 ? null : (
        <ul className="mt-6 divide-y divide-line border-y border-line">
          {passkeys.map(({ id, name, createdAt }) => (
            <li key={id} className="flex min-h-14 items-center gap-3 py-2">
              <Described name={name} says={text.passkeySince(day.format(new Date(createdAt)))} />
              <form action={removePasskey}>
                <input type="hidden" name="passkey" value={id} />
                <Submit
                  label={text.removePasskey(name)}
                  className={`${button.quiet} text-muted hover:text-ink`}
                >
                  <Icon name="close" className="size-4" />
                </Submit>
              </form>
            </li>
          ))}
        </ul>
      )}
      <NewPasskey words={{ password, passkeyName, addPasskey, passkeyFailed }} />
    </section>
  );
}

function Orders({
  shop: { money, locale, words },
  orders,
}: {
  readonly shop: Shop;
  readonly orders: Answer<'orders.listMyOrders'>['orders'];
}) {
  return (
    <ul className="mt-4 divide-y divide-line border-y border-line">
      {orders.map((order) => (
        <li
          key={order.id}
          className="relative grid grid-cols-[1fr_auto] items-baseline gap-x-8 gap-y-1 py-5 sm:grid-cols-[8rem_1fr_8rem_6rem_7rem]"
        >
          <Link
            href={`/orders/${order.id}`}
            className="font-medium after:absolute after:inset-0 hover:underline hover:underline-offset-4"
          >
            {order.number}
          </Link>
          <span className="text-right text-sm text-muted sm:text-left">{stateOf(order.status, words)}</span>
          <span className="text-sm text-muted">
            {new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(order.placedAt))}
          </span>
          <span className="text-sm text-muted max-sm:hidden">{words.checkout.items(order.itemCount)}</span>
          <span className="text-right tabular-nums">{money(order.total)}</span>
        </li>
      ))}
    </ul>
  );
}

/** In the words that the order's own page says it in. */
function stateOf(
  status: Answer<'orders.listMyOrders'>['orders'][number]['status'],
  { order: said }: Shop['words'],
): string {
  switch (status) {
    case 'pending_payment':
      return said.pending;
    case 'authorized':
      return said.confirming;
    default:
      return said[status];
  }
}

/** A session that has ended is no error: the visitor logs in again. */
async function whoIs({ api, loggedIn }: Shop): Promise<Answer<'accounts.getMe'> | undefined> {
  if (!loggedIn) return undefined;
  try {
    return await api.call('accounts.getMe', {});
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return undefined;
    throw error;
  }
}
