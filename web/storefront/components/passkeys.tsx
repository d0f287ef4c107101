'use client';
/** Passkeys need the browser's own dialogue, so these work with script alone, and are not shown by a browser that has none. */
import { useState, useSyncExternalStore, useTransition } from 'react';
import type { FormEvent } from 'react';
import { Field } from '../../ui/field.tsx';
import { button } from '../../ui/styles.ts';
import { addPasskey, preparePasskey, preparePasskeySignIn, signInWithPasskey } from '../lib/actions.ts';

// What `toJSON` makes is one of several by its type, and the one that was asked for by its kind; the API checks it all.
type Signed = Parameters<typeof signInWithPasskey>[0];
type New = Parameters<typeof addPasskey>[0]['credential'];
type Words<Name extends string> = { readonly words: Readonly<Record<Name, string>> };

export function PasskeySignIn({ words }: Words<'usePasskey' | 'passkeyFailed'>) {
  const [message, setMessage] = useState<string>();
  const [isPending, startTransition] = useTransition();
  const has = useHasPasskeys();
  if (has === undefined) return <Room className="h-12" />;
  if (!has) return null;

  async function signIn(): Promise<string | undefined> {
    const options = await preparePasskeySignIn();
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({ publicKey });
    if (!(credential instanceof PublicKeyCredential)) return words.passkeyFailed;
    return await signInWithPasskey(credential.toJSON() as Signed);
  }

  return (
    <div className="grid gap-4">
      <button
        type="button"
        className={button.secondary}
        disabled={isPending}
        onClick={() => startTransition(async () => setMessage(await told(signIn, words.passkeyFailed)))}
      >
        {words.usePasskey}
      </button>
      <Said message={message} />
    </div>
  );
}

export function NewPasskey({ words }: Words<'password' | 'passkeyName' | 'addPasskey' | 'passkeyFailed'>) {
  const [message, setMessage] = useState<string>();
  const [isPending, startTransition] = useTransition();
  const has = useHasPasskeys();
  if (has === undefined) return <Room className="mt-6 h-60" />;
  if (!has) return null;

  async function add(name: string, password: string): Promise<string | undefined> {
    const { options, refused } = await preparePasskey(password);
    if (options === undefined) return refused;
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      // The same shape, in which the API calls text what the browser's types spell out.
      options as PublicKeyCredentialCreationOptionsJSON,
    );
    const credential = await navigator.credentials.create({ publicKey });
    if (!(credential instanceof PublicKeyCredential)) return words.passkeyFailed;
    return await addPasskey({ name, credential: credential.toJSON() as New });
  }

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = event.currentTarget;
    const filled = new FormData(form);
    const [name, password] = [filled.get('name'), filled.get('password')].map(String);
    startTransition(async () => {
      const failed = await told(() => add(name ?? '', password ?? ''), words.passkeyFailed);
      setMessage(failed);
      if (failed === undefined) form.reset();
    });
  }

  return (
    <form onSubmit={submit} className="mt-6 grid max-w-md gap-4">
      <Field
        name="name"
        prefix="passkey"
        label={words.passkeyName}
        autoComplete="off"
        maxLength={100}
        required
      />
      <Field
        name="password"
        prefix="passkey"
        type="password"
        label={words.password}
        autoComplete="current-password"
        required
      />
      <Said message={message} />
      <button className={button.secondary} disabled={isPending}>
        {words.addPasskey}
      </button>
    </form>
  );
}

/** Whoever closes the browser's dialogue, or has no key for this shop, is told the same. */
async function told(work: () => Promise<string | undefined>, failed: string): Promise<string | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DOMException) return failed;
    throw error;
  }
}

/** Kept free until it is known whether something stands there, so that nothing jumps: nearly every browser has passkeys. */
function Room({ className }: { readonly className: string }) {
  return <div aria-hidden="true" className={`${className} [@media(scripting:none)]:hidden`} />;
}

/** Undefined: not known to the server. */
function useHasPasskeys(): boolean | undefined {
  return useSyncExternalStore<boolean | undefined>(
    () => () => {},
    () => 'PublicKeyCredential' in window && 'parseRequestOptionsFromJSON' in PublicKeyCredential,
    () => undefined,
  );
}

function Said({ message }: { readonly message: string | undefined }) {
  return message === undefined ? null : (
    <p role="alert" className="rounded-xl bg-danger-soft p-4 text-sm text-danger">
      {message}
    </p>
  );
}
