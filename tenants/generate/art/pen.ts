/**
 * The drawing kit of the sample pictures: paints with their tones, a few shapes, and the studio they stand in.
 * Everything is a pure function to SVG text, so the same list always gives the same bytes.
 */

/** One colour with the tones a flat illustration needs. */
export interface Paint {
  readonly base: string;
  readonly pale: string;
  readonly light: string;
  readonly dark: string;
  readonly deep: string;
}

/** A drawing of one product; `paints` come from the product's colour, `o` holds its particulars. */
export type Draw = (paint: Paint, accent: Paint, o: Particulars) => Drawing;

/** What makes one backpack unlike the next; each drawing reads the few it knows. */
export interface Particulars {
  readonly shape?: string;
  readonly scale?: number;
  readonly label?: string;
}

/** SVG of the object, and where its soft shadow lies: centre, half width, height of the ground. */
export interface Drawing {
  readonly svg: string;
  readonly shadow?: { readonly x?: number; readonly rx: number; readonly y?: number };
}

/** The height of the floor in the 800 × 1000 picture. */
export const GROUND = 800;

/** Mixes two `#rrggbb` colours; `share` 0 keeps the first, 1 gives the second. */
export function mix(from: string, to: string, share: number): string {
  const channel = (hex: string, at: number): number => Number.parseInt(hex.slice(at, at + 2), 16);
  const one = (at: number): string =>
    Math.round(channel(from, at) * (1 - share) + channel(to, at) * share)
      .toString(16)
      .padStart(2, '0');
  return `#${one(1)}${one(3)}${one(5)}`;
}

/** The tones of a colour: light leans to warm white, dark to a cool ink, as daylight does. */
export function paint(base: string): Paint {
  return {
    base,
    pale: mix(base, '#fffdf8', 0.62),
    light: mix(base, '#fffaf0', 0.28),
    dark: mix(base, '#1c1b2e', 0.24),
    deep: mix(base, '#14131f', 0.52),
  };
}

export const path = (d: string, fill: string, more = ''): string => `<path d="${d}" fill="${fill}"${more}/>`;

export const rect = (x: number, y: number, w: number, h: number, r: number, fill: string): string =>
  `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${r}" fill="${fill}"/>`;

export const oval = (cx: number, cy: number, rx: number, ry: number, fill: string): string =>
  `<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="${fill}"/>`;

export const dot = (cx: number, cy: number, r: number, fill: string): string =>
  `<circle cx="${cx}" cy="${cy}" r="${r}" fill="${fill}"/>`;

/** A stroked line with round ends. */
export const line = (d: string, stroke: string, width: number, more = ''): string =>
  `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"${more}/>`;

/** A turned or rounded body: the colour, then light from the left and shade to the right. */
export const round = (d: string, fill: string): string => path(d, fill) + path(d, 'url(#r)');

/** A flat body lit from above. */
export const lit = (d: string, fill: string): string => path(d, fill) + path(d, 'url(#v)');

export const roundRect = (x: number, y: number, w: number, h: number, r: number, fill: string): string =>
  rect(x, y, w, h, r, fill) + rect(x, y, w, h, r, 'url(#r)');

export const group = (inner: string, transform: string): string => `<g transform="${transform}">${inner}</g>`;

/** Scales a drawing about the middle of its foot. */
export const scaled = (inner: string, by: number): string =>
  by === 1
    ? inner
    : group(inner, `translate(${round2(400 - 400 * by)} ${round2(GROUND - GROUND * by)}) scale(${by})`);

const round2 = (n: number): number => Math.round(n * 100) / 100;

const GRADIENTS: Readonly<Record<string, string>> = {
  r: '<linearGradient id="r"><stop stop-color="#fff" stop-opacity=".26"/><stop offset=".38" stop-color="#fff" stop-opacity="0"/><stop offset=".62" stop-color="#120f22" stop-opacity="0"/><stop offset="1" stop-color="#120f22" stop-opacity=".3"/></linearGradient>',
  v: '<linearGradient id="v" x2="0" y2="1"><stop stop-color="#fff" stop-opacity=".2"/><stop offset=".5" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#120f22" stop-opacity=".2"/></linearGradient>',
  s: '<radialGradient id="s"><stop stop-color="#15121f" stop-opacity=".34"/><stop offset=".55" stop-color="#15121f" stop-opacity=".14"/><stop offset="1" stop-color="#15121f" stop-opacity="0"/></radialGradient>',
  l: '<radialGradient id="l"><stop stop-color="#fff" stop-opacity=".72"/><stop offset=".5" stop-color="#fff" stop-opacity=".36"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>',
  g: '<radialGradient id="g"><stop stop-color="#fff3cf" stop-opacity=".95"/><stop offset=".4" stop-color="#ffe2a0" stop-opacity=".45"/><stop offset="1" stop-color="#ffe2a0" stop-opacity="0"/></radialGradient>',
};

/** A five-petalled cherry blossom; its shape is drawn once per picture. */
export const blossom = (x: number, y: number, size: number, p: Paint): string =>
  `<use href="#b" transform="translate(${x} ${y}) scale(${size})" fill="${p.pale}"/>` +
  dot(x, y, Math.round(6 * size), p.base);

const BLOSSOM =
  '<path id="b" d="M0 0Q-17 -14 -11 -32L0 -26L11 -32Q17 -14 0 0M0 0Q8 -20 27 -20L25 -8L34 1Q19 12 0 0M0 0Q22 1 28 19L15 21L10 32Q-6 21 0 0M0 0Q6 21 -10 32L-15 21L-28 19Q-22 1 0 0M0 0Q-19 12 -34 1L-25 -8L-27 -20Q-8 -20 0 0"/>';

/** A finished picture: backdrop, shadow, object, with only the gradients it uses. */
export function picture(backdrop: string, drawing: Drawing): string {
  const { rx = 0, x = 400, y = GROUND } = drawing.shadow ?? {};
  const inner = backdrop + (rx > 0 ? oval(x, y, rx, Math.max(14, rx * 0.11), 'url(#s)') : '') + drawing.svg;
  const used = Object.entries(GRADIENTS).filter(([id]) => inner.includes(`url(#${id})`));
  const defs = used.map(([, text]) => text).join('') + (inner.includes('#b"') ? BLOSSOM : '');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 1000" width="800" height="1000"><defs>${defs}</defs>${inner}</svg>\n`;
}
