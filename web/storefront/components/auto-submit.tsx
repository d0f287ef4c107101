'use client';
/** Sends its form as soon as something in it changes; without script the form's own button does. */
import type { ReactNode } from 'react';

export function AutoSubmit({
  children,
  className,
}: {
  readonly children: ReactNode;
  readonly className?: string;
}) {
  return (
    <div
      className={className}
      onChange={(event) => (isControl(event.target) ? event.target.form?.requestSubmit() : undefined)}
    >
      {children}
    </div>
  );
}

/** A control may belong to a form that stands elsewhere (its `form` attribute). */
const isControl = (target: EventTarget): target is HTMLInputElement | HTMLSelectElement =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
