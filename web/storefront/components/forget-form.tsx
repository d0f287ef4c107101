'use client';
/** Asking to be forgotten, by the password: nobody does it who finds somebody's browser open. A form, so it works without script too. */
import { useActionState } from 'react';
import { Field } from '../../ui/field.tsx';
import { button } from '../../ui/styles.ts';
import { askToBeForgotten } from '../lib/actions.ts';
import type { FormState } from '../lib/actions.ts';
import { Submit } from './submit.tsx';

const START: FormState = { errors: {}, values: {}, key: '' };

export function ForgetForm({
  words,
}: {
  readonly words: Readonly<Record<'password' | 'ask' | 'sure', string>>;
}) {
  const [{ errors, message }, action] = useActionState(askToBeForgotten, START);
  return (
    <form action={action} noValidate className="mt-8 grid max-w-sm gap-4" data-testid="forget-form">
      <p>{words.sure}</p>
      <Field
        name="password"
        type="password"
        prefix="forget"
        label={words.password}
        error={errors['password']}
        autoComplete="current-password"
        required
      />
      {message === undefined ? null : (
        <p role="alert" className="rounded-xl bg-danger-soft p-4 text-sm text-danger">
          {message}
        </p>
      )}
      <Submit className={button.secondary}>{words.ask}</Submit>
    </form>
  );
}
