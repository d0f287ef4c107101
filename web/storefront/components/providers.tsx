/** Signing in by an account elsewhere: the ways in, and those that a customer has. */
import type { Answer } from '../../api-client/client.ts';
import { button } from '../../ui/styles.ts';
import { removeIdentity } from '../lib/actions.ts';
import type { Shop } from '../lib/shop.ts';
import { Connections } from './connections.tsx';

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
  words: { account: text },
  identities,
}: {
  readonly words: Shop['words'];
  readonly identities: Answer<'accounts.listIdentities'>['identities'];
}) {
  return (
    <Connections
      id="identities"
      title={text.identities}
      text={text.identitiesText}
      connections={identities.map(({ id, provider: { name }, email }) => ({
        id,
        name,
        says: email,
        end: text.removeIdentity(name),
      }))}
      action={removeIdentity}
      field="identity"
    />
  );
}
