/** What the process that paints is asked and answers, and the bounds of what it takes up. */
import type { Rendition } from '../form.ts';

/** 8,000 × 6,000 and a little: what telephones take today. A WebP of this size is 200 MB while it is being decoded. */
export const MOST_PIXELS = 50_000_000;
export const MOST_PAGES = 300;

export type Job =
  | { readonly kind: 'inspect'; readonly bytes: Uint8Array }
  | { readonly kind: 'paint'; readonly bytes: Uint8Array; readonly rendition: Rendition };

export interface Inspected {
  /** As it is shown: turned as its camera says. */
  readonly width: number;
  readonly height: number;
  /** Frames of a picture that moves; otherwise 1. */
  readonly pages: number;
}

export type Answer =
  | { readonly kind: 'inspected'; readonly inspected: Inspected }
  | { readonly kind: 'painted'; readonly bytes: Uint8Array }
  /** The picture is to blame; the words are for who sent it. */
  | {
      readonly kind: 'refused';
      readonly reason: 'broken' | 'too_many_pixels' | 'too_many_pages';
      readonly what: string;
    }
  /** There is no decoder on this machine. */
  | { readonly kind: 'missing'; readonly what: string };
