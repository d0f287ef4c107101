/** Who shows pictures, and which ones are asked of each: the same renditions in the same order. */
import sharp from 'sharp';
import type { Flow } from '../api/load.ts';

export interface Contestant {
  readonly name: string;
  readonly origin: string;
  /** Processes by what they are. */
  readonly servers: Readonly<Record<string, number>>;
  /** Asks for a rendition that nobody has asked for before. */
  readonly cold: Flow;
  /** Asks for one of those that `cold` has asked for. Absent: nothing is kept. */
  readonly kept?: Flow;
  stop(): Promise<void>;
}

export interface Wanted {
  /** Of the pictures. */
  readonly picture: number;
  readonly width: number;
  readonly quality: number;
}

const WIDTHS = [640, 480, 768, 960] as const;
const QUALITIES = [75, 65, 50, 90] as const;

/** Every rendition once; those of one picture lie far apart. */
export function renditions(pictures: number): readonly Wanted[] {
  return QUALITIES.flatMap((quality) =>
    WIDTHS.flatMap((width) =>
      Array.from({ length: pictures }, (_, picture) => ({ picture, width, quality })),
    ),
  );
}

/** Gives out each once. @throws Error when there are no more: what was painted before would be counted as painted */
export function onceEach<T>(values: readonly T[]): { next(): T; given(): readonly T[] } {
  let at = 0;
  return {
    next() {
      const value = values[at];
      if (value === undefined)
        throw new Error('every rendition has been asked for: more --pictures, or fewer --seconds');
      at += 1;
      return value;
    },
    given: () => values.slice(0, at),
  };
}

/** 12 megapixels as a telephone takes them, full of detail; no two alike. */
export function photograph(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return sharp({ create: { width: 4_000, height: 3_000, channels: 3, background: '#808080', noise } })
    .blur(1.5)
    .jpeg({ quality: 85 })
    .toBuffer();
}
