/** A shop's picture, in the width that the browser finds fit, and what it shows in words. */
import type { ImgHTMLAttributes } from 'react';
import { sourcesOf } from '../lib/pictures.ts';
import type { Pictured, Place } from '../lib/pictures.ts';

export interface PictureProps extends Pick<
  ImgHTMLAttributes<HTMLImageElement>,
  'className' | 'loading' | 'fetchPriority'
> {
  readonly of: Pictured;
  /** Empty: it says nothing that the words beside it do not say. */
  readonly alt: string;
  readonly place: Place;
  /** Whether AVIF is offered too: a fifth fewer bytes, for four times the work, once. For the few that are large. */
  readonly large?: boolean;
}

export function Picture({ of, place, large = false, alt, ...rest }: PictureProps) {
  // Width and height keep its room until styles are there; the box has its own shape.
  const image = (
    <img {...sourcesOf(of, place)} {...rest} alt={alt} width={of.width ?? 800} height={of.height ?? 1000} />
  );
  if (!large) return image;
  const { srcSet, sizes } = sourcesOf(of, place, 'avif');
  return (
    <picture className="contents">
      <source type="image/avif" srcSet={srcSet} sizes={sizes} />
      {image}
    </picture>
  );
}

/** Beside a line of a cart or an order, or under a gallery. */
export const THUMBNAIL: Place = { shape: 4 / 5, widths: [], otherwise: '6rem' };
