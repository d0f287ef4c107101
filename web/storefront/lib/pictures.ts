/** A picture's addresses in several widths, of which a browser takes what its window and its screen need. Pure. */

/** Null: nobody knows; the width is only a hint then, which styles overrule. */
export interface Pictured {
  readonly url: string;
  readonly width?: number | null | undefined;
  readonly height?: number | null | undefined;
}

/** The box that a picture fills, cut where their shapes differ. */
export interface Place {
  /** Its width over its height. */
  readonly shape: number;
  /** How wide it is: a CSS length, where a media condition is met; the last one without a condition. */
  readonly widths: readonly (readonly [condition: string, length: string])[];
  readonly otherwise: string;
}

export interface Sources {
  readonly src: string;
  readonly srcSet: string;
  readonly sizes: string;
}

/** Steps of the API's own ladder, so that nothing else is painted; each is at most twice as large in bytes as the one before. */
const WIDTHS = [128, 256, 480, 640, 960, 1_280, 1_920, 2_560] as const;
/** For who reads no `srcset`: search engines and old browsers. */
const USUAL = 960;

/** @param format absent: the best of what the browser says that it takes */
export function sourcesOf(picture: Pictured, place: Place, format?: 'avif'): Sources {
  const address = (width: number): string =>
    `${picture.url}?w=${width}${format === undefined ? '' : `&format=${format}`}`;
  const widest = picture.width ?? WIDTHS[WIDTHS.length - 1] ?? USUAL;
  // Nothing is enlarged: the last step of a smaller picture is the picture, in its own width.
  const steps = WIDTHS.filter((_, at) => at === 0 || (WIDTHS[at - 1] ?? 0) < widest);
  return {
    src: address(USUAL),
    srcSet: steps.map((width) => `${address(width)} ${Math.min(width, widest)}w`).join(', '),
    sizes: sizesOf(picture, place),
  };
}

/** For who shows a page elsewhere: as large as they want it, in a format that all of them know. */
export function sharedAddress({ url }: Pictured): string {
  return `${url}?w=1280&format=jpeg`;
}

/** A picture broader than its box is as high as the box and broader than it: what is cut away is needed too. */
function sizesOf({ width, height }: Pictured, { shape, widths, otherwise }: Place): string {
  const broader = width && height ? Math.max(1, width / height / shape) : 1;
  const length = (text: string): string =>
    broader === 1 ? text : `calc(${text} * ${Math.round(broader * 100) / 100})`;
  return [...widths.map(([condition, text]) => `${condition} ${length(text)}`), length(otherwise)].join(', ');
}
