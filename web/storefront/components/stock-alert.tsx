'use client';
/** Below something that is sold out: be told when it is back. A form, so it works without script too. */
import { useActionState } from 'react';
import { Field } from '../../ui/field.tsx';
import { button } from '../../ui/styles.ts';
import type { FormState } from '../lib/actions.ts';
import { askStockAlert, withdrawStockAlert } from '../lib/wish-actions.ts';
import { Submit } from './submit.tsx';

export interface AlertWords {
  readonly title: string;
  readonly text: string;
  readonly email: string;
  readonly send: string;
  readonly waiting: string;
  readonly withdraw: string;
}

const START: FormState = { errors: {}, values: {}, key: '' };

export function StockAlert({
  variant,
  asksEmail,
  waits,
  words,
}: {
  readonly variant: string;
  /** Whoever is signed in is reached without. */
  readonly asksEmail: boolean;
  /** They have asked already. */
  readonly waits: boolean;
  readonly words: AlertWords;
}) {
  const [{ errors, values, message, done }, action] = useActionState(askStockAlert, START);
  if (waits)
    return (
      <form action={withdrawStockAlert} className="mt-2 rounded-xl bg-sunken p-4" data-testid="stock-alert">
        <input type="hidden" name="variant" value={variant} />
        <p role="status">{words.waiting}</p>
        <Submit className="mt-1 min-h-11 text-sm text-muted underline underline-offset-4 hover:text-ink">
          {words.withdraw}
        </Submit>
      </form>
    );
  if (done !== undefined)
    return (
      <p role="status" className="mt-2 rounded-xl bg-sunken p-4" data-testid="stock-alert">
        {done}
      </p>
    );
  return (
    <form
      action={action}
      noValidate
      aria-labelledby="stock-alert"
      className="mt-2 grid gap-3 rounded-xl bg-sunken p-4"
      data-testid="stock-alert"
    >
      <input type="hidden" name="variant" value={variant} />
      <div>
        <p id="stock-alert" className="font-medium">
          {words.title}
        </p>
        {asksEmail ? <p className="mt-1 text-sm text-muted">{words.text}</p> : null}
      </div>
      {asksEmail ? (
        <Field
          name="email"
          type="email"
          prefix="alert"
          label={words.email}
          error={errors['email']}
          defaultValue={values['email']}
          autoComplete="email"
          required
        />
      ) : null}
      {message === undefined || (asksEmail && errors['email'] !== undefined) ? null : (
        <p role="alert" className="text-sm text-danger">
          {message}
        </p>
      )}
      <Submit className={`${button.small} justify-self-start`}>{words.send}</Submit>
    </form>
  );
}
