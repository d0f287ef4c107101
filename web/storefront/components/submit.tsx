'use client';
/** A form's button that says when its form is on the way. */
import { useFormStatus } from 'react-dom';
import type { ReactNode } from 'react';

export interface SubmitProps {
  readonly children: ReactNode;
  readonly pending?: ReactNode;
  readonly className: string;
  readonly label?: string;
  readonly disabled?: boolean;
  readonly name?: string;
  readonly value?: string | number;
}

export function Submit({ children, pending, label, disabled = false, ...rest }: SubmitProps) {
  const status = useFormStatus();
  return (
    <button type="submit" aria-label={label} disabled={disabled || status.pending} {...rest}>
      {status.pending && pending !== undefined ? pending : children}
    </button>
  );
}
