/** What the process that paints is asked and answers, and the bounds of what it takes up. */
import type { Rendition } from '../form.ts';

/** 8,000 × 6,000 and a little: what telephones take today. Read row by row, such a picture needs 110 MB at most while it is painted. */
export const MOST_PIXELS = 50_000_000;
/** Of pictures that no decoder reads row by row: progressive ones, and those that move. */
export const MOST_PIXELS_AT_ONCE = 25_000_000;
/** Decoders of AVIF hold 18 bytes for each pixel: a file of 100 kB took 220 MB at 12 megapixels. */
export const MOST_PIXELS_OF_AVIF = 8_000_000;
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
