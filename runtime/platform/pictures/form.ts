/**
 * Which rendition of a picture answers a request. Sizes, shapes and qualities go by ladders, so that a picture has finitely many
 * renditions whatever is asked for, and requests that would look the same share one. Pure.
 */
import { z } from 'zod';

/** Asked widths and heights go up to the next of these; beyond the last one nothing is enlarged. */
export const SIZES = [
  64, 96, 128, 192, 256, 320, 480, 640, 768, 960, 1_280, 1_600, 1_920, 2_560, 3_200, 3_840,
] as const;

/** Width over height. What is asked for becomes the nearest of these where the picture is cut. */
export const SHAPES = [
  1 / 3,
  9 / 21,
  1 / 2,
  9 / 16,
  2 / 3,
  3 / 4,
  4 / 5,
  1,
  5 / 4,
  4 / 3,
  3 / 2,
  16 / 9,
  // What pages that are shared show.
  1.91,
  2,
  21 / 9,
  3,
] as const;

const QUALITIES = [50, 65, 75, 90] as const;
const FOCUS_STEP = 25;

export const FORMATS = ['webp', 'avif', 'jpeg', 'png'] as const;
export type Format = (typeof FORMATS)[number];

const Side = z.coerce.number().int().min(1).max(10_000);

/** Parameters of a picture's address. */
export const PictureQuery = z.object({
  w: Side.optional(),
  h: Side.optional(),
  /** `contain`: the whole picture within w and h. `cover`: cut to their shape; needs both. */
  fit: z.enum(['contain', 'cover']).default('contain'),
  /** What must stay when it is cut, in percent from left and top: `50,30`. */
  focus: z
    .string()
    .regex(/^\d{1,3},\d{1,3}$/, 'must be two numbers from 0 to 100, like 50,30')
    .refine(
      (text) => text.split(',').every((part) => Number(part) <= 100),
      'must be two numbers from 0 to 100',
    )
    .optional(),
  format: z.enum(['auto', ...FORMATS]).default('auto'),
  q: z.coerce.number().int().min(1).max(100).optional(),
});
export type PictureQuery = z.infer<typeof PictureQuery>;

/** Whether a rendition is asked for, and not the picture as it is. */
export function isAsked(query: Readonly<Record<string, unknown>>): boolean {
  return ['w', 'h', 'q', 'focus'].some((name) => query[name] !== undefined) || query['format'] !== 'auto';
}

export interface Rendition {
  readonly width: number;
  readonly height: number;
  /** Set where it is cut: what stays, in percent from left and top. */
  readonly focus?: { readonly x: number; readonly y: number };
  readonly format: Format;
  readonly quality: number;
  /** Every frame, if it has more than one and they fit in memory; otherwise its first. */
  readonly animated: boolean;
}

/** An original, as it is shown: turned as its camera says. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  /** Whether it may have more than one frame. */
  readonly mayMove: boolean;
  readonly contentType: string;
}

/**
 * @param accept header `Accept`, which decides where format is `auto`
 * @returns never larger than the original
 */
export function renditionOf(original: Shown, query: PictureQuery, accept: string | undefined): Rendition {
  const format = query.format === 'auto' ? negotiated(original.contentType, accept) : query.format;
  return {
    ...(isCut(query) ? cut(original, query) : whole(original, query)),
    format,
    quality: format === 'png' ? 100 : nearest(QUALITIES, query.q ?? 75),
    animated: original.mayMove && format === 'webp',
  };
}

/** Names a rendition within its original: the same bytes for the same name, by the same version of this code. */
export function nameOf({ width, height, focus, quality, format, animated }: Rendition): string {
  const cutAt = focus === undefined ? '' : `-f${focus.x}x${focus.y}`;
  return `${VERSION}-w${width}h${height}${cutAt}-q${quality}${animated ? '-all' : ''}.${format}`;
}

/** Grows when the same rendition would be painted differently. */
const VERSION = 'v1';

type Cut = PictureQuery & { readonly w: number; readonly h: number };

function isCut(query: PictureQuery): query is Cut {
  return query.fit === 'cover' && query.w !== undefined && query.h !== undefined;
}

function whole({ width, height }: Shown, { w, h }: PictureQuery): Pick<Rendition, 'width' | 'height'> {
  const most = SIZES[SIZES.length - 1] ?? 0;
  const scale = Math.min(1, up(w ?? most) / width, up(h ?? most) / height);
  return { width: sideOf(width * scale), height: sideOf(height * scale) };
}

function cut({ width, height }: Shown, { w, h, focus }: Cut): Pick<Rendition, 'width' | 'height' | 'focus'> {
  const shape = nearest(SHAPES, w / h, (a, b) => Math.abs(Math.log(a / b)));
  const widest = Math.min(up(w), width, height * shape);
  const [x = 50, y = 50] = focus?.split(',').map(Number) ?? [];
  const step = (percent: number): number => Math.round(percent / FOCUS_STEP) * FOCUS_STEP;
  return { width: sideOf(widest), height: sideOf(widest / shape), focus: { x: step(x), y: step(y) } };
}

function up(side: number): number {
  return SIZES.find((size) => size >= side) ?? SIZES[SIZES.length - 1] ?? side;
}

function sideOf(length: number): number {
  return Math.max(1, Math.round(length));
}

function nearest(
  ladder: readonly number[],
  value: number,
  distance: (a: number, b: number) => number = (a, b) => Math.abs(a - b),
): number {
  return ladder.reduce((best, step) => (distance(step, value) < distance(best, value) ? step : best));
}

/**
 * WebP where the browser says that it takes it, which all of them do. AVIF only by name: painting it costs four to six times as much
 * for a fifth fewer bytes.
 */
function negotiated(contentType: string, accept: string | undefined): Format {
  if (takes(accept, 'image/webp')) return 'webp';
  return contentType === 'image/jpeg' ? 'jpeg' : 'png';
}

/** Named itself and not by a `*`, which browsers of the time before WebP send as well; a weight of 0 is a no. */
function takes(accept: string | undefined, type: string): boolean {
  return (accept ?? '').split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === type && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
