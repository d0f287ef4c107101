/** Signing in by an account elsewhere: the ways in, and those that a customer has. */
import type { Answer } from '../../api-client/client.ts';
import { button, heading } from '../../ui/styles.ts';
import { removeIdentity } from '../lib/actions.ts';
import type { Shop } from '../lib/shop.ts';
import { Submit } from './submit.tsx';

/** @param back where they go on to; `problem` is what the last attempt ended with, as the address of the page says */
export function ProviderSignIn({
  words,
  providers,
  back = '/account',
  problem,
}: {
  readonly words: Shop['words'];
  readonly providers: Answer<'accounts.listSignInProviders'>['providers'];
  readonly back?: string | undefined;
  readonly problem: unknown;
}) {
  const { signInWith, signInProblems } = words.account;
  const said = Object.entries(signInProblems).find(([name]) => name === problem)?.[1];
  if (providers.length === 0 && said === undefined) return null;
  const onwards = encodeURIComponent(`/account/entered?back=${encodeURIComponent(back)}`);
  return (
    <div className="grid gap-4">
      {said === undefined ? null : <p role="alert">{said}</p>}
      {providers.map(({ id, name }) => (
        // No page of this shop: the browser is led to the provider.
        <a
          key={id}
          href={`/api/accounts/providers/${id}/sign-in?onwards=${onwards}`}
          className={button.secondary}
        >
          {signInWith(name)}
        </a>
      ))}
    </div>
  );
}

export function Identities({
  words,
  identities,
}: {
  readonly words: Shop['words'];
  readonly identities: Answer<'accounts.listIdentities'>['identities'];
}) {
  if (identities.length === 0) return null;
  const text = words.account;
  return (
    <section aria-labelledby="identities" className="mt-16 max-w-prose">
      <h2 id="identities" className={heading.section}>
        {text.identities}
      </h2>
      <p className="mt-4 text-muted">{text.identitiesText}</p>
      <ul className="mt-6 divide-y divide-line border-y border-line">
        {identities.map(({ id, provider, email }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-8 gap-y-1 py-3">
            <span className="font-medium">{provider.name}</span>
            <span className="text-sm text-muted">{email}</span>
            <form action={removeIdentity}>
              <input type="hidden" name="identity" value={id} />
              <Submit
                label={text.removeIdentity(provider.name)}
                className="min-h-11 px-3 text-muted underline underline-offset-4 hover:text-ink"
              >
                ×
              </Submit>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}
