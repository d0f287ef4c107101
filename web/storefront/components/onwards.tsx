'use client';
/** A link that leads out of the shop's pages, and is followed by itself where there is script. */
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { button } from '../../ui/styles.ts';

/** @param href no page of this shop, so the browser itself has to go there, once */
export function Onwards({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  useEffect(() => window.location.replace(href), [href]);
  return (
    <a href={href} className={button.primary}>
      {children}
    </a>
  );
}
