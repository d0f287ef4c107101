'use client';
/** Logging in, asking for an account, and for a new password; forms, so it works without script too. */
import { useActionState } from 'react';
import { Field } from '../../ui/field.tsx';
import { button, heading } from '../../ui/styles.ts';
import { forgetPassword, login, register } from '../lib/actions.ts';
import type { FormState } from '../lib/actions.ts';
import { Link } from './link.tsx';
import { Submit } from './submit.tsx';

type Words = Readonly<
  Record<
    | 'login'
    | 'register'
    | 'registerText'
    | 'email'
    | 'password'
    | 'firstName'
    | 'lastName'
    | 'forgot'
    | 'sendLink',
    string
  >
>;

const START: FormState = { errors: {}, values: {}, key: '' };

/** @param back the page it goes on to; absent: the account's */
export function LoginForm({ words, back }: { readonly words: Words; readonly back?: string | undefined }) {
  const [{ errors, values, message }, action] = useActionState(login, START);
  return (
    <form action={action} noValidate aria-labelledby="login" className="grid content-start gap-4">
      <h2 id="login" className={heading.small}>
        {words.login}
      </h2>
      {back === undefined ? null : <input type="hidden" name="back" value={back} />}
      <Field
        name="email"
        type="email"
        label={words.email}
        error={errors['email']}
        defaultValue={values['email']}
        autoComplete="username"
        required
      />
      <Field
        name="password"
        type="password"
        label={words.password}
        error={errors['password']}
        autoComplete="current-password"
        required
      />
      <Said message={message} />
      <Submit className={button.primary}>{words.login}</Submit>
      <Link href="/account/forgot" className="text-sm text-muted underline underline-offset-4 hover:text-ink">
        {words.forgot}
      </Link>
    </form>
  );
}

export function RegisterForm({ words }: { readonly words: Words }) {
  const [{ errors, values, message, done }, action] = useActionState(register, START);
  if (done !== undefined)
    return (
      <section aria-labelledby="register" className="grid content-start gap-4">
        <h2 id="register" className={heading.small}>
          {words.register}
        </h2>
        <Done>{done}</Done>
      </section>
    );
  return (
    <form action={action} noValidate aria-labelledby="register" className="grid content-start gap-4">
      <h2 id="register" className={heading.small}>
        {words.register}
      </h2>
      <div className="grid grid-cols-2 gap-4">
        <Field
          name="firstName"
          label={words.firstName}
          error={errors['firstName']}
          defaultValue={values['firstName']}
          autoComplete="given-name"
          required
        />
        <Field
          name="lastName"
          label={words.lastName}
          error={errors['lastName']}
          defaultValue={values['lastName']}
          autoComplete="family-name"
        />
      </div>
      <Field
        name="email"
        type="email"
        prefix="new"
        label={words.email}
        error={errors['email']}
        defaultValue={values['email']}
        autoComplete="email"
        required
      />
      <p className="text-sm text-muted">{words.registerText}</p>
      <Said message={message} />
      <Submit className={button.secondary}>{words.register}</Submit>
    </form>
  );
}

export function ForgotForm({ words }: { readonly words: Words }) {
  const [{ errors, values, message, done }, action] = useActionState(forgetPassword, START);
  if (done !== undefined) return <Done>{done}</Done>;
  return (
    <form action={action} noValidate className="grid content-start gap-4">
      <Field
        name="email"
        type="email"
        label={words.email}
        error={errors['email']}
        defaultValue={values['email']}
        autoComplete="username"
        required
      />
      <Said message={message} />
      <Submit className={button.primary}>{words.sendLink}</Submit>
    </form>
  );
}

function Done({ children }: { readonly children: string }) {
  return (
    <p role="status" className="rounded-xl bg-sunken p-4 text-sm">
      {children}
    </p>
  );
}

function Said({ message }: { readonly message: string | undefined }) {
  return message === undefined ? null : (
    <p role="alert" className="rounded-xl bg-danger-soft p-4 text-sm text-danger">
      {message}
    </p>
  );
}
