'use client';
/** Pictures of a review, small; one that is chosen is shown large in a dialog. Without script each leads to the picture itself. */
import { useRef, useState } from 'react';
import { Icon } from '../../ui/icons.tsx';
import { button } from '../../ui/styles.ts';

export interface GalleryPicture {
  readonly id: string;
  readonly url: string;
  readonly alt: string;
  readonly width: number;
  readonly height: number;
}

export interface ReviewGalleryProps {
  readonly pictures: readonly GalleryPicture[];
  readonly label: string;
  readonly closeLabel: string;
}

export function ReviewGallery({ pictures, label, closeLabel }: ReviewGalleryProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [shown, setShown] = useState<GalleryPicture>();
  return (
    <>
      <ul aria-label={label} className="mt-4 flex flex-wrap gap-2">
        {pictures.map((picture) => (
          <li key={picture.id}>
            <a
              href={`${picture.url}?w=1280`}
              aria-haspopup="dialog"
              className="block overflow-hidden rounded-lg"
              data-testid="review-thumbnail"
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey) return;
                event.preventDefault();
                setShown(picture);
                dialog.current?.showModal();
              }}
            >
              <img
                src={`${picture.url}?w=256&h=256&fit=cover`}
                alt={picture.alt}
                width={96}
                height={96}
                loading="lazy"
                className="size-20 bg-sunken object-cover sm:size-24"
              />
            </a>
          </li>
        ))}
      </ul>
      <dialog
        ref={dialog}
        aria-label={shown?.alt ?? label}
        onClick={(event) => event.target === event.currentTarget && dialog.current?.close()}
        onClose={() => setShown(undefined)}
        className="m-auto max-h-[92dvh] max-w-[min(60rem,92vw)] overflow-auto rounded-2xl bg-canvas p-4 shadow-2xl"
      >
        <div className="grid gap-3">
          <button
            type="button"
            aria-label={closeLabel}
            className={`${button.quiet} justify-self-end`}
            onClick={() => dialog.current?.close()}
          >
            <Icon name="close" />
          </button>
          {shown === undefined ? null : (
            <figure>
              <img
                src={`${shown.url}?w=1280`}
                alt={shown.alt}
                width={shown.width}
                height={shown.height}
                className="mx-auto h-auto max-h-[74dvh] w-auto max-w-full rounded-lg object-contain"
              />
              <figcaption className="mt-3 text-sm text-muted">{shown.alt}</figcaption>
            </figure>
          )}
        </div>
      </dialog>
    </>
  );
}
