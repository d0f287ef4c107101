'use client';
/** A panel that slides over the page, for the menu and the cart. Its trigger is a link, so it leads somewhere without script. */
import { usePathname } from 'next/navigation';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { Icon } from '../../ui/icons.tsx';
import { button } from '../../ui/styles.ts';

export interface SheetProps {
  /** Opened from elsewhere by `openSheet(name)`. */
  readonly name: string;
  readonly href: string;
  readonly label: string;
  readonly title: string;
  readonly closeLabel: string;
  readonly side: 'left' | 'right';
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}

/** A sheet that was asked for before it was there to hear: it opens as soon as it is, unless the page is another by then. */
let asked: { readonly name: string; readonly path: string } | undefined;

export function openSheet(name: string): void {
  asked = { name, path: window.location.pathname };
  window.dispatchEvent(new Event('sheet'));
}

export function Sheet({
  name,
  href,
  label,
  title,
  closeLabel,
  side,
  trigger,
  children,
  className = '',
}: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const path = usePathname();
  useEffect(() => dialog.current?.close(), [path]);
  useEffect(() => {
    const open = (): void => {
      if (asked?.name !== name) return;
      const here = asked.path === window.location.pathname;
      asked = undefined;
      if (here && dialog.current?.open === false) dialog.current.showModal();
    };
    window.addEventListener('sheet', open);
    open();
    return () => window.removeEventListener('sheet', open);
  }, [name]);

  return (
    <>
      <a
        href={href}
        aria-label={label}
        aria-haspopup="dialog"
        className={`${button.quiet} relative ${className}`}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          dialog.current?.showModal();
        }}
      >
        {trigger}
      </a>
      <dialog
        ref={dialog}
        aria-label={title}
        onClick={(event) => event.target === event.currentTarget && dialog.current?.close()}
        className={`sheet fixed inset-y-0 m-0 h-dvh max-h-none w-[min(27rem,92vw)] max-w-none bg-canvas p-0 shadow-2xl ${side === 'right' ? 'right-0 left-auto' : 'left-0'}`}
      >
        <div className="flex h-full flex-col">
          <div className="flex items-center justify-between border-b border-line px-6 py-4">
            <p className="font-display text-xl">{title}</p>
            <button
              type="button"
              aria-label={closeLabel}
              className={`${button.quiet} -mr-2`}
              onClick={() => dialog.current?.close()}
            >
              <Icon name="close" />
            </button>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
        </div>
      </dialog>
    </>
  );
}
