'use client';
/**
 * Pictures of one's own review in its form: those it has, each with words and a box that keeps it, and those that are sent while the form
 * is filled in. Without script what is there can be kept or left out; to send one takes script, for it is sent before the form is.
 */
import { useId, useRef, useState } from 'react';
import { Icon } from '../../ui/icons.tsx';
import { field } from '../../ui/styles.ts';
import { beginPicture, finishPicture } from '../lib/review-actions.ts';

export interface OwnPicture {
  readonly id: string;
  /** For whoever brought it. */
  readonly url: string;
  readonly alt: string;
  readonly isWaiting: boolean;
}

export interface ReviewPicturesProps {
  readonly product: string;
  readonly most: number;
  readonly pictures: readonly OwnPicture[];
  readonly words: Readonly<
    Record<
      'title' | 'add' | 'hint' | 'alt' | 'remove' | 'pending' | 'failed' | 'tooLarge' | 'needScript',
      string
    >
  >;
}

interface Coming {
  readonly key: string;
  readonly name: string;
  /** From 0 to 1. */
  readonly share: number;
  readonly failed?: string;
}

const TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/avif'];
const MOST_BYTES = 15 * 1024 * 1024;

export function ReviewPictures({ product, most, pictures, words }: ReviewPicturesProps) {
  const [kept, setKept] = useState(pictures);
  const [coming, setComing] = useState<readonly Coming[]>([]);
  const count = useRef(0);
  const id = useId();
  const room = most - kept.length - coming.filter(({ failed }) => failed === undefined).length;

  const change = (key: string, more: Partial<Coming>): void =>
    setComing((all) => all.map((one) => (one.key === key ? { ...one, ...more } : one)));

  async function send(file: File): Promise<void> {
    const key = `${(count.current += 1)}`;
    setComing((all) => [...all, { key, name: file.name, share: 0 }]);
    const failed = (why: string): void => change(key, { failed: why });
    try {
      if (!TYPES.includes(file.type) || file.size > MOST_BYTES) return failed(words.tooLarge);
      const begun = await beginPicture(product, file.type, file.size);
      if (!begun.ok) return failed(begun.refused);
      await put(begun.url, file, (share) => change(key, { share }));
      const refused = await finishPicture(begun.id);
      if (refused !== undefined) return failed(refused);
      setComing((all) => all.filter((one) => one.key !== key));
      const url = `/api/media/shoppers/${begun.id}/own`;
      setKept((all) => [...all, { id: begun.id, url, alt: '', isWaiting: true }]);
    } catch {
      // Whatever went wrong on the way is told beside the picture, which can be chosen again.
      failed(words.failed);
    }
  }

  return (
    <fieldset className="grid gap-3" data-testid="review-pictures">
      <legend className="mb-1.5 text-sm font-medium">{words.title}</legend>
      <input type="hidden" name="pictures" value="here" />
      {kept.length === 0 ? null : (
        <ul className="grid gap-3">
          {kept.map((picture) => (
            <li key={picture.id} className="flex flex-wrap items-center gap-3" data-testid="review-picture">
              <img
                src={`${picture.url}?w=128`}
                alt={picture.alt}
                className="size-16 shrink-0 rounded-lg bg-sunken object-cover"
              />
              <span className="min-w-0 flex-1 text-xs text-muted">
                {picture.isWaiting ? words.pending : null}
              </span>
              {/* What is named here is kept; without script the box is all there is. */}
              <input
                type="checkbox"
                name="picture"
                value={picture.id}
                defaultChecked
                aria-label={words.title}
                className="size-5 accent-current [@media(scripting:enabled)]:hidden"
              />
              <button
                type="button"
                aria-label={words.remove}
                title={words.remove}
                onClick={() => setKept((all) => all.filter((one) => one.id !== picture.id))}
                className="grid size-11 shrink-0 place-items-center rounded-full text-muted hover:bg-sunken hover:text-ink [@media(scripting:none)]:hidden"
              >
                <Icon name="close" className="size-4" />
              </button>
              <input
                name={`alt-${picture.id}`}
                aria-label={words.alt}
                placeholder={words.alt}
                defaultValue={picture.alt}
                maxLength={250}
                className={field}
              />
            </li>
          ))}
        </ul>
      )}
      {coming.length === 0 ? null : (
        <ul className="grid gap-2 text-sm">
          {coming.map(({ key, name, share, failed }) => (
            <li key={key} className="grid gap-1">
              <span className="truncate">{name}</span>
              {failed === undefined ? (
                <progress value={share} max={1} aria-label={name} className="h-1.5 w-full accent-current" />
              ) : (
                <span role="alert" className="text-danger">
                  {failed}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {room <= 0 ? null : (
        <p className="[@media(scripting:none)]:hidden">
          <label
            htmlFor={id}
            className="inline-flex min-h-10 cursor-pointer items-center rounded-full border border-line px-4 text-sm font-medium hover:border-line-strong has-focus-visible:outline-2"
          >
            {words.add}
            <input
              id={id}
              type="file"
              multiple
              accept={TYPES.join(',')}
              className="sr-only"
              onChange={({ currentTarget }) => {
                const files = [...(currentTarget.files ?? [])].slice(0, room);
                // The same may be chosen again.
                currentTarget.value = '';
                for (const file of files) void send(file);
              }}
            />
          </label>
        </p>
      )}
      <p className="text-sm text-muted">
        {words.hint}
        <span className="[@media(scripting:enabled)]:hidden"> {words.needScript}</span>
      </p>
    </fieldset>
  );
}

/** With how much of it has gone, which `fetch` does not tell. */
function put(url: string, file: File, told: (share: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    request.setRequestHeader('content-type', file.type);
    request.upload.addEventListener('progress', ({ loaded, total }) =>
      told(total === 0 ? 1 : loaded / total),
    );
    request.addEventListener('error', () => reject(new Error('The picture was not sent.')));
    request.addEventListener('load', () =>
      request.status === 204 ? resolve() : reject(new Error(`The picture was answered ${request.status}.`)),
    );
    request.send(file);
  });
}
