/** Where an app sends a shopper who signs in to it with their account here: they log in, and say whether it may learn what it asks for. */
import type { Metadata } from 'next';
import { cookies } from 'next/headers';
import type { Answer } from '../../../api-client/client.ts';
import { button, heading, wrap } from '../../../ui/styles.ts';
import { LoginForm } from '../../components/account-forms.tsx';
import { Link } from '../../components/link.tsx';
import { Onwards } from '../../components/onwards.tsx';
import { PasskeySignIn } from '../../components/passkeys.tsx';
import { ProviderSignIn } from '../../components/providers.tsx';
import { Submit } from '../../components/submit.tsx';
import { agreeToApp } from '../../lib/app-actions.ts';
import type { SearchParams } from '../../lib/listing.ts';
import { COOKIES, orNothing, shop } from '../../lib/shop.ts';
import type { Shop } from '../../lib/shop.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await shop()).words.connect.title, robots: { index: false } };
}

interface Props {
  readonly searchParams: Promise<SearchParams>;
}

export default async function Connect({ searchParams }: Props) {
  const [current, query, jar] = await Promise.all([shop(), searchParams, cookies()]);
  const id = typeof query['id'] === 'string' ? query['id'].slice(0, 40) : '';
  const ticket = jar.get(COOKIES.connect)?.value;
  const connection =
    id === '' || ticket === undefined
      ? undefined
      : await orNothing(current.api.call('accounts.getConnection', { query: { id, ticket } }));
  return (
    <div className={`${wrap} pt-12`}>
      <div className="max-w-md">
        {connection === undefined ? (
          <Problem shop={current} problem={query['problem']} />
        ) : (
          <Step shop={current} id={id} connection={connection} />
        )}
      </div>
    </div>
  );
}

type Connection = Answer<'accounts.getConnection'>;

interface StepProps {
  readonly shop: Shop;
  readonly id: string;
  readonly connection: Connection;
}

function Step(props: StepProps) {
  switch (props.connection.lacking) {
    case 'sign-in':
      return <SignIn {...props} />;
    case 'consent':
      return <Consent {...props} />;
    default:
      return <Done {...props} />;
  }
}

async function SignIn({ shop: current, id, connection }: StepProps) {
  const { words, store } = current;
  const { login, register, registerText, email, password, firstName, lastName } = words.account;
  const { forgot, sendLink, usePasskey, passkeyFailed } = words.account;
  const forms = { login, register, registerText, email, password, firstName, lastName, forgot, sendLink };
  const { providers } = await current.read('accounts.listSignInProviders', {});
  const back = `/connect?id=${encodeURIComponent(id)}`;
  return (
    <div className="grid gap-6">
      <h1 className={heading.page}>{words.connect.signIn(connection.app, store.displayName)}</h1>
      <LoginForm words={forms} back={back} />
      <PasskeySignIn words={{ usePasskey, passkeyFailed }} />
      <ProviderSignIn words={words} providers={providers} back={back} problem={undefined} />
      <Link href="/account" className="text-sm text-muted underline underline-offset-4 hover:text-ink">
        {register}
      </Link>
      <Decline words={words} id={id} />
    </div>
  );
}

function Consent({ shop: { words, store }, id, connection: { app, scopes } }: StepProps) {
  const text = words.connect;
  return (
    <div className="grid gap-6">
      <h1 className={heading.page}>{text.ask(app, store.displayName)}</h1>
      <section aria-labelledby="learns">
        <h2 id="learns" className="text-muted">
          {text.learns(app)}
        </h2>
        <ul className="mt-3 divide-y divide-line border-y border-line">
          {scopes.map((scope) => (
            <li key={scope} className="py-3">
              {text.scopes[scope]}
            </li>
          ))}
        </ul>
      </section>
      <p className="text-sm text-muted">{text.takeBack}</p>
      <form action={agreeToApp} className="grid">
        <input type="hidden" name="id" value={id} />
        <Submit className={button.primary}>{text.allow}</Submit>
      </form>
      <Decline words={words} id={id} />
    </div>
  );
}

function Done({ shop: { words }, id, connection: { app } }: StepProps) {
  return (
    <div className="grid gap-6">
      <h1 className={heading.page}>{words.connect.done}</h1>
      <Onwards href={`/api/accounts/oauth/continue?id=${encodeURIComponent(id)}`}>
        {words.connect.onwards(app)}
      </Onwards>
    </div>
  );
}

/** No page of this shop: the browser is led back to the app. */
function Decline({ words, id }: { readonly words: Shop['words']; readonly id: string }) {
  return (
    <a href={`/api/accounts/oauth/decline?id=${encodeURIComponent(id)}`} className={button.secondary}>
      {words.connect.decline}
    </a>
  );
}

/** Nobody is led anywhere: who sent them here is not to be believed, or it is too late. */
function Problem({
  shop: { words },
  problem,
}: {
  readonly shop: Shop;
  readonly problem: SearchParams[string];
}) {
  const { problems } = words.connect;
  const said = Object.entries(problems).find(([name]) => name === problem)?.[1] ?? problems.over;
  return (
    <div className="grid gap-6">
      <h1 className={heading.page}>{words.connect.title}</h1>
      <p role="alert">{said}</p>
      <Link href="/" className={button.secondary}>
        {words.nav.home}
      </Link>
    </div>
  );
}
