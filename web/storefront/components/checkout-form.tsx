'use client';
/** Who gets the order and where: six fields, errors beside them, one idempotency key for each attempt. */
import { useActionState, useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { Field, Labelled } from '../../ui/field.tsx';
import { button, field, heading } from '../../ui/styles.ts';
import { placeOrder } from '../lib/actions.ts';
import { Submit } from './submit.tsx';

export interface CheckoutFormProps {
  readonly idempotencyKey: string;
  readonly total: number;
  readonly email: string;
  readonly country: string;
  readonly countries: readonly { readonly code: string; readonly name: string }[];
  readonly words: Readonly<
    Record<
      | 'contact'
      | 'address'
      | 'email'
      | 'emailHint'
      | 'name'
      | 'line1'
      | 'postalCode'
      | 'city'
      | 'country'
      | 'submit'
      | 'submitting'
      | 'optionalAccount',
      string
    >
  >;
  /** Of who buys for a company; its terms of payment, where it has some. */
  readonly company?: {
    readonly words: Readonly<Record<'purchaseOrder' | 'askApproval', string>>;
    readonly onAccount: string | undefined;
  };
  /** Between the address and the button. */
  readonly children: ReactNode;
}

export function CheckoutForm({
  idempotencyKey,
  total,
  email,
  country,
  countries,
  words,
  company,
  children,
}: CheckoutFormProps) {
  const [state, action] = useActionState(placeOrder, { errors: {}, values: {}, key: idempotencyKey });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [state]);
  const { errors, values } = state;
  return (
    <form ref={form} action={action} noValidate className="grid gap-9">
      <input type="hidden" name="key" value={state.key} />
      <input type="hidden" name="total" value={total} />
      <fieldset className="grid gap-4">
        <legend className={`${heading.small} mb-4`}>{words.contact}</legend>
        <Field
          name="email"
          type="email"
          label={words.email}
          hint={`${words.emailHint} ${words.optionalAccount}`}
          error={errors['email']}
          defaultValue={values['email'] ?? email}
          autoComplete="email"
          inputMode="email"
          required
          maxLength={254}
        />
      </fieldset>
      <fieldset>
        <legend className={`${heading.small} mb-4`}>{words.address}</legend>
        <div className="grid grid-cols-6 gap-4">
          <Field
            className="col-span-6"
            name="name"
            label={words.name}
            error={errors['name']}
            defaultValue={values['name']}
            autoComplete="shipping name"
            required
            maxLength={120}
          />
          <Field
            className="col-span-6"
            name="line1"
            label={words.line1}
            error={errors['line1']}
            defaultValue={values['line1']}
            autoComplete="shipping address-line1"
            required
            maxLength={200}
          />
          <Field
            className="col-span-6 sm:col-span-2"
            name="postalCode"
            label={words.postalCode}
            error={errors['postalCode']}
            defaultValue={values['postalCode']}
            autoComplete="shipping postal-code"
            required
            maxLength={20}
          />
          <Field
            className="col-span-6 sm:col-span-4"
            name="city"
            label={words.city}
            error={errors['city']}
            defaultValue={values['city']}
            autoComplete="shipping address-level2"
            required
            maxLength={120}
          />
          <Labelled className="col-span-6" id="field-country" label={words.country} error={errors['country']}>
            <select
              id="field-country"
              name="country"
              defaultValue={values['country'] ?? country}
              key={values['country'] ?? country}
              autoComplete="shipping country"
              className={field}
            >
              {countries.map(({ code, name }) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
          </Labelled>
        </div>
      </fieldset>
      {children}
      {company === undefined ? null : (
        <fieldset className="grid gap-4">
          <Field
            name="purchaseOrder"
            label={company.words.purchaseOrder}
            error={errors['purchaseOrder']}
            defaultValue={values['purchaseOrder']}
            maxLength={64}
          />
          {company.onAccount === undefined ? null : (
            <label className="flex items-center gap-3">
              <input
                type="checkbox"
                name="onAccount"
                value="1"
                defaultChecked={values['onAccount'] === '1'}
                className="size-4.5 accent-(--brand)"
              />
              {company.onAccount}
            </label>
          )}
        </fieldset>
      )}
      {state.message === undefined ? null : (
        <p role="alert" className="rounded-xl bg-danger-soft p-4 text-danger">
          {state.message}
        </p>
      )}
      <Submit className={`${button.primary} min-h-14 w-full text-base`} pending={words.submitting}>
        {words.submit}
      </Submit>
      {company === undefined || state.approval !== 'needed' ? null : (
        <Submit name="approval" value="ask" className={`${button.secondary} min-h-14 w-full text-base`}>
          {company.words.askApproval}
        </Submit>
      )}
    </form>
  );
}
