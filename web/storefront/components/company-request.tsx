'use client';
/** Asking for a company's account: what was filled in stays when it is refused. It works without script too. */
import { useActionState } from 'react';
import { Field, Labelled } from '../../ui/field.tsx';
import { button, field } from '../../ui/styles.ts';
import type { FormState } from '../lib/actions.ts';
import { requestCompany } from '../lib/company-actions.ts';
import { Submit } from './submit.tsx';

export interface CompanyRequestProps {
  readonly country: string;
  readonly countries: readonly { readonly code: string; readonly name: string }[];
  readonly words: Readonly<
    Record<'requestText' | 'name' | 'country' | 'taxId' | 'message' | 'request', string>
  >;
}

const START: FormState = { errors: {}, values: {}, key: '' };

export function CompanyRequest({ country, countries, words }: CompanyRequestProps) {
  const [{ errors, values, message }, action] = useActionState(requestCompany, START);
  const chosen = values['country'] ?? country;
  return (
    <form action={action} className="mt-8 grid max-w-prose gap-4">
      <p className="text-muted">{words.requestText}</p>
      <Field
        name="name"
        prefix="company"
        label={words.name}
        defaultValue={values['name']}
        required
        maxLength={200}
        autoComplete="organization"
      />
      <Labelled id="company-country" label={words.country}>
        <select key={chosen} id="company-country" name="country" defaultValue={chosen} className={field}>
          {countries.map(({ code, name }) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </Labelled>
      <Field
        name="taxId"
        prefix="company"
        label={words.taxId}
        error={errors['taxId']}
        defaultValue={values['taxId']}
        maxLength={40}
      />
      <Labelled id="company-message" label={words.message}>
        <textarea
          id="company-message"
          name="message"
          rows={3}
          maxLength={2_000}
          defaultValue={values['message']}
          className={field}
        />
      </Labelled>
      {message === undefined ? null : (
        <p role="alert" className="rounded-xl bg-danger-soft p-4 text-danger">
          {message}
        </p>
      )}
      <Submit className={button.primary}>{words.request}</Submit>
    </form>
  );
}
