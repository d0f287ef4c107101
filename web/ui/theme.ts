/**
 * A tenant's branding as CSS variables: its colours, the tones between them, its fonts.
 * Whatever a tenant chose, text reaches WCAG AA (4.5) on what it stands on.
 */

export interface Theme {
  /** `:root{--…}`; safe to put into a style element. */
  readonly css: string;
  /** For `<meta name="theme-color">`. */
  readonly background: string;
}

const AA = 4.5;
const HEX = /^#[0-9a-f]{6}$/i;
const FONT = /^[A-Za-z0-9][A-Za-z0-9 ,'-]*$/;

/** Families that ship with the storefront; any other name asks the visitor's system. */
const SHIPPED: Readonly<Record<string, string>> = {
  inter: "'Inter Variable'",
  fraunces: "'Fraunces Variable'",
  'bricolage grotesque': "'Bricolage Grotesque Variable'",
};

/** Anything unreadable in `branding` falls back to a quiet default. */
export function themeOf(branding: Readonly<Record<string, unknown>>): Theme {
  const colors = record(branding['colors']);
  const fonts = record(branding['fonts']);
  const background = colour(colors['background'], '#ffffff');
  const text = readable(colour(colors['text'], '#16181d'), background);
  const primary = colour(colors['primary'], '#1f2937');
  const surface = mix(background, text, 0.035);
  const sunken = mix(background, text, 0.075);
  const onPrimary = readable(colour(colors['onPrimary'], bestOn(primary)), primary);
  const variables: Readonly<Record<string, string>> = {
    canvas: background,
    ink: text,
    surface,
    sunken,
    line: mix(background, text, 0.14),
    'line-strong': mix(background, text, 0.5),
    muted: readable(mix(text, background, 0.36), sunken),
    brand: primary,
    'brand-hover': mix(primary, luminance(primary) > 0.4 ? '#000000' : text, 0.2),
    'on-brand': onPrimary,
    'brand-ink': readable(primary, sunken),
    'brand-soft': soft(primary, background, text),
    accent: readable(colour(colors['secondary'], primary), sunken),
    danger: readable('#b3261e', sunken),
    'danger-soft': mix(background, '#b3261e', 0.08),
    success: readable('#1b6b3a', sunken),
    'font-display': family(fonts['heading'], "'Inter Variable', system-ui, sans-serif"),
    'font-body': family(fonts['body'], "'Inter Variable', system-ui, sans-serif"),
  };
  const css = Object.entries(variables)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
  // What the browser draws itself, lists of choices and scroll bars, suits the ground.
  const scheme = luminance(background) < 0.5 ? 'dark' : 'light';
  return { css: `:root{color-scheme:${scheme};${css}}`, background };
}

/** Contrast of two `#rrggbb` colours, 1 to 21, as WCAG 2 defines it. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** `from` with a share of `to` (0–1), in sRGB. */
export function mix(from: string, to: string, share: number): string {
  const [a, b] = [channels(from), channels(to)];
  return `#${a
    .map((value, at) =>
      Math.round(value * (1 - share) + (b[at] ?? 0) * share)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

/** `text`, moved towards black or white until it can be read on `ground`. */
export function readable(text: string, ground: string): string {
  const goal = bestOn(ground);
  for (let share = 0; share < 1; share += 0.04) {
    const candidate = mix(text, goal, share);
    if (contrast(candidate, ground) >= AA) return candidate;
  }
  return goal;
}

/** A light ground of the brand's hue; a dark page keeps a plain mixture. */
function soft(primary: string, background: string, text: string): string {
  const plain = mix(background, primary, 0.1);
  if (luminance(background) < 0.5) return contrast(text, plain) >= AA ? plain : background;
  const light = channels(primary).map((value) => value / 255);
  const [low, high] = [Math.min(...light), Math.max(...light)];
  // The same hue and its full spread, lifted until its darkest channel is nearly white.
  const lifted = light.map((value) => 0.86 + ((value - low) / Math.max(high - low, 0.15)) * 0.09);
  const hex = `#${lifted
    .map((value) =>
      Math.round(value * 255)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
  const result = mix(hex, plain, 0.55);
  return contrast(text, result) >= AA ? result : background;
}

const bestOn = (ground: string): string =>
  contrast('#ffffff', ground) >= contrast('#000000', ground) ? '#ffffff' : '#000000';

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = channels(hex).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const channels = (hex: string): number[] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

const colour = (value: unknown, otherwise: string): string =>
  typeof value === 'string' && HEX.test(value) ? value.toLowerCase() : otherwise;

/** A font stack; names are checked, because they go into a style element. */
function family(value: unknown, otherwise: string): string {
  if (typeof value !== 'string' || !FONT.test(value)) return otherwise;
  const names = value
    .split(',')
    .map((name) => name.trim().replaceAll("'", ''))
    .filter((name) => name !== '');
  const stack = names.map((name) => SHIPPED[name.toLowerCase()] ?? (GENERIC.has(name) ? name : `'${name}'`));
  return [...stack, ...(names.some((name) => GENERIC.has(name)) ? [] : ['system-ui', 'sans-serif'])].join(
    ', ',
  );
}

const GENERIC = new Set(['serif', 'sans-serif', 'monospace', 'system-ui', 'ui-serif', 'ui-sans-serif']);

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
