/** A labelled input with its error beside it, wired so that a screen reader hears both. */
import type { InputHTMLAttributes, ReactNode } from 'react';
import { field } from './styles.ts';

export interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly name: string;
  readonly label: string;
  readonly error?: string | undefined;
  readonly hint?: string | undefined;
  /** Tells two fields of one name on a page apart. */
  readonly prefix?: string;
}

export function Field({ label, error, hint, name, prefix = 'field', className = '', ...input }: FieldProps) {
  const id = `${prefix}-${name}`;
  return (
    <Labelled id={id} label={label} error={error} hint={hint} className={className}>
      <input
        {...input}
        id={id}
        name={name}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={error === undefined && hint === undefined ? undefined : `${id}-note`}
        className={field}
      />
    </Labelled>
  );
}

interface LabelledProps {
  readonly id: string;
  readonly label: string;
  readonly error?: string | undefined;
  readonly hint?: string | undefined;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Labelled({ id, label, error, hint, className = '', children }: LabelledProps) {
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium text-ink">
        {label}
      </label>
      {children}
      {error !== undefined || hint !== undefined ? (
        <p
          id={`${id}-note`}
          className={`mt-1.5 text-sm ${error === undefined ? 'text-muted' : 'text-danger'}`}
        >
          {error ?? hint}
        </p>
      ) : null}
    </div>
  );
}
