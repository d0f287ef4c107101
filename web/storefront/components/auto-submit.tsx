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
      onChange={(event) =>
        event.target instanceof HTMLElement ? event.target.closest('form')?.requestSubmit() : undefined
      }
    >
      {children}
    </div>
  );
}
